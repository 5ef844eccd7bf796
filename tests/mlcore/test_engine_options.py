"""Every option of losses, optimisers and inputs in the fast form: the numbers of the readable layers, to 1e-12."""

from typing import Any

import numpy as np
import pytest

from mlcore import (
    GELU,
    SGD,
    Adam,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    Dropout,
    Flatten,
    Identity,
    Layer,
    Linear,
    MSELoss,
    ReLU,
    Sequential,
    Tanh,
    build_mlp,
    evaluate,
)
from mlcore.activations import ACTIVATIONS
from mlcore.engine.kernels import draw_masks
from mlcore.losses import Loss
from mlcore.optim import OPTIMIZERS, Optimizer
from mlcore.random_state import get_rng_state, set_rng_state
from tests.mlcore.test_engine import compiled, fast_epoch, readable_epoch

N, INPUTS, OUTPUTS = 40, 5, 3


def assert_same_training(
    nets: list[Sequential],
    losses: list[Loss],
    optimizers: list[Optimizer],
    X: np.ndarray,
    y: np.ndarray,
    **options: Any,
) -> None:
    """Two epochs of both forms: losses, weights, gradients and the optimiser's arrays."""
    scale, shift = options.get("scale", 1.0), options.get("shift", 0.0)
    engine = compiled(nets[1], losses[1], optimizers[1], **options)
    orders = np.random.default_rng(9)
    for _ in range(2):
        order = orders.permutation(len(X))
        expected, hits = readable_epoch(nets[0], losses[0], optimizers[0], scale * X + shift, y, order, 16)
        got, correct = fast_epoch(engine, X, y, order, batch_size=16, stride=2)
        assert correct == hits
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)
    for a, b in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        np.testing.assert_allclose(b.data, a.data, rtol=0, atol=1e-12)
        np.testing.assert_allclose(b.grad, a.grad, rtol=1e-12, atol=1e-12)
    state = optimizers[1].state_dict()
    for key, array in optimizers[0].state_dict().items():
        np.testing.assert_allclose(state[key], array, rtol=1e-12, atol=1e-12)


def networks(outputs: int = OUTPUTS, **options: Any) -> list[Sequential]:
    return [
        build_mlp(INPUTS, [7, 6], outputs, rng=np.random.default_rng(1), dtype=np.float64, **options) for _ in range(2)
    ]


def samples() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(N, INPUTS)), rng.integers(0, OUTPUTS, N)


LOSS_OPTIONS: list[dict[str, Any]] = [
    {"weight": [1.0, 5.0, 0.25]},
    {"weight": [1.0, 0.0, 2.0]},
    {"label_smoothing": 0.1},
    {"label_smoothing": 1.0},
    {"epsilon": 1e-3},
    {"epsilon": 1e-16},
    {"weight": [1.0, 5.0, 0.25], "label_smoothing": 0.2, "epsilon": 1e-2},
]


@pytest.mark.parametrize("options", LOSS_OPTIONS)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("gradient", ["mean", "sum"])
@pytest.mark.parametrize("one_hot", [False, True])
def test_cross_entropy(options: dict[str, Any], reduction: str, gradient: str, one_hot: bool) -> None:
    nets, (X, y) = networks(), samples()
    losses: list[Loss] = [CrossEntropyLoss(reduction, gradient=gradient, **options) for _ in nets]
    optimizers: list[Optimizer] = [SGD(net.parameters(), lr=0.01) for net in nets]
    assert_same_training(nets, losses, optimizers, X, np.eye(OUTPUTS)[y] if one_hot else y)


def test_cross_entropy_weighs_its_batches_and_counts_hits_whatever_the_epsilon() -> None:
    (net, _), (X, y) = networks(init="kaiming_normal"), samples()
    assert len(set(net(X[:32]).argmax(axis=1))) > 1
    # So large an epsilon that the logarithms of two classes are equal to the last digit.
    loss = CrossEntropyLoss(weight=[1.0, 5.0, 0.25], epsilon=1e18)
    (done,) = compiled(net, loss, SGD(net.parameters(), lr=0.0)).epoch(
        X, y, batch_size=16, stride=64, order=np.arange(32)
    )
    assert done.weights == pytest.approx([loss.total_weight(y[:16]), loss.total_weight(y[16:32])])
    assert done.correct == np.count_nonzero(loss.predict(net(X[:32])) == y[:32])
    plain = compiled(net, CrossEntropyLoss(), SGD(net.parameters(), lr=0.0))
    assert next(iter(plain.epoch(X, y, batch_size=16))).weights is None


def test_a_weight_for_another_number_of_classes_is_for_the_readable_layers_to_refuse() -> None:
    from mlcore.engine import why_not

    net = networks()[0]
    assert "weight has 2 classes" in why_not(net, CrossEntropyLoss(weight=[1, 2]), SGD(net.parameters()))


