"""`/`: one way to filter every list, table, form and page of words: lines that hold every word stay.

A `Filterable` stands in a panel that also holds a `FilterInput`, hidden until somebody asks for it. While it is open
it types; Enter or the down key keeps the filter and goes back, Escape clears it, and again closes it. A filter that
is kept stays in sight, so that nobody misses lines without knowing why.
"""

from textual import events
from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Input


def matches(words: str, *texts: str) -> bool:
    """Whether every one of the words stands in one of the texts, in whatever case."""
    found = " ".join(texts).casefold()
    return all(word in found for word in words.casefold().split())


class Filterable(Widget):
    """A widget of lines that can be filtered. A subclass gives `filter_to`."""

    FILTER_HINT = "words"
    filter_words = ""
    """What the lines are filtered by."""

    def filter_to(self, words: str) -> None:
        """Shows only the lines that hold these words, all of them for ""."""
        raise NotImplementedError

    @property
    def filter_input(self) -> "FilterInput | None":
        """The field beside it."""
        for parent in self.ancestors:
            for child in parent.children:
                if isinstance(child, FilterInput):
                    return child
        return None

    def set_filter(self, words: str) -> None:
        if words != self.filter_words:
            self.filter_words = words
            self.filter_to(words)

    def open_filter(self) -> None:
        field = self.filter_input
        if field is not None:
            field.open_for(self)

    def unfilter(self) -> bool:
        """Escape: takes the filter away; False where there is none."""
        field = self.filter_input
        if field is None or not field.is_open:
            return False
        field.close_filter(keep=False)
        return True


class FilterInput(Input):
    """The line below a list in which its filter is typed."""

    BINDINGS = [
        Binding("escape", "out", "Clear, then close", show=False),
        Binding("down,tab", "keep", "Keep", show=False),
    ]
    DEFAULT_CSS = """
    FilterInput, FilterInput:focus {
        display: none;
        height: 1;
        border: none;
        padding: 0 1 !important;
        background: $panel;
        color: $accent;
    }
    FilterInput.-open { display: block; }
    """

    def __init__(self) -> None:
        super().__init__(compact=True, select_on_focus=False)
        self._target: Filterable | None = None
        self.can_focus = False

    @property
    def is_open(self) -> bool:
        return self.has_class("-open")

    def open_for(self, target: Filterable) -> None:
        self._target = target
        self.placeholder = f"{target.FILTER_HINT}   Enter keeps, Esc clears"
        with self.prevent(Input.Changed):
            self.value = target.filter_words
        self.cursor_position = len(self.value)
        self.add_class("-open")
        self.can_focus = True
        self.focus()

    def _target_now(self, words: str) -> None:
        if self._target is not None and self._target.is_mounted:
            self._target.set_filter(words)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.is_open:
            self._target_now(event.value.strip())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_keep()

    def action_keep(self) -> None:
        self.close_filter(keep=True)

    def action_out(self) -> None:
        if self.value:
            self.value = ""
        else:
            self.close_filter(keep=False)

    def close_filter(self, *, keep: bool) -> None:
        """Goes back to the lines. A filter that is kept stays in sight."""
        had_focus = self.has_focus
        if not keep:
            with self.prevent(Input.Changed):
                self.value = ""
            self._target_now("")
        self.set_class(bool(self.value.strip()), "-open")
        if had_focus and self._target is not None:
            self._target.focus()

    def on_blur(self, event: events.Blur) -> None:
        self.can_focus = False  # tab goes through panels: a filter that is kept is no stop on its way
        if not self.value.strip():
            self.remove_class("-open")


def filterable_at(focused: Widget | None, root: Widget) -> Filterable | None:
    """What `/` is for: the focused widget or one in the same panel, else the only one there is."""
    if isinstance(focused, Filterable):
        return focused
    shown = [widget for widget in root.walk_children(Widget) if isinstance(widget, Filterable) and _in_sight(widget)]
    if focused is not None:
        for parent in focused.ancestors:
            if parent is root:
                break
            near = [widget for widget in shown if parent in widget.ancestors]
            if near:
                return near[0]
    return shown[0] if len(shown) == 1 else None


def _in_sight(widget: Widget) -> bool:
    return all(
        isinstance(node, Widget) and node.display for node in widget.ancestors_with_self if node is not widget.app
    )
