"""Textual's list of options, kept from failing where it has no room, and where its rows have just gone."""

from textual import events
from textual.widgets import OptionList


class Options(OptionList):
    def _move_page(self, direction: int) -> None:
        """A page of a list that has no room, because the terminal is too small for it, is no page."""
        if self.scrollable_content_region:
            super()._move_page(direction)  # type: ignore[arg-type]

    def on_click(self, event: events.Click) -> None:
        """What was clicked on may be of a row that is no more."""
        if event.style.meta.get("option", 0) >= self.option_count:
            event.prevent_default()
