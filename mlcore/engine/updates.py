"""The optimisers over one flat vector p with gradient g, in place: the formulas of `mlcore.optim`.

Each function returns `step`, which does one update. The vectors are gone through in blocks that stay in the
processor's cache from a block's first operation to its last.
"""

from collections.abc import Callable, Iterator
from functools import partial
from math import sqrt
from typing import Any, TypeAlias

import numpy as np

from mlcore._typing import Array
from mlcore.engine.parameters import FlatParameters, FlatState
from mlcore.optim import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop

Operation: TypeAlias = Callable[[], Any]
"""A call of NumPy with all its arguments bound, the array it writes to among them."""

BLOCK_BYTES = 1 << 18
"""Of each vector in a block. Smaller ones stay in a nearer cache, but more calls cost more than that gains."""


def sgd(optimizer: SGD, flat: FlatParameters, state: FlatState) -> Operation:
    """p -= lr g. With momentum mu: b = mu b + (1 - dampening) g, p -= lr b, or nesterov p -= lr (g + mu b).

    At the first step b = g.
    """
    lr, mu, keep = _constants(flat, 0, optimizer.momentum, 1 - optimizer.dampening)
    momentum, dampened = optimizer.momentum != 0, optimizer.dampening != 0
    scratch = _scratch(flat)
    program: list[Operation] = []
    velocity = state.vectors["momentum"] if momentum else flat.data
    for p, g, b in _blocks(flat.data, flat.grad, velocity):
        s = scratch[: len(p)]
        g = _penalised(optimizer, p, g, program)
        if momentum:
            program.append(partial(np.multiply, b, mu, b))
            if dampened:
                program += [partial(np.multiply, g, keep, s), partial(np.add, b, s, b)]
            else:
                program.append(partial(np.add, b, g, b))
        if momentum and optimizer.nesterov:
            program += [partial(np.multiply, b, mu, s), partial(np.add, s, g, s), partial(np.multiply, s, lr, s)]
        else:
            program.append(partial(np.multiply, b if momentum else g, lr, s))
        program.append(partial(np.subtract, p, s, p))

    def step() -> None:
        optimizer.steps += 1
        lr[()] = optimizer.lr
        if dampened:
            keep[()] = 1 if optimizer.steps == 1 else 1 - optimizer.dampening
        for operation in program:
            operation()

    return step


def adagrad(optimizer: Adagrad, flat: FlatParameters, state: FlatState) -> Operation:
    """v += g^2, p -= lr / (1 + (t - 1) lr_decay) * g / (sqrt(v) + eps)."""
    rate, eps = _constants(flat, 0, optimizer.eps)
    scratch = _scratch(flat)
    program: list[Operation] = []
    for p, g, v in _blocks(flat.data, flat.grad, state.vectors["sum"]):
        s = scratch[: len(p)]
        g = _penalised(optimizer, p, g, program)
        program += [partial(np.multiply, g, g, s), partial(np.add, v, s, v)]
        program += [partial(np.sqrt, v, s), partial(np.add, s, eps, s), partial(np.divide, g, s, s)]
        program += [partial(np.multiply, s, rate, s), partial(np.subtract, p, s, p)]

    def step() -> None:
        optimizer.steps += 1
        rate[()] = optimizer.lr / (1 + (optimizer.steps - 1) * optimizer.lr_decay)
        for operation in program:
            operation()

    return step


def rmsprop(optimizer: RMSprop, flat: FlatParameters, state: FlatState) -> Operation:
    """v = alpha v + (1 - alpha) g^2, p -= lr g / (sqrt(v) + eps).

    centered: sqrt(max(v - m^2, 0)) with m = alpha m + (1 - alpha) g. With momentum mu: b = mu b + the quotient,
    p -= lr b.
    """
    lr, eps, alpha, rest = _constants(flat, 0, optimizer.eps, optimizer.alpha, 1 - optimizer.alpha)
    mu, zero = _constants(flat, optimizer.momentum, 0)
    scratch = _scratch(flat)
    program: list[Operation] = []
    averages = state.vectors.get("grad_avg", flat.data)
    velocities = state.vectors.get("momentum", flat.data)
    for p, g, v, m, b in _blocks(flat.data, flat.grad, state.vectors["square_avg"], averages, velocities):
        s = scratch[: len(p)]
        g = _penalised(optimizer, p, g, program)
        program += [partial(np.multiply, g, g, s), partial(np.multiply, s, rest, s)]
        program += [partial(np.multiply, v, alpha, v), partial(np.add, v, s, v)]
        if optimizer.centered:
            program += [partial(np.multiply, g, rest, s), partial(np.multiply, m, alpha, m), partial(np.add, m, s, m)]
            program += [partial(np.multiply, m, m, s), partial(np.subtract, v, s, s)]
            program += [partial(np.maximum, s, zero, out=s), partial(np.sqrt, s, s)]
        else:
            program.append(partial(np.sqrt, v, s))
        program += [partial(np.add, s, eps, s), partial(np.divide, g, s, s)]
        if optimizer.momentum:
            program += [partial(np.multiply, b, mu, b), partial(np.add, b, s, b)]
        program.append(partial(np.multiply, b if optimizer.momentum else s, lr, s))
        program.append(partial(np.subtract, p, s, p))

    def step() -> None:
        optimizer.steps += 1
        lr[()] = optimizer.lr
        for operation in program:
            operation()

    return step


