import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from datasets import SCALES, DataError, fit_scale

tables = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=12),
    elements=st.floats(-1e6, 1e6).map(lambda x: round(x, 3)),
)


@settings(max_examples=60, deadline=None)
@given(X=tables)
def test_standard_gives_mean_0_and_deviation_1(X):
    Z = fit_scale("standard", X)(X)
    varies = np.ptp(X, axis=0) > 0
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(Z.std(axis=0)[varies], 1, atol=1e-6)
    assert (Z[:, ~varies] == 0).all()


@settings(max_examples=60, deadline=None)
@given(X=tables)
def test_minmax_gives_0_to_1(X):
    Z = fit_scale("minmax", X)(X)
    varies = np.ptp(X, axis=0) > 0
    assert Z.min() == 0
    assert (Z.max(axis=0)[varies] == 1).all()


@settings(max_examples=60, deadline=None)
@given(X=tables, name=st.sampled_from(["none", "standard", "minmax"]))
def test_inverse_gives_the_numbers_back(X, name):
    scale = fit_scale(name, X)
    np.testing.assert_allclose(scale.inverse(scale(X)), X, rtol=1e-9, atol=1e-6)


def test_only_the_training_rows_count():
    train, other = np.array([[0.0], [2.0]]), np.array([[11.0]])
    assert fit_scale("standard", train)(other)[0, 0] == 10
    assert fit_scale("minmax", train)(other)[0, 0] == 5.5


@pytest.mark.parametrize("X", [np.arange(256, dtype=np.uint8).reshape(-1, 2, 2), np.arange(256.0).reshape(-1, 4)])
def test_pixels(X):
    np.testing.assert_array_equal(fit_scale("unit", X)(X), X / 255)
    np.testing.assert_allclose(fit_scale("symmetric", X)(X), (X / 255 - 0.5) / 0.5, atol=1e-15)


def test_a_dark_picture_in_uint8_is_still_0_to_255():
    assert fit_scale("unit", np.zeros((2, 2), dtype=np.uint8)).scale == 255


def test_unit_leaves_0_to_1_alone():
    X = np.array([[0.0, 0.25], [0.5, 1.0]])
    np.testing.assert_array_equal(fit_scale("unit", X)(X), X)
    np.testing.assert_array_equal(fit_scale("symmetric", X)(X), 2 * X - 1)


def test_the_type_asked_for_and_the_argument_untouched():
    X = np.random.RandomState(0).normal(5e5, 1, (9000, 3))
    before = X.copy()
    Z = fit_scale("standard", X)(X, np.float32)
    assert Z.dtype == np.float32
    assert (before == X).all()
    np.testing.assert_allclose(Z, (X - X.mean(0)) / X.std(0), atol=1e-6)


@pytest.mark.parametrize(
    ("name", "X", "words"),
    [
        ("log", [[1.0]], "expected one of none, standard, minmax, unit, symmetric; received 'log'"),
        ("unit", [[-1.0], [1.0]], "received numbers from -1 to 1"),
        ("symmetric", [[0.0], [300.0]], "use standard or minmax"),
        ("standard", np.empty((0, 2)), "no training rows"),
        ("standard", [[0.0, 1e200], [1.0, -1e200]], "numbers such as 1e+200 are too large for it"),
        ("minmax", [[-1.7e308], [1.7e308]], "numbers such as 1.7e+308 are too large for it"),
    ],
)
def test_what_cannot_be_scaled_is_refused_in_words(name, X, words):
    with pytest.raises(DataError) as caught:
        fit_scale(name, X)
    assert words in str(caught.value)


@pytest.mark.parametrize(("name", "dtype", "value"), [("none", np.float32, 1e200), ("minmax", np.float64, 1e308)])
def test_what_the_scaled_type_does_not_hold_is_refused_in_words(name, dtype, value):
    scale = fit_scale(name, np.array([[0.0], [1e-10]]))
    with pytest.raises(DataError, match=f"is too large for {np.dtype(dtype)}"):
        scale(np.array([[0.0], [value]]), dtype)


def test_numbers_whose_sum_alone_overflows_are_scaled():
    X = np.full((9000, 2), 3e38)
    assert (fit_scale("none", X)(X, np.float32) == np.float32(3e38)).all()


def test_every_scale_has_a_line_of_help():
    assert all(SCALES.values())
