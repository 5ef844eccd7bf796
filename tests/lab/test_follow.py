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
from tui.lab.follow import Once, follow
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


def test_without_a_process_the_files_say_when_it_ends(tmp_path) -> None:
    folder = new_run(small_spec("training.epochs=3"), tmp_path)
    following = follow(folder, poll=0.01)
    with launch(folder):  # queued until now
        seen = [event for chunk in following for event in chunk]
    assert isinstance(seen[0], events.Started)
    assert isinstance(seen[-1], events.Finished)
    assert [event for chunk in follow(folder) for event in chunk] == seen


def test_without_a_process_a_killed_trainer_is_said(tmp_path) -> None:
    folder = new_run(small_spec("training.epochs=1000000"), tmp_path)
    following = follow(folder, poll=0.01)
    with launch(folder) as process:
        next(following)
        process.kill()
        with pytest.raises(
            RunError, match=f"process {process.pid}\\) is gone without a last word: mlp-tui runs resume"
        ):
            list(following)


def epoch(number: int, loss: float) -> events.Epoch:
    return events.Epoch(
        epoch=number,
        train_loss=loss,
        train_accuracy=None,
        val_loss=None,
        val_accuracy=None,
        last_batch_loss=None,
        lr=0.1,
        seconds=0.0,
        validation_seconds=0.0,
        samples_per_second=1.0,
        best_epoch=1,
    )


def test_every_epoch_once_and_the_one_that_stands(tmp_path) -> None:
    path = tmp_path / "events.jsonl"
    resumed = Resumed(epoch=2, batch=0, epochs=9)
    with EventLog(path) as log:
        for event in [epoch(1, 1.0), epoch(2, 2.0), epoch(3, 3.0), resumed, epoch(3, 3.5), epoch(4, 4.0)]:
            log.emit(event, flush=True)
        once, reader = Once(path), EventReader(path)
        assert losses(once(reader.poll())) == [1.0, 2.0, 3.5, 4.0]
        # What comes while one looks on is said already when it is taken back.
        for event in [epoch(5, 5.0), Resumed(epoch=3, batch=0, epochs=9), epoch(4, 4.0), epoch(5, 5.0), epoch(6, 6.0)]:
            log.emit(event, flush=True)
        assert losses(once(reader.poll())) == [5.0, 6.0]


def losses(seen) -> list[float]:
    return [event.train_loss for event in seen if isinstance(event, events.Epoch)]


def test_a_run_taken_back_twice(tmp_path) -> None:
    path = tmp_path / "events.jsonl"
    with EventLog(path) as log:
        for number in (1, 2, 3, 4, 5, -3, 4, 5, 6, -1, 2, 3):
            said = Resumed(epoch=-number, batch=0, epochs=9) if number < 0 else epoch(number, float(log.seq))
            log.emit(said, flush=True)
    once = list(Once(path)(EventReader(path).poll()))
    assert [(e.epoch, e.train_loss) for e in once if isinstance(e, events.Epoch)] == [(1, 0.0), (2, 10.0), (3, 11.0)]
