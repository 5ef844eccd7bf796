"""Activation functions: each acts on every unit by itself, so backward is a product with f'(x).

Softmax and LogSoftmax, at the end, are the exceptions: they mix the units of a row.

All keep the shape and dtype of their input, x and y (n, ...), and none overflows for large inputs. At a kink f'(0)
is PyTorch's choice: 0 for ReLU, the negative slope for LeakyReLU. What backward needs of the output is a copy of it:
who changes the output in place, as in p[range(n), y] -= 1, does not change the way back. backward raises ValueError for
a gradient of another shape.
"""

from math import pi, sqrt

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array
from mlcore.layers import Identity, Layer
from mlcore.special import erf


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), any shape, in a form that only ever takes exp of a number <= 0."""
    e = np.exp(-np.abs(x))
    y: Array = np.where(x >= 0, 1, e) / (1 + e)
    return y


def softmax(x: npt.ArrayLike, axis: int = -1) -> Array:
    """exp(x) / sum exp(x) along `axis`, any shape. The largest x is subtracted first: same quotient, no overflow."""
    x = np.asarray(x)
    e: Array = np.exp(x - x.max(axis=axis, keepdims=True))
    e /= e.sum(axis=axis, keepdims=True)
    return e


def log_softmax(x: npt.ArrayLike, axis: int = -1) -> Array:
    """log(softmax(x)) along `axis`, any shape, by log-sum-exp: exact also where softmax underflows to 0."""
    x = np.asarray(x)
    shifted = x - x.max(axis=axis, keepdims=True)
    y: Array = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return y


class ReLU(Layer):
    """y = max(x, 0), any shape. f'(x) = 1 where x > 0, else 0 (Nair and Hinton 2010)."""

    def forward(self, x: Array) -> Array:
        self.positive = x > 0
        y: Array = np.maximum(x, 0)
        return y

    def backward(self, grad: Array) -> Array:
        self.expect_gradient(grad, self.positive.shape)
        grad_x: Array = grad * self.positive
        return grad_x

    def kink_mask(self) -> npt.NDArray[np.bool_]:
        return self.positive


class LeakyReLU(Layer):
    """y = x where x > 0, else a x, any shape, with a = negative_slope. f'(x) = 1 or a (Maas et al. 2013)."""

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = float(negative_slope)

    def forward(self, x: Array) -> Array:
        self.positive = x > 0
        return np.where(self.positive, x, self.negative_slope * x)

    def backward(self, grad: Array) -> Array:
        self.expect_gradient(grad, self.positive.shape)
        return np.where(self.positive, grad, self.negative_slope * grad)

    def kink_mask(self) -> npt.NDArray[np.bool_]:
        return self.positive

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.negative_slope:g})"


class ELU(Layer):
    """y = x where x > 0, else alpha (exp(x) - 1), any shape. f'(x) = 1, or y + alpha (Clevert et al. 2016)."""

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = float(alpha)

    def forward(self, x: Array) -> Array:
        self.positive = x > 0
        self.y: Array = np.where(self.positive, x, self.alpha * np.expm1(np.minimum(x, 0)))
        return self.y.copy()

    def backward(self, grad: Array) -> Array:
        self.expect_gradient(grad, self.y.shape)
        return np.where(self.positive, grad, grad * (self.y + self.alpha))

    def kink_mask(self) -> npt.NDArray[np.bool_]:
        # With alpha = 1 the slope is 1 from both sides, but the curvature jumps: a difference across 0 is off by eps.
        return self.positive

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.alpha:g})"


class GELU(Layer):
    """y = x P(x), any shape, P(x) = (1 + erf(x / sqrt 2)) / 2 the normal distribution; exact, without the tanh.

    f'(x) = P(x) + x exp(-x^2 / 2) / sqrt(2 pi) (Hendrycks and Gimpel 2016).
    """

    def forward(self, x: Array) -> Array:
        self.x = x
        self.P: Array = 0.5 * (1 + erf(x * (1 / sqrt(2))))
        return x * self.P

    def backward(self, grad: Array) -> Array:
        self.expect_gradient(grad, self.x.shape)
        density = np.exp(-0.5 * np.square(np.clip(self.x, -100, 100))) * (1 / sqrt(2 * pi))  # 0 far from 0
        grad_x: Array = grad * (self.P + self.x * density)
        return grad_x


