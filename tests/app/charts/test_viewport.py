"""Zoom, pan and cursor: nothing outside the whole is ever seen, and what one points at stays under the cursor."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.app.charts.data import Points
from tui.app.charts.viewport import MOST, Viewport, Window, moved, nearest, pointed, stepped_out, whole, zoomed

WHOLE = Window((-2.0, 6.0), (10.0, 11.0))
CELLS = (48, 16)
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("zoom"), st.integers(-4, 4), st.just(0)),
        st.tuples(st.just("move"), st.integers(-60, 60), st.integers(-20, 20)),
        st.tuples(st.just("point"), st.integers(0, 47), st.integers(0, 15)),
        st.sampled_from([("out", 0, 0), ("whole", 0, 0)]),
    ),
    max_size=25,
)


def done(deeds: list[tuple[str, int, int]]) -> Viewport:
    view = Viewport()
    for deed, a, b in deeds:
        if deed == "zoom":
            view = zoomed(view, a)
        elif deed == "move":
            view = moved(view, a, b, *CELLS)
        elif deed == "point":
            view = pointed(view, a, b, *CELLS)
        else:
            view = {"out": stepped_out, "whole": whole}[deed](view)
    return view


@given(DEEDS)
def test_the_window_stays_inside_the_whole_and_the_cursor_inside_the_window(deeds: list[tuple[str, int, int]]) -> None:
    view = done(deeds)
    window = view.window(WHOLE)
    slack = 1e-9
    for side, all_of_it in ((window.x, WHOLE.x), (window.y, WHOLE.y)):
        assert all_of_it[0] - slack <= side[0] < side[1] <= all_of_it[1] + slack
    assert 0 <= view.zoom <= MOST
    if (place := view.place(WHOLE)) is not None:
        assert window.x[0] - slack <= place[0] <= window.x[1] + slack
        assert window.y[0] - slack <= place[1] <= window.y[1] + slack
        cell = view.cell(*CELLS)
        assert cell is not None
        assert 0 <= cell[0] < CELLS[0]
        assert 0 <= cell[1] < CELLS[1]


@given(st.integers(0, 47), st.integers(0, 15), st.integers(1, 6))
def test_zooming_in_and_out_keeps_what_is_under_the_cursor(column: int, row: int, steps: int) -> None:
    view = pointed(Viewport(), column, row, *CELLS)
    assert view.cell(*CELLS) == (column, row)
    near = zoomed(view, steps)
    assert near.place(WHOLE) == view.place(WHOLE)
    assert near.cell(*CELLS) == (column, row)
    back = zoomed(near, -steps)
    assert (back.zoom, back.x, back.y) == (0, pytest.approx(0.5), pytest.approx(0.5))


def test_a_step_is_a_cell_and_the_edge_pans() -> None:
    view = moved(Viewport(), 0, 0, *CELLS)
    assert view.cursor == (0.5, 0.5)
    assert view.cell(*CELLS) == (24, 8)
    assert moved(view, 3, 2, *CELLS).cell(*CELLS) == (27, 6)
    near = zoomed(view, 3)
    assert moved(near, 5, 0, *CELLS).x == near.x
    beyond = moved(near, 40, 0, *CELLS)
    assert beyond.x > near.x
    assert beyond.cell(*CELLS) == (47, 8)
    end = moved(near, 400, 0, *CELLS)
    assert end.window(WHOLE).x[1] == pytest.approx(6.0)
    assert end.place(WHOLE) == (pytest.approx(6.0), pytest.approx(10.5))


def test_out_is_cursor_then_zoom_then_nothing() -> None:
    view = zoomed(moved(Viewport(), 0, 0, *CELLS), 2)
    without = stepped_out(view)
    assert without == replace(view, cursor=None)
    assert stepped_out(without) == Viewport()
    assert stepped_out(Viewport()) == Viewport()
    assert whole(view).cursor == view.cursor
    assert whole(view).is_whole


def test_the_whole_is_exactly_the_whole() -> None:
    odd = Window((0.1, 0.7), (-1e-9, 1e22))
    assert Viewport().window(odd) == odd
    assert zoomed(zoomed(Viewport(), 5), -9).window(odd) == odd


def test_the_nearest_point_is_the_one_seen_nearest() -> None:
    points = Points(np.array([0.0, 1.0, np.nan, 9.0]), np.array([10.5, 10.5, 10.5, 10.5]), np.zeros(4, dtype=int))
    assert nearest(points, (0.4, 10.5), WHOLE, *CELLS) == 0
    assert nearest(points, (0.6, 10.5), WHOLE, *CELLS) == 1
    assert nearest(points, (6.0, 10.9), WHOLE, *CELLS) == 1, "what is outside is not seen"
    assert nearest(points, (0.6, 10.5), Window((-2, -1), (10, 11)), *CELLS) is None
    # In cells, five columns are nearer than three rows.
    apart = Points(np.array([5 * 8 / 48, 0.0]), np.array([10.5, 10.5 + 3 / 16]), np.zeros(2, dtype=int))
    assert nearest(apart, (0.0, 10.5), WHOLE, *CELLS) == 0
    twice = Points(np.array([1.0, 1.0]), np.array([10.5, 10.5]), np.array([0, 1]))
    assert nearest(twice, (1.0, 10.5), WHOLE, *CELLS) == 0


@given(st.lists(st.tuples(st.floats(-3, 7), st.floats(9, 12)), min_size=1, max_size=30), st.floats(-2, 6))
def test_the_nearest_point_against_a_loop(places: list[tuple[float, float]], x: float) -> None:
    points = Points(np.array([p[0] for p in places]), np.array([p[1] for p in places]), np.zeros(len(places), int))

    def distance(p: tuple[float, float]) -> float:
        return float(((p[0] - x) / 8 * 48) ** 2 + ((p[1] - 10.5) * 32) ** 2)

    seen = [p for p in places if -2 <= p[0] <= 6 and 10 <= p[1] <= 11]
    found = nearest(points, (x, 10.5), WHOLE, *CELLS)
    assert (found is None) == (not seen)
    if found is not None:
        assert distance(places[found]) == pytest.approx(min(map(distance, seen)))
