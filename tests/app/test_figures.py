"""Numbers keep their width, so that a change never moves a neighbour."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.app import figures

losses = st.floats(min_value=0, max_value=1e300, allow_nan=False)


@given(st.one_of(losses, st.none()))
def test_a_loss_takes_eight_columns_at_most(value: float | None) -> None:
    assert len(figures.loss(value)) <= 8


@given(losses)
def test_a_loss_reads_back_to_within_its_digits(value: float) -> None:
    assert float(figures.loss(value)) == pytest.approx(value, rel=0.05, abs=5e-5)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1667, "0.1667"), (1.2e-05, "1.2e-05"), (0.0, "0.0000"), (2.0, "2.0000"), (None, "inf"), (12345.6, "1.2e+04")],
)
def test_losses(value: float | None, text: str) -> None:
    assert figures.loss(value) == text


@given(st.floats(min_value=0, max_value=100 * 3600 - 1))
def test_a_duration_takes_eight_columns_at_most(seconds: float) -> None:
    text = figures.duration(seconds)
    assert len(text) <= 8
    assert re.fullmatch(r"\d+\.\d+ s|\d+:\d\d|\d+:\d\d:\d\d", text)


@given(st.floats(min_value=60, max_value=100 * 3600 - 1))
def test_minutes_and_seconds_stay_below_sixty(seconds: float) -> None:
    parts = [int(part) for part in figures.duration(seconds).split(":")]
    assert all(part < 60 for part in parts[1:])
    assert abs(sum(part * 60**power for power, part in enumerate(reversed(parts))) - seconds) <= 0.5


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.24, "0.24 s"), (12.4, "12.4 s"), (187, "3:07"), (3764, "1:02:44"), (9.999, "10.00 s")]
)
def test_durations(seconds: float, text: str) -> None:
    assert figures.duration(seconds) == text


@given(st.integers(0, 10**12))
def test_a_count_takes_nine_columns_at_most(value: int) -> None:
    assert len(figures.count(value)) <= 9


@pytest.mark.parametrize(
    ("value", "text"), [(7000, "7,000"), (99_999, "99,999"), (778_123, "778 k"), (12_300_000, "12 M")]
)
def test_counts(value: int, text: str) -> None:
    assert figures.count(value) == text


@given(st.floats(0, 1))
def test_an_accuracy_takes_seven_columns_at_most(value: float) -> None:
    assert len(figures.accuracy(value)) <= len("100.0 %")


def test_no_accuracy_is_no_text() -> None:
    assert figures.accuracy(None) == ""


@given(st.sampled_from((1.0, 2.0, 5.0)), st.integers(-6, 3))
def test_a_learning_rate_along_the_ladder_reads_back(digit: float, power: int) -> None:
    lr = float(f"{digit}e{power}")
    text = figures.rate(lr)
    assert float(text) == lr
    assert len(text) <= 8


@given(st.floats(min_value=1e-7, max_value=99))
def test_milliseconds_fit_their_column(seconds: float) -> None:
    assert len(figures.milliseconds(seconds)) <= 8
    assert math.isfinite(float(figures.milliseconds(seconds).replace(",", "")))