class SiLU(Layer):
    """y = x s(x), any shape, s the sigmoid. f'(x) = s + x s (1 - s) (Elfwing et al. 2018)."""

    def forward(self, x: Array) -> Array:
        self.x = x
        self.s = sigmoid(x)
        return x * self.s

    def backward(self, grad: Array) -> Array:
        self.expect_gradient(grad, self.x.shape)
        grad_x: Array = grad * (self.s * (1 + self.x * (1 - self.s)))
        return grad_x


class Sigmoid(Layer):
    """s = 1 / (1 + exp(-x)), any shape. f'(x) = s (1 - s).

    derivative "detached": backward hands the gradient on as it came, without s (1 - s), as a sheet does
    that writes the sigmoid over the output's values outside the graph. It still learns, but the gradient is
    not that of the loss. Raises ValueError for another word.
    """

    def __init__(self, derivative: str = "true") -> None:
        if derivative not in ("true", "detached"):
            raise ValueError(f'Sigmoid\'s derivative must be "true" or "detached", received {derivative!r}')
        self.derivative = derivative

    def forward(self, x: Array) -> Array:
        self.s = sigmoid(x)
        return self.s.copy()

    def backward(self, grad: Array) -> Array:
        self.expect_gradient(grad, self.s.shape)
        if self.derivative == "detached":
            return grad
        grad_x: Array = grad * (self.s * (1 - self.s))
        return grad_x

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'detached' if self.derivative == 'detached' else ''})"


class Tanh(Layer):
    """t = tanh(x), any shape. f'(x) = 1 - t^2."""

    def forward(self, x: Array) -> Array:
        self.t: Array = np.tanh(x)
        return self.t.copy()

    def backward(self, grad: Array) -> Array:
        self.expect_gradient(grad, self.t.shape)
        grad_x: Array = grad * (1 - self.t * self.t)
        return grad_x


class Softplus(Layer):
    """y = log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)), any shape. f'(x) = 1 / (1 + exp(-x))."""

    def forward(self, x: Array) -> Array:
        self.x = x
        y: Array = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
        return y

    def backward(self, grad: Array) -> Array:
        self.expect_gradient(grad, self.x.shape)
        return grad * sigmoid(self.x)


class Softmax(Layer):
    """p = exp(x) / sum exp(x) along `dim`: the units become probabilities. Any shape, (n, C) as a rule.

    dp_i/dx_j = p_i (1{i=j} - p_j), so dL/dx = p (g - sum g p) with g = dL/dp. Not for CrossEntropyLoss, which
    takes logits.
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, x: Array) -> Array:
        self.p = softmax(x, self.dim)
        return self.p.copy()

    def backward(self, grad: Array) -> Array:
        self.expect_gradient(grad, self.p.shape)
        grad_x: Array = self.p * (grad - (grad * self.p).sum(axis=self.dim, keepdims=True))
        return grad_x


class LogSoftmax(Layer):
    """log softmax(x) along `dim`: what NLLLoss takes. Any shape. dL/dx = g - p sum g with p = softmax(x)."""

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, x: Array) -> Array:
        self.log_p = log_softmax(x, self.dim)
        return self.log_p.copy()

    def backward(self, grad: Array) -> Array:
        self.expect_gradient(grad, self.log_p.shape)
        grad_x: Array = grad - np.exp(self.log_p) * grad.sum(axis=self.dim, keepdims=True)
        return grad_x


ACTIVATIONS: dict[str, type[Layer]] = {
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "elu": ELU,
    "gelu": GELU,
    "silu": SiLU,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "softplus": Softplus,
    "identity": Identity,
}
