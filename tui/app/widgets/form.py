"""A form made of rows, not of inputs: letters stay commands until a row is opened.

`j k` move, `h l` step the value in place, Enter opens the row. Only an open row types; Enter keeps,
Escape puts back, tab keeps and opens the next. The form knows nothing of what its rows mean: it says
what was done to which key, and its screen answers with new rows.
"""

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.message import Message
from textual.widgets import Input

from tui.app.widgets.form_rows import FormRows, Row


class Editor(Input):
    """The open row. Everything printable types, `?`, `/`, digits and space included."""

    BINDINGS = [
        Binding("escape", "put_back", "Put back", show=False),
        Binding("tab", "keep_next", "Keep, next", show=False),
    ]

    def action_put_back(self) -> None:
        self.form.put_back()

    def action_keep_next(self) -> None:
        self.form.keep(then_next=True)

    @property
    def form(self) -> "Form":
        assert isinstance(self.parent, Form)
        return self.parent


class Form(Container):
    """Rows with one editor that is laid over the row it opens."""

    class Typed(Message):
        """The open row's text changed."""

        def __init__(self, key: str, text: str) -> None:
            super().__init__()
            self.key, self.text = key, text

    class Kept(Typed):
        """The open row was closed with its text; wrong ones too."""

    class PutBack(Message):
        """The open row was closed as it was before."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, *, label_width: int = 20, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows = FormRows(label_width)
        self._editor = Editor(compact=True, select_on_focus=True)
        self._editor.display = False
        self.editing: str = ""

    def compose(self) -> ComposeResult:
        yield self._rows
        yield self._editor

    def show(self, rows: Sequence[Row]) -> None:
        self._rows.show(rows)
        if self.editing:
            self._place_editor()

    @property
    def current_key(self) -> str:
        return self._rows.current.key if self._rows.current else ""

    @property
    def more(self) -> str:
        """``▾ 5 more``: how many lines lie below the last one that is seen; "" where none does."""
        hidden = self._rows.lines_below
        arrow = "" if self._rows.glyph_set.mode == "ascii" else "▾ "
        return f"{arrow}{hidden} more" if hidden else ""

    def focus_rows(self) -> None:
        self._rows.focus()

    @property
    def focus_target(self) -> FormRows:
        return self._rows

    def go_to(self, key: str) -> bool:
        """Puts the cursor on a key, if need be out of the filter; False where no row has it."""
        known = any(row.key == key for row in self._rows.all_rows)
        if known and not any(row.key == key for row in self._rows.rows):
            self._rows.unfilter()
        for index, row in enumerate(self._rows.rows):
            if row.key == key:
                self._rows.move_to(index)
                return True
        return False

    def on_form_rows_opened(self, message: FormRows.Opened) -> None:
        message.stop()
        self.open_editor()

    def open_editor(self) -> None:
        row = self._rows.current
        if row is None or row.edit is None:
            return
        self.editing = row.key
        self._rows.editing = True
        self._editor.value = row.edit
        self._place_editor()
        self._editor.display = True
        self._editor.focus()

    def _place_editor(self) -> None:
        rows = self._rows
        y = rows.line_of(rows.cursor) - rows.scroll_offset.y
        self._editor.styles.offset = (rows.label_width, max(0, y))
        self._editor.styles.width = max(8, self.size.width - rows.label_width - 1)

    def on_resize(self) -> None:
        if self.editing:
            self._place_editor()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.editing:
            self.post_message(Form.Typed(self.editing, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.keep()

    def keep(self, *, then_next: bool = False) -> None:
        key, text = self.editing, self._editor.value
        self._close()
        self.post_message(Form.Kept(key, text))
        if then_next:
            before = self._rows.cursor
            self._rows.action_form_down()
            if self._rows.cursor != before:
                self.call_after_refresh(self.open_editor)

    def put_back(self) -> None:
        key = self.editing
        self._close()
        self.post_message(Form.PutBack(key))

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        # A click elsewhere, or another screen: what was typed is kept, right or wrong.
        if self.editing and event.widget is self._editor:
            key, text = self.editing, self._editor.value
            self._shut()
            self.post_message(Form.Kept(key, text))

    def _close(self) -> None:
        self._shut()
        self._rows.focus()

    def _shut(self) -> None:
        self.editing = ""
        self._rows.editing = False
        self._editor.display = False
        self._rows.refresh()
