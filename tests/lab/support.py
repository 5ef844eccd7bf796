"""Runs for the tests: small, in this process or in one of their own."""

import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tui.lab.checkpoints import Checkpoint, load
from tui.lab.eventlog import EventLog
from tui.lab.events import EventReader
from tui.lab.runs import RunFolder, create_run
from tui.lab.spec import Spec, set_values
from tui.lab.status import StatusFile
from tui.lab.training import Training

SMALL = ("data.options.n_samples=100", "model.hidden=8", "model.dropout=0.3", "training.batch_size=10")

ONLY_FIRST = property(lambda keeper: keeper.saved_place is None)
"""For `Keeper.old`: no checkpoint by time but the first."""


def small_spec(*settings: str) -> Spec:
    """Moons, 60 of them to train on, with everything that has a state: dropout, Adam, a shuffled order."""
    return set_values(Spec(), [*SMALL, *settings])


def train_here(
    folder: RunFolder,
    spec: Spec | None = None,
    *,
    signal: Callable[[], str] = lambda: "",
    changes: list[tuple[int, int, float]] | None = None,
    force: bool = False,
) -> int:
    """Trains in this process, as the trainer does after it has taken the lock."""
    with EventLog(folder.events_path) as log:
        status = StatusFile(folder.status_path)
        spec = spec or folder.read_spec()
        training = Training(folder, spec, log, status, threads=1, signal=signal, force=force)
        training.progress.changes += changes or []
        return training.run()


def write_images(folder: Path, height: int = 4, width: int = 3, *, count: int = 30) -> Path:
    """Images in three classes, in a folder as MNIST has it; the path of the images' file."""
    folder.mkdir()
    images, labels = folder / "train-images-idx3-ubyte", folder / "train-labels-idx1-ubyte"
    images.write_bytes(
        struct.pack(">4I", 2051, count, height, width) + np.random.default_rng(0).bytes(count * height * width)
    )
    labels.write_bytes(struct.pack(">2I", 2049, count) + bytes(index % 3 for index in range(count)))
    return images


def new_run(spec: Spec, tmp_path: Path, name: str = "run") -> RunFolder:
    return create_run(spec, tmp_path / "runs", name)


def read_events(folder: RunFolder) -> list[Any]:
    return EventReader(folder.events_path).poll()


def wait_for(what: Callable[[], Any], seconds: float = 20) -> Any:
    """The first true answer. Fails where there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := what():
            return answer
        time.sleep(0.01)
    raise AssertionError("waited in vain")


def wait_for_event(folder: RunFolder, kind: type, **fields: Any) -> Any:
    def found() -> Any:
        for event in read_events(folder):
            if isinstance(event, kind) and all(getattr(event, key) == value for key, value in fields.items()):
                return event
        return None

    return wait_for(found)


def assert_same_training(one: Path, other: Path) -> None:
    """Two checkpoints from which the very same training would go on."""
    a, b = load(one), load(other)
    assert_same_arrays(a, b)
    for key in ("position", "dropout", "completed", "best_epoch", "best_score"):
        assert a.state[key] == b.state[key], key


def assert_same_arrays(a: Checkpoint, b: Checkpoint) -> None:
    assert a.weights.keys() == b.weights.keys()
    assert a.optimizer.keys() == b.optimizer.keys()
    for arrays, others in ((a.weights, b.weights), (a.optimizer, b.optimizer)):
        for name in arrays:
            np.testing.assert_array_equal(arrays[name], others[name], err_msg=name)
