"""The last step of every reader: check the numbers, make the Dataset."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .base import DataError, Dataset, quote, square_image
from .targets import read_targets


class Part(NamedTuple):
    """One part as it stands in a file: X (n, ...) and labels (n,), (n, 1) or one-hot (n, C), or numbers (n, k)."""

    X: NDArray[Any]
    y: NDArray[Any]


def check_finite(X: NDArray[np.float64], names: Sequence[str], source: str, lines: Sequence[int] | None) -> int:
    """The number of missing cells (nan) in X (n, d). Raises DataError where one is infinite.

    lines: the line of the source each row stands on, if it has lines.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(X.sum()):
            return 0
    infinite = np.isinf(X)
    if infinite.any():
        row, column = divmod(int(infinite.argmax()), X.shape[1])
        raise DataError(
            f"{quote(names[column])} holds inf, or a number too large for float64"
            f"{'' if lines else f', in row {row}'}: correct it, or leave the cell empty",
            source=source,
            line=lines[row] if lines else None,
        )
    return int(np.count_nonzero(np.isnan(X)))


def words_for_missing(count: int, marks: Sequence[str] = ("nan",)) -> str:
    """How many cells are missing, and by which marks they were known, for the `guessed` of a Dataset."""
    return f"{count:,} cell{'s' * (count > 1)}: {', '.join(marks)}"


def assemble(
    parts: Mapping[str, Part],
    *,
    source: str,
    sha256: str,
    task: str = "auto",
    guessed: Mapping[str, str] | None = None,
    target: str = "y",
) -> Dataset:
    """A Dataset from arrays: the parts one below the other, labels encoded together. Raises DataError.

    task: "classification", "regression", or "auto" for what the targets look like. target: their name.
    """
    for name, part in parts.items():
        _check_part(name if len(parts) > 1 else "", part, source)
    X = _stack([part.X for part in parts.values()], "X", source)
    targets = read_targets(_stack_labels([p.y for p in parts.values()], source), task=task, source=source, what=target)
    y = targets.y
    notes = {**(guessed or {}), **({"task": targets.guessed} if targets.guessed else {})}
    sizes = [len(part.X) for part in parts.values()]
    names = tuple(f"x{j}" for j in range(int(np.prod(X.shape[1:]))))
    count = 0
    if X.dtype != np.uint8:
        flat = X.reshape(len(X), -1)
        count = check_finite(flat, names, source, None)
        if count:
            without = np.flatnonzero(np.isnan(flat).all(axis=0))
            if len(without):
                raise DataError(f"{quote(names[without[0]])} has no value in any row: leave it out", source=source)
            notes["missing"] = words_for_missing(count)
    ends = np.cumsum(sizes).tolist()
    ranges = {name: range(end - size, end) for name, size, end in zip(parts, sizes, ends, strict=True)}
    return Dataset(
        X=X,
        y=y,
        feature_names=names,
        class_names=targets.class_names,
        source=source,
        sha256=sha256,
        parts=ranges if len(ranges) > 1 else {},
        missing=count,
        guessed=notes,
        task=targets.task,
        target_names=target_names(target, y) if targets.task == "regression" else (),
    )


def target_names(name: str, y: NDArray[Any]) -> tuple[str, ...]:
    """A name for each number of a regression's targets (n,) or (n, k): "y", or "y0", "y1" ..."""
    return (name,) if y.ndim == 1 else tuple(f"{name}{j}" for j in range(y.shape[1]))


def _check_part(name: str, part: Part, source: str) -> None:
    of = f" of {name}" if name else ""
    X, y = part
    if X.dtype.kind not in "biuf":
        raise DataError(f"X{of} holds {X.dtype} values, not numbers", source=source)
    if not 2 <= X.ndim <= 4:
        raise DataError(f"X{of}: expected shape (n, features) or (n, height, width), received {X.shape}", source=source)
    if y.ndim == 0 or len(X) != len(y):
        rows = "a single value" if y.ndim == 0 else f"{len(y):,} labels"
        raise DataError(f"X{of} has {len(X):,} rows, y has {rows}: there must be one label a row", source=source)
    if X.size == 0:
        raise DataError(f"X{of} is empty, shape {X.shape}", source=source)


def _stack(arrays: list[NDArray[Any]], what: str, source: str) -> NDArray[Any]:
    """The arrays one below the other: uint8 if they are images as pixels, else float64."""
    shapes = {a.shape[1:] for a in arrays}
    if len(shapes) > 1:
        each = ", ".join(str(a.shape) for a in arrays)
        raise DataError(f"the parts do not fit together: {what} has shapes {each}", source=source)
    pixels = all(a.dtype == np.uint8 for a in arrays) and (arrays[0].ndim > 2 or square_image(arrays[0]) is not None)
    # C order: what is hashed, flattened and cut into batches later runs along the rows.
    dtype = np.uint8 if pixels else np.float64
    if len(arrays) == 1:
        only = np.ascontiguousarray(arrays[0], dtype=dtype)
        return only if only.flags.writeable else only.copy()
    return np.concatenate(arrays, dtype=dtype, casting="unsafe")


def _stack_labels(arrays: list[NDArray[Any]], source: str) -> NDArray[Any]:
    flat = [a[:, 0] if a.ndim == 2 and a.shape[1] == 1 else a for a in arrays]
    if len({(a.shape[1:], a.dtype.kind in "US") for a in flat}) > 1:
        raise DataError("the labels of the parts are not of one form: give them alike", source=source)
    return np.concatenate(flat) if len(flat) > 1 else flat[0]
