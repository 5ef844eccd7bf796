"""From the columns of a Dataset to numbers without gaps: missing ones filled in, text as columns of 0 and 1."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .base import DataError
from .imputation import Imputation, fit_imputation
from .one_hot import OneHot, fit_one_hot


@dataclass(frozen=True, eq=False)
class Encoding:
    """X (n, d) as a Dataset holds it -> (n, len(feature_names)), each text column's 0 and 1 in its place.

    sources: the columns of numbers, the columns of text. targets: where each of their columns goes.
    """

    imputation: Imputation
    one_hot: OneHot
    sources: tuple[NDArray[np.int64], NDArray[np.int64]]
    targets: tuple[NDArray[np.int64], NDArray[np.int64]]
    feature_names: tuple[str, ...]

    @property
    def numbers(self) -> NDArray[np.int64]:
        """The columns, after the encoding, that are numbers and not 0 and 1 for a text."""
        return self.targets[0]

    def __call__(self, X: ArrayLike, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """Raises DataError for another number of features."""
        X = np.asarray(X)
        d = sum(map(len, self.sources))
        if X.ndim != 2 or X.shape[1] != d:
            raise DataError(f"encoding: expected shape (n, {d}), received {X.shape}")
        if not len(self.sources[1]):
            return self.imputation(X, dtype)
        out = np.empty((len(X), len(self.feature_names)), dtype)
        out[:, self.targets[0]] = self.imputation(X[:, self.sources[0]], dtype)
        out[:, self.targets[1]] = self.one_hot(X[:, self.sources[1]], dtype)
        return out


def fit_encoding(
    how: str, X_train: ArrayLike, names: Sequence[str], categories: Mapping[int, Sequence[str]]
) -> Encoding:
    """Fit "mean" or "median" for the missing numbers, and the categories, on X_train (n, d) of a Dataset.

    names, categories: those of the Dataset. Raises DataError as `fit_imputation` and `fit_one_hot` do.
    """
    X = np.asarray(X_train)
    text = np.array(sorted(categories), dtype=np.int64)
    numbers = np.setdiff1d(np.arange(X.shape[1]), text)
    one_hot = fit_one_hot(X[:, text], [names[j] for j in text], [categories[j] for j in text.tolist()])
    if len(numbers):
        imputation = fit_imputation(how, X[:, numbers], [names[j] for j in numbers])
    else:
        imputation = Imputation(how, np.empty(0))
    # Behind each column of 0 and 1 stands that of its text: a stable sort puts all where they came from.
    widths = [int(np.count_nonzero(places >= 0)) for places in one_hot.places]
    origin = np.concatenate([numbers, np.repeat(text, widths)])
    order = np.argsort(origin, kind="stable")
    target = np.empty(len(order), dtype=np.int64)
    target[order] = np.arange(len(order))
    unsorted = [*(names[j] for j in numbers), *one_hot.feature_names]
    return Encoding(
        imputation,
        one_hot,
        (numbers, text),
        (target[: len(numbers)], target[len(numbers) :]),
        tuple(unsorted[k] for k in order),
    )
