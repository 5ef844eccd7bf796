"""What is wrong with a backward, and in which layer, said in words: alone and mixed with other mistakes."""

from typing import Any

import numpy as np
import pytest

from mlcore import (
    BatchNorm1d,
    CrossEntropyLoss,
    Dropout,
    Layer,
    LayerNorm,
    Linear,
    MLPClassifier,
    MSELoss,
    Parameter,
    ReLU,
    Sequential,
    Sigmoid,
    Softmax,
    Tanh,
    check_gradient,
)
from mlcore.gradcheck.faults import find_faults, places_of

N = 8


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def check(middle: Layer, rng: np.random.Generator, **options: Any) -> dict[str, str]:
    """The words for each tensor of Linear, Tanh, `middle`, Linear."""
    features = 5
    net = Sequential(
        Linear(4, features, rng=rng, dtype=np.float64), Tanh(), middle, Linear(features, 3, rng=rng, dtype=np.float64)
    )
    report = check_gradient(net, rng.normal(size=(N, 4)), rng.integers(0, 3, N), **options)
    return {tensor.name: tensor.diagnosis for tensor in report.tensors if not tensor.ok}


class OwnLinear(Linear):
    """Linear with one product after another to be broken."""

    def __init__(self) -> None:
        super().__init__(5, 5, rng=np.random.default_rng(1), dtype=np.float64)

    def backward(self, grad: np.ndarray) -> np.ndarray:
        self.weight.grad += self.of_weight(grad)
        self.bias.grad += self.of_bias(grad)
        return self.of_x(grad)

    def of_weight(self, grad: np.ndarray) -> np.ndarray:
        return grad.T @ self.x

    def of_bias(self, grad: np.ndarray) -> np.ndarray:
        return grad.sum(axis=0)

    def of_x(self, grad: np.ndarray) -> np.ndarray:
        return grad @ self.weight.data


def broken(**methods: Any) -> Layer:
    return type("Broken", (OwnLinear,), methods)()


TRANSPOSED = "transposed: rows and columns are exchanged"


@pytest.mark.parametrize(
    ("layer", "tensor", "words"),
    [
        (
            broken(of_weight=lambda s, g: s.x.T @ g / N),
            "2.weight",
            f"{TRANSPOSED}, and too small by a factor of 8 = the",
        ),
        (broken(of_weight=lambda s, g: -s.x.T @ g), "2.weight", f"{TRANSPOSED}, and wrong sign"),
        (broken(of_weight=lambda s, g: np.outer(g[-1], s.x[-1])), "2.weight", "the gradient of the last sample only"),
        (broken(of_bias=lambda s, g: g[0]), "2.bias", "the gradient of the first sample only"),
        (
            broken(of_bias=lambda s, g: -2 * g[0]),
            "2.bias",
            "the gradient of the first sample only, and wrong sign, and",
        ),
        (broken(of_bias=lambda s, g: g.sum()), "2.bias", "summed over the units, too"),
        (broken(of_bias=lambda s, g: g.mean(axis=0)), "2.bias", "too small by a factor of 8 = the batch size"),
    ],
)
def test_the_gradient_of_a_parameter(layer: Layer, tensor: str, words: str, rng: np.random.Generator) -> None:
    found = check(layer, rng)
    assert list(found) == [tensor]
    assert found[tensor].startswith(words)


def own(kind: type[Layer], backward: Any, *arguments: Any, forward: Any = None, **options: Any) -> Layer:
    methods = {"backward": backward} | ({} if forward is None else {"forward": forward})
    return type("Own", (kind,), methods)(*arguments, **options)


def keeping_output(function: Any) -> Any:
    def forward(self: Any, x: np.ndarray) -> np.ndarray:
        self.out = function(x)
        return self.out

    return forward


