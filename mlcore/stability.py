"""How large a learning rate may be before gradient descent runs away.

Near a minimum a loss is a bowl, L = 1/2 w^T H w with H the matrix of second derivatives (the Hessian). A step w -= lr H
w multiplies the part of w along an eigenvector of H by 1 - lr lambda: it shrinks as long as lr < 2 / lambda, so the
largest eigenvalue sets the limit (LeCun et al. 1998, Efficient BackProp).
"""

from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array
from mlcore.layers import inference_mode
from mlcore.put_back import put_back


@dataclass(frozen=True)
class Curvature:
    """largest: lambda_max of the Hessian. limit: 2 / lambda_max, inf where nothing curves upwards.

    products: how many Hessian-vector products it took. converged: whether the result had settled by then: the last one
    changed it by less than the tolerance.
    """

    largest: float
    limit: float
    products: int
    converged: bool


def input_limit(X: npt.ArrayLike, *, bias_input: bool = True) -> float:
    """2 / E|x|^2: the limit for linear units that learn from one sample at a time, X (n, ...).

    A sample's update multiplies its own error by 1 - eta |x|^2. bias_input: x has a further input that is always 1.
    """
    X = np.asarray(X, dtype=np.float64)
    squares = np.square(X).sum() / len(X) + (1.0 if bias_input else 0.0)
    return float(2 / squares) if squares > 0 else inf


def largest_curvature(
    network: Any,
    loss: Any,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    iterations: int = 100,
    tolerance: float = 1e-4,
    rng: np.random.Generator | None = None,
) -> Curvature:
    """The largest eigenvalue of the Hessian of the loss over (X, y), and the learning rate that it allows.

    Power iteration: v = H v / |H v| turns towards the eigenvector of the largest |lambda|. H v is the derivative of the
    gradient along v, by a central difference: (g(w + h v) - g(w - h v)) / 2 h (Pearlmutter 1994 names both
    ways). Where that eigenvalue is negative, a second run on H - lambda I finds the largest one.

    In float64 and inference mode; X may be a sample of the data, of the shape that the network takes. It ends when a
    product changes the result by less than tolerance, relative, or after `iterations`. rng draws the first v (None: a
    fixed one). Everything is put back. Raises ValueError where the gradient is not finite.
    """
    rng = np.random.default_rng(0) if rng is None else rng
    with put_back(network, loss), inference_mode(network), np.errstate(all="ignore"):
        slope = _Slope(network, loss, np.asarray(X, dtype=np.float64), y)
        value, used, converged = _power_iteration(slope, 0.0, iterations, tolerance, rng)
        if value < 0:
            shifted, more, converged = _power_iteration(slope, -value, iterations, tolerance, rng)
            value, used = shifted + value, used + more
    return Curvature(value, 2 / value if value > 0 else inf, used, converged)


class _Slope:
    """The gradient of the loss as a function of all weights, as one vector."""

    def __init__(self, network: Any, loss: Any, X: Array, y: npt.ArrayLike) -> None:
        self.network, self.loss, self.X, self.y = network, loss, X, y
        for parameter in network.parameters():
            parameter.data = parameter.data.astype(np.float64)
        self.weights = np.concatenate([parameter.data.ravel() for parameter in network.parameters()])

    def at(self, weights: Array) -> Array:
        start = 0
        for parameter in self.network.parameters():
            part = weights[start : start + parameter.data.size]
            parameter.data = part.reshape(parameter.data.shape)
            parameter.grad = np.zeros_like(parameter.data)
            start += part.size
        self.loss.forward(self.network.forward(self.X), self.y)
        self.network.backward(self.loss.backward())
        gradient = np.concatenate([parameter.grad.ravel() for parameter in self.network.parameters()])
        if not np.isfinite(gradient).all():
            raise ValueError("the gradient is not finite: curvature can only be measured where it is")
        return gradient

    def hessian_times(self, v: Array) -> Array:
        """H v for a v of length 1."""
        # Short, so that hardly a ReLU crosses its kink on the way: one that does is counted as a leap of the gradient.
        h = 1e-7 * max(1.0, float(np.abs(self.weights).max(initial=0.0)))
        product: Array = (self.at(self.weights + h * v) - self.at(self.weights - h * v)) / (2 * h)
        return product


def _power_iteration(
    slope: _Slope, shift: float, iterations: int, tolerance: float, rng: np.random.Generator
) -> tuple[float, int, bool]:
    """The eigenvalue of largest size of H + shift I, the products it took, and whether it has settled."""
    v = rng.standard_normal(slope.weights.size)
    v /= np.linalg.norm(v)
    value = 0.0
    for count in range(1, iterations + 1):
        product = slope.hessian_times(v) + shift * v
        before, value = value, float(v @ product)  # the Rayleigh quotient
        size = float(np.linalg.norm(product))
        if size == 0 or (count > 1 and abs(value - before) <= tolerance * abs(value)):
            return value, count, True
        v = product / size
    return value, iterations, False
