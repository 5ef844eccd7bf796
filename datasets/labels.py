"""From labels as they stand in a file to class indices 0 .. C - 1."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import DataError, one_line, quote

MAX_CLASSES = 1000

Classes = tuple[NDArray[np.int64], tuple[str, ...]]


def encode_labels(values: NDArray[Any], *, source: str, what: str = "y") -> Classes:
    """(y, class_names) of labels (n,) or (n, 1), or of one-hot rows (n, C).

    Labels may be whole numbers (of any dtype), booleans or strings. The classes stand in the order of the
    numbers, or in alphabetical order; one-hot rows keep their columns as classes.
    Raises DataError for real numbers, for one class only, and for so many that they can be no classes.
    """
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim == 2:
        return _from_one_hot(values, source, what)
    if values.ndim != 1:
        raise DataError(f"{what}: expected labels of shape (n,), received shape {values.shape}", source=source)
    kind = values.dtype.kind
    if kind == "S":
        values, kind = np.array([bytes(v).decode("latin-1") for v in values]), "U"
    if kind == "U":
        values = values.astype(values.dtype.newbyteorder("="), order="C")
        if values.size and values.dtype.itemsize and values.view(np.uint32).max() > 0x10FFFF:
            raise DataError(f"{what} holds text that is damaged: no such characters exist", source=source)
    if kind not in "biufU":
        raise DataError(f"{what}: expected labels as numbers or text, received {values.dtype} values", source=source)
    distinct, y = np.unique(values, return_inverse=True)
    if kind == "f":
        _check_whole(distinct, source, what)
    _check_count(len(distinct), len(values), source, what)
    names = [one_line(str(v)) if kind == "U" else _number_name(v) for v in distinct]
    return y.astype(np.int64), tuple(names)


def encode_cells(cells: Sequence[str], *, decimal_comma: bool, source: str, what: str) -> Classes:
    """(y, class_names) of the cells of a text table: as numbers if every cell is one, else as strings."""
    numbers: dict[str, float] = {}
    for cell in set(cells):
        try:
            number = float(cell.replace(",", ".") if decimal_comma else cell)
        except ValueError:
            return _from_text(cells, source, what)
        if "_" in cell or not math.isfinite(number):  # Python reads 1_000 as a number; a table does not mean it
            return _from_text(cells, source, what)
        numbers[cell] = number
    return encode_labels(np.array([numbers[cell] for cell in cells], dtype=np.float64), source=source, what=what)


def _from_text(cells: Sequence[str], source: str, what: str) -> Classes:
    """Through the distinct ones: an array of all cells would be as wide as the longest of them."""
    distinct = sorted(set(cells))
    _check_count(len(distinct), len(cells), source, what)
    index = {cell: k for k, cell in enumerate(distinct)}
    y = np.fromiter((index[cell] for cell in cells), np.int64, len(cells))
    return y, tuple(map(one_line, distinct))


def _from_one_hot(values: NDArray[Any], source: str, what: str) -> Classes:
    if values.dtype.kind not in "biuf" or values.shape[1] == 0:
        raise DataError(
            f"{what}: expected labels or one-hot rows of numbers, received {values.dtype} of shape {values.shape}",
            source=source,
        )
    wrong = np.flatnonzero(((values != 0) & (values != 1)).any(axis=1) | (np.count_nonzero(values, axis=1) != 1))
    if len(wrong):
        raise DataError(
            f"{what}: expected one-hot rows (a single 1, else 0), but row {wrong[0]} is not one: "
            "give labels of shape (n,)",
            source=source,
        )
    y = values.argmax(axis=1).astype(np.int64)
    _check_count(len(np.unique(y)), len(y), source, what)
    return y, tuple(str(k) for k in range(values.shape[1]))


def _check_whole(distinct: NDArray[Any], source: str, what: str) -> None:
    if not np.isfinite(distinct).all():
        raise DataError(f"{what} holds nan or inf among its labels: leave those rows out", source=source)
    if (distinct != np.floor(distinct)).any():
        raise DataError(
            f"{what} holds real numbers ({len(distinct):,} different), which are no classes: "
            "set task=regression, or choose a class column with target=NAME",
            source=source,
        )


def _check_count(classes: int, n: int, source: str, what: str) -> None:
    if classes < 2:
        only = "no label" if classes == 0 else f"the same label in all {n:,} rows" if n > 1 else "a single row"
        raise DataError(f"{what} has {only}: there must be two classes or more to tell apart", source=source)
    if too_many_classes(classes, n):
        raise DataError(
            f"{what} has {classes:,} different values in {n:,} rows, too many to be classes: "
            "choose a class column with target=NAME",
            source=source,
        )


def too_many_classes(different: int, n: int) -> bool:
    """Whether so many different values in n rows can be no classes."""
    return different > MAX_CLASSES or (n > 20 and 2 * different > n)


def _number_name(value: Any) -> str:
    number = float(value)
    if value.dtype.kind != "f":
        return str(int(value))
    return str(int(number)) if abs(number) < 1e15 else quote(number).strip("'")
