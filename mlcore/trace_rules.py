"""How layers and losses are taken apart into scalar operations, for `mlcore.trace`.

A rule holds for its class and what derives from it.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from mlcore.activations import ELU, GELU, LeakyReLU, LogSoftmax, ReLU, Sigmoid, SiLU, Softmax, Softplus, Tanh
from mlcore.conv import Unflatten
from mlcore.layers import Dropout, Flatten, Identity, Layer, Linear
from mlcore.losses import BCEWithLogitsLoss, CrossEntropyLoss, Loss, MSELoss, NLLLoss
from mlcore.tape import Tape, Wire

# How each layer is taken apart: from the tape, the layer's index, the layer and its inputs to its outputs.

LayerRule: TypeAlias = Callable[[Tape, str, Any, list[Wire]], list[Wire]]


def _linear(tape: Tape, index: str, layer: Any, inputs: list[Wire]) -> list[Wire]:
    """z_j = b_j + sum_k W_jk x_k, added up from the bias, as micrograd's neuron does."""
    W = layer.weight.data
    if W.shape[1] != len(inputs):
        raise ValueError(f"{layer!r} expects {W.shape[1]} inputs, received {len(inputs)}")
    outputs = []
    for j, row in enumerate(W):
        terms = [
            tape.mul(tape.leaf("parameter", f"{index}.weight[{j}, {k}]", float(weight)), wire)
            for k, (weight, wire) in enumerate(zip(row, inputs, strict=True))
        ]
        if layer.bias is not None:
            terms.insert(0, tape.leaf("parameter", f"{index}.bias[{j}]", float(layer.bias.data[j])))
        outputs.append(tape.sum(terms))
    return outputs


def _each(function: Callable[[Tape, Any, Wire], Wire]) -> LayerRule:
    """A rule for a layer that acts on every unit by itself."""
    return lambda tape, index, layer, inputs: [function(tape, layer, wire) for wire in inputs]


def _relu(tape: Tape, layer: Any, z: Wire) -> Wire:
    positive = tape.values[z] > 0
    return tape.apply("ReLU", z, tape.values[z] if positive else 0.0, float(positive))


def _leaky_relu(tape: Tape, layer: Any, z: Wire) -> Wire:
    slope = 1.0 if tape.values[z] > 0 else layer.negative_slope
    return tape.apply("LeakyReLU", z, slope * tape.values[z], slope)


def _elu(tape: Tape, layer: Any, z: Wire) -> Wire:
    value = tape.values[z]
    if value > 0:
        return tape.apply("ELU", z, value, 1.0)
    return tape.apply("ELU", z, layer.alpha * math.expm1(value), layer.alpha * math.exp(value))


def _tanh(tape: Tape, layer: Any, z: Wire) -> Wire:
    t = math.tanh(tape.values[z])
    return tape.apply("tanh", z, t, 1 - t * t)


def _gelu(tape: Tape, layer: Any, z: Wire) -> Wire:
    """z Phi(z), Phi the distribution function of the standard normal and its derivative the bell."""
    value = tape.values[z]
    Phi = math.erfc(-value / math.sqrt(2)) / 2
    return tape.mul(z, tape.apply("Phi", z, Phi, math.exp(-value * value / 2) / math.sqrt(2 * math.pi)))


def _log_softmax(tape: Tape, index: str, layer: Any, inputs: list[Wire]) -> list[Wire]:
    """z_c - log(sum_j exp(z_j))."""
    total = tape.negative(tape.log_sum_exp(inputs))
    return [tape.add(wire, total) for wire in inputs]


def _same(tape: Tape, index: str, layer: Any, inputs: list[Wire]) -> list[Wire]:
    return inputs


LAYER_RULES: Mapping[type[Layer], LayerRule] = {
    Linear: _linear,
    ReLU: _each(_relu),
    LeakyReLU: _each(_leaky_relu),
    ELU: _each(_elu),
    SiLU: _each(lambda tape, layer, z: tape.mul(z, tape.sigmoid(z))),
    GELU: _each(_gelu),
    Sigmoid: _each(lambda tape, layer, z: tape.sigmoid(z, layer.derivative == "detached")),
    Tanh: _each(_tanh),
    Softplus: _each(lambda tape, layer, z: tape.softplus(z)),
    Softmax: lambda tape, index, layer, inputs: tape.softmax(inputs),
    LogSoftmax: _log_softmax,
    Identity: _same,
    Flatten: _same,
    Unflatten: _same,
    Dropout: _same,
}


# How each loss is taken apart: from the tape, the loss, the outputs and one target an output to the loss.


def _cross_entropy(tape: Tape, loss: Any, z: list[Wire], target: list[float]) -> Wire:
    """-sum_c q_c log p_c: with one right class, log(sum_j exp(z_j)) - z_y."""
    q = _class_shares(loss, target, loss.label_smoothing)
    if loss.epsilon:
        epsilon = tape.constant(loss.epsilon)
        p = tape.softmax(z)
        return tape.negative(tape.weighted([(share, tape.log(tape.add(p[c], epsilon))) for c, share in q.items()]))
    right = tape.weighted([(share, z[c]) for c, share in q.items()])
    return tape.subtract(tape.weighted([(sum(q.values()), tape.log_sum_exp(z))]), right)


def _nll(tape: Tape, loss: Any, log_p: list[Wire], target: list[float]) -> Wire:
    return tape.negative(tape.weighted([(share, log_p[c]) for c, share in _class_shares(loss, target).items()]))


def _class_shares(loss: Any, target: list[float], smoothing: float = 0.0) -> dict[int, float]:
    """By what -log p_c is multiplied, for each class c where that is not 0: the target, smoothed and weighted."""
    weight = [1.0] * len(target) if loss.weight is None else [float(w) for w in loss.weight]
    is_label = max(target) == 1 and len(target) - target.count(0.0) == 1
    divisor = weight[target.index(1.0)] if is_label and loss.reduction == "mean" else 1.0
    if divisor == 0:
        raise ValueError("the label's class has weight 0: there is no mean over the weights of one sample")
    smooth = [(1 - smoothing) * t + smoothing / len(target) for t in target]
    return {c: q * w / divisor for c, (q, w) in enumerate(zip(smooth, weight, strict=True)) if q * w}


def _mse(tape: Tape, loss: Any, outputs: list[Wire], target: list[float]) -> Wire:
    """The sum of (output - target)^2, divided as the loss divides it."""
    squares = [
        tape.power(tape.subtract(wire, tape.leaf("target", f"y[{c}]", value)), 2)
        for c, (wire, value) in enumerate(zip(outputs, target, strict=True))
    ]
    divisor = {"mean": len(outputs), "half_sum": 2}.get(loss.reduction, 1)
    total = tape.sum(squares)
    return total if divisor == 1 else tape.mul(total, tape.constant(1 / divisor))


def _bce(tape: Tape, loss: Any, outputs: list[Wire], target: list[float]) -> Wire:
    """softplus(z) - z t."""
    product = tape.mul(outputs[0], tape.leaf("target", "y[0]", target[0]))
    return tape.subtract(tape.softplus(outputs[0]), product)


LOSS_RULES: Mapping[type[Loss], Callable[[Tape, Any, list[Wire], list[float]], Wire]] = {
    CrossEntropyLoss: _cross_entropy,
    NLLLoss: _nll,
    MSELoss: _mse,
    BCEWithLogitsLoss: _bce,
}
