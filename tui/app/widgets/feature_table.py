"""The first rows of a data set under the figures of its features, for as many features as there are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.app import copies
from tui.app.actions import bindings
from tui.app.charts.terminal import glyphs_of
from tui.app.clipboard import Copied, value
from tui.app.fitting import cut, cut_middle, right
from tui.app.glyphs import GlyphSet
from tui.app.literal import literal
from tui.app.widgets.answers import plain
from tui.app.widgets.filter import Filterable, matches
from tui.lab.feature_summary import FeatureSummary

LABEL, COLUMN = 7, 10
"""Cells of the first column, and of one feature's."""
_ANSWER = 16
_INK = " .:-=+*#"
# From so many lines on, the figures leave room for rows.
_ENOUGH = 11


@dataclass(frozen=True, eq=False)
class Preview:
    """What the table shows.

    Attributes:
        names: A name for each feature.
        X: (m, d) the first rows, flattened.
        answers: What each of these rows is to be taken for.
        heading: What stands above the answers.
        plain_answers: The same answers as they are to be pasted elsewhere.
        categories: Of each feature whose numbers stand for texts, by its number: the texts.
    """

    names: Sequence[str]
    X: NDArray[np.generic]
    answers: Sequence[Text]
    heading: str = "y"
    categories: Mapping[int, Sequence[str]] = field(default_factory=dict)
    plain_answers: Sequence[str] = ()
    width: int = field(init=False)

    def __post_init__(self) -> None:
        widest = max([len(self.heading), *(answer.cell_len for answer in self.answers)])
        object.__setattr__(self, "width", min(_ANSWER, widest))


