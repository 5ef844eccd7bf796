"""Layers with backpropagation written by hand. Read from top to bottom.

Every layer does two things. `forward(x)` computes its output for a batch and keeps what the way back needs.
`backward(grad)` receives dL/d(output), adds dL/d(parameter) to the gradient of each of its parameters, and
returns dL/d(input), which is dL/d(output) of the layer before. That chain of products is the chain rule.

A batch has shape (n, features), one sample a row. Names, argument names and defaults are those of torch.nn.

base.py has what all layers share, Parameter and Layer; activations.py, normalization.py and conv.py have more layers.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any, SupportsIndex, overload

import numpy as np
import numpy.typing as npt

from mlcore import bias_input
from mlcore._typing import Array
from mlcore.base import Layer, Parameter, all_inside, inference_mode
from mlcore.init import initialise

__all__ = [
    "Dropout",
    "Flatten",
    "Identity",
    "Layer",
    "Linear",
    "Parameter",
    "Sequential",
    "inference_mode",
]


class Linear(Layer):
    """y = x W^T + b, as torch.nn.Linear.

    Shapes: x (n, in_features), y (n, out_features), weight W (out_features, in_features), bias b (out_features,).

    bias: True or "vector" adds b, False does not. "input" writes the same as y = [x | 1] [W | b]^T, as some sheets
    do; `weight` and `bias` are then views on one array, `augmented`.

    init, init_options: a name of `mlcore.init.INITIALISATIONS` and its options. bias_init: the name of
    another one to take the bias from. rng: where the weights are drawn from (None: anew each time). dtype: float32 or
    float64; inputs are cast to it.

    Raises ValueError for another number of features or a gradient of another shape, and for sizes, options and types
    that make no layer.
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
        if in_features < 1 or out_features < 1:
            raise ValueError(f"Linear needs at least 1 input and 1 output, received {in_features} and {out_features}")
        self.in_features, self.out_features = in_features, out_features
        W, b = initialise(
            init, in_features, out_features, rng=rng, dtype=dtype, bias_init=bias_init, **(init_options or {})
        )
        self.weight = Parameter(W, "weight")
        self.bias = Parameter(b, "bias") if bias else None
        self.bias_is_input = bias == "input"
        if self.bias_is_input and self.bias is not None:
            bias_input.join(self.weight, self.bias)

    def forward(self, x: Array) -> Array:
        x = np.asarray(x, dtype=self.weight.data.dtype)
        if x.ndim != 2 or x.shape[1] != self.in_features:
            raise ValueError(f"{self!r} expects inputs of {self.in_features} features, received shape {x.shape}")
        if self.bias_is_input and self.bias is not None:
            self.x, y = bias_input.forward(self.weight, self.bias, x)  # x is [x | 1] then
            return y
        self.x = x
        y = x @ self.weight.data.T
        if self.bias is not None:
            y += self.bias.data
        return y

    def backward(self, grad: Array) -> Array:
        # y_ij = sum_k x_ik W_jk + b_j, so dL/dW_jk = sum_i grad_ij x_ik,  dL/db_j = sum_i grad_ij,
        # dL/dx_ik = sum_j grad_ij W_jk. The loss has already divided by n.
        self.expect_gradient(grad, (len(self.x), self.out_features))
        if self.bias_is_input and self.bias is not None:
            bias_input.backward(self.weight, self.bias, grad, self.x)
        else:
            self.weight.grad += grad.T @ self.x
            if self.bias is not None:
                # Thousands of float32 numbers, added up one by one, lose digits.
                self.bias.grad += grad.sum(axis=0, dtype=np.float64 if len(grad) > 1000 else None)
        grad_x: Array = grad @ self.weight.data
        return grad_x

    @property
    def augmented(self) -> Array:
        """[W | b], (out_features, in_features + 1): the array that `weight.data` and `bias.data` are views on.

        What is written to it is written to both, and the other way round. Where they are views on something else, as in
        a copy of the layer, this makes them so. Raises ValueError without a bias.
        """
        if self.bias is None:
            raise ValueError(f"{self!r} has no bias")
        return bias_input.join(self.weight, self.bias)

    @property
    def grad_W(self) -> Array:
        """dL/dW (out_features, in_features) under the name that lab sheets use: `weight.grad`."""
        return self.weight.grad

    @property
    def grad_b(self) -> Array | None:
        """dL/db (out_features,) under the name that lab sheets use: `bias.grad`."""
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


