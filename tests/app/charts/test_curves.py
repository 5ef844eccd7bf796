"""Cleaning and thinning of curves, their axes, and the picture made of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tui.app.charts.axes import (
    Axis,
    epoch_ticks,
    log_axis,
    nice_axis,
    spaced_ticks,
    steady_axis,
    tight_axis,
)
from tui.app.charts.curves import clean, dashes, decimate, value_range
from tui.app.charts.data import Curves, Series
from tui.app.charts.line_picture import line_picture
from tui.app.glyphs import GLYPHS

ANY_FLOATS = st.floats(allow_nan=True, allow_infinity=True, width=64)
VALUES = st.floats(-1e6, 1e6)


def series(y: list[float], role: str = "train", name: str = "train") -> Series:
    return Series(name, np.arange(1.0, len(y) + 1), np.asarray(y, dtype=float), role)  # type: ignore[arg-type]


@given(y=arrays(np.float64, st.integers(1, 400), elements=VALUES), columns=st.integers(1, 60))
def test_decimation_keeps_least_and_greatest(y: np.ndarray, columns: int) -> None:
    x = np.arange(1.0, y.size + 1)
    pieces = decimate(x, y, (1.0, float(y.size)) if y.size > 1 else (1.0, 2.0), columns)
    kept = np.concatenate([part for _, part in pieces])
    assert kept.size <= max(2 * columns, 2)
    assert kept.min() == y.min()
    assert kept.max() == y.max()
    assert all(np.all(np.diff(part) >= 0) for part, _ in pieces)


def test_decimation_of_a_long_curve_is_quick_and_small() -> None:
    x = np.arange(1.0, 100_001)
    y = np.sin(x / 500)
    pieces = decimate(x, y, (1.0, 1e5), 80)
    assert len(pieces) == 1
    assert pieces[0][0].size <= 160


def test_gaps_cut_a_curve() -> None:
    x, y = clean(series([1.0, 2.0, np.nan, 4.0, np.inf, 1e308, 7.0, 8.0]))
    pieces = decimate(x, y, (1.0, 8.0), 40)
    assert [part.tolist() for part, _ in pieces] == [[1, 2], [4], [7, 8]]


def test_a_long_gap_survives_decimation() -> None:
    y = np.ones(10_000)
    y[4000:6000] = np.nan
    pieces = decimate(*clean(series(y.tolist())), (1.0, 10_000.0), 50)
    assert len(pieces) == 2
    assert pieces[0][0].max() < 4001 < 6000 < pieces[1][0].min()


def test_a_logarithm_has_gaps_at_zero_and_below() -> None:
    _, y = clean(series([100.0, 0.0, -3.0, 0.01]), log=True)
    np.testing.assert_allclose(y, [2.0, np.nan, np.nan, -2.0])


def test_dashes_are_three_on_one_off() -> None:
    x = np.linspace(0, 8, 81)
    cut = dashes([(x, 2 * x)], 3.0, 1.0, 0.0)
    assert [(part[0], part[-1]) for part, _ in cut] == [(0, 3), (4, 7), (8, 8)]
    for part, values in cut:
        np.testing.assert_allclose(values, 2 * part)


def test_a_diverged_run_keeps_its_range() -> None:
    pieces = [clean(series([0.5, 0.4, 0.3, 0.4, 1e12, np.inf]))]
    assert value_range(pieces) == (0.3, 1e12)
    low, high = value_range(pieces, diverged=True) or (0, 0)
    assert low == 0.3
    assert high == pytest.approx(4.0)


@given(a=VALUES, b=VALUES)
def test_a_nice_axis_holds_its_values_between_few_ticks(a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    axis = nice_axis(low, high)
    room = 1e-6 * (axis.high - axis.low)
    assert axis.low - room <= low <= high <= axis.high + room
    assert 2 <= len(axis.ticks) <= 7
    assert len(set(axis.labels())) == len(axis.ticks)


@given(a=st.floats(-30, 30), b=st.floats(-30, 30))
def test_a_log_axis_holds_its_values(a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    axis = log_axis(low, high)
    assert axis.low - 1e-6 <= low <= high <= axis.high + 1e-6
    assert axis.ticks == tuple(sorted(axis.ticks))
    assert 1 <= len(axis.ticks) <= 8


def test_labels_are_plain() -> None:
    assert nice_axis(0.12, 0.49).labels() == ["0.1", "0.2", "0.3", "0.4", "0.5"]
    assert nice_axis(0.81, 1.0).labels() == ["0.80", "0.85", "0.90", "0.95", "1.00"]
    assert nice_axis(0, 40).labels() == ["0", "10", "20", "30", "40"]
    assert nice_axis(1e-5, 4e-5).labels() == ["1e-05", "2e-05", "3e-05", "4e-05"]
    assert log_axis(-3, 0).labels() == ["0.001", "0.01", "0.1", "1"]


def test_an_axis_keeps_still_until_it_must_move() -> None:
    first = steady_axis(None, 0.12, 0.49)
    assert steady_axis(first, 0.15, 0.49) is first
    assert steady_axis(first, 0.11, 0.35) is first
    assert steady_axis(first, 0.09, 0.49).low < first.low
    assert steady_axis(first, 0.12, 0.2).high < first.high
    assert steady_axis(first, -1.0, -0.2, log=True).log


def test_epoch_ticks() -> None:
    assert epoch_ticks(40, 52) == [1, 10, 20, 30, 40]
    assert epoch_ticks(40, 25) == [1, 20, 40]
    assert epoch_ticks(37, 52) == [1, 10, 20, 30, 37]
    assert epoch_ticks(3, 52) == [1, 2, 3]
    assert epoch_ticks(2, 9) == [1, 2]
    assert epoch_ticks(1, 52) == [1]


@given(last=st.integers(1, 100_000), width=st.integers(4, 200))
def test_epoch_ticks_ascend_within_the_run(last: int, width: int) -> None:
    ticks = epoch_ticks(last, width)
    assert ticks[0] == 1
    assert ticks == sorted(set(ticks))
    assert ticks[-1] <= last
    assert len(ticks) <= 12


def test_ticks_are_spaced() -> None:
    axis = nice_axis(0.12, 0.49)
    assert spaced_ticks(axis, 9) == [(0, "0.1"), (2, "0.2"), (4, "0.3"), (6, "0.4"), (8, "0.5")]
    assert [label for _, label in spaced_ticks(axis, 5)] == ["0.1", "0.3", "0.5"]
    assert [label for _, label in spaced_ticks(axis, 3)] == ["0.1", "0.5"]
    assert tight_axis(-1.3, 5.2).ticks == (0.0, 2.0, 4.0)


@settings(max_examples=60, deadline=None)
@given(
    train=st.lists(ANY_FLOATS, max_size=40),
    validation=st.lists(ANY_FLOATS, max_size=40),
    x_max=st.floats(0, 200),
    size=st.tuples(st.integers(0, 70), st.integers(0, 20)),
    mode=st.sampled_from(["braille", "block", "ascii"]),
    log=st.booleans(),
    dashed=st.booleans(),
    marks=st.tuples(st.none() | st.floats(-5, 300), st.none() | st.floats(-5, 300)),
)
def test_any_floats_make_a_picture(
    train: list[float],
    validation: list[float],
    x_max: float,
    size: tuple[int, int],
    mode: str,
    log: bool,
    dashed: bool,
    marks: tuple[float | None, float | None],
) -> None:
    curves = Curves((series(train), series(validation, "validation", "val")), x_max, *marks, log)
    grid = line_picture(curves, *size, GLYPHS[mode], None, dashed).grid
    lines = grid.text().split("\n") if grid.height else []
    assert len(lines) == size[1]
    assert all(len(line) == size[0] for line in lines)
    if mode == "ascii":
        assert grid.text().isascii()


FALLING = [0.5 - 0.4 * i / 27 for i in range(28)]


def test_the_frame_stands_where_the_whole_run_needs_it() -> None:
    curves = Curves((series(FALLING), series([y + 0.05 for y in FALLING], "validation", "val")), 40, best=24)
    lines = line_picture(curves, 38, 7, GLYPHS["ascii"]).grid.text().split("\n")
    assert [line[:5] for line in lines[:-1]] == [" 0.6+", "    |", "    |", "    |", " 0.1+", "    +"]
    assert lines[-2].startswith("    ++--")
    assert lines[-1].split() == ["1", "20", "40"]
    assert sum(line[5:30].count(":") for line in lines) >= 3
    names = [line[-6:].strip() for line in lines]
    assert names.index("val") < names.index("train")


def test_names_never_share_a_row() -> None:
    curves = Curves((series([0.5, 0.1]), series([0.5, 0.1], "validation", "val")), 2)
    text = line_picture(curves, 30, 6, GLYPHS["braille"]).grid.text()
    assert "train" in text
    assert "val" in text


def test_before_the_first_epoch_there_are_axes_alone() -> None:
    grid = line_picture(Curves((series([]), series([], "validation", "val")), 40), 40, 8, GLYPHS["braille"]).grid
    assert "╰┬" in grid.text()
    assert "train" not in grid.text()


def test_a_divergence_is_marked_in_its_column() -> None:
    grid = line_picture(Curves((series([1.0, 2.0, np.inf]),), 3, diverged=3), 40, 8, GLYPHS["braille"]).grid
    row = grid.text().split("\n")[0]
    assert row.index("✗") == 40 - 7
    assert ("✗", "diverged") in list(grid.runs(0))


def test_small_pictures_are_empty() -> None:
    for size in ((19, 10), (40, 4)):
        assert not line_picture(Curves((series(FALLING),), 40), *size, GLYPHS["braille"]).grid.text().strip()
    assert line_picture(Curves((series(FALLING),), 40), 20, 5, GLYPHS["braille"]).grid.text().strip()


def braille_row(text: str) -> str:
    """The first row with a piece of a curve in it."""
    return next(line for line in text.split("\n") if any("\u2800" < character < "\u2900" for character in line))


def test_dashes_show_in_the_picture() -> None:
    curves = Curves((series([0.5] * 40, "validation", "val"),), 40)
    row = braille_row(line_picture(curves, 52, 8, GLYPHS["braille"], dashed=True).grid.text())
    assert [row[5 + i] == " " for i in range(12)] == [False, False, False, True] * 3


def test_axis_position_is_the_nearest_cell() -> None:
    axis = Axis(0.0, 1.0, ())
    assert [axis.position(value, 5) for value in (0, 0.1, 0.5, 0.9, 1)] == [0, 0, 2, 4, 4]


def test_a_picture_may_be_wider_than_the_terminal_of_the_process() -> None:
    grid = line_picture(Curves((series([0.5] * 40),), 40), 400, 90, GLYPHS["braille"]).grid
    row = braille_row(grid.text())
    assert row.rstrip().endswith("train")
    assert len(row[5:394].strip()) > 380
