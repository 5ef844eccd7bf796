"""Is the network well? Dead and saturated units, sizes of gradients and updates, the loss at the start, and where
the first number went wrong. Nothing here changes the network."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite, log
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array
from mlcore.activations import ELU, LeakyReLU, ReLU, Sigmoid, Tanh
from mlcore.layers import Layer, inference_mode
from mlcore.losses import BCEWithLogitsLoss, CrossEntropyLoss, Loss, NLLLoss
from mlcore.model import dtype_of
from mlcore.put_back import put_back
from mlcore.walk import kind_of, layers_of

RECTIFIERS = (ReLU, LeakyReLU, ELU)
"""What bends at 0 and is all but shut below."""

SATURATING: dict[type[Layer], tuple[float, float]] = {Sigmoid: (0.0, 1.0), Tanh: (-1.0, 1.0)}
"""Activations with two flat ends, and where these are."""

SATURATED_WITHIN = 0.01


@dataclass(frozen=True)
class LayerActivity:
    """What a layer gave for a batch.

    index, name: "1", "ReLU()". units: outputs a sample (of an image, its channels). dead: the share of units that were
    never above 0, for ReLU, LeakyReLU and ELU, else None; dead_units: which. No gradient passes a dead unit of a
    ReLU, so it cannot come back by itself; of the other two a small one does. saturated: the share of all outputs
    less than 0.01 from an end, 0 or 1 for Sigmoid, -1 or 1 for Tanh, where the slope is close to 0; else None. mean,
    std: of all outputs.
    """

    index: str
    name: str
    units: int
    dead: float | None
    saturated: float | None
    mean: float
    std: float
    dead_units: tuple[int, ...] = ()


def layer_activity(network: Layer, x: npt.ArrayLike) -> list[LayerActivity]:
    """A row a layer, from one forward pass of the batch x (n, ...) in inference mode; n a few hundred, so that a unit
    is called dead with some right (Karpathy, makemore part 3). Raises ValueError for an empty batch."""
    h = np.asarray(x, dtype=dtype_of(network))
    if not len(h):
        raise ValueError("there are no samples: whether a unit is dead shows on a batch")
    rows = []
    with put_back(network, None), inference_mode(network), np.errstate(all="ignore"):
        for index, layer in layers_of(network):
            h = np.asarray(layer.forward(h))
            rows.append(_activity(index, layer, h))
    return rows


def _activity(index: str, layer: Any, y: Array) -> LayerActivity:
    others = (0, *range(2, y.ndim))  # all axes but that of the units
    dead_units: Array = np.empty(0, dtype=np.int64)
    dead = saturated = None
    if isinstance(layer, RECTIFIERS):
        dead_units = np.flatnonzero(~(y > 0).any(axis=others))
        dead = len(dead_units) / y.shape[1]
    if (kind := kind_of(layer, SATURATING)) is not None:
        low, high = SATURATING[kind]
        near = (y < low + SATURATED_WITHIN) | (y > high - SATURATED_WITHIN)
        saturated = float(near.mean())
    return LayerActivity(
        index,
        repr(layer),
        y.shape[1] if y.ndim > 1 else 1,
        dead,
        saturated,
        float(y.mean(dtype=np.float64)),
        float(y.std(dtype=np.float64)),
        tuple(dead_units.tolist()),
    )


def gradient_norms(network: Layer) -> dict[str, float]:
    """The length |dL/dp| (root of the sum of squares) of each parameter's gradient as it stands, by name."""
    return {name: _norm(parameter.grad) for name, parameter in network.named_parameters()}


def update_ratios(before: Mapping[str, npt.ArrayLike], network: Layer) -> dict[str, float]:
    """|p - p_before| / |p_before| of each parameter, by name: how far one step has moved it.

    before: the network's `state_dict()` before the optimiser's step. About 1e-3 is healthy: much less and the network
    hardly learns, much more and it jumps (Karpathy, CS231n, "Ratio of weights:updates"). nan where the parameter was
    all zeros, as a bias may be at the start: there is nothing to compare with. Raises KeyError where `before` lacks a
    parameter, ValueError where a shape differs.
    """
    ratios = {}
    for name, parameter in network.named_parameters():
        old = np.asarray(before[name], dtype=np.float64)
        if old.shape != parameter.data.shape:
            raise ValueError(f"{name} has shape {old.shape} before and {parameter.data.shape} after")
        size = _norm(old)
        ratios[name] = _norm(parameter.data - old) / size if size else float("nan")
    return ratios


