"""The line under the map, the points over it, and the confusion matrix beside it."""

from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.app.support import NO_RUNS, bench, on_screen, opened, saying, small_spec, text_of, until
from tui.app.confusion import Confusion, confusion_text
from tui.app.glyphs import GLYPHS
from tui.app.services.maps import MapRequest, MapService, PointsChoice
from tui.app.widgets.map_legend import map_legend
from tui.lab.build import load_data, prepare
from tui.lab.spec import Spec, set_values

BRAILLE = GLYPHS["braille"]
NAMES = st.lists(st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=20), max_size=70)


def legend(names: list[str], room: int, **options: Any) -> str:
    return map_legend(names, BRAILLE, room, **{"wrong": 0.08, "others": "others = 0", **options})


@given(NAMES, st.integers(0, 120), st.none() | st.floats(0, 1), st.sampled_from(["", "others = 0", "others = mean"]))
def test_a_legend_fits_and_is_never_cut_in_a_word(
    names: list[str], room: int, wrong: float | None, others: str
) -> None:
    for glyphs in GLYPHS.values():
        line = map_legend(names, glyphs, room, wrong=wrong, others=others, of="train")
        assert cell_len(line) <= room
        if line:
            held = (others, others.replace("others = ", "rest "))
            assert glyphs.point_wrong in line.split("  ")[-1] or (others and line.endswith(held))


def test_names_are_shortened_before_words_and_words_before_classes() -> None:
    names = ["setosa", "versicolor", "virginica"]
    assert legend(names, 70) == "● setosa  ▲ versicolor  ■ virginica  × wrong 8.0 %   others = 0"
    assert legend(names, 60) == "● setosa  ▲ versicol  ■ virginic  × wrong 8.0 %   others = 0"
    assert legend(names, 42) == "● set  ▲ ver  ■ vir  × 8.0 %   others = 0"
    assert legend(names, 37) == "● set  ▲ ver  ■ vir  × 8.0 %   rest 0"
    assert legend(names, 36) == "● set ▲ ver ■ vir × 8.0 %  rest 0"
    assert legend(names, 30) == "● set  ▲ ver  ■ vir  × 8.0 %"
    assert legend(names, 24) == "● set  ▲ ver  …  × 8.0 %"
    four = ["0", "1", "2", "3"]
    assert legend(four, 34) == "● 0 ▲ 1 ■ 2 ◆ 3 × 8.0 %  rest 0"
    assert legend(four, 60, of="train") == "● 0  ▲ 1  ■ 2  ◆ 3  × wrong 8.0 % of train   others = 0"
    many = [f"class {k}" for k in range(60)]
    assert legend(many, 50).endswith("…  × 8.0 %   others = 0")
    assert legend(["0", "1", "2", "3"], 49) == "● 0  ▲ 1  ■ 2  ◆ 3  × wrong 8.0 %   others = 0"
    assert legend(["0", "1"], 60, points=False) == "● 0  ▲ 1  others = 0"


# Points


SPEC = set_values(Spec(), ["data.source=tp4", "model.hidden=", "data.scale=standard"])
PREPARED = prepare(SPEC, load_data(SPEC))


class Nobody:
    def post_fact(self, fact: object) -> None:
        raise AssertionError(fact)

    dispatch = post_fact


@pytest.mark.parametrize("points", get_args(PointsChoice))
def test_the_points_are_those_that_were_chosen(points: PointsChoice) -> None:
    request = MapRequest(SPEC, PREPARED, (0, 1), 12, 8, run=NO_RUNS, points=points)
    state = MapService(Nobody())._draw(request, None)  # type: ignore[arg-type]
    assert state.data is not None
    if points == "none":
        assert state.data.points is None
        return
    split = PREPARED.split
    rows = split.train if points == "training" else split.validation
    assert state.data.points is not None
    shown = {tuple(row) for row in PREPARED.view[rows][:, :2]}
    assert {tuple(row) for row in zip(state.data.points.x, state.data.points.y, strict=True)} <= shown
    assert 500 < len(state.data.points.x) <= 1500


