"""Batches in the order of an epoch, gathered several at a time into arrays that are allocated once."""

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array, IntArray

WINDOW_BYTES = 1 << 17
"""How much is gathered at once: it should still be in the cache when it is used."""


class Window:
    """Room for some batches of `size` samples.

    x: (batches, size, in), or (batches, size, in + 1) with ones in the last column. T: targets (batches, C, size),
    one-hot, or the label itself where C is 1; right: the same as booleans. There is room for `batches` of them, at
    most `most`.

    scale, shift: x = scale * X + shift, numbers or one for each feature.
    """

    def __init__(
        self,
        features: int,
        classes: int,
        size: int,
        batches: int,
        dtype: np.dtype[np.floating],
        *,
        ones: bool,
        at_least: int = 1,
        at_most: int = 1 << 30,
        scale: npt.ArrayLike = 1.0,
        shift: npt.ArrayLike = 0.0,
    ) -> None:
        nbytes = size * (features + classes) * dtype.itemsize
        self.size = size
        self.most = max(at_least, min(at_most, WINDOW_BYTES // nbytes))
        self.batches = min(batches, self.most)
        self.x = np.ones((self.batches, size, features + ones), dtype)
        self.T = np.zeros((self.batches, classes, size), dtype)
        self.right = np.zeros(self.T.shape, bool)
        self._rows = self.x.reshape(self.batches * size, -1)[:, :features]
        self._labels = np.zeros((self.batches, size), np.int64)
        self._corners = np.arange(self.batches)[:, None] * (classes * size) + np.arange(size)
        self._gathered: Array | None = None
        self._scale = None if np.all(np.equal(scale, 1)) else np.asarray(scale, dtype)
        self._shift = None if not np.any(shift) else np.asarray(shift, dtype)

    def fill(self, X: Array, labels: IntArray, order: IntArray | None, start: int, batches: int) -> None:
        """Put samples from place `start` of the order on (None: as they stand) into the first batches."""
        count = batches * self.size
        rows = slice(start, start + count)
        x, y = self._rows[:count], self._labels.reshape(-1)[:count]
        if order is None:
            np.copyto(x, X[rows], casting="unsafe")
            y[...] = labels[rows]
        else:
            if self._gathered is None or self._gathered.dtype != X.dtype:
                straight = X.dtype == x.dtype and x.flags.c_contiguous
                self._gathered = self._rows if straight else np.empty(self._rows.shape, X.dtype)
            # "clip" writes straight into `out`; "raise" would go through a buffer.
            chosen = X.take(order[rows], 0, self._gathered[:count], "clip")
            if self._gathered is not self._rows:
                np.copyto(x, chosen, casting="unsafe")
            labels.take(order[rows], 0, y, "clip")
        if self._scale is not None:
            np.multiply(x, self._scale, x)
        if self._shift is not None:
            np.add(x, self._shift, x)
        self._fill_targets(self.T[:batches], self.right[:batches], self._labels[:batches])

    def _fill_targets(self, T: Array, right: npt.NDArray[np.bool_], labels: IntArray) -> None:
        if T.shape[1] == 1:
            np.copyto(T[:, 0], labels)
            np.copyto(right[:, 0], labels, casting="unsafe")
            return
        # The place of each 1 in T: in its batch and column, as many rows down as the label says.
        places = np.multiply(labels, self.size, labels)
        np.add(places, self._corners[: len(T)], places)
        for array in (T, right):
            array.fill(0)
            array.put(places, 1, "clip")
