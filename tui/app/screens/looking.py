"""A screen with curves: one view (window, crosshair, smoothing, scale) for all charts, and the keys that change it."""

from collections.abc import Callable
from dataclasses import replace

from textual.widget import Widget

from tui.app.charts.line_chart import LineChart
from tui.app.charts.view import (
    SMOOTHINGS,
    ChartView,
    Extent,
    afresh,
    moved,
    next_smoothing,
    paged,
    placed,
    pointed,
    stepped_out,
    whole,
    zoomed,
)
from tui.app.screens.base import BenchScreen
from tui.app.widgets.curves_panel import CurvesPanel


class Looking(BenchScreen):
    """Base of the screens that show runs' curves. A subclass says how far what it shows has come, in `extent`."""

    def __init__(self) -> None:
        super().__init__()
        self.view = ChartView()
        self._looked_at: object = None

    def on_mount(self) -> None:
        super().on_mount()
        kept = self.bench.layout_kept
        smoothing = kept.get(self.NAME, "smoothing", 0.0)
        self.view = ChartView(
            log=kept.get(self.NAME, "log", False), smoothing=smoothing if smoothing in SMOOTHINGS else 0.0
        )

    def extent(self) -> Extent:
        """How long what is shown is, and how far it has come."""
        raise NotImplementedError

    def look_at(self, what: object) -> None:
        """Other runs are seen whole, and have no crosshair."""
        if what != self._looked_at:
            self._looked_at = what
            self.view = afresh(self.view)

    def step_out(self) -> bool:
        """Escape: the crosshair, then the window."""
        return self._look(stepped_out(self.view, self.extent()))

    def _look(self, view: ChartView) -> bool:
        """Looks elsewhere; False where that is what is seen already."""
        if view == self.view:
            return False
        self.view = view
        self.show()
        return True

    def _moved(self, change: Callable[[ChartView, Extent], ChartView]) -> None:
        self._look(change(self.view, self.extent()))

    def _go(self, right: int) -> None:
        columns = self._chart.columns
        self._moved(lambda view, extent: moved(view, extent, right, columns))

    @property
    def _chart(self) -> LineChart:
        """The chart that is focused, else the first."""
        focused = self.focused
        within = focused if isinstance(focused, CurvesPanel) else self
        return within.query(LineChart).first()

    def action_curves_left(self) -> None:
        self._go(-1)

    def action_curves_right(self) -> None:
        self._go(+1)

    def action_curves_page_left(self) -> None:
        self._moved(lambda view, extent: paged(view, extent, -1))

    def action_curves_page_right(self) -> None:
        self._moved(lambda view, extent: paged(view, extent, +1))

    def action_curves_first(self) -> None:
        self._moved(lambda view, extent: placed(view, extent, 1))

    def action_curves_last(self) -> None:
        self._moved(lambda view, extent: placed(view, extent, extent.newest))

    def action_curves_zoom_in(self) -> None:
        self._moved(lambda view, extent: zoomed(view, extent, +1))

    def action_curves_zoom_out(self) -> None:
        self._moved(lambda view, extent: zoomed(view, extent, -1))

    def action_curves_whole(self) -> None:
        self._look(whole(self.view))

    def action_curves_down(self) -> None:
        self._next_chart(+1)

    def action_curves_up(self) -> None:
        self._next_chart(-1)

    def _next_chart(self, by: int) -> None:
        """The chart below or above; the crosshair stays on its epoch."""
        panels: list[Widget] = [panel for panel in self.query(CurvesPanel) if panel.focusable and panel.display]
        if self.focused in panels:
            panels[(panels.index(self.focused) + by) % len(panels)].focus()

    def toggle_log(self) -> None:
        """Losses on a log scale, or plain."""
        self._look(replace(self.view, log=not self.view.log))
        self.remember("log", self.view.log)

    def smooth(self) -> None:
        """The next weight of the moving average."""
        self._look(next_smoothing(self.view))
        weight = self.view.smoothing
        self.remember("smoothing", weight)
        self.bench.notice(
            f"smoothed by a moving average of weight {weight:g}; the faint line is as measured"
            if weight
            else "curves as they were measured"
        )

    def place_cursor(self, epoch: float) -> None:
        """The crosshair on an epoch."""
        self._moved(lambda view, extent: placed(view, extent, epoch))

    @property
    def cursor(self) -> float | None:
        """The epoch under the crosshair."""
        return pointed(self.view, self.extent())

    def on_line_chart_pointed(self, event: LineChart.Pointed) -> None:
        self.place_cursor(event.epoch)

    def on_line_chart_wheeled(self, event: LineChart.Wheeled) -> None:
        self._moved(lambda view, extent: zoomed(view, extent, event.by))
