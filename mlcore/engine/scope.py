"""Which networks, losses and optimisers have a fast form, and for what is left, why not."""

from typing import Any

import numpy as np

from mlcore.engine.kernels import ACTIVATION_KERNELS
from mlcore.engine.losses import LOSS_KERNELS
from mlcore.engine.updates import UPDATES
from mlcore.engine.watch import METHODS, methods_of
from mlcore.layers import Dropout, Flatten, Identity, Layer, Linear, Parameter, Sequential
from mlcore.losses import BCEWithLogitsLoss, CrossEntropyLoss, Loss
from mlcore.optim import Optimizer
from mlcore.walk import layers_of

_KNOWN = {Linear, Dropout, Identity, Flatten, *ACTIVATION_KERNELS}
_WRITTEN = {kind: methods_of(kind) for kind in (*_KNOWN, Sequential, *LOSS_KERNELS, *UPDATES)}
"""Methods as they stand in the source, which the fast form is a copy of."""


def why_not(network: Layer, loss: Loss, optimizer: Optimizer) -> str:
    """Why the readable layers must train this network, in a few words; "" where the fast form can."""
    if type(network) is not Sequential:
        return f"{type(network).__name__} is not a Sequential"
    layers = [layer for _, layer in layers_of(network)]
    for thing in (*network.modules(), loss, optimizer):
        if isinstance(thing, Layer) and type(thing) not in _KNOWN | {Sequential}:
            return f"{type(thing).__name__} has no fast form"
        if own := METHODS & set(vars(thing)):
            return f"{type(thing).__name__} has a {min(own)} of its own"
        if type(thing) in _WRITTEN and methods_of(type(thing)) != _WRITTEN[type(thing)]:
            return f"{type(thing).__name__} has other methods than it was written with"
    if len({id(layer) for layer in layers}) < len(layers):
        return "a layer is used twice"
    layers = working(layers)
    linears = [layer for layer in layers if isinstance(layer, Linear)]
    if not linears:
        return "it has no Linear"
    parameters = [parameter for linear in linears for parameter in linear.parameters()]
    dtypes = {parameter.data.dtype for parameter in parameters}
    if len({id(parameter.data) for parameter in parameters}) < len(parameters):
        return "two layers share their weights"
    if any(linear.weight.data.shape != (linear.out_features, linear.in_features) for linear in linears):
        return "a weight has another shape than its Linear says"
    if any(_expected(linear) != linear.parameters() for linear in linears):
        return "a Linear has further parameters"
    if len(dtypes) > 1 or not dtypes <= {np.dtype(np.float32), np.dtype(np.float64)}:
        return "the parameters are not all float32 or all float64"
    if any(isinstance(layer, Dropout) and layer.frozen for layer in layers):
        return "a Dropout is frozen"
    return _why_not_loss(loss, linears[-1].out_features) or _why_not_optimizer(optimizer, parameters)


def _why_not_loss(loss: Loss, outputs: int) -> str:
    if type(loss) not in LOSS_KERNELS:
        return f"{type(loss).__name__} has no fast form"
    # The readable layers raise what is to be said about these.
    if isinstance(loss, CrossEntropyLoss) and loss.weight is not None and len(loss.weight) != outputs:
        return f"{type(loss).__name__}'s weight has {len(loss.weight)} classes, the network {outputs} outputs"
    if (isinstance(loss, CrossEntropyLoss) and outputs < 2) or (isinstance(loss, BCEWithLogitsLoss) and outputs != 1):
        return f"{type(loss).__name__} does not go with {outputs} outputs"
    return ""


def _why_not_optimizer(optimizer: Optimizer, parameters: list[Parameter]) -> str:
    if type(optimizer) not in UPDATES:
        return f"{type(optimizer).__name__} has no fast form"
    if {id(p) for p in optimizer.params} != {id(p) for p in parameters} or len(optimizer.params) != len(parameters):
        return "the optimiser has other parameters than the network"
    if missing := _arrays_needed(optimizer) - set(optimizer.state):
        return f"{type(optimizer).__name__} was made without what it needs now: {min(missing)}"
    return ""


def _arrays_needed(optimizer: Any) -> set[str]:
    switches = {"momentum": "momentum", "centered": "grad_avg", "amsgrad": "max_exp_avg_sq"}
    return {array for option, array in switches.items() if getattr(optimizer, option, False)}


def working(layers: list[Any]) -> list[Any]:
    """Without the layers that do nothing to rows of features."""
    idle = [type(layer) in (Identity, Flatten) or (isinstance(layer, Dropout) and layer.p == 0) for layer in layers]
    return [layer for layer, nothing in zip(layers, idle, strict=True) if not nothing]


def _expected(linear: Linear) -> list[Parameter]:
    return [linear.weight] if linear.bias is None else [linear.weight, linear.bias]
