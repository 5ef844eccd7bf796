"""Images as tiles: what is drawn where, in which characters, and where the cursor may go."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from tui.app.capabilities import Capabilities
from tui.app.charts.contact_sheet import (
    TILE_HEIGHT,
    TILE_WIDTH,
    Images,
    SheetLayout,
    SheetView,
    are_images,
    caption,
    moved,
    page_picture,
    settled,
    turned,
    zoom_picture,
)
from tui.app.charts.pixels import BLANK, PixelPaint, codes, fitting, grey_levels, resampled, strips

FULL = PixelPaint(Capabilities(), (14, 17, 22))
EIGHT_BIT = PixelPaint(Capabilities(colors="256"), (14, 17, 22))
SIXTEEN = PixelPaint(Capabilities(colors="16"), (14, 17, 22))
COLORLESS = PixelPaint(Capabilities(colors="none"), (14, 17, 22))
ASCII = PixelPaint(Capabilities(unicode=False, glyphs="ascii", colors="256"), (14, 17, 22))
PAINTS = (FULL, EIGHT_BIT, SIXTEEN, COLORLESS, ASCII)


def images(n: int = 60, shape: tuple[int, ...] = (28, 28), classes: int = 3) -> Images:
    X = np.random.default_rng(0).integers(0, 256, (n, *shape), dtype=np.uint8)
    return Images(X, np.arange(n) % classes, tuple("abcdefghij"[:classes]))


# Pixels


def test_an_image_of_twice_the_size_is_averaged_in_boxes_of_two() -> None:
    X = np.random.default_rng(0).random((3, 28, 28))
    boxes = X.reshape(3, 14, 2, 14, 2).mean(axis=(2, 4))
    np.testing.assert_allclose(resampled(X, 14, 14), boxes, atol=1e-12)
    colored = np.random.default_rng(0).random((2, 28, 56, 3))
    boxes = colored.reshape(2, 14, 2, 14, 4, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(resampled(colored, 14, 14), boxes, atol=1e-12)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(1, 40))
def test_scaling_keeps_the_mean_and_leaves_a_plain_image_plain(h: int, w: int, height: int, width: int) -> None:
    image = np.random.default_rng(h).random((1, h, w))
    assert resampled(image, height, width).shape == (1, height, width)
    assert resampled(image, height, width).mean() == pytest.approx(image.mean(), abs=1e-9)
    np.testing.assert_allclose(resampled(np.full((1, h, w), 0.3), height, width), 0.3)


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 80), st.integers(1, 80))
def test_an_image_fits_with_its_sides_in_their_ratio(h: int, w: int, rows: int, columns: int) -> None:
    height, width = fitting(h, w, rows, columns)
    assert 1 <= height <= max(rows, 1)
    assert 1 <= width <= max(columns, 1)
    if min(rows / h, columns / w) >= 2:
        assert height % h == 0
        assert width % w == 0


@pytest.mark.parametrize("paint", PAINTS)
def test_brighter_pixels_never_have_a_smaller_code(paint: PixelPaint) -> None:
    ramp = codes(np.linspace(0, 1, 100)[None, None, :], paint).ravel()
    assert (np.diff(ramp) >= 0).all()
    assert (ramp[0], ramp[-1]) == (1, grey_levels(paint))
    assert BLANK not in ramp


@pytest.mark.parametrize("paint", [FULL, EIGHT_BIT])
def test_colours_end_up_near_themselves(paint: PixelPaint) -> None:
    wanted = np.array([[255, 0, 0], [0, 255, 0], [90, 140, 220], [128, 128, 128]])
    pixels = np.repeat(codes((wanted / 255.0)[None, None], paint)[0], 2, axis=0)
    (strip,) = strips(pixels, paint, Style.null())
    for segment, color in zip(strip, wanted, strict=True):
        assert segment.style is not None
        assert segment.style.bgcolor is not None
        got = segment.style.bgcolor.get_truecolor()
        assert max(abs(a - b) for a, b in zip(got, color, strict=True)) <= 45


def test_rows_are_runs_and_glyphs_are_one_piece() -> None:
    pixels = np.full((4, 30), 3)
    pixels[:2, 10:] = 5
    first, second = strips(pixels, FULL, Style.null())
    assert [len(segment.text) for segment in first] == [10, 20]
    assert [len(segment.text) for segment in second] == [30]
    assert [len(list(strip)) for strip in strips(np.arange(40).reshape(4, 10) % 4, ASCII, Style.null())] == [1] * 4


# The page


@pytest.mark.parametrize("paint", PAINTS)
@pytest.mark.parametrize("shape", [(28, 28), (32, 32, 3), (8, 8), (20, 60), (5, 5, 1), (7, 9, 2), (10, 10, 4)])
def test_a_page_of_any_images_fills_its_tiles_and_nothing_else(paint: PixelPaint, shape: tuple[int, ...]) -> None:
    layout = SheetLayout(47, 18)
    picture = page_picture(images(60, shape), SheetView(label=1), layout, paint)
    each = paint.rows_per_cell
    assert picture.pixels.shape == (18 * each, 47)
    assert picture.samples == (1, 4, 7, 10, 13, 16)
    for tile in range(layout.tiles):
        column, row = layout.corner(tile)
        assert picture.pixels[row * each : (row + TILE_HEIGHT) * each, column : column + TILE_WIDTH].any()
        assert not picture.pixels[layout.caption_row(tile) * each : (layout.caption_row(tile) + 1) * each].any()
    text = "".join(strip.text for strip in strips(picture.pixels, paint, Style.null()))
    assert len(text) == 47 * 18
    assert text.isascii() or paint is not ASCII


def test_seven_by_four_tiles_fit_where_there_is_room() -> None:
    layout = SheetLayout(104, 32)
    assert (layout.columns, layout.rows, layout.tiles) == (7, 4, 28)
    assert layout.tile_at(*layout.corner(9)) == 9
    assert SheetLayout(5, 3).tiles == 1


def test_pages_follow_the_cursor() -> None:
    sheet, layout = images(300), SheetLayout(44, 16)
    assert page_picture(sheet, SheetView(0, 5), layout, FULL).samples == (0, 3, 6, 9, 12, 15)
    second = page_picture(sheet, SheetView(0, 6), layout, FULL)
    assert (second.first, second.samples[0]) == (6, 18)
    last = page_picture(sheet, SheetView(0, 99), layout, FULL)
    assert last.samples == (288, 291, 294, 297)


def test_floats_are_drawn_from_their_least_to_their_greatest() -> None:
    X = np.zeros((4, 8, 8))
    X[0] = np.linspace(-3, 5, 64).reshape(8, 8)
    X[1, 0, 0] = np.nan
    values = Images(X, np.zeros(4, dtype=int), ("a",)).values([0, 1])
    assert (values[0].min(), values[0].max()) == (0, 1)
    assert np.isfinite(values).all()
    assert Images(np.full((3, 8, 8), 7.0), np.zeros(3), ("a",)).values([0]).max() <= 1


def test_what_are_images() -> None:
    assert are_images((28, 28))
    assert are_images((32, 32, 3))
    assert not are_images((784,))
    assert not are_images((1, 20))


@pytest.mark.parametrize("paint", PAINTS)
def test_one_image_as_large_as_fits(paint: PixelPaint) -> None:
    sheet = Images(np.full((2, 28, 28), 255, dtype=np.uint8), np.zeros(2, dtype=int), ("a",))
    pixels = zoom_picture(sheet, 1, 80, 30, paint)
    assert pixels.shape == (30 * paint.rows_per_cell, 80)
    assert np.count_nonzero(pixels) == (56 * 56 if paint.half_blocks else 28 * 56)
    assert zoom_picture(sheet, 1, 3, 2, paint).any()


# The cursor

SIZES = st.lists(st.integers(0, 40), min_size=1, max_size=6)


@given(SIZES, st.lists(st.tuples(st.sampled_from("mt"), st.integers(-9, 9)), max_size=20))
def test_the_cursor_never_leaves_the_samples(sizes: list[int], steps: list[tuple[str, int]]) -> None:
    view = settled(SheetView(), sizes)
    for kind, by in steps:
        view = moved(view, by, sizes) if kind == "m" else turned(view, by, sizes)
        assert 0 <= view.at < max(1, sizes[view.label])
        assert sizes[view.label] or not any(sizes)


def test_a_step_stays_in_its_class_and_pages_turn_past_empty_ones() -> None:
    assert moved(SheetView(0, 4), +7, (6, 6)) == SheetView(0, 5)
    assert moved(SheetView(0, 1), -7, (6, 6)) == SheetView(0, 0)
    assert turned(SheetView(0, 4), +1, (6, 0, 3)) == SheetView(2, 0)
    assert turned(SheetView(2), +1, (6, 0, 3)) == SheetView(0, 0)
    assert turned(SheetView(0), -1, (6, 0, 3)) == SheetView(2, 0)
    assert settled(SheetView(7, 7), (3, 2)) == SheetView(0, 0)


def test_images_without_classes_stand_one_after_the_other() -> None:
    sheet = Images(np.zeros((7, 8, 8)), np.zeros(7))
    assert sheet.sizes == (7,)


# Captions


@given(st.integers(0, 10**7 - 1), st.text(max_size=30), st.integers(8, 20))
def test_a_caption_keeps_its_width_and_its_number(sample: int, name: str, width: int) -> None:
    text = caption(sample, name, width)
    assert cell_len(text) == width
    assert str(sample) in text
    assert text.isprintable()


def test_a_hostile_name_is_literal() -> None:
    assert caption(3, "\x1b[31m[b]", 20).startswith("\\x1b[31m[b] #3")
