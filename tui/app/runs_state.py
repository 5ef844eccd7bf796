"""What the Runs screen knows: the rows, how they are arranged, and what is compared. Pure; no Textual in here."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from tui.app.run_view import RunView

if TYPE_CHECKING:  # read with the screen
    from tui.lab.runlist import RunRow

LETTERS = "abcdef"
"""The marks of compared runs: in the list, on their curves, over their columns."""
SORTS: tuple[tuple[str, str], ...] = (
    ("-created", "newest first"),
    ("name", "name"),
    ("state", "state"),
    ("val_loss", "least validation loss"),
    ("-val_accuracy", "best validation accuracy"),
    ("-test_accuracy", "best test accuracy"),
    ("lr", "learning rate"),
    ("-seconds", "longest"),
)
READING = "reading"
"""The problem of a row that is still to be read."""


class Entry(Struct, frozen=True):
    """A line of the list: one run, or the runs of a group together."""

    key: str
    rows: "tuple[RunRow, ...]"

    @property
    def row(self) -> "RunRow":
        """The run, of a group the one that was made first: the others repeat it."""
        return self.rows[-1]

    @property
    def is_group(self) -> bool:
        return len(self.rows) > 1

    @property
    def name(self) -> str:
        return f"{self.row.name} × {len(self.rows)}" if self.is_group else self.row.name

    @property
    def state(self) -> str:
        """Of a group the state that needs eyes first."""
        states = [row.state for row in self.rows]
        for state in ("running", "paused", "queued", "crashed", "failed", "diverged", "unreadable", "stopped"):
            if state in states:
                return state
        return states[0]

    def spread(self, figure: str) -> "Spread":
        """Mean and deviation of a row's figure over the runs that have it."""
        return spread([getattr(row, figure) for row in self.rows])


class Spread(Struct, frozen=True):
    """``deviation`` is that of a sample (n - 1); None of fewer than two values."""

    mean: float | None = None
    deviation: float | None = None


def spread(values: Sequence[float | None]) -> Spread:
    known = [value for value in values if value is not None]
    if not known:
        return Spread()
    mean = math.fsum(known) / len(known)
    if len(known) == 1:
        return Spread(mean)
    return Spread(mean, math.sqrt(math.fsum((value - mean) ** 2 for value in known) / (len(known) - 1)))


class RunsState(Struct, frozen=True):
    """``rows`` of ``total`` runs, the newest first; ``views``: the runs read through, by name, to draw and compare."""

    rows: "tuple[RunRow, ...]" = ()
    total: int = 0
    unread: int = 0
    looked: bool = False
    """Whether the folder has been looked into at all."""
    error: str = ""
    words: str = ""
    """The filter as it was typed."""
    sort: str = "-created"
    folded: bool = False
    """Whether the runs of a group stand as one line."""
    marked: tuple[str, ...] = ()
    """Keys of the entries to compare, in the order of their letters."""
    at: str = ""
    """The key of the entry under the cursor."""
    sparks: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    views: Mapping[str, RunView] = field(default_factory=dict)

    @property
    def running(self) -> "tuple[RunRow, ...]":
        return tuple(row for row in self.rows if row.live)

    def row(self, name: str) -> "RunRow | None":
        return next((row for row in self.rows if row.name == name), None)

    def letter(self, key: str) -> str:
        return LETTERS[self.marked.index(key)] if key in self.marked else ""


def arrange(state: RunsState) -> tuple[list[Entry], str]:
    """The lines of the list, filtered, sorted and folded, and what is wrong with the filter, in words."""
    from tui.lab.errors import LabError
    from tui.lab.runfilter import chooser, sort_rows

    rows, wrong = list(state.rows), ""
    try:
        meant = chooser(state.words.split())
        rows = [row for row in rows if meant(row)]
    except LabError as error:
        wrong = str(error)
    rows = sort_rows(rows, state.sort)
    if not state.folded:
        return [Entry(row.name, (row,)) for row in rows], wrong
    groups: dict[str, list[RunRow]] = {}
    for row in rows:
        groups.setdefault(f"group {row.group}" if row.group else row.name, []).append(row)
    entries = []
    for key, members in groups.items():
        members.sort(key=lambda row: (row.created, row.name), reverse=True)
        entries.append(Entry(key if len(members) > 1 else members[0].name, tuple(members)))
    return entries, wrong


def entries_named(state: RunsState, keys: Sequence[str]) -> list[Entry]:
    """The entries of these keys, also where a filter hides them."""
    found = []
    for key in keys:
        rows = [row for row in state.rows if row.name == key]
        if key.startswith("group "):
            rows = [row for row in state.rows if row.group == key.removeprefix("group ")]
            rows.sort(key=lambda row: (row.created, row.name), reverse=True)
        if rows:
            found.append(Entry(key, tuple(rows)))
    return found


def compared(state: RunsState) -> list[tuple[str, Entry]]:
    """(letter, entry) of what is marked; without marks the entry under the cursor, with no letter."""
    marked = [(state.letter(entry.key), entry) for entry in entries_named(state, state.marked)]
    if marked:
        return marked
    return [("", entry) for entry in entries_named(state, (state.at,))]


# Facts


class RunsRead(Struct, frozen=True):
    """The rows as they stand now; ``unread`` of them are still to be read."""

    rows: "tuple[RunRow, ...]"
    unread: int = 0
    error: str = ""


class RunsSparked(Struct, frozen=True):
    sparks: Mapping[str, tuple[float | None, ...]]


class RunsViewed(Struct, frozen=True):
    """Runs read through, by name; those that are not named are put away."""

    views: Mapping[str, RunView]


class RunsArranged(Struct, frozen=True):
    """What somebody has changed about the list: names of `RunsState` and their values."""

    changes: Mapping[str, Any]


class RunRenamed(Struct, frozen=True):
    """A run's folder has another name."""

    before: Path
    after: Path
