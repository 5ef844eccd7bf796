"""The plane one draws points on, with the cursor that draws."""

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.app.charts.grid import CellGrid
from tui.app.charts.terminal import class_style, glyphs_of
from tui.app.drawing import CLASSES, Drawing, Plane
from tui.app.glyphs import GlyphSet, class_glyph

NAMES = tuple(str(label) for label in range(1, CLASSES + 1))


class DrawPlane(Widget, can_focus=True):
    """Shows a `Drawing`: each point as the digit of its class, the last one on top."""

    ALLOW_SELECT: ClassVar[bool] = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"draw--axis", "draw--cursor"}
    DEFAULT_CSS = """
    DrawPlane {
        width: 1fr;
        height: 1fr;
        background: $background;
        & > .draw--axis { color: $foreground 22%; }
        & > .draw--cursor { color: $accent; text-style: bold reverse; }
    }
    """

    class Pointed(Message):
        """A click on a place."""

        def __init__(self, x: float, y: float) -> None:
            super().__init__()
            self.x, self.y = x, y

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._drawing = Drawing()
        self._grid = CellGrid(0, 0)
        self._grid_of: object = None

    @property
    def plane(self) -> Plane:
        """The cells that the plane has here."""
        width, height = self.content_size
        return Plane(max(2, width), max(2, height))

    def show(self, drawing: Drawing) -> None:
        """Show other points; only the rows that change are drawn again."""
        before, self._drawing = self._drawing, drawing
        if not self.is_mounted or not self.content_size.area:
            return
        plane = self.plane
        rows = {plane.cell(state.x, state.y)[1] for state in (before, drawing)}
        rows |= {plane.cell(dot.x, dot.y)[1] for dot in set(before.dots) ^ set(drawing.dots)}
        self.refresh(*(Region(0, row, self.content_size.width, 1) for row in sorted(rows)))

    def render_line(self, y: int) -> Strip:
        """One row of the plane."""
        wanted = (self._drawing, self.content_size, glyphs_of(self))
        if wanted != self._grid_of:
            self._grid_of = wanted
            self._grid = picture(self._drawing, self.plane, glyphs_of(self))
        if y >= self._grid.height:
            return Strip.blank(self.content_size.width, self.rich_style)
        segments = [Segment(text, self._style(role)) for text, role in self._grid.runs(y)]
        return Strip(segments).adjust_cell_length(self.content_size.width, self.rich_style)

    def _style(self, role: str) -> Style:
        if role.startswith("class-"):
            return self.rich_style + class_style(self, int(role.removeprefix("class-")))
        return self.get_component_rich_style(f"draw--{role}") if role else self.rich_style

    def on_click(self, event: events.Click) -> None:
        self.post_message(self.Pointed(*self.plane.place(event.x, event.y)))


def picture(drawing: Drawing, plane: Plane, glyphs: GlyphSet) -> CellGrid:
    """The plane's axes, its points, and the cursor: a cross where there is no point under it."""
    grid = CellGrid(plane.columns, plane.rows)
    middle, centre = plane.cell(0.0, 0.0)
    for column in range(plane.columns):
        grid.put(column, centre, glyphs.dot, "axis")
    for row in range(plane.rows):
        grid.put(middle, row, glyphs.dot, "axis")
    here = "+"
    cursor = plane.cell(drawing.x, drawing.y)
    for dot in drawing.dots:
        cell, glyph = plane.cell(dot.x, dot.y), class_glyph(dot.label - 1, NAMES, glyphs)
        grid.put(*cell, glyph, f"class-{dot.label - 1}")
        here = glyph if cell == cursor else here
    grid.put(*cursor, here, "cursor")
    return grid
