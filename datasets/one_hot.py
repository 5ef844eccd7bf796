"""Columns of text as numbers: a column of 0 and 1 for each category."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .base import DataError, one_line, quote

MOST_CATEGORIES = 1000  # of all columns together


@dataclass(frozen=True, eq=False)
class OneHot:
    """Text (n, c) -> (n, categories of all columns). A category that no training row had becomes zeros."""

    names: tuple[str, ...]
    categories: tuple[NDArray[np.str_], ...]

    @property
    def feature_names(self) -> tuple[str, ...]:
        return tuple(
            f"{name}={one_line(str(category))}"
            for name, categories in zip(self.names, self.categories, strict=True)
            for category in categories
        )

    def __call__(self, columns: ArrayLike, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """Raises DataError for another number of columns."""
        cells = _cells(columns)
        if cells.shape[1] != len(self.names):
            raise DataError(f"one-hot: fitted on {len(self.names)} columns, received {cells.shape[1]}")
        out = np.zeros((len(cells), sum(map(len, self.categories))), dtype)
        offset = 0
        for j, categories in enumerate(self.categories):
            place = np.minimum(np.searchsorted(categories, cells[:, j]), len(categories) - 1)
            known = np.flatnonzero(categories[place] == cells[:, j])
            out[known, offset + place[known]] = 1
            offset += len(categories)
        return out

    def unknown(self, columns: ArrayLike) -> NDArray[np.int64]:
        """Cells of each column (c,) whose category no training row had."""
        cells = _cells(columns)
        counts = [np.count_nonzero(~np.isin(cells[:, j], known)) for j, known in enumerate(self.categories)]
        return np.array(counts, dtype=np.int64)


def fit_one_hot(columns: ArrayLike, names: Sequence[str]) -> OneHot:
    """The categories of text columns (n, c) of training rows, in alphabetical order.

    names: of the columns. Raises DataError for no rows, and for more than MOST_CATEGORIES in all.
    """
    cells = _cells(columns)
    if len(cells) == 0:
        raise DataError("one-hot: there are no training rows to fit it on")
    if cells.shape[1] != len(names):
        raise DataError(f"one-hot: {len(names)} names for {cells.shape[1]} columns")
    categories = tuple(np.unique(cells[:, j]) for j in range(cells.shape[1]))
    total = sum(map(len, categories))
    if total > MOST_CATEGORIES:
        most = int(np.argmax([len(known) for known in categories]))
        raise DataError(
            f"one-hot: {quote(names[most])} has {len(categories[most]):,} different texts; {total:,} columns of 0 "
            f"and 1 are more than {MOST_CATEGORIES:,}: leave that column out"
        )
    return OneHot(tuple(names), categories)


def _cells(columns: ArrayLike) -> NDArray[np.str_]:
    cells = np.asarray(columns)
    if cells.dtype.kind not in "UT" or cells.ndim != 2:
        raise DataError(f"one-hot: expected text of shape (n, columns), received {cells.dtype} of shape {cells.shape}")
    return cells