class FeatureTable(Filterable, can_focus=True):
    """A row a sample, a column a feature; only what is in sight is written out.

    The features' figures stand above the rows wherever there is room for both.
    """

    SCOPE = "table"
    FILTER_HINT = "words of a feature's name"
    ALLOW_SELECT: ClassVar[bool] = False
    BINDINGS = [
        *bindings("table"),
        Binding("shift+right", "columns(1)", show=False),
        Binding("shift+left", "columns(-1)", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"features--dim", "features--here"}
    DEFAULT_CSS = """
    FeatureTable {
        width: 1fr;
        height: 1fr;
        background: $background;
        & > .features--dim { color: $text-muted; }
        & > .features--here { color: $accent; background: $panel; text-style: bold; }
    }
    """

    class Moved(Message):
        """The cursor stands on another feature, or another part of the table is in sight."""

        def __init__(self, table: "FeatureTable") -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> "FeatureTable":
            """The widget, for `on(FeatureTable.Moved, selector)`."""
            return self.table

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._preview: Preview | None = None
        self._summary: FeatureSummary | None = None
        self.row = 0
        """The cursor's row."""
        self.feature = 0
        """The cursor's feature."""
        self._top = 0
        self._left = 0
        self._chosen: Sequence[int] = ()
        """The features that the filter leaves; `_left` and what keys do counts in these."""

    # What is shown

    def show(self, preview: Preview | None, summary: FeatureSummary | None = None) -> None:
        """Show rows, with the features' figures once they are known; the cursor goes home for other rows."""
        if preview is self._preview and summary is self._summary:
            return
        if preview is not self._preview:
            self.row = self.feature = self._top = self._left = 0
            self._choose(preview)
        self._preview, self._summary = preview, summary
        self.refresh()

    def _choose(self, preview: Preview | None) -> None:
        """The features whose names hold the words of the filter."""
        names = preview.names if preview is not None else ()
        if self.filter_words:
            self._chosen = tuple(k for k, name in enumerate(names) if matches(self.filter_words, name))
        else:
            self._chosen = range(len(names))

    def copied(self) -> Callable[[], Copied] | None:
        """Every row that is here, of the features that are chosen."""
        preview, chosen = self._preview, self._chosen
        if preview is None or not chosen:
            return None

        def make() -> Copied:
            heads = [preview.heading, *(preview.names[k] for k in chosen)]
            answers = preview.plain_answers or [answer.plain for answer in preview.answers]
            rows = [[answer, *(_copied_cell(preview, row, k) for k in chosen)] for row, answer in enumerate(answers)]
            return copies.table(heads, rows)

        return make

    def filter_to(self, words: str) -> None:
        self._choose(self._preview)
        if self.feature not in self._chosen and self._chosen:
            self.feature = self._chosen[0]
        self._left = 0
        self._go(self.row, self._at)
        self.refresh()
        self.post_message(self.Moved(self))

    @property
    def _at(self) -> int:
        """The place of the cursor's feature among those that are chosen."""
        return self._chosen.index(self.feature) if self.feature in self._chosen else 0

    @property
    def features(self) -> int:
        """How many features there are."""
        return len(self._preview.names) if self._preview is not None else 0

    @property
    def in_sight(self) -> Sequence[int]:
        """The features that are seen."""
        room = self.content_size.width - self._fixed
        return self._chosen[self._left : self._left + max(1, room // COLUMN)]

    @property
    def _fixed(self) -> int:
        return LABEL + 2 + (self._preview.width if self._preview is not None else 0)

    def _figures(self) -> list[str]:
        """The labels of the lines between the heading and the rows."""
        if self.content_size.height < _ENOUGH:
            return []
        labels = ["type", "spread", "min", "max", "mean", "sd"]
        return [*labels, "missing"] if self._summary is not None and self._summary.missing.any() else labels

    @property
    def _room(self) -> int:
        """How many rows are in sight."""
        return max(1, self.content_size.height - 1 - len(self._figures()))

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self._go(self.row, self._at)

    def render_line(self, y: int) -> Strip:
        """The heading, a line of figures, or a row."""
        preview = self._preview
        width = self.content_size.width
        if preview is None:
            return Strip.blank(width, self.rich_style)
        dim, figures = self.get_component_rich_style("features--dim"), self._figures()
        if y == 0:
            segments = [Segment(f"{'row':>{LABEL}}  {set_cell_size(literal(preview.heading), preview.width)}", dim)]
            for k in self.in_sight:
                lit = k == self.feature and self.has_focus
                style = self.get_component_rich_style("features--here") if lit else dim
                name = cut_middle(literal(preview.names[k]), COLUMN - 1, "~")
                segments.append(Segment(_right(name, COLUMN), style))
        elif y <= len(figures):
            label = figures[y - 1]
            blank = " " * (preview.width + 2)
            segments = [Segment(f"{label:>{LABEL}}{blank}", dim)]
            text = "".join(_right(self._figure(label, k, glyphs_of(self)), COLUMN) for k in self.in_sight)
            segments.append(Segment(text, dim))
        else:
            row = self._top + y - 1 - len(figures)
            if row >= len(preview.X):
                return Strip.blank(width, self.rich_style)
            segments = self._row(preview, row)
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _row(self, preview: Preview, row: int) -> list[Segment]:
        lit = row == self.row and self.has_focus
        style = self.get_component_rich_style("features--here") if lit else self.rich_style
        answer = preview.answers[row].copy()
        answer.truncate(preview.width, overflow="crop", pad=True)
        segments = [Segment(f"{row:>{LABEL}}  ", style)]
        for text, own in _spans(answer, self):
            segments.append(Segment(text, style + Style(color=own.color) if own.color else style))
        cells = "".join(_right(self._cell(preview, row, k), COLUMN) for k in self.in_sight)
        return [*segments, Segment(cells, style)]

    def _cell(self, preview: Preview, row: int, k: int) -> str:
        """A number, the text that it stands for, or a dot where there is neither."""
        shown = cell(preview.X[row, k])
        if shown and k in preview.categories:
            return literal(preview.categories[k][int(float(preview.X[row, k]))])
        return shown or glyphs_of(self).dot

    def _figure(self, label: str, k: int, glyphs: GlyphSet) -> str:
        found = self._summary
        if found is None:
            return glyphs.ellipsis
        if label == "type":
            return found.kind(k)
        if label == "spread":
            return histogram(found.bins[k], glyphs)
        if label == "missing":
            return f"{int(found.missing[k]):,}"
        if found.kind(k) == "text":
            return ""
        value = float({"min": found.low, "max": found.high, "mean": found.mean, "sd": found.deviation}[label][k])
        return plain(value) if np.isfinite(value) else glyphs.dot

    # What keys do

    def _go(self, row: int, at: int) -> None:
        """The cursor to a row, and to the feature at a place among the chosen ones."""
        if self._preview is None:
            return
        before = (self.row, self.feature, self._top, self._left)
        self.row = min(max(row, 0), max(0, len(self._preview.X) - 1))
        at = min(max(at, 0), max(0, len(self._chosen) - 1))
        self.feature = self._chosen[at] if self._chosen else 0
        self._top = min(max(self._top, self.row - self._room + 1), self.row)
        columns = max(1, (self.content_size.width - self._fixed) // COLUMN)
        self._left = min(max(self._left, at - columns + 1), at)
        if (self.row, self.feature, self._top, self._left) != before:
            self.refresh()
            self.post_message(self.Moved(self))

    def action_table_cursor_down(self) -> None:
        self._go(self.row + 1, self._at)

    def action_table_cursor_up(self) -> None:
        self._go(self.row - 1, self._at)

    def action_table_cursor_left(self) -> None:
        self._go(self.row, self._at - 1)

    def action_table_cursor_right(self) -> None:
        self._go(self.row, self._at + 1)

    def action_table_scroll_top(self) -> None:
        self._go(0, self._at)

    def action_table_scroll_bottom(self) -> None:
        self._go(len(self._preview.X) if self._preview is not None else 0, self._at)

    def action_table_page_down(self) -> None:
        self._go(self.row + self._room, self._at)

    def action_table_page_up(self) -> None:
        self._go(self.row - self._room, self._at)

    def action_columns(self, by: int) -> None:
        """So many screenfuls of features to the right, or to the left."""
        self._go(self.row, self._at + by * len(self.in_sight))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._go(self.row + 1, self._at)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._go(self.row - 1, self._at)

    def on_click(self, event: events.Click) -> None:
        """The cursor goes where one clicks."""
        row = self._top + event.y - 1 - len(self._figures())
        column = (event.x - self._fixed) // COLUMN
        at = self._left + column if 0 <= column < len(self.in_sight) else self._at
        self._go(row if row >= self._top else self.row, at)


def histogram(counts: NDArray[np.integer], glyphs: GlyphSet) -> str:
    """A character a bin, as high (in ASCII as dark) as it is full; a blank for one that is empty."""
    steps = glyphs.spark or _INK[1:]
    greatest = max(1, int(counts.max()))
    return "".join(" " if not n else steps[-(-int(n) * len(steps) // greatest) - 1] for n in counts)


def cell(value: np.generic) -> str:
    """A number of a sample in nine characters at most; "" for one that is missing."""
    number = float(value)
    if number != number:
        return ""
    if number.is_integer() and abs(number) < 1e8:
        return f"{int(number)}"
    return f"{number:.3f}" if 1e-3 <= abs(number) < 1e4 else f"{number:.2g}"


def _copied_cell(preview: Preview, row: int, k: int) -> str:
    number = float(preview.X[row, k])
    if k in preview.categories and number == number:
        return preview.categories[k][int(number)]
    return value(number)


def _right(text: str, width: int) -> str:
    """The text at the right end of exactly `width` cells behind a blank, its end marked where it is cut."""
    return right(cut(text, width - 1, "~"), width)


def _spans(text: Text, widget: Widget) -> list[tuple[str, Style]]:
    """The text in pieces of one style each."""
    return [(piece.text, piece.style or Style.null()) for piece in text.render(widget.app.console)]
