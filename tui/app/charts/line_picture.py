"""The picture of a chart of curves: the frame around the lines, their names, and the marks at their epochs."""

from dataclasses import dataclass

import numpy as np

from tui.app.charts.axes import Axis, epoch_ticks, spaced_ticks, steady_axis, window_ticks
from tui.app.charts.curves import Piece, clean, value_range
from tui.app.charts.data import Curves
from tui.app.charts.grid import CellGrid
from tui.app.charts.lines import Plane, draw_lines
from tui.app.glyphs import GlyphSet

LEAST_WIDTH, LEAST_HEIGHT = 20, 5
# Narrower labels leave the axis where it is, so that charts one above the other share theirs.
_LABEL_WIDTH = 4
BEST_SIGN, CURSOR_SIGN = ":", "|"
"""Behind the role of a cell of a curve that a mark goes through."""


@dataclass(frozen=True)
class LinePicture:
    """A drawn chart, the y axis it was drawn to, for the next one to keep, and where its curves lie."""

    grid: CellGrid
    y_axis: Axis | None = None
    plane: Plane | None = None


def line_picture(
    curves: Curves,
    width: int,
    height: int,
    glyphs: GlyphSet,
    previous: Axis | None = None,
    dashed: bool = False,
) -> LinePicture:
    """Draw curves on width x height cells.

    The roles in the grid are those of the curves, the same with -name, -faint or -bold, axis, tick, best, cursor and
    diverged. Where a mark and a curve share a cell the curve's character stands, with the mark's sign behind its role.
    Nothing is drawn below 20x5.

    Args:
        curves: What to draw.
        width, height: The picture's size in cells.
        glyphs: The characters to draw with.
        previous: The y axis of the picture before this one, which is kept while the values fit it.
        dashed: Dash the validation curves, for terminals that cannot colour them.
    """
    grid = CellGrid(width, height)
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return LinePicture(grid, previous)

    x_range = curves.window or (1.0, max(curves.x_max, 2.0))
    cleaned = [_within(clean(series, curves.log), curves) for series in curves.series]
    y_axis = _y_axis(curves, cleaned, previous)
    rows = height - 2
    y_ticks = spaced_ticks(y_axis, rows, dots=glyphs.dots[1])
    label_width = max(_LABEL_WIDTH, max(len(label) for _, label in y_ticks))
    name_width = max((len(series.name) for series in curves.series), default=0)
    left = label_width + 1
    columns = width - left - 1 - max(name_width, 5)
    if columns < 4:
        return LinePicture(grid, y_axis)
    plane = Plane(Axis(*x_range, ()), y_axis, left, columns, rows)

    _draw_frame(grid, glyphs, plane, y_ticks, curves)
    draw_lines(grid, glyphs, curves, cleaned, plane, dashed)
    _draw_mark(grid, glyphs, plane, curves.best, (glyphs.best, "best", BEST_SIGN))
    _draw_mark(grid, glyphs, plane, curves.cursor, (glyphs.axis_vertical, "cursor", CURSOR_SIGN))
    _draw_divergence(grid, glyphs, plane, curves)
    _draw_names(grid, glyphs, curves, cleaned, plane)
    return LinePicture(grid, y_axis, plane)


def _within(piece: Piece, curves: Curves) -> Piece:
    """What is seen of a cleaned curve, and one point more on each side."""
    if curves.window is None:
        return piece
    x, y = piece
    with np.errstate(invalid="ignore"):
        inside = np.flatnonzero((x >= curves.window[0]) & (x <= curves.window[1]))
    if inside.size:
        first, last = int(inside[0]), int(inside[-1])
    else:
        first = int(np.searchsorted(x, curves.window[0]))
        last = first - 1
    kept = slice(max(first - 1, 0), last + 2)
    return x[kept], y[kept]


def _looked_at(cleaned: list[Piece], curves: Curves) -> list[Piece]:
    """The values in the window alone; where there are none, those whose line crosses it."""
    if curves.window is None:
        return cleaned
    low, high = curves.window
    inside = [(x[(x >= low) & (x <= high)], y[(x >= low) & (x <= high)]) for x, y in cleaned]
    return inside if any(np.isfinite(y).any() for _, y in inside) else cleaned


