"""Runs followed with real trainers: opened late, by two screens at once, killed and taken up again."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.app.support import NO_RUNS, small_spec
from tui.app.facts import RunOpened
from tui.app.reducers import apply
from tui.app.services.backlog import RunReader
from tui.app.services.queue import train_all, waits
from tui.app.services.run_deeds import repeat, resume, stop
from tui.app.services.runs import RunService
from tui.app.session import Session
from tui.lab.marks import read_marks
from tui.lab.runadmin import rename_run
from tui.lab.runs import RunFolder, create_run, launch
from tui.lab.spec import Spec

SECONDS = 30.0


class Screen:
    """What stands behind a screen: a session, and the service that fills it."""

    def __init__(self) -> None:
        self.session = Session()
        self.service = RunService(self)

    def post_fact(self, fact: object) -> None:
        self.session = apply(fact, self.session)

    dispatch = post_fact

    def open(self, folder: RunFolder) -> None:
        self.dispatch(RunOpened(folder.path, folder.read_spec()))
        self.service.attach(folder)

    @property
    def run(self) -> Any:
        return self.session.run

    @property
    def state(self) -> str:
        return "" if self.run is None else str(self.run.state)


@pytest.fixture
def screens() -> Iterator[tuple[Screen, Screen]]:
    pair = Screen(), Screen()
    yield pair
    for screen in pair:
        screen.service.leave()
        if screen.run is not None and screen.run.alive and screen.run.path.exists():
            RunFolder(screen.run.path).send("stop")


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def long_run() -> Spec:
    return small_spec("training.epochs=100000")


def test_two_screens_on_one_run_show_the_same_and_both_command_it(
    screens: tuple[Screen, Screen], runs_dir: Path
) -> None:
    one, other = screens
    asyncio.run(one.service.start(long_run(), runs_dir))
    until(lambda: one.run is not None and len(one.run.epochs) > 5)
    folder = RunFolder(one.run.path)
    other.open(folder)
    until(lambda: len(other.run.epochs) > 5)
    asyncio.run(other.service.send(folder.path, "lr", 0.005))
    until(lambda: one.run.changed_lr == other.run.changed_lr == 0.005)
    asyncio.run(one.service.send(folder.path, "pause"))
    until(lambda: one.state == other.state == "paused")
    assert list(one.run.epochs) == list(other.run.epochs)
    assert one.run.epochs.column("epoch").tolist() == list(range(1, len(one.run.epochs) + 1))
    asyncio.run(other.service.send(folder.path, "stop"))
    until(lambda: one.state == other.state == "stopped")
    # What has ended may be taken up again from either.
    asyncio.run(other.service.go_on(folder.path, folder.read_spec(), 100_000, pace=0.0))
    until(lambda: one.state == other.state == "training")
    stop(folder)
    until(lambda: one.state == other.state == "stopped")


def test_a_killed_trainer_is_said_by_both_and_resumed_in_place(screens: tuple[Screen, Screen], runs_dir: Path) -> None:
    one, other = screens
    asyncio.run(one.service.start(long_run(), runs_dir))
    until(lambda: one.run is not None and one.run.kept > 0)
    folder = RunFolder(one.run.path)
    other.open(folder)
    until(lambda: other.run.started is not None)
    os.kill(one.run.started.pid, signal.SIGKILL)
    until(lambda: one.state == other.state == "crashed")
    assert one.run.message == other.run.message == f"trainer {one.run.started.pid} is gone (killed)"
    kept = one.run.kept
    assert resume(folder) == f"{folder.name} goes on from epoch {folder.status().epoch}"  # type: ignore[union-attr]
    until(lambda: one.state == other.state == "training")
    until(lambda: min(len(one.run.epochs), len(other.run.epochs)) > kept)
    assert resume(folder) == f"{folder.name} is training"
    stop(folder)
    until(lambda: one.state == other.state == "stopped")
    assert list(one.run.epochs) == list(other.run.epochs)
    assert one.run.epochs.column("epoch").tolist() == list(range(1, len(one.run.epochs) + 1))


def test_a_run_that_waits_is_said_to_wait(screens: tuple[Screen, Screen], runs_dir: Path) -> None:
    screen, _ = screens
    folder = create_run(small_spec(), runs_dir)
    screen.open(folder)
    until(lambda: screen.state == "queued")
    asyncio.run(screen.service.go_on(folder.path, folder.read_spec(), 20, pace=0.0))
    until(lambda: screen.state == "finished")
    assert len(screen.run.epochs) == 20


def test_a_trainer_that_refuses_says_why(screens: tuple[Screen, Screen], runs_dir: Path) -> None:
    screen, _ = screens
    folder = create_run(small_spec(), runs_dir)
    process = launch(folder)
    process.wait(SECONDS)
    holder = create_run(small_spec(), runs_dir)  # somebody else's lock, on a machine that nobody can see
    holder.lock_path.write_text('{"host": "elsewhere", "pid": 1, "start": ""}')
    screen.dispatch(RunOpened(holder.path, holder.read_spec()))
    asyncio.run(screen.service.go_on(holder.path, holder.read_spec(), 20, pace=0.0))
    until(lambda: screen.state == "crashed")
    assert "being trained on elsewhere by process 1" in screen.run.message


def test_following_another_run_leaves_the_first(screens: tuple[Screen, Screen], runs_dir: Path) -> None:
    screen, _ = screens
    first, second = create_run(small_spec(), runs_dir), create_run(small_spec(), runs_dir)
    for folder in (first, second):
        launch(folder).wait(SECONDS)
        screen.open(folder)
        until(lambda: screen.state == "finished")
        assert screen.run.path == folder.path
    screen.open(first)
    until(lambda: screen.state == "finished" and screen.run.path == first.path)
    assert len(screen.run.epochs) == 20


# Seeds


def test_seeds_are_trained_in_turn_by_a_process_of_their_own(runs_dir: Path) -> None:
    base = create_run(small_spec(), runs_dir)
    launch(base).wait(SECONDS)
    group, made = repeat(base, 2, runs_dir)
    assert group == base.name
    assert read_marks(base.path).group == group
    until(lambda: all(run.state() == "finished" for run in made))
    again, more = repeat(made[0], 1, runs_dir)
    assert again == group, "a repeated run's repetitions belong to the same group"
    assert more[0].read_spec().seed == small_spec().seed + 3
    until(lambda: more[0].state() == "finished")


def test_a_queue_passes_over_what_is_stopped_deleted_or_started(runs_dir: Path) -> None:
    runs = [create_run(small_spec(), runs_dir) for _ in range(4)]
    launch(runs[1]).wait(SECONDS)
    assert stop(runs[2]).endswith("will not be started; ‹runs.resume› starts it")
    assert [waits(run) for run in (*runs, RunFolder(NO_RUNS / "gone"))] == [True, False, False, True, False]
    train_all([*runs, RunFolder(NO_RUNS / "gone")], jobs=2)
    assert [run.state() for run in runs] == ["finished", "finished", "stopped", "finished"]
    assert "goes on from epoch" in resume(runs[2])
    until(lambda: runs[2].state() == "finished")


def test_two_who_follow_one_run_share_no_events_and_nobody_waits(
    screens: tuple[Screen, Screen], runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one hangs in a read of a slow disk when the second one begins, then has the very same events."""
    screen, _ = screens
    folder = create_run(small_spec(), runs_dir)
    launch(folder).wait(SECONDS)
    reading, answer, came_back = threading.Event(), threading.Event(), threading.Event()
    poll = RunReader.poll

    def slow(reader: RunReader) -> Any:
        if reading.is_set():
            return poll(reader)
        found = poll(reader)
        reading.set()
        answer.wait(SECONDS)
        came_back.set()
        return found

    monkeypatch.setattr(RunReader, "poll", slow)
    screen.open(folder)
    assert reading.wait(SECONDS)
    first = screen.service._follower
    screen.service.follow(folder)
    assert not came_back.is_set(), "to follow waits for no disk"
    until(lambda: screen.state == "finished")
    answer.set()
    assert came_back.wait(SECONDS)
    until(lambda: not any(thread.name == "follow run" and thread._target == first.work for thread in _threads()))
    assert first.said == 0
    assert screen.run.epochs.column("epoch").tolist() == list(range(1, 21))


def test_a_run_that_is_followed_again_is_read_on_and_one_that_is_opened_from_its_first_line(
    screens: tuple[Screen, Screen], runs_dir: Path
) -> None:
    screen, _ = screens
    folder = create_run(small_spec(), runs_dir)
    launch(folder).wait(SECONDS)
    screen.open(folder)
    until(lambda: screen.state == "finished")
    size = folder.events_path.stat().st_size
    assert screen.service._follower.said == size
    screen.service.follow(folder)
    assert screen.service._follower.said == size
    renamed = rename_run(folder, "another")
    screen.service.renamed(folder, renamed)
    assert screen.service._follower.folder == renamed
    assert screen.service._follower.said == size
    screen.open(renamed)
    assert screen.service._follower.said in (0, size)
    until(lambda: screen.state == "finished")
    assert len(screen.run.epochs) == 20


def _threads() -> list[Any]:
    return list(threading.enumerate())
