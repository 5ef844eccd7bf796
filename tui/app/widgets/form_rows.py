"""The rows of a form: lines with one cursor, whose letters are commands."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.app.actions import bindings
from tui.app.fitting import cut, cut_middle, left
from tui.app.glyphs import GlyphSet
from tui.app.literal import literal
from tui.app.widgets.clicks import Clicks
from tui.app.widgets.filter import Filterable, matches


@dataclass(frozen=True)
class Row:
    """One line. A heading has no key; ``steps`` rows take `h l`.

    ``edit`` is the text an opened row starts with; None: Enter is left to the screen (a list, a load).
    """

    label: str
    key: str = ""
    value: str = ""
    error: str = ""
    mark: str = ""
    edit: str | None = None
    steps: bool = False
    dim: bool = False


class FormRows(Clicks, ScrollView, Filterable, can_focus=True):
    """The lines of a form and the cursor on them."""

    SCOPE = "form"
    BINDINGS = bindings("form")
    COMPONENT_CLASSES = {"form--heading", "form--label", "form--value", "form--cursor", "form--error", "form--mark"}

    class Moved(Message):
        """The cursor stands on another key."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class Stepped(Moved):
        """`h` (-1) or `l` (+1) on a row."""

        def __init__(self, key: str, direction: int) -> None:
            super().__init__(key)
            self.direction = direction

    class Entered(Moved):
        """Enter on a row that is not typed."""

    class Reset(Moved):
        """Delete on a row."""

    class Opened(Moved):
        """Enter on a row that is typed."""

    def __init__(self, label_width: int) -> None:
        super().__init__()
        self.editing = False
        self.label_width = label_width
        self.all_rows: tuple[Row, ...] = ()
        self.rows: tuple[Row, ...] = ()
        """Those that the filter leaves."""
        self.cursor = 0
        self._lines: list[tuple[int, str]] = []

    # What is shown

    def show(self, rows: Sequence[Row]) -> None:
        rows = tuple(
            replace(row, label=literal(row.label), value=literal(row.value), error=literal(row.error)) for row in rows
        )
        if rows != self.all_rows:
            self.all_rows = rows
            self._put(self._filtered())

    def filter_to(self, words: str) -> None:
        self._put(self._filtered())
        self._reveal()

    def _filtered(self) -> tuple[Row, ...]:
        """Rows that hold the words, each under its heading; all rows of a heading that holds them itself."""
        words = self.filter_words
        if not words:
            return self.all_rows
        kept: list[Row] = []
        heading, said = Row(""), False
        for row in self.all_rows:
            if not row.key:
                heading, said = row, False
            elif matches(words, heading.label, row.label, row.value, row.key):
                if heading.label and not said:
                    kept.append(heading)
                    said = True
                kept.append(row)
        return tuple(kept)

    def _put(self, rows: tuple[Row, ...]) -> None:
        key = self.current.key if self.current else ""
        self.rows = rows
        keys = [row.key for row in rows]
        if key and key in keys:
            self.cursor = keys.index(key)
        elif not (self.cursor < len(rows) and rows[self.cursor].key):
            self.cursor = next((i for i, row in enumerate(rows) if row.key), 0)
        self._lay_out()

    def _lay_out(self) -> None:
        self._lines = []
        for index, row in enumerate(self.rows):
            self._lines.append((index, ""))
            self._lines.extend((index, line) for line in self._wrapped(row.error))
        self.virtual_size = Size(self.size.width, len(self._lines))
        self.refresh()

    def _wrapped(self, words: str) -> list[str]:
        if not words:
            return []
        width = max(10, self.size.width - 5)
        lines, line = [], ""
        for word in words.split():
            if line and len(line) + 1 + len(word) > width:
                lines.append(line)
                line = ""
            line = f"{line} {word}".strip()
        return [*lines, line]

    def on_resize(self) -> None:
        self._lay_out()

    @property
    def lines_below(self) -> int:
        """Lines that one has to scroll down to."""
        return max(0, len(self._lines) - self.scroll_offset.y - self.size.height)

    @property
    def current(self) -> Row | None:
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def line_of(self, index: int) -> int:
        return next((y for y, (row, text) in enumerate(self._lines) if row == index and not text), 0)

    @property
    def glyph_set(self) -> GlyphSet:
        return self.app.glyphs  # type: ignore[attr-defined,no-any-return]

    def render_line(self, y: int) -> Strip:
        line = y + self.scroll_offset.y
        width = self.size.width
        style = self.rich_style
        if not self.rows and self.filter_words and not line:
            none = Segment(" no line has these words", self.get_component_rich_style("form--heading"))
            return Strip([none]).adjust_cell_length(width, style)
        if line >= len(self._lines):
            return Strip.blank(width, style)
        index, error = self._lines[line]
        row, glyphs = self.rows[index], self.glyph_set
        if error:
            first = not (line and self._lines[line - 1][1])
            text = f"  {glyphs.wrong if first else ' ' * len(glyphs.wrong)} {error}"
            return Strip([Segment(text, self.get_component_rich_style("form--error"))]).adjust_cell_length(width, style)
        if not row.key:
            return Strip([Segment(f" {row.label}", self.get_component_rich_style("form--heading"))]).adjust_cell_length(
                width, style
            )
        here = index == self.cursor
        lit = here and (self.has_focus or self.editing)
        line_style = self.get_component_rich_style("form--cursor") if lit else style
        label_style = line_style if lit else self.get_component_rich_style("form--label")
        value_style = label_style if lit or row.dim else self.get_component_rich_style("form--value")
        mark_style = line_style if lit else self.get_component_rich_style("form--mark")
        arrow = glyphs.right if here else " "
        label = left(f"{arrow}  {cut(row.label, self.label_width - 4, glyphs.ellipsis)}", self.label_width)
        if lit and row.steps and not self.editing:
            value = f"{glyphs.left} {row.value} {glyphs.right}"
            label = left(cut(label.rstrip(), self.label_width - 2, glyphs.ellipsis), self.label_width - 2)
        else:
            value = row.value
        room = max(0, width - cell_len(label) - len(row.mark) - 1)
        segments = [
            Segment(label, label_style),
            Segment(left(cut_middle(value, room, glyphs.ellipsis), room), value_style),
            # A mark of two letters would run into the value.
            Segment(f" {row.mark}" if len(row.mark) > 1 else f"{row.mark} ", mark_style),
        ]
        return Strip(segments).adjust_cell_length(width, line_style)

    # Moving

    def move_to(self, index: int) -> None:
        if not self.rows or not self.rows[index].key or index == self.cursor:
            return
        self.cursor = index
        self._reveal()
        self.refresh()
        self.post_message(self.Moved(self.rows[index].key))

    def _reveal(self) -> None:
        if not self.rows:
            return
        top = self.line_of(self.cursor)
        heading = self.cursor and not self.rows[self.cursor - 1].key
        below = len(self._wrapped(self.rows[self.cursor].error))
        region = Region(0, max(0, top - (1 if heading else 0)), 1, 1 + below + (1 if heading else 0))
        self.scroll_to_region(region, animate=False, force=True)

    def _step_cursor(self, by: int) -> None:
        index = self.cursor + by
        while 0 <= index < len(self.rows):
            if self.rows[index].key:
                self.move_to(index)
                return
            index += by
        if by < 0:
            self.scroll_home(animate=False)

    def action_form_down(self) -> None:
        self._step_cursor(+1)

    def action_form_up(self) -> None:
        self._step_cursor(-1)

    def action_form_reset(self) -> None:
        if self.current is not None:
            self.post_message(self.Reset(self.current.key))

    def action_form_first(self) -> None:
        self.move_to(next((i for i, row in enumerate(self.rows) if row.key), 0))

    def action_form_last(self) -> None:
        self.move_to(max((i for i, row in enumerate(self.rows) if row.key), default=0))

    def action_form_page_down(self) -> None:
        for _ in range(max(1, self.size.height - 1)):
            self._step_cursor(+1)

    def action_form_page_up(self) -> None:
        for _ in range(max(1, self.size.height - 1)):
            self._step_cursor(-1)

    def action_form_less(self) -> None:
        self._step_value(-1)

    def action_form_more(self) -> None:
        self._step_value(+1)

    def _step_value(self, direction: int) -> None:
        if self.current is not None and self.current.steps:
            self.post_message(self.Stepped(self.current.key, direction))

    def action_form_enter(self) -> None:
        row = self.current
        if row is None or not row.key:
            return
        self.post_message(self.Entered(row.key) if row.edit is None else self.Opened(row.key))

    def on_click(self, event: events.Click) -> None:
        line = event.y + self.scroll_offset.y
        if line < len(self._lines):
            index = self._lines[line][0]
            if index == self.cursor and self.had_focus:
                self.action_form_enter()
            else:
                self.move_to(index)
