"""What the charts are handed: frozen values, NumPy arrays inside, nothing of Textual."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tui.app.charts.ramp import Ramp

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]
Role = Literal["train", "validation", "a", "b", "c", "d", "e", "f"]
"""What a curve is: measured on training or on validation data, or one of the runs that are compared."""


@dataclass(frozen=True, eq=False)
class Series:
    """One curve; values that are not finite are gaps in it.

    Attributes:
        name: What stands at the line's end; empty for nothing.
        x: (n,) epochs (fractions allowed), ascending.
        y: (n,) values.
        role: What it is, which decides how it looks.
        faint: The edge of a spread around another curve.
        raw: What was measured, drawn faintly under its moving average.
        bold: A moving average.
    """

    name: str
    x: Floats
    y: Floats
    role: Role = "train"
    faint: bool = False
    raw: bool = False
    bold: bool = False


@dataclass(frozen=True, eq=False)
class Curves:
    """One chart of curves over the whole run.

    Attributes:
        series: The curves; validation is drawn over training.
        x_max: The run's last epoch: the x axis reaches from epoch 1 to here from the start.
        best: The epoch with the best validation, marked by a dotted column.
        diverged: The epoch in which the loss left the numbers, marked by a cross.
        log: A logarithmic y axis; values of zero and less are gaps.
        include: Values that the y axis always shows, as (1.0,) for an accuracy.
        window: The epochs at the left and the right edge; None for the whole run.
        cursor: The epoch under the crosshair.
    """

    series: tuple[Series, ...] = ()
    x_max: float = 1.0
    best: float | None = None
    diverged: float | None = None
    log: bool = False
    include: tuple[float, ...] = ()
    window: tuple[float, float] | None = None
    cursor: float | None = None


@dataclass(frozen=True, eq=False)
class Points:
    """Samples in the plane.

    Attributes:
        x, y: (n,) coordinates; a point that is not finite is not drawn.
        labels: (n,) class numbers from 0.
        wrong: (n,) true where the network is wrong; None where there is no network.
        shaded: The labels are shades of a ramp (`tui.app.charts.ramp`), no classes.
    """

    x: Floats
    y: Floats
    labels: Ints
    wrong: NDArray[np.bool_] | None = None
    shaded: bool = False


@dataclass(frozen=True, eq=False)
class RegionData:
    """What a network answers over a rectangle of the plane.

    Attributes:
        classes: (rows, columns) the class at each cell's centre. Row 0 is the top: the greatest y.
        confidence: (rows, columns) how sure, from 0 (a tie) to 1 (certain); for a network's probabilities the
            margin between the two greatest.
        x_range, y_range: The rectangle's edges, (low, high).
        points: Samples to draw over it.
        class_names: The names of all classes, for the points' glyphs.
        ramp: Of a regression: classes and the points' labels are the shades of this ramp.
    """

    classes: Ints
    confidence: Floats
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    points: Points | None = None
    class_names: tuple[str, ...] = ()
    ramp: Ramp | None = None


def cell_centers(limits: tuple[float, float], cells: int) -> NDArray[np.float64]:
    """(cells,) ascending coordinates of the centres of `cells` equal cells that fill `limits`."""
    low, high = limits
    return np.asarray(low + (np.arange(cells) + 0.5) * ((high - low) / max(cells, 1)), dtype=np.float64)
