"""Convolution and pooling over images (n, channels, height, width), as torch.nn has them.

A convolution is a Linear layer that looks at one window of the image after another with the same weights. So
the windows are laid side by side as the columns of one matrix (im2col), and a single product does them all.

The columns are written with the batch as the last axis: all samples' pixels at one place lie side by side in
memory, and every copy below moves long runs. Outputs are views with the usual axes on arrays in that order, so the
next layer finds them as it wants them.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from mlcore._typing import Array
from mlcore.init import initialise
from mlcore.layers import Layer, Parameter

Pair = int | tuple[int, int]
"""One number for height and width, or (height, width)."""


class Windows:
    """Windows of kernel_size that move over an image in steps of stride, after padding on all four sides.

    Images here are (channels, height, width, n), padded; there are out = (size + 2 padding - kernel) // stride + 1
    windows along each side.
    """

    def __init__(self, kernel_size: Pair, stride: Pair, padding: Pair) -> None:
        self.kernel_size, self.stride, self.padding = _pair(kernel_size), _pair(stride), _pair(padding)
        if min(self.kernel_size) < 1 or min(self.stride) < 1 or min(self.padding) < 0:
            raise ValueError(
                "kernel_size and stride must be at least 1 and padding at least 0, "
                f"received {kernel_size}, {stride} and {padding}"
            )

    def pad(self, x: Array, value: float = 0.0) -> Array:
        """x (n, channels, height, width) as padded (channels, height, width, n)."""
        (top, left), (n, channels, height, width) = self.padding, x.shape
        if any(size + 2 * p < k for size, p, k in zip(x.shape[2:], self.padding, self.kernel_size, strict=True)):
            raise ValueError(f"a window of {self.kernel_size} does not fit into an image of {height} x {width}")
        batch_last = x.transpose(1, 2, 3, 0)
        if not (top or left):
            return np.ascontiguousarray(batch_last)
        padded = np.full((channels, height + 2 * top, width + 2 * left, n), value, x.dtype)
        padded[:, top : top + height, left : left + width] = batch_last
        return padded

    def unpad(self, padded: Array) -> Array:
        """The image inside, as (n, channels, height, width)."""
        (top, left), (_, height, width, _) = self.padding, padded.shape
        return padded[:, top : height - top, left : left + width - 2 * left].transpose(3, 0, 1, 2)

    def columns(self, padded: Array) -> Array:
        """Every window as a column: (channels * kernel area, out height * out width * n)."""
        (down, across), (channels, *_) = self.stride, padded.shape
        windows = sliding_window_view(padded, self.kernel_size, axis=(1, 2))[:, ::down, ::across]
        return windows.transpose(0, 4, 5, 1, 2, 3).reshape(channels * self.kernel_size[0] * self.kernel_size[1], -1)

    def out_size(self, padded: Array) -> tuple[int, int]:
        """(out height, out width)."""
        (kh, kw), (down, across) = self.kernel_size, self.stride
        return (padded.shape[1] - kh) // down + 1, (padded.shape[2] - kw) // across + 1

    def places(self, padded: Array) -> Iterator[Array]:
        """For each place in the window, row by row, a view on what all windows see there: (channels, out, out, n)."""
        (kh, kw), (down, across) = self.kernel_size, self.stride
        height, width = self.out_size(padded)
        for i in range(kh):
            for j in range(kw):
                yield padded[:, i : i + down * height : down, j : j + across * width : across]


class Conv2d(Layer):
    """y[n, o] = b[o] + the sum over channels c and window (i, j) of W[o, c, i, j] x[n, c, row + i, column + j].

    Shapes: x (n, in_channels, height, width), y (n, out_channels, out height, out width), weight W (out_channels,
    in_channels, kernel height, kernel width), bias b (out_channels,). As torch.nn.Conv2d (LeCun et al. 1989).

    With the windows as columns X, and W as a matrix (out_channels, in_channels * kernel area): Y = W X + b, so
    dL/dW = dY X^T, dL/db = the sum of dY along its rows, and dX = W^T dY, whose entries go back to the pixels they were
    copied from and add up there.

    init, init_options, bias_init, rng, dtype: as for Linear; fan_in is in_channels * kernel area. Raises
    ValueError for another number of channels or a window larger than the image.
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
        rng = np.random.default_rng() if rng is None else rng
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
            **(init_options or {}),
        )
        self.weight = Parameter(W[:out_channels].reshape(-1, in_channels, *self.windows.kernel_size), "weight")
        self.bias = Parameter(b[:out_channels].copy(), "bias") if bias else None

    def forward(self, x: Array) -> Array:
        x = np.asarray(x, dtype=self.weight.data.dtype)
        if x.ndim != 4 or x.shape[1] != self.in_channels:
            raise ValueError(f"{self!r} expects inputs (n, {self.in_channels}, .., ..), received shape {x.shape}")
        padded = self.windows.pad(x)
        self.padded_shape = padded.shape
        self.X = self.windows.columns(padded)
        Y = self.weight.data.reshape(self.out_channels, -1) @ self.X
        if self.bias is not None:
            Y += self.bias.data[:, np.newaxis]
        return Y.reshape(self.out_channels, *self.windows.out_size(padded), len(x)).transpose(3, 0, 1, 2)

    def backward(self, grad: Array) -> Array:
        dY = grad.transpose(1, 2, 3, 0).reshape(self.out_channels, -1)
        self.weight.grad += (self.X @ dY.T).T.reshape(self.weight.data.shape)  # dY X^T, twice as fast this way
        if self.bias is not None:
            self.bias.grad += dY.sum(axis=1)
        dX = self.weight.data.reshape(self.out_channels, -1).T @ dY
        padded = np.zeros(self.padded_shape, dX.dtype)
        out = self.windows.out_size(padded)
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
    of any other would not have changed the output.
    """

    takes_images = True

    def __init__(self, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0) -> None:
        self.windows = Windows(kernel_size, kernel_size if stride is None else stride, padding)
        if any(2 * p > k for p, k in zip(self.windows.padding, self.windows.kernel_size, strict=True)):
            raise ValueError(f"padding may be half of kernel_size {kernel_size} at most, received {padding}")

    def forward(self, x: Array) -> Array:
        _check_images(self, x)
        padded = self.windows.pad(x, -inf)
        self.padded_shape = padded.shape
        first, *others = self.windows.places(padded)
        y, self.winner = first.copy(), np.zeros(first.shape, np.min_scalar_type(len(others)))
        for place, pixels in enumerate(others, 1):
            np.copyto(self.winner, place, where=pixels > y, casting="unsafe")
            np.maximum(y, pixels, out=y)
        return y.transpose(3, 0, 1, 2)

    def backward(self, grad: Array) -> Array:
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
    of a window gets an equal share of the window's gradient.
    """

    takes_images = True

    def __init__(self, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0) -> None:
        self.windows = Windows(kernel_size, kernel_size if stride is None else stride, padding)
        self.area = self.windows.kernel_size[0] * self.windows.kernel_size[1]

    def forward(self, x: Array) -> Array:
        _check_images(self, x)
        padded = self.windows.pad(x)
        self.padded_shape = padded.shape
        first, *others = self.windows.places(padded)
        y = first.copy()
        for pixels in others:
            y += pixels
        y *= 1 / self.area
        return y.transpose(3, 0, 1, 2)

    def backward(self, grad: Array) -> Array:
        grad = np.ascontiguousarray(grad.transpose(1, 2, 3, 0)) * (1 / self.area)
        padded = np.zeros(self.padded_shape, grad.dtype)
        for pixels in self.windows.places(padded):
            pixels += grad
        return self.windows.unpad(padded)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({_options(self.windows, self.windows.kernel_size)})"


def _pair(size: Pair) -> tuple[int, int]:
    return (int(size[0]), int(size[1])) if isinstance(size, Sequence) else (int(size), int(size))


def _check_images(layer: Layer, x: Array) -> None:
    if x.ndim != 4:
        raise ValueError(f"{layer!r} expects inputs (n, channels, height, width), received shape {x.shape}")


def _options(windows: Windows, usual_stride: Pair) -> str:
    """Such as "5, stride=2": the kernel, and what differs from the default."""

    def short(size: tuple[int, int]) -> str:
        return str(size[0]) if size[0] == size[1] else str(size)

    text = short(windows.kernel_size)
    if windows.stride != _pair(usual_stride):
        text += f", stride={short(windows.stride)}"
    return text + (f", padding={short(windows.padding)}" if windows.padding != (0, 0) else "")
