"""Which of many points are drawn, one a cell at most: always the same ones for the same data."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tui.app.charts.data import Points

Cells = NDArray[np.int64]


def place(
    points: Points, x_range: tuple[float, float], y_range: tuple[float, float], columns: int, rows: int
) -> tuple[Cells, Cells, Cells]:
    """The points that lie inside the rectangle, as (index, column, row), row 0 at the top."""
    x, y = np.asarray(points.x, dtype=np.float64), np.asarray(points.y, dtype=np.float64)
    with np.errstate(all="ignore"):
        across = (x - x_range[0]) / (x_range[1] - x_range[0])
        down = (y_range[1] - y) / (y_range[1] - y_range[0])
        # The comparison is false for NaN as well.
        index = np.flatnonzero((across >= 0) & (across <= 1) & (down >= 0) & (down <= 1))
        column = np.minimum((across[index] * columns).astype(np.int64), columns - 1)
        row = np.minimum((down[index] * rows).astype(np.int64), rows - 1)
    return index, column, row


def thin(index: Cells, cells: Cells, wrong: NDArray[np.bool_] | None, most: int) -> Cells:
    """Positions in `index` of the points to draw: one a cell, `most` in all, wrong ones first.

    Where there are more than fit, wrong ones take half of the places at most: a map full of them would be read as
    a network that is mostly wrong.

    Args:
        index: (m,) the points' numbers in their data set; they decide, so that a point keeps its turn while
            others turn from right to wrong.
        cells: (m,) the cell of each.
        wrong: (n,) for the whole data set, or None.
        most: How many may be drawn.
    """
    if index.size == 0 or most <= 0:
        return np.empty(0, dtype=np.int64)
    # Data sets often stand class by class, so the order is shuffled; then the wrong ones come forward.
    turn = _shuffled(int(index.max()) + 1)[index]
    order = np.argsort(turn, kind="stable")
    if wrong is not None:
        order = order[np.argsort(~np.asarray(wrong, dtype=bool)[index[order]], kind="stable")]
    _, first = np.unique(cells[order], return_index=True)
    kept = order[np.sort(first)]
    if wrong is None or kept.size <= most:
        return kept[:most]
    bad = int(np.asarray(wrong, dtype=bool)[index[kept]].sum())
    bad_kept = min(bad, max(most // 2, most - (kept.size - bad)))
    return np.concatenate([kept[:bad_kept], kept[bad : bad + most - bad_kept]])


@lru_cache(maxsize=8)
def _shuffled(count: int) -> Cells:
    """A fixed turn for each of `count` numbers; how many follow does not change who comes before whom."""
    numbers = np.arange(1, count + 1, dtype=np.float64)
    # Multiples of the golden ratio, modulo 1, spread any stretch of numbers evenly.
    return np.argsort(np.argsort((numbers * 0.6180339887498949) % 1.0, kind="stable"), kind="stable")
