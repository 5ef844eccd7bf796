"""The first iteration of a run, in its six steps: the batch, the weights and the order are the run's own."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mlcore.clipping import clip_grad_norm_, clip_grad_value_
from mlcore.iteration import IterationStep, iterate
from mlcore.optim import Optimizer
from tui.lab.build import Prepared, make_loss, make_optimizer, make_schedule, network, order_rng, targets
from tui.lab.errors import LabError
from tui.lab.spec import Spec
from tui.lab.threads import blas_threads

STEPS = ("batch", "zero_grad", "forward", "loss", "backward", "step")


def step_number(text: str) -> int:
    """1 ... 6 from a step's number or its name. Raises LabError that lists them."""
    if text in STEPS:
        return STEPS.index(text) + 1
    if text.isdecimal() and 1 <= int(text) <= len(STEPS):
        return int(text)
    named = ", ".join(f"{number} {name}" for number, name in enumerate(STEPS, start=1))
    raise LabError(f'--step: expected one of {named}; received "{text}"')


def first_iteration(spec: Spec, prepared: Prepared) -> Iterator[IterationStep]:
    """The six steps on the run's first batch, each when it has been done: see `mlcore.iteration.iterate`.

    With the learning rate that the schedule gives the first epoch, dropout's first masks, and the gradients clipped
    where the spec clips them, as in training. Raises SpecError.
    """
    classes = prepared.answers
    X, y = targets(spec, prepared.train, classes)
    rows = first_rows(spec, len(X))
    net = network(spec, prepared.in_features, classes).train()
    optimizer = make_optimizer(spec, net)
    optimizer.lr *= make_schedule(spec).factor(1)
    clipped = ""
    with blas_threads(spec):
        for step in iterate(net, make_loss(spec, prepared), optimizer, prepared.ready(X[rows]), y[rows]):
            if step.name == "step" and clipped:
                step = replace(step, formulas=(clipped, *step.formulas))
            yield step
            if step.name == "backward":  # what fit does between the two
                clipped = _clip(spec, optimizer)


def _clip(spec: Spec, optimizer: Optimizer) -> str:
    """Clips the gradients as the spec says, and says how; "" where it does not."""
    limits = []
    if limit := spec.training.clip_value:
        clip_grad_value_(optimizer.params, limit)
        limits.append(f"each entry of g within ±{limit:g}")
    if limit := spec.training.clip_norm:
        clip_grad_norm_(optimizer.params, limit)
        limits.append(f"all of g together at most {limit:g} long")
    return f"first clipped: {', then '.join(limits)}" if limits else ""


def first_rows(spec: Spec, samples: int) -> NDArray[np.int64]:
    """Which training samples are in the first batch."""
    t = spec.training
    size = samples if t.batch_size == "full" else min(int(t.batch_size), samples)
    if t.sampling == "replacement":
        return order_rng(spec).integers(0, samples, samples)[:size]
    if t.sampling == "sequential" or size == samples:
        return np.arange(size)
    return order_rng(spec).permutation(samples)[:size]
