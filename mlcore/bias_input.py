"""A Linear whose bias is the weight of a further input that is always 1: y = [x | 1] [W | b]^T, as some sheets write.

It is the same sum as x W^T + b, with weight and bias as views on one array, [W | b].
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from mlcore._typing import Array
from mlcore.base import Parameter


def join(weight: Parameter, bias: Parameter) -> Array:
    """Make `weight.data` and `bias.data` views on one array [W | b], unless they are; returns that array.

    Shape (out_features, in_features + 1).
    """
    whole = _common(weight.data, bias.data)
    if whole is None:
        whole = np.column_stack([weight.data, bias.data])
        weight.data, bias.data = whole[:, :-1], whole[:, -1]
    return whole


def forward(weight: Parameter, bias: Parameter, x: Array) -> tuple[Array, Array]:
    """[x | 1], (n, in_features + 1), and y = [x | 1] [W | b]^T."""
    W, b = weight.data, bias.data
    whole = _common(W, b)
    augmented_x = np.column_stack([x, np.ones(len(x), x.dtype)])
    return augmented_x, augmented_x @ (np.column_stack([W, b]) if whole is None else whole).T


def backward(weight: Parameter, bias: Parameter, grad: Array, augmented_x: Array) -> None:
    """d[W | b] = grad^T [x | 1], added to both gradients. In its last column x is 1: the sum over the samples."""
    both = grad.T @ augmented_x
    weight.grad += both[:, :-1]
    bias.grad += both[:, -1]


def _common(W: Array, b: Array) -> Array | None:
    """The array [W | b] that both are views on, if there is one: also as a part of an array that holds more."""
    shape = (W.shape[0], W.shape[1] + 1)
    if W.base is None or W.base is not b.base:
        return None
    if W.base.shape == shape:
        return W.base
    row = shape[1] * W.itemsize
    apart = _address(b) - _address(W) == W.shape[1] * W.itemsize
    return as_strided(W, shape) if apart and W.strides == (row, W.itemsize) and b.strides == (row,) else None


def _address(array: Array) -> int:
    start: int = array.__array_interface__["data"][0]
    return start
