"""A run's curves: loss or accuracy (of a regression R²), training and validation, over the whole run."""

from collections.abc import Callable
from functools import partial
from typing import Literal

import numpy as np

from tui.app import copies
from tui.app.charts import Curves, LineChart, Series
from tui.app.charts.data import Role
from tui.app.clipboard import Copied
from tui.app.glyphs import GlyphSet
from tui.app.history import History
from tui.app.run_view import RunView
from tui.app.widgets.panel import Panel

Figure = Literal["loss", "accuracy"]

LEAST_R2 = -1.0
"""Where the chart of R² ends: a first epoch may be a thousand times worse than the mean, and all the rest one line."""


class RunCurves(Panel):
    """A chart of one figure, drawn anew only when the run has something new to say."""

    def __init__(self, figure: Figure) -> None:
        super().__init__(LineChart(), title=figure, id=figure)
        self._figure = figure
        self._shown: object = None
        self._history = History()
        self._columns: tuple[str, ...] = ()

    def copied(self) -> Callable[[], Copied] | None:
        return partial(copies.epochs, self._history, self._columns) if len(self._history) else None

    def show(
        self,
        run: RunView | None,
        total: int,
        subtitle: str,
        glyphs: GlyphSet,
        *,
        log: bool = False,
        task: str = "classification",
    ) -> None:
        """``total`` is the whole run's epochs; ``subtitle`` what the axis measures."""
        epochs = run.epochs if run is not None else History()
        best = run.best if run is not None else None
        diverged = run.diverged.epoch if run is not None and run.diverged is not None else None
        self._history = epochs
        which = run.spec.training.reported_loss if run is not None else "epoch_mean"
        self._columns = _columns(self._figure, task, which)
        key = (
            run.path if run else None,
            len(epochs),
            total,
            log,
            diverged,
            best.epoch if best else None,
            subtitle,
            task,
        )
        if key == self._shown:
            return
        self._shown = key
        if best is not None and self._figure == "loss":
            subtitle = f"{subtitle} {glyphs.dot} best at {best.epoch} {glyphs.best}"
        self.entitle(
            f"R{glyphs.squared}" if self._figure == "accuracy" and task == "regression" else self._figure, subtitle
        )
        self.query_one(LineChart).show(
            Curves(
                _series(epochs, *self._columns),
                x_max=float(total),
                best=float(best.epoch) if best is not None and len(epochs) > 1 else None,
                diverged=diverged,
                log=log,
                include=(1.0,) if self._figure == "accuracy" else (),
            )
        )


def _columns(figure: Figure, task: str, which: str) -> tuple[str, str]:
    """The columns of training and validation."""
    if figure == "loss":
        return "last_batch_loss" if which == "last_batch" else "train_loss", "val_loss"
    score = "r2" if task == "regression" else "accuracy"
    return f"train_{score}", f"val_{score}"


def _series(epochs: History, train: str, validation: str) -> tuple[Series, ...]:
    def curve(name: str, column: str, role: Role = "train") -> Series:
        x, y = epochs.sketch(column)
        return Series(name, x, np.maximum(y, LEAST_R2) if column.endswith("_r2") else y, role=role)

    series = [curve("train", train)]
    if not np.isnan(epochs.sketch("val_loss")[1]).all():
        series.append(curve("val", validation, "validation"))
    return tuple(series)
