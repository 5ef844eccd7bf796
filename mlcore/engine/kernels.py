"""The layers as lists of NumPy calls with every argument bound, and nothing left to allocate.

Arrays are (units, batch): a unit is a row, so that what is done to a whole layer, and the softmax over classes,
runs along memory. z is changed in place into the layer's output h. `slope` is dh/dz: on the way back the gradient
is multiplied with it, and that is all (None: with 1). `a.__setitem__(..., b)` is a[...] = b.
"""

from collections.abc import Callable, Sequence
from functools import partial
from math import pi, sqrt
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array
from mlcore.activations import ELU, GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Softplus, Tanh
from mlcore.engine.parameters import Cut
from mlcore.engine.updates import Operation
from mlcore.layers import Dropout, Layer
from mlcore.special import ERF_FAR, ERF_NEAR

Kernel: TypeAlias = tuple[list[Operation], Array | None]
"""The operations that turn z into h, and the slope."""

Mask: TypeAlias = npt.NDArray[np.bool_]


def linear(cut: Cut, h: Array, z: Array) -> list[Operation]:
    """z = [W | b] h with a row of ones below h; z = W h + b for a wide layer.

    Shapes: h (in + 1, n) or (in, n), z (out, n).
    """
    program: list[Operation] = [partial(cut.product.dot, h, z)]
    if cut.whole is None and cut.b is not None:
        # b in every column: broadcasting would go through a buffer, and take longer.
        columns, one = np.empty_like(z), np.ones((1, z.shape[1]), z.dtype)
        program += [partial(cut.b[:, None].dot, one, columns), partial(np.add, z, columns, z)]
    return program


def linear_gradients(grad: Cut, dz: Array, h: Array) -> list[Operation]:
    """[dW | db] = dz [h | 1]^T, or dW = dz h^T and db = dz 1 for a wide layer. Shapes as in `linear`."""
    program: list[Operation] = [partial(dz.dot, h.T, grad.product)]
    if grad.whole is None and grad.b is not None:
        program.append(partial(dz.dot, np.ones(dz.shape[1], dz.dtype), grad.b))
    return program


def linear_backward(cut: Cut, dz: Array, dh: Array) -> list[Operation]:
    """dh = W^T dz. Shapes: dz (out, n), dh (in, n), or (in + 1, n) with a last row that is of no use."""
    return [partial(cut.product.T.dot, dz, dh)]


def relu(layer: ReLU, z: Array) -> Kernel:
    """h = z slope, slope = 1 where z > 0, else 0."""
    zero, positive, slope = np.zeros_like(z), np.empty(z.shape, bool), np.empty_like(z)
    return [
        partial(np.greater, z, zero, positive),
        partial(slope.__setitem__, ..., positive),
        partial(np.multiply, z, slope, z),
    ], slope


def relu_dropout(dropout: Dropout, z: Array, kept: Mask) -> Kernel:
    """h = z slope, slope = 1 / (1 - p) where z > 0 and the unit is kept, else 0; in whichever order the two stand."""
    zero, on, slope = np.zeros_like(z), np.empty(z.shape, bool), np.empty_like(z)
    scale = np.array(dropout.scale, z.dtype)
    return [
        partial(np.greater, z, zero, on),
        partial(np.logical_and, on, kept, on),
        partial(slope.__setitem__, ..., on),
        partial(np.multiply, slope, scale, slope),
        partial(np.multiply, z, slope, z),
    ], slope


def dropout(dropout: Dropout, z: Array, kept: Mask) -> Kernel:
    """h = z slope, slope = 1 / (1 - p) where the unit is kept, else 0."""
    slope, scale = np.empty_like(z), np.array(dropout.scale, z.dtype)
    return [
        partial(slope.__setitem__, ..., kept),
        partial(np.multiply, slope, scale, slope),
        partial(np.multiply, z, slope, z),
    ], slope


