"""A run as the screens see it, and how its events change that. Pure; every reader of a run goes through here."""

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from tui.app.history import EpochBlock, History
from tui.lab import events as ev
from tui.lab.spec import Spec

Said = ev.Event | EpochBlock
"""What a reader of a run hands on: events, long stretches of epochs among them in columns."""


class RunView(Struct, frozen=True):
    """A run as its events tell it. ``state`` is one word of the status strip."""

    path: Path
    spec: Spec
    state: str = "starting"
    total_epochs: int = 0
    pace: float = 0.0
    started: ev.Started | None = None
    epochs: History = field(default_factory=History)
    best: ev.Epoch | None = None
    """The epoch with the smallest validation loss (training loss where there is no validation)."""
    seconds: float = 0.0
    """Trained so far, without pauses and pace."""
    kept: int = 0
    """Complete epochs that the last checkpoint holds."""
    step: ev.Step | None = None
    probes: tuple[ev.Probe, ...] = ()
    """The health of its network, at growing distances: ten from one power of ten to the next."""
    lr: float | None = None
    changed_lr: float | None = None
    finished: ev.Finished | None = None
    diverged: ev.Diverged | None = None
    message: str = ""
    snapshot: int | None = None
    """The epoch looked at after the end; None is the last."""
    next_lr: float | None = None
    """A base learning rate chosen for this run: sent while it trains, else when it goes on."""

    @property
    def probe(self) -> ev.Probe | None:
        """The last one."""
        return self.probes[-1] if self.probes else None

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def base_lr(self) -> float:
        """What the schedule is a factor of."""
        return self.changed_lr or self.spec.training.lr

    @property
    def task(self) -> str:
        """ "classification" or "regression"; "" before the run has said it."""
        return self.started.task if self.started is not None else ""

    @property
    def alive(self) -> bool:
        """Whether a trainer is (or should be) at work for it."""
        return self.state in ("starting", "training", "paused")


def hear_all(events: Iterable[Said], run: RunView) -> RunView:
    """The view after these events, oldest first."""
    fresh: list[ev.Epoch] = []
    for event in events:
        if isinstance(event, ev.Epoch):
            fresh.append(event)
            continue
        run = _hear_epochs(fresh, run)
        fresh = []
        run = _hear_epochs(event, run) if isinstance(event, EpochBlock) else _hear(event, run)
    return _hear_epochs(fresh, run)


def _hear_epochs(fresh: list[ev.Epoch] | EpochBlock, run: RunView) -> RunView:
    epochs = run.epochs.with_epochs(fresh) if len(fresh) else run.epochs
    if epochs is run.epochs:
        return run
    last = epochs[-1]
    return replace(
        run,
        epochs=epochs,
        best=epochs.at(last.best_epoch) or run.best,
        seconds=run.seconds + float(epochs.column("seconds")[len(run.epochs) :].sum()),
        lr=last.lr,
        step=None,
        # A pause is said by its own event; an epoch does not end one.
        state="training" if run.state == "starting" else run.state,
    )


def _hear(event: ev.Event, run: RunView) -> RunView:
    """A run's view after one event other than an epoch."""
    match event:
        case ev.Started():
            run = _cut(run, 0)
            return replace(
                run, started=event, total_epochs=event.epochs, state="training", finished=None, diverged=None
            )
        case ev.Resumed():
            run = replace(_cut(run, event.epoch), total_epochs=event.epochs, state="training")
            return replace(run, finished=None, diverged=None, message="")
        case ev.Checkpoint():
            return replace(run, kept=event.epoch)
        case ev.Paused():
            return replace(run, state="paused")
        case ev.Probe():
            return replace(run, probes=(*(p for p in run.probes if p.epoch < event.epoch), event))
        case ev.Step():
            return replace(run, step=event, lr=event.lr)
        case ev.Changed():
            return replace(run, lr=event.lr, changed_lr=event.lr, next_lr=None)
        case ev.Diverged():
            return replace(run, state="diverged", diverged=event, message=event.message)
        case ev.Finished():
            return replace(run, state="finished", finished=event)
        case ev.Stopped():
            return replace(run, state="stopped", message=event.reason)
        case ev.Failed():
            return replace(run, state="failed", message=event.message)
        case _:
            return run


def _cut(run: RunView, epoch: int) -> RunView:
    """The run as it was after ``epoch`` complete epochs."""
    if not run.epochs or run.epochs[-1].epoch <= epoch:
        return run
    epochs = run.epochs.until(epoch)
    return replace(
        run,
        epochs=epochs,
        best=epochs.at(epochs[-1].best_epoch) if epochs else None,
        seconds=float(epochs.column("seconds").sum()) if epochs else 0.0,
        lr=epochs[-1].lr if epochs else run.lr,
        probes=tuple(probe for probe in run.probes if probe.epoch <= epoch),
    )
