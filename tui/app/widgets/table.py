"""Textual's table with the letters added, its keys from the registry, and columns as wide as their cells."""

from collections.abc import Sequence

from rich.text import Text
from textual.widgets import DataTable

from tui.app.actions import bindings

_TEXTUAL = (
    *("cursor_down", "cursor_up", "cursor_left", "cursor_right"),
    *("scroll_top", "scroll_bottom", "page_down", "page_up"),
)


class Table(DataTable):
    """Rows with a cursor; Enter says `DataTable.RowSelected`."""

    SCOPE = "table"
    BINDINGS = bindings("table", methods={f"table.{name}": name for name in _TEXTUAL})

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, cursor_type="row", zebra_stripes=False, cell_padding=1)

    def fill(self, heads: Sequence[Text], rows: Sequence[Sequence[Text]]) -> None:
        """Replaces everything; the cursor stays on its row number."""
        at = self.cursor_row
        self.clear(columns=True)
        for column, head in enumerate(heads):
            # Textual measures columns after it has drawn the first rows, and keeps that drawing.
            width = max([head.cell_len, *(row[column].cell_len for row in rows)])
            self.add_column(head, width=width)
        for row in rows:
            self.add_row(*row)
        if rows:
            self.move_cursor(row=min(at, len(rows) - 1), scroll=False)
