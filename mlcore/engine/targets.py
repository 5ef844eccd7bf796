"""What a batch should give: labels as one-hot columns, or the numbers of a regression."""

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array, IntArray
from mlcore.losses import Loss, as_labels, check_range


class Targets:
    """Room for the targets of some batches of `size` samples.

    T: (batches, outputs, size): one-hot, the label itself where there is one output, or the numbers of a regression
    (`real`). right: what is one-hot as booleans. unit: what stands in T for the one of several classes that is right.
    """

    unit = 1.0

    def __init__(self, outputs: int, size: int, batches: int, dtype: np.dtype[np.floating], *, real: bool) -> None:
        self.size, self.real = size, real
        self.T = np.zeros((batches, outputs, size), dtype)
        self.right: npt.NDArray[np.bool_] = np.zeros((0,) if real else self.T.shape, bool)
        self._taken: Array = np.zeros((batches * size, outputs), dtype) if real else np.zeros(batches * size, np.int64)
        self._corners = np.arange(batches)[:, None] * (outputs * size) + np.arange(size)

    def fill(self, y: Array, rows: slice | IntArray, batches: int) -> None:
        """Put these rows of y (n,) or (n, outputs), of the type that `take_targets` gives, into the first batches."""
        taken = self._taken[: batches * self.size]
        if isinstance(rows, slice):
            taken[...] = y[rows]
        else:
            y.take(rows, 0, taken, "clip")  # "clip" writes straight into `out`; "raise" would go through a buffer
        if self.real:
            self.T[:batches] = taken.reshape(batches, self.size, -1).transpose(0, 2, 1)
        else:
            self._fill_labels(self.T[:batches], self.right[:batches], taken.reshape(batches, self.size))

    def _fill_labels(self, T: Array, right: npt.NDArray[np.bool_], labels: IntArray) -> None:
        if T.shape[1] == 1:
            np.copyto(T[:, 0], labels)
            np.copyto(right[:, 0], labels, casting="unsafe")
            return
        # The place of each 1 in T: in its batch and column, as many rows down as the label says.
        places = np.multiply(labels, self.size, labels)
        np.add(places, self._corners[: len(T)], places)
        for array, one in ((T, self.unit), (right, True)):
            array.fill(0)
            array.put(places, one, "clip")


def take_targets(loss: Loss, y: Array, outputs: int, dtype: np.dtype[np.floating]) -> Array:
    """y as `Targets` takes it: labels (n,) int64, or for a regression numbers (n, outputs) in the network's dtype.

    Raises ValueError where the fast form has no use for it.
    """
    if loss.task == "regression":
        if y.size != len(y) * outputs:
            raise ValueError(f"y has shape {y.shape}: one number an output, and there are {outputs}")
        return np.ascontiguousarray(y.reshape(len(y), outputs), dtype)
    labels = as_labels(y)
    if y.ndim == 2 and y.shape[1] > 1:
        rows = labels[:, None] == np.arange(y.shape[1])
        if y.shape[1] != outputs or not np.array_equal(y, rows):
            raise ValueError("the rows of y are not one-hot")
    check_range(labels, max(2, outputs))
    return labels
