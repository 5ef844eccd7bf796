"""One iteration with the readable layers, and what went wrong in it where something did."""

from collections.abc import Sequence
from math import inf, isfinite, nan

import numpy as np

from mlcore._typing import Array
from mlcore.clipping import clip_grad_norm_, clip_grad_value_
from mlcore.evaluation import takes_no_part
from mlcore.layers import Layer
from mlcore.losses import Loss
from mlcore.optim import Optimizer


def train_step(
    network: Layer,
    loss: Loss,
    optimizer: Optimizer,
    x: Array,
    labels: Array,
    bound: float,
    clip_norm: float | None,
    clip_value: float | None,
) -> tuple[float, Array, str]:
    """One iteration: the loss, the output, and the name of what is not finite ("" when all is well).

    A loss beyond `bound` counts as such, too. A batch that takes no part has the loss nan, and no step.
    """
    # The errstate is entered and left here: around a yield it would leak into the caller.
    with np.errstate(all="ignore"):
        optimizer.zero_grad()
        output = network.forward(x)
        value = loss.forward(output, labels)
        if takes_no_part(loss, labels):
            return nan, output, ""
        if not isfinite(value):
            return value, output, _locate(network, x, output)
        if value > bound:
            return value, output, "loss"
        network.backward(loss.backward())
        for name, parameter in network.named_parameters():
            if not _all_finite(parameter.grad):
                return value, output, f"{name}.grad"
        if clip_value is not None:
            clip_grad_value_(optimizer.params, clip_value)
        if clip_norm is not None:
            clip_grad_norm_(optimizer.params, clip_norm)
        optimizer.step()
        for name, parameter in network.named_parameters():
            if not _all_finite(parameter.data):
                return value, output, name
    return value, output, ""


def largest_loss(loss: Loss, y: Array, explosion: float | None) -> float:
    """The mean loss of a batch beyond which a run has blown up. From the data alone, so that a resumed one agrees."""
    if explosion is None:
        return inf
    if loss.task != "regression":
        return explosion
    with np.errstate(all="ignore"):
        return explosion * max(1.0, float(np.square(y, dtype=np.float64).mean()))


def first_divergence(losses: Sequence[float], bound: float, culprit: str) -> tuple[int, str]:
    """How many of these batches were met up to the one that diverged, and in what."""
    for index, value in enumerate(losses):
        if bound < value < inf:
            return index + 1, "loss"
    return len(losses), culprit


def _locate(network: Layer, x: Array, output: Array) -> str:
    tensors = {"input": x} | {name: parameter.data for name, parameter in network.named_parameters()}
    for name, array in (tensors | {"output": output}).items():
        if not _all_finite(array):
            return name
    return "loss"


def _all_finite(array: Array) -> bool:
    # A finite sum means finite terms, and is cheaper than an array of booleans; it can overflow by itself.
    return isfinite(array.sum()) or bool(np.isfinite(array).all())
