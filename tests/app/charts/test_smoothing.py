"""The moving average against the loop that TensorBoard runs."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.app.support import epoch
from tui.app.charts.smoothing import ema
from tui.app.history import BLOCK, SKETCHED, History, block_of

ANY = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([math.nan, math.inf, -math.inf, 1e308]))
WEIGHTS = st.sampled_from([0.0, 0.6, 0.9, 0.99])


def plain(values: list[float], weight: float) -> list[float]:
    """One value after the other."""
    last, count, said = 0.0, 0, []
    for value in values:
        if not abs(value) <= 1e30:
            said.append(math.nan)
            continue
        last, count = last * weight + (1 - weight) * value, count + 1
        said.append(last / (1 - weight**count) if weight else last)
    return said


@given(st.lists(ANY, max_size=60), WEIGHTS)
def test_it_is_the_plain_formula(values: list[float], weight: float) -> None:
    scale = max((abs(v) for v in values if abs(v) <= 1e30), default=1.0)
    np.testing.assert_allclose(ema(np.array(values, dtype=float), weight)[0], plain(values, weight), atol=1e-9 * scale)


@given(st.lists(ANY, max_size=60), st.integers(0, 60), WEIGHTS)
def test_in_two_parts_it_is_the_same(values: list[float], cut: int, weight: float) -> None:
    whole = np.array(values, dtype=float)
    first, state = ema(whole[:cut], weight)
    second, _ = ema(whole[cut:], weight, state)
    scale = max((abs(v) for v in values if abs(v) <= 1e30), default=1.0)
    np.testing.assert_allclose(np.concatenate([first, second]), ema(whole, weight)[0], atol=1e-9 * scale)


def test_over_many_values_too() -> None:
    values = np.random.default_rng(0).normal(size=5000)
    np.testing.assert_allclose(ema(values, 0.9)[0], plain(values.tolist(), 0.9), rtol=1e-9, atol=1e-12)
    assert np.allclose(ema(np.full(5000, 0.25), 0.9)[0], 0.25), "what stands still is not pulled to 0 at its start"


@pytest.mark.parametrize("weight", [-0.1, 1.0, 2.0])
def test_a_weight_that_is_none(weight: float) -> None:
    with pytest.raises(ValueError, match="weight"):
        ema(np.ones(3), weight)


def grown(counts: list[int], values: np.ndarray) -> History:
    history, start = History(), 0
    for count in counts:
        block = block_of([epoch(number) for number in range(start + 1, start + count + 1)])
        block.columns["train_loss"][:] = values[start : start + count]  # type: ignore[index]
        history, start = history.with_epochs(block), start + count
        history.average("train_loss", 0.6)
    return history


def test_a_history_goes_on_where_its_average_was() -> None:
    values = np.random.default_rng(1).normal(size=700)
    values[40:60] = np.nan
    history = grown([1, 10, 300, 389], values)
    wanted = ema(values, 0.6)[0]
    np.testing.assert_allclose(history.average("train_loss", 0.6), wanted)
    cut = history.until(100)
    np.testing.assert_allclose(cut.average("train_loss", 0.6), wanted[:100])
    other = cut.with_epochs([epoch(number, train_loss=5.0) for number in range(101, 111)])
    np.testing.assert_allclose(
        other.average("train_loss", 0.6), ema(np.concatenate([values[:100], np.full(10, 5.0)]), 0.6)[0]
    )
    np.testing.assert_allclose(history.average("train_loss", 0.6), wanted)


def test_a_window_of_a_long_run_shows_its_true_values() -> None:
    count = SKETCHED + 20 * BLOCK + 7
    values = np.random.default_rng(2).random(count)
    history = grown([count], values)
    x, y = history.sketch("train_loss", window=(5000.0, 5100.0))
    assert x.tolist() == list(range(4999, 5102)), "each of them, and one on either side"
    np.testing.assert_array_equal(y, values[4998:5101])
    x, y = history.sketch("train_loss", window=(100.0, float(count - 50)))
    assert len(x) < count / 4
    assert (np.diff(x) >= 0).all()
    assert y.min() == values[98 : count - 49].min()
    assert y.max() == values[98 : count - 49].max()
    np.testing.assert_array_equal(y, values[x.astype(int) - 1])
    x, y = history.sketch("train_loss", 0.6, (5000.0, 5100.0))
    np.testing.assert_allclose(y, ema(values, 0.6)[0][4998:5101])
