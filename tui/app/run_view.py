"""A run as the screens see it, and how its events change that. Pure; every reader of a run goes through here."""

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from tui.lab import events as ev
from tui.lab.spec import Spec


class RunView(Struct, frozen=True):
    """A run as its events tell it. ``state`` is one word of the status strip."""

    path: Path
    spec: Spec
    state: str = "starting"
    total_epochs: int = 0
    pace: float = 0.0
    started: ev.Started | None = None
    epochs: tuple[ev.Epoch, ...] = ()
    best: ev.Epoch | None = None
    """The epoch with the smallest validation loss (training loss where there is no validation)."""
    seconds: float = 0.0
    """Trained so far, without pauses and pace."""
    kept: int = 0
    """Complete epochs that the last checkpoint holds."""
    step: ev.Step | None = None
    probe: ev.Probe | None = None
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


def hear_all(events: Iterable[ev.Event], run: RunView) -> RunView:
    """The view after these events, oldest first."""
    fresh: list[ev.Epoch] = []
    for event in events:
        if isinstance(event, ev.Epoch):
            last = fresh[-1] if fresh else (run.epochs[-1] if run.epochs else None)
            # A damaged file may say an epoch twice: curves only go on.
            if last is None or event.epoch > last.epoch:
                fresh.append(event)
        else:
            run = _hear(event, _hear_epochs(fresh, run))
            fresh = []
    return _hear_epochs(fresh, run)


def _hear_epochs(fresh: list[ev.Epoch], run: RunView) -> RunView:
    if not fresh:
        return run
    best = next((epoch for epoch in reversed(fresh) if epoch.epoch == epoch.best_epoch), run.best)
    return replace(
        run,
        epochs=(*run.epochs, *fresh),
        best=best,
        seconds=run.seconds + sum(epoch.seconds for epoch in fresh),
        lr=fresh[-1].lr,
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
            return replace(run, probe=event)
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
    probe = run.probe if run.probe and run.probe.epoch <= epoch else None
    empty = replace(run, epochs=(), best=None, seconds=0.0, probe=probe)
    return _hear_epochs([kept for kept in run.epochs if kept.epoch <= epoch], empty)
