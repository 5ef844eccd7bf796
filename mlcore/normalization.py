"""Layers that normalise: over the batch (BatchNorm1d) or over each sample (LayerNorm). As torch.nn has them.

Both write y = w x_hat + b with x_hat = (x - mean) / sqrt(var + eps), var the biased variance. Mean and
variance depend on x, so the way back has three terms. With u = dL/dx_hat and means over the same axes:

    dL/dx = (u - mean(u) - x_hat mean(u x_hat)) / sqrt(var + eps)

Inputs are cast to the dtype of the weights. Sums over a batch are added up in float64: of many float32 numbers far
from 0, little would be left.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array
from mlcore.layers import Layer, Parameter

STARTS = ("ones", "uniform")


class BatchNorm1d(Layer):
    """Each feature normalised over the batch, then scaled by weight and shifted by bias (Ioffe, Szegedy 2015).

    Shapes: x and y (n, num_features) or (n, num_features, length); weight and bias (num_features,).

    In training mean and variance are the batch's, and move the buffers: running_mean = (1 - momentum)
    running_mean + momentum mean, and running_var likewise, with the unbiased variance. momentum None: the plain
    average of all batches so far. Inference uses the buffers, so that a sample's output does not hang on its
    neighbours. affine False: no weight and bias. track_running_stats False: no buffers, the batch's figures always.

    init: weight starts at "ones", or "uniform" in 0..1, drawn by rng. Raises ValueError for another number
    of features, a gradient of another shape, and in training for a single value a feature.
    """

    BUFFERS = ("running_mean", "running_var", "num_batches_tracked")

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        init: str = "ones",
        rng: np.random.Generator | None = None,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        self.num_features, self.eps, self.momentum = num_features, float(eps), momentum
        self.weight = Parameter(_start(init, (num_features,), rng, dtype), "weight") if affine else None
        self.bias = Parameter(np.zeros(num_features, dtype), "bias") if affine else None
        self.running_mean = np.zeros(num_features, dtype) if track_running_stats else None
        self.running_var = np.ones(num_features, dtype) if track_running_stats else None
        self.num_batches_tracked = np.zeros((), np.int64) if track_running_stats else None

    def forward(self, x: Array) -> Array:
        x = _cast(x, self.weight)
        if x.ndim not in (2, 3) or x.shape[1] != self.num_features:
            raise ValueError(f"{self!r} expects inputs of {self.num_features} features, received shape {x.shape}")
        self.axes = (0,) if x.ndim == 2 else (0, 2)
        self.uses_batch = self.training or self.running_mean is None
        if self.training or self.running_mean is None or self.running_var is None:
            count = x.size // self.num_features
            if self.training and count < 2:
                raise ValueError(f"{self!r} cannot normalise a batch of one sample: choose another batch size")
            mean, var, centred = self._moments(x)
            if self.training:
                self._track(mean, var * (count / max(count - 1, 1)))
        else:
            var, centred = self.running_var, x - self._column(self.running_mean)
        self.std = self._column(np.sqrt(var + self.eps).astype(x.dtype))
        self.x_hat: Array = centred / self.std
        if self.weight is None or self.bias is None:
            return self.x_hat.copy()
        y: Array = self._column(self.weight.data) * self.x_hat + self._column(self.bias.data)
        return y

    def backward(self, grad: Array) -> Array:
        self.expect_gradient(grad, self.x_hat.shape)
        u = grad
        if self.weight is not None and self.bias is not None:
            self.weight.grad += (grad * self.x_hat).sum(axis=self.axes, dtype=np.float64)
            self.bias.grad += grad.sum(axis=self.axes, dtype=np.float64)
            u = grad * self._column(self.weight.data)
        if self.uses_batch:
            u = _centred(u, self.x_hat, self.axes)
        grad_x: Array = u / self.std
        return grad_x

    def _moments(self, x: Array) -> tuple[Array, Array, Array]:
        """Mean and variance of each feature, in float64, and x - mean."""
        mean = x.mean(axis=self.axes, dtype=np.float64)
        centred = x - self._column(mean.astype(x.dtype))
        rest = centred.mean(axis=self.axes, dtype=np.float64)  # what the mean lost when it was rounded
        centred -= self._column(rest.astype(x.dtype))
        return mean, np.square(centred).mean(axis=self.axes, dtype=np.float64), centred

    def _track(self, mean: Array, unbiased_var: Array) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        # New arrays, not new values in the old ones: whoever looks in with a trial batch can put the old back.
        self.num_batches_tracked = np.asarray(self.num_batches_tracked + 1)
        share = 1 / int(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean = (1 - share) * self.running_mean + share * mean.astype(self.running_mean.dtype)
        self.running_var = (1 - share) * self.running_var + share * unbiased_var.astype(self.running_var.dtype)

    def _column(self, v: Array) -> Array:
        return v if len(self.axes) == 1 else v[:, np.newaxis]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.num_features})"


class LayerNorm(Layer):
    """Each sample normalised over its own features, then scaled and shifted (Ba et al. 2016).

    Shapes: x and y (n, ..., *normalized_shape); weight and bias normalized_shape, an int or several. No
    difference between training and inference. elementwise_affine False: no weight and bias; bias False: no bias.

    init: weight starts at "ones", or "uniform" in 0..1, drawn by rng. Raises ValueError for another shape of the input
    or of the gradient.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        init: str = "ones",
        rng: np.random.Generator | None = None,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.normalized_shape, self.eps = shape, float(eps)
        self.weight = Parameter(_start(init, shape, rng, dtype), "weight") if elementwise_affine else None
        self.bias = Parameter(np.zeros(shape, dtype), "bias") if elementwise_affine and bias else None

    def forward(self, x: Array) -> Array:
        x = _cast(x, self.weight)
        if x.shape[-len(self.normalized_shape) :] != self.normalized_shape or x.ndim <= len(self.normalized_shape):
            raise ValueError(f"{self!r} expects inputs (n, ..., *{self.normalized_shape}), received shape {x.shape}")
        self.axes = tuple(range(-len(self.normalized_shape), 0))
        self.std = np.sqrt(x.var(axis=self.axes, keepdims=True) + self.eps)
        self.x_hat: Array = (x - x.mean(axis=self.axes, keepdims=True)) / self.std
        y: Array = self.x_hat.copy() if self.weight is None else self.weight.data * self.x_hat
        if self.bias is not None:
            y = y + self.bias.data
        return y

    def backward(self, grad: Array) -> Array:
        self.expect_gradient(grad, self.x_hat.shape)
        samples = tuple(range(grad.ndim - len(self.normalized_shape)))
        if self.bias is not None:
            self.bias.grad += grad.sum(axis=samples, dtype=np.float64)
        u = grad
        if self.weight is not None:
            self.weight.grad += (grad * self.x_hat).sum(axis=samples, dtype=np.float64)
            u = grad * self.weight.data
        grad_x: Array = _centred(u, self.x_hat, self.axes) / self.std
        return grad_x

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(str, self.normalized_shape))})"


def _centred(u: Array, x_hat: Array, axes: tuple[int, ...]) -> Array:
    """u - mean(u) - x_hat mean(u x_hat): what is left of a gradient that may not move mean and variance."""
    centred: Array = u - u.mean(axis=axes, keepdims=True) - x_hat * (u * x_hat).mean(axis=axes, keepdims=True)
    return centred


def _cast(x: Array, weight: Parameter | None) -> Array:
    """x in the dtype of the weight; without one floating-point numbers stay what they are."""
    if weight is not None:
        return np.asarray(x, dtype=weight.data.dtype)
    x = np.asarray(x)
    return x if np.issubdtype(x.dtype, np.floating) else x.astype(np.float32)


def _start(init: str, shape: tuple[int, ...], rng: np.random.Generator | None, dtype: npt.DTypeLike) -> Array:
    if init not in STARTS:
        raise ValueError(f"a normalising layer's init must be one of {', '.join(STARTS)}; received {init!r}")
    if init == "ones":
        return np.ones(shape, dtype)
    rng = np.random.default_rng() if rng is None else rng
    return rng.uniform(0, 1, shape).astype(dtype)
