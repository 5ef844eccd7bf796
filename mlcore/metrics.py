"""Figures that compare labels with predictions."""

import numpy as np
import numpy.typing as npt

from mlcore._typing import IntArray
from mlcore.losses import as_labels, check_range


def accuracy(y: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    """The share of right predictions, 0..1 (nan without samples). Labels (n,) or one-hot rows (n, C)."""
    y, predicted = _pair(y, predicted)
    return float(np.mean(y == predicted)) if y.size else float("nan")


def confusion_matrix(y: npt.ArrayLike, predicted: npt.ArrayLike, num_classes: int) -> IntArray:
    """C (num_classes, num_classes): C[i, j] samples of the true class i were predicted as j."""
    y, predicted = _pair(y, predicted)
    check_range(y, num_classes)
    check_range(predicted, num_classes)
    counts = np.bincount(y * num_classes + predicted, minlength=num_classes**2)
    return counts.reshape(num_classes, num_classes).astype(np.int64, copy=False)


def _pair(y: npt.ArrayLike, predicted: npt.ArrayLike) -> tuple[IntArray, IntArray]:
    true, guessed = as_labels(y), as_labels(predicted)
    if len(true) != len(guessed):
        raise ValueError(f"there are {len(true)} labels and {len(guessed)} predictions")
    return true, guessed
