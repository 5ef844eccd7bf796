"""The error function, GELU and the softmax layers. Values against PyTorch are in test_against_pytorch.py."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore import (
    ACTIVATIONS,
    ELU,
    GELU,
    CrossEntropyLoss,
    Layer,
    LeakyReLU,
    LogSoftmax,
    MSELoss,
    NLLLoss,
    Sequential,
    Softmax,
    check_gradient,
    softmax,
)
from mlcore.special import erf


def test_erf_to_the_last_digits() -> None:
    x = np.concatenate([np.linspace(-7, 7, 5001), np.geomspace(1e-300, 1, 200), [-1, 1, 6, -6, 30, np.inf, -np.inf]])
    expected = np.array([math.erf(value) for value in x])
    np.testing.assert_allclose(erf(x), expected, rtol=1e-15, atol=0)
    narrow = x.astype(np.float32)
    assert erf(narrow).dtype == np.float32
    np.testing.assert_allclose(erf(narrow), expected, rtol=1e-6, atol=1e-37)
    assert np.isnan(erf(np.array([np.nan]))).all()


@given(st.floats(-1e6, 1e6))
def test_erf_is_odd_and_bounded(x: float) -> None:
    y = float(erf(np.array(x)))
    assert -1 <= y <= 1
    assert float(erf(np.array(-x))) == -y


def test_gelu_is_x_times_the_normal_distribution() -> None:
    x = np.linspace(-4, 4, 33)
    expected = [value * 0.5 * math.erfc(-value / math.sqrt(2)) for value in x]
    np.testing.assert_allclose(GELU().forward(x), expected, atol=1e-15)


def test_log_softmax_and_nll_are_cross_entropy() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 5, (6, 4)), rng.integers(0, 4, 6)
    both, one = LogSoftmax(), CrossEntropyLoss(weight=[1, 2, 3, 4])
    nll = NLLLoss(weight=[1, 2, 3, 4])
    assert nll(both(x), y) == pytest.approx(one(x, y))
    np.testing.assert_allclose(both.backward(nll.backward()), one.backward(), atol=1e-15)
    np.testing.assert_allclose(nll.probabilities(both(x)), softmax(x))
    np.testing.assert_array_equal(nll.predict(both(x)), one.predict(x))


def test_softmax_with_a_squared_error() -> None:
    rng = np.random.default_rng(1)
    layer, x = Softmax(), rng.normal(0, 3, (6, 4))
    np.testing.assert_array_equal(layer.forward(x), softmax(x))
    assert check_gradient(Sequential(layer), x, rng.integers(0, 4, 6), loss=MSELoss()).ok


def test_nll_of_an_impossible_class_that_is_not_the_label() -> None:
    loss = NLLLoss()
    assert loss(np.array([[0.0, -np.inf]]), [0]) == 0
    assert loss(np.array([[0.0, -np.inf]]), [1]) == np.inf


@pytest.mark.parametrize("kind", [*ACTIVATIONS.values(), Softmax, LogSoftmax])
def test_the_largest_float32_numbers_raise_no_warning(kind: type[Layer]) -> None:
    layer, x = kind(), np.array([[-1e38, -1e30, -1e20, 0, 1e20, 1e30, 1e38]], np.float32)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y = layer.forward(x)
        grad = layer.backward(np.ones_like(x))
    assert y.dtype == grad.dtype == np.float32
    assert np.isfinite(grad).all()


def test_options_of_numpy_change_no_dtype() -> None:
    x = np.array([[-1.0, 1.0]], np.float32)
    for layer in (LeakyReLU(np.float64(0.1)), ELU(np.float64(1))):
        assert layer.forward(x).dtype == layer.backward(x).dtype == np.float32
