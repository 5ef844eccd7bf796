"""From a series of any floats to the few points that a plot of so many columns can show."""

import numpy as np
from numpy.typing import NDArray

from tui.app.charts.axes import LIMIT
from tui.app.charts.data import Series

Array = NDArray[np.float64]
Piece = tuple[Array, Array]


def clean(series: Series, log: bool = False) -> Piece:
    """The series as (x, y) in float64, with NaN for whatever cannot be drawn.

    With `log`, y becomes its base-10 logarithm, and values of zero and less are gaps.
    """
    size = min(len(series.x), len(series.y))
    x = np.array(series.x[:size], dtype=np.float64)
    y = np.array(series.y[:size], dtype=np.float64)
    with np.errstate(all="ignore"):
        y[~(np.abs(y) <= LIMIT)] = np.nan
        if log:
            y = np.where(y > 0, np.log10(np.where(y > 0, y, 1.0)), np.nan)
    y[~(np.abs(x) <= LIMIT)] = np.nan
    return x, y


def value_range(pieces: list[Piece], diverged: bool = False) -> tuple[float, float] | None:
    """The least and greatest y of cleaned series; None where there is no value at all.

    The last steps of a run that diverged dwarf all before them: there the range ends at ten times the median,
    and the line leaves the chart at its top.
    """
    # What is no number was made NaN, which these pass by.
    parts = [(np.fmin.reduce(y), np.fmax.reduce(y)) for _, y in pieces if y.size]
    known = [(float(low), float(high)) for low, high in parts if np.isfinite(low)]
    if not known:
        return None
    low, high = min(low for low, _ in known), max(high for _, high in known)
    if diverged:
        values = np.concatenate([y for _, y in pieces])
        usual = 10 * float(np.nanmedian(np.abs(values)))
        if usual > 0:
            # A run may leave the numbers downwards as well.
            low, high = max(low, -usual), min(high, usual)
    return low, high


def decimate(x: Array, y: Array, x_range: tuple[float, float], columns: int) -> list[Piece]:
    """Cut a cleaned series at its gaps and thin it to two points a column: the least and the greatest.

    Args:
        x, y: (n,) coordinates, NaN for gaps; x ascending.
        x_range: The values at the plot's left and right edge; a line that goes on outside ends on the edge.
        columns: The plot's width.

    Returns:
        Unbroken pieces, at most `2 * columns` points in all, and one more on each edge.
    """
    low, high = x_range
    if not np.isfinite(x).all():
        x, y = x[np.isfinite(x)], y[np.isfinite(x)]
    if x.size == 0 or columns < 1:
        return []
    if np.any(np.diff(x) < 0):
        order = np.argsort(x, kind="stable")
        x, y = x[order], y[order]
    first, last = int(np.searchsorted(x, low, "left")), int(np.searchsorted(x, high, "right"))
    before, after = _on_edge(x, y, first, low), _on_edge(x, y, last, high)
    x, y = x[first:last], y[first:last]
    if x.size > 2 * columns:
        x, y = _extremes(x, y, low, high, columns)
    x, y = np.concatenate([before[0], x, after[0]]), np.concatenate([before[1], y, after[1]])
    finite = np.isfinite(y)
    # Every change between value and gap is the start of another stretch.
    starts = np.flatnonzero(np.diff(finite)) + 1
    stretches = zip(np.split(x, starts), np.split(y, starts), np.split(finite, starts), strict=True)
    return [(part_x, part_y) for part_x, part_y, is_value in stretches if is_value.size and is_value[0]]


def _on_edge(x: Array, y: Array, index: int, edge: float) -> Piece:
    """Where the line from the point before `index` to the one at it crosses an edge; nothing where none does."""
    if not 0 < index < x.size or not (x[index - 1] < edge < x[index]):
        return np.empty(0), np.empty(0)
    share = (edge - x[index - 1]) / (x[index] - x[index - 1])
    value = y[index - 1] + share * (y[index] - y[index - 1])
    return (np.array([edge]), np.array([value])) if np.isfinite(value) else (np.empty(0), np.empty(0))


def _extremes(x: Array, y: Array, low: float, high: float, columns: int) -> Piece:
    """The least and greatest value of each column, in their order; one NaN for a column of gaps alone."""
    edges = low + np.arange(columns) * ((high - low) / columns)
    starts = np.unique(np.searchsorted(x, edges))
    starts = starts[starts < x.size]
    sizes = np.diff(starts, append=x.size)
    lowest, highest = np.fmin.reduceat(y, starts), np.fmax.reduceat(y, starts)
    gaps = starts[np.isnan(lowest)]
    least = np.flatnonzero(y == np.repeat(lowest, sizes))
    greatest = np.flatnonzero(y == np.repeat(highest, sizes))
    # The first of one and the last of the other, so that what stands still reaches from edge to edge.
    first = least[np.flatnonzero(np.diff(np.searchsorted(starts, least, "right"), prepend=0))]
    last = greatest[np.flatnonzero(np.diff(np.searchsorted(starts, greatest, "right"), append=0))]
    kept_places = np.unique(np.concatenate([gaps, first, last]))
    return x[kept_places], y[kept_places]


def dashes(pieces: list[Piece], on: float, off: float, origin: float) -> list[Piece]:
    """Cut pieces into dashes along x: drawn for `on`, left out for `off`, counted from `origin`."""
    period = on + off
    if not on > 0 or not off > 0:
        return pieces
    cut: list[Piece] = []
    for x, y in pieces:
        first = int((x[0] - origin) // period)
        last = int((x[-1] - origin) // period)
        for index in range(first, last + 1):
            start = max(origin + index * period, float(x[0]))
            end = min(origin + index * period + on, float(x[-1]))
            if start > end:
                continue
            within = (x > start) & (x < end)
            ends = np.interp([start, end], x, y)
            cut.append(
                (
                    np.concatenate([[start], x[within], [end]]),
                    np.concatenate([ends[:1], y[within], ends[1:]]),
                )
            )
    return cut
