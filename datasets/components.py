"""Principal components: the directions in which the training rows vary most."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .base import DataError, quote

CHUNK = 4096  # rows at a time: the float64 working copy stays small


@dataclass(frozen=True, eq=False)
class Components:
    """X (n, ...) -> (n, k): the coordinates along the k directions of largest variance.

    mean: (d,). directions: (k, d), orthonormal rows, each with its largest entry positive. variance: (k,), along
    each direction, divided by n - 1. share: (k,), of the variance of all the features.
    """

    mean: NDArray[np.float64]
    directions: NDArray[np.float64]
    variance: NDArray[np.float64]
    share: NDArray[np.float64]

    @property
    def feature_names(self) -> tuple[str, ...]:
        return tuple(f"pc{k + 1}" for k in range(len(self.directions)))

    def __call__(self, X: ArrayLike, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """Computed in float64, then rounded to dtype. Raises DataError for another number of features."""
        X = np.asarray(X)
        flat = X.reshape(len(X), -1)
        if flat.shape[1] != len(self.mean):
            raise DataError(f"components: fitted on {len(self.mean):,} features, received {flat.shape[1]:,}")
        out = np.empty((len(X), len(self.directions)), dtype)
        for start, chunk in _centred(flat, self.mean):
            out[start : start + len(chunk)] = chunk @ self.directions.T
        return out

    def inverse(self, Z: ArrayLike) -> NDArray[np.float64]:
        """(n, k) -> (n, d): the point of the plane, line, ... of the components, among the features."""
        return np.asarray(Z, dtype=np.float64) @ self.directions + self.mean


def fit_components(X_train: ArrayLike, k: int = 2) -> Components:
    """The first k principal components of X_train (n, ...), by the singular values of its centred rows.

    Raises DataError for fewer than two rows, for k outside 1 .. min(n, d), and for numbers that are missing,
    infinite or too large to square.
    """
    X = np.asarray(X_train)
    flat = X.reshape(len(X), -1) if X.ndim > 1 else X.reshape(-1, 1)
    n, d = flat.shape
    if n < 2:
        raise DataError(f"components: expected two training rows or more, received {n}")
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 1 <= k <= min(n, d):
        raise DataError(f"components: expected a whole number from 1 to {min(n, d):,}, received {quote(k)}")
    with np.errstate(over="ignore", invalid="ignore"):
        mean = flat.mean(axis=0, dtype=np.float64)
        squares, directions = _of_many_rows(flat, mean) if n > max(CHUNK, d) else _of_few_rows(flat, mean)
    total, squares, directions = squares.sum(), squares[:k], directions[:k]
    # Rounded, so that of two equal entries the first decides on every machine.
    largest = np.abs(directions).round(8).argmax(axis=1)
    directions = directions * np.where(directions[np.arange(k), largest] < 0, -1.0, 1.0)[:, None]
    return Components(mean, directions, squares / (n - 1), squares / total if total > 0 else np.zeros(k))


def _of_few_rows(X: NDArray[Any], mean: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(squared singular values, directions) of the centred rows, the largest first."""
    centred = X - mean
    _check(np.square(centred).sum())
    _, singular, directions = np.linalg.svd(centred, full_matrices=False)
    return np.square(singular), directions


def _of_many_rows(X: NDArray[Any], mean: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same from X^T X, which needs the rows only piece by piece; exact where it counts, in the largest ones."""
    products = np.zeros((X.shape[1], X.shape[1]))
    for _, chunk in _centred(X, mean):
        products += chunk.T @ chunk
    _check(products.trace())
    squares, directions = np.linalg.eigh(products)
    return np.maximum(squares[::-1], 0.0), directions.T[::-1]


def _check(total: np.float64) -> None:
    if not np.isfinite(total):
        raise DataError("components: the training rows hold numbers that are missing or too large: scale them first")


def _centred(X: NDArray[Any], mean: NDArray[np.float64]) -> Iterator[tuple[int, NDArray[np.float64]]]:
    for start in range(0, len(X), CHUNK):
        yield start, X[start : start + CHUNK] - mean
