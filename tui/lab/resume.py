"""What a training must remember to go on bit for bit, into a checkpoint and back."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from mlcore import Sequential
from mlcore.optim import Optimizer
from mlcore.random_state import generators_of, get_rng_state, set_rng_state
from mlcore.train import Position
from tui.lab.checkpoints import Checkpoint, load
from tui.lab.errors import LabError
from tui.lab.events import Changed, Epoch, Event, Finished
from tui.lab.runs import RunFolder
from tui.lab.spec import Spec


@dataclass
class Progress:
    """How far a run has come, beside its weights, its optimiser and the dropout's generators.

    ``seconds`` of training in the ``completed`` epochs, ``epoch_seconds`` in the one in hand. ``changes``:
    (epoch, batch, lr) of lr commands that are still to be applied again.
    """

    position: Position
    completed: int = 0
    seconds: float = 0.0
    epoch_seconds: float = 0.0
    best_epoch: int = 0
    best_score: float | None = None
    last_epoch: Epoch | None = None
    changes: list[tuple[int, int, float]] = field(default_factory=list)

    def apply_changes(self) -> None:
        """Each lr command of before the resume, at the step at which it was first obeyed."""
        while self.changes and self.changes[0][:2] <= (self.position.epoch, self.position.batch):
            self.position.lr = self.changes.pop(0)[2]


def to_checkpoint(
    progress: Progress, spec: str, network: Sequential, optimizer: Optimizer, *, seq: int, threads: int
) -> Checkpoint:
    """The training as it stands now, in copies; ``spec`` is its `spec_hash`.

    ``seq`` is the last event's number: what the log holds after it is not in the checkpoint.
    """
    state = {name: getattr(progress, name) for name in Progress.__dataclass_fields__}
    state |= {
        "position": progress.position.to_dict(),
        "changes": list(progress.changes),
        "last_epoch": msgspec.to_builtins(progress.last_epoch),
        "dropout": [get_rng_state(generator) for generator in generators_of(network)],
        "spec": spec,
        "seq": seq,
        "threads": threads,
        "numpy": np.__version__,
    }
    return Checkpoint(network.state_dict(), optimizer.state_dict(), state)


def resume(
    folder: RunFolder, spec: Spec, network: Sequential, optimizer: Optimizer, history: Iterable[Event]
) -> Progress:
    """Puts network and optimiser back to the last checkpoint, and finds the lr commands that came after it.

    Without a checkpoint the run begins again from its seed. A run that has said that patience ended it waits
    anew. Raises LabError for a checkpoint that does not
    belong to this spec.
    """
    progress, seq = Progress(Position(lr=spec.training.lr)), 0
    if folder.last_path.exists():
        checkpoint = load(folder.last_path)
        if checkpoint.state.get("spec") != spec_hash(spec):
            raise LabError(f"{folder.spec_path}: changed since the checkpoint: start a new run with it")
        try:
            progress, seq = _restore(checkpoint, network, optimizer), checkpoint.state["seq"]
        except (KeyError, TypeError, ValueError) as error:
            raise LabError(f"{folder.last_path}: does not fit this run ({error}): remove it") from None
    for event in history:
        if isinstance(event, Changed) and event.seq > seq:
            here = (event.epoch, event.batch)
            progress.changes = [change for change in progress.changes if change[:2] < here]
            progress.changes.append((*here, event.lr))
        elif isinstance(event, Finished) and event.stopped_early and event.epochs == progress.completed:
            _wait_anew(progress.position)
    return progress


def _wait_anew(position: Position) -> None:
    """Patience had ended the run, and somebody asks for more epochs of it."""
    position.stopped = False
    position.stopping = {**position.stopping, "wait": 0, "stopped_epoch": 0}


def _restore(checkpoint: Checkpoint, network: Sequential, optimizer: Optimizer) -> Progress:
    network.load_state_dict(checkpoint.weights)
    optimizer.load_state_dict(dict(checkpoint.optimizer))
    state: dict[str, Any] = dict(checkpoint.state)
    for generator, saved in zip(generators_of(network), state["dropout"], strict=True):
        set_rng_state(generator, saved)
    kept = {name: state[name] for name in Progress.__dataclass_fields__}
    last = kept["last_epoch"]
    kept["position"] = Position.from_dict(kept["position"])
    kept["last_epoch"] = None if last is None else msgspec.convert(last, Epoch)
    kept["changes"] = [(epoch, batch, lr) for epoch, batch, lr in kept["changes"]]
    return Progress(**kept)


def spec_hash(spec: Spec) -> str:
    """Of what decides the numbers: not of the run's name and length, where its data lies, which loss is shown."""
    table = spec.with_value("training.epochs", 1).to_table()
    table.pop("name", None)
    table["training"].pop("reported_loss")
    table["data"].pop("source")  # the data's own sha256 is checked apart, and that of the first weights
    table["model"]["weights"] = bool(spec.model.weights)
    return hashlib.sha256(json.dumps(table, sort_keys=True).encode()).hexdigest()
