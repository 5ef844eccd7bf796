"""Pictures as cells of a terminal: scaled by areas, in as few colours as it takes, as runs of equal cells."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.app.capabilities import Capabilities, Colors
from tui.app.charts.colors import RGB, eight_bit_rgb
from tui.app.charts.regions import runs

Codes = NDArray[np.int64]

BLANK = 0
"""The code of what belongs to no picture."""

_CODE_BITS = 13
# The blank, then greys, then the colours of a cube. Every further level costs bytes: a longer run ends sooner.
_GREYS = 12
_CUBE: dict[Colors, int] = {"truecolor": 8, "256": 6}
_CUBE_STEPS = np.array([0, 95, 135, 175, 215, 255])
# Greys of a terminal of 256 colours from black to white, and the sixteen colours' own four.
_GREY_NUMBERS = (16, 233, 235, 237, 239, 241, 243, 245, 247, 250, 253, 231)
_FOUR_GREYS: tuple[RGB, ...] = ((0, 0, 0), (85, 85, 85), (170, 170, 170), (255, 255, 255))
# By growing ink, where there are no half-blocks in two colours.
_INK = {"ascii": " .:-=+*#%@", "block": " ░▒▓█", "braille": " ░▒▓█"}
# A pixel whose channels lie closer than this is a grey.
_GREY_WITHIN = 0.06
_LUMINANCE = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class PixelPaint:
    """What decides how a pixel looks, beside its value.

    Attributes:
        capabilities: What the terminal can show.
        background: What lies where no picture is.
    """

    capabilities: Capabilities
    background: RGB

    @property
    def half_blocks(self) -> bool:
        """Whether a cell shows two pixels, one above the other, in two colours."""
        return self.capabilities.glyphs != "ascii" and self.capabilities.colors != "none"

    @property
    def rows_per_cell(self) -> int:
        """Pixels in a cell, one above the other."""
        return 2 if self.half_blocks else 1


def resampled(images: NDArray[Any], height: int, width: int) -> NDArray[np.float64]:
    """The images (m, h, w) or (m, h, w, 3) in `height` x `width` pixels, each the mean of the area it covers."""
    down, across = _areas(images.shape[1], height), _areas(images.shape[2], width)
    rows = np.tensordot(down, np.asarray(images, dtype=np.float64), axes=(1, 1))  # (height, m, w, ...)
    both = np.tensordot(across, rows, axes=(1, 2))  # (width, height, m, ...)
    return np.ascontiguousarray(np.swapaxes(np.moveaxis(both, 2, 0), 1, 2))


@lru_cache(maxsize=64)
def _areas(before: int, after: int) -> NDArray[np.float64]:
    """(after, before) the share that each old pixel has in each new one."""
    edges = np.linspace(0, before, after + 1)
    starts = np.arange(before)
    overlap = np.minimum(edges[1:, None], starts + 1) - np.maximum(edges[:-1, None], starts)
    shares = np.clip(overlap, 0, None)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float64)


def fitting(height: int, width: int, rows: int, columns: int) -> tuple[int, int]:
    """(height, width) of an image so scaled that it fits `rows` x `columns` pixels; enlarged by whole factors
    where it fits twice."""
    factor = min(rows / height, columns / width)
    if factor >= 2:
        factor = int(factor)
    return max(1, int(height * factor + 1e-9)), max(1, int(width * factor + 1e-9))


def codes(values: NDArray[np.floating], paint: PixelPaint) -> Codes:
    """One number a pixel for values (..., h, w) or (..., h, w, 3) in 0..1, equal where two look the same.

    What this terminal cannot tell apart has one number.
    """
    colored = values.shape[-1] == 3 and values.ndim > 3
    if not colored:
        return _grey_codes(values, paint)
    grey = values @ _LUMINANCE
    steps = _CUBE.get(paint.capabilities.colors)
    if not paint.half_blocks or steps is None:
        return _grey_codes(grey, paint)
    if paint.capabilities.colors == "256":
        middles = (_CUBE_STEPS[1:] + _CUBE_STEPS[:-1]) / 2
        channels = np.digitize(values * 255, middles)
    else:
        channels = np.rint(values * (steps - 1)).astype(np.int64)
    cube = 1 + _GREYS + (channels[..., 0] * steps + channels[..., 1]) * steps + channels[..., 2]
    # The cube of 256 colours has few greys of its own.
    plain = values.max(axis=-1) - values.min(axis=-1) < _GREY_WITHIN
    return np.asarray(np.where(plain, _grey_codes(grey, paint), cube), dtype=np.int64)


def _grey_codes(values: NDArray[np.floating], paint: PixelPaint) -> Codes:
    levels = grey_levels(paint)
    return np.asarray(1 + np.rint(np.clip(values, 0, 1) * (levels - 1)), dtype=np.int64)


def grey_levels(paint: PixelPaint) -> int:
    """How many greys, or glyphs of different ink, a picture is drawn in."""
    if not paint.half_blocks:
        return len(_INK[paint.capabilities.glyphs])
    return len(_FOUR_GREYS) if paint.capabilities.colors == "16" else _GREYS


@lru_cache(maxsize=16384)
def cell_look(key: int, paint: PixelPaint) -> tuple[str, Style]:
    """The character and the style of a cell of two pixels."""
    over, under = key >> _CODE_BITS, key & (2**_CODE_BITS - 1)
    if over == under:
        # A blank needs one colour fewer than a half-block.
        return " ", Style(bgcolor=_color(over, paint))
    return "▀", Style(color=_color(over, paint), bgcolor=_color(under, paint))


def strips(pixels: Codes, paint: PixelPaint, plain: Style) -> list[Strip]:
    """The rows of the terminal for the codes of the pixels (rows * rows_per_cell, columns); glyphs are `plain`."""
    width = pixels.shape[1]
    if not paint.half_blocks:
        ink = np.array(list(" " + _INK[paint.capabilities.glyphs]))
        return [Strip([Segment("".join(row), plain)], width) for row in ink[pixels]]
    keys = (pixels[0::2] << _CODE_BITS) | pixels[1::2]
    return [Strip([_segment(key, length, paint) for key, length in runs(row)], width) for row in keys]


def _segment(key: int, length: int, paint: PixelPaint) -> Segment:
    character, style = cell_look(key, paint)
    return Segment(character * length, style)


@lru_cache(maxsize=4096)
def _color(code: int, paint: PixelPaint) -> Color:
    return Color.from_rgb(*_rgb(code, paint))


def _rgb(code: int, paint: PixelPaint) -> RGB:
    colors = paint.capabilities.colors
    if code == BLANK:
        return paint.background
    if code <= grey_levels(paint):
        if colors == "16":
            return _FOUR_GREYS[code - 1]
        if colors == "256":
            return eight_bit_rgb(_GREY_NUMBERS[code - 1])
        level = round(255 * (code - 1) / (_GREYS - 1))
        return level, level, level
    steps = _CUBE[colors]
    rest, blue = divmod(code - 1 - _GREYS, steps)
    red, green = divmod(rest, steps)
    if colors == "256":
        return eight_bit_rgb(16 + 36 * red + 6 * green + blue)
    first, second, third = (round(255 * channel / (steps - 1)) for channel in (red, green, blue))
    return first, second, third
