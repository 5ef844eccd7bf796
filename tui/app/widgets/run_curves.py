"""A run's curves: loss or accuracy (of a regression R²), training and validation, over the whole run."""

import math
from collections.abc import Iterable
from typing import Literal

import numpy as np

from tui.app.charts import Curves, LineChart, Series
from tui.app.glyphs import GlyphSet
from tui.app.run_view import RunView
from tui.app.widgets.panel import Panel
from tui.lab.events import Epoch, reported_loss

Figure = Literal["loss", "accuracy"]

LEAST_R2 = -1.0
"""Where the chart of R² ends: a first epoch may be a thousand times worse than the mean, and all the rest one line."""


class RunCurves(Panel):
    """A chart of one figure, drawn anew only when the run has something new to say."""

    def __init__(self, figure: Figure) -> None:
        super().__init__(LineChart(), title=figure, id=figure)
        self._figure = figure
        self._shown: object = None

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
        epochs = run.epochs if run is not None else ()
        best = run.best if run is not None else None
        diverged = run.diverged.epoch if run is not None and run.diverged is not None else None
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
                _series(
                    epochs, self._figure, task, run.spec.training.reported_loss if run is not None else "epoch_mean"
                ),
                x_max=float(total),
                best=float(best.epoch) if best is not None and len(epochs) > 1 else None,
                diverged=diverged,
                log=log,
                include=(1.0,) if self._figure == "accuracy" else (),
            )
        )


def _series(epochs: tuple[Epoch, ...], figure: Figure, task: str, which: str) -> tuple[Series, ...]:
    x = np.array([epoch.epoch for epoch in epochs], dtype=float)

    def curve(values: Iterable[float | None]) -> np.ndarray:
        return np.array([math.nan if value is None else value for value in values], dtype=float)

    if figure == "loss":
        series = [Series("train", x, curve(reported_loss(epoch, which) for epoch in epochs))]
        validation = curve(epoch.val_loss for epoch in epochs)
    elif task == "regression":
        series = [Series("train", x, np.maximum(curve(epoch.train_r2 for epoch in epochs), LEAST_R2))]
        validation = np.maximum(curve(epoch.val_r2 for epoch in epochs), LEAST_R2)
    else:
        series = [Series("train", x, curve(epoch.train_accuracy for epoch in epochs))]
        validation = curve(epoch.val_accuracy for epoch in epochs)
    if any(epoch.val_loss is not None for epoch in epochs):
        series.append(Series("val", x, validation, role="validation"))
    return tuple(series)
