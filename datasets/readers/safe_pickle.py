"""Pickles of (X, y), read by the restricted unpickler: from its plain values to parts."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..assemble import Part, assemble
from ..base import DataError, Dataset
from .files import read_bytes, sha256, unpacked
from .named import parts_by_name
from .unpickler import PickledArray, Refused, loads

MAX_LIST_NUMBERS = 20_000_000  # a list may name one row again and again: bound what it unfolds to


def read_pickle(path: Path, source: str, *, missing: str, task: str = "auto") -> Dataset:
    """Load (X, y), ((X, y), (X_test, y_test)), three such pairs, or a dict with X and y; .gz too.

    Raises DataError for anything else, and for a file that names anything but arrays and plain values.
    """
    data = read_bytes(path, source)
    content = loads(unpacked(data, source), source)
    try:
        parts, guessed = _parts(content, source)
    except Refused as refused:
        raise DataError(str(refused), source=source) from None
    return assemble(parts, source=source, sha256=sha256(data), missing=missing, task=task, guessed=guessed)


def _parts(content: Any, source: str) -> tuple[dict[str, Part], dict[str, str]]:
    if isinstance(content, dict):
        arrays = {_text(name): value for name, value in content.items() if isinstance(name, str | bytes)}
        return parts_by_name({name: _array(v) for name, v in arrays.items() if _is_array(v)}, source)
    if not isinstance(content, tuple | list) or not 2 <= len(content) <= 3:
        raise DataError(
            f"holds {_in_words(content)}: expected a tuple (X, y), pairs ((X, y), (X_test, y_test)), "
            "or a dict with X and y",
            source=source,
        )
    names = ("train", "test") if len(content) == 2 else ("train", "validation", "test")
    if all(isinstance(pair, tuple | list) and len(pair) == 2 and all(map(_is_array, pair)) for pair in content):
        pairs = [(_array(pair[0]), _array(pair[1])) for pair in content]
        # A list of two lists may also be X with two rows; then its "X" are flat.
        if all(X.ndim > 1 for X, _ in pairs):
            return {name: Part(*pair) for name, pair in zip(names, pairs, strict=True)}, {}
    if len(content) == 2 and all(map(_is_array, content)):
        return {"train": Part(_array(content[0]), _array(content[1]))}, {}
    raise DataError(f"holds {_in_words(content)}: expected (X, y) or ((X, y), (X_test, y_test))", source=source)


def _is_array(value: Any) -> bool:
    return isinstance(value, PickledArray | list)


def _array(value: Any) -> NDArray[Any]:
    """An array from its stand-in, or from a list of numbers, of strings, or of rows of numbers."""
    if isinstance(value, PickledArray):
        return value.array()
    if not value:
        return np.empty(0)
    if all(isinstance(v, bytes | str) for v in value):
        text = [_text(v) for v in value]
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
    if sum(row.size for row in rows) > MAX_LIST_NUMBERS:
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


def _text(value: str | bytes) -> str:
    return value.decode("latin1") if isinstance(value, bytes) else value


def _in_words(content: Any) -> str:
    if isinstance(content, PickledArray):
        return "one array"
    if isinstance(content, tuple | list):
        return f"a {type(content).__name__} of {len(content)}"
    return f"a value of type {type(content).__name__}"