@pytest.mark.usefixtures("no_maps")
async def test_p_goes_through_the_points() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        screen = await on_screen(pilot, "train")
        asked = screen.query_one("#map")._ask.__self__.asked
        await until(pilot, lambda: asked)
        for points, words in (("training", "trains on"), ("none", "none"), ("held out", "does not train on")):
            await pilot.press("p")
            await saying(pilot, words)
            await until(pilot, lambda points=points: asked[-1].points == points)  # type: ignore[misc]
        assert not asked[-1].confusion, "it is not counted where it is not shown"


@pytest.mark.usefixtures("no_maps")
async def test_without_a_map_the_answers_are_counted_alone() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(160, 44)) as pilot:
        await opened(pilot)
        screen = await on_screen(pilot, "train")
        asked = screen.query_one("#map")._ask.__self__.asked
        await until(pilot, lambda: asked and asked[-1].confusion and asked[-1].columns > 2)
        await pilot.press("d")
        await until(pilot, lambda: asked[-1].columns == 0)
        assert asked[-1].confusion
        assert "counts of right and wrong" in text_of(app)


# Confusion


def test_what_is_counted_is_the_held_out_part() -> None:
    request = MapRequest(SPEC, PREPARED, (0, 1), 0, 0, run=NO_RUNS, confusion=10**6)
    state = MapService(Nobody())._draw(request, None)  # type: ignore[arg-type]
    assert state.data is None
    found = state.confusion
    assert found is not None
    rows = PREPARED.split.validation
    assert found.words == f"validation {len(rows):,}"
    np.testing.assert_array_equal(found.counts.sum(axis=1), np.bincount(PREPARED.dataset.y[rows], minlength=4))
    few = MapService(Nobody())._draw(MapRequest(SPEC, PREPARED, (0, 1), 0, 0, run=NO_RUNS, confusion=100), None)  # type: ignore[arg-type]
    assert few.confusion is not None
    assert few.confusion.samples <= 100
    assert "of validation" in few.confusion.words


def table(counts: list[list[int]], width: int = 54, height: int = 14, mode: str = "braille") -> list[str]:
    names = [str(k) for k in range(len(counts))]
    confusion = Confusion(np.array(counts), "validation", int(np.sum(counts)))
    return confusion_text(confusion, names, width, height, GLYPHS[mode]).plain.split("\n")


def test_the_table_holds_counts_and_each_classs_recall() -> None:
    lines = table([[48, 2], [5, 0]])
    assert lines[0].split() == ["●", "▲", "recall"]
    assert lines[1].split() == ["●", "0", "48", "2", "96.0", "%"]
    assert lines[2].split() == ["▲", "1", "5", "·", "0.0", "%"]
    assert table([[48, 0], [0, 0]])[2].split() == ["▲", "1", "·", "·"], "no sample, no recall"


def test_counts_become_shares_and_shares_a_list_where_there_is_no_room() -> None:
    counts = (np.eye(10, dtype=int) * 12_000 + 3).tolist()
    assert "12003" in table(counts, 80)[1]
    assert table(counts, 54)[0].startswith("%")
    assert "100" in table(counts, 54)[1]
    counts[3][7] = 500
    listed = table(counts, 40)
    assert listed[0] == "most often taken for another"
    assert "500" in listed[1]
    assert "3 ▸ 7" in listed[1]
    assert table([[1, 0], [0, 1]], 5)[0] == "no mistake"


@given(
    st.integers(1, 70).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, 10**6))),
    st.integers(0, 90),
    st.integers(0, 30),
    st.sampled_from(["braille", "ascii"]),
)
def test_any_counts_make_a_table_that_fits(classes: tuple[int, int], width: int, height: int, mode: str) -> None:
    count, most = classes
    rng = np.random.default_rng(most)
    lines = table(rng.integers(0, most + 1, (count, count)).tolist(), width, height, mode)
    assert len(lines) <= max(height, 1)
    if lines[0] not in ("no mistake", "most often taken for another"):
        assert all(cell_len(line) <= width for line in lines)
    assert mode != "ascii" or "".join(lines).isascii()
