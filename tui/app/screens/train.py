"""4 Train: loss, accuracy and decision regions move while a process of its own trains."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from rich.text import Text
from textual.app import ComposeResult
from textual.widget import Widget

from tui.app import figures
from tui.app.actions import bindings
from tui.app.facts import FeaturesTurned, LrChosen, RunClosed, SnapshotChosen
from tui.app.fitting import width_of
from tui.app.own_unit import in_own_unit
from tui.app.reading import Reading, read_run
from tui.app.run_view import RunView
from tui.app.screens.base import BenchScreen
from tui.app.services.maps import MapService
from tui.app.session import Session
from tui.app.widgets.map_panel import MapPanel
from tui.app.widgets.panel import Panel, Words
from tui.app.widgets.run_curves import RunCurves
from tui.app.widgets.strip import Strip
from tui.lab.fields import FIELDS, LOSSES
from tui.lab.values import step_value

if TYPE_CHECKING:
    from tui.lab.runs import Start

NO_MARKS = str.maketrans("", "", "‹›")
RESUMABLE = ("crashed", "failed", "stopped", "diverged", "queued")
PACES = (1.0, 3.0, 10.0, 30.0)
"""Epochs a second that `<` and `>` step through; 0 is full speed."""


class TrainScreen(BenchScreen):
    NAME = "train"
    CSS_PATH = "../styles/train.tcss"
    BINDINGS = bindings("train")
    WORDS = (
        ("val loss", "mean loss on data the network never trains on; rising while train loss falls: learning by heart"),
        ("R²", "of numbers: 1 is exact, 0 no better than answering their mean each time, below 0 worse than that"),
        ("epoch", "once through all training samples"),
        ("step", "one batch: a gradient, and a move of the weights against it"),
        ("lr", "how far a step goes: w becomes w - lr × gradient"),
        ("pace", "epochs a second at most, so that the eye can follow; reported times know nothing of it"),
        (
            "decision map",
            "the class that the network answers at each point of the plane, stronger where it is sure; of a regression "
            "the number, in five shades; a point in the shade of its region is answered well",
        ),
    )

    def panels(self) -> ComposeResult:
        yield RunCurves("loss")
        yield MapPanel(MapService(self.bench, remote=self.bench.capabilities.remote).ask)
        yield RunCurves("accuracy")
        yield Panel(Words(), title="reading", id="reading")

    def above(self) -> ComposeResult:
        yield Strip(id="strip")

    def __init__(self) -> None:
        super().__init__()
        self._log = False

    def home(self) -> Widget:
        return self.query_one("#loss", Panel)

    def draw(self, session: Session) -> None:
        run = session.shown_run
        lr = session.spec.training.lr
        if run is not None:
            lr = run.next_lr or run.lr or run.spec.training.lr
        self.query_one(Strip).show(run, session.spec.training.epochs, self.glyphs, lr, session.task)
        self._draw_curves(session)
        self.query_one(MapPanel).show(session, self.glyphs)
        panel = self.query_one("#reading", Panel)
        if panel.display:
            panel.query_one(Words).show(self._reading_text(session))

    def sentence(self, session: Session) -> str:
        run = session.shown_run
        if problem := self._problem(session):
            return f"{self.glyphs.wrong} {problem}"
        if run is None:
            return self._invitation(session)
        reading = self._reading(session)
        shown = self.query_one("#reading", Panel).display
        if run.state in ("diverged", "failed", "crashed") or (not shown and reading.state != "ok"):
            room = self.size.width - 4
            words = reading.whole if width_of(reading.whole) <= room else reading.short or reading.whole
            return f"{_mark(reading, self.glyphs)} {words}"
        if run.state == "finished":
            again = session.spec.training.epochs
            figure = self._test_figure(run)
            return f"finished{figure}. ‹space› trains {again} more, ‹w› new weights, ‹<› walks back"
        if run.state == "queued":
            return f"run {run.name} waits for its trainer. ‹space› starts it"
        if run.state == "stopped":
            return f"stopped at epoch {run.epochs[-1].epoch if run.epochs else 0}. ‹space› goes on, ‹w› new weights"
        best = run.best
        words = f"run {run.name}"
        if self.size.width >= 100 and run.started is not None:
            words += f"   trainer {run.started.pid} on {run.started.host}, goes on if you leave"
        elif best is not None and best.val_loss is not None:
            words += f"   val loss best {figures.loss(best.val_loss)} at epoch {best.epoch}"
        return words

    def _test_figure(self, run: RunView) -> str:
        done = run.finished
        score = figures.score(done.test_accuracy, done.test_r2) if done is not None else ""
        name = "accuracy" if run.task != "regression" else f"R{self.glyphs.squared}"
        return f", test {name} {score}" if score else ""

    def idle_actions(self, session: Session) -> frozenset[str]:
        run = session.shown_run
        idle = set()
        if run is None or not run.alive:
            idle.add("train.stop")
        if run is None or run.state not in ("crashed", "failed"):
            idle.add("train.resume")  # in other states space does as much
        if run is None:
            idle |= {"train.slower", "train.faster", "train.new_weights"}
        elif run.alive:
            idle.add("train.new_weights")
        return frozenset(idle)

    def action_labels(self, session: Session) -> dict[str, str]:
        run = session.shown_run
        if run is None:
            return {"train.toggle": "start"}
        if run.state == "paused":
            return {"train.toggle": "resume"}
        if run.alive:
            return {"train.toggle": "pause"}
        return {"train.toggle": "train on" if session.run_is_of_this else "start", "train.slower": "walk"}

    # Drawing

    def _invitation(self, session: Session) -> str:
        prepared = session.data.prepared
        if prepared is None:
            return "training needs data: ‹1› chooses some"
        first = ""
        if session.spec.training.loss == "cross_entropy" and prepared.task == "classification":
            first = f". First loss should be {math.log(len(prepared.class_names)):.3f}"
        return f"‹space› trains {session.spec.training.epochs:,} epochs{first}"

    def _reading(self, session: Session) -> Reading:
        run, prepared = session.shown_run, session.data.prepared
        classes = len(prepared.class_names) if prepared is not None else 2
        if run is None:
            return Reading("ok", self._invitation(session).translate(NO_MARKS), "n one epoch, s one step at a time.")
        reading = read_run(run, classes, loss=run.spec.training.loss, r_squared=f"R{self.glyphs.squared}")
        error = in_own_unit(run, prepared, self.glyphs.ellipsis)
        return replace(reading, sentence=f"{reading.sentence} {error}") if error else reading

    def _reading_text(self, session: Session) -> Text:
        reading = self._reading(session)
        colour = {"ok": "success", "warn": "warning", "wrong": "error"}[reading.state]
        text = Text(overflow="ellipsis", no_wrap=True)
        text.append(f"{_mark(reading, self.glyphs)} ", str(self.app.theme_variables.get(colour, "")))
        text.append(reading.sentence).append(f"\n  {reading.advice}", "dim")
        return text

    def _draw_curves(self, session: Session) -> None:
        run, prepared = session.shown_run, session.data.prepared
        spec = run.spec if run is not None else session.spec
        total = run.total_epochs if run is not None else spec.training.epochs
        name = next(choice.label for choice in LOSSES if choice.value == spec.training.loss)
        subtitle = f"{name} {self.glyphs.dot} log" if self._log else name
        self.query_one("#loss", RunCurves).show(run, total, subtitle, self.glyphs, log=self._log)
        validation = len(prepared.split.validation) if prepared is not None else 0
        words = f"validation {validation:,} samples" if validation else "no validation part"
        self.query_one("#accuracy", RunCurves).show(run, total, words, self.glyphs, task=session.task)

    # Doing

    def _problem(self, session: Session) -> str:
        """The first reason why this experiment cannot start; "" where it can."""
        problems = session.problems
        if not problems:
            return ""
        key, words = next(iter(problems.items()))
        label = FIELDS[key].label if key in FIELDS else key.rpartition(".")[2]
        where = "‹1› Data" if key.startswith("data.") else "‹2› Model"
        return f"{label}: {words}. {where} mends it"

    async def _begin(self, start: "Start" = "run") -> None:
        """Starts a run, or goes on with the one that has ended."""
        session, bench = self.session, self.bench
        run = session.run
        if session.starting:
            return
        if self._problem(session):
            bench.go_to_setting(next(iter(session.problems)))
            return
        if session.data.prepared is None:
            bench.notice("training needs data: ‹1› chooses some")
            return
        if run is None or not session.run_is_of_this:
            await bench.runs.start(session.spec, bench.runs_dir, recipe=session.recipe, start=start)
            return
        if run.state == "diverged" and run.next_lr is None:
            bench.notice(f"it would diverge again at lr {run.base_lr:g}: ‹[› lowers lr, ‹w› draws new weights")
            return
        epochs = run.total_epochs + (session.spec.training.epochs if run.state == "finished" else 0)
        await bench.runs.go_on(run.path, run.spec, epochs, pace=run.pace, start=start)
        if run.next_lr is not None:
            await bench.runs.send(run.path, "lr", run.next_lr)

    async def action_train_toggle(self) -> None:
        run = self.session.shown_run
        if run is None or not run.alive:
            await self._begin()
        elif not self.session.run_is_of_this:
            self.bench.notice(f"{run.name} is training: ‹x› stops it, then ‹space› starts this experiment")
        elif run.state != "starting":
            await self.bench.runs.send(run.path, "resume" if run.state == "paused" else "pause")

    async def action_train_epoch(self) -> None:
        await self._one("epoch")

    async def action_train_step(self) -> None:
        await self._one("step")

    async def _one(self, what: Literal["epoch", "step"]) -> None:
        run = self.session.shown_run
        if run is None or not run.alive:
            await self._begin(what)
        elif run.state != "starting":
            await self.bench.runs.send(run.path, what)

    async def action_train_stop(self) -> None:
        run = self.session.run
        if run is not None and run.alive:
            await self.bench.runs.send(run.path, "stop")

    async def action_train_resume(self) -> None:
        run = self.session.shown_run
        if run is None or run.state not in RESUMABLE:
            self.bench.notice("nothing to resume: ‹space› trains")
        elif not self.session.starting:
            epochs = run.total_epochs or run.spec.training.epochs
            await self.bench.runs.go_on(run.path, run.spec, epochs, pace=run.pace)

    async def action_train_lr_down(self) -> None:
        await self._step_lr(-1)

    async def action_train_lr_up(self) -> None:
        await self._step_lr(+1)

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

    async def action_train_slower(self) -> None:
        await self._pace(-1)

    async def action_train_faster(self) -> None:
        await self._pace(+1)

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
        session = self.session
        if session.run is not None and session.run.alive:
            self.bench.notice("‹x› stops the run first")
            return
        same, run = session.run_is_of_this, session.run
        self.bench.dispatch(RunClosed())
        if same and run is not None:
            lr = run.next_lr or run.base_lr  # the rate that was chosen is not lost with the weights
            if lr != session.spec.training.lr:
                self.bench.change("training.lr", lr)
            self.bench.change("seed", (session.spec.seed + 1) % 2**32)
        self.bench.notice("new weights. ‹space› trains them")

    def action_train_log(self) -> None:
        self._log = not self._log
        self.show()

    def action_train_map(self) -> None:
        self.query_one("#body").toggle_class("-no-map")
        self._show_soon()

    def action_train_next_features(self) -> None:
        self.bench.dispatch(FeaturesTurned(+1))

    def action_train_previous_features(self) -> None:
        self.bench.dispatch(FeaturesTurned(-1))


def next_pace(pace: float, direction: int) -> float:
    """The pace after `<` or `>`: slower along 30, 10, 3, 1; faster from a chosen pace one up, else full speed."""
    if direction < 0:
        return max((step for step in PACES if not pace or step < pace), default=PACES[0])
    if pace in PACES:
        return min((step for step in PACES if step > pace), default=0.0)
    return 0.0


def _mark(reading: Reading, glyphs: object) -> str:
    return str(getattr(glyphs, {"ok": "ok", "warn": "warn", "wrong": "wrong"}[reading.state]))
