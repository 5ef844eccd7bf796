"""What all layers share: parameters, gradients, modes, and the state that is saved."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array


class Parameter:
    """An array that is learned: `data`, and `grad` of the same shape, which starts as zeros.

    Gradients accumulate: every backward pass adds to `grad`, until `zero_grad` fills it with zeros.
    """

    def __init__(self, data: npt.ArrayLike, name: str = "") -> None:
        array = np.asarray(data)
        self.data: Array = array if np.issubdtype(array.dtype, np.floating) else array.astype(np.float64)
        self.grad: Array = np.zeros_like(self.data)
        self.name = name

    def __repr__(self) -> str:
        return f"Parameter({self.name!r}, shape {self.data.shape}, {self.data.dtype})"


class Layer:
    """What all layers share. A layer of your own overrides `forward` and `backward`.

    BUFFERS: names of the attributes that are saved with the weights though nothing learns them, such as a
    running mean. takes_images: it reads more axes than (n, features); without such a layer, samples are
    flattened before they enter a network.
    """

    BUFFERS: ClassVar[tuple[str, ...]] = ()
    takes_images: ClassVar[bool] = False
    training: bool = True

    def forward(self, x: Array) -> Array:
        """The output for the batch `x`."""
        raise NotImplementedError(f"{type(self).__name__} has no forward yet")

    def backward(self, grad: Array) -> Array:
        """From dL/d(output) of the last forward to dL/d(input); adds to the parameters' `grad`."""
        raise NotImplementedError(f"{type(self).__name__} has no backward yet")

    def __call__(self, x: Array) -> Array:
        return self.forward(x)

    def parameters(self) -> list[Parameter]:
        """What the layer learns: the Parameters among its attributes, in the order they were set."""
        return [value for value in vars(self).values() if isinstance(value, Parameter)]

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Pairs such as ("weight", Parameter); inside a Sequential, ("0.weight", Parameter)."""
        attributes = {id(value): name for name, value in vars(self).items()}
        for index, parameter in enumerate(self.parameters()):
            yield attributes.get(id(parameter), str(index)), parameter

    def modules(self) -> Iterator["Layer"]:
        """This layer, then every layer inside it."""
        yield self

    def zero_grad(self) -> None:
        for parameter in self.parameters():
            parameter.grad.fill(0)

    def step(self, lr: float) -> None:
        """Plain gradient descent, p <- p - lr * dL/dp, for each parameter p of this layer.

        ReLU, Dropout and their like have no parameters: there is nothing in them to learn, so this does
        nothing. Gradients stay as they are: call `zero_grad` before the next backward pass.
        """
        for parameter in self.parameters():
            parameter.data -= lr * parameter.grad

    def train(self, mode: bool = True) -> Self:
        """Training mode (dropout drops) or, with False, inference mode. Returns the layer."""
        for layer in self.modules():
            layer.training = mode
        return self

    def eval(self) -> Self:
        """Inference mode. Returns the layer."""
        return self.train(False)

    def tensors(self) -> dict[str, Array]:
        """The arrays that make up the layer's state, by name: the arrays themselves, not copies."""
        parameters = {name: parameter.data for name, parameter in self.named_parameters()}
        buffers = {name: getattr(self, name) for name in self.BUFFERS}
        return parameters | {name: array for name, array in buffers.items() if array is not None}

    def state_dict(self) -> dict[str, Array]:
        """Copies of all weights and buffers, under the names that torch.nn gives them."""
        return {name: array.copy() for name, array in self.tensors().items()}

    def load_state_dict(self, state: Mapping[str, npt.ArrayLike]) -> None:
        """Copy the values of `state` into the weights; their dtype stays.

        Raises ValueError where a name is missing or unexpected, or a shape differs; then nothing is changed.
        """
        mine = self.tensors()
        given = {name: np.asarray(value) for name, value in state.items()}
        problems = []
        if missing := [name for name in mine if name not in given]:
            problems.append("missing " + ", ".join(missing))
        if unexpected := [name for name in given if name not in mine]:
            problems.append("unexpected " + ", ".join(unexpected))
        problems += [
            f"{name} has shape {given[name].shape}, expected {mine[name].shape}"
            for name in mine
            if name in given and given[name].shape != mine[name].shape
        ]
        if problems:
            raise ValueError("the weights do not fit the network: " + "; ".join(problems))
        for name, array in mine.items():
            array[...] = given[name]

    def kink_mask(self) -> npt.NDArray[np.bool_] | None:
        """On which side of its kink each unit was in the last forward; None for a layer without a kink."""
        return None

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"
