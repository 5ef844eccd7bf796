"""How somebody likes the screens: the expanded panel, map, log scale, theme. Remembered from one day to the next.

`layout.json` in the state folder is read once, before the first picture, and written beside the loop. It is worth
nothing against what it could break: whatever is wrong with the file, or with the disk, it is as if it were not there.
"""

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from msgspec import Struct, field

Value = str | bool | int | float
T = TypeVar("T", str, bool, int, float)

FILE = "layout.json"
LARGEST = 64 * 1024
"""Bytes; a longer file is not ours."""


class Layout(Struct, frozen=True):
    """Values by screen and name, as ``("train", "map")``; ``app`` holds what is of no screen."""

    values: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)

    def get(self, screen: str, name: str, default: T) -> T:
        """What is remembered, where it is of the default's kind."""
        found = self.values.get(screen, {}).get(name)
        if isinstance(default, float) and type(found) is int:
            found = float(found)
        return found if type(found) is type(default) else default

    def with_value(self, screen: str, name: str, value: Value) -> "Layout":
        return Layout({**self.values, screen: {**self.values.get(screen, {}), name: value}})


def read_layout(folder: Path) -> Layout:
    """What was remembered, without whatever is torn, or of another program or a later version."""
    try:
        with open(folder / FILE, "rb") as file:
            found = json.loads(file.read(LARGEST))
    except (OSError, ValueError, RecursionError):
        return Layout()
    if not isinstance(found, dict):
        return Layout()
    return Layout(
        {
            screen: {name: value for name, value in values.items() if isinstance(value, Value)}
            for screen, values in found.items()
            if isinstance(values, dict)
        }
    )


def write_layout(folder: Path, layout: Layout) -> bool:
    """Whether it could be kept."""
    from tui.lab.files import write_atomic

    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / FILE, json.dumps(layout.values, indent=1).encode(), sync=False)
    except OSError:
        return False
    return True


class LayoutKeeper:
    """The layout that is true now, and the thread that writes it: changes that come meanwhile are written once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._pending: Layout | None = None
        self._thread: threading.Thread | None = None
        self.layout = read_layout(folder)

    def get(self, screen: str, name: str, default: T) -> T:
        return self.layout.get(screen, name, default)

    def remember(self, screen: str, name: str, value: Value) -> None:
        """Keeps a value; nothing is written where it is known already."""
        if self.layout.values.get(screen, {}).get(name) == value:
            return
        self.layout = self.layout.with_value(screen, name, value)
        with self._lock:
            self._pending = self.layout
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, daemon=True, name="keep layout")
                self._thread.start()

    def _write(self) -> None:
        while True:
            with self._lock:
                layout, self._pending = self._pending, None
                if layout is None:
                    self._thread = None
                    return
            write_layout(self._folder, layout)

    def settle(self, seconds: float) -> None:
        """Waits for what is being written, but not for a disk that does not answer."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)
