"""How one looks at a run's curves: window, crosshair, smoothing, scale. One value for all charts of a screen; pure.

Places are epochs. What is seen depends on how far the run has come, too (`Extent`): a window that reaches to the
newest epoch goes along with it until one moves away.
"""

import math
from dataclasses import dataclass, replace

STEP = 2.0
"""One step of the zoom."""
LEAST = 4.0
"""From the first to the last epoch that are seen, at least."""
SMOOTHINGS = (0.0, 0.6, 0.9)
"""Weights of the moving average that one key goes through; 0 is none."""
NEWEST = math.inf
"""A crosshair that stays on the newest epoch while the run goes on."""

Range = tuple[float, float]


@dataclass(frozen=True)
class Extent:
    """How long a run is, and how far it has come.

    Attributes:
        total: Its last epoch.
        newest: The newest epoch that is known; 0 before the first.
    """

    total: float = 1.0
    newest: float = 0.0

    @property
    def whole(self) -> Range:
        """From the first epoch to the last."""
        return 1.0, max(self.total, self.newest, 2.0)


@dataclass(frozen=True)
class ChartView:
    """What is seen of curves, and how.

    Attributes:
        window: The epochs that are seen, as they were chosen; None for the whole run.
        follow: The window goes along with the newest epoch.
        cursor: The epoch under the crosshair, `NEWEST`, or None for no crosshair.
        smoothing: The weight of the moving average; 0 for none.
        log: Losses on a logarithmic axis.
    """

    window: Range | None = None
    follow: bool = False
    cursor: float | None = None
    smoothing: float = 0.0
    log: bool = False


def pointed(view: ChartView, extent: Extent) -> float | None:
    """The epoch under the crosshair, one that is known already; None without a crosshair."""
    if view.cursor is None or extent.newest < 1:
        return None
    return min(max(view.cursor, 1.0), extent.newest)


def seen(view: ChartView, extent: Extent) -> Range:
    """The epochs from the left edge to the right one: within the run, the crosshair among them."""
    first, last = extent.whole
    if view.window is None:
        return first, last
    low, high = view.window
    span = min(max(high - low, LEAST), last - first)
    if view.follow and extent.newest > high:
        # By quarters: a chart that moved with each epoch could not be read.
        high += math.ceil((extent.newest - high) / (span / 4)) * (span / 4)
    at = pointed(view, extent)
    if at is not None:
        high = min(max(high, at), at + span)
    high = min(max(high, first + span), last)
    return max(first, high - span), high


def zoomed(view: ChartView, extent: Extent, by: int) -> ChartView:
    """So many steps inwards (outwards below 0).

    What lies under the crosshair keeps its place; without one, the newest epoch where it is followed, else the middle.
    The first step into a run without a crosshair ends at the newest epoch.
    """
    low, high = seen(view, extent)
    first, last = extent.whole
    least = min(LEAST, last - first)
    span = max((high - low) * STEP**-by, least)
    if span > (last - first) * (1 - 1e-9):
        return replace(view, window=None, follow=False)
    at, newest = pointed(view, extent), min(max(extent.newest, first), last)
    if at is None and view.window is None:
        right = newest
    else:
        anchor = at if at is not None else newest if view.follow else (low + high) / 2
        right = anchor + (high - anchor) * span / (high - low)
    right = min(max(right, first + span), last)
    return _going_along(replace(view, window=(right - span, right)), extent)


def moved(view: ChartView, extent: Extent, right: int, columns: int) -> ChartView:
    """The crosshair so many cells of `columns` on, an epoch a cell at least; at the edge the window moves along.

    Without a crosshair one appears, on the newest epoch that is seen.
    """
    low, high = seen(view, extent)
    at = pointed(view, extent)
    if at is None:
        return placed(view, extent, math.floor(high))
    step = max(1, round((high - low) / max(columns, 1)))
    return placed(view, extent, at + right * step)


def paged(view: ChartView, extent: Extent, right: int) -> ChartView:
    """The crosshair so many half windows on."""
    low, high = seen(view, extent)
    at = pointed(view, extent)
    if at is None:
        return moved(view, extent, right, 1)
    return placed(view, extent, at + right * max(1, round((high - low) / 2)))


def placed(view: ChartView, extent: Extent, epoch: float) -> ChartView:
    """The crosshair on an epoch (the nearest that is known), and the window so that it is seen."""
    if extent.newest < 1:
        return view
    epoch = min(max(round(epoch), 1), extent.newest)
    low, high = seen(replace(view, cursor=None), extent)
    there = replace(view, cursor=NEWEST if epoch >= extent.newest else epoch)
    if view.window is None:
        return there
    there = replace(there, window=(low, high))
    return _going_along(replace(there, window=seen(replace(there, follow=False), extent)), extent)


def whole(view: ChartView) -> ChartView:
    """All of the run; the crosshair stays."""
    return replace(view, window=None, follow=False)


def stepped_out(view: ChartView, extent: Extent) -> ChartView:
    """Without the crosshair; without one, all of the run."""
    if view.cursor is None:
        return whole(view)
    return _going_along(replace(view, window=view.window and seen(view, extent), cursor=None), extent)


def next_smoothing(view: ChartView) -> ChartView:
    """The next weight of `SMOOTHINGS`."""
    at = SMOOTHINGS.index(view.smoothing) if view.smoothing in SMOOTHINGS else 0
    return replace(view, smoothing=SMOOTHINGS[(at + 1) % len(SMOOTHINGS)])


def afresh(view: ChartView) -> ChartView:
    """For another run: all of it and no crosshair, drawn in the same way."""
    return replace(view, window=None, follow=False, cursor=None)


def _going_along(view: ChartView, extent: Extent) -> ChartView:
    """With the newest epoch, where it is seen and the crosshair does not stand before it."""
    if view.window is None:
        return replace(view, follow=False)
    at_end = view.cursor is None or view.cursor >= extent.newest
    low, high = view.window
    return replace(view, follow=at_end and low <= extent.newest <= high + 1e-9 * abs(high))
