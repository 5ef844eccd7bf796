"""Looks into an experiment before it is trained: a good learning rate, the graph of a sample, time per layer."""

from dataclasses import dataclass
from time import perf_counter

import numpy as np

from mlcore import LRCurve, find_lr
from mlcore.engine import BLOCK_SIZE, why_not
from mlcore.timing import LayerTimes, time_layers
from mlcore.trace import Trace, trace
from mlcore.train import StepDone, fit
from tui.lab.build import Prepared, make_loss, make_optimizer, network, order_rng, targets
from tui.lab.errors import LabError
from tui.lab.spec import Spec
from tui.lab.threads import blas_threads

SECONDS, MOST_STEPS = 0.5, 20_000
"""How long steps are timed."""


@dataclass(frozen=True)
class StepTime:
    """A step of the run itself: batch, both passes, and update. seconds: their mean over ``steps`` of them.

    readable: why the readable layers train, in a few words; "" where the fast form does.
    """

    seconds: float
    steps: int
    readable: str


def find_learning_rate(spec: Spec, prepared: Prepared, *, iterations: int = 100) -> LRCurve:
    """The losses of a short training whose learning rate grows from 1e-7 to 10. Raises SpecError."""
    classes = prepared.answers
    net = network(spec, prepared.in_features, classes)
    with blas_threads(spec):
        return find_lr(
            net,
            make_loss(spec, prepared),
            make_optimizer(spec, net),
            targets(spec, prepared.train, classes),
            batch_size=spec.training.batch_size,
            rng=order_rng(spec),
            iterations=iterations,
            **prepared.scaling,
        )


def trace_sample(spec: Spec, prepared: Prepared, index: int = 0) -> Trace:
    """The scalar graph of a training sample through the first weights, in float64.

    Raises LabError for a sample that there is not and for a network that cannot be drawn.
    """
    classes = prepared.answers
    X, y = targets(spec, prepared.train, classes)
    if not 0 <= index < len(X):
        raise LabError(f"sample {index}: the training part has the samples 0 to {len(X) - 1:,}")
    net = network(spec, prepared.in_features, classes, dtype=np.float64)
    try:
        return trace(net, prepared.ready(X[index : index + 1])[0], y[index], make_loss(spec, prepared))
    except ValueError as error:
        raise LabError(f"the graph cannot be drawn: {error}") from None


def time_batch(spec: Spec, prepared: Prepared) -> LayerTimes:
    """Seconds of a batch's forward and backward pass through the readable layers, one by one. Raises SpecError."""
    classes = prepared.answers
    X, y = targets(spec, prepared.train, classes)
    size = len(X) if spec.training.batch_size == "full" else int(spec.training.batch_size)
    net = network(spec, prepared.in_features, classes)
    batch = prepared.ready(X[:size])
    with blas_threads(spec):
        return time_layers(net.train(), batch, y[:size], loss=make_loss(spec, prepared), clock=perf_counter)


def time_step(spec: Spec, prepared: Prepared) -> StepTime:
    """Seconds of a step as the run takes it, in the fast form where there is one.

    With a learning rate of 0, which costs the same and cannot run away. Raises SpecError, and LabError for what `fit`
    does not train.
    """
    t = spec.training
    net = network(spec, prepared.in_features, prepared.answers)
    loss, optimizer = make_loss(spec, prepared), make_optimizer(spec, net)
    optimizer.lr = 0.0
    readable = why_not(net, loss, optimizer)
    events = fit(
        net,
        loss,
        optimizer,
        targets(spec, prepared.train, prepared.answers),
        epochs=MOST_STEPS,
        batch_size=t.batch_size,
        sampling=t.sampling,
        clip_norm=t.clip_norm or None,
        clip_value=t.clip_value or None,
        rng=order_rng(spec),
        fast=not readable,
        stride=lambda: BLOCK_SIZE,
        explosion=None,
        **prepared.scaling,
    )
    began = ended = 0.0
    steps = before = 0
    try:
        with blas_threads(spec):
            for event in events:
                if not isinstance(event, StepDone):
                    before = 0  # the next one is the first of an epoch
                    continue
                ended = perf_counter()
                if not began:  # until here the fast form was made, and caches were cold
                    began = ended
                else:
                    steps += event.batch - before
                before = event.batch
                if ended - began >= SECONDS or steps >= MOST_STEPS:
                    break
    except ValueError as error:
        raise LabError(f"a step cannot be timed: {error}") from None
    if not steps:
        raise LabError("a step cannot be timed: the first ones leave the finite numbers")
    return StepTime((ended - began) / steps, steps, readable)
