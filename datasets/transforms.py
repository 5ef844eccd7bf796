"""Scaling of the features: fitted on the training rows only, then applied to all."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .base import DataError, quote

SCALES: dict[str, str] = {
    "none": "the numbers as they are",
    "standard": "each feature to mean 0 and standard deviation 1 over the training rows",
    "minmax": "each feature to 0..1 over the training rows",
    "unit": "pixels to 0..1: 0..255 is divided by 255, 0..1 stays",
    "symmetric": "pixels to -1..1: first as unit, then (x - .5) / .5",
}

SMALLER = "give the numbers in another unit, or leave their column out"
CHUNK = 4096  # rows scaled at a time: the float64 working copy stays small


@dataclass(frozen=True, eq=False)
class Scale:
    """x -> (x - shift) / scale. shift and scale have the shape of one sample, or () where one number does."""

    name: str
    shift: NDArray[np.float64]
    scale: NDArray[np.float64]

    def __call__(self, X: ArrayLike, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """Scaled copy of X (n, ...), same shape. Computed in float64, then rounded to dtype.

        Raises DataError where a number is too large for that.
        """
        X = np.asarray(X)
        out = np.empty(X.shape, dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            for start, chunk in _chunks(X):
                chunk -= self.shift
                chunk /= self.scale
                rows = out[start : start + len(chunk)]
                rows[...] = chunk
                # A finite sum means finite terms, and costs less than looking at each one.
                if not np.isfinite(rows.sum()) and np.isinf(rows).any():
                    largest = f"{np.abs(X[start : start + len(chunk)]).max():.3g}"
                    raise DataError(f"scale {self.name}: {largest} is too large for {out.dtype}: {SMALLER}")
        return out

    def inverse(self, Z: ArrayLike) -> NDArray[np.float64]:
        """The numbers before scaling, float64, same shape as Z."""
        return np.asarray(Z, dtype=np.float64) * self.scale + self.shift


def fit_scale(name: str, X_train: ArrayLike) -> Scale:
    """Fit the named scale on X_train (n, ...). A constant feature keeps its unit (it becomes 0).

    Raises DataError for an unknown name, for no rows, for numbers whose mean, deviation or range no float64
    holds, and for "unit" and "symmetric" on numbers that are not pixels (below 0, or above 255).
    """
    X = np.asarray(X_train)
    if name not in SCALES:
        raise DataError(f"scale: expected one of {', '.join(SCALES)}; received {quote(name)}")
    if X.size == 0:
        raise DataError(f"scale {name}: there are no training rows to fit it on")
    if name in ("standard", "minmax"):
        with np.errstate(over="ignore", invalid="ignore"):
            fitted = _standard(X) if name == "standard" else _minmax(X)
        usable = np.isfinite(fitted.shift) & np.isfinite(fitted.scale)
        if not usable.all():
            largest = f"{np.abs(X[:, ~usable]).max():.3g}"
            raise DataError(f"scale {name}: numbers such as {largest} are too large for it: {SMALLER}")
        return fitted
    if name == "none":
        return Scale(name, np.array(0.0), np.array(1.0))
    brightest = _brightest_pixel(name, X)
    if name == "unit":
        return Scale(name, np.array(0.0), np.array(brightest))
    return Scale(name, np.array(brightest / 2), np.array(brightest / 2))


def _standard(X: NDArray[Any]) -> Scale:
    mean = X.mean(axis=0, dtype=np.float64)
    squares = np.zeros_like(mean)
    for _, chunk in _chunks(X):
        chunk -= mean
        squares += np.square(chunk, out=chunk).sum(axis=0)
    # The mean of equal numbers may differ from them in the last bit; their deviation must still be 0.
    constant = X.min(axis=0) == X.max(axis=0)
    deviation = np.sqrt(squares / len(X))
    return Scale("standard", np.where(constant, X[0], mean), np.where(constant | (deviation == 0), 1.0, deviation))


def _minmax(X: NDArray[Any]) -> Scale:
    low, high = X.min(axis=0).astype(np.float64), X.max(axis=0).astype(np.float64)
    return Scale("minmax", low, np.where(high > low, high - low, 1.0))


def _brightest_pixel(name: str, X: NDArray[Any]) -> float:
    low, high = X.min(), X.max()
    if X.dtype == np.uint8:
        return 255.0
    if low < 0 or high > 255:
        raise DataError(
            f"scale {name}: expected pixels, 0 to 255 or 0 to 1; received numbers from {low:g} to {high:g}: "
            "use standard or minmax"
        )
    return 255.0 if high > 1 else 1.0


def _chunks(X: NDArray[Any]) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """(first row, float64 copy of the next rows) through X."""
    for start in range(0, len(X), CHUNK):
        yield start, X[start : start + CHUNK].astype(np.float64)
