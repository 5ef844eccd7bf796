"""The list of runs: as many lines as one likes, of which only those that are seen are made."""

from collections.abc import Callable
from functools import partial

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.app import copies
from tui.app.actions import bindings
from tui.app.charts.line_chart import RUN_CLASSES
from tui.app.charts.terminal import class_style, glyphs_of
from tui.app.clipboard import Copied
from tui.app.runs_state import READING, Entry, RunsState
from tui.app.widgets.clicks import Clicks
from tui.app.widgets.filter import Filterable
from tui.app.widgets.run_cells import NAME, RunColumn, cell, entry_mark, fitted, run_columns, tasks

BAD = ("diverged", "crashed", "failed", "unreadable")


class RunTable(Clicks, ScrollView, Filterable, can_focus=True):
    """A heading and a line an entry, with one cursor, which stays on its entry while others come and go."""

    SCOPE = "list"
    FILTER_HINT = "words, or state:finished lr>=0.01 tag:good"
    BINDINGS = bindings("list")
    COMPONENT_CLASSES = {"runs--head", "runs--cursor", "runs--good", "runs--bad", "runs--live", "runs--quiet"}
    DEFAULT_CSS = """
    RunTable {
        width: 1fr;
        height: 1fr;
        scrollbar-size: 0 0;
        overflow-x: hidden;
        & > .runs--head { color: $text-muted; }
        & > .runs--cursor { background: $panel; color: $accent; text-style: bold; }
        & > .runs--good { color: $success; }
        & > .runs--bad { color: $error; }
        & > .runs--live { color: $accent; }
        & > .runs--quiet { color: $text-muted; }
    }
    """

    class Moved(Message):
        """The cursor stands on another entry."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class Entered(Message):
        """Enter, or a second click, on the line under the cursor."""

    class Filtered(Message):
        """Only the runs that these words mean are wanted."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    class Scrolled(Message):
        """Other lines are seen."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.entries: list[Entry] = []
        self.cursor = 0
        self._state = RunsState()
        self._columns: list[RunColumn] = []

    # What is shown

    def show(self, entries: list[Entry], state: RunsState) -> None:
        """``state.at`` is where the cursor stands; where that is gone it stays on its line."""
        if state is self._state and entries == self.entries:
            return
        keys = [entry.key for entry in entries]
        line = self.cursor - round(self.scroll_offset.y)
        moved = bool(state.at) and state.at in keys and keys.index(state.at) != self.cursor
        if state.at in keys:
            self.cursor = keys.index(state.at)
        self.cursor = max(0, min(self.cursor, len(entries) - 1))
        self.entries, self._state = entries, state
        self._lay_out()
        if moved:  # the entry keeps its place on the screen
            self.scroll_to(y=max(0, self.cursor - line), animate=False, force=True)
            self._reveal()

    def copied(self) -> Callable[[], Copied] | None:
        rows = [row for entry in self.entries for row in entry.rows]
        return partial(copies.runs, rows) if rows else None

    def filter_to(self, words: str) -> None:
        self.post_message(self.Filtered(words))

    def _lay_out(self) -> None:
        width = self.size.width
        rows = [row for entry in self.entries[:200] for row in entry.rows]
        task = tasks(rows).replace("R²", f"R{glyphs_of(self).squared}")
        longest = max((cell_len(entry.name) for entry in self.entries), default=0)
        self._columns = run_columns(width, folded=self._state.folded, task=task, longest=longest)
        self.virtual_size = Size(width, len(self.entries) + 1)
        self.refresh()

    def on_resize(self) -> None:
        self._lay_out()
        self._reveal()
        self.post_message(self.Scrolled())

    def watch_scroll_y(self, old: float, new: float) -> None:
        super().watch_scroll_y(old, new)
        if round(old) != round(new):
            self.post_message(self.Scrolled())

    @property
    def current(self) -> Entry | None:
        return self.entries[self.cursor] if self.cursor < len(self.entries) else None

    @property
    def visible_entries(self) -> list[Entry]:
        top = round(self.scroll_offset.y)
        return self.entries[top : top + max(1, self.size.height - 1)]

    def render_line(self, y: int) -> Strip:
        width, style = self.size.width, self.rich_style
        if y == 0:
            heads = "".join(fitted(column.head, column, "") for column in self._columns)
            return Strip([Segment(f"      {heads}", self.get_component_rich_style("runs--head"))]).adjust_cell_length(
                width, style
            )
        line = y - 1 + round(self.scroll_offset.y)
        if line >= len(self.entries):
            return Strip.blank(width, style)
        return self._line(line).adjust_cell_length(
            width, self.get_component_rich_style("runs--cursor") if self._is_lit(line) else style
        )

    def _is_lit(self, line: int) -> bool:
        return line == self.cursor and self.has_focus

    def _line(self, line: int) -> Strip:
        entry, glyphs, state = self.entries[line], glyphs_of(self), self._state
        lit = self.get_component_rich_style("runs--cursor") if self._is_lit(line) else None
        plain = lit or self.rich_style
        letter = state.letter(entry.key)
        mark = entry_mark(entry, glyphs)
        segments = [
            Segment(glyphs.right[:1] if line == self.cursor else " ", plain),
            Segment(f"{letter or ' '} ", lit or self._letter_style(letter)),
            Segment(f"{mark:<2} ", lit or self._state_style(entry)),
        ]
        if entry.row.problem and not entry.is_group:
            return Strip([*segments, *self._problem(entry, lit)])
        for column in self._columns:
            text = fitted(cell(column.name, entry, state, glyphs, column.width), column, glyphs.ellipsis)
            style = self._state_style(entry) if column.name == "state" else plain
            segments.append(Segment(text, lit or style))
        return Strip(segments)

    def _problem(self, entry: Entry, lit: Style | None) -> list[Segment]:
        """The row of a run that cannot be read as it should: its name, and words in the place of figures."""
        name = self._columns[0] if self._columns else RunColumn("name", "name", NAME, right=False)
        quiet, glyphs = self.get_component_rich_style("runs--quiet"), glyphs_of(self)
        words = "" if entry.row.problem == READING else entry.row.problem
        return [
            Segment(fitted(cell("name", entry, self._state, glyphs, name.width), name, glyphs.ellipsis), lit or quiet),
            Segment(words, lit or self.get_component_rich_style("runs--bad")),
        ]

    def _state_style(self, entry: Entry) -> Style:
        state = entry.state
        look = "bad" if state in BAD else "live" if state in ("running", "paused") else "good"
        return self.get_component_rich_style(f"runs--{'quiet' if state == 'queued' else look}")

    def _letter_style(self, letter: str) -> Style:
        if letter in RUN_CLASSES:
            return self.rich_style + class_style(self, RUN_CLASSES[letter]) + Style(bold=True)
        return self.get_component_rich_style("runs--live") if letter == "b" else self.rich_style + Style(bold=True)

    # Moving

    def move_to(self, index: int) -> None:
        index = max(0, min(index, len(self.entries) - 1))
        if not self.entries or index == self.cursor:
            return
        self.cursor = index
        self._reveal()
        self.refresh()
        self.post_message(self.Moved(self.entries[index].key))

    def _reveal(self) -> None:
        # The heading covers the first line.
        self.scroll_to_region(Region(0, self.cursor, 1, 2), animate=False, force=True)

    def action_list_enter(self) -> None:
        if self.entries:
            self.post_message(self.Entered())

    def action_list_down(self) -> None:
        self.move_to(self.cursor + 1)

    def action_list_up(self) -> None:
        self.move_to(self.cursor - 1)

    def action_list_first(self) -> None:
        self.move_to(0)

    def action_list_last(self) -> None:
        self.move_to(len(self.entries) - 1)

    def action_list_page_down(self) -> None:
        self.move_to(self.cursor + max(1, self.size.height - 2))

    def action_list_page_up(self) -> None:
        self.move_to(self.cursor - max(1, self.size.height - 2))

    def on_click(self, event: events.Click) -> None:
        if event.y == 0:
            return
        line = event.y - 1 + round(self.scroll_offset.y)
        if line == self.cursor and self.had_focus:
            self.post_message(self.Entered())
        elif line < len(self.entries):
            self.move_to(line)
