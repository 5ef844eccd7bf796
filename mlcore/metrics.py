"""Figures that compare labels with predictions."""

import numpy as np
import numpy.typing as npt

from mlcore._typing import IntArray
from mlcore.labels import as_labels, check_range


def accuracy(y: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    """The share of right predictions, 0..1 (nan without samples). Labels (n,) or one-hot rows (n, C).

    Raises ValueError where there are not as many of both, or a label is no whole number.
    """
    y, predicted = _pair(y, predicted)
    return float(np.mean(y == predicted)) if y.size else float("nan")


def confusion_matrix(y: npt.ArrayLike, predicted: npt.ArrayLike, num_classes: int) -> IntArray:
    """C (num_classes, num_classes): C[i, j] samples of the true class i were predicted as j.

    y, predicted: labels (n,) or one-hot rows (n, num_classes). Raises ValueError as `accuracy`, and for a label out of
    range.
    """
    y, predicted = _pair(y, predicted)
    check_range(y, num_classes)
    check_range(predicted, num_classes)
    counts = np.bincount(y * num_classes + predicted, minlength=num_classes**2)
    return counts.reshape(num_classes, num_classes).astype(np.int64, copy=False)


def r2_score(y: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    """R^2 = 1 - sum (y - predicted)^2 / sum (y - mean y)^2: 1 is perfect, 0 no better than the mean of y.

    y and predicted (n,) or (n, k), in any units; with k columns the mean of their R^2, as
    sklearn.metrics.r2_score. A column that is constant counts as 1 where it is met exactly, else as 0. nan for
    fewer than two samples. Raises ValueError where the shapes differ.
    """
    true, guessed = np.asarray(y, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    true, guessed = true.reshape(len(true), -1), guessed.reshape(len(guessed), -1)
    if true.shape != guessed.shape:
        raise ValueError(f"y has shape {np.shape(y)}, the predictions {np.shape(predicted)}")
    return r2_from_errors(((true - guessed) ** 2).sum(axis=0), true)


def r2_from_errors(squared_errors: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """R^2 from the sum of squared errors of each column (k,), for targets y (n,) or (n, k)."""
    true = np.asarray(y, dtype=np.float64)
    true = true.reshape(len(true), -1)
    if len(true) < 2:
        return float("nan")
    errors = np.asarray(squared_errors, dtype=np.float64)
    spread = ((true - true.mean(axis=0)) ** 2).sum(axis=0)
    share = errors / np.where(spread > 0, spread, 1)
    return float(np.mean(np.where(spread > 0, 1 - share, np.where(errors > 0, 0.0, 1.0))))


def _pair(y: npt.ArrayLike, predicted: npt.ArrayLike) -> tuple[IntArray, IntArray]:
    true, guessed = as_labels(y), as_labels(predicted)
    if len(true) != len(guessed):
        raise ValueError(f"there are {len(true)} labels and {len(guessed)} predictions")
    return true, guessed
