"""Samples on their way into a network: checked, in an order, and batch by batch in its dtype."""

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array, IntArray
from mlcore.layers import Layer
from mlcore.model import dtype_of

SAMPLINGS = ("permuted", "replacement", "sequential")


def as_data(pair: tuple[npt.ArrayLike, npt.ArrayLike]) -> tuple[Array, Array]:
    """X and y as arrays. Raises ValueError unless they have as many rows, at least one."""
    X, y = np.asarray(pair[0]), np.asarray(pair[1])
    if len(X) != len(y):
        raise ValueError(f"X has {len(X)} rows, y has {len(y)}")
    if len(X) == 0:
        raise ValueError("there are no samples")
    return X, y


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

    def __init__(self, network: Layer, X: Array, scale: npt.ArrayLike = 1.0, shift: npt.ArrayLike = 0.0) -> None:
        self.dtype = dtype_of(network)
        self.flat = not any(getattr(layer, "takes_images", False) for layer in network.modules())
        self.scale, self.shift = np.ravel(scale).astype(self.dtype), np.ravel(shift).astype(self.dtype)
        features = X.size // len(X)
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
