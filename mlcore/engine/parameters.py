"""All weights of a network in one vector, their gradients in another; each layer keeps views into both.

An optimiser then needs a handful of operations for the whole network, whatever its number of layers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from mlcore._typing import Array
from mlcore.layers import Linear, Parameter
from mlcore.optim import Optimizer

WIDE = 512
"""From so many inputs on, weight and bias of a Linear lie one after the other, and not as [W | b]."""

_ALIGNMENT = 16
"""Each layer begins at a multiple of so many numbers: 64 bytes of float32."""


@dataclass(frozen=True, eq=False)
class Cut:
    """A layer's part of a flat vector: W (out, in), b (out,) if it has one, and [W | b] (out, in + 1) if narrow."""

    W: Array
    b: Array | None
    whole: Array | None

    @property
    def arrays(self) -> list[Array]:
        return [self.W] if self.b is None else [self.W, self.b]

    @property
    def product(self) -> Array:
        """What the layer's input is multiplied with: [W | b] where the input has a row of ones, else W."""
        return self.W if self.whole is None else self.whole


class FlatParameters:
    """The parameters of some Linear layers as views into `data`, their gradients as views into `grad`.

    Layers follow each other in both vectors, with a few zeros between them.
    """

    def __init__(self, linears: Sequence[Linear]) -> None:
        self.linears = list(linears)
        self.parameters: list[Parameter] = [p for linear in linears for p in linear.parameters()]
        self.ends = np.cumsum([_size(linear) for linear in linears]).tolist()
        self.data, self.grad = self.vector(), self.vector()
        self.data_cuts, self.grad_cuts = self.cut(self.data), self.cut(self.grad)
        self.squares: Callable[[], Any] = partial(self.data.dot, self.data)
        """The sum of their squares."""
        self._views = list(zip(self.parameters, self.views(self.data), self.views(self.grad), strict=True))
        self.adopt()

    def vector(self) -> Array:
        """Zeros, as many as there are in `data`."""
        return np.zeros(self.ends[-1], self.parameters[0].data.dtype)

    def cut(self, vector: Array) -> list[Cut]:
        """Each layer's part of such a vector."""
        starts = [0, *self.ends[:-1]]
        return [_cut(linear, vector[start:]) for linear, start in zip(self.linears, starts, strict=True)]

    def views(self, vector: Array) -> list[Array]:
        """Each parameter's part of such a vector, in the order of `parameters`."""
        return [array for cut in self.cut(vector) for array in cut.arrays]

    def adopt(self) -> None:
        """Make every parameter a view, taking over its values, unless it is one already."""
        for parameter, data, grad in self._views:
            if parameter.data is not data:
                data[...] = parameter.data
                parameter.data = data
            if parameter.grad is not grad:
                grad[...] = parameter.grad
                parameter.grad = grad

    def fits(self) -> bool:
        """Whether there is room for the parameters' values as they are now."""
        return all(p.data is v or (p.data.shape, p.data.dtype) == (v.shape, v.dtype) for p, v, _ in self._views)


class FlatState:
    """An optimiser's running arrays as views into one vector each: `vectors["exp_avg"]`."""

    def __init__(self, optimizer: Optimizer, flat: FlatParameters) -> None:
        self.optimizer = optimizer
        self.vectors = {key: flat.vector() for key in optimizer.state}
        index = {id(parameter): index for index, parameter in enumerate(flat.parameters)}
        places = [index[id(parameter)] for parameter in optimizer.params]
        views = {key: flat.views(vector) for key, vector in self.vectors.items()}
        self._views = {key: [arrays[place] for place in places] for key, arrays in views.items()}
        self.adopt()

    def adopt(self) -> None:
        """Make every running array a view, taking over its values, unless it is one already."""
        for key, views in self._views.items():
            arrays = self.optimizer.state[key]
            for index, view in enumerate(views):
                if arrays[index] is not view:
                    view[...] = arrays[index]
                    arrays[index] = view


def _is_narrow(linear: Linear) -> bool:
    return linear.bias is not None and linear.in_features < WIDE


def _size(linear: Linear) -> int:
    size = linear.weight.data.size + (0 if linear.bias is None else linear.bias.data.size)
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _cut(linear: Linear, vector: Array) -> Cut:
    out, features = linear.out_features, linear.in_features
    if _is_narrow(linear):
        whole = vector[: out * (features + 1)].reshape(out, features + 1)
        return Cut(whole[:, :-1], whole[:, -1], whole)
    W = vector[: out * features].reshape(out, features)
    b = None if linear.bias is None else vector[out * features : out * (features + 1)]
    return Cut(W, b, None)