class Dropout(Layer):
    """In training each unit is set to 0 with probability p, in inference none (Srivastava et al. 2014).

    Shapes: x and y any, the same. With a mask m of zeros and ones: y = x m scale, dL/dx = dL/dy m scale.

    scaling "inverted": the units kept are multiplied by scale = 1 / (1 - p), so that the expected output is the
    input. "none": scale is 1, and the next layer sees inputs 1 - p times as large in training as in inference.

    mask: boolean, True where a unit was kept in the last training forward. While `frozen` is True that mask
    is used again for inputs of the same shape. Raises ValueError unless 0 <= p <= 1.
    """

    def __init__(self, p: float = 0.5, *, scaling: str = "inverted", rng: np.random.Generator | None = None) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"Dropout's p must lie in 0..1, received {p}")
        if scaling not in ("inverted", "none"):
            raise ValueError(f'Dropout\'s scaling must be "inverted" or "none", received {scaling!r}')
        self.p = float(p)
        self.scaling = scaling
        self.rng = np.random.default_rng() if rng is None else rng
        self.mask: npt.NDArray[np.bool_] | None = None
        self.frozen = False

    @property
    def scale(self) -> float:
        """What the units kept are multiplied by."""
        return 1 / (1 - self.p) if self.scaling == "inverted" and self.p < 1 else 1.0

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
        if not self.dropped or self.mask is None:
            return grad
        self.expect_gradient(grad, self.mask.shape)
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


class Flatten(Layer):
    """(n, a, b, ...) becomes (n, a * b * ...)."""

    takes_images = True

    def forward(self, x: Array) -> Array:
        self.shape = x.shape
        return x.reshape(len(x), prod(x.shape[1:]))

    def backward(self, grad: Array) -> Array:
        self.expect_gradient(grad, (self.shape[0], prod(self.shape[1:])))
        return grad.reshape(self.shape)


class Sequential(Layer):
    """Layers one after another: forward from the first to the last, backward from the last to the first.

    Shapes: x as the first layer takes it, y as the last gives it.

    Sequential(a, b, c) and Sequential([a, b, c]) are the same. Parameters are named as torch.nn.Sequential
    names them: "0.weight" for the weight of the first layer, "1.0.weight" in a nested Sequential; those that are in
    a network already keep their name. net[1] is a layer, net[:2] a Sequential of the same layers.

    Raises TypeError for what is not a layer, ValueError for a layer that stands in it twice.
    """

    def __init__(self, *layers: Layer | Sequence[Layer]) -> None:
        self.layers: list[Layer] = []
        for item in layers:
            self.layers += item if isinstance(item, Sequence) else [item]
        self._refuse_what_is_no_layer()
        self._refuse_a_layer_twice()
        for name, parameter in self.named_parameters():
            own_name = name.partition(".")[2]
            if not parameter.name.endswith("." + own_name):  # else it has its name from a network that it is part of
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
        if len(self.parameters()) < sum(len(layer.parameters()) for layer in self.layers):
            super().step(lr)  # two layers share a parameter, which moves once
            return
        for layer in self.layers:
            layer.step(lr)

    def named_children(self) -> Iterator[tuple[str, Layer]]:
        """The layers with their places: "0", "1", ..."""
        for place, layer in enumerate(self.layers):
            yield str(place), layer

    def inference_mode(self, setting: bool) -> None:
        """The lab sheet's switch: True before predicting, False before training."""
        self.train(not setting)

    def _refuse_what_is_no_layer(self) -> None:
        for place, layer in enumerate(self.layers):
            if isinstance(layer, type):
                raise TypeError(f"layer {place} is the class {layer.__name__}: write {layer.__name__}(...)")
            if not isinstance(layer, Layer):
                raise TypeError(f"layer {place} is no Layer, but {layer!r}")

    def _refuse_a_layer_twice(self) -> None:
        seen: dict[int, str] = {}
        for place, layer in all_inside(self):
            if id(layer) in seen:
                raise ValueError(
                    f"layers {seen[id(layer)]} and {place} are the same {layer!r}: a layer keeps what the backward of "
                    "one place needs, so give each place its own"
                )
            seen[id(layer)] = place

    def __len__(self) -> int:
        return len(self.layers)

    @overload
    def __getitem__(self, index: SupportsIndex) -> Layer: ...

    @overload
    def __getitem__(self, index: slice) -> "Sequential": ...

    def __getitem__(self, index: SupportsIndex | slice) -> Layer:
        return Sequential(self.layers[index]) if isinstance(index, slice) else self.layers[index]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __repr__(self) -> str:
        lines = [f"({index}): {layer!r}".replace("\n", "\n  ") for index, layer in enumerate(self.layers)]
        return "\n  ".join([f"{type(self).__name__}(", *lines]) + "\n)"
