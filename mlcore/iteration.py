"""The six steps of a training iteration, one at a time, with every array on the way.

    for step in iterate(net, loss, optimizer, x, y):
        print(step)

prints, for the backward step of Linear(2, 16), ReLU, Linear(16, 1):

    5 backward   net.backward(loss.backward())
      2 Linear(16, 1)
        dW = dz^T h  (1,1) x (1,16) = (1,16)
        ...

Numbers are those of the layers themselves: each `forward` and `backward` is called once, in order.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array
from mlcore.formulas import LayerArrays, backward_formulas, forward_formulas, loss_formulas, update_formula
from mlcore.layers import Layer, Linear
from mlcore.losses import Loss
from mlcore.model import dtype_of
from mlcore.walk import layers_of, shape_text


@dataclass(frozen=True, eq=False)
class NamedArray:
    """A copy of an array as it was at that moment, read-only, under the name that the formulas give it."""

    name: str
    array: Array

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def norm(self) -> float:
        """The root of the sum of squares."""
        return float(np.linalg.norm(self.array.astype(np.float64, copy=False)))

    @property
    def is_labels(self) -> bool:
        """Whole numbers: their norm says nothing."""
        return self.array.dtype.kind in "iu"

    def first_rows(self, rows: int, columns: int) -> list[list[float]]:
        """The first numbers of the first rows, a row being what lies along the last axis."""
        lines = self.array.reshape(-1, self.shape[-1] if self.shape else 1)
        values: list[list[float]] = lines[:rows, :columns].tolist()
        return values

    def __str__(self) -> str:
        if (self.array.size <= 8 and self.array.dtype.kind == "f") or self.is_labels:
            values = " ".join(f"{value:.4g}" for value in self.array.ravel()[:8].tolist())
            return f"{self.name} {shape_text(self.shape)}: {values}{' ...' if self.array.size > 8 else ''}"
        return f"{self.name} {shape_text(self.shape)}: norm {self.norm:.4g}"


@dataclass(frozen=True, eq=False)
class LayerStep:
    """What a step did in one layer. index: as in the parameters' names, "0" or "1.0"; layer: "Linear(2, 16)"."""

    index: str
    layer: str
    formulas: tuple[str, ...]
    arrays: tuple[NamedArray, ...]

    def __str__(self) -> str:
        lines = [f"{self.index} {self.layer}", *(f"  {formula}" for formula in self.formulas)]
        return "\n".join([*lines, *(f"    {array}" for array in self.arrays)])


@dataclass(frozen=True, eq=False)
class IterationStep:
    """One of the six steps, just done.

    number: 1..6. name: "batch", "zero_grad", "forward", "loss", "backward" or "step". code: the line of Python that
    does it. text: what happened, in words. formulas, arrays: those of no single layer. layers: what happened in each
    layer, in the order in which it happened (backward: from the last to the first).
    """

    number: int
    name: str
    code: str
    text: str
    formulas: tuple[str, ...] = ()
    arrays: tuple[NamedArray, ...] = ()
    layers: tuple[LayerStep, ...] = field(default=())

    def __str__(self) -> str:
        """Heading, formulas, arrays with their shapes; small ones in full, of labels the first, of others the norm."""
        lines = [f"{self.number} {self.name}   {self.code}", f"  {self.text}"]
        lines += [f"  {formula}" for formula in self.formulas] + [f"    {array}" for array in self.arrays]
        return "\n".join(lines + ["  " + str(layer).replace("\n", "\n  ") for layer in self.layers])


