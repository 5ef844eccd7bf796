"""The decision map as runs of equal cells: from classes and confidence to characters and styles."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.style import Style

from tui.app.capabilities import Capabilities, Colors
from tui.app.charts.colors import BLACK, RGB, WHITE, blend, class_rgb, eight_bit_rgb, legible
from tui.app.charts.data import RegionData
from tui.app.charts.ramp import point_glyphs, region_glyphs, shade_on, shade_rgb
from tui.app.charts.thinning import place, thin
from tui.app.glyphs import GLYPHS, class_glyph, class_region, class_style

Keys = NDArray[np.int64]

# How many levels of confidence each kind of terminal can tell apart.
_LEVELS: dict[Colors, int] = {"truecolor": 8, "256": 3, "16": 2, "none": 2}
# Of truecolor too where the line is narrow: every further level ends a run of equal cells.
_FEW_LEVELS = 3
_WEAKEST, _STRONGEST = 0.14, 0.60
# Below this confidence a map of glyphs stays blank, which draws the boundary.
_UNSURE = 0.25
_POINT_SHARE = 0.12
# Four shadings tell four classes apart without a colour and without a letter.
_SHADINGS = " ░▒▓"
# A key holds the point's code in its lowest bits, then both halves of the cell.
_POINT_BITS, _HALF_BITS = 11, 13


@dataclass(frozen=True)
class RegionPaint:
    """All that decides how a cell looks, beside its key.

    Attributes:
        capabilities: What the terminal can show.
        background: What regions are blended into.
        dark: Whether the theme is dark: points are then lightened.
        class_names: The names of all classes.
        shaded: Whether there are shades of a ramp instead of classes.
    """

    capabilities: Capabilities
    background: RGB
    dark: bool = True
    class_names: tuple[str, ...] = ()
    shaded: bool = False

    @property
    def half_blocks(self) -> bool:
        """Whether a cell shows two rows of the map, in two colours."""
        return self.capabilities.glyphs != "ascii" and self.capabilities.colors != "none"

    @property
    def levels(self) -> int:
        """How many levels of confidence there are; maps of glyphs know sure and unsure."""
        levels = _LEVELS[self.capabilities.colors] if self.half_blocks else 2
        return min(levels, _FEW_LEVELS) if self.capabilities.low_bandwidth else levels

    def grid_size(self, columns: int, rows: int) -> tuple[int, int]:
        """(columns, rows) of the map that fills so many cells of the terminal."""
        return columns, rows * 2 if self.half_blocks else rows


def cell_keys(data: RegionData, columns: int, rows: int, paint: RegionPaint) -> Keys:
    """(rows, columns) one number a cell of the terminal, equal where two cells look the same.

    A map of another size is sampled at the nearest cells.
    """
    halves = _half_codes(data, *paint.grid_size(columns, rows), paint)
    if paint.half_blocks:
        top, bottom = halves[0::2].copy(), halves[1::2].copy()
    else:
        top, bottom = halves, halves.copy()
    point = np.zeros((rows, columns), dtype=np.int64)
    if data.points is not None and data.points.x.size:
        index, column, row = place(data.points, data.x_range, data.y_range, columns, 2 * rows)
        chosen = thin(
            index,
            (row // 2) * columns + column,
            data.points.wrong,
            max(1, int(_POINT_SHARE * columns * rows)),
        )
        index, column, row = index[chosen], column[chosen], row[chosen]
        cell_row = row // 2
        labels = np.asarray(data.points.labels)[index].astype(np.int64) % (2 ** (_POINT_BITS - 1))
        point[cell_row, column] = 2 + labels
        if data.points.wrong is not None:
            bad = np.asarray(data.points.wrong, dtype=bool)[index]
            point[cell_row[bad], column[bad]] = 1
        # A point's cell has one background: the half that the point lies in.
        own = np.where(row % 2 == 0, top[cell_row, column], bottom[cell_row, column])
        top[cell_row, column] = own
        bottom[cell_row, column] = own
    return (((top << _HALF_BITS) | bottom) << _POINT_BITS) | point


def runs(keys: Keys) -> Iterator[tuple[int, int]]:
    """The (key, length) of each stretch of equal cells in one row of keys."""
    starts = np.flatnonzero(np.diff(keys)) + 1
    edges = [0, *starts.tolist(), keys.size]
    for start, end in pairwise(edges):
        if end > start:
            yield int(keys[start]), end - start


@lru_cache(maxsize=8192)
def cell_look(key: int, paint: RegionPaint) -> tuple[str, Style]:
    """The character and the style of a cell."""
    point = key & (2**_POINT_BITS - 1)
    bottom = (key >> _POINT_BITS) & (2**_HALF_BITS - 1)
    top = key >> (_POINT_BITS + _HALF_BITS)
    levels = paint.levels
    top_half: tuple[int, int] = divmod(top, levels)
    bottom_half: tuple[int, int] = divmod(bottom, levels)
    if point:
        return _point_look(point, top_half, paint)
    if not paint.half_blocks:
        return _glyph_look(*top_half, paint)
    over, under = _region_rgb(*top_half, paint), _region_rgb(*bottom_half, paint)
    if paint.capabilities.colors == "16" and top_half == bottom_half and not top_half[1]:
        return "░", _style(class_rgb(top_half[0], "16"), paint.background)
    if over == under:
        # A blank needs one colour fewer than a half-block.
        return " ", _style(None, over)
    return "▀", _style(over, under)


def _half_codes(data: RegionData, columns: int, rows: int, paint: RegionPaint) -> Keys:
    """(rows, columns) class * levels + level, sampled from the data."""
    classes, confidence = np.asarray(data.classes), np.asarray(data.confidence, dtype=np.float64)
    if classes.size == 0:
        return np.zeros((rows, columns), dtype=np.int64)
    if classes.shape != (rows, columns):
        down = (np.arange(rows) * classes.shape[0]) // max(rows, 1)
        across = (np.arange(columns) * classes.shape[1]) // max(columns, 1)
        classes, confidence = classes[np.ix_(down, across)], confidence[np.ix_(down, across)]
    sure = np.clip(np.nan_to_num(confidence, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)
    levels = paint.levels
    if levels == 2:
        level = (sure >= _UNSURE).astype(np.int64)
    else:
        level = np.minimum((sure * levels).astype(np.int64), levels - 1)
    most = 2**_HALF_BITS // levels
    codes: Keys = (classes.astype(np.int64) % most) * levels + level
    return codes


def _region_rgb(k: int, level: int, paint: RegionPaint) -> RGB:
    """The colour of a half-block of class or shade `k`."""
    colors = paint.capabilities.colors
    if paint.shaded:
        return shade_rgb(k, colors, dark=paint.dark, region=True) if level else paint.background
    if colors == "256":
        return eight_bit_rgb(class_style(k).region[level])
    if colors == "16":
        return class_rgb(k, colors) if level else paint.background
    share = _WEAKEST + (_STRONGEST - _WEAKEST) * level / (paint.levels - 1)
    return blend(paint.background, class_rgb(k), share)


def _glyph_look(k: int, level: int, paint: RegionPaint) -> tuple[str, Style]:
    """A cell of a map without blocks of colour: the class's glyph, in its colour where there is one."""
    if paint.shaded:
        return (region_glyphs(paint.capabilities)[k] if level else " "), _style(None, paint.background)
    if paint.capabilities.colors != "none":
        glyph = class_region(k, paint.class_names) if level else " "
        return glyph, _style(legible(class_rgb(k, paint.capabilities.colors), paint.background), paint.background)
    if paint.capabilities.glyphs != "ascii" and 0 < len(paint.class_names) <= len(_SHADINGS):
        return _SHADINGS[k % len(_SHADINGS)], _style(None, paint.background)
    return (class_region(k, paint.class_names) if level else " "), _style(None, paint.background)


