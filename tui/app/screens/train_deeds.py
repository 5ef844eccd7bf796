"""What the keys of 4 Train ask of the trainer: start, pause, step, stop, another rate, another pace."""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Literal

from tui.app.facts import LrChosen, RunClosed, SnapshotChosen
from tui.app.reasons import RESUMABLE
from tui.app.run_view import RunView
from tui.app.screens.looking import Looking
from tui.app.session import Session
from tui.lab.fields import FIELDS
from tui.lab.values import step_value

if TYPE_CHECKING:
    from tui.lab.runs import Start

PACES = (1.0, 3.0, 10.0, 30.0)
"""Epochs a second that `<` and `>` step through; 0 is full speed."""


class TrainDeeds(Looking):
    """The actions of the Train screen that change a run: beside the keys, and each after the one before it."""

    def _do(self, deed: Coroutine[Any, Any, None]) -> None:
        self.bench.beside(deed, "train")

    def problem(self, session: Session) -> str:
        """The first reason why this experiment cannot start; "" where it can."""
        problems = session.problems
        if not problems:
            return ""
        key, words = next(iter(problems.items()))
        label = FIELDS[key].label if key in FIELDS else key.rpartition(".")[2]
        where = "‹app.data› Data" if key.startswith("data.") else "‹app.model› Model"
        return f"{label}: {words}. {where} mends it"

    async def _begin(self, start: "Start" = "run") -> None:
        """Starts a run, or goes on with the one that has ended."""
        session, bench = self.session, self.bench
        run = session.run
        if session.starting:
            return
        if self.problem(session):
            bench.go_to_setting(next(iter(session.problems)))
            return
        if session.data.prepared is None:
            bench.notice("training needs data: ‹app.data› chooses some")
            return
        if run is None or not session.run_is_of_this:
            await bench.runs.start(session.spec, bench.runs_dir, recipe=session.recipe, start=start)
            return
        if run.state == "diverged" and run.next_lr is None:
            ways = "‹train.lr_down› lowers lr, ‹train.new_weights› draws new weights"
            bench.notice(f"it would diverge again at lr {run.base_lr:g}: {ways}")
            return
        epochs = run.total_epochs + (session.spec.training.epochs if run.state == "finished" else 0)
        await bench.runs.go_on(run.path, run.spec, epochs, pace=run.pace, start=start)
        if run.next_lr is not None:
            await bench.runs.send(run.path, "lr", run.next_lr)

    def action_train_toggle(self) -> None:
        self._do(self._toggle())

    async def _toggle(self) -> None:
        run = self.session.shown_run
        if run is None or not run.alive:
            await self._begin()
        elif not self.session.run_is_of_this:
            self.bench.notice(
                f"{run.name} is training: ‹train.stop› stops it, then ‹train.toggle› starts this experiment"
            )
        elif run.state != "starting":
            await self.bench.runs.send(run.path, "resume" if run.state == "paused" else "pause")

    def action_train_epoch(self) -> None:
        self._do(self._one("epoch"))

    def action_train_step(self) -> None:
        self._do(self._one("step"))

    async def _one(self, what: Literal["epoch", "step"]) -> None:
        run = self.session.shown_run
        if run is None or not run.alive:
            await self._begin(what)
        elif run.state != "starting":
            await self.bench.runs.send(run.path, what)

    def action_train_stop(self) -> None:
        self._do(self._stop())

    async def _stop(self) -> None:
        run = self.session.run
        if run is not None and run.alive:
            await self.bench.runs.send(run.path, "stop")

    def action_train_resume(self) -> None:
        self._do(self._resume())

    async def _resume(self) -> None:
        run = self.session.shown_run
        if run is None or run.state not in RESUMABLE:
            self.bench.notice("nothing to resume: ‹train.toggle› trains")
        elif not self.session.starting:
            epochs = run.total_epochs or run.spec.training.epochs
            await self.bench.runs.go_on(run.path, run.spec, epochs, pace=run.pace)

    def action_train_lr_down(self) -> None:
        self._do(self._step_lr(-1))

    def action_train_lr_up(self) -> None:
        self._do(self._step_lr(+1))

    async def _step_lr(self, direction: int) -> None:
        session = self.session
        run, field = session.shown_run, FIELDS["training.lr"]
        if run is None:
            self.bench.change("training.lr", step_value(field, session.spec.training.lr, direction))
            return
        lr = step_value(field, run.next_lr or run.base_lr, direction)
        self.bench.dispatch(LrChosen(lr))
        if run.alive:
            await self.bench.runs.send(run.path, "lr", lr)

    def action_train_slower(self) -> None:
        self._do(self._pace(-1))

    def action_train_faster(self) -> None:
        self._do(self._pace(+1))

    async def _pace(self, direction: int) -> None:
        run = self.session.shown_run
        if run is None:
            return
        if run.alive:
            await self.bench.runs.send(run.path, "pace", next_pace(run.pace, direction))
        else:
            await self._walk(run, direction)

    async def _walk(self, run: RunView, direction: int) -> None:
        """One snapshot back or on, after the end."""
        last = run.epochs[-1].epoch if run.epochs else 0
        kept = [epoch for epoch in await self.bench.runs.snapshots(run.path) if epoch < last]
        now = run.snapshot if run.snapshot is not None else last
        if direction < 0:
            self.bench.dispatch(SnapshotChosen(max((epoch for epoch in kept if epoch < now), default=run.snapshot)))
        else:
            self.bench.dispatch(SnapshotChosen(min((epoch for epoch in kept if epoch > now), default=None)))

    def action_train_new_weights(self) -> None:
        self._do(self._new_weights())

    async def _new_weights(self) -> None:
        session = self.session
        if session.run is not None and session.run.alive:
            self.bench.notice("‹train.stop› stops the run first")
            return
        same, run = session.run_is_of_this, session.run
        self.bench.dispatch(RunClosed())
        if same and run is not None:
            lr = run.next_lr or run.base_lr  # the rate that was chosen is not lost with the weights
            if lr != session.spec.training.lr:
                self.bench.change("training.lr", lr)
            self.bench.change("seed", (session.spec.seed + 1) % 2**32)
        self.bench.notice("new weights. ‹train.toggle› trains them")


def next_pace(pace: float, direction: int) -> float:
    """The pace after `<` or `>`: slower along 30, 10, 3, 1; faster from a chosen pace one up, else full speed."""
    if direction < 0:
        return max((step for step in PACES if not pace or step < pace), default=PACES[0])
    if pace in PACES:
        return min((step for step in PACES if step > pace), default=0.0)
    return 0.0