def iterate(network: Layer, loss: Loss, optimizer: Any, x: npt.ArrayLike, y: npt.ArrayLike) -> Iterator[IterationStep]:
    """One training iteration on the batch x (n, ...), y (n,) or (n, C), in the order of a PyTorch loop.

    batch, zero_grad, forward, loss, backward, step: each is yielded when it has been done. The iteration is a real
    one: after the sixth step the weights are updated, and a generator that is closed earlier leaves the rest undone.
    To look on without training, hand in copies: `copy.deepcopy((network, optimizer))`, both at once.

    network: a Sequential, in the mode it is in (train() and eval() are the caller's). optimizer: anything with
    zero_grad() and step(). In the formulas W, b are a Linear's weight and bias, x the batch, z what a Linear gives and
    h what another layer gives (z' and h' what is made of a z or h); dW stands for dL/dW.
    Raises what layers and loss raise when shapes do not fit.
    """
    layers = layers_of(network)
    x = np.array(x, dtype=dtype_of(network))
    y = np.array(y)
    yield IterationStep(1, "batch", "for x, y in loader:", _batch_in_words(x), arrays=(_named("x", x), _named("y", y)))

    optimizer.zero_grad()
    parameters = list(network.named_parameters())
    yield IterationStep(
        2,
        "zero_grad",
        "optimizer.zero_grad()",
        f"{sum(p.grad.size for _, p in parameters):,} gradients set to 0: backward adds to what it finds",
        ("dL/dp = 0  for every parameter p",),
        tuple(_named(f"{name}.grad", p.grad) for name, p in parameters),
    )

    passes, output = _forward(layers, x)
    yield IterationStep(
        3,
        "forward",
        "output = net.forward(x)",
        f"{len(layers)} layers turn {shape_text(x.shape)} into {shape_text(output.shape)}",
        layers=tuple(_layer_step(step, forward_formulas(step), _forward_arrays(step)) for step in passes),
    )

    with np.errstate(all="ignore"):
        value = loss.forward(output, y)
        seed = loss.backward()
    name = passes[-1].output if passes else "x"
    value_formula, seed_formula = loss_formulas(loss, name, output.shape, float(value), y)
    yield IterationStep(
        4,
        "loss",
        "value = loss.forward(output, y)",
        f"{loss!r} of {len(x)} {'sample' if len(x) == 1 else 'samples'} is {value:.6g}",
        (value_formula,),
        (_named(name, output), _named("y", y), _named("L", np.float64(value))),
    )

    grad = _backward(layers, passes, seed)
    yield IterationStep(
        5,
        "backward",
        "net.backward(loss.backward())",
        f"the chain rule, from the last layer to the first; it ends with dL/dx {shape_text(grad.shape)}",
        (seed_formula,),
        (_named(f"d{name}", seed),),
        tuple(_layer_step(step, backward_formulas(step), _backward_arrays(step)) for step in reversed(passes)),
    )

    before = {name: p.data.copy() for name, p in parameters}
    with np.errstate(all="ignore"):
        optimizer.step()
        updates = {name: p.data - before[name] for name, p in parameters}
    rule = update_formula(optimizer)
    yield IterationStep(
        6,
        "step",
        "optimizer.step()",
        f"{sum(p.data.size for _, p in parameters):,} weights moved by {type(optimizer).__name__}",
        (rule,),
        tuple(
            array
            for name, p in parameters
            for array in (
                _named(name, p.data),
                _named(f"{name}.grad", p.grad),
                _named(f"{name}.update", updates[name]),
            )
        ),
    )


def _forward(layers: list[tuple[str, Any]], x: Array) -> tuple[list[LayerArrays], Array]:
    steps, h, name = [], x, "x"
    with np.errstate(all="ignore"):
        for index, layer in layers:
            y = np.asarray(layer.forward(h))
            steps.append(LayerArrays(index, layer, name, x=h.copy(), y=y.copy()))
            h, name = y, steps[-1].output
    return steps, h


def _backward(layers: list[tuple[str, Any]], steps: list[LayerArrays], grad: Array) -> Array:
    with np.errstate(all="ignore"):
        for (_, layer), step in zip(reversed(layers), reversed(steps), strict=True):
            step.grad_y = grad.copy()
            grad = np.asarray(layer.backward(grad))
            step.grad_x = grad.copy()
    return grad


def _layer_step(step: LayerArrays, formulas: list[str], arrays: list[NamedArray]) -> LayerStep:
    return LayerStep(step.index, repr(step.layer), tuple(formulas), tuple(arrays))


def _forward_arrays(step: LayerArrays) -> list[NamedArray]:
    weights = [_named(name, p.data) for name, p in step.parameters]
    return [_named(step.input, step.x), *weights, _named(step.output, step.y)]


def _backward_arrays(step: LayerArrays) -> list[NamedArray]:
    """All that the formulas of backward speak of: what comes in, what the layer has kept, what goes out."""
    kept = [(step.input, step.x)] + ([] if step.kind is Linear else [(step.output, step.y)])
    weights = [(name, p.data) for name, p in step.parameters]
    gradients = [("d" + name, p.grad) for name, p in step.parameters]
    ends = ("d" + step.output, step.grad_y), ("d" + step.input, step.grad_x)
    return [_named(name, array) for name, array in (ends[0], *kept, *weights, *gradients, ends[1])]


def _named(name: str, array: npt.ArrayLike) -> NamedArray:
    copy = np.array(array)
    copy.flags.writeable = False
    return NamedArray(name, copy)


def _batch_in_words(x: Array) -> str:
    samples = f"{len(x)} {'sample' if len(x) == 1 else 'samples'}"
    return f"{samples} of {int(np.prod(x.shape[1:]))} features" if x.ndim == 2 else f"{samples} of shape {x.shape[1:]}"
