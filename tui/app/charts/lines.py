"""The curves of a chart as cells: plotext draws them, as long as they are few enough segments for it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tui.app.charts import dots
from tui.app.charts.axes import Axis
from tui.app.charts.curves import Piece, dashes, decimate
from tui.app.charts.data import Curves, Series
from tui.app.charts.grid import CellGrid
from tui.app.glyphs import GlyphSet

# In cells.
_DASH, _GAP = 3, 1
# What is drawn later lies over what was drawn before.
ORDER = ("train", "validation", "f", "e", "d", "c", "b", "a")
MOST_DOTS = 600
"""plotext takes about 4 us for each dot of a line: a chart of more is drawn in NumPy, dot for dot the same."""


@dataclass(frozen=True)
class Plane:
    """Where the curves lie in the picture: the axes, the first cell of the plot, and its size in cells."""

    x_axis: Axis
    y_axis: Axis
    left: int
    columns: int
    rows: int


@dataclass(frozen=True)
class _Line:
    series: Series
    marker: str
    pieces: list[Piece]
    places: list[dots.Places]


def draw_lines(
    grid: CellGrid, glyphs: GlyphSet, curves: Curves, cleaned: list[Piece], plane: Plane, dashed: bool
) -> None:
    """Draw the curves over what stands in the grid; validation over training, averages over what they are of."""
    order = sorted(range(len(curves.series)), key=lambda index: _layer(curves.series[index]))
    lines = [_line(curves.series[index], cleaned[index], plane, glyphs, dashed) for index in order]
    dense = sum(dots.count_dots(places) for line in lines for places in line.places) > MOST_DOTS
    for line, cells in zip(lines, (_by_numpy if dense else _by_plotext)(lines, plane, glyphs), strict=True):
        role = role_of(line.series)
        for column, row, character in cells:
            grid.put(plane.left + column, plane.rows - 1 - row, character, role)


def role_of(series: Series) -> str:
    """The role of a curve's cells."""
    if series.faint or series.raw:
        return f"{series.role}-faint"
    return f"{series.role}-bold" if series.bold else series.role


def _layer(series: Series) -> tuple[bool, int]:
    return not (series.faint or series.raw), ORDER.index(series.role)


def _line(series: Series, cleaned: Piece, plane: Plane, glyphs: GlyphSet, dashed: bool) -> _Line:
    x_axis, y_axis = plane.x_axis, plane.y_axis
    across, up = glyphs.dots[0] * plane.columns, glyphs.dots[1] * plane.rows
    pieces = decimate(*cleaned, (x_axis.low, x_axis.high), plane.columns)
    if series.faint or (dashed and series.role not in ("train", "a")):
        dot = (x_axis.high - x_axis.low) / max(across - 1, 1)
        on, off = glyphs.dots[0] * _DASH, glyphs.dots[0] * _GAP
        # A hair shorter, so that rounding does not put a dash's end into the gap.
        pieces = dashes(pieces, (on - 0.01) * dot, (off + 0.01) * dot, x_axis.low - 0.5 * dot)
    places = [dots.dot_places(piece, x_axis, y_axis, across, up) for piece in pieces]
    return _Line(series, _marker(series, glyphs), pieces, places)


def _marker(series: Series, glyphs: GlyphSet) -> str:
    if glyphs.mode != "ascii":
        return glyphs.train_line
    if series.role in ("train", "validation"):
        raw, line = ("'", glyphs.train_line) if series.role == "train" else (",", glyphs.validation_line)
        return raw if series.raw else line
    return glyphs.idle if series.faint or series.raw else series.role


def _by_numpy(lines: list[_Line], plane: Plane, glyphs: GlyphSet) -> list[dots.Cells]:
    return [dots.cells(line.places, plane.columns, plane.rows, glyphs.dots, line.marker) for line in lines]


def _by_plotext(lines: list[_Line], plane: Plane, glyphs: GlyphSet) -> list[dots.Cells]:
    """Each line's cells, without those that a later line covers."""
    found: list[dots.Cells] = [[] for _ in lines]
    if not any(line.pieces for line in lines):
        return found
    from textual_plotext.plot import Plot

    plot: Any = Plot()
    # Without this plotext asks the process's own terminal for its size and stays within it.
    plot._set_size(plane.columns, plane.rows)
    plot.frame(False)
    plot.xticks([])
    plot.yticks([])
    plot.xlim(plane.x_axis.low, plane.x_axis.high)
    plot.ylim(plane.y_axis.low, plane.y_axis.high)
    for index, line in enumerate(lines):
        for x, y in line.pieces:
            inside = np.clip(y, plane.y_axis.low, plane.y_axis.high)
            # The colour is the line's number: it is read back below, and the theme has the last word.
            plot.plot(x.tolist(), inside.tolist(), marker=line.marker, color=index + 1)
    # The matrix itself: half of `build` is writing it as one string of escape sequences, which would be read again.
    plot._set_sizes()
    plot.monitor.build_plot()
    matrix = plot.monitor.matrix
    for row in range(plane.rows):
        for column, (character, color) in enumerate(zip(matrix.marker[row], matrix.fullground[row], strict=True)):
            if character not in " \u2800" and isinstance(color, int):
                found[color - 1].append((column, row, character))
    return found
