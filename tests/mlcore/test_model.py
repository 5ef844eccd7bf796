"""Networks from a description, the lab sheet's classifier."""

import numpy as np
import pytest

from mlcore import (
    BatchNorm1d,
    Dropout,
    LayerNorm,
    Linear,
    MLPClassifier,
    ReLU,
    Sequential,
    build_mlp,
    one_hot,
    softmax,
)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def kinds(net: Sequential) -> list[str]:
    return [repr(layer) for layer in net]


def test_order_of_layers(rng: np.random.Generator) -> None:
    net = build_mlp(10, [64, 32], 4, activation="tanh", dropout=0.2, rng=rng)
    assert kinds(net) == [
        *("Linear(10, 64)", "Tanh()", "Dropout(0.2)"),
        *("Linear(64, 32)", "Tanh()", "Dropout(0.2)"),
        "Linear(32, 4)",
    ]
    assert kinds(build_mlp(10, [], 4, rng=rng)) == ["Linear(10, 4)"]
    assert kinds(build_mlp(2, [3], 1, output="sigmoid", rng=rng))[-2:] == ["Linear(3, 1)", "Sigmoid()"]
    assert kinds(build_mlp(2, [3], 1, output="detached_sigmoid", rng=rng))[-1] == "Sigmoid(detached)"


@pytest.mark.parametrize(("normalization", "kind"), [("batch", BatchNorm1d), ("layer", LayerNorm)])
def test_normalisation_comes_before_each_hidden_activation(normalization: str, kind: type) -> None:
    def built(name: str) -> Sequential:
        rng = np.random.default_rng(3)
        return build_mlp(3, [5, 4], 2, normalization=name, dropout=0.1, rng=rng, dtype=np.float64)

    net = built(normalization)
    assert [type(layer) for layer in net] == [Linear, kind, ReLU, Dropout, Linear, kind, ReLU, Dropout, Linear]
    assert {parameter.data.dtype for parameter in net.parameters()} == {np.dtype(np.float64)}
    for mine, plain in ((0, 0), (4, 3), (8, 6)):
        np.testing.assert_array_equal(net[mine].weight.data, built("none")[plain].weight.data)


def test_dropout_does_not_change_the_weights_and_has_a_generator_of_its_own() -> None:
    with_dropout = build_mlp(4, [5], 2, dropout=0.5, rng=np.random.default_rng(0))
    without = build_mlp(4, [5], 2, rng=np.random.default_rng(0))
    for a, b in zip(with_dropout.parameters(), without.parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"activation": "relu6"}, "unknown activation 'relu6': choose one of relu, "),
        ({"output": "softmax"}, "unknown output 'softmax'"),
        ({"normalization": "group"}, "unknown normalization 'group': choose one of none, batch, layer"),
        ({"hidden": [3, 0]}, "at least 1 unit, received 2, 3, 0, 4"),
        ({"init": "normal", "init_options": {"rng": 1}}, "'normal' does not take rng: its options are std"),
        ({"init": "tp4", "init_options": {"activation": "tanh"}}, "'tp4' does not take activation"),
        ({"init": "micrograd", "init_options": {"draws_before": "x"}}, "a whole number from 0 to .*, received 'x'"),
    ],
)
def test_wrong_descriptions(options: dict[str, object], message: str, rng: np.random.Generator) -> None:
    with pytest.raises(ValueError, match=message):
        build_mlp(**({"in_features": 2, "hidden": [3], "out_features": 4, "rng": rng} | options))  # type: ignore[arg-type]


def test_classifier_as_the_sheet_uses_it(rng: np.random.Generator) -> None:
    centres = rng.normal(0, 4, (3, 5))
    y = rng.integers(0, 3, 300)
    x = centres[y] + rng.normal(size=(300, 5))
    model = MLPClassifier(5, 16, 3, dropout=0.1, lr=0.05, rng=rng)
    assert [type(layer).__name__ for layer in model.net] == ["Linear", "Dropout", "ReLU", "Linear"]
    assert (model.lr, model.num_classes) == (0.05, 3)
    before = model.loss(x, y)
    for _ in range(100):
        model.forward(x)
        model.loss(y)
        model.backward(y)
        model.step()
    assert model.loss(x, y) < before / 2
    assert model.validate(x, y) > 0.95
    assert model.predict(x).shape == (300,)
    np.testing.assert_array_equal(model.predict(x), model.predict(x))
    assert model.net.training
    np.testing.assert_array_equal(model.one_hot(y), one_hot(y, 3))


@pytest.mark.parametrize(("gradient", "divisor"), [("mean", 40), ("sum", 1)])
def test_classifier_starts_from_p_minus_y(gradient: str, divisor: int, rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(40, 5)), rng.integers(0, 3, 40)
    model = MLPClassifier(5, 8, 3, gradient=gradient, rng=rng)
    p = softmax(model.forward(x))
    model.backward(y)
    model.backward(y)  # starts from zero each time
    last = model.net[3]
    assert isinstance(last, Linear)
    np.testing.assert_allclose(last.grad_b, (p - model.one_hot(y)).sum(axis=0) / divisor, atol=1e-12)
    with pytest.raises(RuntimeError, match=r"call forward\(x\) first"):
        MLPClassifier(5, 8, 3).backward(y)
