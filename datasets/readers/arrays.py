"""What the readers of arrays share: values read in pieces, and the way from named arrays to a Dataset."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .. import progress
from ..assemble import Part, assemble
from ..base import DataError, Dataset, one_line
from .files import MAX_FILE, PIECE
from .named import Chosen

MAX_NUMBERS = MAX_FILE // 8  # in one array; each may become a float64
MAX_NAMES = 100_000  # in a list that names the classes or the features


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_array(
    file: _Readable, shape: tuple[int, ...], dtype: np.dtype[Any], *, fortran_order: bool, what: str, source: str
) -> NDArray[Any]:
    """The values of one array, from where `file` stands, straight into memory of their own. Raises DataError.

    The caller has checked with `check_size` that the file may hold as many.
    """
    raw = np.empty(math.prod(shape) * dtype.itemsize, dtype=np.uint8)
    filled = 0
    while filled < len(raw):
        piece = file.read(min(PIECE, len(raw) - filled))
        if not piece:
            raise DataError(
                f"{what} is cut short: its header promises shape {words_for(shape)} ({len(raw):,} bytes), "
                f"{filled:,} bytes follow",
                source=source,
            )
        raw[filled : filled + len(piece)] = np.frombuffer(piece, dtype=np.uint8)
        filled += len(piece)
        progress.tell(filled, len(raw))
    flat = raw.view(dtype) if len(raw) else np.empty(math.prod(shape), dtype=dtype)
    return flat.reshape(shape, order="F" if fortran_order else "C")


def words_for(shape: tuple[int, ...]) -> str:
    """A shape as an error says it, however long."""
    return str(shape) if len(shape) <= 6 else f"({', '.join(map(str, shape[:6]))}, … {len(shape)} axes)"


def check_size(shape: tuple[int, ...], dtype: np.dtype[Any], available: int, what: str, source: str) -> None:
    """Raise DataError if `available` bytes cannot hold an array, or if it is larger than this program reads."""
    if len(shape) > 32 or any(length < 0 or length > MAX_FILE for length in shape):
        raise DataError(f"{what} has an impossible shape: {words_for(shape)}", source=source)
    size = math.prod(shape) * dtype.itemsize
    if size > available:
        raise DataError(
            f"{what} is cut short or damaged: its header promises shape {words_for(shape)} ({size:,} bytes), "
            f"{available:,} are there",
            source=source,
        )
    if math.prod(shape) > MAX_NUMBERS:
        raise DataError(f"{what} holds more numbers than this program reads ({MAX_NUMBERS:,})", source=source)


def dataset_of(chosen: Chosen, read: Callable[[str], NDArray[Any]], *, source: str, sha256: str, **how: Any) -> Dataset:
    """The Dataset of the arrays that were chosen, each of them `read` by its name. Raises DataError.

    how: the reader's options that `assemble` takes, such as `task`.
    """
    guessed = dict(chosen.guessed)
    parts = {part: Part(read(X), read(y)) for part, (X, y) in chosen.pairs.items()}
    turned = {part: samples_first(pair) for part, pair in parts.items()}
    if any(turned[part] is not parts[part] for part in parts):
        guessed["axes"] = "samples or labels stood along the last axis: turned to (n, ...)"
    del parts
    if all(channels_first(pair.X) for pair in turned.values()):
        turned = {part: Part(channels_last(pair.X), pair.y) for part, pair in turned.items()}
        guessed["channels"] = "stood first (n, channels, height, width): turned to last"
    names = _texts(read(chosen.class_names)) if chosen.class_names else []
    features = _texts(read(chosen.feature_names)) if chosen.feature_names else []
    data = assemble(turned, source=source, sha256=sha256, guessed=guessed, **how)
    return with_feature_names(with_class_names(data, names), features)


def samples_first(part: Part) -> Part:
    """The part with its samples along the first axis, if labels (n,), (1, n) or (C, n) show that they stand last."""
    X, y = part
    if X.ndim < 2 or y.ndim not in (1, 2):
        return part
    n = X.shape[-1]
    if y.shape == (1, X.shape[0]) != (1, 1):
        return Part(X, y.T)
    if y.ndim == 2 and y.shape[1] == n > y.shape[0] != X.shape[0]:
        return Part(np.moveaxis(X, -1, 0), y.T)
    if y.shape[0] == n != X.shape[0]:
        return Part(np.moveaxis(X, -1, 0), y)
    return part


def channels_first(X: NDArray[Any]) -> bool:
    """Whether X (n, channels, height, width) can only be images with their channels first."""
    return X.ndim == 4 and X.shape[1] in (1, 3) and X.shape[3] not in (1, 3, 4) and min(X.shape[2:]) >= 4


def channels_last(X: NDArray[Any]) -> NDArray[Any]:
    """X (n, channels, height, width) as (n, height, width, channels), as (n, height, width) if grey."""
    return X[:, 0] if X.shape[1] == 1 else np.moveaxis(X, 1, -1)


def with_class_names(data: Dataset, names: list[str]) -> Dataset:
    """The Dataset with names for classes that are numbered from 0 or from 1; as it was where they do not fit."""
    if not data.class_names or len(names) < data.n_classes or len(set(names)) < len(names):
        return data
    numbers = [int(name) if name.isascii() and name.isdecimal() else -1 for name in data.class_names]
    first = 1 if min(numbers) == 1 and max(numbers) == len(names) else 0
    if min(numbers) < first or max(numbers) - first >= len(names):
        return data
    return replace(data, class_names=tuple(one_line(names[number - first]) for number in numbers))


def with_feature_names(data: Dataset, names: list[str]) -> Dataset:
    """The Dataset with these names for its features; as it was where they do not fit."""
    if len(names) != data.n_features or len(set(names)) < len(names):
        return data
    return replace(data, feature_names=tuple(map(one_line, names)))


def _texts(values: NDArray[Any]) -> list[str]:
    """The strings of a list of names; [] if it holds none, or far too many."""
    if values.ndim != 1 or values.dtype.kind not in "US" or len(values) > MAX_NAMES:
        return []
    try:
        return [v.decode("latin1") if isinstance(v, bytes) else str(v) for v in values.tolist()]
    except (UnicodeError, ValueError):  # characters that do not exist
        return []