def leaky_relu(layer: LeakyReLU, z: Array) -> Kernel:
    """h = z slope, slope = 1 where z > 0, else a."""
    zero, positive, slope = np.zeros_like(z), np.empty(z.shape, bool), np.empty_like(z)
    a, rest = np.array(layer.negative_slope, z.dtype), np.array(1 - layer.negative_slope, z.dtype)
    return [
        partial(np.greater, z, zero, positive),
        partial(slope.__setitem__, ..., positive),
        partial(np.multiply, slope, rest, slope),
        partial(np.add, slope, a, slope),
        partial(np.multiply, z, slope, z),
    ], slope


def elu(layer: ELU, z: Array) -> Kernel:
    """With e = exp(min(z, 0)) - 1: h = max(z, 0) + a e, slope = a (e + 1), and 1 - a more where z > 0."""
    zero = np.zeros_like(z)
    a, rest = np.array(layer.alpha, z.dtype), np.array(1 - layer.alpha, z.dtype)
    positive, e, slope = np.empty(z.shape, bool), np.empty_like(z), np.empty_like(z)
    return [
        partial(np.greater, z, zero, positive),
        partial(slope.__setitem__, ..., positive),
        partial(np.multiply, slope, rest, slope),
        partial(np.minimum, z, zero, out=e),
        partial(np.expm1, e, e),
        partial(np.maximum, z, zero, out=z),
        partial(np.multiply, e, a, e),
        partial(np.add, z, e, z),
        partial(np.add, e, a, e),
        partial(np.add, slope, e, slope),
    ], slope


def sigmoid(layer: Sigmoid, z: Array) -> Kernel:
    """h = 1 / (1 + exp(-z)), slope = h (1 - h). Where exp overflows to infinity, the quotient is the 0 it should be."""
    one, slope = np.ones((), z.dtype), np.empty_like(z)
    program = _logistic(z, z)
    if layer.derivative == "detached":
        return program, None
    return [*program, partial(np.subtract, one, z, slope), partial(np.multiply, slope, z, slope)], slope


def tanh(layer: Tanh, z: Array) -> Kernel:
    """h = tanh(z), slope = 1 - h^2."""
    one, slope = np.ones((), z.dtype), np.empty_like(z)
    return [
        partial(np.tanh, z, z),
        partial(np.multiply, z, z, slope),
        partial(np.subtract, one, slope, slope),
    ], slope


def silu(layer: SiLU, z: Array) -> Kernel:
    """With s = 1 / (1 + exp(-z)): h = z s, slope = s + h (1 - s)."""
    one, s, slope = np.ones((), z.dtype), np.empty_like(z), np.empty_like(z)
    return [
        *_logistic(z, s),
        partial(np.multiply, z, s, z),
        partial(np.subtract, one, s, slope),
        partial(np.multiply, slope, z, slope),
        partial(np.add, slope, s, slope),
    ], slope


def gelu(layer: GELU, z: Array) -> Kernel:
    """With P = (1 + erf(z / sqrt 2)) / 2: h = z P, slope = P + z exp(-z^2 / 2) / sqrt(2 pi)."""
    one, half, minus_half, root, height, most = _numbers(z, 1, 0.5, -0.5, 1 / sqrt(2), 1 / sqrt(2 * pi), 1e4)
    u, P, slope = np.empty_like(z), np.empty_like(z), np.empty_like(z)
    return [
        partial(np.multiply, z, root, u),
        *_erf(u, P),
        partial(np.add, P, one, P),
        partial(np.multiply, P, half, P),
        partial(np.multiply, z, z, slope),
        partial(np.minimum, slope, most, out=slope),
        partial(np.multiply, slope, minus_half, slope),
        partial(np.exp, slope, slope),
        partial(np.multiply, slope, height, slope),
        partial(np.multiply, slope, z, slope),
        partial(np.add, slope, P, slope),
        partial(np.multiply, z, P, z),
    ], slope


def softplus(layer: Softplus, z: Array) -> Kernel:
    """h = max(z, 0) + log(1 + exp(-|z|)), slope = 1 / (1 + exp(-z))."""
    zero, e, slope = np.zeros_like(z), np.empty_like(z), np.empty_like(z)
    return [
        *_logistic(z, slope),
        partial(np.abs, z, e),
        partial(np.negative, e, e),
        partial(np.exp, e, e),
        partial(np.log1p, e, e),
        partial(np.maximum, z, zero, out=z),
        partial(np.add, z, e, z),
    ], slope


