"""Figures of features, against NumPy's own and for numbers that are hard to sum."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tui.lab import feature_summary
from tui.lab.feature_summary import BINS, Stopped, summarise

NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False)


@given(arrays(np.float64, st.tuples(st.integers(1, 30), st.integers(1, 5)), elements=NUMBERS))
def test_figures_are_those_of_numpy(X: np.ndarray) -> None:
    found = summarise(X)
    np.testing.assert_array_equal(found.low, X.min(axis=0))
    np.testing.assert_array_equal(found.high, X.max(axis=0))
    np.testing.assert_allclose(found.mean, X.mean(axis=0), rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(found.deviation, X.std(axis=0), rtol=1e-6, atol=1e-6)
    assert (found.bins.sum(axis=1) == len(X)).all()
    assert not found.missing.any()


def test_bins_are_those_of_numpy() -> None:
    X = np.random.default_rng(0).normal(size=(500, 3)) * (1, 10, 0.1)
    for feature, counts in enumerate(summarise(X).bins):
        np.testing.assert_array_equal(counts, np.histogram(X[:, feature], bins=BINS)[0])


def test_kinds() -> None:
    n = 40
    columns = {
        "real": np.linspace(0, 1, n),
        "whole": np.arange(n) * 1.0,
        "two": np.where(np.arange(n) % 3, 1.5, -2.0),
        "same": np.full(n, 7.25),
        "colour": np.arange(n) % 2 * 1.0,
        "a=b": np.arange(n) * 0.5,
        "nothing": np.full(n, np.nan),
    }
    found = summarise(np.column_stack(list(columns.values())), texts=(4,))
    kinds = [found.kind(feature) for feature in range(len(columns))]
    assert kinds == ["float", "int", "binary", "constant", "text", "float", "constant"]
    assert np.isnan(found.low[-1])
    assert np.isnan(found.mean[-1])


def test_what_is_missing_is_counted_and_passed_over() -> None:
    X = np.array([[1.0, np.nan], [np.nan, 2.0], [3.0, np.nan]])
    found = summarise(X)
    assert found.missing.tolist() == [1, 2]
    assert found.mean.tolist() == [2, 2]
    assert found.low.tolist() == [1, 2]
    assert found.bins.sum(axis=1).tolist() == [2, 1]


@pytest.mark.filterwarnings("error")
def test_the_largest_numbers_do_no_harm() -> None:
    found = summarise(np.array([[1e308, 5e-324], [-1e308, 0.0], [1e308, 0.0]]))
    assert found.mean[0] == pytest.approx(1e308 / 3)
    assert found.bins[0].tolist() == [1, 0, 0, 0, 0, 0, 0, 2]
    assert np.isfinite(found.deviation).all()


def test_images_are_flattened() -> None:
    X = np.random.default_rng(0).integers(0, 256, (50, 4, 5, 3), dtype=np.uint8)
    found = summarise(X)
    np.testing.assert_allclose(found.mean, X.reshape(50, -1).mean(axis=0))
    assert found.kind(0) == "int"


def test_a_large_set_is_sampled_but_its_range_is_that_of_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_summary, "MOST_CELLS", 4000)
    X = np.random.default_rng(0).normal(size=(50_001, 4))
    X[49_999, 2] = 99.0
    found = summarise(X)
    assert found.rows <= 1000 < found.of == 50_001
    assert found.high[2] == 99.0
    np.testing.assert_allclose(found.mean, 0, atol=0.2)


def test_it_stops_when_nobody_waits() -> None:
    with pytest.raises(Stopped):
        summarise(np.zeros((10, 2)), stopped=lambda: True)


def test_many_features_take_no_loop_each() -> None:
    X = np.random.default_rng(0).integers(0, 256, (2000, 3072), dtype=np.uint8)
    start = time.perf_counter()
    summarise(X)
    assert time.perf_counter() - start < 5
