"""The V curve: its two slopes, its bottom, a wrong gradient that stays wrong, kinks, the measured figures."""

import numpy as np
import pytest

from mlcore import CrossEntropyLoss, Linear, MLPClassifier, ReLU, Sequential, build_mlp
from mlcore.gradcheck import EPS, ErrorCurve, error_curve


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(6)


def slope(curve: ErrorCurve, low: float, high: float) -> float:
    """Of log(error) against log(eps) between two steps."""
    chosen = (curve.eps >= low * 0.99) & (curve.eps <= high * 1.01)
    return float(np.polyfit(np.log(curve.eps[chosen]), np.log(curve.errors[chosen]), 1)[0])


def test_steps_run_from_1e9_to_1e2() -> None:
    assert EPS[0] == 1e-9
    assert EPS[-1] == 1e-2
    assert len(EPS) == 15
    np.testing.assert_allclose(np.diff(np.log10(EPS)), 0.5, atol=1e-3)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "silu"])
@pytest.mark.parametrize("tensor", ["input", "0.weight", "2.bias"])
def test_a_right_gradient_is_a_v(activation: str, tensor: str, rng: np.random.Generator) -> None:
    """Rounding falls as 1 / eps, curvature grows as eps^2."""
    net = build_mlp(4, [6], 3, activation=activation, rng=rng, dtype=np.float64)
    x, y = rng.normal(size=(8, 4)), rng.integers(0, 3, 8)
    curve = error_curve(net, x, y, loss=CrossEntropyLoss(), tensor=tensor)
    assert slope(curve, 1e-9, 1e-7) == pytest.approx(-1, abs=0.5)
    assert slope(curve, 1e-3, 1e-2) == pytest.approx(2, abs=0.1)
    assert 1e-6 < curve.best_eps < 1e-3
    assert curve.best_error < 1e-8
    assert curve.best_error == curve.errors.min() == curve.errors[curve.eps == curve.best_eps]
    assert not curve.kinks.any()
    assert curve.entries == {"input": 32, "0.weight": 24, "2.bias": 3}[tensor]


def test_curvature_is_the_third_derivative() -> None:
    """L = w^3 upstream: the difference is 3 w^2 + eps^2, so the error is eps^2 / (3 w^2 + eps^2) and nothing else."""

    class Cube(Linear):
        def forward(self, x: np.ndarray) -> np.ndarray:
            self.x = x
            return self.weight.data**3 * x

        def backward(self, grad: np.ndarray) -> np.ndarray:
            self.weight.grad += 3 * self.weight.data**2 * (grad * self.x).sum()
            return grad * self.weight.data**3

    net = Cube(1, 1, bias=False, dtype=np.float64)
    net.weight.data[:] = 2
    curve = error_curve(net, [[1.0]], tensor="weight", eps=[1e-3, 1e-2, 1e-1])
    np.testing.assert_allclose(curve.errors, curve.eps**2 / (12 + curve.eps**2), rtol=1e-4)
    np.testing.assert_allclose(curve.max_errors, curve.errors, rtol=1e-9)


def test_a_gradient_32_times_too_large_is_flat(rng: np.random.Generator) -> None:
    model = MLPClassifier(10, 32, 4, gradient="sum", rng=rng)
    curve = error_curve(model, rng.normal(size=(32, 10)), rng.integers(0, 4, 32), tensor="0.weight", max_entries=20)
    np.testing.assert_allclose(curve.errors, 1 - 1 / 32, atol=1e-3)


def test_the_measured_figures_of_10_32_4(rng: np.random.Generator) -> None:
    """Worst entry about 1e-7 at eps 1e-5, larger at 1e-6; at 1e-2 about an eighth of the entries cross a kink."""
    net = build_mlp(10, [32], 4, init="tp4", rng=rng, dtype=np.float64)
    x, y = rng.normal(size=(32, 10)), rng.integers(0, 4, 32)
    curve = error_curve(net, x, y, tensor="0.weight", eps=[1e-6, 1e-5, 1e-4, 1e-2], max_entries=None)
    assert curve.entries == 320
    assert curve.max_errors[1] < 1e-6
    assert curve.max_errors[0] > curve.max_errors[1] > curve.errors[1]
    assert curve.kinks[1] < 10 < curve.kinks[3] < 160


def test_where_every_entry_crosses_a_kink_there_is_no_error() -> None:
    net = Sequential(Linear(1, 1, dtype=np.float64), ReLU())
    net.load_state_dict({"0.weight": [[1.0]], "0.bias": [-1.0 + 1e-4]})
    curve = error_curve(net, [[1.0]], tensor="0.weight", eps=[1e-5, 1e-3])
    assert curve.kinks.tolist() == [0, 1]
    assert curve.errors[0] < 1e-9
    assert np.isnan(curve.errors[1])
    assert np.isnan(curve.max_errors[1])
    assert curve.best_eps == 1e-5
    beyond = error_curve(net, [[1.0]], tensor="0.weight", eps=[1e-3])
    assert np.isnan([beyond.best_eps, beyond.best_error]).all()


def test_a_gradient_that_is_zero_is_right(rng: np.random.Generator) -> None:
    net = Sequential(Linear(2, 3, rng=rng, dtype=np.float64), ReLU())
    net[0].bias.data[:] = -100
    curve = error_curve(net, rng.normal(size=(4, 2)), tensor="0.weight", eps=[1e-6, 1e-4])
    assert curve.errors.tolist() == [0, 0]


def test_entries_are_drawn_and_everything_is_put_back(rng: np.random.Generator) -> None:
    net = build_mlp(10, [16], 3, dropout=0.5, rng=rng)
    before = [(p.data, p.data.copy(), p.grad) for p in net.parameters()]
    x, y = rng.normal(size=(6, 10)), rng.integers(0, 3, 6)
    a, b = (
        error_curve(net, x, y, tensor="0.weight", eps=[1e-5], max_entries=12, rng=np.random.default_rng(1))
        for _ in range(2)
    )
    assert a.entries == 12
    assert a.errors == b.errors
    assert a.errors[0] < 1e-7  # in float64, with one mask, though the network is float32
    for p, (data, values, grad) in zip(net.parameters(), before, strict=True):
        assert p.data is data
        assert p.grad is grad
        np.testing.assert_array_equal(p.data, values)


def test_refusals_in_words(rng: np.random.Generator) -> None:
    net = build_mlp(2, [3], 2, rng=rng)
    with pytest.raises(ValueError, match=r"no tensor '1.weight': choose one of input, 0.weight, 0.bias, 2.weight"):
        error_curve(net, np.ones((2, 2)), [0, 1], tensor="1.weight")
    for eps in ([], [0.0], [-1e-5], [np.nan]):
        with pytest.raises(ValueError, match="positive numbers"):
            error_curve(net, np.ones((2, 2)), [0, 1], tensor="input", eps=eps)

    class Transposed(Linear):
        def backward(self, grad: np.ndarray) -> np.ndarray:
            self.weight.grad = self.x.T @ grad
            return grad @ self.weight.data

    with pytest.raises(ValueError, match=r"shape \(2, 3\), expected \(3, 2\)"):
        error_curve(Sequential(Transposed(2, 3)), np.ones((2, 2)), [0, 1], tensor="0.weight")
