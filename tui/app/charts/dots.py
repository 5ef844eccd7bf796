"""Lines as dots, and dots as characters, in NumPy: for curves so dense that plotext, segment by segment, is slow."""

import numpy as np
from numpy.typing import NDArray

from tui.app.charts.axes import Axis
from tui.app.charts.curves import Piece

Ints = NDArray[np.int64]
Places = tuple[Ints, Ints]
"""Dots, (across, up) from the lower left."""
Cells = list[tuple[int, int, str]]
"""(column, row, character), row 0 at the bottom."""

_HALVES = " ▗▖▄▝▐▞▟▘▚▌▙▀▜▛█"
# By the dot's place in its cell: rows from below, columns from the left.
_BITS = {
    "braille": np.array([[0x40, 0x80], [0x04, 0x20], [0x02, 0x10], [0x01, 0x08]]),
    "hd": np.array([[0x2, 0x1], [0x8, 0x4]]),
}


def dot_places(piece: Piece, x_axis: Axis, y_axis: Axis, across: int, up: int) -> Places:
    """The dots of a piece's points where there are so many of them, rounded as plotext rounds."""
    return _rounded(piece[0], x_axis, across), _rounded(np.clip(piece[1], y_axis.low, y_axis.high), y_axis, up)


def _rounded(values: NDArray[np.float64], axis: Axis, dots: int) -> Ints:
    place = 0.5 + (dots - 1) * (values - axis.low) / (axis.high - axis.low)
    found: Ints = np.floor(np.round(place, 8)).astype(np.int64)
    return found


def count_dots(places: Places) -> int:
    """How many dots the lines from place to place have."""
    return int(_steps(*places).sum()) + 1 if places[0].size else 0


def line_dots(places: Places) -> Places:
    """All dots on the lines from place to place; some come twice."""
    x, y = places
    steps = _steps(x, y)
    # The number of each dot on its segment, for all segments at once.
    number = np.arange(int(steps.sum())) - np.repeat(np.cumsum(steps) - steps, steps)
    every = np.maximum(steps, 1)
    across = np.repeat(x[:-1], steps) + number * np.repeat(np.diff(x) / every, steps)
    up = np.repeat(y[:-1], steps) + number * np.repeat(np.diff(y) / every, steps)
    return (
        np.concatenate([across.astype(np.int64), x[-1:]]),
        np.concatenate([up.astype(np.int64), y[-1:]]),
    )


def cells(lines: list[Places], columns: int, rows: int, dots: tuple[int, int], marker: str) -> Cells:
    """The cells of one curve's lines on so many cells of `dots` (across, up); `marker` as plotext names it."""
    set_dots = np.zeros((rows * dots[1], columns * dots[0]), dtype=bool)
    for places in lines:
        if places[0].size:
            x, y = line_dots(places)
            inside = (x >= 0) & (x < set_dots.shape[1]) & (y >= 0) & (y < set_dots.shape[0])
            set_dots[y[inside], x[inside]] = True
    bits = _BITS.get(marker, np.ones((1, 1), dtype=np.int64))
    codes = np.einsum("rucd,ud->rc", set_dots.reshape(rows, dots[1], columns, dots[0]), bits)
    row, column = np.nonzero(codes)
    found = codes[row, column].tolist()
    if marker == "braille":
        characters = [chr(0x2800 + code) for code in found]
    elif marker == "hd":
        characters = [_HALVES[code] for code in found]
    else:
        characters = [marker] * len(found)
    return list(zip(column.tolist(), row.tolist(), characters, strict=True))


def _steps(x: Ints, y: Ints) -> Ints:
    """How many dots each segment has without its last."""
    steps: Ints = np.maximum(np.abs(np.diff(x)), np.abs(np.diff(y)))
    return steps