@pytest.mark.parametrize("columns", [None, 1, 3])
@pytest.mark.parametrize("reduction", MSELoss.REDUCTIONS)
@pytest.mark.parametrize("gradient", ["mean", "sum"])
def test_regression(columns: int | None, reduction: str, gradient: str) -> None:
    nets, (X, _) = networks(columns or 1), samples()
    y = np.random.default_rng(2).normal(3, 2, N if columns is None else (N, columns))
    losses: list[Loss] = [MSELoss(reduction, gradient=gradient, task="regression") for _ in nets]
    optimizers: list[Optimizer] = [SGD(net.parameters(), lr=0.001) for net in nets]
    assert_same_training(nets, losses, optimizers, X, y)
    # A step of no length: the squared errors are those of the weights as they are.
    optimizers[1].lr = 0.0
    order = np.arange(N)
    done = list(compiled(nets[1], losses[1], optimizers[1]).epoch(X, y, order, batch_size=16, stride=3))
    errors = np.sum([row for progress in done for row in progress.squared_errors or ()], axis=0)
    np.testing.assert_allclose(errors, np.square(nets[1](X) - y.reshape(N, -1)).sum(axis=0), rtol=1e-12)


def test_a_regression_takes_one_number_an_output() -> None:
    net = networks(2)[0]
    engine = compiled(net, MSELoss(task="regression"), SGD(net.parameters()))
    X = np.zeros((6, INPUTS))
    assert "one number an output" in engine.why_not(X, np.zeros(6))
    assert engine.why_not(X, np.zeros((6, 2), int)) == ""
    assert engine.why_not(X, np.full((6, 2), 0.5)) == ""


OPTIMIZER_OPTIONS: list[tuple[str, dict[str, Any]]] = [
    *((name, {"l1": 0.05}) for name in OPTIMIZERS),
    *((name, {"l1": 0.05, "weight_decay": 0.1}) for name in OPTIMIZERS),
    ("sgd", {"momentum": 0.9}),
    ("sgd", {"momentum": 0.9, "dampening": 0.5, "l1": 0.05}),
    ("sgd", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("rmsprop", {"momentum": 0.9}),
    ("rmsprop", {"centered": True}),
    ("rmsprop", {"centered": True, "momentum": 0.9, "weight_decay": 0.1, "l1": 0.05}),
    ("adam", {"amsgrad": True, "betas": (0.5, 0.6)}),
    ("adam", {"amsgrad": True, "weight_decay": 0.1}),
    ("adamw", {"amsgrad": True, "betas": (0.5, 0.6), "l1": 0.05}),
]


@pytest.mark.parametrize(("name", "options"), OPTIMIZER_OPTIONS)
def test_optimizers(name: str, options: dict[str, Any]) -> None:
    # Tanh has no kink, on whose either side a unit could be in the last digit.
    nets, (X, y) = networks(activation="tanh"), samples()
    made: Any = OPTIMIZERS[name]
    optimizers = [made(net.parameters(), lr=0.01, **options) for net in nets]
    assert_same_training(nets, [CrossEntropyLoss(), CrossEntropyLoss()], optimizers, X, y)


@pytest.mark.parametrize("options", [{}, {"l1": 0.05}, {"weight_decay": 0.1}, {"momentum": 0.5}])
def test_one_by_one_with_a_wide_first_layer(options: dict[str, float]) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(N, 600)) / 25, rng.integers(0, OUTPUTS, N)
    results = []
    for fast in (False, True):
        net = build_mlp(600, [8], OUTPUTS, rng=np.random.default_rng(1), dtype=np.float64)
        optimizer, loss = SGD(net.parameters(), lr=0.1, **options), CrossEntropyLoss()
        if fast:
            fast_epoch(compiled(net, loss, optimizer), X, y, np.arange(N), batch_size=1, stride=64)
        else:
            readable_epoch(net, loss, optimizer, X, y, None, 1)
        results.append([parameter.data for parameter in net.parameters()])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(b, a, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("loss", [CrossEntropyLoss, MSELoss])
def test_activations(name: str, loss: type[Loss]) -> None:
    nets, (X, y) = networks(activation=name), samples()
    optimizers: list[Optimizer] = [SGD(net.parameters(), lr=0.1, momentum=0.9) for net in nets]
    assert_same_training(nets, [loss(), loss()], optimizers, 3 * X, y)


FRONTS: dict[str, list[Layer]] = {
    "relu": [ReLU()],
    "tanh": [Tanh()],
    "gelu, then tanh": [GELU(), Identity(), Tanh()],
    "nothing at work": [Flatten(), Dropout(0.0), Identity()],
}


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("features", [INPUTS, 600])
@pytest.mark.parametrize("batch_size", [1, 16, N])
def test_layers_before_the_first_linear(front: str, features: int, batch_size: int) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(N, features)), rng.integers(0, OUTPUTS, N)
    results = []
    for fast in (False, True):
        net = Sequential(*FRONTS[front], *build_mlp(features, [8], 3, rng=np.random.default_rng(1), dtype=float))
        optimizer, loss, order = SGD(net.parameters(), lr=0.1), CrossEntropyLoss(), np.arange(N)
        if fast:
            values, _ = fast_epoch(compiled(net, loss, optimizer), X, y, order, batch_size=batch_size, stride=64)
        else:
            values, _ = readable_epoch(net, loss, optimizer, X, y, order, batch_size)
        results.append([np.array(values), *(p.data for p in net.parameters()), *(p.grad for p in net.parameters())])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(b, a, rtol=0, atol=1e-12)