def _point_look(point: int, region: tuple[int, int], paint: RegionPaint) -> tuple[str, Style]:
    glyphs = GLYPHS[paint.capabilities.glyphs]
    colors = paint.capabilities.colors
    under = _region_rgb(*region, paint) if paint.half_blocks else paint.background
    strongest = WHITE if paint.dark else BLACK
    wrong = point == 1
    label = point - 2
    glyph = glyphs.point_wrong if wrong else _point_glyph(label, paint)
    if colors == "none":
        return glyph, _style(None, under, bold=True)
    if paint.shaded:
        by_itself = colors == "16" or not paint.half_blocks
        color = legible(strongest, under) if by_itself else shade_on(label, under, dark=paint.dark)
        return glyph, _style(color, under)
    if colors == "16" and paint.half_blocks and region[1]:
        # Each terminal has its own sixteen colours; the ones that the table means are the best guess.
        return glyph, _style(legible(strongest, class_rgb(region[0])), under, bold=wrong)
    plain = wrong or not paint.dark or colors == "16"
    color = strongest if plain else blend(class_rgb(label), WHITE, 0.5)
    return glyph, _style(legible(color, under), under, bold=wrong)


def _point_glyph(label: int, paint: RegionPaint) -> str:
    if paint.shaded:
        return point_glyphs(paint.capabilities)[label]
    return class_glyph(label, paint.class_names, GLYPHS[paint.capabilities.glyphs])


def _style(color: RGB | None, background: RGB, bold: bool | None = None) -> Style:
    return Style(
        color=None if color is None else Color.from_rgb(*color),
        bgcolor=Color.from_rgb(*background),
        bold=bold,
    )
