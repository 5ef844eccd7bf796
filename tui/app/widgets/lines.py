"""A list to choose from, with the letters added and a filter."""

from collections.abc import Sequence

from textual import events
from textual.binding import Binding
from textual.visual import VisualType
from textual.widgets.option_list import Option

from tui.app.widgets.clicks import Clicks
from tui.app.widgets.filter import Filterable, matches
from tui.app.widgets.options import Options


class Line(Option):
    """A line of a list whose words, which a filter looks through, are not its drawing's."""

    def __init__(self, prompt: VisualType, words: str, *, id: str | None = None) -> None:
        super().__init__(prompt, id=id)
        self.words = words


class List(Clicks, Options, Filterable):
    """Textual's list with the letters added, a filter, and a first click that does not choose yet."""

    BINDINGS = [
        Binding("j,down", "cursor_down", show=False, id="list.down"),
        Binding("k,up", "cursor_up", show=False, id="list.up"),
        Binding("g,home", "first", show=False, id="list.first"),
        Binding("G,end", "last", show=False, id="list.last"),
    ]

    def __init__(self, *options: Option, id: str | None = None) -> None:
        super().__init__(*options, id=id)
        self._every: list[Option] = list(options)

    def fill(self, options: Sequence[Option]) -> None:
        """Replaces every line."""
        self._every = list(options)
        self.filter_to(self.filter_words)

    def filter_to(self, words: str) -> None:
        """Lines that cannot be chosen are headings: they stay where one of theirs does, or all of theirs with them."""
        kept: list[Option] = []
        heading: Option | None = None
        for option in self._every:
            if option.disabled:
                heading = option
            elif matches(words, _words(option), _words(heading)):
                if heading is not None and heading not in kept:
                    kept.append(heading)
                kept.append(option)
        self.clear_options()
        self.add_options(kept)
        self.highlighted = next((at for at, option in enumerate(kept) if not option.disabled), None)

    async def _on_click(self, event: events.Click) -> None:
        event.prevent_default()  # Textual's own takes the line at the first click
        clicked = event.style.meta.get("option")
        if clicked is None or clicked >= self.option_count or self.get_option_at_index(clicked).disabled:
            return
        if clicked == self.highlighted and self.had_focus:
            self.action_select()
        else:
            self.highlighted = clicked


def _words(option: Option | None) -> str:
    if option is None:
        return ""
    return option.words if isinstance(option, Line) else str(option.prompt)
