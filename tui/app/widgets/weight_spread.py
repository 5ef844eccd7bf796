"""A histogram of each layer's weights: as they were drawn, and as training has left them beside it."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from rich.text import Text
from textual.widget import Widget

from tui.app.charts.terminal import glyphs_of
from tui.app.fitting import cut, left
from tui.app.glyphs import GlyphSet
from tui.app.keyboard import keyboard_of
from tui.app.services.weight_bins import LayerBins, WeightBins
from tui.app.widgets.panel import Panel

MOST_ROWS, LEAST_ROWS = 5, 1
"""Rows of a layer's columns; beneath its title and above the ends of its range."""
GAP = 2
MOST_COLUMNS = 60


class WeightSpread(Widget):
    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = "WeightSpread { width: 1fr; height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._bins: WeightBins | None = None

    def show(self, bins: WeightBins | None) -> None:
        if bins is not self._bins:
            self._bins = bins
            self.refresh()

    def columns(self, *, side_by_side: bool) -> int:
        """How many parts a range is cut into: as many as fit, of two histograms as of one."""
        width = self.content_size.width
        return max(4, (width - GAP) // 2 if side_by_side else min(MOST_COLUMNS, width))

    def render(self) -> Text:
        text, found = Text(no_wrap=True, overflow="crop"), self._bins
        width, height = self.content_size
        if found is None or not found.layers or width < 12:
            return text
        glyphs = glyphs_of(self)
        rows = max(LEAST_ROWS, min(MOST_ROWS, height // len(found.layers) - 2))
        fitting = max(1, min(len(found.layers), height // (rows + 2)))
        if fitting < len(found.layers):
            fitting = max(1, (height - 1) // (rows + 2))
        for layer in found.layers[:fitting]:
            _draw(text, layer, found.request.bins, rows, glyphs)
        if fitting < len(found.layers):
            more = f"and {len(found.layers) - fitting} more with ‹app.expand›"
            text.append(keyboard_of(self).plain(more), "dim")
        return text


def _draw(text: Text, layer: LayerBins, columns: int, rows: int, glyphs: GlyphSet) -> None:
    sigma = "σ" if glyphs.mode != "ascii" else "sd"
    heads = [f"{layer.name}  {sigma} {layer.drawn_sd:.3f}"]
    if layer.trained is not None:
        heads.append(f"trained  {sigma} {layer.trained_sd:.3f}")
    text.append(
        "".join(left(cut(head, columns, glyphs.ellipsis), columns + GAP) for head in heads).rstrip(), "bold"
    ).append("\n")
    sides = [layer.drawn] if layer.trained is None else [layer.drawn, layer.trained]
    greatest = max(int(side.max(initial=0)) for side in sides) or 1
    pictures = [standing(side, greatest, rows, glyphs) for side in sides]
    for row in range(rows):
        text.append((" " * GAP).join(picture[row] for picture in pictures)).append("\n")
    low, high = f"{layer.low:.3g}", f"{layer.high:.3g}"
    ends = f"{low}{'0':^{max(1, columns - len(low) - len(high))}}{high}"
    text.append((" " * GAP).join(ends for _ in sides), "dim").append("\n")


def standing(counts: NDArray[np.integer], greatest: int, rows: int, glyphs: GlyphSet) -> list[str]:
    """Columns as high as they are full, over so many rows from the top down; what is not empty is seen."""
    steps = glyphs.spark or ".:|"
    levels = len(steps)
    heights = [0 if not n else max(1, round(int(n) / greatest * rows * levels)) for n in counts]
    lines = []
    for row in reversed(range(rows)):
        filled = [min(levels, max(0, height - row * levels)) for height in heights]
        lines.append("".join(steps[n - 1] if n else " " for n in filled))
    return lines


class SpreadPanel(Panel):
    """There from 160x44 on."""

    def __init__(self) -> None:
        super().__init__(WeightSpread(), title="weights", id="spread")
        self.add_class("-extra")

    def show(self, bins: WeightBins | None, words: str) -> None:
        self.query_one(WeightSpread).show(bins)
        self.entitle("weights as drawn", words)
