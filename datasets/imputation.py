"""Missing numbers (nan) filled in, with what the training rows say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .base import DataError, quote

IMPUTATIONS: dict[str, str] = {
    "drop": "rows in which a number is missing are left out",
    "mean": "the mean of its column over the training rows",
    "median": "the median of its column over the training rows",
}


@dataclass(frozen=True, eq=False)
class Imputation:
    """X (n, d) with nan -> X with `fill` (d,) in their place."""

    how: str
    fill: NDArray[np.float64]

    def __call__(self, X: ArrayLike, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """A filled copy, same shape. Raises DataError for another number of features."""
        X = np.asarray(X)
        if X.ndim != 2 or X.shape[1] != len(self.fill):
            raise DataError(f"missing: expected shape (n, {len(self.fill)}), received {X.shape}")
        return np.where(np.isnan(X), self.fill, X).astype(dtype, copy=False)


def fit_imputation(how: str, X_train: ArrayLike, names: Sequence[str] = ()) -> Imputation:
    """Fit "mean" or "median" on X_train (n, d), nan where a number is missing; "drop" is `complete_rows`.

    names: of the features, for the words of errors. Raises DataError for another word, for no rows, and for a
    feature without any number in the training rows.
    """
    X = np.asarray(X_train, dtype=np.float64)
    if how not in ("mean", "median"):
        raise DataError(f"missing: expected mean or median, received {quote(how)}")
    if X.ndim != 2 or len(X) == 0:
        raise DataError(f"missing: expected training rows of shape (n, d), received {X.shape}")
    empty = np.flatnonzero(np.isnan(X).all(axis=0))
    if len(empty):
        name = names[empty[0]] if names else f"x{empty[0]}"
        raise DataError(f"missing: {quote(name)} has no value in any training row: leave it out")
    with np.errstate(over="ignore", invalid="ignore"):
        fill = np.nanmean(X, axis=0) if how == "mean" else np.nanmedian(X, axis=0)
    if not np.isfinite(fill).all():
        raise DataError(f"missing: the {how} of the training rows is too large for float64: use another unit")
    return Imputation(how, fill)


def complete_rows(X: ArrayLike) -> NDArray[np.int64]:
    """Numbers of the rows of X (n, ...) in which nothing is missing: what "drop" keeps."""
    X = np.asarray(X)
    return np.flatnonzero(~np.isnan(X.reshape(len(X), -1)).any(axis=1)).astype(np.int64)
