"""What every reader and generator hands over: a `Dataset`, or a `DataError` in one line of words."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_MESSAGE = 600


def one_line(text: str) -> str:
    """`text` with control characters, escapes and line ends shown literally (`\\x1b`, `\\n`).

    What a file holds may end up on a terminal; an escape sequence must not act there.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def quote(value: object, limit: int = 40) -> str:
    """`value` in single quotes, on one line, cut after `limit` characters."""
    text = one_line(str(value)[: limit + 1])
    return f"'{text[: limit - 1]}…'" if len(text) > limit else f"'{text}'"


def some_of(names: list[str], limit: int = 6) -> str:
    """The first names of a list, in words: `'a', 'b' and 3 more`."""
    shown = ", ".join(quote(name) for name in names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit:,} more"


class DataError(Exception):
    """Data that cannot be used. `str()` is one line: `<source>[:<line>]: <what is wrong, and what to do>`."""

    def __init__(self, message: str, *, source: str = "", line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.line = line

    def __str__(self) -> str:
        place = self.source if self.line is None else f"{self.source}:{self.line}"
        message = self.message
        if len(message) > MAX_MESSAGE:
            message = message[: MAX_MESSAGE - 1] + "…"
        return one_line(f"{place}: {message}" if place else message)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples and their right answers.

    X: (n, d), or (n, height, width[, channels]) for images. uint8 for images as pixels, else float64, with nan
    where a cell is missing.
    y: (n,) int64, class indices 0 .. n_classes - 1; for a regression real numbers, float64 (n,) or (n, k).
    class_names: the labels as the source wrote them; `class_names[y[i]]` is the label of sample i. Empty for a
    regression.
    task: "classification" or "regression". target_names: of a regression, a name for each number to predict.
    source: what the user named. sha256: of the file's bytes; for a folder, of its files' digests one after
    the other, in the order they were read; for a generator, of the bytes of X, then of y.
    parts: rows of the parts the source itself gives ("train", "validation", "test"); empty if it gives none.
    missing: cells of X without a value.
    guessed: what was guessed about the source, and how.
    categories: of each column of X that stands for text, by its number: the texts. X holds their places, 0, 1, ...
    """

    X: NDArray[Any]
    y: NDArray[Any]
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]
    source: str
    sha256: str
    parts: Mapping[str, range] = field(default_factory=dict)
    missing: int = 0
    guessed: Mapping[str, str] = field(default_factory=dict)
    task: str = "classification"
    target_names: tuple[str, ...] = ()
    categories: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    @property
    def n_samples(self) -> int:
        return len(self.X)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample."""
        return self.X.shape[1:]

    @property
    def n_features(self) -> int:
        """Numbers in one sample, flattened."""
        return math.prod(self.shape)

    @property
    def n_classes(self) -> int:
        return len(self.class_names)

    @property
    def n_answers(self) -> int:
        """What a network must tell of a sample: how likely each class is, or each number of a regression."""
        return self.n_classes if self.task == "classification" else math.prod(self.y.shape[1:])

    @property
    def class_counts(self) -> NDArray[np.int64]:
        """Samples of each class, (n_classes,)."""
        if self.task == "regression":
            return np.zeros(0, dtype=np.int64)
        return np.bincount(self.y, minlength=self.n_classes)

    @cached_property
    def constant_columns(self) -> int:
        """Features that have the same value in every sample where they are not missing."""
        return int(np.count_nonzero(np.fmin.reduce(self.X) == np.fmax.reduce(self.X)))

    def take(self, kept: NDArray[np.bool_]) -> "Dataset":
        """The samples that are `kept` (n,), in their order; the parts stay apart."""
        before = np.concatenate([[0], np.cumsum(kept)])
        parts = {name: range(int(before[rows.start]), int(before[rows.stop])) for name, rows in self.parts.items()}
        X = self.X[kept]
        missing = int(np.count_nonzero(np.isnan(X))) if self.missing else 0
        return replace(self, X=X, y=self.y[kept], parts=parts, missing=missing)

    def summary(self) -> dict[str, Any]:
        """The facts as plain values that JSON can hold; of a regression also its targets' figures."""
        table = {
            "samples": self.n_samples,
            "features": self.n_features,
            "shape": list(self.shape),
            "task": self.task,
            "classes": self.n_classes,
            "class_names": list(self.class_names),
            "class_counts": self.class_counts.tolist(),
            "parts": {name: len(rows) for name, rows in self.parts.items()},
            "missing": self.missing,
            "source": self.source,
            "sha256": self.sha256,
            "guessed": dict(self.guessed),
            "X_dtype": str(self.X.dtype),
            "y_dtype": str(self.y.dtype),
            "constant_columns": self.constant_columns,
        }
        if self.categories:
            table["categories"] = {self.feature_names[j]: list(texts) for j, texts in self.categories.items()}
        if self.task == "regression":
            table["targets"] = self._target_figures()
        return table

    def _target_figures(self) -> list[dict[str, Any]]:
        columns = self.y.reshape(self.n_samples, -1).T
        return [
            {
                "name": name,
                "min": float(column.min()),
                "max": float(column.max()),
                "mean": float(column.mean()),
                "deviation": float(column.std()),
            }
            for name, column in zip(self.target_names, columns, strict=True)
        ]


def square_image(X: NDArray[Any]) -> tuple[int, int] | None:
    """(side, side) if the rows of X (n, d) look like square grey images laid flat, else None.

    They do when d is a square of at least 8 x 8 and the first rows hold only values from 0 to 255, 0 among
    them (the background).
    """
    side = math.isqrt(X.shape[1])
    if side < 8 or side * side != X.shape[1]:
        return None
    first = X[:100]
    return (side, side) if first.min() == 0 and first.max() <= 255 else None


def array_sha256(X: NDArray[Any], y: NDArray[Any]) -> str:
    """sha256 of the bytes of X, then of y, both in C order."""
    digest = hashlib.sha256(np.ascontiguousarray(X).data)
    digest.update(np.ascontiguousarray(y).data)
    return digest.hexdigest()
