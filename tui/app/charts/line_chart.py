"""Curves over epochs, as a widget."""

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from tui.app.charts.axes import Axis
from tui.app.charts.data import Curves
from tui.app.charts.grid import CellGrid
from tui.app.charts.line_picture import line_picture
from tui.app.charts.terminal import capabilities_of, class_style, glyphs_of

RUN_CLASSES = {"c": 1, "d": 3, "e": 0, "f": 7}
"""Compared runs from the third on have colours of classes; the first two have the theme's."""


class LineChart(Widget):
    """Shows `Curves`; drawn only when they, the size or the glyphs change, and coloured by the theme.

    The y axis keeps still while the values fit it; `show(None)` forgets it.
    """

    ALLOW_SELECT: ClassVar[bool] = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "linechart--train",
        "linechart--validation",
        "linechart--train-name",
        "linechart--validation-name",
        "linechart--axis",
        "linechart--tick",
        "linechart--best",
        "linechart--diverged",
        *(f"linechart--{role}{look}" for role in "ab" for look in ("", "-name", "-faint")),
    }
    DEFAULT_CSS = """
    LineChart {
        width: 1fr;
        height: 1fr;
        & > .linechart--train { color: $foreground; }
        & > .linechart--validation { color: $accent; }
        & > .linechart--train-name { color: $foreground; text-style: bold; }
        & > .linechart--validation-name { color: $accent; text-style: bold; }
        & > .linechart--a { color: $foreground; }
        & > .linechart--a-name { color: $foreground; text-style: bold; }
        & > .linechart--a-faint { color: $foreground 60%; }
        & > .linechart--b { color: $accent; }
        & > .linechart--b-name { color: $accent; text-style: bold; }
        & > .linechart--b-faint { color: $accent 60%; }
        & > .linechart--axis { color: $foreground 22%; }
        & > .linechart--tick { color: $text-muted; }
        & > .linechart--best { color: $text-muted; }
        & > .linechart--diverged { color: $error; text-style: bold; }
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
        self._curves: Curves | None = None
        self._grid = CellGrid(0, 0)
        self._drawn: tuple[object, ...] = ()
        self._y_axis: Axis | None = None
        self._strips: list[Strip] = []
        self._styles: dict[str, Style] = {}

    def show(self, curves: Curves | None) -> None:
        """Show other curves, or nothing."""
        if curves is self._curves:
            return
        self._curves = curves
        if curves is None:
            self._y_axis = None
        self.refresh()

    def notify_style_update(self) -> None:
        """Take the theme's colours again at the next paint."""
        super().notify_style_update()
        self._strips, self._styles = [], {}

    def render_line(self, y: int) -> Strip:
        """One row of the chart."""
        self._draw()
        if not self._strips:
            self._strips = [self._strip(row) for row in range(self._grid.height)]
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.content_size.width, self.rich_style)

    def _draw(self) -> None:
        size = self.content_size
        capabilities = capabilities_of(self)
        wanted = (self._curves, size, capabilities)
        if wanted == self._drawn:
            return
        self._drawn = wanted
        self._strips = []
        if self._curves is None:
            self._grid = CellGrid(*size)
            return
        glyphs = glyphs_of(self)
        # In ASCII the two curves are different characters already.
        dashed = capabilities.colors == "none" and glyphs.mode != "ascii"
        picture = line_picture(self._curves, size.width, size.height, glyphs, self._y_axis, dashed)
        self._grid, self._y_axis = picture.grid, picture.y_axis

    def _strip(self, row: int) -> Strip:
        segments = []
        for text, role in self._grid.runs(row):
            if role not in self._styles:
                self._styles[role] = self._style(role)
            segments.append(Segment(text, self._styles[role]))
        return Strip(segments, self._grid.width)

    def _style(self, role: str) -> Style:
        if not role:
            return self.rich_style
        run, _, look = role.partition("-")
        if run not in RUN_CLASSES:
            return self.get_component_rich_style(f"linechart--{role}")
        style = self.rich_style + class_style(self, RUN_CLASSES[run])
        return style + Style(bold=look == "name", dim=look == "faint" or None)
