"""When a run has ended: one rule, for whoever follows it."""

import signal
import subprocess
import sys

import pytest

from tests.lab.support import new_run, small_spec, train_here
from tui.lab import events
from tui.lab.errors import RunError
from tui.lab.eventlog import EventLog
from tui.lab.events import EventReader, Paused, Resumed
from tui.lab.follow import follow
from tui.lab.runs import RunFolder, launch


def trainer(script: str = "input()") -> "subprocess.Popen[bytes]":
    """A process that stands in for a trainer; it ends when its stdin does."""
    return subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)


@pytest.fixture
def finished(tmp_path) -> RunFolder:
    folder = new_run(small_spec("training.epochs=2"), tmp_path)
    train_here(folder)
    return folder


def test_it_yields_chunks_until_the_process_is_gone(finished) -> None:
    with trainer("pass") as process:
        process.wait()
        chunks = list(follow(finished, process))
    assert all(isinstance(chunk, tuple) and chunk for chunk in chunks)
    seen = [event for chunk in chunks for event in chunk]
    assert [event.seq for event in seen] == list(range(1, len(seen) + 1))
    assert isinstance(seen[-1], events.Finished)


def test_a_last_word_of_an_earlier_life_ends_nothing(finished) -> None:
    with trainer() as process:
        following = follow(finished, process, poll=0.01)
        assert isinstance(next(following)[-1], events.Finished)
        with EventLog(finished.events_path) as log:
            log.emit(Resumed(epoch=2, batch=0, epochs=3), flush=True)
            (resumed,) = next(following)
            assert isinstance(resumed, Resumed)
            log.emit(events.Stopped(run="", epochs=2, batch=0, seconds=0.0, reason="stop"), flush=True)
        process.communicate()
        process.wait()
        (stopped,) = next(following)
        assert isinstance(stopped, events.Stopped)
        assert list(following) == []


def test_a_resumed_run_is_followed_to_its_new_end(finished) -> None:
    with launch(finished, epochs=4) as process:
        seen = [event for chunk in follow(finished, process) for event in chunk]
    ends = [event.epochs for event in seen if isinstance(event, events.Finished)]
    assert ends == [2, 4]


def test_a_reader_goes_on_where_it_stands(finished) -> None:
    reader = EventReader(finished.events_path)
    reader.poll()
    with launch(finished, epochs=3) as process:
        seen = [event for chunk in follow(finished, process, reader=reader) for event in chunk]
    assert isinstance(seen[0], Resumed)
    assert isinstance(seen[-1], events.Finished)


def test_nothing_new_is_said_with_the_status_and_the_last_line_of_the_log(finished) -> None:
    reader = EventReader(finished.events_path)
    reader.poll()
    with launch(finished) as process, pytest.raises(RunError) as error:
        list(follow(finished, process, reader=reader))
    words = "the trainer ended with status 0: finished after 2 epochs already; --epochs trains on; its log is"
    assert str(error.value) == f"{words} {finished.log_path}"


def test_a_killed_trainer_is_said_with_its_signal(tmp_path) -> None:
    folder = new_run(small_spec(), tmp_path)
    with EventLog(folder.events_path) as log:
        log.emit(Paused(epoch=1, batch=0), flush=True)
    with trainer() as process:
        following = follow(folder, process)
        assert len(next(following)) == 1
        process.send_signal(signal.SIGKILL)
        with pytest.raises(RunError) as error:
            list(following)
    assert str(error.value) == f"the trainer was killed by SIGKILL; its log is {folder.log_path}"


def test_a_trainer_that_cannot_even_begin_is_said(tmp_path) -> None:
    folder = new_run(small_spec(), tmp_path)
    folder.log_path.write_text("Traceback\nModuleNotFoundError: No module named 'numpy'\n\n")
    with trainer("raise SystemExit(1)") as process, pytest.raises(RunError, match="status 1: ModuleNotFoundError: No"):
        list(follow(folder, process, poll=0.01))
