"""Curves over epochs, as a widget."""

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.app.charts.axes import Axis
from tui.app.charts.data import Curves
from tui.app.charts.grid import CellGrid
from tui.app.charts.line_picture import BEST_SIGN, CURSOR_SIGN, line_picture
from tui.app.charts.lines import Plane
from tui.app.charts.terminal import capabilities_of, class_style, glyphs_of

RUN_CLASSES = {"c": 1, "d": 3, "e": 0, "f": 7}
"""Compared runs from the third on have colours of classes; the first two have the theme's."""

_UNDER = {BEST_SIGN: "best", CURSOR_SIGN: "cursor"}


class LineChart(Widget):
    """Shows `Curves`; drawn only when they, the size or the glyphs change, and coloured by the theme.

    The y axis keeps still while the values fit it and no more or less of the run is looked at; `show(None)` forgets it.
    """

    class Pointed(Message):
        """Somebody clicked on an epoch."""

        def __init__(self, epoch: float) -> None:
            super().__init__()
            self.epoch = epoch

    class Wheeled(Message):
        """The wheel was turned: +1 towards the chart, -1 away from it."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    ALLOW_SELECT: ClassVar[bool] = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "linechart--train",
        "linechart--validation",
        "linechart--train-name",
        "linechart--validation-name",
        "linechart--axis",
        "linechart--tick",
        "linechart--train-faint",
        "linechart--validation-faint",
        "linechart--best",
        "linechart--best-under",
        "linechart--cursor",
        "linechart--cursor-under",
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
        & > .linechart--train-faint { color: $foreground 35%; }
        & > .linechart--validation-faint { color: $accent 35%; }
        & > .linechart--a { color: $foreground; }
        & > .linechart--a-name { color: $foreground; text-style: bold; }
        & > .linechart--a-faint { color: $foreground 60%; }
        & > .linechart--b { color: $accent; }
        & > .linechart--b-name { color: $accent; text-style: bold; }
        & > .linechart--b-faint { color: $accent 60%; }
        & > .linechart--axis { color: $foreground 22%; }
        & > .linechart--tick { color: $text-muted; }
        & > .linechart--best { color: $text-muted; }
        & > .linechart--best-under { background: $foreground 15%; }
        & > .linechart--cursor { color: $accent; }
        & > .linechart--cursor-under { background: $accent 30%; }
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
        self._plane: Plane | None = None
        self._strips: list[Strip] = []
        self._styles: dict[str, Style] = {}

    def show(self, curves: Curves | None) -> None:
        """Show other curves, or nothing."""
        if curves is self._curves:
            return
        if _span(curves) != _span(self._curves):
            self._y_axis = None
        self._curves = curves
        if curves is None:
            self._y_axis = None
        self.refresh()

    @property
    def columns(self) -> int:
        """The cells that the run's epochs are drawn on."""
        return self._plane.columns if self._plane is not None else max(self.content_size.width, 1)

    def on_click(self, event: events.Click) -> None:
        """The epoch under the pointer is meant."""
        plane = self._plane
        if plane is not None and 0 <= event.x - plane.left < plane.columns:
            share = (event.x - plane.left) / max(plane.columns - 1, 1)
            self.post_message(self.Pointed(plane.x_axis.low + share * (plane.x_axis.high - plane.x_axis.low)))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel zooms."""
        event.stop()
        self.post_message(self.Wheeled(-1))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel zooms."""
        event.stop()
        self.post_message(self.Wheeled(+1))

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
            self._grid, self._plane = CellGrid(*size), None
            return
        glyphs = glyphs_of(self)
        # In ASCII the two curves are different characters already.
        dashed = capabilities.colors == "none" and glyphs.mode != "ascii"
        picture = line_picture(self._curves, size.width, size.height, glyphs, self._y_axis, dashed)
        self._grid, self._y_axis, self._plane = picture.grid, picture.y_axis, picture.plane

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
        if role[-1] in _UNDER:
            if capabilities_of(self).colors == "none":
                return self._style(role[:-1]) + Style(reverse=role[-1] == CURSOR_SIGN or None)
            over = self.get_component_styles(f"linechart--{_UNDER[role[-1]]}-under").background
            return self._style(role[:-1]) + Style(bgcolor=(self.background_colors[1] + over).rich_color)
        run, _, look = role.partition("-")
        # Not said rather than False: styles that are equal are sent as one.
        looks = Style(bold=look in ("name", "bold") or None, dim=(look == "faint" and self._few_colors) or None)
        if run in RUN_CLASSES:
            return self.rich_style + class_style(self, RUN_CLASSES[run]) + looks + Style(dim=look == "faint" or None)
        name = run if look == "bold" else role
        return self.get_component_rich_style(f"linechart--{name}") + looks

    @property
    def _few_colors(self) -> bool:
        return capabilities_of(self).colors in ("16", "none")


def _span(curves: Curves | None) -> float | None:
    """How many epochs are seen, rounded; None for the whole run."""
    if curves is None or curves.window is None:
        return None
    return round(curves.window[1] - curves.window[0], 6)
