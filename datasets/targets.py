"""What a sample's right answer is: a class, or real numbers. Told by the values where nobody says it."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .base import DataError, quote
from .labels import encode_labels, too_many_classes

TASKS = ("auto", "classification", "regression")

FEW_ROWS = 10
"""Rows a value on average, below which many whole numbers with gaps between them are taken as numbers."""
FEW_VALUES = 20


class Targets(NamedTuple):
    """y: int64 (n,) with its class_names, or float64 (n,) or (n, k) without. guessed: how the task was found."""

    task: str
    y: NDArray[Any]
    class_names: tuple[str, ...] = ()
    guessed: str = ""


def check_task_option(task: object, source: str) -> str:
    """The option `task`. Raises DataError for another word."""
    if not isinstance(task, str) or task not in TASKS:
        raise DataError(f"task: expected one of {', '.join(TASKS)}; received {quote(task)}", source=source)
    return task


def read_targets(values: NDArray[Any], *, task: str, source: str, what: str = "y") -> Targets:
    """Targets from an array: labels (n,) or (n, 1), one-hot rows (n, C), or real numbers (n,) or (n, k).

    task "auto": real numbers, and whole ones of which there are far too many to be classes, are a regression;
    text never is. Raises DataError, for a regression also where a number is missing or all are the same.
    """
    flat = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    guessed = ""
    if task == "auto":
        task, guessed = guess_task(flat)
    if task == "classification":
        return Targets(task, *encode_labels(flat, source=source, what=what), guessed)
    if flat.dtype.kind not in "biuf" or flat.ndim not in (1, 2):
        raise DataError(
            f"{what}: a regression needs numbers, (n,) or (n, k); received {flat.dtype} of shape {flat.shape}",
            source=source,
        )
    y = flat.astype(np.float64)
    unusable = ~np.isfinite(y)
    if unusable.any():
        row = int(unusable.reshape(len(y), -1).any(axis=1).argmax())
        raise DataError(f"{what} holds nan or inf in row {row}: correct it, or leave the row out", source=source)
    refuse_constant(y, source, what)
    return Targets(task, y, guessed=guessed)


def guess_task(values: NDArray[Any]) -> tuple[str, str]:
    """(task, how it was found) for targets of any kind; what is not finite does not count."""
    kind = values.dtype.kind
    if kind not in "iuf" or values.ndim not in (1, 2):
        return "classification", ""
    numbers = values[np.isfinite(values)] if kind == "f" else values.ravel()
    if kind == "f" and (numbers != np.floor(numbers)).any():
        return "regression", "regression: real numbers"
    if values.ndim == 2:
        return "classification", "classification: one-hot rows"
    distinct = np.unique(numbers)
    n, count = len(values), len(distinct)
    gaps = count > 0 and distinct[-1] - distinct[0] >= count
    if too_many_classes(count, n) or (count > FEW_VALUES and n < FEW_ROWS * count and gaps):
        return "regression", f"regression: {count:,} different numbers"
    return "classification", f"classification: {count:,} whole numbers"


def refuse_constant(y: NDArray[np.float64], source: str, what: str) -> None:
    """Raise DataError where real targets (n,) or (n, k) hold nothing to learn."""
    if len(y) < 2:
        raise DataError(f"{what} has a single row: there is nothing to learn from it", source=source)
    if np.any(y.min(axis=0) == y.max(axis=0)):
        raise DataError(f"{what} has the same number in all {len(y):,} rows: nothing is to be learnt", source=source)
