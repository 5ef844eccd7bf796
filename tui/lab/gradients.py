"""The gradient check of an experiment, in the form that a screen or a command line can follow."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from mlcore.gradcheck import iter_gradient_check
from mlcore.gradreport import CheckProgress, GradientReport, TensorCheck
from tui.lab.build import Prepared, make_loss, network, targets
from tui.lab.errors import LabError
from tui.lab.spec import Spec

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
    checked: Any = network(spec, prepared.in_features, len(prepared.class_names), dtype=np.float64)
    for name, parameter in checked.named_parameters():
        if name.endswith("bias"):
            parameter.data[...] += rng.uniform(0.01, 0.1, parameter.data.shape) * rng.choice(
                (-1.0, 1.0), parameter.data.shape
            )
    X, y = targets(spec, prepared.train, len(prepared.class_names))
    rows = min(MOST_SAMPLES if spec.training.batch_size == "full" else samples, len(X))
    try:
        yield from iter_gradient_check(
            checked,
            X[:rows].astype(np.float64),
            y[:rows],
            loss=make_loss(spec),
            max_entries=max_entries,
            rng=rng,
        )
    except ValueError as error:
        advice = "choose another initialisation, or scale the data"
        raise LabError(f"the gradients cannot be checked: {error}: {advice}") from None
