"""The decision map: what the network answers everywhere in the plane of two features."""

from typing import ClassVar

import numpy as np
from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.app.charts.data import RegionData
from tui.app.charts.regions import Keys, RegionPaint, cell_keys, cell_look, runs
from tui.app.charts.terminal import capabilities_of


class RegionMap(Widget):
    """Shows a `RegionData`, as half-blocks where the terminal has colours and as glyphs where it has not."""

    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = """
    RegionMap {
        width: 1fr;
        height: 1fr;
        background: $background;
    }
    """

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes, disabled=disabled)
        self._data: RegionData | None = None
        self._shown: RegionData | None = None
        self._keys: Keys | None = None
        self._strips: list[Strip] = []
        self._painted: RegionPaint | None = None

    @property
    def grid_size(self) -> tuple[int, int]:
        """(columns, rows) of the map that fits the widget: two rows a cell where half-blocks are drawn."""
        return self._paint().grid_size(*self.content_size)

    def show(self, data: RegionData | None) -> None:
        """Show another map, or nothing. Only the rows that look different are sent to the terminal."""
        if data is self._data:
            return
        self._data = data
        if not self.is_mounted or not self.content_size.area:
            return
        changed = self._update()
        regions = [Region(0, start, self.content_size.width, end - start) for start, end in _stretches(changed)]
        if regions:
            self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        """One row of the map."""
        # The first row asks whether theme or glyphs have changed: a change of these repaints all rows.
        if self._keys is None or self._keys.shape[::-1] != self.content_size or (y == 0 and self._stale()):
            self._update()
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.content_size.width, self.rich_style)

    def _paint(self) -> RegionPaint:
        background = self.background_colors[1]
        return RegionPaint(
            capabilities_of(self),
            (background.r, background.g, background.b),
            self.app.current_theme.dark,
            self._data.class_names if self._data is not None else (),
            self._data is not None and self._data.ramp is not None,
        )

    def _stale(self) -> bool:
        return self._shown is not self._data or self._painted != self._paint()

    def _update(self) -> list[int]:
        """Bring the strips up to date; the rows that are new."""
        width, height = self.content_size
        paint = self._paint()
        if self._data is None:
            keys = np.full((height, width), -1, dtype=np.int64)
        else:
            keys = cell_keys(self._data, width, height, paint)
        known = self._keys is not None and self._keys.shape == keys.shape and self._painted == paint
        previous = self._keys if known else None
        strips = self._strips if known else [Strip.blank(width)] * height
        changed = [y for y in range(height) if previous is None or not np.array_equal(previous[y], keys[y])]
        for y in changed:
            strips[y] = self._strip(keys[y], paint)
        self._keys, self._strips, self._painted, self._shown = keys, strips, paint, self._data
        return changed

    def _strip(self, keys: Keys, paint: RegionPaint) -> Strip:
        if self._data is None:
            return Strip.blank(keys.size, self.rich_style)
        segments = []
        for key, length in runs(keys):
            character, style = cell_look(key, paint)
            segments.append(Segment(character * length, style))
        return Strip(segments, keys.size)


def _stretches(rows: list[int]) -> list[tuple[int, int]]:
    """Ascending row numbers as (start, end) of unbroken stretches."""
    stretches: list[tuple[int, int]] = []
    for row in rows:
        if stretches and stretches[-1][1] == row:
            stretches[-1] = (stretches[-1][0], row + 1)
        else:
            stretches.append((row, row + 1))
    return stretches
