"""The decision map cell by cell, and the choice of points."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.app.capabilities import Capabilities
from tui.app.charts.data import Points, RegionData, cell_centers
from tui.app.charts.regions import RegionPaint, cell_keys, cell_look, runs
from tui.app.charts.scatter_picture import scatter_picture
from tui.app.charts.thinning import place, thin
from tui.app.glyphs import GLYPHS

BACKGROUND = (14, 17, 22)
ALL = [
    Capabilities(colors=colors, glyphs=glyphs)  # type: ignore[arg-type]
    for colors in ("truecolor", "256", "16", "none")
    for glyphs in ("braille", "block", "ascii")
]


def paint(capabilities: Capabilities = ALL[0], names: tuple[str, ...] = ("a1", "b2", "c3")) -> RegionPaint:
    return RegionPaint(capabilities, BACKGROUND, True, names)


def random_data(seed: int, columns: int, rows: int, classes: int = 3, points: int = 50) -> RegionData:
    rng = np.random.default_rng(seed)
    return RegionData(
        rng.integers(0, classes, (rows, columns)),
        rng.random((rows, columns)),
        (-1.0, 1.0),
        (-2.0, 2.0),
        Points(
            rng.uniform(-1.2, 1.2, points),
            rng.uniform(-2.2, 2.2, points),
            rng.integers(0, classes, points),
            rng.random(points) < 0.2,
        ),
    )


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1000),
    columns=st.integers(1, 30),
    rows=st.integers(1, 12),
    which=st.integers(0, len(ALL) - 1),
)
def test_runs_equal_the_picture_of_single_cells(seed: int, columns: int, rows: int, which: int) -> None:
    painted = paint(ALL[which])
    keys = cell_keys(random_data(seed, *painted.grid_size(columns, rows)), columns, rows, painted)
    assert keys.shape == (rows, columns)
    for row in keys:
        single = [cell_look(int(key), painted) for key in row]
        joined = [cell_look(key, painted) for key, length in runs(row) for _ in range(length)]
        assert joined == single
        assert all(len(character) == 1 for character, _ in single)
        if painted.capabilities.glyphs == "ascii":
            assert all(character.isascii() for character, _ in single)


@given(seed=st.integers(0, 1000))
def test_neighbouring_runs_differ(seed: int) -> None:
    painted = paint()
    for row in cell_keys(random_data(seed, 20, 10, points=0), 20, 5, painted):
        found = [key for key, _ in runs(row)]
        assert all(before != after for before, after in pairwise(found))


def test_half_blocks_hold_two_rows() -> None:
    data = RegionData(np.array([[0], [1]]), np.ones((2, 1)), (0, 1), (0, 1))
    painted = paint()
    character, style = cell_look(int(cell_keys(data, 1, 1, painted)[0, 0]), painted)
    assert character == "▀"
    # 60 % of sky and of orange, laid over the background.
    assert style.color is not None
    assert style.bgcolor is not None
    assert style.color.triplet == (63, 112, 162)
    assert style.bgcolor.triplet == (159, 112, 9)


def test_confidence_has_eight_levels_in_truecolor_and_the_tables_three_in_256() -> None:
    sure = np.linspace(0, 1, 200).reshape(1, -1).repeat(2, axis=0)
    data = RegionData(np.zeros((2, 200), dtype=int), sure, (0, 1), (0, 1))
    for capabilities, expected in ((ALL[0], 8), (Capabilities(colors="256"), 3)):
        painted = paint(capabilities)
        looks = [cell_look(key, painted)[1].bgcolor for key, _ in runs(cell_keys(data, 200, 1, painted)[0])]
        assert len(set(looks)) == expected


def test_sixteen_colours_shade_what_is_weak() -> None:
    painted = paint(Capabilities(colors="16"))
    weak = RegionData(np.zeros((2, 1), dtype=int), np.zeros((2, 1)), (0, 1), (0, 1))
    assert cell_look(int(cell_keys(weak, 1, 1, painted)[0, 0]), painted)[0] == "░"


@pytest.mark.parametrize("capabilities", [c for c in ALL if c.colors == "none" or c.glyphs == "ascii"])
def test_classes_differ_without_colour(capabilities: Capabilities) -> None:
    for names in (("in", "out"), ("a1", "b2", "c3", "d4"), tuple(f"n{k}" for k in range(10))):
        painted = paint(capabilities, names)
        count = len(names)
        data = RegionData(np.arange(count).reshape(1, -1), np.ones((1, count)), (0, 1), (0, 1))
        looks = {cell_look(int(key), painted)[0] for key in cell_keys(data, count, 1, painted)[0]}
        assert len(looks) == count


def test_a_map_of_glyphs_is_blank_where_unsure() -> None:
    painted = paint(Capabilities(glyphs="ascii"))
    data = RegionData(np.array([[0, 0, 1]]), np.array([[0.9, 0.1, np.nan]]), (0, 1), (0, 1))
    assert "".join(cell_look(int(key), painted)[0] for key in cell_keys(data, 3, 1, painted)[0]) == ".  "


def test_a_map_of_another_size_is_sampled() -> None:
    painted = paint(Capabilities(glyphs="ascii"))
    data = RegionData(np.array([[0, 1], [2, 0]]), np.ones((2, 2)), (0, 1), (0, 1))
    keys = cell_keys(data, 4, 4, painted)
    text = ["".join(cell_look(int(key), painted)[0] for key in row) for row in keys]
    assert text == ["..::", "..::", "--..", "--.."]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1000), count=st.integers(0, 400))
def test_points_are_thinned_and_wrong_ones_stay(seed: int, count: int) -> None:
    columns, rows = 20, 10
    painted = paint()
    data = random_data(seed, columns, 2 * rows, points=count)
    keys = cell_keys(data, columns, rows, painted)
    np.testing.assert_array_equal(keys, cell_keys(data, columns, rows, painted))
    codes = keys & 0x7FF
    assert np.count_nonzero(codes) <= 0.12 * columns * rows
    points = data.points
    assert points is not None
    index, column, row = place(points, data.x_range, data.y_range, columns, rows)
    assert points.wrong is not None
    wrong_cells = {(c, r) for i, c, r in zip(index, column, row, strict=True) if points.wrong[i]}
    shown = int(np.count_nonzero(codes == 1))
    room = int(0.12 * columns * rows)
    every_cell = len(set(zip(column, row, strict=True)))
    # Wrong ones come first, but leave half of the places to right ones where there are any.
    assert shown >= min(len(wrong_cells), room // 2)
    assert shown <= len(wrong_cells)
    assert np.count_nonzero(codes) == min(every_cell, room)


def test_points_lie_where_they_belong() -> None:
    points = Points(np.array([0.05, 0.95, np.nan, 5.0]), np.array([0.95, 0.05, 0.5, 0.5]), np.array([0, 1, 2, 2]))
    index, column, row = place(points, (0, 1), (0, 1), 10, 10)
    assert index.tolist() == [0, 1]
    assert column.tolist() == [0, 9]
    assert row.tolist() == [0, 9]
    np.testing.assert_allclose(cell_centers((0, 1), 10)[[0, -1]], [0.05, 0.95])


def test_a_turned_point_leaves_the_others_in_place() -> None:
    index = np.arange(100)
    cells = np.arange(100)
    before = set(thin(index, cells, np.zeros(100, dtype=bool), 20).tolist())
    wrong = np.zeros(100, dtype=bool)
    wrong[next(i for i in range(100) if i not in before)] = True
    after = set(thin(index, cells, wrong, 20).tolist())
    assert len(before & after) == 19


@settings(max_examples=40, deadline=None)
@given(
    x=st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=30),
    size=st.tuples(st.integers(0, 60), st.integers(0, 20)),
    mode=st.sampled_from(["braille", "ascii"]),
)
def test_a_scatter_of_any_floats(x: list[float], size: tuple[int, int], mode: str) -> None:
    values = np.asarray(x)
    picture = scatter_picture(
        Points(values, values[::-1], np.arange(values.size) % 12),
        ("a", "b"),
        *size,
        GLYPHS[mode],
        True,
        "x0",
        "x1",
    )
    lines = picture.grid.text().split("\n") if picture.grid.height else []
    assert all(len(line) == size[0] for line in lines)
    assert picture.drawn <= values.size


def test_a_scatter_draws_each_cell_once() -> None:
    rng = np.random.default_rng(0)
    points = Points(rng.normal(size=3000), rng.normal(size=3000), rng.integers(0, 3, 3000))
    names = ("one", "two", "three")
    small = scatter_picture(points, names, 30, 9, GLYPHS["braille"])
    large = scatter_picture(points, names, 60, 20, GLYPHS["braille"])
    assert sum(small.grid.text().count(glyph) for glyph in "●▲■") == small.drawn
    assert small.drawn < large.drawn < 3000
    assert "┤" in large.grid.text()
    assert "┤" not in small.grid.text()
    assert large.grid.text() == scatter_picture(points, names, 60, 20, GLYPHS["braille"]).grid.text()
