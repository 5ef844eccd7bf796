"""Windows that move over images, laid side by side as columns (im2col): what convolution and pooling share."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from mlcore._typing import Array

Pair = int | tuple[int, int]
"""One number for height and width, or (height, width)."""


class Windows:
    """Windows of kernel_size that move over an image in steps of stride, after padding on all four sides.

    Images here are (channels, height, width, n), padded; there are out = (size + 2 padding - kernel) // stride + 1
    windows along each side.
    """

    def __init__(self, kernel_size: Pair, stride: Pair, padding: Pair) -> None:
        self.kernel_size, self.stride = pair("kernel_size", kernel_size), pair("stride", stride)
        self.padding = pair("padding", padding)
        if min(self.kernel_size) < 1 or min(self.stride) < 1 or min(self.padding) < 0:
            raise ValueError(
                "kernel_size and stride must be at least 1 and padding at least 0, "
                f"received {kernel_size}, {stride} and {padding}"
            )

    def pad(self, x: Array, value: float = 0.0) -> Array:
        """x (n, channels, height, width) as padded (channels, height, width, n)."""
        (top, left), (n, channels, height, width) = self.padding, x.shape
        batch_last = x.transpose(1, 2, 3, 0)
        if not (top or left):
            return np.ascontiguousarray(batch_last)
        padded = np.full((channels, height + 2 * top, width + 2 * left, n), value, x.dtype)
        padded[:, top : top + height, left : left + width] = batch_last
        return padded

    def fit_into(self, x: Array) -> bool:
        """Whether there is room for one in x (n, channels, height, width), with its padding."""
        sizes = zip(x.shape[2:], self.padding, self.kernel_size, strict=True)
        return all(size + 2 * padding >= kernel for size, padding, kernel in sizes)

    def refuse_wide_padding(self) -> None:
        """Raise ValueError for padding of more than half a window: some windows would see nothing else."""
        if any(2 * p > k for p, k in zip(self.padding, self.kernel_size, strict=True)):
            raise ValueError(f"padding may be half of kernel_size {self.kernel_size} at most, received {self.padding}")

    def unpad(self, padded: Array) -> Array:
        """The image inside, as (n, channels, height, width)."""
        (top, left), (_, height, width, _) = self.padding, padded.shape
        return padded[:, top : height - top, left : left + width - 2 * left].transpose(3, 0, 1, 2)

    def columns(self, padded: Array) -> Array:
        """Every window as a column: (channels * kernel area, out height * out width * n)."""
        (down, across), (channels, *_) = self.stride, padded.shape
        windows = sliding_window_view(padded, self.kernel_size, axis=(1, 2))[:, ::down, ::across]
        return windows.transpose(0, 4, 5, 1, 2, 3).reshape(channels * self.kernel_size[0] * self.kernel_size[1], -1)

    def out_size(self, padded_shape: tuple[int, ...]) -> tuple[int, int]:
        """(out height, out width) for padded images of shape (channels, height, width, n)."""
        (kh, kw), (down, across) = self.kernel_size, self.stride
        return (padded_shape[1] - kh) // down + 1, (padded_shape[2] - kw) // across + 1

    def places(self, padded: Array) -> Iterator[Array]:
        """For each place in the window, row by row, a view on what all windows see there: (channels, out, out, n)."""
        (kh, kw), (down, across) = self.kernel_size, self.stride
        height, width = self.out_size(padded.shape)
        for i in range(kh):
            for j in range(kw):
                yield padded[:, i : i + down * height : down, j : j + across * width : across]


def pair(name: str, size: Pair) -> tuple[int, int]:
    """(height, width) of a `size` given as one number or two. Raises ValueError, with the name of the option."""
    both = tuple(size) if isinstance(size, Sequence) and not isinstance(size, str) else (size, size)
    if len(both) != 2 or not all(isinstance(number, int | np.integer) for number in both):
        raise ValueError(f"{name} is a whole number, or one for the height and one for the width; received {size!r}")
    return int(both[0]), int(both[1])
