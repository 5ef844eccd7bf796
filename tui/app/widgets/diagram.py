"""The network as a picture: at most six nodes a layer, the strongest weights between them."""

from itertools import groupby

import numpy as np
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from mlcore.layers import Linear, Sequential
from tui.app.glyphs import GlyphSet
from tui.app.same import Same

NODES = 6
STRONGEST = 0.3
"""Share of the edges between two shown layers that are drawn."""
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


class Diagram(Widget):
    """Nodes and edges; solid for positive weights, dotted for negative ones."""

    COMPONENT_CLASSES = {"diagram--edge", "diagram--node"}
    DEFAULT_CSS = """
    Diagram {
        width: 1fr;
        height: 1fr;
        & > .diagram--edge { color: $text-muted; }
        & > .diagram--node { color: $foreground; text-style: bold; }
    }
    """

    _network: Sequential | None = None
    _drawn: tuple[object, list[str]] = (None, [])

    def show(self, network: Sequential | None) -> None:
        if network is not self._network:
            self._network = network
            self.refresh()

    def render_line(self, y: int) -> Strip:
        key = (Same(self._network), self.size)
        glyphs: GlyphSet = self.app.glyphs  # type: ignore[attr-defined]
        if self._drawn[0] != key:
            lines = picture(self._network, self.size.width, self.size.height, glyphs) if self._network else []
            self._drawn = (key, lines)
        lines = self._drawn[1]
        if y >= len(lines):
            return Strip.blank(self.size.width, self.rich_style)
        edge = self.get_component_rich_style("diagram--edge")
        node = self.get_component_rich_style("diagram--node")
        if y == len(lines) - 1:
            return Strip([Segment(lines[y], edge)])
        mark = node_mark(glyphs)
        # A style costs twenty bytes over the line: one for each run of characters, not for each character.
        runs = groupby(lines[y], key=lambda character: character == mark)
        return Strip([Segment("".join(run), node if is_node else edge) for is_node, run in runs])


def node_mark(glyphs: GlyphSet) -> str:
    return "O" if glyphs.mode == "ascii" else glyphs.running


def picture(network: Sequential, width: int, height: int, glyphs: GlyphSet) -> list[str]:
    """``height`` rows of ``width`` characters; the last one says how many units each layer has."""
    weights = [layer.weight.data for layer in network if isinstance(layer, Linear)]
    sizes = [weights[0].shape[1], *(W.shape[0] for W in weights)]
    rows = height - 1
    if rows < 2 or width < 4 * len(sizes):
        return []
    columns = [round(k * (width - 1) / (len(sizes) - 1)) for k in range(len(sizes))]
    shown = [_chosen(size) for size in sizes]
    places = [[_place(n, len(units), rows) for n in range(len(units))] for units in shown]
    canvas = _Canvas(width, rows, braille=glyphs.mode == "braille")
    for k, W in enumerate(weights):
        part = W[np.ix_(shown[k + 1], shown[k])]
        least = np.quantile(np.abs(part), 1 - STRONGEST) if part.size > 4 else 0.0
        for to, from_ in np.argwhere((np.abs(part) >= least) & (part != 0)):
            canvas.line(columns[k], places[k][from_], columns[k + 1], places[k + 1][to], dotted=part[to, from_] < 0)
    lines = canvas.rows()
    mark = node_mark(glyphs)
    for k, units in enumerate(shown):
        for n in range(len(units)):
            y, x = places[k][n], columns[k]
            lines[y] = lines[y][:x] + mark + lines[y][x + 1 :]
    foot = [" "] * width
    for k, size in enumerate(sizes):
        label = f"{size} in" if k == 0 else (f"{size} out" if k == len(sizes) - 1 else f"{size}")
        start = min(max(0, columns[k] - len(label) // 2), width - len(label))
        foot[start : start + len(label)] = label
    return [*lines, "".join(foot)]


def _chosen(size: int) -> list[int]:
    """The units that are shown: all, or six spread over the layer."""
    if size <= NODES:
        return list(range(size))
    return [round(n * (size - 1) / (NODES - 1)) for n in range(NODES)]


def _place(n: int, count: int, rows: int) -> int:
    return round((n + 0.5) * rows / count - 0.5)


class _Canvas:
    """Two by four dots a cell in braille, else one character a cell."""

    def __init__(self, width: int, height: int, *, braille: bool) -> None:
        self.across, self.down = (2, 4) if braille else (1, 1)
        self.dots = np.zeros((height * self.down, width * self.across), dtype=bool)

    def line(self, x0: int, y0: int, x1: int, y1: int, *, dotted: bool) -> None:
        ax, ay = x0 * self.across + self.across // 2, y0 * self.down + self.down // 2
        bx, by = x1 * self.across + self.across // 2, y1 * self.down + self.down // 2
        steps = max(abs(bx - ax), abs(by - ay))
        t = np.arange(steps + 1)
        if dotted:
            t = t[t % 4 == 0]
        x = np.rint(ax + (bx - ax) * t / max(1, steps)).astype(int)
        y = np.rint(ay + (by - ay) * t / max(1, steps)).astype(int)
        self.dots[np.clip(y, 0, len(self.dots) - 1), np.clip(x, 0, self.dots.shape[1] - 1)] = True

    def rows(self) -> list[str]:
        if self.down == 1:
            return ["".join("." if dot else " " for dot in row) for row in self.dots]
        height, width = len(self.dots) // 4, self.dots.shape[1] // 2
        codes = np.zeros((height, width), dtype=int)
        for dy in range(4):
            for dx in range(2):
                codes |= np.where(self.dots[dy::4, dx::2], _DOTS[dy][dx], 0)
        return ["".join(chr(0x2800 + code) if code else " " for code in row) for row in codes]
