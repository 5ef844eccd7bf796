"""Help: the keys of this screen and everywhere, and the words of this screen. Made from the registry."""

from collections.abc import Callable

from rich.console import Group
from rich.table import Table as Grid
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, VerticalScroll
from textual.widgets import Static

from tui.app.actions import SCOPES, in_scope
from tui.app.keyboard import Keyboard, keyboard_of
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
KEYS_WIDTH = 12


class HelpScroll(VerticalScroll, Filterable):
    BINDINGS = [
        Binding("j,down", "scroll_down", show=False, id="list.down"),
        Binding("k,up", "scroll_up", show=False, id="list.up"),
        Binding("g,home", "scroll_home", show=False, id="list.first"),
        Binding("G,end", "scroll_end", show=False, id="list.last"),
        Binding("pagedown", "page_down", show=False, id="list.page_down"),
        Binding("pageup", "page_up", show=False, id="list.page_up"),
    ]
    filter_page: Callable[[str], None]

    def filter_to(self, words: str) -> None:
        self.filter_page(words)
        self.scroll_home(animate=False)


class HelpScreen(Modal):
    BINDINGS = [
        Binding("escape", "leave", "Close", show=False),
        Binding("question_mark,f1", "leave", "Close", show=False, id="app.help"),
    ]

    def __init__(self, screen: BenchScreen) -> None:
        super().__init__()
        self._of = screen
        self._focus_scope = scope_of(screen.focused)

    def compose(self) -> ComposeResult:
        keyboard = keyboard_of(self._of)
        with Container(classes="modal"):
            scroll = HelpScroll(Static(self._words(keyboard), id="help-words"), id="help-scroll")
            scroll.filter_page = self._filter
            title = f"help   {SCOPES[self._of.NAME].capitalize()}"
            panel = Panel(scroll, FilterInput(), title=title, id="help", can_focus=False)
            panel.entitle(subtitle=keyboard.plain("‹list.down› ‹list.up› scroll   ‹app.filter› filter   Esc closes"))
            yield panel

    def on_mount(self) -> None:
        self.query_one(HelpScroll).focus()

    def _filter(self, words: str) -> None:
        self.query_one("#help-words", Static).update(self._words(keyboard_of(self._of), words))

    def _words(self, keyboard: Keyboard, filter: str = "") -> Group:
        parts: list[Text | Grid] = []
        for scope in dict.fromkeys((self._of.NAME, self._focus_scope, "app")):
            if not scope:
                continue
            rows = [(keyboard.all_shown(action.id), action.help) for action in in_scope(scope)]
            if scope == "app":
                rows += TEXTUAL_KEYS
            parts += _section(SCOPES[scope].upper(), rows, filter)
        parts += _section("IN A TEXT FIELD", list(FIELD_KEYS), filter)
        if self._of.WORDS:
            words = [(word, keyboard.plain(meaning)) for word, meaning in self._of.WORDS]
            parts += _section("WORDS ON THIS SCREEN", words, filter, width=18)
        if about := about_keyboard(keyboard):
            parts += _section("THIS KEYBOARD", about, filter)
        return Group(*parts or [Text("no line has these words", "dim")])


def about_keyboard(keyboard: Keyboard) -> list[tuple[str, str]]:
    """What is not as everybody's: the profile, and the keys that were changed."""
    rows = []
    if keyboard.layout == "azerty":
        rows.append(("AZERTY", 'Digits and brackets without shift and AltGr; keyboard = "qwerty" switches it off'))
    if keyboard.changed:
        keys = " ".join(keyboard.all_shown(action_id) or "none" for action_id in keyboard.changed)
        rows.append(("changed", f"{keys}: by the config file; mlp-tui config keys lists every key"))
    return rows


def _section(title: str, rows: list[tuple[str, str]], filter: str, *, width: int = KEYS_WIDTH) -> list[Text | Grid]:
    rows = [row for row in rows if matches(filter, title, *row)]
    if not rows:
        return []
    grid = Grid.grid(padding=(0, 1))
    grid.add_column(width=max(width, *(len(keys) + 2 for keys, _ in rows)), no_wrap=True, style="bold")
    grid.add_column()
    for keys, words in rows:
        grid.add_row(Text(f"  {keys}"), Text(words))
    return [Text(title, "dim"), grid, Text("")]
