"""The gradient check of an experiment, in the form that a screen or a command line can follow."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore import Sequential
from mlcore.gradcheck import CheckProgress, ErrorCurve, GradientReport, TensorCheck, error_curve, iter_gradient_check
from tui.lab.build import Prepared, make_loss, network, targets
from tui.lab.errors import LabError
from tui.lab.spec import Spec
from tui.lab.threads import blas_threads

MOST_SAMPLES = 256
"""Of a full batch; every entry costs two passes over it."""


def check(
    spec: Spec,
    prepared: Prepared,
    *,
    samples: int = 32,
    max_entries: int | None = 200,
    seed: int | None = None,
) -> Iterator[CheckProgress | TensorCheck | GradientReport]:
    """Holds the spec's backward pass against central differences, in float64, and yields as it goes.

    Progress first, a `TensorCheck` as each tensor ends, the `GradientReport` last. The batch is the first
    ``samples`` training rows (of a "full" batch all, up to 256). Biases get small random values: at 0 many
    a wrong gradient looks right. Dropout keeps one mask throughout. ``seed`` is the spec's where None.
    Raises SpecError, and LabError where the loss is not finite.
    """
    rng = np.random.default_rng(spec.seed if seed is None else seed)
    checked, X, y = _subject(spec, prepared, samples, rng)
    loss = make_loss(spec, prepared)
    try:
        with blas_threads(spec):
            yield from iter_gradient_check(checked, X, y, loss=loss, max_entries=max_entries, rng=rng)
    except ValueError as error:
        raise _not_finite(error) from None


def curves(
    spec: Spec, prepared: Prepared, *, max_entries: int | None = 20, tensor: str | None = None
) -> Iterator[ErrorCurve]:
    """The error of each tensor's gradient against the step eps of the differences.

    On the batch that `check` takes, with convolutions on eight images of it. ``tensor``: only that one. Raises
    SpecError, and LabError for a tensor that there is not, or where the loss is not finite.
    """
    rng = np.random.default_rng(spec.seed)
    checked, X, y = _subject(spec, prepared, 8 if spec.model.channels else 32, rng)
    names = ["input", *(name for name, _ in checked.named_parameters())]
    if tensor is not None and tensor not in names:
        raise LabError(f"{tensor}: no such tensor; there are {', '.join(names)}")
    try:
        with blas_threads(spec):
            for name in names if tensor is None else [tensor]:
                yield error_curve(
                    checked, X, y, loss=make_loss(spec, prepared), tensor=name, max_entries=max_entries, rng=rng
                )
    except ValueError as error:
        raise _not_finite(error) from None


def _subject(
    spec: Spec, prepared: Prepared, samples: int, rng: np.random.Generator
) -> tuple[Sequential, NDArray[Any], NDArray[Any]]:
    """The network in float64 with small random biases, and the first rows with their answers."""
    checked = network(spec, prepared.in_features, prepared.answers, dtype=np.float64)
    for name, parameter in checked.named_parameters():
        if name.endswith("bias"):
            parameter.data[...] += rng.uniform(0.01, 0.1, parameter.data.shape) * rng.choice(
                (-1.0, 1.0), parameter.data.shape
            )
    X, y = targets(spec, prepared.train, prepared.answers)
    rows = min(MOST_SAMPLES if spec.training.batch_size == "full" else samples, len(X))
    return checked, prepared.ready(X[:rows]).astype(np.float64), y[:rows]


def _not_finite(error: ValueError) -> LabError:
    advice = "choose another initialisation, or scale the data"
    return LabError(f"the gradients cannot be checked: {error}: {advice}")
