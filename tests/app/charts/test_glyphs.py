"""The characters, and the table of classes."""

import unicodedata
from dataclasses import fields

import pytest
from rich.color import Color, ColorSystem

from tui.app.charts.colors import class_rgb, eight_bit_rgb
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
