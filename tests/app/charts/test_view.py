"""Where one looks on a run's curves: whatever keys are pressed, the window lies in the run and the crosshair in it."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.app.charts.view import (
    LEAST,
    NEWEST,
    SMOOTHINGS,
    ChartView,
    Extent,
    afresh,
    moved,
    next_smoothing,
    paged,
    placed,
    pointed,
    seen,
    stepped_out,
    whole,
    zoomed,
)

WHOLE = ChartView()
HALFWAY = Extent(100.0, 50.0)
ENDED = Extent(100.0, 100.0)


@st.composite
def extents(draw: st.DrawFn) -> Extent:
    total = draw(st.integers(1, 10**6))
    return Extent(float(total), float(draw(st.integers(0, total))))


Change = Callable[[ChartView, Extent], ChartView]
CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.integers(-3, 3).map(lambda by: lambda view, extent: zoomed(view, extent, by)),
    st.tuples(st.integers(-5, 5), st.integers(0, 200)).map(
        lambda to: lambda view, extent: moved(view, extent, to[0], to[1])
    ),
    st.sampled_from([-1, 1]).map(lambda by: lambda view, extent: paged(view, extent, by)),
    st.floats(-10, 2e6).map(lambda epoch: lambda view, extent: placed(view, extent, epoch)),
    st.just(stepped_out),
    st.just(lambda view, extent: whole(view)),
)


@given(st.lists(st.tuples(extents(), CHANGES), max_size=12), extents())
def test_the_window_lies_in_the_run_and_the_crosshair_in_the_window(
    turns: list[tuple[Extent, Change]], last: Extent
) -> None:
    view = ChartView()
    for extent, change in [*turns, (last, stepped_out)]:  # the run may grow, be cut, or be another one
        for now in (view, view := change(view, extent)):
            low, high = seen(now, extent)
            first, end = extent.whole
            slack = 1e-9 * end
            assert first - slack <= low < high <= end + slack
            assert high - low >= min(LEAST, end - first) - slack
            at = pointed(now, extent)
            assert (at is None) == (now.cursor is None or extent.newest < 1)
            if at is not None:
                assert low - slack <= at <= high + slack
                assert at <= extent.newest


@given(extents(), st.floats(0, 1), st.integers(1, 12))
def test_as_many_steps_out_as_in_lead_back(extent: Extent, share: float, steps: int) -> None:
    view = placed(ChartView(), extent, 1 + share * extent.total)
    views = [view]
    for _ in range(steps):
        views.append(zoomed(views[-1], extent, +1))
    for before, after in pairwise(views):
        if seen(after, extent)[1] - seen(after, extent)[0] > LEAST + 1e-6:  # not yet as near as one can come
            assert seen(zoomed(after, extent, -1), extent) == pytest.approx(seen(before, extent), rel=1e-6, abs=1e-6)


@given(extents(), st.floats(0, 1))
def test_what_lies_under_the_crosshair_keeps_its_place(extent: Extent, share: float) -> None:
    view = placed(ChartView(), extent, 1 + share * extent.total)
    at = pointed(view, extent)
    nearer = zoomed(view, extent, +1)
    if at is not None and nearer.window is not None:
        (low, high), (near_low, near_high) = seen(view, extent), seen(nearer, extent)
        assert (at - near_low) / (near_high - near_low) == pytest.approx((at - low) / (high - low), abs=1e-6)


def test_the_first_step_in_ends_at_the_newest_epoch_and_goes_along_with_it() -> None:
    view = zoomed(WHOLE, HALFWAY, +1)
    assert seen(view, HALFWAY) == (1.0, 50.5) or seen(view, HALFWAY)[1] == 50.5
    view = zoomed(view, HALFWAY, +1)
    low, high = seen(view, HALFWAY)
    assert high - low == pytest.approx(99 / 4)
    assert low < 50 <= high
    later = Extent(100.0, 77.0)
    low, high = seen(view, later)
    assert low < 77 <= high, "it goes along"
    assert high - low == pytest.approx(99 / 4), "and shows as many epochs as before"
    assert high - 77 <= (high - low) / 4 + 1e-9
    assert seen(view, Extent(100.0, 78.0)) == (low, high), "by steps, not with each epoch"
    assert seen(view, ENDED)[1] == 100


def test_it_stays_once_one_has_moved_away_and_goes_along_again_from_the_newest() -> None:
    view = zoomed(zoomed(WHOLE, HALFWAY, +1), HALFWAY, +1)
    away = moved(moved(view, HALFWAY, -1, 50), HALFWAY, -1, 50)
    assert pointed(away, HALFWAY) == 49
    assert seen(away, Extent(100.0, 90.0)) == seen(away, HALFWAY)
    back = placed(away, HALFWAY, 50)
    assert back.cursor == NEWEST
    later = Extent(100.0, 90.0)
    assert pointed(back, later) == 90
    assert seen(back, later)[0] < 90 <= seen(back, later)[1]
    assert seen(stepped_out(away, HALFWAY), later)[1] >= 90, "without a crosshair before the newest"


def test_the_crosshair_moves_by_cells_of_whole_epochs() -> None:
    view = moved(WHOLE, ENDED, +1, 60)
    assert pointed(view, ENDED) == 100, "it appears on the newest"
    assert pointed(moved(view, ENDED, -1, 60), ENDED) == 98, "a cell is 99 / 60 epochs"
    assert pointed(moved(view, ENDED, -1, 500), ENDED) == 99
    assert pointed(moved(view, ENDED, +1, 60), ENDED) == 100, "there is nothing after it"
    assert pointed(paged(view, ENDED, -1), ENDED) == 50
    assert pointed(placed(view, ENDED, 1), ENDED) == 1
    assert moved(WHOLE, Extent(100.0, 0.0), +1, 60) == WHOLE, "before the first epoch there is nothing to point at"


def test_at_the_edge_the_window_moves_with_the_crosshair() -> None:
    view = placed(zoomed(zoomed(WHOLE, ENDED, +1), ENDED, +1), ENDED, 80)
    low, high = seen(view, ENDED)
    view = placed(view, ENDED, 20)
    assert seen(view, ENDED) == pytest.approx((20, 20 + high - low))
    view = placed(view, ENDED, 90)
    assert seen(view, ENDED) == pytest.approx((90 - (high - low), 90))


def test_escape_takes_the_crosshair_off_then_the_zoom() -> None:
    view = zoomed(placed(WHOLE, ENDED, 30), ENDED, +2)
    first = stepped_out(view, ENDED)
    assert first.cursor is None
    assert seen(first, ENDED) == seen(view, ENDED)
    second = stepped_out(first, ENDED)
    assert second == WHOLE
    assert stepped_out(second, ENDED) == second


def test_smoothing_goes_round_and_outlives_another_run() -> None:
    view = ChartView(window=(3.0, 9.0), cursor=5.0, log=True)
    weights = []
    for _ in range(len(SMOOTHINGS) + 1):
        weights.append(view.smoothing)
        view = next_smoothing(view)
    assert weights == [*SMOOTHINGS, SMOOTHINGS[0]]
    assert afresh(view) == ChartView(smoothing=view.smoothing, log=True)