@dataclass(frozen=True)
class InitialLoss:
    """value: the loss before training. expected: of a network that thinks all C classes equally likely, ln C; None for
    a loss without such a figure."""

    value: float
    expected: float | None

    @property
    def ok(self) -> bool:
        """Within a quarter of the expected loss; True without one, as long as the loss is finite."""
        return isfinite(self.value) and (self.expected is None or abs(self.value / self.expected - 1) <= 0.25)

    def __str__(self) -> str:
        if self.expected is None:
            return f"initial loss {self.value:.4g}"
        figures = f"initial loss {self.value:.4g}, and {self.expected:.4g} when all classes are equally likely"
        if self.ok:
            return f"{figures}: as it should be"
        if self.value < self.expected:
            return f"{figures}: the network knows something already"
        return f"{figures}: the network starts out sure of wrong answers, its weights or inputs are too large"


def initial_loss(network: Layer, loss: Loss, x: npt.ArrayLike, y: npt.ArrayLike) -> InitialLoss:
    """The loss of (x, y) in inference mode, against that of equal probabilities: ln C with reduction "mean".

    Known for CrossEntropyLoss and NLLLoss of C classes, and for BCEWithLogitsLoss, where C is 2.
    """
    with put_back(network, loss), inference_mode(network), np.errstate(all="ignore"):
        output = network.forward(np.asarray(x, dtype=dtype_of(network)))
        value = float(loss.forward(output, y))
        expected = None
        # The loss itself says what equal outputs cost: then reductions, class weights and smoothing are right too.
        if isinstance(loss, CrossEntropyLoss | BCEWithLogitsLoss):
            expected = float(loss.forward(np.zeros_like(output), y))
        elif isinstance(loss, NLLLoss):
            expected = float(loss.forward(np.full_like(output, -log(output.shape[1])), y))
    return InitialLoss(value, expected)


@dataclass(frozen=True)
class NonFinite:
    """The first tensor with a number that is infinite or NaN.

    tensor: "input", a parameter "2.weight", an output "2.out", "loss", a gradient "loss.grad" (of the network's
    output), "2.weight.grad" or "2.input.grad". layer: "Linear(16, 4)", "" for input and loss. entry, value: the first
    such number in it; count: how many there are, of `size`.
    """

    tensor: str
    layer: str
    entry: tuple[int, ...]
    value: float
    count: int
    size: int

    def __str__(self) -> str:
        where = f" of {self.layer}" if self.layer else ""
        entry = f"[{', '.join(map(str, self.entry))}]" if self.entry else ""
        return f"{self.tensor}{entry}{where} is {self.value}: {self.count} of {self.size} numbers are not finite"


def first_nonfinite(
    network: Layer, x: npt.ArrayLike, y: npt.ArrayLike | None = None, loss: Loss | None = None
) -> NonFinite | None:
    """Where an iteration on the batch x first meets a number that is not finite; None if nowhere.

    The order is that of the computation: input; each layer's weights and buffers, then its output, from the first
    layer to the last; with y and loss also the loss, and each layer's gradients, from the last to the first. The
    network runs in the mode it is in and is put back.
    """
    with put_back(network, loss), np.errstate(all="ignore"):
        for tensor, layer, array in _tensors_in_order(network, np.asarray(x, dtype=dtype_of(network)), y, loss):
            wrong = ~np.isfinite(array)
            if wrong.any():
                entry = tuple(int(i) for i in np.argwhere(wrong)[0])
                title = "" if layer is None else repr(layer)
                return NonFinite(tensor, title, entry, float(array[entry]), int(wrong.sum()), array.size)
    return None


def _tensors_in_order(network: Layer, x: Array, y: npt.ArrayLike | None, loss: Loss | None) -> Iterator[Any]:
    layers = layers_of(network)
    yield "input", None, x
    h = x
    for index, layer in layers:
        for name, array in layer.tensors().items():
            yield f"{index}.{name}", layer, array
        h = np.asarray(layer.forward(h))
        yield f"{index}.out", layer, h
    if loss is None or y is None:
        return
    yield "loss", None, np.asarray(loss.forward(h, y))
    for parameter in network.parameters():
        parameter.grad = np.zeros_like(parameter.data)
    grad = np.asarray(loss.backward())
    yield "loss.grad", None, grad
    for index, layer in reversed(layers):
        grad = np.asarray(layer.backward(grad))
        for name, parameter in layer.named_parameters():
            yield f"{index}.{name}.grad", layer, parameter.grad
        yield f"{index}.input.grad", layer, grad


def _norm(array: Array) -> float:
    return float(np.linalg.norm(array.astype(np.float64, copy=False)))
