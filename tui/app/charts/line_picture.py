"""The picture of a chart of curves: plotext draws the lines, the frame around them is ours."""

import re
from dataclasses import dataclass

import numpy as np
from textual_plotext.plot import Plot

from tui.app.charts.axes import Axis, epoch_ticks, spaced_ticks, steady_axis
from tui.app.charts.curves import Piece, clean, dashes, decimate, value_range
from tui.app.charts.data import Curves, Series
from tui.app.charts.grid import CellGrid
from tui.app.glyphs import GlyphSet

LEAST_WIDTH, LEAST_HEIGHT = 20, 5
# Narrower labels leave the axis where it is, so that charts one above the other share theirs.
_LABEL_WIDTH = 4
# In cells.
_DASH, _GAP = 3, 1

# What is drawn later lies over what was drawn before.
ORDER = ("train", "validation", "f", "e", "d", "c", "b", "a")

_SGR = re.compile(r"\x1b\[([0-9;]*)m")


@dataclass(frozen=True)
class LinePicture:
    """A drawn chart, and the y axis it was drawn to, for the next one to keep."""

    grid: CellGrid
    y_axis: Axis | None = None


def line_picture(
    curves: Curves,
    width: int,
    height: int,
    glyphs: GlyphSet,
    previous: Axis | None = None,
    dashed: bool = False,
) -> LinePicture:
    """Draw curves on width x height cells.

    The roles in the grid are those of the curves, the same with -name or -faint, axis, tick, best and diverged.
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

    cleaned = [clean(series, curves.log) for series in curves.series]
    y_axis = _y_axis(curves, cleaned, previous)
    rows = height - 2
    y_ticks = spaced_ticks(y_axis, rows, dots=glyphs.dots[1])
    label_width = max(_LABEL_WIDTH, max(len(label) for _, label in y_ticks))
    name_width = max((len(series.name) for series in curves.series), default=0)
    left = label_width + 1
    columns = width - left - 1 - max(name_width, 5)
    if columns < 4:
        return LinePicture(grid, y_axis)
    x_axis = Axis(1.0, max(curves.x_max, 2.0), ())

    _draw_frame(grid, glyphs, left, columns, y_ticks, x_axis)
    _draw_best(grid, glyphs, curves, x_axis, left, columns)
    _draw_lines(grid, glyphs, curves, cleaned, (x_axis, y_axis), left, columns, dashed)
    if curves.diverged is not None:
        column = min(max(x_axis.position(curves.diverged, columns, glyphs.dots[0]), 0), columns - 1)
        grid.put(left + column, 0, glyphs.wrong[:1], "diverged")
    _draw_names(grid, glyphs, curves, cleaned, y_axis, left + columns + 1)
    return LinePicture(grid, y_axis)


def _y_axis(curves: Curves, cleaned: list[Piece], previous: Axis | None) -> Axis:
    found = value_range(cleaned, diverged=curves.diverged is not None)
    include = [float(value) for value in curves.include if not curves.log or value > 0]
    if curves.log:
        include = [float(np.log10(value)) for value in include]
    if found is None:
        found = (min(include), max(include)) if len(include) > 1 else (-1.0, 0.0) if curves.log else (0.0, 1.0)
        return steady_axis(None, *found, log=curves.log)
    return steady_axis(previous, min([found[0], *include]), max([found[1], *include]), log=curves.log)


def _draw_frame(
    grid: CellGrid, glyphs: GlyphSet, left: int, columns: int, y_ticks: list[tuple[int, str]], x_axis: Axis
) -> None:
    rows = grid.height - 2
    for row in range(rows):
        grid.put(left - 1, row, glyphs.axis_vertical, "axis")
    for position, label in y_ticks:
        row = rows - 1 - position
        grid.put(left - 1 - len(label), row, label, "tick")
        grid.put(left - 1, row, glyphs.tick_y, "axis")
    grid.put(left - 1, rows, glyphs.axis_corner + glyphs.axis_horizontal * columns, "axis")
    free = 0
    for tick in epoch_ticks(x_axis.high, columns):
        column = left + x_axis.position(tick, columns, glyphs.dots[0])
        label = f"{tick:.0f}"
        start = min(column - len(label) // 2, grid.width - len(label))
        if start >= free:
            grid.put(column, rows, glyphs.tick_x, "axis")
            grid.put(start, rows + 1, label, "tick")
            free = start + len(label) + 1


def _draw_best(grid: CellGrid, glyphs: GlyphSet, curves: Curves, x_axis: Axis, left: int, columns: int) -> None:
    if curves.best is None:
        return
    column = x_axis.position(curves.best, columns, glyphs.dots[0])
    if 0 <= column < columns:
        for row in range(grid.height - 2):
            grid.put(left + column, row, glyphs.best, "best")


def _draw_lines(
    grid: CellGrid,
    glyphs: GlyphSet,
    curves: Curves,
    cleaned: list[Piece],
    axes: tuple[Axis, Axis],
    left: int,
    columns: int,
    dashed: bool,
) -> None:
    x_axis, y_axis = axes
    rows = grid.height - 2
    dot = (x_axis.high - x_axis.low) / max(glyphs.dots[0] * columns - 1, 1)
    on, off = glyphs.dots[0] * _DASH, glyphs.dots[0] * _GAP
    plot = Plot()
    # Without this plotext asks the process's own terminal for its size and stays within it.
    plot._set_size(columns, rows)
    plot.frame(False)
    plot.xticks([])
    plot.yticks([])
    plot.canvas_color("default")
    plot.axes_color("default")
    plot.xlim(x_axis.low, x_axis.high)
    plot.ylim(y_axis.low, y_axis.high)
    drawn = 0
    for role in ORDER:
        # The edges of a spread first: the curve lies over them.
        for index, series in sorted(enumerate(curves.series), key=lambda item: not item[1].faint):
            if series.role != role:
                continue
            pieces = decimate(*cleaned[index], (x_axis.low, x_axis.high), columns)
            if series.faint or (dashed and role not in ("train", "a")):
                # A hair shorter, so that rounding does not put a dash's end into the gap.
                pieces = dashes(pieces, (on - 0.01) * dot, (off + 0.01) * dot, x_axis.low - 0.5 * dot)
            marker = _marker(series, glyphs)
            for x, y in pieces:
                # The colour is the curve's number: it is read back below, and the theme has the last word.
                plot.plot(
                    x.tolist(),
                    np.clip(y, y_axis.low, y_axis.high).tolist(),
                    marker=marker,
                    color=index + 1,
                )
                drawn += 1
    if not drawn:
        return
    for row, line in enumerate(plot.build().split("\n")[:rows]):
        column, index = 0, 0
        for position, part in enumerate(_SGR.split(line)):
            if position % 2:
                index = _color_number(part)
            else:
                for character in part:
                    if character not in " \u2800" and index:
                        grid.put(left + column, row, character, _look(curves.series[index - 1]))
                    column += 1


def _marker(series: Series, glyphs: GlyphSet) -> str:
    if series.role == "train":
        return glyphs.train_line
    if series.role == "validation" or glyphs.mode != "ascii":
        return glyphs.validation_line
    return glyphs.idle if series.faint else series.role


def _look(series: Series) -> str:
    return f"{series.role}-faint" if series.faint else series.role


def _color_number(codes: str) -> int:
    """The number of the palette's colour that an SGR sequence sets, 0 for none."""
    parts = codes.split(";")
    return int(parts[2]) if parts[:2] == ["38", "5"] and len(parts) == 3 else 0


def _draw_names(
    grid: CellGrid, glyphs: GlyphSet, curves: Curves, cleaned: list[Piece], y_axis: Axis, column: int
) -> None:
    """Each curve's name beside its last value; names that would share a row make way for one another."""
    rows = grid.height - 2
    wanted = []
    for series, (_, y) in zip(curves.series, cleaned, strict=True):
        finite = np.flatnonzero(np.isfinite(y))
        if finite.size and series.name:
            value = float(np.clip(y[finite[-1]], y_axis.low, y_axis.high))
            wanted.append((rows - 1 - y_axis.position(value, rows, glyphs.dots[1]), -value, series))
    wanted.sort(key=lambda entry: entry[:2])
    taken = [row for row, _, _ in wanted]
    for i in range(1, len(taken)):
        taken[i] = max(taken[i], taken[i - 1] + 1)
    # Whoever was pushed out at the bottom pushes back.
    for i in reversed(range(len(taken))):
        taken[i] = min(taken[i], rows - len(taken) + i)
    for row, (_, _, series) in zip(taken, wanted, strict=True):
        grid.put(column, row, series.name, f"{series.role}-name")
