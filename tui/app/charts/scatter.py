"""Samples in the plane of two features, as a widget."""

from collections.abc import Sequence
from typing import ClassVar

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui.app.charts.colors import class_text_rgb, legible
from tui.app.charts.data import Points
from tui.app.charts.grid import CellGrid
from tui.app.charts.ramp import point_glyphs, shade_rgb
from tui.app.charts.scatter_picture import ScatterPicture, scatter_picture
from tui.app.charts.terminal import capabilities_of, glyphs_of
from tui.app.charts.viewport import Viewport


class Scatter(Widget):
    """Shows `Points`, each as its class's glyph in its class's colour (or in its shade); one a cell, to be legible."""

    ALLOW_SELECT: ClassVar[bool] = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"scatter--axis", "scatter--tick", "scatter--cursor"}
    DEFAULT_CSS = """
    Scatter {
        width: 1fr;
        height: 1fr;
        & > .scatter--axis { color: $foreground 22%; }
        & > .scatter--tick { color: $text-muted; }
        & > .scatter--cursor { color: $accent; text-style: bold; }
    }
    """

    axes: reactive[bool] = reactive(True)
    """Whether to draw axes; a small widget has none in any case."""

    class Drawn(Message):
        """How many points are seen has changed.

        Attributes:
            scatter: The widget.
            drawn: How many points are seen.
            total: How many there are.
        """

        def __init__(self, scatter: "Scatter", drawn: int, total: int) -> None:
            super().__init__()
            self.scatter = scatter
            self.drawn = drawn
            self.total = total

        @property
        def control(self) -> "Scatter":
            """The widget, for `on(Scatter.Drawn, selector)`."""
            return self.scatter

    def __init__(
        self,
        *,
        axes: bool = True,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes, disabled=disabled)
        self.set_reactive(Scatter.axes, axes)
        self._points: Points | None = None
        self._class_names: tuple[str, ...] = ()
        self._labels = ("", "")
        self.view = Viewport()
        """What part of the plane is seen, and the cursor in it."""
        self._picture = ScatterPicture(CellGrid(0, 0))
        self._made_of: tuple[object, ...] = ()
        self._told = (0, 0)
        self._strips: list[Strip] = []

    def show(
        self, points: Points | None, class_names: Sequence[str] = (), x_label: str = "", y_label: str = ""
    ) -> None:
        """Show other points, or nothing."""
        self._points = points
        self._class_names = tuple(class_names)
        self._labels = (x_label, y_label)
        self._draw()
        self.refresh()

    @property
    def shown_points(self) -> Points | None:
        """The points that it was given last."""
        return self._points

    def drawn_points(self) -> int:
        """How many points are seen, for "600 of 7,000"; 0 before the widget has a size."""
        return self._picture.drawn

    def on_resize(self) -> None:
        """Thin the points anew for the new size."""
        self._draw()

    def watch_axes(self) -> None:
        """Draw with or without axes."""
        self._draw()

    def notify_style_update(self) -> None:
        """Take the theme's colours again at the next paint."""
        super().notify_style_update()
        self._strips = []

    def render_line(self, y: int) -> Strip:
        """One row of the scatter."""
        self._draw()
        if not self._strips:
            self._strips = [self._strip(row) for row in range(self._picture.grid.height)]
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.content_size.width, self.rich_style)

    def _draw(self) -> None:
        """Bring the picture up to date, and say so where another number of points is seen."""
        if not self.is_mounted or not self.content_size.area:
            return
        width, height = self.content_size
        glyphs = glyphs_of(self)
        wanted = (
            self._points,
            self._class_names,
            self._labels,
            width,
            height,
            capabilities_of(self),
            self.axes,
            self.view,
        )
        if wanted == self._made_of:
            return
        self._made_of = wanted
        self._strips = []
        if self._points is None:
            self._picture = ScatterPicture(CellGrid(width, height))
        else:
            shades = point_glyphs(capabilities_of(self)) if self._points.shaded else ""
            names = self._class_names
            self._picture = scatter_picture(
                self._points, names, width, height, glyphs, self.axes, *self._labels, shades, self.view
            )
        total = 0 if self._points is None else len(self._points.x)
        if (self._picture.drawn, total) != self._told:
            self._told = (self._picture.drawn, total)
            self.post_message(self.Drawn(self, self._picture.drawn, total))

    def _strip(self, row: int) -> Strip:
        grid = self._picture.grid
        segments = [Segment(text, self._style(role)) for text, role in grid.runs(row)]
        return Strip(segments, grid.width)

    def _style(self, role: str) -> Style:
        if not role:
            return self.rich_style
        if role.endswith("!"):
            # Seen without colours too.
            return self._style(role.removesuffix("!")) + Style(bold=True, reverse=True)
        kind, _, number = role.partition("-")
        if kind not in ("class", "shade"):
            return self.get_component_rich_style(f"scatter--{role}")
        colors = capabilities_of(self).colors
        if colors == "none":
            return self.rich_style
        background = self.background_colors[1]
        under = (background.r, background.g, background.b)
        dark = self.app.current_theme.dark
        if kind == "class":
            rgb = class_text_rgb(int(number), colors, under)
        else:
            rgb = legible(shade_rgb(int(number), colors, dark=dark), under)
        return Style(color=Color.from_rgb(*rgb), bgcolor=Color.from_rgb(*under))
