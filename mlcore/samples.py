"""Samples on their way into a network: checked, in an order, and batch by batch in its dtype."""

from operator import index
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array, IntArray
from mlcore.layers import Layer
from mlcore.model import dtype_of

SAMPLINGS = ("permuted", "replacement", "sequential")


class Rows:
    """Some rows of an array in an order of their own, and no copy of them: what `fit` and its like take for X.

    X (m, ...), rows (n,): numbers of rows of it. As far as it goes it behaves as the array X[rows], (n, ...), would;
    only where rows are asked for, these are copied, and all of them by np.asarray.
    """

    def __init__(self, X: npt.ArrayLike, rows: npt.ArrayLike) -> None:
        self.X, self.rows = np.asarray(X), np.asarray(rows)
        self.dtype, self.shape = self.X.dtype, (len(self.rows), *self.X.shape[1:])

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, places: Any) -> Array:
        chosen: Array = self.X[self.rows[places]]
        return chosen

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        return np.asarray(self.X[self.rows], dtype)

    def take(self, places: IntArray, axis: int, out: Array, mode: Any) -> Array:
        """As ndarray.take of rows."""
        return self.X.take(self.rows[places], axis, out, mode)

    def reshape(self, n: int, rest: int) -> "Rows":
        """With all axes but the first in one: n is the number of rows as they are, rest is -1."""
        return Rows(self.X.reshape(len(self.X), -1), self.rows)


Samples: TypeAlias = Array | Rows


def as_data(pair: tuple[npt.ArrayLike | Rows, npt.ArrayLike]) -> tuple[Samples, Array]:
    """X and y as arrays, X also as Rows. Raises ValueError unless they have as many rows, at least one."""
    X, y = pair[0] if isinstance(pair[0], Rows) else np.asarray(pair[0]), np.asarray(pair[1])
    if X.shape == () or y.shape == ():
        raise ValueError("X and y need a row for each sample")
    if len(X) != len(y):
        raise ValueError(f"X has {len(X)} rows, y has {len(y)}")
    if len(X) == 0:
        raise ValueError("there are no samples")
    return X, y


def as_batch_size(batch_size: int | str, n: int) -> int:
    """A number, n for "full". Raises ValueError for what is neither that nor a whole number from 1 on."""
    if batch_size == "full":
        return n
    try:
        size = 0 if isinstance(batch_size, bool) else index(batch_size)  # type: ignore[arg-type]
    except TypeError:
        size = 0
    if size < 1:
        raise ValueError(f'batch_size must be at least 1 and whole, or "full"; received {batch_size!r}')
    return size


def is_drawn(sampling: str, n: int, batch_size: int) -> bool:
    """Whether chance decides the order; not where all is one batch, whose order does not matter."""
    return sampling == "replacement" or (sampling == "permuted" and batch_size < n)


def draw_order(rng: np.random.Generator, sampling: str, n: int) -> IntArray:
    """The order of the samples in an epoch."""
    return rng.integers(0, n, n) if sampling == "replacement" else rng.permutation(n)


class Batches:
    """Makes of rows of X (n, ...) what a network wants: scale * x + shift in its dtype.

    They are flattened to (n, features) unless one of its layers takes images. scale, shift: a number, or one for each
    feature of X. Raises ValueError for another number of them.
    """

    def __init__(self, network: Layer, X: Samples, scale: npt.ArrayLike = 1.0, shift: npt.ArrayLike = 0.0) -> None:
        self.dtype = dtype_of(network)
        self.flat = not any(getattr(layer, "takes_images", False) for layer in network.modules())
        self.scale, self.shift = np.ravel(scale).astype(self.dtype), np.ravel(shift).astype(self.dtype)
        features = int(np.prod(X.shape[1:]))
        for name, values in (("scale", self.scale), ("shift", self.shift)):
            if len(values) not in (1, features):
                raise ValueError(f"{name} has {len(values)} numbers: give one, or one for each of {features} features")
        self._scales, self._shifts = bool(np.any(self.scale != 1)), bool(np.any(self.shift))

    def __call__(self, x: Array) -> Array:
        rows = x.reshape(len(x), -1).astype(self.dtype, copy=self._scales or self._shifts)
        if self._scales:
            rows *= self.scale
        if self._shifts:
            rows += self.shift
        return rows if self.flat else rows.reshape(x.shape)
