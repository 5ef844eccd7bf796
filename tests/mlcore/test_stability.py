"""The limit of the learning rate: against exact Hessians, and against training that obeys it or does not."""

import numpy as np
import pytest

from mlcore import (
    SGD,
    CrossEntropyLoss,
    Diverged,
    EpochDone,
    Linear,
    MSELoss,
    Sequential,
    Tanh,
    build_mlp,
    fit,
    input_limit,
    largest_curvature,
)


@pytest.fixture
def regression() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(0, [1, 2, 0.5], (40, 3)) + 1
    return X, X @ [1.0, -1, 2] + 3


def exact(X: np.ndarray) -> float:
    """Of the mean squared error of one linear unit with a bias: H = 2/n [X 1]^T [X 1]."""
    wide = np.column_stack([X, np.ones(len(X))])
    return float(np.linalg.eigvalsh(2 / len(X) * wide.T @ wide).max())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_linear_unit(dtype: type, regression: tuple[np.ndarray, np.ndarray]) -> None:
    net = Sequential(Linear(3, 1, dtype=dtype))
    arrays = [(id(p.data), p.data.dtype, p.data.tobytes(), id(p.grad)) for p in net.parameters()]
    found = largest_curvature(net, MSELoss(task="regression"), *regression, tolerance=1e-9, iterations=500)
    assert found.converged
    assert found.largest == pytest.approx(exact(regression[0]), rel=1e-6)
    assert found.limit == pytest.approx(2 / found.largest)
    assert [(id(p.data), p.data.dtype, p.data.tobytes(), id(p.grad)) for p in net.parameters()] == arrays


def test_training_runs_away_just_above_the_limit(regression: tuple[np.ndarray, np.ndarray]) -> None:
    limit = 2 / exact(regression[0])
    losses = {}
    for share in (0.95, 1.05):
        net = Sequential(Linear(3, 1, dtype=np.float64, rng=np.random.default_rng(0)))
        optimizer = SGD(net.parameters(), lr=share * limit)
        loss = MSELoss(task="regression")
        options = {"epochs": 300, "batch_size": "full", "rng": np.random.default_rng(), "explosion": None}
        events = list(fit(net, loss, optimizer, regression, **options))
        losses[share] = [e.train_loss for e in events if isinstance(e, EpochDone)]
        assert not any(isinstance(e, Diverged) for e in events)
    assert losses[0.95][-1] < 1e-3 * losses[0.95][0]
    assert losses[1.05][-1] > 1e3 * losses[1.05][0]


def test_against_a_hessian_made_of_differences() -> None:
    rng = np.random.default_rng(3)
    net = build_mlp(2, [4], 3, activation="tanh", rng=rng, dtype=np.float64)
    X, y = rng.normal(size=(20, 2)), rng.integers(0, 3, 20)
    loss = CrossEntropyLoss()
    start = np.concatenate([p.data.ravel() for p in net.parameters()])

    def gradient(w: np.ndarray) -> np.ndarray:
        at = 0
        for p in net.parameters():
            p.data[...] = w[at : at + p.data.size].reshape(p.data.shape)
            at += p.data.size
        net.zero_grad()
        loss(net(X), y)
        net.backward(loss.backward())
        return np.concatenate([p.grad.ravel() for p in net.parameters()])

    h = 1e-5
    H = np.array([(gradient(start + h * e) - gradient(start - h * e)) / (2 * h) for e in np.eye(len(start))])
    gradient(start)
    found = largest_curvature(net, loss, X, y, tolerance=1e-8, iterations=2000)
    assert found.largest == pytest.approx(np.linalg.eigvalsh((H + H.T) / 2).max(), rel=1e-4)


def test_a_loss_that_curves_downwards_most() -> None:
    """Two separate units s = tanh(w): L = 1/2 sum (s - t)^2 has the second derivatives s'^2 + (s - t) s''."""
    net = Sequential(Linear(1, 2, bias=False, dtype=np.float64), Tanh())
    w, t = np.array([1.0, 0.2]), np.array([-3.0, 0.0])
    net.load_state_dict({"0.weight": w[:, None]})
    s = np.tanh(w)
    expected = (1 - s**2) ** 2 + (s - t) * (-2 * s * (1 - s**2))
    assert expected[0] < -2
    assert 0 < expected[1] < 1
    loss = MSELoss("half_sum", task="regression")
    found = largest_curvature(net, loss, [[1.0]], [t], tolerance=1e-9, iterations=500)
    assert found.largest == pytest.approx(expected[1], rel=1e-5)


def test_online_limit() -> None:
    X = np.array([[3.0, 4.0], [0.0, 1.0]])
    assert input_limit(X, bias_input=False) == 2 / 13
    assert input_limit(X) == 2 / 14
    assert input_limit(np.zeros((3, 2)), bias_input=False) == np.inf


def test_where_nothing_curves_or_nothing_is_finite() -> None:
    net = Sequential(Linear(2, 3, init="zeros", bias=False))
    flat = largest_curvature(net, CrossEntropyLoss(), np.zeros((4, 2)), [0, 1, 2, 0])
    assert (flat.largest, flat.limit) == (0, np.inf)
    with pytest.raises(ValueError, match="gradient is not finite"):
        largest_curvature(net, CrossEntropyLoss(), np.full((4, 2), np.nan), [0, 1, 2, 0])
