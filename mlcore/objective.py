"""The loss as a function of a network's input and weights; and how to put back what a check changes."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import MethodType
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array
from mlcore.activations import ACTIVATIONS, Sigmoid
from mlcore.layers import Dropout, Identity, Sequential
from mlcore.losses import CrossEntropyLoss
from mlcore.model import MLPClassifier, leaves

ROUNDING = 20 * float(np.finfo(np.float64).eps)
"""What rounding may do to a loss that went through a few layers, relative to its terms."""


class Objective:
    """A number L that depends on x and on the parameters of `net`; float64, with frozen dropout masks.

    value: L at the start. analytic: what backward says, for x and for each parameter. scale: the size of
    the terms that L is made of, for an estimate of its rounding. Raises ValueError where L is not finite or
    not repeatable.
    """

    def __init__(
        self, net: Any, x: npt.ArrayLike, y: npt.ArrayLike | None, loss: Any, rng: np.random.Generator
    ) -> None:
        self.net, self.y = net, y
        self.x = np.array(x, dtype=np.float64)
        self.is_classifier = isinstance(net, MLPClassifier)
        self.loss: Any = CrossEntropyLoss() if loss is None and y is not None else loss
        self.modules = modules_of(net)
        for parameter in net.parameters():
            if parameter.data.dtype != np.float64 or not parameter.data.flags.writeable:
                parameter.data = parameter.data.astype(np.float64)

        output = self._forward()  # draws the dropout masks, which then stay
        for layer in self.modules:
            if isinstance(layer, Dropout):
                layer.frozen = True
        output = self._forward()
        self.outputs = output.shape[-1] if output.ndim == 2 else 1
        self.upstream = rng.standard_normal(output.shape)
        terms = np.abs(output * self.upstream).sum() if self.loss is None else np.abs(output).max(initial=0)
        self.scale = float(terms)
        self.value = self.evaluate()
        if not np.isfinite(self.value):
            raise ValueError(f"the loss is {self.value}: a gradient can only be checked where it is finite")
        if self.value != self.evaluate():
            raise ValueError("two forward passes on one input differ: some layer draws anew each time")
        self.analytic = self.gradients()

    def evaluate(self) -> float:
        """L at the present x and weights."""
        with np.errstate(all="ignore"):
            output = self._forward()
            if self.is_classifier:
                return float(self.net.loss(self.y))
            if self.loss is None:
                return float((output * self.upstream).sum())
            return float(self.loss.forward(output, self.y))

    def gradients(self) -> list[Array]:
        """What backward says: dL/dx, then dL/dp for each parameter."""
        for parameter in self.net.parameters():
            parameter.grad = np.zeros_like(parameter.data)
        self.evaluate()
        with np.errstate(all="ignore"):
            if self.is_classifier:
                grad_x = self.net.backward(self.y)
            else:
                grad_x = self.net.backward(self.upstream.copy() if self.loss is None else self.loss.backward())
        if grad_x is None:
            raise TypeError(f"{type(self.net).__name__}.backward must return the gradient of its input")
        return [np.array(grad_x), *(np.array(parameter.grad) for parameter in self.net.parameters())]

    def both_sides(self, data: Array, entry: int, eps: float) -> tuple[float, float, bool]:
        """L with one entry of `data` at +eps and at -eps, and whether a unit's kink lies between."""
        kept = data.flat[entry]
        try:
            data.flat[entry] = kept + eps
            plus, mask = self.evaluate(), self._kink_mask()
            data.flat[entry] = kept - eps
            minus = self.evaluate()
            return plus, minus, not np.array_equal(mask, self._kink_mask())
        finally:
            data.flat[entry] = kept

    def rounding(self, plus: float, minus: float, eps: float) -> float:
        """How far rounding may carry (plus - minus) / eps."""
        return ROUNDING * max(abs(plus), abs(minus), self.scale) / eps

    def tensors(self) -> list[tuple[str, str, Array]]:
        """Name, layer and array of what can be checked: the input, then the parameters."""
        parameters = self.net.parameters()
        owners = {
            id(parameter): _title(layer)
            for layer in self.modules
            if not isinstance(layer, Sequential)
            for parameter in layer.parameters()
        }
        named = getattr(getattr(self.net, "net", self.net), "named_parameters", None)
        names = {id(parameter): name for name, parameter in named()} if callable(named) else {}
        rows = [("input", "", self.x)]
        for index, parameter in enumerate(parameters):
            name = names.get(id(parameter)) or getattr(parameter, "name", "") or f"parameter {index}"
            rows.append((name, owners.get(id(parameter), ""), parameter.data))
        return rows

    def meaning_of_factors(self) -> dict[float, str]:
        """What it would mean if a gradient were wrong by one of these factors."""
        n = len(self.x)
        return {
            n * self.outputs: "batch size x outputs",
            self.outputs: "the number of outputs",
            n: "the batch size",
        }

    def with_true_derivatives(self) -> tuple[list[Array], str]:
        """The gradients, with the derivative put into activations whose backward hands its argument on.

        Returns them and the names of those activations; ([], "") where there is none.
        """
        suspects = [layer for layer in self.modules if _hands_on_unchanged(layer)]
        if not suspects:
            return [], ""
        attributes = [dict(vars(layer)) for layer in suspects]
        inner = getattr(self.net, "net", self.net)
        places = {id(layer): place for place, layer in leaves(inner)} if isinstance(inner, Sequential) else {}
        names = []
        try:
            for layer in suspects:
                kind = activation_of(layer)
                place = f" (layer {places[id(layer)]})" if id(layer) in places else ""
                names.append(f"{'sigmoid, s (1 - s)' if kind is Sigmoid else kind.__name__}{place}")
                if isinstance(layer, Sigmoid):
                    layer.derivative = "true"
                layer.backward = MethodType(kind.backward, layer)
            return self.gradients(), " and of the ".join(names)
        finally:
            for layer, values in zip(suspects, attributes, strict=True):
                vars(layer).clear()
                vars(layer).update(values)

    def _forward(self) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(self.net.forward(self.x))

    def _kink_mask(self) -> Any:
        kink_mask = getattr(getattr(self.net, "net", self.net), "kink_mask", None)
        mask = kink_mask() if callable(kink_mask) else None
        return None if mask is None else mask.copy()


