"""How the palette finds its entries and draws each on one line."""

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tui.app.fitting import cut, left
from tui.app.palette import RECENT, Entry, entries
from tui.app.screens.closing import ClosesOnce
from tui.app.widgets.options import Options

if TYPE_CHECKING:
    from tui.app.app import BenchApp

MARGIN = 5
"""Columns of the terminal that the palette's frame takes."""
MOST = 40
"""Of what a query finds the best are listed: nobody reads further, and each line costs."""
PATIENCE = 0.05
"""Seconds to wait for the runs' folder before the palette opens without it."""


class BenchCommands(Provider):
    """Everything of `entries`; read once, when the palette opens."""

    async def startup(self) -> None:
        runs = await _newest_runs(self.bench)
        self._entries = entries(self.bench, self.screen, runs)
        width = max(20, self.app.size.width - MARGIN)
        self._lines = [draw(entry, width, self.bench.glyphs.cut) for entry in self._entries]

    @property
    def bench(self) -> "BenchApp":
        return cast("BenchApp", self.app)

    async def discover(self) -> Hits:
        for entry, line in zip(self._entries, self._lines, strict=True):
            yield DiscoveryHit(line, self._command(entry), text=entry.title)

    async def search(self, query: str) -> Hits:
        best = find(query, self._entries)
        for rank, at in enumerate(best):
            entry = self._entries[at]
            line = _highlighted(self._lines[at], query, self.match_style)
            yield Hit(1.0 - rank / (MOST + 1), line, self._command(entry), text=entry.title)

    def _command(self, entry: Entry):  # type: ignore[no-untyped-def]  # Textual's callback type
        if not entry.idle:
            return entry.run
        return lambda: self.bench.notice(f"{entry.title}: {entry.idle}")


class Commands(CommandList, Options):
    """The rows of the palette."""


class Palette(ClosesOnce, CommandPalette):
    """Textual's, which several keys in one moment do not break."""

    def compose(self) -> ComposeResult:
        for widget in super().compose():
            yield Commands() if isinstance(widget, CommandList) else widget

    def _refresh_command_list(self, *rows: Any) -> None:
        """What was looked for comes after the palette has gone."""
        if not self._dismissed and self.query(CommandList):
            super()._refresh_command_list(*rows)


def palette() -> Palette:
    """The palette on our entries."""
    return Palette([BenchCommands], placeholder="what to do, or where to go")


async def _newest_runs(app: "BenchApp") -> list[Path]:
    """The newest runs; those of the last time where the folder takes too long, as over a network it may."""

    async def look() -> None:
        app.newest_runs = await asyncio.to_thread(_look, app.runs_dir)

    task = asyncio.create_task(look())
    await asyncio.wait({task}, timeout=PATIENCE)
    return app.newest_runs


def _look(runs_dir: Path) -> list[Path]:
    from tui.lab.errors import LabError
    from tui.lab.runlist import run_folders

    try:
        return [folder.path for folder in run_folders(runs_dir)[:RECENT]]
    except LabError:
        return []


def find(query: str, entries: list[Entry]) -> list[int]:
    """The places of the best answers, best first; where none has the words, of those with their letters in order."""
    scores = [score(query, entry) for entry in entries]
    if not any(scores):
        scores = [float(_in_order(query.lower(), entry.title.lower())) for entry in entries]
    found = [at for at, points in enumerate(scores) if points]
    return sorted(found, key=lambda at: (-scores[at], at))[:MOST]


def score(query: str, entry: Entry) -> float:
    """How well an entry answers: every word of the query must be in it, best at the beginning of its title; 0: not."""
    title = entry.title.lower()
    rest = f"{entry.where} {entry.key} {entry.words} {entry.idle}".lower()
    names = set(re.findall(r"[^\s.:,]+", rest))
    total = 0.0
    for word in query.lower().split():
        at = title.find(word)
        if at == 0:
            total += 8
        elif at > 0 and re.search(rf"\b{re.escape(word)}\b", title):
            total += 7
        elif word in names:
            total += 6.5
        elif at > 0:
            total += 3 if title[at - 1].isalnum() else 5
        elif word in rest:
            total += 2
        else:
            return 0.0
    return total - (0.5 if entry.idle else 0.0)


def _in_order(word: str, title: str) -> bool:
    letters = iter(title)
    return all(letter in letters for letter in word)


def draw(entry: Entry, width: int, ellipsis: str) -> Content:
    """One line: what it does, at the right where and by which key; what would do nothing says why instead."""
    key = f"  {entry.key:>9}" if entry.key else " " * 11
    room = width - cell_len(key) - 2
    if entry.idle:  # the reason first: what it would do one can guess
        where = cut(entry.idle, room - min(cell_len(entry.title) + 2, room // 2), ellipsis)
    else:
        where = entry.where if cell_len(entry.title) + 2 + cell_len(entry.where) <= room else ""
    title = left(cut(entry.title, room - (cell_len(where) + 2 if where else 0), ellipsis), room - cell_len(where))
    if entry.idle:
        return Content.assemble(
            (title, "not bold $foreground 60%"),
            (f"{where}  ", "not bold $foreground 60% italic"),
            (key, "not bold $foreground 60%"),
        )
    return Content.assemble((title, "not bold"), (f"{where}  ", "not bold $foreground 60%"), (key, "bold $accent"))


def _highlighted(line: Content, query: str, style: object) -> Content:
    plain = line.plain.lower()
    for word in query.lower().split():
        at = plain.find(word)
        if at >= 0:
            line = line.stylize(style or "underline", at, at + len(word))  # type: ignore[arg-type]
    return line
