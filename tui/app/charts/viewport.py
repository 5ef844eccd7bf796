"""Where in a plane one looks: zoom, pan, and a cursor that finds the nearest point. Frozen values, no Textual."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tui.app.charts.data import Points

STEP = 1.5
"""One step of the zoom."""
MOST = 20
"""Steps of the zoom, 3,300-fold in all."""

Range = tuple[float, float]


@dataclass(frozen=True)
class Window:
    """A rectangle of the plane, each side as (low, high)."""

    x: Range
    y: Range


@dataclass(frozen=True)
class Viewport:
    """What part of the whole is seen. Places are shares of the whole, 0 to 1, so that it fits any data.

    Attributes:
        zoom: Steps inwards.
        x, y: The middle of what is seen.
        cursor: Where the cursor stands; None while there is none.
    """

    zoom: int = 0
    x: float = 0.5
    y: float = 0.5
    cursor: tuple[float, float] | None = None

    @property
    def span(self) -> float:
        """The share of each side of the whole that is seen."""
        return float(STEP**-self.zoom)

    @property
    def is_whole(self) -> bool:
        """Whether all is seen."""
        return self.zoom == 0

    def window(self, whole: Window) -> Window:
        """The rectangle that is seen of the whole one."""
        return Window(_part(whole.x, self.x, self.span), _part(whole.y, self.y, self.span))

    def place(self, whole: Window) -> tuple[float, float] | None:
        """The cursor in the plane's own units; None where there is none."""
        if self.cursor is None:
            return None
        return _at(whole.x, self.cursor[0]), _at(whole.y, self.cursor[1])

    def cell(self, columns: int, rows: int) -> tuple[int, int] | None:
        """(column, row) of the cursor where what is seen has so many cells, row 0 at the top."""
        if self.cursor is None:
            return None
        across = (self.cursor[0] - self.x) / self.span + 0.5
        down = (self.y - self.cursor[1]) / self.span + 0.5
        return min(max(int(across * columns), 0), columns - 1), min(max(int(down * rows), 0), rows - 1)


def zoomed(view: Viewport, by: int) -> Viewport:
    """So many steps inwards (outwards below 0), around the cursor if there is one, else around the middle."""
    zoom = min(max(view.zoom + by, 0), MOST)
    x, y = view.cursor if view.cursor is not None else (view.x, view.y)
    # What lies under the cursor stays where it is seen.
    shrink = float(STEP ** (view.zoom - zoom))
    return _inside(replace(view, zoom=zoom, x=x + (view.x - x) * shrink, y=y + (view.y - y) * shrink))


def moved(view: Viewport, right: int, up: int, columns: int, rows: int) -> Viewport:
    """The cursor so many cells on; at the edge of what is seen the plane moves under it.

    Without a cursor, one appears in the middle.
    """
    if view.cursor is None:
        return replace(view, cursor=(view.x, view.y))
    x = _clip(view.cursor[0] + right * view.span / columns)
    y = _clip(view.cursor[1] + up * view.span / rows)
    half = view.span / 2
    return _inside(
        replace(
            view,
            cursor=(x, y),
            x=min(max(view.x, x - half), x + half),
            y=min(max(view.y, y - half), y + half),
        )
    )


def whole(view: Viewport) -> Viewport:
    """All of the plane; the cursor stays."""
    return replace(view, zoom=0, x=0.5, y=0.5)


def stepped_out(view: Viewport) -> Viewport:
    """Without the cursor; without one, the whole plane."""
    return replace(view, cursor=None) if view.cursor is not None else whole(view)


def pointed(view: Viewport, column: int, row: int, columns: int, rows: int) -> Viewport:
    """The cursor on a cell of what is seen."""
    across, down = (column + 0.5) / columns - 0.5, (row + 0.5) / rows - 0.5
    return replace(view, cursor=(_clip(view.x + across * view.span), _clip(view.y - down * view.span)))


def nearest(points: Points, place: tuple[float, float], window: Window, columns: int, rows: int) -> int | None:
    """The number of the point that is seen nearest to a place; None where none is seen.

    Distances are those on the screen, where a cell is twice as high as it is wide. Of points at one place the
    first is taken.
    """
    x, y = _floats(points.x), _floats(points.y)
    with np.errstate(all="ignore"):
        # Comparisons with what is not a number are false.
        seen = (x >= window.x[0]) & (x <= window.x[1]) & (y >= window.y[0]) & (y <= window.y[1])
        if not seen.any():
            return None
        index = np.flatnonzero(seen)
        across = (x[index] - place[0]) / _length(window.x) * columns
        down = (y[index] - place[1]) / _length(window.y) * rows * 2
        return int(index[np.argmin(across**2 + down**2)])


def _inside(view: Viewport) -> Viewport:
    """The view with all that is seen inside the whole."""
    half = view.span / 2
    return replace(view, x=min(max(view.x, half), 1 - half), y=min(max(view.y, half), 1 - half))


def _part(side: Range, middle: float, span: float) -> Range:
    if span >= 1:
        return side
    return _at(side, middle - span / 2), _at(side, middle + span / 2)


def _at(side: Range, share: float) -> float:
    return side[0] + share * _length(side)


def _length(side: Range) -> float:
    return side[1] - side[0]


def _clip(share: float) -> float:
    return min(max(share, 0.0), 1.0)


def _floats(values: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)
