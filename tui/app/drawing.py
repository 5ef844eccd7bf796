"""Points that somebody draws: where they are, what each key makes of them. No Textual, no file in here."""

from dataclasses import dataclass, replace

import numpy as np

EDGE = 1.0
"""The plane reaches from -1 to 1 in both directions."""
CLASSES = 9
MOST = 5000
"""Points that a drawing may have."""

_SPRAY, _SPREAD = 5, 0.06
_UNDO_LIMIT = 200


@dataclass(frozen=True)
class Dot:
    """A point and its class, 1 to 9."""

    x: float
    y: float
    label: int


@dataclass(frozen=True)
class Drawing:
    """Points in the plane, and the hand that draws them.

    Attributes:
        dots: The points, in the order in which they were put.
        x, y: Where the cursor stands.
        label: The class that the next point gets.
        brush: Whether a few points are put at once, scattered around the cursor.
        past: The points before each deed, to undo.
        strokes: How often a point or a brush was put; it decides how a brush scatters.
    """

    dots: tuple[Dot, ...] = ()
    x: float = 0.0
    y: float = 0.0
    label: int = 1
    brush: bool = False
    past: tuple[tuple[Dot, ...], ...] = ()
    strokes: int = 0

    @property
    def counts(self) -> dict[int, int]:
        """How many points each class has, of those that have any."""
        labels = [dot.label for dot in self.dots]
        return {label: labels.count(label) for label in sorted(set(labels))}


@dataclass(frozen=True)
class Plane:
    """The plane on so many cells of a terminal; the outermost cells stand for its edges."""

    columns: int
    rows: int

    @property
    def step(self) -> tuple[float, float]:
        """From one cell to the next: across and up."""
        return 2 * EDGE / max(1, self.columns - 1), 2 * EDGE / max(1, self.rows - 1)

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """(column, row) of a place, row 0 at the top."""
        across, up = self.step
        column, row = round((x + EDGE) / across), round((EDGE - y) / up)
        return min(column, self.columns - 1), min(row, self.rows - 1)

    def place(self, column: int, row: int) -> tuple[float, float]:
        """(x, y) of the middle of a cell."""
        across, up = self.step
        return column * across - EDGE, EDGE - row * up


def moved(drawing: Drawing, right: int, up: int, plane: Plane) -> Drawing:
    """The cursor so many cells on; the plane's edge holds it."""
    # From cell to cell, so that steps there and back end where they began, whatever the window's size.
    column, row = plane.cell(drawing.x, drawing.y)
    x, y = plane.place(min(max(column + right, 0), plane.columns - 1), min(max(row - up, 0), plane.rows - 1))
    return replace(drawing, x=x, y=y)


def pointed(drawing: Drawing, x: float, y: float) -> Drawing:
    """The cursor at another place."""
    return replace(drawing, x=_inside(x), y=_inside(y))


def brushed(drawing: Drawing) -> Drawing:
    """With the brush instead of the pen, or the other way round."""
    return replace(drawing, brush=not drawing.brush)


def put(drawing: Drawing, label: int | None = None) -> Drawing:
    """A point at the cursor, or a brush of them around it; `label` is the class from now on."""
    label = drawing.label if label is None else label
    if drawing.brush:
        # The same strokes make the same points, on any machine.
        noise = np.random.default_rng(drawing.strokes).normal(0.0, _SPREAD, (_SPRAY, 2)).tolist()
        new = [Dot(_inside(drawing.x + dx), _inside(drawing.y + dy), label) for dx, dy in noise]
    else:
        new = [Dot(_inside(drawing.x), _inside(drawing.y), label)]
    dots = (*drawing.dots, *new)[:MOST]
    return replace(_changed(drawing, dots), label=label, strokes=drawing.strokes + 1)


def deleted(drawing: Drawing, plane: Plane) -> Drawing:
    """Without the point that is seen nearest to the cursor; of several, without the last."""
    if not drawing.dots:
        return drawing
    across, up = plane.step

    def distance(i: int) -> tuple[float, int]:
        dot = drawing.dots[i]
        # A cell is twice as high as it is wide.
        return ((dot.x - drawing.x) / across) ** 2 + (2 * (dot.y - drawing.y) / up) ** 2, -i

    nearest = min(range(len(drawing.dots)), key=distance)
    return _changed(drawing, drawing.dots[:nearest] + drawing.dots[nearest + 1 :])


def cleared(drawing: Drawing) -> Drawing:
    """Without any point; it can be undone."""
    return _changed(drawing, ())


def undone(drawing: Drawing) -> Drawing:
    """As before the last point, brush, deletion or clearing."""
    if not drawing.past:
        return drawing
    return replace(drawing, dots=drawing.past[-1], past=drawing.past[:-1])


def refusal(drawing: Drawing, least: int = 3) -> str:
    """Why these points make no data set yet, in words; "" where they do.

    least: samples that a class must have for each of training, validation and test to get one.
    """
    counts = drawing.counts
    if len(counts) < 2:
        return "there must be two classes to tell apart: put points with another digit"
    few = next((label for label, count in counts.items() if count < least), None)
    if few is not None:
        return f"class {few} has {counts[few]} point{'s' * (counts[few] > 1)}: put {least} or more of each class"
    return ""


def as_csv(drawing: Drawing) -> str:
    """The points as a text table: x, y, class."""
    return "x,y,class\n" + "".join(f"{dot.x:.4f},{dot.y:.4f},{dot.label}\n" for dot in drawing.dots)


def _changed(drawing: Drawing, dots: tuple[Dot, ...]) -> Drawing:
    if dots == drawing.dots:
        return drawing
    return replace(drawing, dots=dots, past=(*drawing.past, drawing.dots)[-_UNDO_LIMIT:])


def _inside(value: float) -> float:
    return round(min(max(value, -EDGE), EDGE), 4) + 0.0
