"""Textual's table with the letters added, its keys from the registry, and columns as wide as their cells."""

from collections.abc import Callable, Sequence
from functools import partial

from rich.text import Text
from textual.widgets import DataTable

from tui.app.actions import bindings
from tui.app.clipboard import Copied
from tui.app.widgets.filter import Filterable, matches

_TEXTUAL = (
    *("cursor_down", "cursor_up", "cursor_left", "cursor_right"),
    *("scroll_top", "scroll_bottom", "page_down", "page_up"),
)


class Table(DataTable, Filterable):
    """Rows with a cursor; Enter says `DataTable.RowSelected`. Rows are counted as if none were filtered out."""

    SCOPE = "table"
    BINDINGS = bindings("table", methods={f"table.{name}": name for name in _TEXTUAL})

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, cursor_type="row", zebra_stripes=False, cell_padding=1)
        self.heads: Sequence[Text] = ()
        self.all_rows: Sequence[Sequence[Text]] = ()
        self.shown_rows: list[int] = []
        """The numbers of the rows that the filter leaves."""

    def fill(self, heads: Sequence[Text], rows: Sequence[Sequence[Text]]) -> None:
        """Replaces everything; the cursor stays on its row number."""
        self.heads, self.all_rows = heads, rows
        self._fill(self.marked)

    def copied(self) -> Callable[[], Copied] | None:
        from tui.app import copies

        rows = [[cell.plain for cell in self.all_rows[number]] for number in self.shown_rows]
        return partial(copies.table, [head.plain for head in self.heads], rows) if rows else None

    def filter_to(self, words: str) -> None:
        self._fill(self.marked)

    @property
    def marked(self) -> int:
        """The number of the row under the cursor; -1 where there is none."""
        at = self.cursor_row
        return self.shown_rows[at] if 0 <= at < len(self.shown_rows) else -1

    def go_to(self, row: int) -> None:
        """Puts the cursor on a row, if need be out of the filter."""
        if row not in self.shown_rows:
            self.unfilter()
        if row in self.shown_rows:  # one that has just come may not be drawn yet
            self.move_cursor(row=self.shown_rows.index(row))

    def _fill(self, at: int) -> None:
        words, heads = self.filter_words, self.heads
        self.shown_rows = [
            number for number, row in enumerate(self.all_rows) if matches(words, *(cell.plain for cell in row))
        ]
        rows = [self.all_rows[number] for number in self.shown_rows]
        self.clear(columns=True)
        for column, head in enumerate(heads):
            # Textual measures columns after it has drawn the first rows, and keeps that drawing.
            width = max([head.cell_len, *(row[column].cell_len for row in rows)])
            self.add_column(head, width=width)
        for row in rows:
            self.add_row(*row)
        if rows:
            below = [place for place, number in enumerate(self.shown_rows) if number >= at]
            self.move_cursor(row=below[0] if below else len(rows) - 1, scroll=False)
