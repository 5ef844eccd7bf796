"""Help: the keys of this screen and everywhere, and the words of this screen. Made from the registry."""

from collections.abc import Callable

from rich.console import Group
from rich.table import Table as Grid
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, VerticalScroll
from textual.widgets import Static

from tui.app.actions import SCOPES, Action, in_scope, show_key
from tui.app.screens.base import BenchScreen, scope_of
from tui.app.screens.choose import Modal
from tui.app.widgets.filter import Filterable, FilterInput, matches
from tui.app.widgets.panel import Panel

TEXTUAL_KEYS = (
    ("tab", "Next panel"),
    ("shift+tab", "Previous panel"),
    ("ctrl+c", "Copy the selected text"),
)
FIELD_KEYS = (
    ("letters", "Every letter and digit types"),
    ("Enter", "Keep"),
    ("Esc", "Put back"),
    ("tab", "Keep, and open the next"),
)


class HelpScroll(VerticalScroll, Filterable):
    BINDINGS = [
        Binding("j", "scroll_down", show=False),
        Binding("k", "scroll_up", show=False),
        Binding("g", "scroll_home", show=False),
        Binding("G", "scroll_end", show=False),
    ]
    filter_page: Callable[[str], None]

    def filter_to(self, words: str) -> None:
        self.filter_page(words)
        self.scroll_home(animate=False)


class HelpScreen(Modal):
    BINDINGS = [
        Binding("escape,question_mark,f1", "leave", "Close", show=False),
    ]

    def __init__(self, screen: BenchScreen) -> None:
        super().__init__()
        self._of = screen
        self._focus_scope = scope_of(screen.focused)

    def compose(self) -> ComposeResult:
        with Container(classes="modal"):
            scroll = HelpScroll(Static(self._words(), id="help-words"), id="help-scroll")
            scroll.filter_page = self._filter
            panel = Panel(
                scroll, FilterInput(), title=f"help   {SCOPES[self._of.NAME].capitalize()}", id="help", can_focus=False
            )
            panel.entitle(subtitle="j k scroll   / filter   Esc closes")
            yield panel

    def on_mount(self) -> None:
        self.query_one(HelpScroll).focus()

    def _filter(self, words: str) -> None:
        self.query_one("#help-words", Static).update(self._words(words))

    def _words(self, filter: str = "") -> Group:
        parts: list[Text | Grid] = []
        for scope in dict.fromkeys((self._of.NAME, self._focus_scope, "app")):
            if not scope:
                continue
            rows = [(_keys(action), action.help) for action in in_scope(scope)]
            if scope == "app":
                rows += TEXTUAL_KEYS
            parts += _section(SCOPES[scope].upper(), rows, filter)
        if self._focus_scope == "form":
            parts += _section("IN A TEXT FIELD", list(FIELD_KEYS), filter)
        if self._of.WORDS:
            parts += _section("WORDS ON THIS SCREEN", list(self._of.WORDS), filter, width=18)
        return Group(*parts or [Text("no line has these words", "dim")])


def _section(title: str, rows: list[tuple[str, str]], filter: str, *, width: int = 12) -> list[Text | Grid]:
    rows = [row for row in rows if matches(filter, title, *row)]
    if not rows:
        return []
    grid = Grid.grid(padding=(0, 1))
    grid.add_column(width=width, no_wrap=True, style="bold")
    grid.add_column()
    for keys, words in rows:
        grid.add_row(Text(f"  {keys}"), Text(words))
    return [Text(title, "dim"), grid, Text("")]


def _keys(action: Action) -> str:
    return " ".join(dict.fromkeys(show_key(key) for key in action.keys.split(",")))
