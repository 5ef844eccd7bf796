"""What the targets of a loss may look like: integers, one-hot rows, class probabilities, or numbers."""

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array, IntArray


def as_labels(y: npt.ArrayLike) -> IntArray:
    """Integer labels (n,) from integer labels (n,) or (n, 1), or from one-hot rows (n, C).

    Raises ValueError for labels that are not whole numbers.
    """
    y = np.asarray(y)
    labels: IntArray
    if y.ndim == 2 and y.shape[1] > 1:
        labels = y.argmax(axis=1)
        return labels
    labels = y.ravel().astype(np.int64, copy=False)
    if labels.dtype != y.dtype and not np.array_equal(labels, y.ravel()):
        raise ValueError("labels must be whole numbers")
    return labels


def one_hot(y: npt.ArrayLike, num_classes: int, dtype: npt.DTypeLike = np.float64) -> Array:
    """Rows of zeros with a 1 at the label: (n,) integers in 0..num_classes-1 become (n, num_classes).

    Raises ValueError for a label out of range.
    """
    labels = as_labels(y)
    check_range(labels, num_classes)
    rows = np.zeros((len(labels), num_classes), dtype=dtype)
    rows[np.arange(len(labels)), labels] = 1
    return rows


def check_range(labels: IntArray, num_classes: int) -> None:
    """Raise ValueError unless all labels lie in 0..num_classes-1."""
    if labels.size and (labels.min() < 0 or labels.max() >= num_classes):
        wrong = labels[(labels < 0) | (labels >= num_classes)][0]
        raise ValueError(
            f"label {wrong} is out of range: with {num_classes} classes, labels lie in 0..{num_classes - 1}"
        )


def are_probabilities(y: Array) -> bool:
    """Whether rows y (n, C) say more than one right class each: some row is not one-hot."""
    if y.ndim < 2 or y.shape[1] < 2:
        return False
    return bool(np.any(y.max(axis=1, initial=0) != 1) or np.count_nonzero(y) != len(y))