def _logistic(z: Array, s: Array) -> list[Operation]:
    """s = 1 / (1 + exp(-z))."""
    one = np.ones((), z.dtype)
    return [
        partial(np.negative, z, s),
        partial(np.exp, s, s),
        partial(np.add, s, one, s),
        partial(np.divide, one, s, s),
    ]


def _erf(x: Array, y: Array) -> list[Operation]:
    """y = erf(x), by the two formulas of `mlcore.special.erf`: for |x| up to 1, and beyond."""
    one, two, six, offset, above = _numbers(x, 1, 2, 6, 2.2, 9.6)
    size, t, near, below = np.empty_like(x), np.empty_like(x), np.empty_like(x), np.empty(x.shape, bool)
    return [
        partial(np.multiply, x, x, t),
        partial(np.minimum, t, one, out=t),
        *_polynomial(ERF_NEAR, t, near),
        partial(np.multiply, near, x, near),
        partial(np.abs, x, size),
        partial(np.less_equal, size, one, below),
        partial(np.maximum, size, one, out=size),
        partial(np.minimum, size, six, out=size),
        partial(np.add, size, two, t),
        partial(np.divide, above, t, t),
        partial(np.subtract, t, offset, t),
        *_polynomial(ERF_FAR, t, y),
        partial(np.multiply, size, size, size),
        partial(np.negative, size, size),
        partial(np.exp, size, size),
        partial(np.multiply, y, size, y),
        partial(np.subtract, one, y, y),
        partial(np.copysign, y, x, y),
        partial(np.copyto, y, near, where=below),
    ]


def _polynomial(coefficients: Sequence[float], t: Array, y: Array) -> list[Operation]:
    """y = c0 + c1 t + c2 t^2 + ..., by Horner's rule."""
    *others, last = _numbers(t, *coefficients)
    program: list[Operation] = [partial(y.__setitem__, ..., last)]
    for c in reversed(others):
        program += [partial(np.multiply, y, t, y), partial(np.add, y, c, y)]
    return program


def _numbers(z: Array, *values: float) -> list[Array]:
    return [np.array(value, z.dtype) for value in values]


ACTIVATION_KERNELS: dict[type[Layer], Callable[[Any, Array], Kernel]] = {
    ReLU: relu,
    LeakyReLU: leaky_relu,
    ELU: elu,
    GELU: gelu,
    SiLU: silu,
    Sigmoid: sigmoid,
    Tanh: tanh,
    Softplus: softplus,
}


def draw_masks(
    rng: np.random.Generator, layers: Sequence[tuple[Dropout, int]], batch: int
) -> tuple[list[Operation], list[Mask]]:
    """Masks (units, batch), True where a unit is kept, for all dropout layers that share a generator.

    layers: each Dropout with its number of units. The operations draw new masks, once a batch: the generator then
    stands where the batch ends, and who saves its state there goes on with the same masks.

    Each unit takes 16 random bits and is kept unless they are, as a number, below 65,536 p. They are the lower three
    quarters of the doubles that rng.random writes; the fourth, which holds the exponent, is filled up from every
    fourth double.
    """
    sizes = [units * batch for _, units in layers]
    quarter = -(-sum(sizes) // 12)
    doubles = np.empty(4 * quarter)
    bits = doubles.view(np.uint16).reshape(-1, 4)  # of a little-endian double: the exponent comes last
    full, spare = bits[: 3 * quarter], bits[3 * quarter :, :3]
    drawn = full.reshape(-1)[: sum(sizes)]
    limits = [max(round(dropout.p * 65536), 1) - 1 for dropout, _ in layers]
    limit = np.repeat(np.array(limits, np.uint16), sizes)
    kept = np.empty(len(drawn), bool)
    program: list[Operation] = [
        partial(rng.random, None, np.float64, doubles),
        partial(full[:, 3].reshape(3, quarter).__setitem__, ..., spare.T),
        partial(np.greater, drawn, limit, kept),
    ]
    parts = np.split(kept, np.cumsum(sizes)[:-1])
    return program, [part.reshape(-1, batch) for part in parts]
