"""What keys do on a disk that does not answer: beside the next keys, in order, and nothing is lost or kept silent."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.app.support import FakeRuns, bench, on_screen, opened, runs_of, saying, small_spec, text_of, until
from tests.app.test_train import trained
from tui.app.facts import RunAsked
from tui.lab.spec import Spec

pytestmark = pytest.mark.usefixtures("no_maps")
SIZE = (120, 36)


@pytest.fixture
def disk() -> Iterator[threading.Event]:
    """Answers once it is set."""
    answers = threading.Event()
    yield answers
    answers.set()


def slow_copies(disk: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    def keep(folder: Path, copied: Any) -> Path:
        disk.wait()
        return folder / "copied.txt"

    monkeypatch.setattr("tui.app.desk.keep_copy", keep)


class SlowRuns(FakeRuns):
    """Whatever is asked of a trainer takes until ``answers`` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = asyncio.Event()

    async def start(self, spec: Spec, runs_dir: Path, *, recipe: str = "", start: str = "run") -> None:
        self.app.dispatch(RunAsked())
        await self.answers.wait()
        await super().start(spec, runs_dir, recipe=recipe, start=start)

    async def send(self, path: Path, command: str, value: float | None = None) -> None:
        await self.answers.wait()
        await super().send(path, command, value)


def slow_bench() -> Any:
    app = bench(small_spec())
    app.runs = SlowRuns()  # type: ignore[assignment]
    app.runs.app = app
    return app


async def test_a_copy_that_the_disk_holds_up_holds_up_no_key(
    disk: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_copies(disk, monkeypatch)
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press("c")
        await on_screen(pilot, "model")
        assert "copied" not in text_of(app)
        disk.set()
        await saying(pilot, "copied 4 settings")


async def test_quitting_does_not_wait_for_the_disk(disk: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    slow_copies(disk, monkeypatch)
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press("c")
        await pilot.press("ctrl+q")
        assert app._exit
        assert not disk.is_set()


async def test_a_mistake_in_what_is_done_beside_the_keys_is_not_kept_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    def keep(folder: Path, copied: Any) -> Path:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr("tui.app.desk.keep_copy", keep)
    app, said = bench(small_spec()), []
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        monkeypatch.setattr(app, "_handle_exception", said.append)
        await pilot.press("c")
        await until(pilot, lambda: said)
        assert str(said[0]) == "a mistake of ours"


async def test_a_start_that_takes_long_holds_up_no_key() -> None:
    app = slow_bench()
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await on_screen(pilot, "train")
        await pilot.press("space")
        await on_screen(pilot, "model")
        assert app.session.run is None
        app.runs.answers.set()
        await until(pilot, lambda: app.session.run is not None)
        assert runs_of(app).asked == [("start", "run")]


async def test_a_run_that_is_being_started_is_started_before_one_quits() -> None:
    app = slow_bench()
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await on_screen(pilot, "train")
        await pilot.press("space")
        asyncio.get_running_loop().call_later(0.02, app.runs.answers.set)
        await pilot.press("ctrl+q")
        assert app._exit
        assert runs_of(app).asked == [("start", "run")]


async def test_deeds_keep_the_order_of_their_keys() -> None:
    app = slow_bench()
    async with app.run_test(size=SIZE) as pilot:
        app.runs.answers.set()
        await trained(pilot)
        app.runs.answers.clear()
        lr = app.session.run.base_lr
        await pilot.press("[", "[", "]", "x")
        assert not runs_of(app).asked
        app.runs.answers.set()
        await until(pilot, lambda: runs_of(app).last == ("stop",))
        rates = [asked[1] for asked in runs_of(app).asked[:-1]]
        assert rates[0] < lr
        assert rates[1] < rates[0]
        assert rates[2] == rates[0]
