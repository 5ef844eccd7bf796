"""Data on its way to a network: loaded, split into its parts, and scaled or ready to be."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets import Dataset, Split
from datasets.transforms import Scale, fit_scale
from mlcore import Rows
from tui.lab.preparing import Inputs, fit_inputs, split_rows, usable_rows
from tui.lab.sources import load_data
from tui.lab.spec import Spec, SpecError
from tui.lab.tasks import refuse_batches, refuse_task

Samples = NDArray[Any] | Rows
Part = tuple[Samples, NDArray[Any]]
"""X (n, in_features): bytes as they are, or numbers in the spec's dtype, scaled; y (n,) int64, of a regression (n,) or
(n, k) float64, scaled. `Prepared.ready` gives the rows of X as a network takes them."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """Data that is ready to be trained on; `validation` and `test` are None where the spec asks for none.

    `dataset` is without rows that the spec leaves out; `flat` are its samples (n, d), of colour images for
    convolutions with the colours first; `inputs` makes the network's inputs of its rows.
    `target_scale` takes the numbers of a regression (n, k); of classes it is None. Bytes stay bytes, a fourth of their
    size in float32: `scaling` and `ready` are the two ways to the numbers.
    """

    dataset: Dataset
    flat: NDArray[Any]
    split: Split
    inputs: Inputs
    target_scale: Scale | None
    train: Part
    validation: Part | None
    test: Part | None
    in_features: int
    class_names: tuple[str, ...]
    dtype: np.dtype[Any]

    @property
    def scale(self) -> Scale:
        """What scales the columns of numbers."""
        return self.inputs.scale

    @cached_property
    def view(self) -> NDArray[Any]:
        """The samples as they are drawn (n, k): their columns, nan where one is missing, or their components."""
        return self.inputs.view(self.flat)

    @property
    def scaling(self) -> dict[str, Any]:
        """What `fit`, `evaluate` and `find_lr` are told beside a part: how they scale its bytes, batch by batch."""
        if self.train[0].dtype != np.uint8:
            return {}
        return {"scale": 1 / self.scale.scale, "shift": -self.scale.shift / self.scale.scale}

    def ready(self, X: Samples) -> NDArray[Any]:
        """Rows of a part, as many as are needed, scaled and in the spec's dtype."""
        rows = np.asarray(X)
        return self.scale(rows, self.dtype) if rows.dtype == np.uint8 else rows

    @property
    def task(self) -> str:
        """ "classification" or "regression"."""
        return self.dataset.task

    @property
    def answers(self) -> int:
        """What the network must tell of a sample: classes, or the numbers of a regression."""
        return self.dataset.n_answers


def prepare(spec: Spec, dataset: Dataset | None = None) -> Prepared:
    """Loads the data (unless it is given), splits it, and scales it by what the training part shows.

    Raises one of USER_ERRORS, also where the spec is not for targets of this kind, or not for so many samples.
    """
    dataset = load_data(spec) if dataset is None else dataset
    if refused := refuse_task(spec, dataset):
        raise SpecError(": ".join(refused))
    prepared = split_and_scale(spec, dataset)
    if refused := refuse_batches(spec, len(prepared.train[0])):
        raise SpecError(": ".join(refused))
    return prepared


def split_and_scale(spec: Spec, dataset: Dataset) -> Prepared:
    """`prepare` for data that is only looked at: whether the spec can learn it does not matter."""
    dataset = usable_rows(spec, dataset)
    rows = split_rows(spec, dataset)
    X = dataset.X
    if spec.model.channels and X.ndim == 4:  # files have colours last, convolutions first
        X = np.moveaxis(X, -1, 1)
    flat = X.reshape(dataset.n_samples, -1)
    inputs = fit_inputs(spec, dataset, _to_fit(spec, flat, rows.train))
    dtype = np.dtype(spec.training.dtype)

    y, target_scale = dataset.y, None
    if dataset.task == "regression":
        numbers = y.reshape(dataset.n_samples, -1)
        target_scale = fit_scale(spec.data.scale_target, numbers[rows.train])
        y = target_scale(numbers).reshape(y.shape)

    def part(which: NDArray[np.int64]) -> Part | None:
        return (samples(which), y[which]) if len(which) else None

    def samples(which: NDArray[np.int64]) -> Samples:
        if flat.dtype != np.uint8 or not inputs.plain:
            return inputs(flat[which], dtype)
        as_they_lie = flat[which[0] : which[0] + len(which)]
        return as_they_lie if np.array_equal(which, which[0] + np.arange(len(which))) else Rows(flat, which)

    return Prepared(
        dataset=dataset,
        flat=flat,
        split=rows,
        inputs=inputs,
        target_scale=target_scale,
        train=(samples(rows.train), y[rows.train]),
        validation=part(rows.validation),
        test=part(rows.test),
        in_features=len(inputs.feature_names),
        class_names=dataset.class_names,
        dtype=dtype,
    )


def _to_fit(spec: Spec, X: NDArray[Any], which: NDArray[np.int64]) -> NDArray[Any]:
    """The rows that the inputs are fitted on, whatever their order: of bytes as few copies as can be."""
    if X.dtype != np.uint8 or spec.data.components or spec.data.expand:
        return X[which]
    if spec.data.scale not in ("standard", "minmax"):  # 0 to 255, whatever the rows hold
        return X[which[:1]]
    first, end = int(which.min()), int(which.max()) + 1
    return X[first:end] if end - first == len(which) else X[which]


def feature_names(prepared: Prepared) -> tuple[str, ...]:
    """A name for each feature that is drawn, a column of `Prepared.view`."""
    return prepared.inputs.view_names
