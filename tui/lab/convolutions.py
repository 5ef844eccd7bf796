"""The convolutional front of a network: images in, and after each convolution images of half the size.

Conv2d, activation, MaxPool2d(2) for each entry of `model.channels`, then Flatten, as in LeNet (LeCun et al. 1998).
"""

from dataclasses import dataclass
from math import isqrt

import numpy as np

from mlcore import Conv2d, Flatten, Layer, MaxPool2d, Unflatten
from mlcore.activations import ACTIVATIONS
from tui.lab.spec import Spec

SMALLEST_IMAGE = 8


@dataclass(frozen=True)
class Stage:
    """One convolution and its pooling: channels before and after, and the sides of its square images."""

    inputs: int
    outputs: int
    kernel: int
    side: int

    @property
    def area(self) -> int:
        return self.kernel * self.kernel

    @property
    def padding(self) -> int:
        """So that a window with an odd side leaves the image its size."""
        return (self.kernel - 1) // 2

    @property
    def convolved(self) -> int:
        return self.side + 2 * self.padding - self.kernel + 1

    @property
    def pooled(self) -> int:
        return self.convolved // 2

    @property
    def parameters(self) -> int:
        return (self.inputs * self.area + 1) * self.outputs


def image_shape(in_features: int) -> tuple[int, int] | None:
    """(channels, side) of square images with so many numbers, grey or in three colours; None where it is none."""
    for channels in (1, 3):
        side = isqrt(in_features // channels)
        if side >= SMALLEST_IMAGE and channels * side * side == in_features:
            return channels, side
    return None


def stages(spec: Spec, in_features: int) -> tuple[Stage, ...]:
    """The convolutions in order; () for a network without, and for data that is no images."""
    shape = image_shape(in_features)
    if not spec.model.channels or shape is None:
        return ()
    found: list[Stage] = []
    inputs, side = shape
    for outputs in spec.model.channels:
        found.append(Stage(inputs, outputs, spec.model.kernel_size, side))
        inputs, side = outputs, found[-1].pooled
    return tuple(found)


def refuse_convolutions(spec: Spec, in_features: int) -> tuple[str, str] | None:
    """(key, words) where the convolutions do not fit the data; None where they do, or there are none."""
    if not spec.model.channels:
        return None
    found = stages(spec, in_features)
    if not found:
        least = SMALLEST_IMAGE
        words = f"{in_features} features are no square image of {least} x {least} or more: leave it empty"
        return "model.channels", words
    if found[-1].pooled < 1:
        words = f"after {len(found)} poolings nothing is left of {found[0].side} x {found[0].side} pixels: take fewer"
        return "model.channels", words
    return None


def flattened(spec: Spec, in_features: int) -> int:
    """How many numbers the first Linear gets."""
    found = stages(spec, in_features)
    return found[-1].outputs * found[-1].pooled ** 2 if found else in_features


def convolutions(spec: Spec, in_features: int, rng: np.random.Generator, dtype: np.dtype[np.floating]) -> list[Layer]:
    """The layers in front of the first Linear, from rows of pixels on; [] for a network without convolutions."""
    found = stages(spec, in_features)
    if not found:
        return []
    model = spec.model
    layers: list[Layer] = [Unflatten(1, (found[0].inputs, found[0].side, found[0].side))]
    for stage in found:
        layers += [
            Conv2d(
                stage.inputs,
                stage.outputs,
                stage.kernel,
                padding=stage.padding,
                init=model.init,
                init_options={"activation": model.activation, **model.init_options},
                bias_init=model.bias_init or None,
                rng=rng,
                dtype=dtype,
            ),
            ACTIVATIONS[model.activation](),
            MaxPool2d(2),
        ]
    return [*layers, Flatten()]
