"""The picture of samples in the plane of two features."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tui.app.charts.axes import LIMIT, Axis, spaced_ticks, tight_axis
from tui.app.charts.data import Floats, Points
from tui.app.charts.grid import CellGrid
from tui.app.charts.thinning import place, thin
from tui.app.charts.viewport import Viewport, Window, nearest
from tui.app.glyphs import GlyphSet, class_glyph

# Below this size the plane needs the cells that axes would take.
LEAST_WIDTH, LEAST_HEIGHT = 36, 10
_LABEL_WIDTH = 4
# Cells from one tick to the next, across and down.
_TICK_COLUMNS, _TICK_ROWS = 8, 3
WHOLE = Viewport()


@dataclass(frozen=True)
class ScatterPicture:
    """A drawn scatter. A point's role is "class-" or "shade-" and its number, behind it "!" where it is pointed at.

    Attributes:
        grid: The picture.
        drawn: How many points are seen in it.
        left, columns, rows: Where the plane begins, and its size in cells.
        nearest: The point nearest to the cursor; None without a cursor, and where no point is seen.
    """

    grid: CellGrid
    drawn: int = 0
    left: int = 0
    columns: int = 1
    rows: int = 1
    nearest: int | None = None


def scatter_picture(
    points: Points,
    class_names: Sequence[str],
    width: int,
    height: int,
    glyphs: GlyphSet,
    axes: bool = True,
    x_label: str = "",
    y_label: str = "",
    shades: str = "",
    view: Viewport = WHOLE,
) -> ScatterPicture:
    """Draw points on width x height cells, one a cell at most, each as its class's glyph.

    Args:
        points: What to draw. Points that are not finite are left out.
        class_names: The names of all classes.
        width, height: The picture's size in cells.
        glyphs: The characters to draw with.
        axes: Whether to draw axes where there is room for them.
        x_label, y_label: The axes' names, drawn at their far ends.
        shades: A glyph for each shade, where the points have shades instead of classes.
        view: What part of the plane is seen, and the cursor in it.
    """
    grid = CellGrid(width, height)
    finite = (np.abs(points.x) <= LIMIT) & (np.abs(points.y) <= LIMIT)
    if not np.any(finite) or width < 2 or height < 2:
        return ScatterPicture(grid)
    whole = Window(_range(points.x[finite]), _range(points.y[finite]))
    window = view.window(whole)
    x_axis, y_axis = _axis(window.x, width // 12), _axis(window.y, height // 4)

    left, columns, rows = 0, width, height
    if axes and width >= LEAST_WIDTH and height >= LEAST_HEIGHT:
        rows = height - 2
        y_ticks = spaced_ticks(y_axis, rows, _TICK_ROWS)
        left = max(_LABEL_WIDTH, max((len(label) for _, label in y_ticks), default=0)) + 1
        columns = width - left
        _draw_axes(grid, glyphs, left, columns, x_axis, y_ticks, x_label, y_label)

    index, column, row = place(points, (x_axis.low, x_axis.high), (y_axis.low, y_axis.high), columns, rows)
    chosen = thin(index, row * columns + column, None, columns * rows)
    labels = np.asarray(points.labels)
    for i in chosen.tolist():
        k = int(labels[index[i]])
        glyph, role = (shades[k], f"shade-{k}") if shades else (class_glyph(k, class_names, glyphs), f"class-{k}")
        grid.put(left + int(column[i]), int(row[i]), glyph, role)
    near = _point(grid, points, view, whole, left, columns, rows)
    return ScatterPicture(grid, int(chosen.size), left, columns, rows, near)


def _point(
    grid: CellGrid, points: Points, view: Viewport, whole: Window, left: int, columns: int, rows: int
) -> int | None:
    """Draws the cursor and marks the point nearest to it, whose number it returns."""
    spot, cell = view.place(whole), view.cell(columns, rows)
    if spot is None or cell is None:
        return None
    window = view.window(whole)
    near = nearest(points, spot, window, columns, rows)
    if near is not None:
        one = Points(points.x[near : near + 1], points.y[near : near + 1], points.labels[near : near + 1])
        _, column, row = place(one, window.x, window.y, columns, rows)
        grid.mark(left + int(column[0]), int(row[0]), "!")
    if grid.is_empty(left + cell[0], cell[1]):
        grid.put(left + cell[0], cell[1], "+", "cursor")
    else:
        grid.mark(left + cell[0], cell[1], "!")
    return near


def _range(values: Floats) -> tuple[float, float]:
    axis = tight_axis(float(values.min()), float(values.max()))
    return axis.low, axis.high


def _axis(side: tuple[float, float], intervals: int) -> Axis:
    return tight_axis(*side, min(max(intervals, 1), 5))


def _draw_axes(
    grid: CellGrid,
    glyphs: GlyphSet,
    left: int,
    columns: int,
    x_axis: Axis,
    y_ticks: list[tuple[int, str]],
    x_label: str,
    y_label: str,
) -> None:
    rows = grid.height - 2
    for row in range(rows):
        grid.put(left - 1, row, glyphs.axis_vertical, "axis")
    for position, label in y_ticks:
        row = rows - 1 - position
        grid.put(left - 1 - len(label), row, label, "tick")
        grid.put(left - 1, row, glyphs.tick_y, "axis")
    grid.put(left - 1, rows, glyphs.axis_corner + glyphs.axis_horizontal * columns, "axis")
    # The names are cut rather than the figures: a column's name may be of any length.
    x_label, y_label = x_label[: columns // 3], y_label[: columns // 3]
    end = grid.width - (len(x_label) + 1 if x_label else 0)
    for position, label in spaced_ticks(x_axis, columns, _TICK_COLUMNS):
        column = left + position
        start = min(column - len(label.lstrip("-")) // 2 - label.startswith("-"), grid.width - len(label))
        if start + len(label) <= end:
            grid.put(column, rows, glyphs.tick_x, "axis")
            grid.put(start, rows + 1, label, "tick")
    grid.put(grid.width - len(x_label), rows + 1, x_label, "tick")
    grid.put(left + 1, 0, y_label, "tick")
