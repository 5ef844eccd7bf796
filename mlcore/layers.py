"""Layers with backpropagation written by hand. Read from top to bottom.

Every layer does two things. `forward(x)` computes its output for a batch and keeps what the way back needs.
`backward(grad)` receives dL/d(output), adds dL/d(parameter) to the gradient of each of its parameters, and
returns dL/d(input), which is dL/d(output) of the layer before. That chain of products is the chain rule.

A batch has shape (n, features), one sample a row. Names, argument names and defaults are those of torch.nn.

base.py has what all layers share; activations.py, normalization.py and conv.py have more of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import prod
from typing import Any, SupportsIndex

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array
from mlcore.base import Layer, Parameter
from mlcore.init import initialise

__all__ = [
    "Dropout",
    "Flatten",
    "Identity",
    "Layer",
    "Linear",
    "Parameter",
    "Sequential",
    "Unflatten",
    "inference_mode",
]


class Linear(Layer):
    """y = x W^T + b, as torch.nn.Linear.

    Shapes: x (n, in_features), y (n, out_features), weight W (out_features, in_features), bias b (out_features,).

    bias: True or "vector" adds b. "input" writes the same thing as some sheets do, y = [x | 1] [W | b]^T: each
    sample gets a further input, always 1, whose weights are the bias. `weight` and `bias` are then views on
    one array, `augmented`. False: no bias.

    init, init_options: a name of `mlcore.init.INITIALISATIONS` and its options. bias_init: the name of
    another one to take the bias from. rng: where the weights are drawn from. Raises ValueError when x has
    another number of features.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool | str = True,
        *,
        init: str = "torch",
        init_options: Mapping[str, Any] | None = None,
        bias_init: str | None = None,
        rng: np.random.Generator | None = None,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        if bias not in (True, False, "vector", "input"):
            raise ValueError(f'Linear\'s bias must be True, False, "vector" or "input", received {bias!r}')
        rng = np.random.default_rng() if rng is None else rng
        W, b = initialise(
            init, in_features, out_features, rng=rng, dtype=dtype, bias_init=bias_init, **(init_options or {})
        )
        self.in_features = in_features
        self.out_features = out_features
        self.bias_is_input = bias == "input"
        if self.bias_is_input:
            whole = np.column_stack([W, b])
            W, b = whole[:, :-1], whole[:, -1]
        self.weight = Parameter(W, "weight")
        self.bias = Parameter(b, "bias") if bias else None

    def forward(self, x: Array) -> Array:
        x = np.asarray(x, dtype=self.weight.data.dtype)
        if x.ndim != 2 or x.shape[1] != self.in_features:
            raise ValueError(f"{self!r} expects inputs of {self.in_features} features, received shape {x.shape}")
        if self.bias_is_input:
            self.x = np.column_stack([x, np.ones(len(x), x.dtype)])
            augmented: Array = self.x @ self.augmented.T
            return augmented
        self.x = x
        y: Array = x @ self.weight.data.T
        if self.bias is not None:
            y += self.bias.data
        return y

    def backward(self, grad: Array) -> Array:
        # y_ij = sum_k x_ik W_jk + b_j, so dL/dW_jk = sum_i grad_ij x_ik,  dL/db_j = sum_i grad_ij,
        # dL/dx_ik = sum_j grad_ij W_jk. The loss has already divided by n.
        grad_W = grad.T @ self.x
        if self.bias_is_input and self.bias is not None:
            self.weight.grad += grad_W[:, :-1]
            self.bias.grad += grad_W[:, -1]  # x is 1 there: the sum over the samples
        else:
            self.weight.grad += grad_W
            if self.bias is not None:
                self.bias.grad += grad.sum(axis=0)
        grad_x: Array = grad @ self.weight.data
        return grad_x

    @property
    def augmented(self) -> Array:
        """[W | b], (out_features, in_features + 1): with bias="input", the array that both are views on.

        A copy once `weight.data` or `bias.data` has been assigned another array.
        """
        if self.bias is None:
            raise ValueError(f"{self!r} has no bias")
        W, b = self.weight.data, self.bias.data
        whole: Array | None = W.base if W.base is b.base else None
        if whole is None or whole.shape != (self.out_features, self.in_features + 1):
            whole = np.column_stack([W, b])
        return whole

    @property
    def grad_W(self) -> Array:
        """dL/dW under the name that lab sheets use: `weight.grad`."""
        return self.weight.grad

    @property
    def grad_b(self) -> Array | None:
        """dL/db under the name that lab sheets use: `bias.grad`."""
        return None if self.bias is None else self.bias.grad

    def __repr__(self) -> str:
        bias = ', bias="input"' if self.bias_is_input else "" if self.bias is not None else ", bias=False"
        return f"{type(self).__name__}({self.in_features}, {self.out_features}{bias})"


class Identity(Layer):
    """y = x, any shape."""

    def forward(self, x: Array) -> Array:
        return x

    def backward(self, grad: Array) -> Array:
        return grad


