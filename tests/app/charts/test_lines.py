"""Dense curves are drawn in NumPy: the same cells as plotext's, at every window, with whatever numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.app.charts import lines
from tui.app.charts.axes import window_ticks
from tui.app.charts.data import Curves, Series
from tui.app.charts.line_picture import BEST_SIGN, CURSOR_SIGN, LinePicture, line_picture
from tui.app.glyphs import GLYPHS

ANY = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True), st.sampled_from([0.0, -1.0, 1e308, -1e308, float("inf"), 5e-324])
)
MODES = st.sampled_from(["braille", "block", "ascii"])


def picture(curves: Curves, size: tuple[int, int], mode: str = "braille", dashed: bool = False) -> LinePicture:
    return line_picture(curves, *size, GLYPHS[mode], None, dashed)


@settings(max_examples=40, deadline=None)
@given(
    values=st.lists(st.floats(-5, 5), min_size=1, max_size=40),
    other=st.lists(st.floats(-5, 5), max_size=40),
    mode=MODES,
    dashed=st.booleans(),
    data=st.data(),
)
def test_numpy_draws_what_plotext_draws(
    values: list[float], other: list[float], mode: str, dashed: bool, data: st.DataObject
) -> None:
    series = tuple(
        Series(role, np.arange(1.0, len(y) + 1), np.array(y), role)  # type: ignore[arg-type]
        for role, y in (("train", values), ("validation", other))
    )
    window = data.draw(st.none() | st.floats(1, 30).map(lambda low: (low, low + 6.5)))
    curves = Curves(series, 40, window=window)
    drawn = {}
    before = lines.MOST_DOTS
    for most in (-1, 10**9):
        lines.MOST_DOTS = most
        try:
            grid = picture(curves, (50, 12), mode, dashed).grid
            drawn[most] = [list(grid.runs(row)) for row in range(grid.height)]
        finally:
            lines.MOST_DOTS = before
    # Dashes are pieces of one curve: where two share a cell plotext keeps the dots of the last, NumPy those of both.
    if not dashed or mode == "ascii":
        assert drawn[-1] == drawn[10**9]


@settings(max_examples=80, deadline=None)
@given(
    values=st.lists(ANY, max_size=12),
    repeat=st.sampled_from([1, 60]),
    size=st.tuples(st.integers(0, 90), st.integers(0, 24)),
    mode=MODES,
    log=st.booleans(),
    dashed=st.booleans(),
    low=st.floats(1, 700),
    span=st.floats(1e-3, 700),
    marks=st.tuples(*[st.none() | st.floats(-5, 900)] * 3),
)
def test_any_numbers_make_a_picture_at_any_zoom_and_size(
    values: list[float],
    repeat: int,
    size: tuple[int, int],
    mode: str,
    log: bool,
    dashed: bool,
    low: float,
    span: float,
    marks: tuple[float | None, float | None, float | None],
) -> None:
    y = np.array(values * repeat, dtype=float)
    x = np.arange(1.0, y.size + 1)
    series = (
        Series("", x, y, raw=True),
        Series("train", x, y, bold=True),
        Series("val", x, y[::-1].copy(), "validation"),
        Series("b", x, y, "b", faint=True),
    )
    best, diverged, cursor = marks
    curves = Curves(series, 700.0, best, diverged, log, window=(low, low + span), cursor=cursor)
    grid = picture(curves, size, mode, dashed).grid
    rows = grid.text().split("\n") if grid.height else []
    assert len(rows) == size[1]
    assert all(len(row) == size[0] for row in rows)
    if mode == "ascii":
        assert grid.text().isascii()


def roles(drawn: LinePicture) -> list[list[str]]:
    """The role of each cell."""
    grid = drawn.grid
    return [[grid.role(column, row) for column in range(grid.width)] for row in range(grid.height)]


RAMP = Series("train", np.arange(1.0, 101), np.linspace(0, 1, 100))


@pytest.mark.parametrize("window", [None, (20.0, 60.0), (35.0, 45.0)])
@pytest.mark.parametrize("mode", ["braille", "ascii"])
def test_marks_stand_in_one_unbroken_column_at_every_zoom(window: tuple[float, float] | None, mode: str) -> None:
    drawn = picture(Curves((RAMP,), 100.0, best=40, cursor=42, window=window), (60, 16), mode)
    plane = drawn.plane
    assert plane is not None
    cells = roles(drawn)[: plane.rows]
    for name, sign, epoch in (("best", BEST_SIGN, 40), ("cursor", CURSOR_SIGN, 42)):
        column = plane.left + plane.x_axis.position(epoch, plane.columns, GLYPHS[mode].dots[0])
        if window is None and name == "best":
            continue  # there the two are one column, and the crosshair is seen
        own = [row[column] for row in cells]
        assert all(role == name or role.endswith(sign) for role in own)
        assert any(role == name for role in own)
        assert any(role == f"train{sign}" for role in own), "the curve is seen where it crosses"


def test_marks_outside_the_window_are_not_drawn() -> None:
    drawn = picture(Curves((RAMP,), 100.0, best=40, diverged=90, cursor=42, window=(50.0, 60.0)), (60, 16))
    assert not {"best", "cursor", "diverged"} & {role for row in roles(drawn) for role in row}
    drawn = picture(Curves((RAMP,), 100.0, diverged=55, window=(50.0, 60.0)), (60, 16))
    assert "diverged" in {role for row in roles(drawn) for role in row}


def test_a_window_shows_its_values_as_large_as_they_fit_and_lines_go_on_to_its_edges() -> None:
    x = np.arange(1.0, 101)
    y = np.where(x < 50, 100.0, 0.1 + 0.001 * x)
    drawn = picture(Curves((Series("train", x, y),), 100.0, window=(60.5, 70.5)), (60, 16))
    assert drawn.y_axis is not None
    assert 0.1 < drawn.y_axis.low < drawn.y_axis.high < 0.2
    plane = drawn.plane
    assert plane is not None
    cells = roles(drawn)
    for column in (plane.left, plane.left + plane.columns - 1):
        assert any(row[column] == "train" for row in cells[: plane.rows]), "from edge to edge"


def test_the_average_lies_over_what_was_measured() -> None:
    noisy = np.tile([0.0, 1.0], 50)
    x = np.arange(1.0, 101)
    series = (Series("train", x, np.full(100, 0.5), bold=True), Series("", x, noisy, raw=True))
    cells = roles(picture(Curves(series, 100.0), (60, 16)))
    found = {role for row in cells for role in row}
    assert {"train-bold", "train-faint", "train-name"} <= found
    plane = picture(Curves(series, 100.0), (60, 16)).plane
    assert plane is not None
    assert all(
        any(row[column] == "train-bold" for row in cells) for column in range(plane.left, plane.left + plane.columns)
    )


@given(low=st.floats(1, 1e6), span=st.floats(0.5, 1e6), width=st.integers(4, 200))
def test_ticks_of_a_window_are_epochs_in_it(low: float, span: float, width: int) -> None:
    ticks = window_ticks(low, low + span, width)
    assert all(tick == int(tick) and low - 1e-6 <= tick <= low + span + 1e-6 for tick in ticks)
    assert ticks == sorted(set(ticks))
    assert len(ticks) <= 13
    if span >= 1:
        assert ticks