def adam(optimizer: Adam, flat: FlatParameters, state: FlatState) -> Operation:
    """m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, p -= lr c / (1 - b1^t) * m / (sqrt(v) + c eps).

    c = sqrt(1 - b2^t): the textbook's quotient, multiplied above and below with c. AdamW: p *= 1 - lr wd first.
    amsgrad: the largest v so far below the root.
    """
    beta1, beta2 = optimizer.betas
    decoupled = isinstance(optimizer, AdamW) and optimizer.weight_decay != 0
    b1, rest1, b2, rest2 = _constants(flat, beta1, 1 - beta1, beta2, 1 - beta2)
    rate, eps, shrink = _constants(flat, 0, 0, 1)
    scratch = _scratch(flat)
    program: list[Operation] = []
    moments = (state.vectors["exp_avg"], state.vectors["exp_avg_sq"])
    largest = state.vectors.get("max_exp_avg_sq", flat.data)
    for p, g, m, v, most in _blocks(flat.data, flat.grad, *moments, largest):
        s = scratch[: len(p)]
        if decoupled:
            program.append(partial(np.multiply, p, shrink, p))
        g = _penalised(optimizer, p, g, program)
        program += [partial(np.multiply, m, b1, m), partial(np.multiply, g, rest1, s), partial(np.add, m, s, m)]
        program += [partial(np.multiply, g, g, s), partial(np.multiply, s, rest2, s)]
        program += [partial(np.multiply, v, b2, v), partial(np.add, v, s, v)]
        if optimizer.amsgrad:
            program.append(partial(np.maximum, most, v, out=most))
            v = most
        program += [partial(np.sqrt, v, s), partial(np.add, s, eps, s), partial(np.divide, m, s, s)]
        program += [partial(np.multiply, s, rate, s), partial(np.subtract, p, s, p)]

    def step() -> None:
        optimizer.steps += 1
        correction = sqrt(1 - beta2**optimizer.steps)
        rate[()] = optimizer.lr * correction / (1 - beta1**optimizer.steps)
        eps[()] = optimizer.eps * correction
        shrink[()] = 1 - optimizer.lr * optimizer.weight_decay
        for operation in program:
            operation()

    return step


UPDATES: dict[type[Optimizer], Callable[[Any, FlatParameters, FlatState], Operation]] = {
    SGD: sgd,
    Adagrad: adagrad,
    RMSprop: rmsprop,
    Adam: adam,
    AdamW: adam,
}


def _penalised(optimizer: Optimizer, p: Array, g: Array, program: list[Operation]) -> Array:
    """g + wd p + l1 sign(p), in an array of its own so that the gradient stays what it is; g itself without either."""
    weight_decay = 0.0 if isinstance(optimizer, AdamW) else optimizer.weight_decay
    penalised = g
    if weight_decay:
        total, factor = np.empty_like(g), np.array(weight_decay, g.dtype)
        program += [partial(np.multiply, p, factor, total), partial(np.add, total, g, total)]
        penalised = total
    if optimizer.l1:
        total, factor = np.empty_like(g), np.array(optimizer.l1, g.dtype)
        program += [partial(np.sign, p, total), partial(np.multiply, total, factor, total)]
        program.append(partial(np.add, total, penalised, total))
        penalised = total
    return penalised


def _blocks(*vectors: Array) -> Iterator[tuple[Array, ...]]:
    size = BLOCK_BYTES // vectors[0].itemsize
    for start in range(0, len(vectors[0]), size):
        yield tuple(vector[start : start + size] for vector in vectors)


def _scratch(flat: FlatParameters) -> Array:
    return np.empty(min(BLOCK_BYTES // flat.data.itemsize, len(flat.data)), flat.data.dtype)


def _constants(flat: FlatParameters, *values: float) -> tuple[Array, ...]:
    """Arrays of no dimension: an operation bound to one sees what is assigned to it later."""
    return tuple(np.array(value, flat.data.dtype) for value in values)
