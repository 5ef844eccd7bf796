"""Convolution and pooling over images (n, channels, height, width), as torch.nn has them.

A convolution is a Linear layer that looks at one window of the image after another with the same weights. So
the windows are laid side by side as the columns of one matrix (im2col), and a single product does them all.

The columns are written with the batch as the last axis: all samples' pixels at one place lie side by side in
memory, and every copy below moves long runs. Outputs are views with the usual axes on arrays in that order, so the
next layer finds them as it wants them.
"""

from collections.abc import Mapping, Sequence
from math import inf, prod
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array
from mlcore.init import initialise
from mlcore.layers import Layer, Parameter
from mlcore.windows import Pair, Windows, pair


class Unflatten(Layer):
    """The opposite of Flatten: (n, a * b * ...) becomes (n, a, b, ...) with unflattened_size (a, b, ...).

    Puts rows of pixels into the shape that Conv2d takes: Unflatten(1, (1, 28, 28)). Raises ValueError for a dim that is
    not 1, and for another number of features.
    """

    takes_images = True

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        if dim != 1:
            raise ValueError(f"Unflatten's dim must be 1, received {dim}")
        self.unflattened_size = tuple(unflattened_size)

    def forward(self, x: Array) -> Array:
        self.shape = x.shape
        if prod(x.shape[1:]) != prod(self.unflattened_size):
            raise ValueError(f"{self!r} expects {prod(self.unflattened_size)} features, received shape {x.shape}")
        return x.reshape(len(x), *self.unflattened_size)

    def backward(self, grad: Array) -> Array:
        self.expect_gradient(grad, (self.shape[0], *self.unflattened_size))
        return grad.reshape(self.shape)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(1, {self.unflattened_size})"


class Conv2d(Layer):
    """y[n, o] = b[o] + the sum over channels c and window (i, j) of W[o, c, i, j] x[n, c, row + i, column + j].

    Shapes: x (n, in_channels, height, width), y (n, out_channels, out height, out width), weight W (out_channels,
    in_channels, kernel height, kernel width), bias b (out_channels,). As torch.nn.Conv2d (LeCun et al. 1989).

    With the windows as columns X, and W as a matrix (out_channels, in_channels * kernel area): Y = W X + b, so
    dL/dW = dY X^T, dL/db = the sum of dY along its rows, and dX = W^T dY, whose entries go back to the pixels they were
    copied from and add up there.

    init, init_options, bias_init, rng, dtype: as for Linear; fan_in is in_channels * kernel area. Raises
    ValueError for another number of channels, a window larger than the image, a gradient of another shape, and sizes
    and options that make no layer.
    """

    takes_images = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair = 0,
        bias: bool = True,
        *,
        init: str = "torch",
        init_options: Mapping[str, Any] | None = None,
        bias_init: str | None = None,
        rng: np.random.Generator | None = None,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        if in_channels < 1 or out_channels < 1:
            raise ValueError(f"Conv2d needs at least 1 channel in and out, received {in_channels} and {out_channels}")
        self.in_channels, self.out_channels = in_channels, out_channels
        self.windows = Windows(kernel_size, stride, padding)
        area = self.windows.kernel_size[0] * self.windows.kernel_size[1]
        # fan_out counts a unit for each place in the window; what is learned is one row a channel.
        W, b = initialise(
            init,
            in_channels * area,
            out_channels * area,
            rng=rng,
            dtype=dtype,
            bias_init=bias_init,
            units=out_channels,
            **(init_options or {}),
        )
        self.weight = Parameter(W.reshape(-1, in_channels, *self.windows.kernel_size), "weight")
        self.bias = Parameter(b, "bias") if bias else None

    def forward(self, x: Array) -> Array:
        x = np.asarray(x, dtype=self.weight.data.dtype)
        if x.ndim != 4 or x.shape[1] != self.in_channels:
            raise ValueError(f"{self!r} expects inputs (n, {self.in_channels}, .., ..), received shape {x.shape}")
        _refuse_what_is_too_small(self, self.windows, x)
        padded = self.windows.pad(x)
        self.padded_shape = padded.shape
        self.X = self.windows.columns(padded)
        Y = self.weight.data.reshape(self.out_channels, -1) @ self.X
        if self.bias is not None:
            Y += self.bias.data[:, np.newaxis]
        return Y.reshape(self.out_channels, *self.windows.out_size(padded.shape), len(x)).transpose(3, 0, 1, 2)

    def backward(self, grad: Array) -> Array:
        n = self.padded_shape[3]
        self.expect_gradient(grad, (n, self.out_channels, *self.windows.out_size(self.padded_shape)))
        dY = grad.transpose(1, 2, 3, 0).reshape(self.out_channels, -1)
        self.weight.grad += (self.X @ dY.T).T.reshape(self.weight.data.shape)  # dY X^T, twice as fast this way
        if self.bias is not None:
            self.bias.grad += dY.sum(axis=1, dtype=np.float64)
        dX = self.weight.data.reshape(self.out_channels, -1).T @ dY
        padded = np.zeros(self.padded_shape, dX.dtype)
        out = self.windows.out_size(padded.shape)
        dX = dX.reshape(self.in_channels, -1, *out, len(grad))  # (channel, place in the window, window, sample)
        for place, pixels in enumerate(self.windows.places(padded)):
            pixels += dX[:, place]
        return self.windows.unpad(padded)

    def __repr__(self) -> str:
        bias = "" if self.bias is not None else ", bias=False"
        return f"{type(self).__name__}({self.in_channels}, {self.out_channels}, {_options(self.windows, 1)}{bias})"


