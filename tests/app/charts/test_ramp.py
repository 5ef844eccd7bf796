"""The five shades of a number: which one, in which colour, and what the legend says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.app.capabilities import Capabilities
from tui.app.charts.colors import _sent_as, contrast, hex_rgb
from tui.app.charts.data import Points, RegionData
from tui.app.charts.ramp import (
    SHADES,
    Ramp,
    point_glyphs,
    ramp_legend,
    ramp_of,
    region_glyphs,
    shade_on,
    shade_rgb,
    step_labels,
)
from tui.app.charts.regions import RegionPaint, cell_keys, cell_look
from tui.app.charts.scatter_picture import scatter_picture
from tui.app.glyphs import GLYPHS

PLAIN = Capabilities(colors="none")
ASCII = Capabilities(unicode=False, colors="none", glyphs="ascii")
DARK, LIGHT = hex_rgb("#0e1116"), (255, 255, 255)


def test_shades_are_equal_steps_and_the_ends_take_the_rest() -> None:
    ramp = Ramp(0.0, 10.0)
    assert ramp.edges == (2.0, 4.0, 6.0, 8.0)
    values = np.array([-100, 0, 1.9, 2, 3.9, 5, 7, 8, 1e9, np.nan, np.inf, -np.inf])
    assert ramp.shades(values).tolist() == [0, 0, 0, 1, 1, 2, 3, 4, 4, 0, 4, 0]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_a_ramp_suits_any_numbers(values: list[float]) -> None:
    ramp = ramp_of(np.array(values))
    assert ramp.low < ramp.high
    shades = ramp.shades(np.array(values))
    assert shades.min() >= 0
    assert shades.max() < SHADES
    assert len(ramp.words()) == SHADES - 1


def test_a_few_values_far_off_do_not_take_all_shades() -> None:
    values = np.concatenate([np.linspace(0, 1, 100), [1e6, -1e6]])
    assert ramp_of(values).high < 2
    mostly_zero = ramp_of(np.array([0.0] * 99 + [5.0]))
    assert (mostly_zero.low, mostly_zero.high) == (0.0, 5.0)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0.2, 0.4, 0.6], ["0.20", "0.40", "0.60"]),
        ([-1.0, 0.0, 1.0], ["-1.0", "0.0", "1.0"]),
        ([99754.2, 174046.4, 248338.6], ["100000", "174000", "248000"]),
        ([1e-9, 2e-9, 3e-9], ["1e-09", "2e-09", "3e-09"]),
        ([1e9, 2e9, 3e9], ["1e+09", "2e+09", "3e+09"]),
    ],
)
def test_edges_have_as_many_digits_as_tell_them_apart(values: list[float], labels: list[str]) -> None:
    assert step_labels(values) == labels


@pytest.mark.parametrize(("dark", "background"), [(True, DARK), (False, LIGHT)])
def test_shades_go_away_from_the_background(dark: bool, background: tuple[int, int, int]) -> None:
    for region in (False, True):
        steps = [contrast(shade_rgb(k, "truecolor", dark=dark, region=region), background) for k in range(SHADES)]
        assert steps == sorted(steps)
    assert all(contrast(shade_rgb(k, "truecolor", dark=dark), background) > 1.9 for k in range(SHADES))


@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize("under", range(SHADES))
def test_points_on_a_region_are_told_apart_among_256_colours(dark: bool, under: int) -> None:
    region = shade_rgb(under, "256", dark=dark, region=True)
    colours = [shade_on(shade, region, dark=dark) for shade in range(SHADES)]
    assert len({_sent_as(colour) for colour in colours}) == SHADES


@pytest.mark.parametrize("capabilities", [PLAIN, ASCII, Capabilities(colors="16")])
def test_without_enough_colours_five_glyphs_tell_the_shades(capabilities: Capabilities) -> None:
    assert len(set(point_glyphs(capabilities))) == SHADES
    assert len(set(region_glyphs(capabilities))) == SHADES
    if capabilities.glyphs == "ascii":
        assert (point_glyphs(capabilities) + region_glyphs(capabilities)).isascii()
        assert not set(point_glyphs(capabilities)) & set(region_glyphs(capabilities))


def test_with_colours_one_glyph_does() -> None:
    assert set(point_glyphs(Capabilities())) == {"●"}
    assert set(point_glyphs(Capabilities(colors="256"))) == {"●"}


def test_the_legend_stands_between_the_shades() -> None:
    ramp = Ramp(0.0, 10.0)
    assert ramp_legend(ramp, Capabilities(), dark=True).plain == "● 2.0 ● 4.0 ● 6.0 ● 8.0 ●"
    assert ramp_legend(ramp, Capabilities(), dark=True, map=True).plain == "█ 2.0 █ 4.0 █ 6.0 █ 8.0 █"
    assert ramp_legend(ramp, ASCII, dark=True).plain == "' 2.0 c 4.0 o 6.0 O 8.0 @"
    assert ramp_legend(ramp, PLAIN, dark=True, map=True).plain == "·○ 2.0 ░◔ 4.0 ▒◑ 6.0 ▓◕ 8.0 █●"
    assert ramp_legend(ramp, PLAIN, dark=True, map=True, room=28).plain == "· 2.0 ░ 4.0 ▒ 6.0 ▓ 8.0 █"
    assert ramp_legend(ramp, PLAIN, dark=True, map=True, room=20).plain == "·2.0░4.0▒6.0▓8.0█"
    coloured = ramp_legend(ramp, Capabilities(), dark=True)
    assert len({str(span.style) for span in coloured.spans}) == SHADES
    assert not [span for span in ramp_legend(ramp, PLAIN, dark=True).spans if str(span.style)]


def test_a_scatter_of_shades() -> None:
    labels = np.arange(5)
    points = Points(np.arange(5.0), np.arange(5.0), labels, shaded=True)
    picture = scatter_picture(points, (), 30, 9, GLYPHS["ascii"], shades=point_glyphs(ASCII))
    assert picture.drawn == 5
    assert {c for c in picture.grid.text() if not c.isspace()} == set(point_glyphs(ASCII))


def number_map(values: list[list[float]]) -> RegionData:
    array = np.array(values)
    ramp = Ramp(0.0, 5.0)
    return RegionData(ramp.shades(array), np.isfinite(array).astype(float), (0, 1), (0, 1), ramp=ramp)


def test_a_map_of_numbers_in_ascii() -> None:
    paint = RegionPaint(ASCII, DARK, shaded=True)
    keys = cell_keys(number_map([[0.5, 1.5, 2.5, 3.5, 4.5, np.nan]]), 6, 1, paint)
    assert "".join(cell_look(int(key), paint)[0] for key in keys[0]) == region_glyphs(ASCII) + " "


@pytest.mark.parametrize("colors", ["truecolor", "256", "16"])
def test_a_map_of_numbers_in_colour(colors: str) -> None:
    paint = RegionPaint(Capabilities(colors=colors), DARK, shaded=True)
    keys = cell_keys(number_map([[0.5, 1.5, 2.5, 3.5, 4.5, np.nan]] * 2), 6, 1, paint)
    colours = [cell_look(int(key), paint)[1].bgcolor.triplet for key in keys[0]]
    assert [tuple(colour) for colour in colours[:5]] == [
        shade_rgb(k, colors, dark=True, region=True) for k in range(SHADES)
    ]
    assert tuple(colours[5]) == DARK


@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize("glyphs", ["braille", "ascii"])
@pytest.mark.parametrize("colors", ["truecolor", "256", "16", "none"])
def test_every_point_can_be_read_on_every_region(dark: bool, glyphs: str, colors: str) -> None:
    paint = RegionPaint(Capabilities(colors=colors, glyphs=glyphs), DARK if dark else LIGHT, dark=dark, shaded=True)
    for under in range(SHADES):
        for shade in range(SHADES):
            data = number_map([[under + 0.5]])
            points = Points(np.array([0.5]), np.array([0.5]), np.array([shade]), shaded=True)
            keys = cell_keys(
                RegionData(data.classes, data.confidence, (0, 1), (0, 1), points, ramp=data.ramp), 1, 1, paint
            )
            glyph, style = cell_look(int(keys[0, 0]), paint)
            assert glyph == point_glyphs(paint.capabilities)[shade]
            if style.color is not None:
                assert contrast(tuple(style.color.triplet), tuple(style.bgcolor.triplet)) >= 1.9