@pytest.mark.parametrize("features", [INPUTS, 600])
@pytest.mark.parametrize("front", [[], [ReLU()]])
def test_dropout_of_the_inputs(features: int, front: list[Layer]) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(16, features)), rng.integers(0, OUTPUTS, 16)
    nets, dropouts = [], []
    for _ in range(2):
        weights, shared = np.random.default_rng(1), np.random.default_rng(4)
        dropouts.append([Dropout(0.3, rng=shared), Dropout(0.4, rng=shared)])
        first, last = Linear(features, 6, rng=weights, dtype=float), Linear(6, OUTPUTS, rng=weights, dtype=float)
        nets.append(Sequential(*front, dropouts[-1][0], first, Tanh(), dropouts[-1][1], last))
    # The masks that the fast form is about to draw, for the readable layers.
    readable = dropouts[0]
    draws, (of_inputs, of_units) = draw_masks(readable[0].rng, [(readable[0], features), (readable[1], 6)], 16)
    for draw in draws:
        draw()
    readable[0].mask, readable[1].mask = of_inputs.T, of_units.T
    readable[0].frozen = readable[1].frozen = True
    optimizers = [SGD(net.parameters(), lr=0.1) for net in nets]
    expected, hits = readable_epoch(nets[0], CrossEntropyLoss(), optimizers[0], X, y, None, 16)
    losses, correct = fast_epoch(compiled(nets[1], CrossEntropyLoss(), optimizers[1]), X, y, batch_size=16)
    np.testing.assert_allclose(losses, expected, rtol=1e-12)
    assert correct == hits
    for a, b in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        np.testing.assert_allclose(b.data, a.data, rtol=0, atol=1e-12)
    assert 0.6 < of_inputs.mean() < 0.8 or features < 100


def test_dropout_of_the_inputs_goes_on_where_its_generator_stands() -> None:
    X, y = samples()
    results = []
    for cut in (3, 1):
        net = Sequential(Dropout(0.3, rng=np.random.default_rng(4)), *networks()[0])
        optimizer = SGD(net.parameters(), lr=0.1)
        for start, stop in ((0, cut), (cut, 3)):
            engine = compiled(net, CrossEntropyLoss(), optimizer)
            first = net[0]
            assert isinstance(first, Dropout)
            state = get_rng_state(first.rng)
            first.rng = np.random.default_rng(99)
            set_rng_state(first.rng, state)
            engine = compiled(net, CrossEntropyLoss(), optimizer)
            for index, _ in enumerate(engine.epoch(X, y, np.arange(N), start, batch_size=16), start + 1):
                if index == stop:
                    break
        results.append([parameter.data.copy() for parameter in net.parameters()])
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)


def test_whatever_was_in_the_window_before() -> None:
    """Everything in one batch is gathered once, for as long as it is the same."""
    rng = np.random.default_rng(5)
    (net, again), (X, y) = networks(), samples()
    other = rng.normal(size=X.shape), rng.integers(0, OUTPUTS, N)
    kept = compiled(net, CrossEntropyLoss(), SGD(net.parameters(), lr=0.1))
    for given, labels, order in (
        (X, y, None),
        (X, y, None),
        (*other, None),
        (X, y, None),
        (X, y, rng.permutation(N)),
        (X, y, rng.integers(0, N, N)),
        (X, y, None),
    ):
        assert kept.why_not(given, labels) == ""
        fresh = compiled(again, CrossEntropyLoss(), SGD(again.parameters(), lr=0.1))
        expected = fast_epoch(fresh, given, labels, order, batch_size=N)
        assert fast_epoch(kept, given, labels, order, batch_size=N) == expected


SCALES: list[tuple[Any, Any]] = [
    (2 / 255, -1.0),
    (1 / 255, 0.0),
    (1.0, -100.0),
    (np.linspace(0.01, 0.02, INPUTS), np.linspace(-1, 1, INPUTS)),
]


@pytest.mark.parametrize(("scale", "shift"), SCALES)
@pytest.mark.parametrize("loss", [CrossEntropyLoss(label_smoothing=0.1), BCEWithLogitsLoss()])
def test_bytes_are_scaled(scale: Any, shift: Any, loss: Loss) -> None:
    outputs = 1 if isinstance(loss, BCEWithLogitsLoss) else OUTPUTS
    nets, rng = networks(outputs), np.random.default_rng(0)
    X, y = rng.integers(0, 256, (N, INPUTS), dtype=np.uint8), rng.integers(0, 2, N)
    optimizers: list[Optimizer] = [Adam(net.parameters(), lr=1e-3) for net in nets]
    assert_same_training(nets, [loss, loss], optimizers, X, y, scale=scale, shift=shift)
    a, b = evaluate(nets[0], loss, X * scale + shift, y), evaluate(nets[1], loss, X, y, scale=scale, shift=shift)
    assert b.loss == pytest.approx(a.loss, rel=1e-11)
