"""Commands to a trainer: one small file a command, renamed into the run's `control` folder.

A file is called `lr`, or `<when>-lr` so that several keep their order; what it holds is the value.
`echo 0.01 > RUN/control/lr` works from any shell, on this machine or another.
"""

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

from tui.lab.errors import LabError
from tui.lab.files import write_atomic

COMMANDS: dict[str, str] = {
    "pause": "stand still after the step in hand",
    "resume": "go on",
    "stop": "write a checkpoint and end",
    "epoch": "train to the end of an epoch, then pause",
    "step": "take one optimiser step, then pause",
    "checkpoint": "write a checkpoint now, and go on",
    "lr": "a new base learning rate, from the next step on",
    "pace": "epochs a second; 0 for full speed",
}
_WITH_VALUE = ("lr", "pace")
_SETTLING = 0.5
"""Seconds in which a file without its value may still be in the making (a shell opens it, then writes)."""


@dataclass(frozen=True)
class Command:
    name: str
    value: float | None = None


def read_command(name: str, text: str) -> Command:
    """The command of this name with the value that ``text`` holds. Raises LabError in words."""
    if name not in COMMANDS:
        raise LabError(f"{name!r} is no command: there are {', '.join(COMMANDS)}")
    if name not in _WITH_VALUE:
        return Command(name)
    try:
        value = float(text)
    except ValueError:
        raise LabError(f"{name} takes a number, received {text[:40]!r}") from None
    if not math.isfinite(value) or value < 0 or (name == "lr" and value == 0):
        raise LabError(f"{name} takes a number {'above 0' if name == 'lr' else 'from 0'}, received {text[:40]!r}")
    return Command(name, value)


def send_command(folder: Path, name: str, value: float | None = None) -> None:
    """Puts a command into a run's ``control`` folder. Raises LabError for one that would be refused."""
    text = "" if value is None else repr(float(value))
    read_command(name, text)
    try:
        folder.mkdir(exist_ok=True)
        write_atomic(folder / f"{time.time_ns():020d}-{os.getpid()}-{name}", text.encode(), sync=False)
    except OSError as error:
        raise LabError(f"{folder}: the command cannot be written ({error.strerror})") from None


def clear_commands(folder: Path) -> None:
    """Forgets what was sent to a trainer that is gone: a resumed run must not obey an old `stop`.

    Raises OSError for what cannot be removed, such as a folder.
    """
    for name in _names(folder):
        (folder / name).unlink(missing_ok=True)


class Inbox:
    """The trainer's side: `take` gives each command once, in the order in which they were sent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stuck: set[str] = set()

    def take(self) -> tuple[list[Command], list[str]]:
        """The commands that have come since the last call, and a line about each file that was none."""
        commands, refused = [], []
        for name in _names(self.folder):
            if name in self._stuck:
                continue
            path = self.folder / name
            try:
                text = path.read_bytes()[:100].decode("utf-8", "replace").strip()
                age = time.time() - path.stat().st_mtime
            except OSError:
                text, age = "", math.inf
            word = name.rpartition("-")[2]
            if not text and word in _WITH_VALUE and 0 <= age < _SETTLING:
                continue
            try:
                path.unlink()
            except FileNotFoundError:
                continue
            except OSError:  # a folder, or not ours to remove: never look at it again
                self._stuck.add(name)
            try:
                commands.append(read_command(word, text))
            except LabError as error:
                refused.append(f"control/{name} ignored: {error}")
        return commands, refused


def _names(folder: Path) -> list[str]:
    """The files renamed in, oldest first; what begins with a dot is still being written."""
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except FileNotFoundError:
        return []
