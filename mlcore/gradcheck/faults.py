"""Which layer's backward is wrong, and in what: each layer is looked at by itself, between its own input and output.

A mistake in one backward makes the gradients of all layers before it wrong, as the chain rule multiplies them. Seen
alone, with a random gradient u of its output, the layer must return the derivative of sum(u * forward(x)).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlcore._typing import Array
from mlcore.activations import ACTIVATIONS, Sigmoid
from mlcore.gradcheck.diagnosis import joined, multiple
from mlcore.layers import Dropout, Identity, Layer, Linear
from mlcore.model import MLPClassifier
from mlcore.normalization import BatchNorm1d, LayerNorm
from mlcore.walk import layers_of

STEP = 1e-6
ENTRIES = 60
"""So many numbers of each array are compared; more would only take longer."""


@dataclass(frozen=True)
class Place:
    """A layer of a network, with its place, "1" or "2.0"; "" where it is the network."""

    index: str
    layer: Any

    def __str__(self) -> str:
        title = title_of(self.layer)
        return f"{title} (layer {self.index})" if self.index else title


def places_of(net: Any) -> list[Place]:
    """The layers of a network that run one after another; of one that does not tell, itself."""
    inner = net.net if isinstance(net, MLPClassifier) else net
    layers = layers_of(inner) if isinstance(inner, Layer) else [("0", inner)]
    return [Place("" if layer is net else index, layer) for index, layer in layers]


def redrawn(net: Any, x: Array) -> str:
    """The layer whose output for one input is another each time, in words; "" where none is found."""
    h = x
    for place in places_of(net):
        first = np.array(place.layer.forward(h.copy()))
        if not np.array_equal(first, np.asarray(place.layer.forward(h.copy())), equal_nan=True):
            return f"{place} draws anew each time"
        h = first
    return ""


def first_to_fail(net: Any, grad: Array) -> Exception | None:
    """What a layer's backward raises, or None that it returns, with the layer's name; None where all goes well."""
    for place in reversed(places_of(net)):
        try:
            result = place.layer.backward(grad)
        except Exception as error:
            hint = ": is the gradient of a weight transposed?" if _speaks_of_transposed(place.layer, error) else ""
            return ValueError(f"the backward of {place} fails: {str(error).strip()}{hint}")
        if result is None:
            return TypeError(f"the backward of {place} returns None: it must return the gradient of its input")
        grad = result
    return None


@dataclass(frozen=True)
class Faults:
    """What is wrong in each layer's backward, by itself: `inputs`, the gradient that it returns, from the first layer
    to the last with "" for a right one; `parameters`, those that it adds, by id. loss: what is wrong with its own."""

    places: list[Place]
    inputs: list[str]
    parameters: dict[int, str]
    loss: str

    def of(self, parameter: Any) -> str:
        """Why the gradient of a parameter (None: of the network's input) is wrong: by itself, and in later layers."""
        owner = next((k for k, place in enumerate(self.places) if _owns(place.layer, parameter)), -1)
        parts = [self.parameters.get(id(parameter), "")]
        later = zip(self.places[owner + 1 :], self.inputs[owner + 1 :], strict=True)
        parts += [f"{words} in {place}" for place, words in later if words]
        return "; ".join(part for part in (*parts, self.loss) if part)


def find_faults(
    net: Any, x: Array, loss: Any, y: Any, known_factors: dict[float, str], rng: np.random.Generator
) -> Faults:
    """Look at every layer of a network whose parameters are float64, and at the loss where there is one."""
    places, h = places_of(net), x
    inputs: list[str] = []
    parameters: dict[int, str] = {}
    for place in places:
        look = _Look(place.layer, h, rng)
        inputs.append(look.at_input(known_factors))
        parameters |= {id(p): look.at_parameter(p, known_factors) for p in _parameters(place.layer)}
        h = look.y
    return Faults(places, inputs, parameters, "" if loss is None else _of_loss(loss, h, y, known_factors, rng))


def _of_loss(loss: Any, output: Array, y: Any, known_factors: dict[float, str], rng: np.random.Generator) -> str:
    loss.forward(output, y)
    claimed = np.asarray(loss.backward())
    if claimed.shape != output.shape:
        return f"a gradient of shape {claimed.shape} in {type(loss).__name__}"
    chosen = rng.permutation(output.size)[:ENTRIES]
    numeric = []
    for entry in chosen.tolist():
        sides = []
        for step in (STEP, -STEP):
            moved = output.copy()
            moved.flat[entry] += step
            sides.append(float(loss.forward(moved, y)))
        numeric.append((sides[0] - sides[1]) / (2 * STEP))
    expected = np.array(numeric)
    words = multiple(claimed.ravel()[chosen], expected, _tolerance(expected), known_factors)
    if words is None:
        words = "a wrong gradient"
    return f"{words} in {type(loss).__name__}" if words else ""


class _Look:
    """One layer between its input x and its output y; u is the gradient of y."""

    def __init__(self, layer: Any, x: Array, rng: np.random.Generator) -> None:
        self.layer, self.x, self.rng = layer, x.copy(), rng
        self.y = np.array(layer.forward(self.x))
        self.u = rng.standard_normal(self.y.shape)
        for parameter in _parameters(layer):
            parameter.grad = np.zeros_like(parameter.data)
        self.grad_x = np.asarray(layer.backward(self.u.copy()))
        self.gradients = {id(p): np.array(p.grad) for p in _parameters(layer)}

    def at_input(self, known_factors: dict[float, str]) -> str:
        """What is wrong with the gradient that backward returns, in words; "" where nothing is."""
        if self.grad_x.shape != self.x.shape:
            return f"a gradient of shape {self.grad_x.shape} for an input of shape {self.x.shape}"
        chosen, outputs = self._differences(self.x)
        claimed, samples = self.grad_x.ravel()[chosen], (outputs * self.u).reshape(len(chosen), -1)
        numeric = samples.sum(axis=1)
        words = multiple(claimed, numeric, _tolerance(numeric), known_factors)
        if words is None and not claimed.any():
            words = "a gradient of zeros" if numeric.any() else ""
        if words is not None:
            return words
        factors = known_factors | self._own_factors()
        for meaning, candidate in self._usual_mistakes(chosen, outputs):
            words = multiple(claimed, candidate, _tolerance(candidate), factors)
            if words is not None:
                return joined(meaning, words)
        wrong = int(np.count_nonzero(np.abs(claimed - numeric) > _tolerance(numeric)))
        return f"a gradient wrong in {wrong} of the {len(chosen)} entries compared"

    def at_parameter(self, parameter: Any, known_factors: dict[float, str]) -> str:
        """What is wrong with the gradient that backward adds to `parameter`, in words; "" where nothing is."""
        whole = self.gradients[id(parameter)]
        if whole.shape != parameter.data.shape:
            return f"the gradient has shape {whole.shape}"
        chosen, outputs = self._differences(parameter.data)
        samples = (outputs * self.u).reshape(len(chosen), len(self.u), -1).sum(axis=2)
        claimed, numeric = whole.ravel()[chosen], samples.sum(axis=1)
        if not claimed.any():
            return "missing: backward leaves it at zero" if numeric.any() else ""
        candidates = [("", numeric), ("the gradient of the first sample only", samples[:, 0])]
        candidates.append(("the gradient of the last sample only", samples[:, -1]))
        if len(chosen) == whole.size:
            candidates.append(("summed over the units, too", np.full_like(numeric, numeric.sum())))
        for meaning, candidate in candidates:
            words = multiple(claimed, candidate, _tolerance(candidate), known_factors)
            if words is not None:
                return joined(meaning, words)
        if whole.ndim == 2 and whole.shape[0] == whole.shape[1]:
            words = multiple(whole.T.ravel()[chosen], numeric, _tolerance(numeric), known_factors)
            if words is not None:
                return joined("transposed: rows and columns are exchanged", words)
        wrong = int(np.count_nonzero(np.abs(claimed - numeric) > _tolerance(numeric)))
        return f"wrong in {wrong} of the {len(chosen)} entries compared"

    def _usual_mistakes(self, chosen: Array, outputs: Array) -> Iterator[tuple[str, Array]]:
        """What backward may have returned instead, at the entries chosen."""
        layer, u = self.layer, self.u
        if u.shape == self.x.shape:
            yield self._missing_derivative(), u.ravel()[chosen]
            own = outputs.reshape(len(chosen), -1)[np.arange(len(chosen)), chosen]
            yield "only the diagonal of the derivatives", own * u.ravel()[chosen]
        for parameter in _parameters(layer):
            W = parameter.data
            if W.ndim == 2 and W.shape[0] == W.shape[1] == u.shape[-1] and u.shape == self.x.shape:
                yield "W^T in place of W", (u @ W.T).ravel()[chosen]
        if isinstance(layer, BatchNorm1d | LayerNorm) and "x_hat" in vars(layer):
            x_hat, axes = layer.x_hat, layer.axes
            weight = None if layer.weight is None else layer.weight.data
            if weight is not None and isinstance(layer, BatchNorm1d) and u.ndim == 3:
                weight = weight[:, np.newaxis]
            v = u if weight is None else u * weight
            no_mean = v - x_hat * (v * x_hat).mean(axis=axes, keepdims=True)
            no_variance = v - v.mean(axis=axes, keepdims=True)
            yield "without the terms of mean and variance", (v / layer.std).ravel()[chosen]
            yield "without the term of the variance", (no_variance / layer.std).ravel()[chosen]
            yield "without the term of the mean", (no_mean / layer.std).ravel()[chosen]

    def _missing_derivative(self) -> str:
        if isinstance(self.layer, Dropout):
            return "missing mask"
        if isinstance(self.layer, Linear):
            return "missing product with W"
        return f"missing derivative{derivative_of(self.layer)}"

    def _own_factors(self) -> dict[float, str]:
        scale = self.layer.scale if isinstance(self.layer, Dropout) else 1.0
        return {scale: "1 / (1 - p)"} if scale > 1 else {}

    def _differences(self, data: Array) -> tuple[Array, Array]:
        """Some entries of `data`, none near a kink, and the derivative of y with respect to each: (k, *y.shape)."""
        entries = np.arange(data.size)
        if data.size > ENTRIES:
            entries = np.sort(self.rng.choice(data.size, ENTRIES, replace=False))
        rows = [(self._slope(data, e, STEP), self._slope(data, e, 10 * STEP)) for e in entries.tolist()]
        self.layer.forward(self.x)
        smooth = [np.allclose(near, far, rtol=1e-4, atol=1e-7) for near, far in rows]
        outputs = [near for (near, _), kept in zip(rows, smooth, strict=True) if kept]
        return entries[np.array(smooth, dtype=bool)], np.array(outputs).reshape(len(outputs), *self.y.shape)

    def _slope(self, data: Array, entry: int, step: float) -> Array:
        kept = data.flat[entry]
        data.flat[entry] = kept + step
        plus = np.array(self.layer.forward(self.x))
        data.flat[entry] = kept - step
        minus = np.array(self.layer.forward(self.x))
        data.flat[entry] = kept
        slope: Array = (plus - minus) / (2 * step)
        return slope


def title_of(layer: Any) -> str:
    """Such as "Linear(10, 32)"; of a class without a repr of its own, its name."""
    kind: Any = type(layer)
    return str(kind.__name__) if kind.__repr__ is object.__repr__ else repr(layer)


def activation_of(layer: Any) -> Any:
    """The activation of this package that the layer is, or derives from; None for another."""
    kinds = [kind for kind in ACTIVATIONS.values() if kind is not Identity]
    return next((kind for kind in kinds if isinstance(layer, kind)), None)


def derivative_of(layer: Any) -> str:
    """Such as " of the sigmoid, s (1 - s)"; "" for a layer that is no known activation."""
    kind = activation_of(layer)
    if kind is None:
        return ""
    return f" of the {'sigmoid, s (1 - s)' if kind is Sigmoid else kind.__name__}"


def _tolerance(numeric: Array) -> Array:
    tolerance: Array = 1e-5 * np.abs(numeric) + 1e-6 * np.abs(numeric).max(initial=0.0) + 1e-8
    return tolerance


def _parameters(layer: Any) -> list[Any]:
    """The layer's parameters; none of a layer that makes new ones each time it is asked."""
    if not callable(getattr(layer, "parameters", None)):
        return []
    first, again = list(layer.parameters()), list(layer.parameters())
    return first if all(a is b for a, b in zip(first, again, strict=True)) else []


def _owns(layer: Any, parameter: Any) -> bool:
    return parameter is not None and any(own is parameter for own in _parameters(layer))


def _speaks_of_transposed(layer: Any, error: Exception) -> bool:
    shapes = [parameter.data.shape for parameter in _parameters(layer) if parameter.data.ndim == 2]
    return any(a != b and f"({b},{a})" in str(error).replace(" ", "") for a, b in shapes)
