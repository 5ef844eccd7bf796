"""A contact sheet: the images of one class as tiles with a cursor among them, and one of them as large as fits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui.app.charts.pixels import BLANK, Codes, PixelPaint, codes, fitting, resampled
from tui.app.fitting import cut, left
from tui.app.literal import literal

TILE_WIDTH, TILE_HEIGHT = 14, 7
"""Cells of one image; its caption stands in the line below."""

_SAMPLED = 500


@dataclass(frozen=True, eq=False)
class Images:
    """Images to look at, told apart by class.

    Attributes:
        X: (n, h, w), (n, h, w, 1) or (n, h, w, 3); bytes, or numbers in a range of their own.
        labels: (n,) class numbers from 0.
        class_names: The names of all classes; () where there are none, and all stand on one page after another.
    """

    X: NDArray[Any]
    labels: NDArray[np.integer]
    class_names: tuple[str, ...] = ()

    @cached_property
    def by_class(self) -> tuple[NDArray[np.int64], ...]:
        """The sample numbers of each class, ascending."""
        if not self.class_names:
            return (np.arange(len(self.X)),)
        return tuple(np.flatnonzero(np.asarray(self.labels) == k) for k in range(len(self.class_names)))

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many samples each class has."""
        return tuple(len(rows) for rows in self.by_class)

    @cached_property
    def limits(self) -> tuple[float, float]:
        """The values that are drawn black and white: 0 and 255 for bytes, else the least and the greatest seen."""
        if self.X.dtype == np.uint8:
            return 0.0, 255.0
        some = self.X[:: max(1, len(self.X) // _SAMPLED)]
        finite = some[np.isfinite(some)]
        return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)

    def values(self, rows: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float64]:
        """The images of these samples in 0..1, (m, h, w) or (m, h, w, 3)."""
        images = np.asarray(self.X[np.asarray(rows, dtype=np.int64)], dtype=np.float64)
        if images.ndim == 4:
            channels = images.shape[3]
            images = images[..., :3] if channels in (3, 4) else images.mean(axis=3)
        low, high = self.limits
        return np.clip(np.nan_to_num((images - low) / (high - low if high > low else 1.0)), 0, 1)


def are_images(shape: tuple[int, ...]) -> bool:
    """Whether samples of this shape are images: (h, w) or (h, w, channels)."""
    return len(shape) in (2, 3) and min(shape[:2]) > 1


@dataclass(frozen=True)
class SheetView:
    """Where one looks.

    Attributes:
        label: The class whose page is up.
        at: The cursor's place among that class's samples.
        zoomed: Whether the sample under the cursor is shown alone.
    """

    label: int = 0
    at: int = 0
    zoomed: bool = False


def settled(view: SheetView, sizes: Sequence[int]) -> SheetView:
    """The view for so many samples a class: on a class that has some, on a sample that is there."""
    label = (
        view.label if view.label < len(sizes) and sizes[view.label] else next((k for k, n in enumerate(sizes) if n), 0)
    )
    last = max(0, (sizes[label] if sizes else 0) - 1)
    return replace(view, label=label, at=min(max(view.at, 0), last) if label == view.label else 0)


def moved(view: SheetView, by: int, sizes: Sequence[int]) -> SheetView:
    """The cursor so many samples on, within its class; a step that would leave it ends on the first or the last."""
    return settled(replace(view, at=max(0, view.at + by)), sizes)


def turned(view: SheetView, by: int, sizes: Sequence[int]) -> SheetView:
    """The page of the next class (+1) or the one before (-1) that has samples; the cursor on its first."""
    filled = [k for k, n in enumerate(sizes) if n]
    if not filled:
        return view
    at = filled.index(view.label) if view.label in filled else 0
    return replace(view, label=filled[(at + by) % len(filled)], at=0)


@dataclass(frozen=True)
class SheetLayout:
    """How many tiles fit into so many cells, and where each stands."""

    width: int
    height: int

    @property
    def columns(self) -> int:
        """Tiles side by side, at least one; a cell is left between two."""
        return max(1, (self.width + 1) // (TILE_WIDTH + 1))

    @property
    def rows(self) -> int:
        """Tiles one above the other, at least one."""
        return max(1, self.height // (TILE_HEIGHT + 1))

    @property
    def tiles(self) -> int:
        """Tiles on a page."""
        return self.columns * self.rows

    def corner(self, tile: int) -> tuple[int, int]:
        """(column, row) of the upper left cell of a tile."""
        row, column = divmod(tile, self.columns)
        return column * (TILE_WIDTH + 1), row * (TILE_HEIGHT + 1)

    def caption_row(self, tile: int) -> int:
        """The row of the terminal in which the caption of a tile stands."""
        return self.corner(tile)[1] + TILE_HEIGHT

    def tile_at(self, column: int, row: int) -> int | None:
        """The tile at a cell; None beside them."""
        across, down = column // (TILE_WIDTH + 1), row // (TILE_HEIGHT + 1)
        return down * self.columns + across if across < self.columns and down < self.rows else None


@dataclass(frozen=True, eq=False)
class SheetPicture:
    """A drawn page.

    Attributes:
        pixels: (rows of pixels, columns) the code of each pixel.
        samples: The samples that it shows, in the order of their tiles.
        first: The place of the first of them among its class's samples.
    """

    pixels: Codes
    samples: tuple[int, ...]
    first: int


def page_picture(images: Images, view: SheetView, layout: SheetLayout, paint: PixelPaint) -> SheetPicture:
    """The page on which the cursor stands. Lines of captions are blank."""
    first = view.at // layout.tiles * layout.tiles
    rows = images.by_class[view.label][first : first + layout.tiles] if images.by_class else np.empty(0, np.int64)
    each = paint.rows_per_cell
    pixels = np.full((layout.height * each, layout.width), BLANK, dtype=np.int64)
    if len(rows):
        values = images.values(rows)
        height, width = _tile_size(values.shape[1], values.shape[2], paint)
        drawn = codes(resampled(values, height, width), paint)
        top, left = (TILE_HEIGHT * each - height) // 2, (TILE_WIDTH - width) // 2
        for tile, image in enumerate(drawn):
            column, row = layout.corner(tile)
            room = pixels[row * each + top : row * each + top + height, column + left : column + left + width]
            room[:] = image[: room.shape[0], : room.shape[1]]
    return SheetPicture(pixels, tuple(rows.tolist()), first)


def _tile_size(height: int, width: int, paint: PixelPaint) -> tuple[int, int]:
    """Pixels of a tile's image: whole where it is small, with one pixel a cell half as high."""
    tall, wide = fitting(height, width, TILE_WIDTH, TILE_WIDTH)
    return (tall, wide) if paint.half_blocks else (max(1, round(tall / 2)), wide)


def zoom_picture(images: Images, sample: int, columns: int, rows: int, paint: PixelPaint) -> Codes:
    """(rows of pixels, columns) one image as large as fits, in the middle."""
    each = paint.rows_per_cell
    pixels = np.full((rows * each, columns), BLANK, dtype=np.int64)
    values = images.values([sample])
    height, width = fitting(values.shape[1], values.shape[2], rows * 2, columns)
    if not paint.half_blocks:
        height = max(1, height // 2)
    top, left = (rows * each - height) // 2, (columns - width) // 2
    pixels[top : top + height, left : left + width] = codes(resampled(values, height, width), paint)[0]
    return pixels


def caption(sample: int, name: str, width: int = TILE_WIDTH - 1) -> str:
    """Class and number of a sample in exactly `width` cells, the name cut rather than the number."""
    number = f"#{sample}"
    room = width - len(number) - 1
    shown = cut(literal(name), room, "~")
    return left(cut(f"{shown} {number}" if shown else number, width, "~"), width)
