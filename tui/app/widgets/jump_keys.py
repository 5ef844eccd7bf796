"""Takes the one key of jump mode: a letter goes to its panel, any other key leaves everything as it was."""

from collections.abc import Mapping

from textual import events
from textual.message import Message
from textual.widget import Widget

from tui.app.widgets.panel import Panel


class JumpKeys(Widget):
    """Has no size of its own. It holds the focus while the letters stand on the panels, and gives it back."""

    DEFAULT_CSS = """
    JumpKeys { display: none; height: 0; }
    JumpKeys.-active { display: block; }
    """

    class Ended(Message):
        """``panel`` is where to go; None: one stays."""

        def __init__(self, panel: Panel | None) -> None:
            super().__init__()
            self.panel = panel

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._panels: Mapping[str, Panel] = {}
        self._from: Widget | None = None

    @property
    def active(self) -> bool:
        return bool(self._panels)

    @property
    def sentence(self) -> str:
        """The status line: what to do, and the letters of the panels that are not seen."""
        hidden = [f"‹{letter}› {panel.bare_title}" for letter, panel in self._panels.items() if not panel.display]
        behind = "   not seen: " + "  ".join(hidden) if hidden else ""
        return f"a letter goes there, ‹Esc› stays{behind}"

    def start(self, panels: Mapping[str, Panel]) -> None:
        if self.active:
            return
        self._panels = panels
        self._from = self.screen.focused
        for letter, panel in panels.items():
            panel.put_letter(letter)
        self.add_class("-active")
        self.can_focus = True
        self.focus(scroll_visible=False)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        self._end(self._panels.get(event.key))

    def on_paste(self, event: events.Paste) -> None:
        event.stop()

    def on_blur(self) -> None:
        """A click elsewhere, or another screen."""
        if self.active:
            self._from = None
            self._end(None)

    def _end(self, panel: Panel | None) -> None:
        for other in self._panels.values():
            other.put_letter("")
        self._panels = {}
        self.can_focus = False
        self.remove_class("-active")
        if panel is None and self._from is not None:
            self._from.focus(scroll_visible=False)
        self._from = None
        self.post_message(self.Ended(panel))