FLOAT64 = {"dtype": np.float64}
SIGMOID = "missing derivative of the sigmoid, s (1 - s)"
EIGHTH = ", and too small by a factor of 8 = the batch size"


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (own(Sigmoid, lambda s, g: g / len(g)), f"{SIGMOID}{EIGHTH} in Own() (layer 2)"),
        (own(Sigmoid, lambda s, g: -g), f"{SIGMOID}, and wrong sign in Own() (layer 2)"),
        (
            own(Tanh, lambda s, g: g, forward=keeping_output(np.tanh)),
            "missing derivative of the Tanh in Own() (layer 2)",
        ),
        (own(Layer, lambda s, g: g, forward=keeping_output(np.tanh)), "missing derivative in Own() (layer 2)"),
        (own(Tanh, lambda s, g: g * (1 - s.t)), "a gradient wrong in 40 of the 40 entries compared in Own() (layer 2)"),
        (own(Dropout, lambda s, g: g, 0.4, rng=np.random.default_rng(0)), "missing mask in Own(0.4) (layer 2)"),
        (
            own(Dropout, lambda s, g: g / 0.6, 0.4, rng=np.random.default_rng(0)),
            "missing mask, and too large by a factor",
        ),
        (own(Softmax, lambda s, g: g * s.p * (1 - s.p)), "only the diagonal of the derivatives in Own() (layer 2)"),
        (broken(of_x=lambda s, g: g @ s.weight.data.T), "W^T in place of W in Broken(5, 5) (layer 2)"),
        (broken(of_x=lambda s, g: g), "missing product with W in Broken(5, 5) (layer 2)"),
        (
            own(BatchNorm1d, lambda s, g: s.weight.data * g / s.std, 5, affine=True, **FLOAT64),
            "without the terms of mean and variance in Own(5) (layer 2)",
        ),
        (
            own(LayerNorm, lambda s, g: (g - g.mean(axis=1, keepdims=True)) / s.std, 5, **FLOAT64),
            "without the term of the variance in Own(5) (layer 2)",
        ),
        (
            own(
                LayerNorm, lambda s, g: (g - s.x_hat * (g * s.x_hat).mean(axis=1, keepdims=True)) / s.std, 5, **FLOAT64
            ),
            "without the term of the mean in Own(5) (layer 2)",
        ),
    ],
)
def test_the_gradient_of_the_input_is_wrong_in_all_layers_before(
    layer: Layer, words: str, rng: np.random.Generator
) -> None:
    found = check(layer, rng)
    assert {"input", "0.weight", "0.bias"} <= set(found)
    assert "3.weight" not in found
    assert found["input"].startswith(words)
    assert found["0.weight"] == found["input"]


def test_a_missing_derivative_and_a_sum_that_should_be_a_mean(rng: np.random.Generator) -> None:
    found = check(Sigmoid("detached"), rng, loss=CrossEntropyLoss(gradient="sum"))
    assert found["input"] == f"{SIGMOID} (layer 2), and too large by a factor of 8 = the batch size"
    assert found["3.weight"] == "too large by a factor of 8 = the batch size"


def test_several_layers_and_the_loss(rng: np.random.Generator) -> None:
    class Loss(MSELoss):
        def backward(self) -> np.ndarray:
            return np.sign(super().backward())

    inner = Sequential(broken(of_x=lambda s, g: g @ s.weight.data.T), own(Sigmoid, lambda s, g: -g))
    found = check(inner, rng, loss=Loss())
    in_loss = "a wrong gradient in Loss"
    later = f"{SIGMOID}, and wrong sign in Own() (layer 2.1); {in_loss}"
    assert found["0.bias"] == f"W^T in place of W in Broken(5, 5) (layer 2.0); {later}"
    assert found["2.0.weight"] == later
    assert found["3.bias"] == in_loss


def test_right_layers_have_no_faults(rng: np.random.Generator) -> None:
    net = Sequential(
        Linear(4, 5, rng=rng, dtype=np.float64),
        BatchNorm1d(5, dtype=np.float64),
        ReLU(),
        LayerNorm(5, dtype=np.float64),
        Softmax(),
        Linear(5, 3, rng=rng, dtype=np.float64),
    )
    faults = find_faults(net, rng.normal(size=(N, 4)), CrossEntropyLoss(), rng.integers(0, 3, N), {}, rng)
    assert faults.inputs == [""] * 6
    assert set(faults.parameters.values()) == {""}
    assert all(faults.of(parameter) == "" for parameter in (None, *net.parameters()))


def test_a_layer_that_cannot_be_looked_at_alone_is_still_checked(rng: np.random.Generator) -> None:
    class Moody(Layer):
        """Only works on the batch that the whole network is checked with."""

        def __init__(self) -> None:
            self.s, self.calls = Parameter([2.0]), 0

        def forward(self, x: np.ndarray) -> np.ndarray:
            self.x = x
            return x * self.s.data

        def backward(self, grad: np.ndarray) -> np.ndarray:
            self.calls += 1
            if self.calls > 1:
                raise RuntimeError("no more")
            self.s.grad += (grad * self.x).sum()
            return grad * self.x

    found = check(Moody(), rng)
    assert found["0.bias"] == "wrong in 5 of the 5 entries compared"


def test_places() -> None:
    model = MLPClassifier(3, 4, 2)
    assert [str(place) for place in places_of(model)][:2] == ["Linear(3, 4) (layer 0)", "Dropout(0) (layer 1)"]
    assert [str(place) for place in places_of(ReLU())] == ["ReLU()"]
    assert [str(place) for place in places_of(object())] == ["object"]