@contextmanager
def put_back(net: Any, loss: Any) -> Iterator[None]:
    """Afterwards weights, gradients, modes, dropout and all that layers keep of a forward are as before."""
    owners = [owner for owner in (*modules_of(net), net, loss) if hasattr(owner, "__dict__")]
    attributes = [dict(vars(owner)) for owner in owners]
    generators = [v for values in attributes for v in values.values() if isinstance(v, np.random.Generator)]
    states = [generator.bit_generator.state for generator in generators]
    # The arrays themselves come back, not only their values: others may hold on to them.
    parameters = [(p, p.data, p.data.copy(), p.grad) for p in net.parameters()]
    try:
        yield
    finally:
        for owner, values in zip(owners, attributes, strict=True):
            vars(owner).clear()
            vars(owner).update(values)
        for generator, state in zip(generators, states, strict=True):
            generator.bit_generator.state = state
        for parameter, data, values_before, grad in parameters:
            if data.flags.writeable:
                data[...] = values_before
            parameter.data, parameter.grad = data, grad


def modules_of(net: Any) -> list[Any]:
    """The layers of a network; of an object that does not tell, the object alone."""
    modules = getattr(net, "modules", None)
    return list(modules()) if callable(modules) else [net]


def activation_of(layer: Any) -> Any:
    """The activation of this package that the layer is, or derives from; None for another."""
    kinds = [kind for kind in ACTIVATIONS.values() if kind is not Identity]
    return next((kind for kind in kinds if isinstance(layer, kind)), None)


def _title(layer: Any) -> str:
    kind: Any = type(layer)
    return str(kind.__name__) if kind.__repr__ is object.__repr__ else repr(layer)


def _hands_on_unchanged(layer: Any) -> bool:
    """Is it an activation whose backward returns its argument?"""
    kept = [value for value in vars(layer).values() if isinstance(value, np.ndarray)]
    if activation_of(layer) is None or not kept:
        return False
    probe = np.random.default_rng(0).standard_normal(kept[0].shape)
    try:
        return np.array_equal(layer.backward(probe), probe)
    except (TypeError, ValueError):
        return False