def _y_axis(curves: Curves, cleaned: list[Piece], previous: Axis | None) -> Axis:
    found = value_range(_looked_at(cleaned, curves), diverged=curves.diverged is not None)
    include = [float(value) for value in curves.include if not curves.log or value > 0]
    if curves.log:
        include = [float(np.log10(value)) for value in include]
    if found is None:
        if curves.window is not None and previous is not None and previous.log == curves.log:
            return previous
        found = (min(include), max(include)) if len(include) > 1 else (-1.0, 0.0) if curves.log else (0.0, 1.0)
        return steady_axis(None, *found, log=curves.log)
    # Of a part of the run the values themselves are looked at.
    if curves.window is not None:
        include = []
    return steady_axis(previous, min([found[0], *include]), max([found[1], *include]), log=curves.log)


def _draw_frame(grid: CellGrid, glyphs: GlyphSet, plane: Plane, y_ticks: list[tuple[int, str]], curves: Curves) -> None:
    left, columns, rows, x_axis = plane.left, plane.columns, plane.rows, plane.x_axis
    for row in range(rows):
        grid.put(left - 1, row, glyphs.axis_vertical, "axis")
    for position, label in y_ticks:
        row = rows - 1 - position
        grid.put(left - 1 - len(label), row, label, "tick")
        grid.put(left - 1, row, glyphs.tick_y, "axis")
    grid.put(left - 1, rows, glyphs.axis_corner + glyphs.axis_horizontal * columns, "axis")
    whole = curves.window is None
    ticks = epoch_ticks(x_axis.high, columns) if whole else window_ticks(x_axis.low, x_axis.high, columns)
    free = 0
    for tick in ticks:
        column = left + x_axis.position(tick, columns, glyphs.dots[0])
        label = f"{tick:.0f}"
        start = min(column - len(label) // 2, grid.width - len(label))
        if start >= free:
            grid.put(column, rows, glyphs.tick_x, "axis")
            grid.put(start, rows + 1, label, "tick")
            free = start + len(label) + 1


def _draw_mark(grid: CellGrid, glyphs: GlyphSet, plane: Plane, epoch: float | None, look: tuple[str, str, str]) -> None:
    """A line from top to bottom at an epoch: its character where nothing stands, else its sign behind the role."""
    if epoch is None or not plane.x_axis.low <= epoch <= plane.x_axis.high:
        return
    column = plane.left + plane.x_axis.position(epoch, plane.columns, glyphs.dots[0])
    character, role, sign = look
    for row in range(plane.rows):
        if grid.is_empty(column, row) or (role == "cursor" and grid.role(column, row) == "best"):
            grid.put(column, row, character, role)
        else:
            grid.mark(column, row, sign)


def _draw_divergence(grid: CellGrid, glyphs: GlyphSet, plane: Plane, curves: Curves) -> None:
    epoch = curves.diverged
    if epoch is None or (curves.window is not None and not plane.x_axis.low <= epoch <= plane.x_axis.high):
        return
    column = min(max(plane.x_axis.position(epoch, plane.columns, glyphs.dots[0]), 0), plane.columns - 1)
    grid.put(plane.left + column, 0, glyphs.wrong[:1], "diverged")


def _draw_names(grid: CellGrid, glyphs: GlyphSet, curves: Curves, cleaned: list[Piece], plane: Plane) -> None:
    """Each curve's name beside its last value that is seen; names that would share a row make way for one another."""
    rows, y_axis = plane.rows, plane.y_axis
    wanted = []
    for series, (x, y) in zip(curves.series, cleaned, strict=True):
        known = np.isfinite(y) & (x <= plane.x_axis.high)
        if series.name and known.any():
            last = y[known.size - 1 - int(known[::-1].argmax())]
            value = float(np.clip(last, y_axis.low, y_axis.high))
            wanted.append((rows - 1 - y_axis.position(value, rows, glyphs.dots[1]), -value, series))
    wanted.sort(key=lambda entry: entry[:2])
    taken = [row for row, _, _ in wanted]
    for i in range(1, len(taken)):
        taken[i] = max(taken[i], taken[i - 1] + 1)
    # Whoever was pushed out at the bottom pushes back.
    for i in reversed(range(len(taken))):
        taken[i] = min(taken[i], rows - len(taken) + i)
    for row, (_, _, series) in zip(taken, wanted, strict=True):
        grid.put(plane.left + plane.columns + 1, row, series.name, f"{series.role}-name")
