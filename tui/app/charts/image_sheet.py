"""The images of a data set, a class a page, with a cursor that names the sample."""

from dataclasses import replace
from typing import ClassVar

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.actions import SkipAction
from textual.binding import Binding
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.app.actions import bindings
from tui.app.charts.contact_sheet import (
    TILE_WIDTH,
    Images,
    SheetLayout,
    SheetPicture,
    SheetView,
    caption,
    moved,
    page_picture,
    settled,
    turned,
    zoom_picture,
)
from tui.app.charts.pixels import PixelPaint, strips
from tui.app.charts.terminal import capabilities_of, glyphs_of
from tui.app.same import Same


class ImageSheet(Widget, can_focus=True):
    """Shows `Images`: tiles of half-blocks where the terminal has colours, of glyphs by ink where it has not."""

    SCOPE = "images"
    ALLOW_SELECT: ClassVar[bool] = False
    BINDINGS = [*bindings("images"), Binding("escape", "images_back", show=False, id="app.back")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"images--caption", "images--here"}
    DEFAULT_CSS = """
    ImageSheet {
        width: 1fr;
        height: 1fr;
        background: $background;
        & > .images--caption { color: $text-muted; }
        & > .images--here { color: $accent; text-style: bold; }
    }
    """

    class Looked(Message):
        """The cursor stands on another sample.

        Attributes:
            sheet: The widget.
            sample: The sample's number; None where there is none.
            label: Its class.
            at: Its place among its class's samples, from 0.
            of: How many samples that class has.
        """

        def __init__(self, sheet: "ImageSheet", sample: int | None, label: int, at: int, of: int) -> None:
            super().__init__()
            self.sheet = sheet
            self.sample = sample
            self.label = label
            self.at = at
            self.of = of

        @property
        def control(self) -> "ImageSheet":
            """The widget, for `on(ImageSheet.Looked, selector)`."""
            return self.sheet

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.view = SheetView()
        self._images: Images | None = None
        self._picture: SheetPicture | None = None
        self._made_of: tuple[object, ...] = ()
        self._strips: list[Strip] = []
        self._told: object = None

    # What is shown

    def show(self, images: Images | None) -> None:
        """Show other images from their first page on, or nothing."""
        if images is self._images:
            return
        self._images = images
        self._look(SheetView())

    @property
    def sample(self) -> int | None:
        """The number of the sample under the cursor; None where there is none."""
        if self._images is None or not self.view.at < self._sizes[self.view.label]:
            return None
        return int(self._images.by_class[self.view.label][self.view.at])

    @property
    def count(self) -> int:
        """How many samples the class has whose page is up."""
        return self._sizes[self.view.label]

    @property
    def layout_of_tiles(self) -> SheetLayout:
        """How many tiles fit, and where they stand."""
        return SheetLayout(*self.content_size)

    @property
    def _sizes(self) -> tuple[int, ...]:
        return self._images.sizes if self._images is not None else (0,)

    def _look(self, view: SheetView) -> None:
        """Look elsewhere; only the captions are drawn again where the page stays."""
        before, self.view = self.view, settled(view, self._sizes)
        if self.is_mounted and self.content_size.area:
            self._refresh_from(before)
        if (told := (self.sample, self.view.label, Same(self._images))) != self._told:
            self._told = told
            self.post_message(
                self.Looked(self, self.sample, self.view.label, self.view.at, self._sizes[self.view.label])
            )

    def _refresh_from(self, before: SheetView) -> None:
        layout, picture = self.layout_of_tiles, self._picture
        if picture is None or self._wanted() != self._made_of:
            self.refresh()
            return
        rows = {layout.caption_row(view.at - picture.first) for view in (before, self.view)}
        for row in rows:
            if row < len(self._strips):
                self._strips[row] = self._captions(row)
        self.refresh(*(Region(0, row, self.content_size.width, 1) for row in sorted(rows)))

    def _wanted(self) -> tuple[object, ...]:
        """All that decides the picture, but not the cursor within its page."""
        view, tiles = self.view, self.layout_of_tiles.tiles
        return (
            self._images,
            view.label,
            view.at if view.zoomed else view.at // tiles,
            view.zoomed,
            self.content_size,
            self._paint(),
        )

    def _paint(self) -> PixelPaint:
        background = self.background_colors[1]
        return PixelPaint(capabilities_of(self), (background.r, background.g, background.b))

    def notify_style_update(self) -> None:
        """Take the theme's colours again at the next paint."""
        super().notify_style_update()
        self._made_of = ()

    def render_line(self, y: int) -> Strip:
        """One row of the sheet."""
        if self._wanted() != self._made_of:
            self._draw()
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.content_size.width, self.rich_style)

    def _draw(self) -> None:
        self._made_of = self._wanted()
        width, height = self.content_size
        paint = self._paint()
        plain = Style.null() if paint.capabilities.colors == "none" else self.rich_style
        self._picture, self._strips = None, []
        if self._images is None or self.sample is None:
            return
        if self.view.zoomed:
            pixels = zoom_picture(self._images, self.sample, width, max(1, height - 1), paint)
            line = f"{glyphs_of(self).right} {caption(self.sample, self._class_name(), max(1, width - 2))}"
            here = Strip([Segment(line, self._style(here=True))]).adjust_cell_length(width)
            self._strips = [*strips(pixels, paint, plain), here]
            return
        layout = self.layout_of_tiles
        self._picture = page_picture(self._images, self.view, layout, paint)
        self._strips = strips(self._picture.pixels, paint, plain)
        for tile in range(0, len(self._picture.samples), layout.columns):
            row = layout.caption_row(tile)
            if row < height:
                self._strips[row] = self._captions(row)

    def _captions(self, row: int) -> Strip:
        """The line of captions below a row of tiles."""
        assert self._picture is not None
        layout, glyphs, name = self.layout_of_tiles, glyphs_of(self), self._class_name()
        first = row // (layout.caption_row(0) + 1) * layout.columns
        segments = []
        for tile in range(first, min(first + layout.columns, len(self._picture.samples))):
            here = self._picture.first + tile == self.view.at
            mark = glyphs.right if here else " "
            text = caption(self._picture.samples[tile], name, TILE_WIDTH - len(mark))
            segments.append(Segment(f"{mark}{text}", self._style(here=here)))
            segments.append(Segment(" ", self.rich_style))
        return Strip(segments).adjust_cell_length(self.content_size.width, self.rich_style)

    def _class_name(self) -> str:
        names = self._images.class_names if self._images is not None else ()
        return names[self.view.label] if names else ""

    def _style(self, *, here: bool) -> Style:
        return self.get_component_rich_style("images--here" if here else "images--caption")

    # What keys do

    def _go(self, by: int) -> None:
        self._look(moved(self.view, by, self._sizes))

    def action_images_left(self) -> None:
        self._go(-1)

    def action_images_right(self) -> None:
        self._go(+1)

    def action_images_up(self) -> None:
        self._go(-1 if self.view.zoomed else -min(self.layout_of_tiles.columns, self.view.at))

    def action_images_down(self) -> None:
        self._go(+1 if self.view.zoomed else self.layout_of_tiles.columns)

    def action_images_next_class(self) -> None:
        self._look(turned(self.view, +1, self._sizes))

    def action_images_previous_class(self) -> None:
        self._look(turned(self.view, -1, self._sizes))

    def action_images_first(self) -> None:
        self._look(replace(self.view, at=0))

    def action_images_last(self) -> None:
        self._look(replace(self.view, at=int(np.iinfo(np.int64).max)))

    def action_images_zoom(self) -> None:
        """The one under the cursor alone, as large as fits; the same key gives the sheet back."""
        self._look(replace(self.view, zoomed=not self.view.zoomed))

    def action_images_back(self) -> None:
        if not self.view.zoomed:
            raise SkipAction  # the application's own way out
        self.action_images_zoom()

    def on_click(self, event: events.Click) -> None:
        """A click marks an image, a second one opens it."""
        tile = self.layout_of_tiles.tile_at(event.x, event.y)
        if self.view.zoomed or self._picture is None or tile is None or tile >= len(self._picture.samples):
            return
        at = self._picture.first + tile
        if at == self.view.at and self.has_focus:
            self.action_images_zoom()
        else:
            self._look(replace(self.view, at=at))
