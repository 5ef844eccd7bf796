"""The mouse: one click goes there, a click on what the cursor is on is Enter."""

from textual import events


class Clicks:
    """Beside a widget: tells a click that only brought the focus from one on a widget that had it."""

    _focused_at = 0.0
    _pressed_at = 0.0

    def on_focus(self, event: events.Focus) -> None:
        self._focused_at = event.time

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._pressed_at = event.time

    @property
    def had_focus(self) -> bool:
        """Whether the focus was here before the button went down."""
        return self._focused_at < self._pressed_at
