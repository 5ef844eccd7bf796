"""The values of a pickle as arrays: from stand-ins, and from lists of numbers, of strings or of rows."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .files import read_bytes, sha256, unpacked
from .named import Form
from .stand_ins import PickledArray, Refused
from .unpickler import loads

# A list may name one row again and again: bound what it unfolds to.
MAX_LIST_NUMBERS = 5_000_000  # in lists of Python's numbers or in text
MAX_ROW_NUMBERS = 1 << 27  # in lists of arrays


def load_plain(path: Path, source: str) -> tuple[Any, str]:
    """(what the pickle in a file holds, sha256 of the file). Raises DataError.

    The bytes of the file are let go on return: a large array is then held once.
    """
    data = read_bytes(path, source)
    digest = sha256(data)
    return loads(unpacked(data, source), source), digest


def is_array(value: Any) -> bool:
    """Whether the value may be an array: one, or a list."""
    return isinstance(value, PickledArray | list)


def form_of(value: Any) -> Form | None:
    """Shape and type of an array that need not be good; None for a list that is none."""
    if isinstance(value, PickledArray):
        return Form(*value.form())
    if not value:
        return None
    first = value[0]
    if isinstance(first, str | bytes):
        return Form((len(value),), "U")
    if isinstance(first, PickledArray):
        shape, kind = first.form()
        return Form((len(value), *shape), kind)
    if isinstance(first, list | tuple):
        return Form((len(value), len(first)), "f")
    return Form((len(value),), "f") if isinstance(first, int | float) else None


def axes_of(value: Any) -> int:
    form = form_of(value)
    return len(form.shape) if form else 0


def _is_array(value: Any) -> bool:
    return isinstance(value, PickledArray | list)


def as_array(value: Any) -> NDArray[Any]:
    """An array from its stand-in, or from a list of numbers, of strings, or of rows of numbers."""
    if isinstance(value, PickledArray):
        return value.array()
    if not value:
        return np.empty(0)
    if all(isinstance(v, bytes | str) for v in value):
        text = [as_text(v) for v in value]
        if len(text) * max(map(len, text)) > MAX_LIST_NUMBERS:
            raise Refused("it holds too much text in one list")
        return np.array(text)
    if all(type(v) in (int, float, bool) for v in value):
        return _numbers(value)
    if all(isinstance(v, PickledArray) for v in value):
        rows = [v.array() for v in value]
    elif all(isinstance(v, list | tuple) for v in value):
        if sum(map(len, value)) > MAX_LIST_NUMBERS:
            raise Refused("it holds a list of too many numbers: save an array instead")
        if not all(type(v) in (int, float, bool) for row in value for v in row):
            raise Refused("it holds a list of other things than numbers")
        rows = [_numbers(row) for row in value]
    else:
        raise Refused("it holds a list of other things than numbers")
    if len({row.shape for row in rows}) > 1:
        raise Refused("it holds a list of rows of different lengths")
    if sum(row.size for row in rows) > MAX_ROW_NUMBERS:
        raise Refused("it holds a list of too many numbers: save an array instead")
    return np.stack(rows)


def _numbers(values: list[Any] | tuple[Any, ...]) -> NDArray[Any]:
    try:
        numbers = np.array(values)
    except OverflowError:
        numbers = np.empty(0, dtype=object)
    if numbers.dtype.kind not in "biuf":
        raise Refused("it holds whole numbers beyond 64 bits")
    return numbers


def as_text(value: str | bytes) -> str:
    return value.decode("latin1") if isinstance(value, bytes) else value
