"""The characters, and the table of classes."""

import unicodedata
from dataclasses import fields
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.color import Color, ColorSystem

from tui.app.capabilities import Colors
from tui.app.charts.colors import class_rgb, class_text_rgb, contrast, eight_bit_rgb
from tui.app.glyphs import CLASS_STYLES, GLYPHS, class_glyph, class_region, legend


@pytest.mark.parametrize("mode", ["braille", "block", "ascii"])
def test_every_glyph_is_one_cell_wide(mode: str) -> None:
    glyphs = GLYPHS[mode]
    for field in fields(glyphs):
        if field.name == "dots":
            continue
        for text in getattr(glyphs, field.name):
            for character in text:
                assert unicodedata.east_asian_width(character) not in "WF"
                assert mode != "ascii" or character.isascii()


def test_classes_differ_in_every_form() -> None:
    for form in ("color", "number", "ansi", "glyph", "ascii_point", "ascii_region"):
        assert len({getattr(style, form) for style in CLASS_STYLES}) == 10


def test_names_of_one_character_are_their_own_glyphs() -> None:
    digits = [str(k) for k in range(10)]
    for glyphs in GLYPHS.values():
        assert [class_glyph(k, digits, glyphs) for k in range(10)] == digits
    assert class_glyph(1, ["a", "bc"], GLYPHS["braille"]) == "▲"
    assert class_glyph(1, ["a", "bc"], GLYPHS["ascii"]) == "X"
    assert class_glyph(1, ["0", "猫"], GLYPHS["braille"]) == "▲"
    assert class_glyph(1, ["0", "é"], GLYPHS["braille"]) == "é"
    assert class_glyph(1, ["0", "é"], GLYPHS["ascii"]) == "X"


def test_more_classes_than_the_table_holds() -> None:
    names = [f"{letter}name" for letter in "ABCDEFGHIJKL"]
    assert class_glyph(11, names, GLYPHS["braille"]) == "L"
    assert class_region(11, names) == "l"
    assert class_rgb(11) == class_rgb(1)
    assert class_glyph(25, names, GLYPHS["braille"]) == CLASS_STYLES[5].glyph


def test_legend() -> None:
    assert legend(["in", "out"], GLYPHS["braille"], wrong=True) == "● in  ▲ out  × wrong"
    assert legend(["1", "7"], GLYPHS["ascii"], wrong=True) == "1  7  ! wrong"


def test_names_that_only_count_leave_shapes_to_a_few_classes() -> None:
    assert legend(["0", "1"], GLYPHS["braille"]) == "● 0  ▲ 1"
    assert legend(["0", "1"], GLYPHS["ascii"]) == "O 0  X 1"


def test_the_terminal_gets_the_colour_of_the_table() -> None:
    for k, style in enumerate(CLASS_STYLES):
        for number in (style.number, *style.region):
            sent = Color.from_rgb(*eight_bit_rgb(number)).downgrade(ColorSystem.EIGHT_BIT)
            assert sent.number == number
        sent = Color.from_rgb(*class_rgb(k, "16")).downgrade(ColorSystem.STANDARD)
        assert sent.number == Color.parse(style.ansi).number


# How far apart the colours of classes lie, for whom.

Matrix = NDArray[np.float64]

# Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of color vision deficiency", IEEE TVCG
# 15(6), 2009: the matrices of severity 1.0, on linear RGB.
SIGHTS: dict[str, Matrix] = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
# Björn Ottosson, "A perceptual color space for image processing", 2020: linear sRGB to cone responses, and on to OKLab.
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def oklab(rgb: tuple[int, int, int], sight: Matrix) -> Matrix:
    """A colour as somebody of this sight sees it."""
    channels = np.array(rgb) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    seen = np.clip(sight @ linear, 0, 1)
    return np.asarray(TO_OKLAB @ np.cbrt(TO_CONES @ seen))


@pytest.mark.parametrize("colors", ["truecolor", "256"])
@pytest.mark.parametrize(("classes", "apart"), [(2, 25), (4, 19), (6, 14), (10, 9)])
def test_classes_lie_apart_for_every_sight(classes: int, apart: float, colors: Colors) -> None:
    for name, sight in SIGHTS.items():
        seen = [oklab(class_rgb(k, colors), sight) for k in range(classes)]
        least = min(100 * float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2))
        assert least >= apart, f"{name}: {least:.1f}"


def test_oklab_of_known_colours() -> None:
    # Ottosson's own: white has no colour, red lies at L 0.628, a 0.225, b 0.126.
    assert oklab((255, 255, 255), SIGHTS["normal"]) == pytest.approx([1, 0, 0], abs=1e-4)
    assert oklab((255, 0, 0), SIGHTS["normal"]) == pytest.approx([0.628, 0.2249, 0.1258], abs=1e-3)
    # Who has no red cones takes red for a dark yellow: its b stays, most of its a is gone.
    _, a, b = oklab((255, 0, 0), SIGHTS["protanopia"])
    assert abs(a) < 0.08 < b + 0.05


@pytest.mark.parametrize("under", [(14, 17, 22), (250, 250, 247), (224, 224, 224), (38, 38, 38)])
def test_a_class_keeps_its_hue_where_it_is_shaded_to_be_read(under: tuple[int, int, int]) -> None:
    for k in range(10):
        shown = class_text_rgb(k, "truecolor", under)
        assert contrast(shown, under) >= 2
        own = class_rgb(k)
        assert shown == own or contrast(own, under) < 2
        if max(own) - min(own) > 100:
            assert shown.index(max(shown)) == own.index(max(own)), "not black, not white"
    assert class_text_rgb(1, "16", (255, 255, 255)) in (class_rgb(1, "16"), (0, 0, 0))
