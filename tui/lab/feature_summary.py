"""What each feature of a data set holds, in a few figures: its kind, range, mean, spread and what is missing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["float", "int", "binary", "constant", "text"]
KINDS: tuple[Kind, ...] = ("float", "int", "binary", "constant", "text")
"""``text`` is a column whose numbers are the places of texts in a list of them."""

BINS = 8
MOST_CELLS = 8_000_000
"""Cells looked at for the mean, the deviation and the histogram; of a larger set every k-th row."""
_LEAST_ROWS = 1000
_BLOCK = 1_000_000


@dataclass(frozen=True, eq=False)
class FeatureSummary:
    """Figures of d features, each an array (d,).

    Attributes:
        kinds: Positions in `KINDS`.
        low, high: The range over all rows; nan where every cell is missing.
        mean, deviation: Over the rows looked at; the deviation is that of a population, divided by n.
        missing: Cells without a number, over the rows looked at.
        bins: (d, BINS) how many of the rows looked at lie in each of so many equal parts of the range.
        rows: How many rows were looked at.
        of: How many there are.
    """

    kinds: NDArray[np.int8]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    missing: NDArray[np.int64]
    bins: NDArray[np.int64]
    rows: int
    of: int

    def kind(self, feature: int) -> Kind:
        """The kind of one feature."""
        return KINDS[int(self.kinds[feature])]


class Stopped(Exception):
    """Nobody waits for the summary any more."""


def summarise(
    X: NDArray[Any], *, texts: Iterable[int] = (), stopped: Callable[[], bool] = lambda: False
) -> FeatureSummary:
    """The figures of X (n, ...), flattened to n rows; asks now and then whether it is `stopped`.

    texts: the features whose numbers stand for texts. Raises Stopped.
    """
    flat = X.reshape(len(X), -1)
    n, d = flat.shape
    low, high = np.full(d, np.inf), np.full(d, -np.inf)
    for start in range(0, n, step := max(1, _BLOCK // max(d, 1))):
        _check(stopped)
        block = flat[start : start + step]
        # fmin and fmax pass over what is not a number.
        low, high = np.fmin(low, np.fmin.reduce(block, axis=0)), np.fmax(high, np.fmax.reduce(block, axis=0))
    nothing = low > high
    low[nothing] = high[nothing] = np.nan
    every = max(1, -(-n // max(_LEAST_ROWS, MOST_CELLS // max(d, 1))))
    some = flat[::every]
    parts = []
    for start in range(0, d, step := max(1, _BLOCK // max(len(some), 1))):
        _check(stopped)
        which = slice(start, start + step)
        parts.append(_figures(np.asarray(some[:, which], dtype=np.float64), low[which], high[which]))
    kinds, mean, deviation, missing, bins = (np.concatenate(column) for column in zip(*parts, strict=True))
    kinds[list(texts)] = KINDS.index("text")
    return FeatureSummary(kinds, low, high, mean, deviation, missing, bins, len(some), n)


def _figures(
    X: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """(kinds, mean, deviation, missing, bins) of a few columns."""
    absent = np.isnan(X)
    known = ~absent
    counts = np.maximum(known.sum(axis=0), 1)
    with np.errstate(all="ignore"):  # 1e308 has a mean, and no deviation
        filled = np.where(absent, low, X)
        scale = np.maximum(np.fmax(np.abs(low), np.abs(high)), 1e-300)
        mean = np.where(known, X / scale, 0.0).sum(axis=0) / counts
        deviation = np.sqrt(np.where(known, (X / scale - mean) ** 2, 0.0).sum(axis=0) / counts)
        whole = (filled == np.floor(filled)).all(axis=0)
        ends = ((filled == low) | (filled == high)).all(axis=0)
        # Halves, so that the distance from -1e308 to 1e308 is a number still.
        span = high / 2 - low / 2
        place = np.where(span > 0, (filled / 2 - low / 2) / np.where(span > 0, span, 1.0), 0.0)
        place = np.minimum(np.nan_to_num(place) * BINS, BINS - 1).astype(np.int64)
    empty = absent.all(axis=0)
    constant = (low == high) | empty
    kinds = np.select([constant, ends, whole], [KINDS.index("constant"), KINDS.index("binary"), KINDS.index("int")], 0)
    d = X.shape[1]
    flat = (place + BINS * np.arange(d))[known]
    bins = np.bincount(flat, minlength=BINS * d).reshape(d, BINS)
    mean, deviation = np.where(empty, np.nan, mean * scale), np.where(empty, np.nan, deviation * scale)
    return kinds.astype(np.int8), mean, deviation, absent.sum(axis=0), bins


def _check(stopped: Callable[[], bool]) -> None:
    if stopped():
        raise Stopped
