"""Trainers killed at random moments: every run that is resumed equals the one that was never killed, bit for bit.

pytest -m slow tests/lab/test_kills.py --kills 50
"""

import os
import random
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tests.lab.support import assert_same_arrays, assert_same_training, new_run, read_events
from tui.lab import events
from tui.lab.checkpoints import load
from tui.lab.errors import RunError
from tui.lab.events import EventReader
from tui.lab.follow import Once, follow
from tui.lab.recipes import load as load_recipe
from tui.lab.runs import RunFolder, launch
from tui.lab.spec import Spec, set_values

pytestmark = pytest.mark.slow
OPTIMIZERS = (
    ("training.optimizer=sgd", "training.momentum=0.9", "training.lr=0.02"),
    ("training.optimizer=adam", "training.lr=0.002"),
)
EPOCHS = 200
MOST_LIVES = 6
CLOCK = ("seq", "time", "seconds", "validation_seconds", "samples_per_second")
"""What an epoch says of the hour and the machine."""


def spec(number: int) -> Spec:
    settings = ("model.dropout=0.2", f"training.epochs={EPOCHS}", *OPTIMIZERS[number % len(OPTIMIZERS)])
    return set_values(load_recipe("tp4").spec, settings)


@pytest.fixture(scope="module")
def straight(tmp_path_factory) -> dict[int, tuple[RunFolder, float]]:
    """For each optimiser the run that is never killed, and how long it took from its launch."""
    runs = {}
    for number in range(len(OPTIMIZERS)):
        folder = new_run(spec(number), tmp_path_factory.mktemp("straight"))
        began = time.monotonic()
        with launch(folder) as process:
            assert process.wait() == 0
        runs[number] = folder, time.monotonic() - began
    return runs


def said(epoch: events.Epoch) -> dict[str, object]:
    return {name: getattr(epoch, name) for name in epoch.__struct_fields__ if name not in CLOCK}


def epochs_of(stream: list[events.Event]) -> list[dict[str, object]]:
    return [said(event) for event in stream if isinstance(event, events.Epoch)]


def kill_after(process: "subprocess.Popen[bytes]", seconds: float) -> threading.Timer:
    timer = threading.Timer(seconds, process.kill)
    timer.daemon = True
    timer.start()
    return timer


def lives(folder: RunFolder, moments: list[float]) -> tuple[list[events.Event], int]:
    """Trains to the end through a kill at each of these moments after a launch; what one follower saw; the kills."""
    reader, once = EventReader(folder.events_path), Once(folder.events_path)
    seen: list[events.Event] = []
    killed = 0
    for moment in [*moments, None]:
        with launch(folder) as process:
            timer = None if moment is None else kill_after(process, moment)
            try:
                for chunk in follow(folder, process, reader=reader, poll=0.01):
                    seen += once(chunk)
            except RunError:
                if process.wait() == 0:  # the one before had said its last word already
                    break
                assert process.returncode == -9, folder.log_path.read_text()
                killed += 1
                continue
            finally:
                if timer is not None:
                    timer.cancel()
            process.wait()
            if process.returncode == 0:
                break
            killed += 1  # between its last word and its end
    return seen, killed


def test_killed_at_random_moments_it_is_the_run_that_was_not(tmp_path: Path, straight, kills: int) -> None:
    chance = random.Random(os.environ.get("MLP_TUI_SEED", "kills"))
    done = equal = 0
    landed: list[int] = []
    while done < kills:
        number = done % len(OPTIMIZERS)
        reference, seconds = straight[number]
        folder = new_run(spec(number), tmp_path, f"killed-{done}")
        # Now and then a life more than one is cut short.
        moments = [chance.uniform(0, seconds) for _ in range(chance.choice((1, 1, 1, 2, 3)))]
        seen, killed = lives(folder, moments)
        if not killed:  # it was over before its moment came
            continue
        done += 1
        landed += [event.epoch for event in read_events(folder) if isinstance(event, events.Resumed)]
        assert_same_training(folder.last_path, reference.last_path)
        assert_same_arrays(load(folder.best_path), load(reference.best_path))
        stream = epochs_of(seen)
        assert [epoch["epoch"] for epoch in stream] == list(range(1, EPOCHS + 1))
        assert stream == epochs_of(read_events(reference))
        # Whoever opens the run later sees the same.
        replayed = list(Once(folder.events_path)(EventReader(folder.events_path).poll()))
        assert epochs_of(replayed) == stream
        assert folder.state() == "finished"
        assert isinstance(seen[-1], events.Finished)
        finished, before = seen[-1], read_events(reference)[-1]
        assert (finished.test_accuracy, finished.test_loss) == (before.test_accuracy, before.test_loss)
        assert not folder.lock_path.exists()
        assert list(folder.path.rglob(".*")) == []  # nothing half-written is left behind
        equal += 1
    print(f"{equal} of {done} equal; resumed after epochs {sorted(landed)}")
    assert equal == kills
