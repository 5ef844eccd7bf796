"""A scatter one goes into: zoom, pan, and a cursor that names the nearest point."""

from collections.abc import Sequence

from textual import events
from textual.actions import SkipAction
from textual.binding import Binding
from textual.geometry import Region
from textual.message import Message

from tui.app.actions import bindings
from tui.app.charts.data import Points
from tui.app.charts.scatter import Scatter
from tui.app.charts.viewport import Viewport, moved, pointed, stepped_out, whole, zoomed

FAR = 5
"""Cells that shift and an arrow go."""


class ScatterCursor(Scatter, can_focus=True):
    """A `Scatter` that takes keys. Its view goes back to the whole when other points are shown."""

    SCOPE = "chart"
    BINDINGS = [
        *bindings("chart"),
        Binding("escape", "chart_out", show=False, id="app.back"),
        *(
            Binding(f"shift+{arrow}", f"far({right}, {up})", show=False)
            for arrow, right, up in (("left", -FAR, 0), ("right", FAR, 0), ("up", 0, FAR), ("down", 0, -FAR))
        ),
    ]

    class Pointed(Message):
        """Another point is the nearest to the cursor, or another part of the plane is seen.

        Attributes:
            scatter: The widget.
            point: The point's number among those shown; None without a cursor, and where no point is seen.
        """

        def __init__(self, scatter: "ScatterCursor", point: int | None) -> None:
            super().__init__()
            self.scatter = scatter
            self.point = point

        @property
        def control(self) -> "ScatterCursor":
            """The widget, for `on(ScatterCursor.Pointed, selector)`."""
            return self.scatter

    @property
    def point(self) -> int | None:
        """The number of the point nearest to the cursor; None without a cursor, and where no point is seen."""
        return self._picture.nearest

    def show(
        self, points: Points | None, class_names: Sequence[str] = (), x_label: str = "", y_label: str = ""
    ) -> None:
        """Show other points, all of them; a cursor goes back to the middle."""
        self.view = Viewport(cursor=(0.5, 0.5) if self.view.cursor is not None else None)
        super().show(points, class_names, x_label, y_label)
        self.post_message(self.Pointed(self, self.point))

    def _look(self, view: Viewport) -> None:
        """Look elsewhere; only the rows that differ are drawn again."""
        if view == self.view:
            return
        before = self._picture.grid
        self.view = view
        self._draw()
        after = self._picture.grid
        if before.height != after.height:
            self.refresh()
        else:
            rows = [row for row in range(after.height) if list(before.runs(row)) != list(after.runs(row))]
            if rows:
                self.refresh(*(Region(0, row, self.content_size.width, 1) for row in rows))
        self.post_message(self.Pointed(self, self.point))

    def _go(self, right: int, up: int) -> None:
        self._look(moved(self.view, right, up, self._picture.columns, self._picture.rows))

    def action_chart_left(self) -> None:
        self._go(-1, 0)

    def action_chart_right(self) -> None:
        self._go(+1, 0)

    def action_chart_up(self) -> None:
        self._go(0, +1)

    def action_chart_down(self) -> None:
        self._go(0, -1)

    def action_far(self, right: int, up: int) -> None:
        """A few cells at once."""
        self._go(right, up)

    def action_chart_zoom_in(self) -> None:
        self._look(zoomed(self.view, +1))

    def action_chart_zoom_out(self) -> None:
        self._look(zoomed(self.view, -1))

    def action_chart_whole(self) -> None:
        self._look(whole(self.view))

    def action_chart_out(self) -> None:
        """Out one step: the cursor, then the zoom, then what the application does."""
        view = stepped_out(self.view)
        if view == self.view:
            raise SkipAction
        self._look(view)

    def on_click(self, event: events.Click) -> None:
        """The cursor goes where one clicks."""
        plot = self._picture
        column, row = event.x - plot.left, event.y
        if 0 <= column < plot.columns and 0 <= row < plot.rows:
            self._look(pointed(self.view, column, row, plot.columns, plot.rows))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel zooms."""
        event.stop()
        self.action_chart_zoom_out()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel zooms."""
        event.stop()
        self.action_chart_zoom_in()
