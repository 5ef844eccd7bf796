"""Numbers in five shades, for what has no classes: the target of a regression, in a scatter and on a map."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.style import Style
from rich.text import Text

from tui.app.capabilities import Capabilities, Colors
from tui.app.charts.colors import RGB, eight_bit_rgb, legible
from tui.app.glyphs import GLYPHS

SHADES = 5
INNER = (0.05, 0.95)
"""The quantiles between which the shades lie: a few values far off must not take them all."""

# Numbers among the 256 colours, from the least value to the greatest: ever further from the background, for any
# sight, and none of them a colour of a class.
_POINTS = {True: (61, 31, 36, 113, 220), False: (178, 107, 30, 24, 54)}
_REGIONS = {True: (54, 24, 29, 71, 178), False: (229, 186, 115, 74, 97)}
# Points upon regions: brighter and deeper ones, since a point in its own region has its own shade to stand out from.
# Named one by one, because blends fall together among 256 colours.
_BRIGHT = {True: (146, 117, 121, 155, 228), False: (230, 193, 158, 117, 183)}
_DEEP = {True: (54, 24, 22, 58, 94), False: (136, 64, 29, 24, 54)}
_ANSI: tuple[RGB, ...] = ((0, 0, 170), (0, 170, 170), (0, 170, 0), (255, 255, 85), (255, 255, 255))


@dataclass(frozen=True)
class Ramp:
    """Five equal steps from `low` to `high`; the first takes all below, the last all above."""

    low: float
    high: float

    @property
    def edges(self) -> tuple[float, ...]:
        """The four numbers between the shades."""
        return tuple(self.low + (self.high - self.low) * i / SHADES for i in range(1, SHADES))

    def shades(self, values: NDArray[np.floating]) -> NDArray[np.int64]:
        """The shade of each value, 0 to 4; 0 for what is no number."""
        known = np.nan_to_num(values, nan=-np.inf)
        return np.asarray(np.digitize(known, self.edges), dtype=np.int64)

    def words(self) -> list[str]:
        """The edges as text."""
        return step_labels(self.edges)


def step_labels(values: Sequence[float]) -> list[str]:
    """Numbers in even steps, as text: two digits of the step, and as many decimals as that takes."""
    step = values[1] - values[0]
    digits = 1 - math.floor(math.log10(step)) if step > 0 else 0
    if digits > 6 or max(abs(value) for value in values) >= 1e7:
        return [f"{value:.3g}" for value in values]
    return [f"{round(value, digits) + 0.0:.{max(0, digits)}f}" for value in values]


def ramp_of(values: NDArray[np.floating]) -> Ramp:
    """The ramp that suits some finite numbers, over nearly all of them."""
    low, high = (float(value) for value in np.quantile(values, INNER))
    if not low < high:  # most of them are the same
        low, high = float(values.min()), float(values.max())
    return Ramp(low, high) if low < high else Ramp(low - 0.5, high + 0.5)


def by_color(capabilities: Capabilities) -> bool:
    """Whether shades are told by colour alone; else by glyphs of growing ink. Sixteen colours make no ramp."""
    return capabilities.colors in ("truecolor", "256") and capabilities.glyphs != "ascii"


def point_glyphs(capabilities: Capabilities) -> str:
    """The character of a point of each shade."""
    return "●" * SHADES if by_color(capabilities) else GLYPHS[capabilities.glyphs].ramp_points


def region_glyphs(capabilities: Capabilities) -> str:
    """The character of a cell of each shade, where it is no block of colour."""
    return GLYPHS[capabilities.glyphs].ramp_regions


def shade_rgb(shade: int, colors: Colors, *, dark: bool, region: bool = False) -> RGB:
    """The colour of a shade, of a point or of a region."""
    if colors == "16":
        return _ANSI[shade]
    return eight_bit_rgb((_REGIONS if region else _POINTS)[dark][shade])


def shade_on(shade: int, under: RGB, *, dark: bool) -> RGB:
    """The colour of a point of a shade on a region: bright or deep, whichever can be read there."""
    tables = (_BRIGHT, _DEEP) if dark else (_DEEP, _BRIGHT)
    first, second = (eight_bit_rgb(table[dark][shade]) for table in tables)
    return first if legible(first, under) == first else legible(second, under)


def shade_style(shade: int, capabilities: Capabilities, *, dark: bool, region: bool = False) -> Style:
    """A shade for text on the background; no colour where there is none."""
    if capabilities.colors == "none":
        return Style.null()
    return Style(color=Color.from_rgb(*shade_rgb(shade, capabilities.colors, dark=dark, region=region)))


def ramp_legend(ramp: Ramp, capabilities: Capabilities, *, dark: bool, map: bool = False, room: int = 1000) -> Text:
    """The five shades with the numbers between them, closer together where there is little ``room``.

    Of a map they are the regions'; where glyphs tell the shades, the points' beside them if there is room.
    """
    blocks = "█" * SHADES
    if capabilities.colors == "none" or capabilities.glyphs == "ascii":
        blocks = region_glyphs(capabilities)
    words = ramp.words()
    width = SHADES + sum(len(word) + 2 for word in words)
    both = map and not by_color(capabilities) and width + SHADES <= room
    gap = " " if width <= room else ""
    text = Text()
    for shade, point in enumerate(point_glyphs(capabilities)):
        if map:
            text.append(blocks[shade], shade_style(shade, capabilities, dark=dark, region=True))
        if both or not map:
            text.append(point, shade_style(shade, capabilities, dark=dark))
        if shade < SHADES - 1:
            text.append(f"{gap}{words[shade]}{gap}")
    return text
