"""Class colours as the terminal at hand can show them."""

from functools import lru_cache

from rich.color import Color, ColorSystem

from tui.app.capabilities import Colors
from tui.app.contrast import RGB as RGB
from tui.app.contrast import contrast as contrast
from tui.app.glyphs import class_style

BLACK: RGB = (0, 0, 0)
WHITE: RGB = (255, 255, 255)
# Below this ratio of luminances a glyph drowns in its cell.
_LEAST_CONTRAST = 2.0

# The figures by which Rich recognises the sixteen colours (the VGA's); each terminal has its own.
_STANDARD: dict[str, RGB] = {
    "green": (0, 170, 0),
    "yellow": (170, 85, 0),
    "blue": (0, 0, 170),
    "magenta": (170, 0, 170),
    "white": (170, 170, 170),
    "bright_black": (85, 85, 85),
    "red": (170, 0, 0),
    "bright_green": (85, 255, 85),
    "bright_blue": (85, 85, 255),
    "bright_magenta": (255, 85, 255),
}


def blend(under: RGB, over: RGB, share: float) -> RGB:
    """One colour with `share` (0..1) of another laid over it."""
    red, green, blue = (round(low + (high - low) * share) for low, high in zip(under, over, strict=True))
    return red, green, blue


def legible(color: RGB, under: RGB) -> RGB:
    """The colour itself where it can be read on what lies under it, else black or white."""
    if contrast(color, under) >= _LEAST_CONTRAST:
        return color
    return max((BLACK, WHITE), key=lambda other: contrast(other, under))


def shaded(color: RGB, under: RGB) -> RGB:
    """The colour, darkened or lightened only as far as it takes to read it on what lies under it: its hue stays."""
    ink = max((BLACK, WHITE), key=lambda other: contrast(other, under))
    steps = (blend(color, ink, step / 10) for step in range(11))
    return next((shade for shade in steps if contrast(shade, under) >= _LEAST_CONTRAST), ink)


def class_text_rgb(k: int, colors: Colors, under: RGB) -> RGB:
    """The colour of class `k` for a glyph or a word on a plain ground; of sixteen colours none can be shaded."""
    color = class_rgb(k, colors)
    return legible(color, under) if colors == "16" else shaded(color, under)


def class_rgb(k: int, colors: Colors = "truecolor") -> RGB:
    """The colour of class `k`, such that the terminal ends up with the one in the table of classes."""
    style = class_style(k)
    if colors == "16":
        return _STANDARD[style.ansi]
    if colors == "256":
        return eight_bit_rgb(style.number)
    return hex_rgb(style.color)


def hex_rgb(text: str) -> RGB:
    """The three numbers of "#rrggbb"."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


@lru_cache(maxsize=256)
def eight_bit_rgb(number: int) -> RGB:
    """A colour that Rich sends to a terminal of 256 colours as this number, from 16 on.

    A number itself would not do: Textual turns it into RGB, and on the way back some greys go astray.
    """
    red, green, blue = Color.from_ansi(number).get_truecolor()
    candidates: list[RGB] = [(red, green, blue), *((level, level, level) for level in range(256))]
    return next((rgb for rgb in candidates if _sent_as(rgb) == number), candidates[0])


def _sent_as(rgb: RGB) -> int | None:
    return Color.from_rgb(*rgb).downgrade(ColorSystem.EIGHT_BIT).number
