"""The perceptron and the delta rule."""

import gzip
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore import SGD, DeltaRule, Linear, MSELoss, Perceptron, Sequential, accuracy, fit, input_limit
from mlcore.perceptron import with_bias_input

DATA = os.environ.get("MLP_TUI_TEST_DATA", "")


def test_one_update_by_hand() -> None:
    model = DeltaRule(2, 2, rng=np.random.default_rng(0))
    model.W[:] = [[1, 0, 0.5], [0, 2, 0]]
    x = with_bias_input([[2.0, -1.0]])[0]
    np.testing.assert_array_equal(x, [2, -1, 1])
    error = model.update(x, np.array([1.0, 0.0]), eta=0.1)
    np.testing.assert_allclose(error, [-1.5, 2])  # y = (2.5, -2)
    np.testing.assert_allclose(model.W, [[0.7, 0.15, 0.35], [0.4, 1.8, 0.2]])


def test_the_delta_rule_is_gradient_descent_on_half_the_squared_error() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 4)), rng.integers(0, 3, 30)
    model = DeltaRule(4, 3, rng=rng)
    net = Sequential(Linear(4, 3, dtype=np.float64))
    net.load_state_dict({"0.weight": model.W[:, :-1], "0.bias": model.W[:, -1]})
    losses = list(model.fit(X, y, eta=0.05, passes=3, rng=np.random.default_rng(1)))
    events = fit(
        net,
        MSELoss("half_sum"),
        SGD(net.parameters(), lr=0.05),
        (X, y),
        epochs=3,
        batch_size=1,
        rng=np.random.default_rng(1),
    )
    np.testing.assert_allclose([e.train_loss for e in events if hasattr(e, "train_loss")], losses)
    np.testing.assert_allclose(net.state_dict()["0.weight"], model.W[:, :-1], rtol=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32))
def test_the_perceptron_comes_to_rest_where_a_line_separates(seed: int) -> None:
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=3)
    X = rng.normal(size=(60, 3))
    X = X[np.abs(X @ direction + 0.3) > 0.3]
    y = (X @ direction + 0.3 > 0).astype(int)
    model = Perceptron(3, 2, rng=rng)
    losses = list(model.fit(X, y, eta=0.1, passes=300, rng=rng))
    assert losses[-1] == 0
    assert accuracy(y, model.predict(X)) == 1
    before = model.W.copy()
    list(model.fit(X, y, eta=0.1, passes=1, rng=rng))
    np.testing.assert_array_equal(model.W, before)


def test_it_ends_when_it_diverges() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(0, 100, (50, 5))
    model = DeltaRule(5, 2, rng=rng)
    losses = list(model.fit(X, X[:, 0] > 0, eta=1.0, passes=50, rng=rng))
    assert len(losses) < 50
    assert not np.isfinite(losses[-1])


@pytest.mark.skipif(not DATA, reason="MLP_TUI_TEST_DATA names no folder of real data")
def test_figures_of_the_lyon_sheet() -> None:
    with gzip.open(Path(DATA) / "mnist_lyon" / "mnist_light.pkl.gz") as file:
        (X, T), (X_test, T_test) = pickle.load(file, encoding="latin1")
    assert input_limit(X) == pytest.approx(0.0226, abs=5e-5)

    def after(eta: float, std: float, passes: int) -> tuple[float, float]:
        rng = np.random.default_rng(0)
        model = DeltaRule(784, 10, std=std, rng=rng)
        *_, loss = model.fit(X, T, eta=eta, passes=passes, rng=rng)
        return loss, accuracy(T_test, model.predict(X_test))

    assert after(1e-3, 0.01, 3)[1] == pytest.approx(0.847, abs=0.03)
    assert after(1e-3, 1.0, 3)[1] < 0.3
    assert after(0.019, 0.01, 1)[0] < 100
    assert after(0.025, 0.01, 1)[0] > 1e10
