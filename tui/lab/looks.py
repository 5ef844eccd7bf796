"""Looks into an experiment before it is trained: a good learning rate, the graph of a sample, time per layer."""

from time import perf_counter

import numpy as np

from mlcore import LRCurve, find_lr
from mlcore.timing import LayerTimes, time_layers
from mlcore.trace import Trace, trace
from tui.lab.build import Prepared, make_loss, make_optimizer, network, order_rng, targets
from tui.lab.errors import LabError
from tui.lab.spec import Spec


def find_learning_rate(spec: Spec, prepared: Prepared, *, iterations: int = 100) -> LRCurve:
    """The losses of a short training whose learning rate grows from 1e-7 to 10. Raises SpecError."""
    classes = prepared.answers
    net = network(spec, prepared.in_features, classes)
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
    """Seconds of a forward and a backward pass of one batch, layer by layer. Raises SpecError."""
    classes = prepared.answers
    X, y = targets(spec, prepared.train, classes)
    size = len(X) if spec.training.batch_size == "full" else int(spec.training.batch_size)
    net = network(spec, prepared.in_features, classes)
    batch = prepared.ready(X[:size])
    return time_layers(net.train(), batch, y[:size], loss=make_loss(spec, prepared), clock=perf_counter)
