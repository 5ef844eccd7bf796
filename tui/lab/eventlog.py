"""The writing end of `events.jsonl`."""

import os
import time
from pathlib import Path
from typing import Any, Self

import msgspec

from tui.lab.events import Checkpoint, Epoch, Event, EventReader, Probe, Step, encode
from tui.lab.files import write_all
from tui.lab.tail import read_tail

FLUSH_SECONDS = 0.05


class EventLog:
    """Appends events whole, at most twenty times a second unless asked; none is lost but by a kill.

    ``history`` holds what a resumed run needs of what was in the file before: its last event, and all others but
    epochs, steps, probes and checkpoints. A last line that a kill tore is cut off.
    """

    def __init__(self, path: Path) -> None:
        self.history = _read_history(path)
        self.seq: int = max((event.seq for event in self.history), default=0)
        self._waiting: list[bytes] = []
        self._flushed = 0.0
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        _cut_torn_line(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._file)

    def emit(self, event: Event, *, flush: bool = False) -> None:
        """Numbers and dates the event and queues it. Raises OSError where it cannot be written."""
        self.seq += 1
        self._waiting.append(encode(msgspec.structs.replace(event, seq=self.seq, time=time.time())))
        self.flush(force=flush)

    def flush(self, *, force: bool = True) -> None:
        """Writes what waits; without ``force`` only where the last writing is a while ago."""
        if not self._waiting or not (force or time.monotonic() - self._flushed >= FLUSH_SECONDS):
            return
        data = b"".join(self._waiting)
        size = os.fstat(self._file).st_size
        try:
            write_all(self._file, data)
        except OSError:
            os.ftruncate(self._file, size)  # half an event is none
            self._waiting = [data]
            raise
        self._waiting.clear()
        self._flushed = time.monotonic()

    def sync(self) -> None:
        """Writes what waits, and sees that all of it survives a power cut. Raises OSError."""
        self.flush()
        os.fsync(self._file)

    def forget_waiting(self) -> None:
        """Gives up what cannot be written, so that one short last event may still find room."""
        self._waiting.clear()


_PASSING = (Epoch, Step, Probe, Checkpoint)


def _read_history(path: Path) -> list[Any]:
    reader = EventReader(path, without=_PASSING)
    history: list[Any] = []
    while chunk := reader.poll():
        history += chunk
    last = read_tail(path).last
    if isinstance(last, _PASSING):
        history.append(last)
    return history


def _cut_torn_line(file: int) -> None:
    size = os.fstat(file).st_size
    end = size
    while end > 0:
        start = max(0, end - 65536)
        at = os.pread(file, end - start, start).rfind(b"\n")
        if at >= 0:
            end = start + at + 1
            break
        end = start
    if end < size:
        os.ftruncate(file, end)
