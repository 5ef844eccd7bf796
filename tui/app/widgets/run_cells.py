"""A run as a line of the list: which columns fit, and what stands in them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui.app import figures
from tui.app.charts import spark
from tui.app.fitting import cut, left, right
from tui.app.glyphs import GlyphSet
from tui.app.literal import literal
from tui.app.runs_state import READING, Entry, RunsState, Spread

if TYPE_CHECKING:
    from tui.lab.runlist import RunRow

SHORT_SPARK, LONG_SPARK = 10, 30
NAME, SHORT_NAME = 26, 14
"""Cells of a run's name, and how few are left of them where the screen is narrow."""
SPARK_FROM = 140
"""The width of the list from which its spark lines are long."""
GROUPED = 16
"""From this width on a group's figures have room for their deviation."""


@dataclass(frozen=True)
class RunColumn:
    """``rank``: the higher, the sooner it goes where the screen is narrow; ``right``: figures."""

    name: str
    head: str
    width: int
    rank: int = 0
    right: bool = True


def run_columns(width: int, *, folded: bool = False, task: str = "acc", longest: int = 0) -> list[RunColumn]:
    """The columns that fit into so many cells beside mark and state glyph; ``longest``: cells of the longest name."""
    figure = 17 if folded else 10
    score = max(figure, len(f" test {task}"))
    columns = [
        RunColumn("name", "name", NAME, right=False),
        RunColumn("state", "state", 10, right=False),
        RunColumn("epoch", "epoch", 13, rank=1),
        RunColumn("val_loss", "val loss", figure),
        RunColumn("val_score", f"val {task}", score, rank=4),
        RunColumn("test_score", f"test {task}", score),
        RunColumn("spark", "  loss", 2 + (LONG_SPARK if width >= SPARK_FROM else SHORT_SPARK), rank=3, right=False),
        RunColumn("time", "time", 9, rank=5),
        RunColumn("lr", "lr", 9, rank=6),
        RunColumn("hidden", "  hidden", 14, rank=7, right=False),
        RunColumn("data", "  data", 14, rank=8, right=False),
        RunColumn("host", "  host", 12, rank=9, right=False),
    ]
    room = width - 6
    # The name stays, and gives what it can before anything that has no rank goes.
    while any(column.rank for column in columns) and sum(column.width for column in columns) > room:
        columns.remove(max(columns, key=lambda column: column.rank))
    while len(columns) > 2 and sum(column.width for column in columns) - (NAME - SHORT_NAME) > room:
        columns.pop()
    spare = room - sum(column.width for column in columns)
    # Names have as much of what is left as the longest takes; at least 14 more.
    more = min(spare, max(14, longest + 1 - NAME)) if spare > 0 else max(spare, SHORT_NAME - NAME)
    return [replace(columns[0], width=NAME + more), *columns[1:]]


def state_mark(state: str, glyphs: GlyphSet) -> str:
    return {
        "running": glyphs.running,
        "paused": glyphs.paused,
        "queued": glyphs.idle,
        "finished": glyphs.ok,
        "stopped": glyphs.ok,
        "diverged": glyphs.warn,
        "crashed": glyphs.wrong,
        "failed": glyphs.wrong,
    }.get(state, "?")


def entry_mark(entry: Entry, glyphs: GlyphSet) -> str:
    if entry.row.problem == READING:
        return glyphs.idle
    return "?" if any(row.problem for row in entry.rows) else state_mark(entry.state, glyphs)


def cell(column: str, entry: Entry, state: RunsState, glyphs: GlyphSet, width: int) -> str:
    """What stands in a column of an entry, not yet fitted to its width."""
    row = entry.row
    found = _CELLS.get(column)
    if found is not None:
        return found(entry, width)
    if column == "spark":
        values = state.sparks.get(row.name, ())
        return "  " + spark([float("nan") if value is None else value for value in values], width - 3, glyphs)
    if column == "state":
        return entry.state if not entry.is_group else _of_group(entry)
    raise KeyError(column)


def _of_group(entry: Entry) -> str:
    count = sum(row.state == entry.state for row in entry.rows)
    return entry.state if count == len(entry.rows) else f"{count} {entry.state}"


def _epoch(entry: Entry, width: int) -> str:
    row = entry.row
    done = f"{row.epochs:,}"
    if row.state == "finished" or row.total is None or entry.is_group:
        return done
    both = f"{done} / {row.total:,}"
    return both if len(both) < width else done


def with_spread(found: Spread, show: Callable[[float | None], str], width: int) -> str:
    """``0.0981 ± 0.0031`` where there is room for it."""
    if found.mean is None:
        return ""
    text = show(found.mean)
    if found.deviation is None:
        return text
    deviation = show(found.deviation)
    unit = text.rpartition(" ")[2]
    if deviation.endswith(f" {unit}"):
        text = text.removesuffix(f" {unit}")
    both = f"{text} ± {deviation}"
    return both if len(both) < width else show(found.mean)


def _loss(entry: Entry, width: int) -> str:
    row = entry.row
    if not entry.is_group and row.state == "diverged":
        return "inf"
    return with_spread(entry.spread("val_loss"), figures.loss, width)


def _score(part: str) -> Callable[[Entry, int], str]:
    def show(entry: Entry, width: int) -> str:
        r2 = entry.spread(f"{part}_r2")
        if r2.mean is not None:
            return with_spread(r2, figures.r2, width)
        return with_spread(entry.spread(f"{part}_accuracy"), figures.accuracy, width)

    return show


def _time(entry: Entry, width: int) -> str:
    found = entry.spread("seconds")
    return "" if found.mean is None else figures.duration(found.mean)


def sizes(row: "RunRow") -> str:
    return "-".join(str(units) for units in row.hidden) or "none"


_CELLS: dict[str, Callable[[Entry, int], str]] = {
    "name": lambda entry, width: literal(entry.name),
    "epoch": _epoch,
    "val_loss": _loss,
    "val_score": _score("val"),
    "test_score": _score("test"),
    "time": _time,
    "lr": lambda entry, width: "" if entry.row.lr is None else figures.rate(entry.row.lr),
    "hidden": lambda entry, width: f"  {sizes(entry.row)}",
    "data": lambda entry, width: f"  {literal(entry.row.data)}",
    "host": lambda entry, width: f"  {literal(entry.row.host)}",
}


def fitted(text: str, column: RunColumn, ellipsis: str) -> str:
    """Exactly as wide as its column, one blank before the next."""
    text = cut(text, column.width - 1, ellipsis)
    return right(text, column.width) if column.right else left(text, column.width)


def tasks(rows: Sequence["RunRow"]) -> str:
    """How right answers are counted in these runs: "acc", "R²", or "score" of both kinds together."""
    numbers = sum(row.val_r2 is not None or row.test_r2 is not None or row.train_r2 is not None for row in rows)
    if not numbers:
        return "acc"
    return "R²" if numbers == sum(bool(row.epochs) for row in rows) else "score"
