"""4 Train: loss, accuracy and decision regions move while a process of its own trains."""

import math
from dataclasses import replace

from rich.text import Text
from textual.app import ComposeResult
from textual.widget import Widget

from tui.app import figures
from tui.app.actions import bindings
from tui.app.charts.terminal import theme_style
from tui.app.charts.view import Extent
from tui.app.facts import FeaturesTurned
from tui.app.fitting import width_of
from tui.app.own_unit import in_own_unit
from tui.app.reading import Reading, read_run
from tui.app.run_view import RunView
from tui.app.screens.train_deeds import TrainDeeds
from tui.app.services.maps import MapService
from tui.app.session import Session
from tui.app.widgets.confusion import ConfusionPanel
from tui.app.widgets.map_panel import MapPanel
from tui.app.widgets.panel import Panel, Words
from tui.app.widgets.run_curves import Figure, RunCurves, Shown, extent_of
from tui.app.widgets.strip import Strip
from tui.lab.fields import LOSSES


class TrainScreen(TrainDeeds):
    NAME = "train"
    JUMPS = ("loss", "accuracy", "map", "reading", "norm", "rates", "confusion")
    CSS_PATH = "../styles/train.tcss"
    BINDINGS = bindings("train")
    WORDS = (
        ("val loss", "mean loss on data the network never trains on; rising while train loss falls: overfit"),
        ("R²", "of numbers: 1 is exact, 0 no better than answering their mean each time, below 0 worse than that"),
        ("epoch", "once through all training samples"),
        ("step", "one batch: a gradient, and a move of the weights against it"),
        ("lr", "how far a step goes: w becomes w - lr × gradient"),
        (
            "smoothed",
            "a moving average: each point is mostly the ones before it, which hides the noise and lags behind",
        ),
        (
            "gradient norm",
            "how steep the loss is, all parameters together; towards 0 nothing is learnt any more, growing it diverges",
        ),
        ("confusion", "of each class (a row) how many were answered as which; recall is the share answered rightly"),
        ("pace", "epochs a second at most, so that the eye can follow; reported times know nothing of it"),
        (
            "decision map",
            "the class that the network answers at each point of the plane, stronger where it is sure; of a regression "
            "the number, in five shades; a point in the shade of its region is answered well",
        ),
    )

    def panels(self) -> ComposeResult:
        yield RunCurves("loss")
        yield RunCurves("norm")
        terminal = self.bench.capabilities
        yield MapPanel(MapService(self.bench, remote=terminal.remote or terminal.low_bandwidth).ask)
        yield RunCurves("accuracy")
        yield RunCurves("lr")
        yield ConfusionPanel()
        yield Panel(Words(), title="reading", id="reading")

    def above(self) -> ComposeResult:
        yield Strip(id="strip")

    def on_mount(self) -> None:
        super().on_mount()
        kept = self.bench.layout_kept
        self._show_map(kept.get(self.NAME, "map", True))
        self.query_one(MapPanel).choose_points(kept.get(self.NAME, "points", ""))

    def reveal(self, panel: Panel) -> None:
        if panel.id == "map":
            self._show_map(True)

    def home(self) -> Widget:
        return self.query_one("#loss", Panel)

    def draw(self, session: Session) -> None:
        run = session.shown_run
        lr = session.spec.training.lr
        if run is not None:
            lr = run.next_lr or run.lr or run.spec.training.lr
        self.query_one(Strip).show(run, session.spec.training.epochs, self.glyphs, lr, session.task)
        self._draw_curves(session)
        confusion = self.query_one(ConfusionPanel)
        self.query_one(MapPanel).show(session, self.glyphs, confusion=confusion.display)
        if confusion.display:
            confusion.show(session, self.glyphs)
        panel = self.query_one("#reading", Panel)
        if panel.display:
            panel.query_one(Words).show(self._reading_text(session))

    def sentence(self, session: Session) -> str:
        run = session.shown_run
        if problem := self.problem(session):
            return f"{self.glyphs.wrong} {problem}"
        if run is None:
            return self._invitation(session)
        reading = self._reading(session)
        shown = self.query_one("#reading", Panel).display
        ended = run.state == "finished"
        if run.state in ("diverged", "failed", "crashed") or (not shown and not ended and reading.state != "ok"):
            room = self.size.width - 4
            whole = self.bench.keyboard.resolve(reading.whole)
            words = reading.whole if width_of(whole) <= room else reading.short or reading.whole
            return f"{_mark(reading, self.glyphs)} {words}"
        if ended:
            again = session.spec.training.epochs
            figure = self._test_figure(run)
            more = f"‹train.toggle› trains {again} more"
            if not shown and reading.state != "ok" and run.best is not None:
                return f"finished{figure}, overfit since {run.best.epoch:,}. {more}"
            return f"finished{figure}. {more}, ‹train.new_weights› new weights, ‹train.slower› walks back"
        if run.state == "queued":
            return f"run {run.name} waits for its trainer. ‹train.toggle› starts it"
        if run.state == "stopped":
            at = run.epochs[-1].epoch if run.epochs else 0
            return f"stopped at epoch {at}. ‹train.toggle› goes on, ‹train.new_weights› new weights"
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
            return "training needs data: ‹app.data› chooses some"
        first = ""
        if session.spec.training.loss == "cross_entropy" and prepared.task == "classification":
            first = f". First loss should be {math.log(len(prepared.class_names)):.3f}"
        return f"‹train.toggle› trains {session.spec.training.epochs:,} epochs{first}"

    def _reading(self, session: Session) -> Reading:
        run, prepared = session.shown_run, session.data.prepared
        classes = len(prepared.class_names) if prepared is not None else 2
        if run is None:
            return Reading("ok", self._invitation(session), "‹train.epoch› one epoch, ‹train.step› one step at a time.")
        reading = read_run(run, classes, loss=run.spec.training.loss, r_squared=f"R{self.glyphs.squared}")
        error = in_own_unit(run, prepared, self.glyphs.ellipsis)
        return replace(reading, sentence=f"{reading.sentence} {error}") if error else reading

    def _reading_text(self, session: Session) -> Text:
        reading = self._reading(session)
        colour = {"ok": "success", "warn": "warning", "wrong": "error"}[reading.state]
        plain = self.bench.keyboard.plain
        text = Text(overflow="ellipsis", no_wrap=True)
        text.append(f"{_mark(reading, self.glyphs)} ", theme_style(self, colour))
        text.append(plain(reading.sentence)).append(f"\n  {plain(reading.advice)}", "dim")
        return text

    def _draw_curves(self, session: Session) -> None:
        run, prepared = session.shown_run, session.data.prepared
        self.look_at(run.path if run is not None else None)
        spec = run.spec if run is not None else session.spec
        loss = next(choice.label for choice in LOSSES if choice.value == spec.training.loss)
        if spec.training.reported_loss == "last_batch":
            loss += f" {self.glyphs.dot} train: last batch"
        validation = len(prepared.split.validation) if prepared is not None else 0
        words: dict[Figure, str] = {
            "loss": loss,
            "accuracy": f"validation {validation:,} samples" if validation else "no validation part",
            "norm": "all parameters",
        }
        shown = Shown(run, self._total(session), self.view, session.task, words)
        for chart in self.query(RunCurves):
            if chart.display:
                chart.show(shown, self.glyphs)

    @staticmethod
    def _total(session: Session) -> int:
        run = session.shown_run
        return run.total_epochs if run is not None else session.spec.training.epochs

    def extent(self) -> Extent:
        shown = self.bench.shown
        return extent_of(shown.shown_run, self._total(shown))

    # Looking

    def action_train_log(self) -> None:
        self.toggle_log()

    def action_train_smooth(self) -> None:
        self.smooth()

    def action_train_best(self) -> None:
        run = self.bench.shown.shown_run
        if run is None or run.best is None:
            self.bench.notice("no epoch is the best yet")
        else:
            self.place_cursor(run.best.epoch)

    def action_train_points(self) -> None:
        panel = self.query_one(MapPanel)
        words = panel.next_points()
        self.remember("points", panel.points)
        self.bench.notice(f"points on the map: {words}")
        self.show()

    def action_train_map(self) -> None:
        self._show_map(self.query_one("#body").has_class("-no-map"))
        self._show_soon()

    def _show_map(self, on: bool) -> None:
        self.query_one("#body").set_class(not on, "-no-map")
        if on != self.bench.layout_kept.get(self.NAME, "map", True):
            self.remember("map", on)

    def action_train_next_features(self) -> None:
        self.bench.dispatch(FeaturesTurned(+1))

    def action_train_previous_features(self) -> None:
        self.bench.dispatch(FeaturesTurned(-1))


def _mark(reading: Reading, glyphs: object) -> str:
    return str(getattr(glyphs, {"ok": "ok", "warn": "warn", "wrong": "wrong"}[reading.state]))
