"""Questions over a screen: one for a line of text, one before something is gone for good."""

from collections.abc import Callable, Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.widgets import Input, Static

from tui.app.charts.terminal import theme_style
from tui.app.fitting import cut, left
from tui.app.literal import literal
from tui.app.screens.choose import Modal
from tui.app.widgets.panel import Panel


class AskScreen(Modal):
    """One line to type; dismissed with it, or None. ``wrong`` says what is wrong with a text, "" where it will do."""

    def __init__(
        self, title: str, value: str = "", words: str = "", *, wrong: Callable[[str], str] = lambda text: ""
    ) -> None:
        super().__init__()
        self._heading, self._value, self._words, self._wrong = title, value, words, wrong

    def compose(self) -> ComposeResult:
        with Container(classes="modal"):
            panel = Panel(
                Input(self._value, id="answer", select_on_focus=False),
                Static(Text(self._words, "dim"), id="ask-words"),
                title=self._heading,
                id="ask",
                can_focus=False,
            )
            panel.entitle(subtitle="Enter keeps it   Esc closes")
            yield panel

    def on_mount(self) -> None:
        super().on_mount()
        field = self.query_one(Input)
        field.focus()
        field.cursor_position = len(field.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if wrong := self._wrong(event.value):
            self.query_one("#ask-words", Static).update(Text(wrong, theme_style(self, "error")))
        else:
            self.dismiss(event.value)


class ConfirmScreen(Modal):
    """Dismissed with True only by the letter of the deed; Enter and Escape do nothing."""

    BINDINGS = [
        Binding("enter", "leave", "Keep", show=False),
        Binding("D", "do", "Delete", show=False),
    ]

    def __init__(self, title: str, lines: Sequence[tuple[str, str]], words: str) -> None:
        super().__init__()
        self._heading, self._lines, self._words = title, lines, words

    def compose(self) -> ComposeResult:
        text = Text()
        for name, size in self._lines:
            text.append(left(cut(literal(name), 43, "~"), 44)).append(f"{size:>10}\n", "dim")
        text.append(f"\n{self._words}\n")
        with Container(classes="modal"):
            panel = Panel(
                Static(text, id="confirm-words"),
                Static(Text.assemble(("[ Keep ]", "bold reverse"), "    Delete  ", ("D", "bold")), id="confirm-keys"),
                title=self._heading,
                id="confirm",
            )
            panel.entitle(subtitle="Enter keeps   D deletes   Esc closes")
            yield panel

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Panel).focus()

    def action_do(self) -> None:
        self.dismiss(True)
