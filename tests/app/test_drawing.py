"""Drawing points by hand: what each key makes of them, and that the table they become is read again as it was."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets import load
from tests.app.support import bench, opened, saying, small_spec, text_of, typed, until
from tui.app import drawing as draw
from tui.app.drawing import EDGE, MOST, Dot, Drawing, Plane
from tui.app.glyphs import GLYPHS
from tui.app.keyboard import AZERTY_ROW
from tui.app.screens.draw import DrawScreen
from tui.app.widgets.draw_plane import picture
from tui.lab.build import prepare
from tui.lab.drawn import drawn_dir, save_drawn
from tui.lab.errors import LabError
from tui.lab.spec import for_file

PLANE = Plane(61, 21)
DEEDS = st.one_of(
    st.tuples(st.just("go"), st.integers(-70, 70), st.integers(-30, 30)),
    st.tuples(st.just("put"), st.integers(1, 9)),
    st.sampled_from([("again",), ("brush",), ("delete",), ("clear",), ("undo",)]),
)


def done(deeds: list[tuple[Any, ...]], drawing: Drawing | None = None) -> Drawing:
    drawing = drawing or Drawing()
    for deed, *how in deeds:
        if deed == "go":
            drawing = draw.moved(drawing, how[0], how[1], PLANE)
        elif deed == "put":
            drawing = draw.put(drawing, how[0])
        elif deed == "again":
            drawing = draw.put(drawing)
        elif deed == "delete":
            drawing = draw.deleted(drawing, PLANE)
        else:
            drawing = {"brush": draw.brushed, "clear": draw.cleared, "undo": draw.undone}[deed](drawing)
    return drawing


@given(st.lists(DEEDS, max_size=30))
def test_points_and_cursor_stay_in_the_plane(deeds: list[tuple[Any, ...]]) -> None:
    drawing = done(deeds)
    for place in (drawing, *drawing.dots):
        assert max(abs(place.x), abs(place.y)) <= EDGE
        assert 0 <= PLANE.cell(place.x, place.y)[0] < PLANE.columns
        assert 0 <= PLANE.cell(place.x, place.y)[1] < PLANE.rows
    assert all(1 <= dot.label <= 9 for dot in drawing.dots)
    assert sum(drawing.counts.values()) == len(drawing.dots)


@given(st.lists(DEEDS, max_size=20), DEEDS)
def test_undo_takes_back_one_deed(deeds: list[tuple[Any, ...]], last: tuple[Any, ...]) -> None:
    before = done(deeds)
    after = done([last], before)
    if last[0] != "undo" and after.dots != before.dots:
        assert draw.undone(after).dots == before.dots


@given(st.integers(2, 200), st.integers(2, 80))
def test_a_place_is_in_the_cell_it_is_the_middle_of(columns: int, rows: int) -> None:
    plane = Plane(columns, rows)
    for column, row in ((0, 0), (columns - 1, rows - 1), (columns // 2, rows // 3)):
        assert plane.cell(*plane.place(column, row)) == (column, row)


def test_steps_there_and_back_end_where_they_began() -> None:
    drawing = done([("go", 3, 2)])
    assert PLANE.cell(drawing.x, drawing.y) == (33, 8)
    back = done([("go", 5, 5), ("go", -5, -5)], drawing)
    assert (back.x, back.y) == pytest.approx((drawing.x, drawing.y))


def test_a_digit_puts_a_point_of_its_class_and_space_another() -> None:
    drawing = done([("put", 3), ("go", 6, 0), ("again",)])
    assert drawing.dots == (Dot(0.0, 0.0, 3), Dot(0.2, 0.0, 3))
    assert drawing.counts == {3: 2}


def test_the_brush_scatters_five_points_the_same_each_time() -> None:
    one, other = done([("brush",), ("put", 1)]), done([("brush",), ("put", 1)])
    assert len(one.dots) == 5
    assert one == other
    assert done([("again",)], one).dots[5:] != one.dots
    assert max(abs(dot.x) for dot in one.dots) < 0.4


def test_delete_takes_the_point_seen_nearest() -> None:
    drawing = done([("put", 1), ("go", 10, 0), ("put", 2), ("go", -4, 0)])
    assert draw.deleted(drawing, PLANE).dots == drawing.dots[:1]
    assert draw.deleted(Drawing(), PLANE) == Drawing()
    # Two columns away is nearer to the eye than two rows.
    two = done([("go", 2, 0), ("put", 1), ("go", -2, 2), ("put", 2), ("go", 0, -2)])
    assert [dot.label for dot in draw.deleted(two, PLANE).dots] == [2]


def test_a_drawing_holds_no_more_than_it_can() -> None:
    full = Drawing(dots=(Dot(0.0, 0.0, 1),) * (MOST - 2), brush=True)
    assert len(draw.put(full).dots) == MOST


def test_why_points_make_no_data_set() -> None:
    assert "two classes" in draw.refusal(Drawing())
    assert "two classes" in draw.refusal(done([("put", 2)] * 9))
    assert "class 2 has 1 point: put 3" in draw.refusal(done([("put", 1)] * 4 + [("put", 2)]))
    assert not draw.refusal(done([("put", 1), ("put", 2)] * 3))


@pytest.mark.parametrize("mode", GLYPHS)
def test_the_picture_shows_points_axes_and_cursor(mode: str) -> None:
    grid = picture(done([("put", 4), ("go", 6, 3)]), PLANE, GLYPHS[mode])
    lines = grid.text().splitlines()
    assert lines[10][30] == "4"
    assert lines[7][36] == "+"
    assert grid.text().isascii() or mode != "ascii"
    assert picture(done([("put", 4)]), PLANE, GLYPHS[mode]).text().splitlines()[10][30] == "4"


@given(st.lists(DEEDS, max_size=40))
def test_the_table_says_every_point(deeds: list[tuple[Any, ...]]) -> None:
    drawing = done([("put", 1), ("put", 2), *deeds])
    rows = [line.split(",") for line in draw.as_csv(drawing).splitlines()]
    assert rows[0] == ["x", "y", "class"]
    assert [Dot(float(x), float(y), int(label)) for x, y, label in rows[1:]] == list(drawing.dots)


def test_the_table_is_read_as_it_was_drawn_and_can_be_trained(tmp_path: Path) -> None:
    drawing = done([("brush",), ("put", 2), ("go", 20, 5), ("put", 7), ("go", -30, 2), ("put", 2), ("put", 7)])
    path = save_drawn(draw.as_csv(drawing), tmp_path / "drawn")
    dataset = load(str(path))
    assert dataset.class_names == ("2", "7")
    assert dataset.feature_names == ("x", "y")
    np.testing.assert_array_equal(dataset.X, [[dot.x, dot.y] for dot in drawing.dots])
    assert prepare(for_file(str(path))).train is not None


def test_no_drawing_is_written_over(tmp_path: Path) -> None:
    assert [save_drawn("x\n", tmp_path).name for _ in range(3)] == ["drawing-1.csv", "drawing-2.csv", "drawing-3.csv"]
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match="could not be kept"):
        save_drawn("x\n", tmp_path / "file" / "drawn")
    assert drawn_dir().name == "drawn"


# The dialog


async def test_keys_of_the_dialog() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        answers: list[object] = []
        screen = DrawScreen()
        app.push_screen(screen, answers.append)
        await saying(pilot, "no points yet")
        await pilot.press("1", "l", "l", "space", "J", "2")
        await saying(pilot, "1: 2   2: 1")
        assert [dot.label for dot in screen.drawing.dots] == [1, 1, 2]
        assert "class 2   x" in text_of(app)
        await pilot.press("x", "u", "u", "b", "H", "K", "3")
        await saying(pilot, "1: 2   3: 5")
        assert "class 3, brush" in text_of(app)
        await pilot.press("enter")
        await saying(pilot, "class 1 has 2 points: put 3 or more")
        await pilot.press("1", "c")
        await saying(pilot, "no points yet")
        await pilot.press("u", "enter")
        await until(pilot, lambda: answers)
        assert load(str(answers[0])).n_samples == 12
        assert Path(str(answers[0])).parent == drawn_dir()


async def test_digits_without_shift_on_a_french_keyboard() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        screen = DrawScreen()
        app.push_screen(screen)
        await saying(pilot, "no points yet")
        await typed(pilot, AZERTY_ROW)
        await until(pilot, lambda: [dot.label for dot in screen.drawing.dots] == [*range(1, draw.CLASSES + 1)])


async def test_escape_asks_only_where_something_would_be_lost() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        answers: list[object] = []
        app.push_screen(DrawScreen(), answers.append)
        await saying(pilot, "no points yet")
        await pilot.press("escape")
        await until(pilot, lambda: answers == [None])
        app.push_screen(DrawScreen(), answers.append)
        await saying(pilot, "no points yet")
        await pilot.press("1", "escape")
        await saying(pilot, "Esc again throws 1 point away")
        await pilot.press("l", "escape")
        await saying(pilot, "Esc again throws 1 point away")
        assert len(answers) == 1
        await pilot.press("escape")
        await until(pilot, lambda: answers == [None, None])


async def test_a_drawing_that_cannot_be_kept_stays_on_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(table: str) -> Path:
        raise LabError("the drawing could not be kept: no space left")

    monkeypatch.setattr("tui.app.screens.draw.save_drawn", refuse)
    app = bench(small_spec(), ascii=True)
    async with app.run_test(size=(60, 18)) as pilot:
        await opened(pilot)
        screen = DrawScreen()
        app.push_screen(screen)
        await saying(pilot, "no points yet")
        await pilot.press(*"111222", "enter")
        await saying(pilot, "no space left")
        assert len(screen.drawing.dots) == 6
        assert text_of(app).isascii()


async def test_a_click_puts_a_point() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        screen = DrawScreen()
        app.push_screen(screen)
        await saying(pilot, "no points yet")
        await pilot.click("#plane", offset=(0, 0))
        await saying(pilot, "1: 1")
        assert screen.drawing.dots == (Dot(-1.0, 1.0, 1),)
