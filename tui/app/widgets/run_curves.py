"""A run's curves, a panel each: loss, accuracy (of a regression R²), learning rate, gradient norm."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from tui.app import copies, figures
from tui.app.charts import Curves, LineChart, Series
from tui.app.charts.data import Role
from tui.app.charts.smoothing import smoothed
from tui.app.charts.view import ChartView, Extent, pointed, seen
from tui.app.clipboard import Copied
from tui.app.glyphs import GlyphSet
from tui.app.history import History
from tui.app.run_view import RunView
from tui.app.widgets.curves_panel import CurvesPanel, joined

Figure = Literal["loss", "accuracy", "norm", "lr"]
TITLES = {"norm": "gradient norm", "lr": "learning rate"}
PANEL_IDS: dict[Figure, str] = {"loss": "loss", "accuracy": "accuracy", "norm": "norm", "lr": "rates"}

LEAST_R2 = -1.0
"""Where the chart of R² ends: a first epoch may be a thousand times worse than the mean, and all the rest one line."""


@dataclass(frozen=True)
class Shown:
    """What all charts of a run are drawn from.

    Attributes:
        run: The run; None before there is one.
        total: The whole run's epochs.
        view: What is looked at.
        task: "classification" or "regression".
        words: What the axis of each figure measures.
    """

    run: RunView | None
    total: int
    view: ChartView
    task: str
    words: dict[Figure, str]

    @property
    def epochs(self) -> History:
        return self.run.epochs if self.run is not None else History()

    @property
    def extent(self) -> Extent:
        return extent_of(self.run, self.total)


def extent_of(run: RunView | None, total: int) -> Extent:
    """How long a run is, and how far it has come."""
    newest = run.epochs[-1].epoch if run is not None and run.epochs else 0
    return Extent(float(total), float(newest))


class RunCurves(CurvesPanel):
    """A chart of one figure, drawn anew only when the run has something new to say, or one looks elsewhere."""

    def __init__(self, figure: Figure) -> None:
        super().__init__(title=TITLES.get(figure, figure), id=PANEL_IDS[figure])
        self.set_class(figure in ("norm", "lr"), "-extra")
        self._figure: Figure = figure
        self._shown: object = None
        self._history = History()
        self._columns: tuple[str, ...] = ()

    def copied(self) -> Callable[[], Copied] | None:
        return partial(copies.epochs, self._history, self._columns) if len(self._history) else None

    def show(self, shown: Shown, glyphs: GlyphSet) -> None:
        run, view = shown.run, shown.view
        best = run.best if run is not None else None
        diverged = run.diverged.epoch if run is not None and run.diverged is not None else None
        self._history = shown.epochs
        self._columns = () if self._figure == "norm" else tuple(column for _, column, _ in self._curves(shown))
        self._entitle(shown, glyphs)
        log = view.log and self._figure in ("loss", "norm")
        key = (
            run.path if run else None,
            len(shown.epochs),
            shown.epochs[-1].epoch if shown.epochs else 0,
            run.probes[-1].epoch if run is not None and run.probes else 0,
            shown.total,
            log,
            (view.smoothing, seen(view, shown.extent), pointed(view, shown.extent)),
            diverged,
            best.epoch if best else None,
            shown.task,
        )
        if key == self._shown:
            return
        self._shown = key
        window = seen(view, shown.extent) if view.window is not None else None
        self.query_one(LineChart).show(
            Curves(
                tuple(self._series(shown, window)),
                x_max=float(shown.total),
                best=float(best.epoch) if best is not None and len(shown.epochs) > 1 else None,
                diverged=diverged,
                log=log,
                include=(1.0,) if self._figure == "accuracy" else (),
                window=window,
                cursor=pointed(view, shown.extent),
            )
        )

    def _entitle(self, shown: Shown, glyphs: GlyphSet) -> None:
        title = TITLES.get(self._figure, self._figure)
        if self._figure == "accuracy" and shown.task == "regression":
            title = f"R{glyphs.squared}"
        at = pointed(shown.view, shown.extent)
        if at is not None:
            self.entitle_at(title, at, self._figures_at(shown, at))
            return
        best = shown.run.best if shown.run is not None else None
        words = shown.words.get(self._figure, "")
        parts = [words]
        if shown.view.log and self._figure in ("loss", "norm"):
            parts.append("log")
        if shown.view.smoothing and self._figure in ("loss", "accuracy"):
            parts.append(f"smoothed {shown.view.smoothing:g}")
        if best is not None and self._figure == "loss":
            parts.append(f"best at {best.epoch} {glyphs.best}")
        self.entitle(title, joined(parts, f" {glyphs.dot} ", self.size.width - 4))

    # The curves of each figure

    def _curves(self, shown: Shown) -> list[tuple[str, str, Role]]:
        """(name, column of the history, role) of each curve that there is."""
        which = shown.run.spec.training.reported_loss if shown.run is not None else "epoch_mean"
        score = "r2" if shown.task == "regression" else "accuracy"
        if self._figure == "lr":
            return [("lr", "lr", "train")]
        if self._figure == "loss":
            train, validation = "last_batch_loss" if which == "last_batch" else "train_loss", "val_loss"
        else:
            train, validation = f"train_{score}", f"val_{score}"
        columns: list[tuple[str, str, Role]] = [("train", train, "train")]
        if not np.isnan(shown.epochs.column("val_loss")).all():
            columns.append(("val", validation, "validation"))
        return columns

    def _series(self, shown: Shown, window: tuple[float, float] | None) -> list[Series]:
        if self._figure == "norm":
            x, y = norms(shown.run)
            return [Series("all", x, y)]
        weight = shown.view.smoothing if self._figure != "lr" else 0.0
        found: list[Series] = []
        for name, column, role in self._curves(shown):
            points: Callable[..., tuple[np.ndarray, np.ndarray]] = partial(_points, shown.epochs, column, window)
            found += smoothed(name, points, weight, partial(Series, role=role))
        return found

    def _figures_at(self, shown: Shown, epoch: float) -> list[tuple[str, str]]:
        if self._figure == "norm":
            x, y = norms(shown.run)
            before = np.flatnonzero(x <= epoch)
            return [("norm", figures.loss(_known(y[before[-1]])))] if before.size else []
        said = []
        for name, column, _ in self._curves(shown):
            value = _known(shown.epochs.value(column, epoch))
            write = {"loss": figures.loss, "lr": _rate}.get(self._figure)
            if write is None:
                write = figures.r2 if column.endswith("_r2") else figures.accuracy
            said.append((name, write(value)))
        return said


def _points(
    epochs: History, column: str, window: tuple[float, float] | None, weight: float
) -> tuple[np.ndarray, np.ndarray]:
    x, y = epochs.sketch(column, weight, window)
    return x, np.maximum(y, LEAST_R2) if column.endswith("_r2") else y


def norms(run: RunView | None) -> tuple[np.ndarray, np.ndarray]:
    """(epochs, norms) of the gradient of all parameters together, at the epochs in which it was measured."""
    probes = run.probes if run is not None else ()
    x = np.array([float(probe.epoch) for probe in probes])
    squares = [
        sum(np.nan if norm is None else norm * norm for norm in probe.gradient_norms.values()) for probe in probes
    ]
    return x, np.sqrt(np.array(squares, dtype=np.float64))


def _known(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)


def _rate(value: float | None) -> str:
    return "" if value is None else figures.rate(value)
