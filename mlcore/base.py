"""What all layers share: parameters, gradients, modes, layers inside layers, and the state that is saved."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array


class Parameter:
    """An array that is learned: `data`, and `grad` of the same shape, which starts as zeros.

    Gradients accumulate: every backward pass adds to `grad`, until `zero_grad` fills it with zeros. Assigning None
    to `grad`, PyTorch's "no gradient yet", makes it zeros too. Whole numbers become float64.
    """

    def __init__(self, data: npt.ArrayLike, name: str = "") -> None:
        array = np.asarray(data)
        self.data: Array = array if np.issubdtype(array.dtype, np.floating) else array.astype(np.float64)
        self._grad: Array = np.zeros_like(self.data)
        self.name = name

    @property
    def grad(self) -> Array:
        """dL/d(data), as far as it has been added up."""
        return self._grad

    @grad.setter
    def grad(self, value: Array | None) -> None:
        self._grad = np.zeros_like(self.data) if value is None else value

    def __repr__(self) -> str:
        return f"Parameter({self.name!r}, shape {self.data.shape}, {self.data.dtype})"


class KeepsForward:
    """What forward keeps for backward stands in attributes; who asks before forward was called is told so in words."""

    if not TYPE_CHECKING:  # a type checker would believe that every attribute exists

        def __getattr__(self, name: str) -> Any:
            asked = "" if name.startswith("__") else ". What backward reads is set by forward: call forward(...) first"
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}{asked}", name=name, obj=self)


class Layer(KeepsForward):
    """What all layers share. A layer of your own overrides `forward` and `backward`.

    Its Parameters and the layers inside it are found among its attributes, also in lists; each counts once, however
    many names it has.

    BUFFERS: names of the attributes that are saved with the weights though nothing learns them, such as a
    running mean. takes_images: it reads more axes than (n, features); without such a layer, samples are
    flattened before they enter a network.
    """

    BUFFERS: ClassVar[tuple[str, ...]] = ()
    takes_images: ClassVar[bool] = False
    training: bool = True

    def forward(self, x: Array) -> Array:
        """The output for the batch `x` (n, ...)."""
        raise NotImplementedError(f"{type(self).__name__} has no forward yet")

    def backward(self, grad: Array) -> Array:
        """From dL/d(output) of the last forward to dL/d(input), each of the shape of what it belongs to.

        Adds dL/d(parameter) to the parameters' `grad`. Raises ValueError for a gradient of another shape,
        AttributeError before the first forward.
        """
        raise NotImplementedError(f"{type(self).__name__} has no backward yet")

    def __call__(self, x: Array) -> Array:
        return self.forward(x)

    def named_children(self) -> Iterator[tuple[str, "Layer"]]:
        """The layers among its attributes, each with its name: "hidden", or "blocks.0" in a list or tuple."""
        for name, value in vars(self).items():
            if isinstance(value, Layer):
                yield name, value
            elif isinstance(value, (list, tuple)):
                yield from ((f"{name}.{i}", item) for i, item in enumerate(value) if isinstance(item, Layer))

    def parameters(self) -> list[Parameter]:
        """What the layer learns: the Parameters among its attributes, in the order they were set, then those of the
        layers inside it. Each once, also where two layers share it."""
        return list(self._found().values())

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Pairs such as ("weight", Parameter); of a layer inside it, ("hidden.weight", Parameter)."""
        found = self._found()
        if type(self).parameters is Layer.parameters:
            yield from found.items()
            return
        names = {id(parameter): name for name, parameter in found.items()}
        for index, parameter in enumerate(self.parameters()):  # a layer of one's own may say what it learns
            yield names.get(id(parameter), str(index)), parameter

    def _found(self) -> dict[str, Parameter]:
        found = {name: value for name, value in vars(self).items() if isinstance(value, Parameter)}
        for prefix, child in self.named_children():
            for name, parameter in child.named_parameters():
                found[f"{prefix}.{name}"] = parameter
        if len({id(parameter) for parameter in found.values()}) == len(found):
            return found
        first = {id(parameter): name for name, parameter in reversed(found.items())}
        return {name: parameter for name, parameter in found.items() if first[id(parameter)] == name}

    def modules(self) -> Iterator["Layer"]:
        """This layer, then every layer inside it, each once."""
        found = {id(self): self}
        for _, child in self.named_children():
            found |= {id(layer): layer for layer in child.modules() if id(layer) not in found}
        yield from found.values()

    def zero_grad(self) -> None:
        """Set every gradient to zeros: before each backward pass, for backward adds to what it finds."""
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
        inside: dict[str, Array] = {}
        theirs: set[int] = set()
        for prefix, child in self.named_children():
            inside |= {f"{prefix}.{name}": array for name, array in child.tensors().items()}
            theirs |= {id(parameter) for parameter in child.parameters()}
        own = {name: parameter.data for name, parameter in self.named_parameters() if id(parameter) not in theirs}
        buffers = {name: getattr(self, name) for name in self.BUFFERS}
        return own | {name: array for name, array in buffers.items() if array is not None} | inside

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

    def expect_gradient(self, grad: Array, shape: tuple[int, ...]) -> None:
        """Raise ValueError unless `grad` has the shape of the last output: NumPy would broadcast another."""
        if grad.shape != shape:
            raise ValueError(
                f"{self!r}.backward expects the gradient of its output, shape {shape}; received shape {grad.shape}"
            )

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def all_inside(layer: Layer, prefix: str = "") -> Iterator[tuple[str, Layer]]:
    """Every layer inside this one with its place, such as "1.0"; one that has two places comes twice."""
    for name, child in layer.named_children():
        yield prefix + name, child
        yield from all_inside(child, f"{prefix}{name}.")


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
