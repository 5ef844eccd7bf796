"""Every two of a few features at a glance: scatters below the diagonal, spreads on it, correlations above."""

import math
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from tui.app.charts.grid import CellGrid
from tui.app.charts.ramp import by_color, point_glyphs, shade_style
from tui.app.charts.terminal import capabilities_of, class_style, glyphs_of
from tui.app.fitting import cut_middle
from tui.app.glyphs import class_glyph
from tui.app.services.pairs import PairCells, PairRequest, features_for
from tui.app.widgets.feature_table import histogram
from tui.app.widgets.panel import Panel
from tui.lab.build import Prepared, feature_names

LEAST_COLUMNS, LEAST_ROWS = 10, 5
"""Cells of the smallest picture of a pair that shows anything, with the blank beside and the line under it."""
MOST, FEWEST = 7, 3
"""Features in the matrix; of two the scatter beside it shows the only pair."""


class PairMatrix(Widget):
    ALLOW_SELECT: ClassVar[bool] = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"pairs--name", "pairs--here", "pairs--quiet"}
    DEFAULT_CSS = """
    PairMatrix {
        width: 1fr;
        height: 1fr;
        & > .pairs--name { color: $foreground; text-style: bold; }
        & > .pairs--here { color: $accent; text-style: bold; }
        & > .pairs--quiet { color: $text-muted; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._cells: PairCells | None = None
        self._shown = (0, 1)
        self._drawn: object = None
        self._grid = CellGrid(0, 0)

    def show(self, cells: PairCells | None, shown: tuple[int, int]) -> None:
        """``shown`` are the features that the large scatter shows: their names stand out."""
        if cells is not self._cells or shown != self._shown:
            self._cells, self._shown = cells, shown
            self.refresh()

    def request(self, prepared: Prepared, shown: tuple[int, int], varied: tuple[int, ...]) -> PairRequest | None:
        """What would fill this widget; None where it has no room, or there are too few features."""
        width, height = self.content_size
        most = min(MOST, len(varied), (width + 1) // LEAST_COLUMNS, height // LEAST_ROWS)
        if most < FEWEST:
            return None
        return PairRequest(prepared, features_for(shown, varied, most), (width + 1) // most - 1, height // most - 1)

    def render_line(self, y: int) -> Strip:
        key = (self._cells, self._shown, self.content_size, capabilities_of(self))
        if key != self._drawn:
            self._drawn, self._grid = key, self._picture()
        if y >= self._grid.height:
            return Strip.blank(self.content_size.width, self.rich_style)
        return Strip([Segment(text, self._style(role)) for text, role in self._grid.runs(y)], self._grid.width)

    def _picture(self) -> CellGrid:
        grid, found = CellGrid(*self.content_size), self._cells
        if found is None:
            return grid
        request, glyphs = found.request, glyphs_of(self)
        columns, rows = request.columns, request.rows
        names = feature_names(request.prepared)
        points = point_glyphs(capabilities_of(self)) if found.shaded else ""
        for i, feature in enumerate(request.features):
            top, left = i * (rows + 1), i * (columns + 1)
            name = "".join(letter if cell_len(letter) == 1 else glyphs.dot for letter in names[feature])
            here = "here" if feature in self._shown else "name"
            grid.put(left, top, cut_middle(name, columns, glyphs.ellipsis).center(columns), here)
            grid.put(left, top + rows // 2 + 1, histogram(found.spread[i], glyphs), "quiet")
            for j in range(len(request.features)):
                if j < i:
                    self._put_pair(grid, found, (i, j), points)
                elif j > i and not math.isnan(found.correlation[i, j]):
                    words = f"{found.correlation[i, j]:+.2f}".center(columns)
                    grid.put(
                        j * (columns + 1),
                        top + rows // 2,
                        words,
                        "" if abs(found.correlation[i, j]) >= 0.5 else "quiet",
                    )
        return grid

    def _put_pair(self, grid: CellGrid, found: PairCells, pair: tuple[int, int], points: str) -> None:
        request, glyphs = found.request, glyphs_of(self)
        top, left = pair[0] * (request.rows + 1), pair[1] * (request.columns + 1)
        names = request.prepared.class_names
        for row, line in enumerate(found.marks[pair].tolist()):
            for column, k in enumerate(line):
                if k >= 0:
                    glyph = points[k] if found.shaded else class_glyph(k, names, glyphs)
                    grid.put(left + column, top + row, glyph, f"{'shade' if found.shaded else 'class'}-{k}")

    def _style(self, role: str) -> Style:
        kind, _, number = role.partition("-")
        if kind == "class":
            return self.rich_style + class_style(self, int(number))
        if kind == "shade":
            capabilities = capabilities_of(self)
            dark = self.app.current_theme.dark
            own = shade_style(int(number), capabilities, dark=dark) if by_color(capabilities) else Style.null()
            return self.rich_style + own
        return self.get_component_rich_style(f"pairs--{role}") if role else self.rich_style


class PairsPanel(Panel):
    """There from 160x44 on, where at least three features vary and the samples are no images."""

    def __init__(self) -> None:
        super().__init__(PairMatrix(), title="pairs", id="pairs")
        self.add_class("-extra")

    def show(self, cells: PairCells | None, shown: tuple[int, int]) -> None:
        matrix = self.query_one(PairMatrix)
        matrix.show(cells, shown)
        if cells is None:
            self.entitle("pairs", "")
            return
        several = len(cells.request.features)
        self.entitle(f"pairs of {several} features", "above: correlation")