class MaxPool2d(Layer):
    """The largest value in each window; stride is kernel_size where not given. As torch.nn.MaxPool2d.

    Shapes: x (n, channels, height, width), y (n, channels, out height, out width). Padding counts as -infinity.

    The gradient of a window goes to the pixel that was largest in it (the first of several), for a small change
    of any other would not have changed the output. Whole numbers become float32. Raises ValueError for what is no image
    or smaller than a window, a gradient of another shape, and padding of more than half a window.
    """

    takes_images = True

    def __init__(self, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0) -> None:
        self.windows = Windows(kernel_size, kernel_size if stride is None else stride, padding)
        self.windows.refuse_wide_padding()

    def forward(self, x: Array) -> Array:
        x = _images(self, self.windows, x)
        padded = self.windows.pad(x, -inf)
        self.padded_shape = padded.shape
        first, *others = self.windows.places(padded)
        y, self.winner = first.copy(), np.zeros(first.shape, np.min_scalar_type(len(others)))
        for place, pixels in enumerate(others, 1):
            np.copyto(self.winner, place, where=pixels > y, casting="unsafe")
            np.maximum(y, pixels, out=y)
        return y.transpose(3, 0, 1, 2)

    def backward(self, grad: Array) -> Array:
        channels, height, width, n = self.winner.shape
        self.expect_gradient(grad, (n, channels, height, width))
        grad = np.ascontiguousarray(grad.transpose(1, 2, 3, 0))
        padded = np.zeros(self.padded_shape, grad.dtype)
        for place, pixels in enumerate(self.windows.places(padded)):
            pixels += grad * (self.winner == place)
        return self.windows.unpad(padded)

    def kink_mask(self) -> npt.NDArray[np.bool_]:
        places = np.arange(self.windows.kernel_size[0] * self.windows.kernel_size[1])
        mask: npt.NDArray[np.bool_] = self.winner[..., np.newaxis] == places
        return mask

    def __repr__(self) -> str:
        return f"{type(self).__name__}({_options(self.windows, self.windows.kernel_size)})"


class AvgPool2d(Layer):
    """The mean of each window; stride is kernel_size where not given. As torch.nn.AvgPool2d.

    Shapes: x (n, channels, height, width), y (n, channels, out height, out width). Padding counts as zeros. Each pixel
    of a window gets an equal share of the window's gradient. Whole numbers and errors: as for MaxPool2d.
    """

    takes_images = True

    def __init__(self, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0) -> None:
        self.windows = Windows(kernel_size, kernel_size if stride is None else stride, padding)
        self.windows.refuse_wide_padding()
        self.area = self.windows.kernel_size[0] * self.windows.kernel_size[1]

    def forward(self, x: Array) -> Array:
        x = _images(self, self.windows, x)
        padded = self.windows.pad(x)
        self.padded_shape = padded.shape
        first, *others = self.windows.places(padded)
        y = first.copy()
        for pixels in others:
            y += pixels
        y *= 1 / self.area
        return y.transpose(3, 0, 1, 2)

    def backward(self, grad: Array) -> Array:
        channels, n = self.padded_shape[0], self.padded_shape[3]
        self.expect_gradient(grad, (n, channels, *self.windows.out_size(self.padded_shape)))
        grad = np.ascontiguousarray(grad.transpose(1, 2, 3, 0)) * (1 / self.area)
        padded = np.zeros(self.padded_shape, grad.dtype)
        for pixels in self.windows.places(padded):
            pixels += grad
        return self.windows.unpad(padded)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({_options(self.windows, self.windows.kernel_size)})"


def _images(layer: Layer, windows: Windows, x: Array) -> Array:
    """x as numbers that a mean or -infinity can stand among. Raises ValueError for what is no image, or too small."""
    x = np.asarray(x)
    if x.ndim != 4:
        raise ValueError(f"{layer!r} expects inputs (n, channels, height, width), received shape {x.shape}")
    _refuse_what_is_too_small(layer, windows, x)
    return x if np.issubdtype(x.dtype, np.floating) else x.astype(np.float32)


def _refuse_what_is_too_small(layer: Layer, windows: Windows, x: Array) -> None:
    if not windows.fit_into(x):
        height, width = x.shape[2:]
        raise ValueError(
            f"{layer!r}: a window of {windows.kernel_size} does not fit into an image of {height} x {width}"
        )


def _options(windows: Windows, usual_stride: Pair) -> str:
    """Such as "5, stride=2": the kernel, and what differs from the default."""

    def short(size: tuple[int, int]) -> str:
        return str(size[0]) if size[0] == size[1] else str(size)

    text = short(windows.kernel_size)
    if windows.stride != pair("stride", usual_stride):
        text += f", stride={short(windows.stride)}"
    return text + (f", padding={short(windows.padding)}" if windows.padding != (0, 0) else "")
