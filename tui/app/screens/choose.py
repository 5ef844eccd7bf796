"""A list to choose from, over the screen: Enter takes, Escape leaves."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.screen import ModalScreen
from textual.widgets import OptionList

from tui.app.actions import by_id
from tui.app.charts.terminal import glyphs_of
from tui.app.screens.closing import ClosesOnce
from tui.app.widgets.filter import FilterInput, filterable_at
from tui.app.widgets.lines import Line, List
from tui.app.widgets.panel import Panel


class Modal(ClosesOnce, ModalScreen):
    """A panel in the middle; Escape closes it without effect."""

    CSS_PATH = "../styles/modals.tcss"
    BINDINGS = [
        Binding("escape", "leave", "Close", show=False),
        Binding(by_id("app.filter").keys, "filter", "Filter", show=False, id="app.filter"),
        Binding(by_id("app.picture").keys, "app.app_picture", "Picture", show=False, id="app.picture"),
    ]

    def action_filter(self) -> None:
        """Asks for words that the lines in here must hold."""
        if (lines := filterable_at(self.focused, self)) is not None:
            lines.open_filter()

    def on_mount(self) -> None:
        self.set_class(glyphs_of(self).mode == "ascii", "-ascii")

    def action_leave(self) -> None:
        lines = filterable_at(self.focused, self)
        if lines is None or not lines.unfilter():
            self.dismiss(None)


class ChooseScreen(Modal):
    """Rows of (value, label, help); dismissed with the value, or None."""

    def __init__(self, title: str, rows: Sequence[tuple[str, str, str]], current: str) -> None:
        super().__init__()
        self._heading = title
        self._rows = rows
        self._current = current

    def compose(self) -> ComposeResult:
        width = max(len(label) for _, label, _ in self._rows) + 2
        options = []
        for value, label, words in self._rows:
            line = Table.grid(padding=0)
            line.add_column(width=width)
            line.add_column(ratio=1)
            line.add_row(Text(label), Text(words, style="dim"))
            options.append(Line(line, f"{value} {label} {words}", id=value))
        with Container(classes="modal"):
            panel = Panel(List(*options), FilterInput(), title=self._heading, id="choose", can_focus=False)
            panel.entitle(subtitle="Enter takes it   Esc closes")
            yield panel

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        values = [value for value, _, _ in self._rows]
        options.highlighted = values.index(self._current) if self._current in values else 0
        options.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)