class Flatten(Layer):
    """(n, a, b, ...) becomes (n, a * b * ...)."""

    takes_images = True

    def forward(self, x: Array) -> Array:
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, grad: Array) -> Array:
        return grad.reshape(self.shape)


class Unflatten(Layer):
    """The opposite of Flatten: (n, a * b * ...) becomes (n, a, b, ...) with unflattened_size (a, b, ...).

    Puts rows of pixels into the shape that Conv2d takes: Unflatten(1, (1, 28, 28)). dim must be 1.
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
        return grad.reshape(self.shape)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(1, {self.unflattened_size})"


class Dropout(Layer):
    """In training each unit is set to 0 with probability p, in inference none (Srivastava et al. 2014).

    scaling "inverted": the units kept are multiplied by 1 / (1 - p), so that the expected output is the
    input. "none": they are not, and the next layer sees inputs 1 - p times as large in training as in
    inference.

    mask: boolean, True where a unit was kept in the last training forward. While `frozen` is True that mask
    is used again for inputs of the same shape. Raises ValueError unless 0 <= p <= 1.
    """

    def __init__(self, p: float = 0.5, *, scaling: str = "inverted", rng: np.random.Generator | None = None) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"Dropout's p must lie in 0..1, received {p}")
        if scaling not in ("inverted", "none"):
            raise ValueError(f'Dropout\'s scaling must be "inverted" or "none", received {scaling!r}')
        self.p = p
        self.scaling = scaling
        self.scale = 1 / (1 - p) if scaling == "inverted" and p < 1 else 1.0
        self.rng = np.random.default_rng() if rng is None else rng
        self.mask: npt.NDArray[np.bool_] | None = None
        self.frozen = False

    def forward(self, x: Array) -> Array:
        self.dropped = self.training and self.p > 0
        if not self.dropped:
            return x
        if not self.frozen or self.mask is None or self.mask.shape != x.shape:
            self.mask = self.rng.random(x.shape, dtype=np.float32) >= self.p
        y: Array = x * self.mask
        y *= self.scale
        return y

    def backward(self, grad: Array) -> Array:
        # A unit that was dropped had no say in the loss: no gradient flows through it.
        if not self.dropped:
            return grad
        grad = grad * self.mask
        grad *= self.scale
        return grad

    @property
    def inference(self) -> bool:
        """True when nothing is dropped: the opposite of `training`."""
        return not self.training

    @inference.setter
    def inference(self, setting: bool) -> None:
        self.training = not setting

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.p:g})"


class Sequential(Layer):
    """Layers one after another: forward from the first to the last, backward from the last to the first.

    Sequential(a, b, c) and Sequential([a, b, c]) are the same. Parameters are named as torch.nn.Sequential
    names them: "0.weight" for the weight of the first layer, "1.0.weight" in a nested Sequential.
    """

    def __init__(self, *layers: Layer | Sequence[Layer]) -> None:
        self.layers: list[Layer] = []
        for item in layers:
            self.layers += [item] if isinstance(item, Layer) or not isinstance(item, Sequence) else item
        for name, parameter in self.named_parameters():
            parameter.name = name

    def forward(self, x: Array) -> Array:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad: Array) -> Array:
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad

    def step(self, lr: float) -> None:
        for layer in self.layers:
            layer.step(lr)

    def parameters(self) -> list[Parameter]:
        return [parameter for layer in self.layers for parameter in layer.parameters()]

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        for index, layer in enumerate(self.layers):
            for name, parameter in layer.named_parameters():
                yield f"{index}.{name}", parameter

    def modules(self) -> Iterator[Layer]:
        yield self
        for layer in self.layers:
            yield from layer.modules()

    def tensors(self) -> dict[str, Array]:
        return {
            f"{index}.{name}": array
            for index, layer in enumerate(self.layers)
            for name, array in layer.tensors().items()
        }

    def kink_mask(self) -> npt.NDArray[np.bool_] | None:
        masks = [mask.ravel() for layer in self.layers if (mask := layer.kink_mask()) is not None]
        return np.concatenate(masks) if masks else None

    def inference_mode(self, setting: bool) -> None:
        """The lab sheet's switch: True before predicting, False before training."""
        self.train(not setting)

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, index: SupportsIndex) -> Layer:
        return self.layers[index]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __repr__(self) -> str:
        lines = [f"({index}): {layer!r}".replace("\n", "\n  ") for index, layer in enumerate(self.layers)]
        return "\n  ".join([f"{type(self).__name__}(", *lines]) + "\n)"


@contextmanager
def inference_mode(network: Any) -> Iterator[None]:
    """`with inference_mode(network):` nothing is dropped inside; afterwards every layer has its mode back."""
    layers = list(network.modules())
    modes = [layer.training for layer in layers]
    network.eval()
    try:
        yield
    finally:
        for layer, mode in zip(layers, modes, strict=True):
            layer.training = mode
