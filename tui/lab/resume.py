"""What a training must remember to go on bit for bit, into a checkpoint and back."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from mlcore import Sequential
from mlcore.optim import Optimizer
from mlcore.random_state import generators_of, get_rng_state, set_rng_state
from mlcore.train import Position
from tui.lab.checkpoints import Checkpoint, load
from tui.lab.errors import ChangedError, LabError
from tui.lab.events import Changed, Epoch, Event, Finished
from tui.lab.runs import RunFolder
from tui.lab.settings import flat, shown
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
    progress: Progress,
    origin: Mapping[str, Any],
    network: Sequential,
    optimizer: Optimizer,
    *,
    seq: int,
    threads: int,
) -> Checkpoint:
    """The training as it stands now, in copies; ``origin`` says what it is of, see `origin_of`.

    ``seq`` is the last event's number: what the log holds after it is not in the checkpoint.
    """
    state = {name: getattr(progress, name) for name in Progress.__dataclass_fields__}
    state |= origin
    state |= {
        "position": progress.position.to_dict(),
        "changes": list(progress.changes),
        "last_epoch": msgspec.to_builtins(progress.last_epoch),
        "dropout": [get_rng_state(generator) for generator in generators_of(network)],
        "seq": seq,
        "threads": threads,
        "numpy": np.__version__,
    }
    return Checkpoint(network.state_dict(), optimizer.state_dict(), state)


def resume(
    folder: RunFolder,
    spec: Spec,
    network: Sequential,
    optimizer: Optimizer,
    history: Iterable[Event],
    *,
    force: bool = False,
) -> Progress:
    """Puts network and optimiser back to the last checkpoint, and finds the lr commands that came after it.

    Without a checkpoint the run begins again from its seed. A run that has said that patience ended it waits anew.
    Raises ChangedError for a spec that has changed since, unless ``force`` takes the checkpoint all the same, and
    LabError for a checkpoint that does not fit.
    """
    progress, seq = Progress(Position(lr=spec.training.lr)), 0
    if folder.last_path.exists():
        checkpoint = load(folder.last_path)
        changed = changed_settings(checkpoint.state, spec)
        if changed and not force:
            raise ChangedError(f"{folder.spec_path}: {changed_text(changed)}")
        try:
            progress, seq = _restore(checkpoint, network, optimizer), checkpoint.state["seq"]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise LabError(f"{folder.last_path}: does not fit this run ({error}): remove it") from None
        if any(key == "training.lr" for key, *_ in changed):
            progress.position.lr, progress.changes, history = spec.training.lr, [], ()
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


_FREE = ("name", "training.epochs", "training.reported_loss", "data.source", "model.weights")
"""Settings that decide no number, or whose file is held against its sha256 instead."""


def settings_of(spec: Spec) -> dict[str, Any]:
    """What decides a run's numbers: not its name and length, where its data lies, or which loss is shown."""
    return {key: value for key, value in flat(spec).items() if key not in _FREE}


def origin_of(spec: Spec) -> dict[str, Any]:
    """For a checkpoint: the settings it is trained with, and a hash over those that are not the defaults.

    A later version's new setting has the default that trains as before, so it changes neither.
    """
    settings, defaults = settings_of(spec), settings_of(Spec())
    own = {key: value for key, value in settings.items() if value != defaults.get(key)}
    digest = hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()
    return {"spec": digest, "settings": settings}


def changed_settings(state: Mapping[str, Any], spec: Spec) -> list[tuple[str, Any, Any]]:
    """(key, was, is) of each setting that is another one than the checkpoint of this ``state`` was trained with.

    [] of a checkpoint that does not say. A setting that one side does not have counts as its default.
    """
    was = state.get("settings")
    if not isinstance(was, Mapping):
        return []
    now, defaults = _as_json(settings_of(spec)), _as_json(settings_of(Spec()))
    pairs = ((key, was.get(key, defaults.get(key)), now.get(key, defaults.get(key))) for key in {**was, **now})
    return [(key, before, after) for key, before, after in pairs if before != after]


def changed_text(changed: Iterable[tuple[str, Any, Any]]) -> str:
    """In words: ``changed since the checkpoint: training.lr 0.1 -> 0.5: put it back, ...``"""
    pairs = ", ".join(f"{key} {shown(was)} -> {shown(now)}" for key, was, now in changed)
    return f"changed since the checkpoint: {pairs}: put it back, train a new run, or go on regardless with --force"


def _as_json(table: Mapping[str, Any]) -> dict[str, Any]:
    """As a checkpoint holds it: tuples are lists there."""
    found: dict[str, Any] = json.loads(json.dumps(table))
    return found
