"""The loss as a function of a network's input and weights."""

from types import MethodType
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array
from mlcore.activations import Sigmoid
from mlcore.gradcheck.faults import Faults, activation_of, derivative_of, find_faults, first_to_fail, redrawn, title_of
from mlcore.layers import Dropout, Sequential
from mlcore.losses import CrossEntropyLoss
from mlcore.model import MLPClassifier, leaves
from mlcore.put_back import modules_of

ROUNDING = 20 * float(np.finfo(np.float64).eps)
"""What rounding may do to a loss that went through a few layers, relative to its terms."""


class Objective:
    """A number L that depends on x and on the parameters of `net`; float64, with frozen dropout masks.

    value: L at the start. analytic: what backward says, for x and for each parameter. scale: the size of
    the terms that L is made of, for an estimate of its rounding. Raises ValueError where L is not finite or
    not repeatable, or a backward fails, TypeError where one returns nothing: with the name of the layer.
    """

    def __init__(
        self, net: Any, x: npt.ArrayLike, y: npt.ArrayLike | None, loss: Any, rng: np.random.Generator
    ) -> None:
        self.net, self.y = net, y
        self.x = np.array(x, dtype=np.float64)
        self.is_classifier = isinstance(net, MLPClassifier)
        self.loss: Any = CrossEntropyLoss() if loss is None and y is not None else loss
        self.modules = modules_of(net)
        self._faults: Faults | None = None
        self._faults_are_known = False
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
            culprit = redrawn(net, self.x) or "some layer draws anew each time"
            raise ValueError(f"two forward passes on one input differ: {culprit}")
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
            try:
                grad_x = self.net.backward(self.y if self.is_classifier else self._seed())
            except Exception as error:
                located = first_to_fail(self.net, self._seed())
                raise located or error from error
        if grad_x is None:
            raise first_to_fail(self.net, self._seed()) or TypeError(
                f"{type(self.net).__name__}.backward must return the gradient of its input"
            )
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
            id(parameter): title_of(layer)
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

    def parameter(self, index: int) -> Any:
        """What `tensors` has in that place; None for the input."""
        return None if index == 0 else self.net.parameters()[index - 1]

    def meaning_of_factors(self) -> dict[float, str]:
        """What it would mean if a gradient were wrong by one of these factors."""
        n = len(self.x)
        return {
            n * self.outputs: "batch size x outputs",
            self.outputs: "the number of outputs",
            n: "the batch size",
        }

    def faults(self) -> Faults | None:
        """What is wrong in which layer's backward, by itself; None where that cannot be found out."""
        if not self._faults_are_known:
            self._faults_are_known = True
            loss = None if self.is_classifier else self.loss
            try:
                with np.errstate(all="ignore"):
                    rng = np.random.default_rng(0)
                    self._faults = find_faults(self.net, self.x, loss, self.y, self.meaning_of_factors(), rng)
            except Exception:  # an explanation is tried for: whatever a layer of somebody's own may raise here
                self._faults = None
            self.evaluate()
        return self._faults

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
                names.append(derivative_of(layer).removeprefix(" of the ") + place)
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

    def _seed(self) -> Array:
        """dL/d(output) of the last forward: where backward starts."""
        if self.is_classifier:
            return np.asarray(self.net.criterion.backward())
        return self.upstream.copy() if self.loss is None else np.asarray(self.loss.backward())

    def _kink_mask(self) -> Any:
        masks = [mask.ravel() for layer in self.modules if (mask := _told_kinks(layer)) is not None]
        return np.concatenate(masks) if masks else None


def _told_kinks(layer: Any) -> Any:
    """The layer's kink_mask; None without one, and where a forward of its own has come between."""
    if not callable(getattr(layer, "kink_mask", None)) or not _goes_with_forward(layer, "kink_mask"):
        return None
    return layer.kink_mask()


def _goes_with_forward(layer: Any, name: str) -> bool:
    """Whether the forward in use is the one that the method `name` was written for, or an older one."""
    if "forward" in getattr(layer, "__dict__", {}):
        return False
    kinds = type(layer).__mro__
    depth = [next((i for i, kind in enumerate(kinds) if each in vars(kind)), 0) for each in (name, "forward")]
    return depth[0] <= depth[1]


def _hands_on_unchanged(layer: Any) -> bool:
    """Is it an activation of ours, with our forward, whose backward returns its argument?"""
    kind = activation_of(layer)
    kept = [value for value in vars(layer).values() if isinstance(value, np.ndarray)]
    if kind is None or "forward" in vars(layer) or type(layer).forward is not kind.forward or not kept:
        return False
    probe = np.random.default_rng(0).standard_normal(kept[0].shape)
    try:
        return np.array_equal(layer.backward(probe), probe)
    except (TypeError, ValueError):
        return False
