"""Open a file or a folder: a path with completion, and what lies beside it."""

import os
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from datasets.readers import KINDS, kind_of
from tui.app import figures
from tui.app.fitting import cut, left
from tui.app.folders import with_tilde
from tui.app.literal import literal
from tui.app.screens.choose import Modal
from tui.app.widgets.filter import FilterInput
from tui.app.widgets.lines import List
from tui.app.widgets.panel import Panel

FOLDERS = {"idx": "images (IDX)", "cifar": "images (CIFAR)"}
"""Folders that are data themselves."""
SUFFIXES = (".gz", *(suffix for kind in KINDS.values() for suffix in kind.suffixes))
MOST = 300
NAME_WIDTH = 42


@dataclass(frozen=True)
class Entry:
    path: Path
    label: str
    is_folder: bool


class PathInput(Input):
    """Everything printable types; down goes to the list, tab completes."""

    BINDINGS = [
        Binding("down", "screen.to_list", show=False),
        Binding("tab", "screen.complete", show=False),
    ]


class OpenScreen(Modal):
    """Dismissed with a path, or None. Enter on a folder of IDX files opens it as data; on another it goes in."""

    BINDINGS = [Binding("escape", "leave", "Close", show=False)]

    def compose(self) -> ComposeResult:
        with Container(classes="modal"):
            panel = Panel(
                PathInput(placeholder="a path; the down key goes to the list", id="path"),
                List(id="open-files"),
                FilterInput(),
                Static(id="open-words"),
                title="open a file",
                id="open",
                can_focus=False,
            )
            panel.entitle(subtitle="Enter open   tab complete   Esc close")
            yield panel

    def on_mount(self) -> None:
        self._entries: list[Entry] = []
        self.query_one(PathInput).focus()
        self._list("")

    def on_input_changed(self, event: Input.Changed) -> None:
        self._list(event.value)

    @work(exclusive=True)
    async def _list(self, typed: str) -> None:
        import asyncio

        entries, words = await asyncio.to_thread(look, typed)
        if not self.is_current:  # closed meanwhile
            return
        self._entries = entries
        self.query_one(List).fill([Option(Text(entry.label), id=str(at)) for at, entry in enumerate(entries)])
        self.query_one("#open-words", Static).update(Text(words, "dim"))

    def action_to_list(self) -> None:
        self.query_one(OptionList).focus()

    def action_complete(self) -> None:
        """As a shell: to the longest beginning that all entries share."""
        field = self.query_one(PathInput)
        names = [
            str(entry.path) + (os.sep if entry.is_folder else "") for entry in self._entries if entry.label != "../"
        ]
        if not names:
            return
        common = os.path.commonprefix(names)  # noqa: RUF071 - characters are meant
        if len(common) > len(os.path.expanduser(field.value)):
            field.value = _shown(common)
            field.cursor_position = len(field.value)
        else:
            self.action_to_list()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._take_at(event.option_id)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        typed = Path(os.path.expanduser(event.value.strip()))
        try:
            is_file = bool(event.value.strip()) and typed.is_file()
        except OSError as error:  # longer than any path, as what was pasted by mistake
            self.query_one("#open-words", Static).update(Text(f"no such file: {error.strerror}", "dim"))
            return
        if is_file:
            self.dismiss(str(typed))
        elif self._entries:
            option = self.query_one(List).highlighted_option
            if option is not None:
                self._take_at(option.id)

    def _take_at(self, line: str | None) -> None:
        if (at := int(line or 0)) < len(self._entries):  # the rows may be others by now
            self._take(self._entries[at])

    def _take(self, entry: Entry) -> None:
        if entry.is_folder and kind_of(entry.path) not in FOLDERS:
            field = self.query_one(PathInput)
            field.value = _shown(f"{entry.path}{os.sep}")
            field.cursor_position = len(field.value)
            field.focus()
        else:
            self.dismiss(str(entry.path))


def look(typed: str) -> tuple[list[Entry], str]:
    """What lies where the typed path points, folders and data files, and a line of words about it."""
    expanded = os.path.expanduser(typed)
    folder, _, start = expanded.rpartition(os.sep)
    where = Path((folder or os.sep) if os.sep in expanded else os.curdir)
    try:
        with os.scandir(where) as found:
            listed = sorted(found, key=lambda entry: (not entry.is_dir(), entry.name.lower()))
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte in it
        return [], literal(f"{where}: {getattr(error, 'strerror', error)}")
    entries = [] if start else [Entry(where / os.pardir, "../", True)]
    for item in listed:
        if not item.name.lower().startswith(start.lower()) or (item.name.startswith(".") and not start.startswith(".")):
            continue
        path = Path(item.path) if os.sep in expanded else Path(item.name)
        try:
            if item.is_dir():
                kind = FOLDERS.get(kind_of(path), "folder")
                entries.append(Entry(path, f"{_column(item.name + '/')} {kind}", True))
            elif item.name.lower().endswith(SUFFIXES) or "ubyte" in item.name:
                entries.append(Entry(path, f"{_column(item.name)} {figures.size(item.stat().st_size):>9}", False))
        except OSError:
            continue
    words = "csv, npz, npy, pickle, IDX, CIFAR, mat, safetensors; nothing in a file is ever run"
    if not entries:
        words = f"no data file or folder here begins with {start!r}"
    if len(entries) > MOST:
        words = f"{len(entries) - MOST:,} more: type the beginning of a name"
    return entries[:MOST], words


def _column(name: str) -> str:
    """A name in a column of its own: figures stand under each other."""
    return left(cut(literal(name), NAME_WIDTH, "~"), NAME_WIDTH)


def _shown(path: str) -> str:
    """As one would type it; a folder that one is in keeps its slash."""
    shown = with_tilde(Path(os.path.normpath(path)))
    return f"{shown}{os.sep}" if path.endswith(os.sep) and not shown.endswith(os.sep) else shown
