"""From the rows of a data set to the inputs of a network: which rows go where, and what becomes of their columns."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from datasets import DataError, Dataset, Split, complete_rows, k_fold, split
from datasets.components import Components, fit_components
from datasets.encoding import Encoding, fit_encoding
from datasets.expansions import Expansion, fit_expansion
from datasets.pipeline import Pipeline
from datasets.transforms import Scale, fit_scale
from tui.lab.spec import Spec

Rows = NDArray[Any]
"""(n, d), nan where a number is missing, codes where a column is text: as a Dataset holds them, flattened."""


def usable_rows(spec: Spec, dataset: Dataset) -> Dataset:
    """The data set without its rows that miss a number, where they are to be left out. Raises DataError."""
    if spec.data.missing != "drop" or not dataset.missing:
        return dataset
    kept = np.zeros(dataset.n_samples, dtype=bool)
    kept[complete_rows(dataset.X)] = True
    if not kept.any():
        raise DataError("every row has missing cells: set data.missing=mean", source=dataset.source)
    return dataset.take(kept)


def split_rows(spec: Spec, dataset: Dataset) -> Split:
    """The rows of each part. With folds, validation is one of them: of all rows that are not for the test.

    The test rows are the same for every fold, and without folds. Raises DataError as `split` and `k_fold` do.
    """
    data = spec.data
    if not data.folds:
        return split(dataset, test=data.test, validation=data.validation, stratify=data.stratify, seed=data.split_seed)
    parts = split(dataset, test=data.test, validation=0, stratify=data.stratify, seed=data.split_seed)
    rest = np.sort(np.concatenate([parts.train, parts.validation]))
    folds = k_fold(dataset, data.folds, stratify=data.stratify, seed=data.split_seed, rows=rest)
    fold = folds[min(data.fold, data.folds) - 1]
    return Split(train=fold.train, validation=fold.test, test=parts.test)


@dataclass(frozen=True, eq=False)
class Inputs:
    """What the columns go through on their way into the network, all of it fitted on the training part.

    First the gaps are filled, and text becomes columns of 0 and 1; then the numbers are scaled (the columns of 0
    and 1 stay); then come the principal components, which depend on the units, hence behind the scaling; last the
    expansions, so that squares and sines are of numbers about 1, and products of a few components, not of
    hundreds of columns.

    feature_names: of the network's inputs. view_names: of what is drawn: the components, else the columns.
    """

    encoding: Encoding | None
    scale: Scale
    components: Components | None
    expansion: Expansion | None
    feature_names: tuple[str, ...]
    view_names: tuple[str, ...]

    @property
    def plain(self) -> bool:
        """Whether the scale is all there is."""
        return self.encoding is None and self.components is None and self.expansion is None

    def __call__(self, X: Rows, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """(n, in_features). Raises DataError where a number becomes too large."""
        return self._all(X, dtype)

    def view(self, X: Rows) -> NDArray[Any]:
        """The rows as they are drawn (n, len(view_names)): as they are, or along the components."""
        return X if self.components is None else Pipeline(self._all.steps[: self._seen])(X)

    def from_view(self, points: ArrayLike, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """The network's inputs of points in what is drawn. Raises DataError as a call does."""
        if self.components is None:
            return self._all(points, dtype)
        return Pipeline(self._all.steps[self._seen :])(points, dtype)

    @cached_property
    def _all(self) -> Pipeline:
        steps = (self.encoding, self.scale, self.components, self.expansion)
        return Pipeline(tuple(step for step in steps if step is not None))

    @property
    def _seen(self) -> int:
        """Steps up to the components."""
        return 2 + (self.encoding is not None)


def fit_inputs(spec: Spec, dataset: Dataset, training: Rows) -> Inputs:
    """Fit on the training rows. Raises DataError for what the data does not allow."""
    names = column_names(dataset)
    encoding = None
    inputs: tuple[str, ...] = names
    X: NDArray[Any] = training
    if dataset.missing or dataset.categories:
        how = "mean" if spec.data.missing == "drop" else spec.data.missing
        encoding = fit_encoding(how, X, names, dataset.categories)
        X, inputs = encoding(X), encoding.feature_names
    numbers = encoding.numbers if encoding is not None else np.arange(X.shape[1])
    scale = _fit_scale(spec.data.scale, X, numbers)
    more = spec.data.components or spec.data.expand
    X = scale(X) if more else X
    components = expansion = None
    view_names = names
    if spec.data.components:
        components = fit_components(X, spec.data.components)
        inputs = view_names = components.feature_names
        X, numbers = components(X), np.arange(len(inputs))
    if spec.data.expand:
        # A square of 0 or 1 is the number itself, and a sine of it says no more: numbers alone.
        expansion = fit_expansion(spec.data.expand, inputs, numbers.tolist())
        inputs = expansion.feature_names
    return Inputs(encoding, scale, components, expansion, inputs, view_names)


def _fit_scale(name: str, X: NDArray[Any], numbers: NDArray[np.int64]) -> Scale:
    """The scale of the columns that are numbers; the others stay as they are."""
    if len(numbers) == X.shape[1]:
        return fit_scale(name, X)
    shift, scale = np.zeros(X.shape[1]), np.ones(X.shape[1])
    if len(numbers):
        fitted = fit_scale(name, X[:, numbers])
        shift[numbers], scale[numbers] = fitted.shift, fitted.scale
    return Scale(name, shift, scale)


def column_names(dataset: Dataset) -> tuple[str, ...]:
    """A name for each flattened column."""
    if len(dataset.feature_names) == dataset.n_features:
        return dataset.feature_names
    return tuple(f"x{j}" for j in range(dataset.n_features))
