"""Transforms one after the other, each fitted on what the one before makes of the training rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .base import DataError


class Transform(Protocol):
    """What is fitted: `fit_encoding`, `fit_scale`, `fit_components` and `fit_expansion` give one each."""

    def __call__(self, X: ArrayLike, dtype: DTypeLike = ...) -> NDArray[Any]: ...


CHUNK = 4096  # rows at a time: what stands between two steps stays small


@dataclass(frozen=True, eq=False)
class Pipeline:
    """X through all steps, in order; float64 between them. Each step takes the rows one by one."""

    steps: tuple[Transform, ...]

    def __call__(self, X: ArrayLike, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """Raises DataError as its steps do."""
        X = np.asarray(X)
        if not self.steps:
            return X.astype(dtype)
        if len(self.steps) == 1 or len(X) <= CHUNK:
            return self._through(X, dtype)
        pieces = (self._through(X[start : start + CHUNK], dtype) for start in range(0, len(X), CHUNK))
        first = next(pieces)
        out = np.empty((len(X), *first.shape[1:]), dtype)
        out[:CHUNK] = first
        for k, piece in enumerate(pieces, start=1):
            out[k * CHUNK : k * CHUNK + len(piece)] = piece
        return out

    def _through(self, X: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
        for step in self.steps[:-1]:
            X = step(X)
        return self.steps[-1](X, dtype)

    def inverse(self, Z: ArrayLike) -> NDArray[np.float64]:
        """Back through all steps. Raises DataError if one of them cannot be undone."""
        for step in reversed(self.steps):
            undo: Any = getattr(step, "inverse", None)
            if undo is None:
                raise DataError(f"{type(step).__name__.lower()}: cannot be undone")
            Z = undo(Z)
        return np.asarray(Z, dtype=np.float64)


def fit_pipeline(fits: Sequence[Callable[[NDArray[Any]], Transform]], X_train: ArrayLike) -> Pipeline:
    """Fit each step on the training rows as the steps before leave them. Raises DataError as they do."""
    X: NDArray[Any] = np.asarray(X_train)
    steps: list[Transform] = []
    for k, fit in enumerate(fits):
        steps.append(fit(X))
        if k < len(fits) - 1:
            X = steps[-1](X)
    return Pipeline(tuple(steps))
