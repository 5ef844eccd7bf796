"""The writing end of `status.json`."""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from tui.lab.files import write_atomic, write_in_place
from tui.lab.processes import host_name, process_start
from tui.lab.runs import RUN_FORMAT, State, Status

HEARTBEAT_SECONDS = 2.0
SIZE = 512
"""Blanks fill the file up, so that a trainer on a full disk can still say in its place that it failed."""


def status_bytes(table: Mapping[str, Any]) -> bytes:
    return json.dumps(table).encode().ljust(SIZE - 1) + b"\n"


class StatusFile:
    """Says who trains the run and how far it is; `beat` keeps it fresh."""

    def __init__(self, path: Path, *, pid: int | None = None) -> None:
        """``pid`` is the trainer's: this process, if not given; 0 where there is none yet."""
        pid = os.getpid() if pid is None else pid
        self.path = path
        self.epoch = 0
        self._state: State = "running"
        self._written = 0.0
        self._trainer = {
            "host": host_name(),
            "pid": pid,
            "process_start": process_start(pid) if pid else "",
            "started": time.time(),
            "format": RUN_FORMAT,
        }

    def write(self, state: State, epoch: int) -> None:
        """Replaces the file; ``epoch`` counts the complete ones. A new state is on the disk. Raises OSError."""
        changed = state != self._state or not self._written
        self._state, self.epoch, self._written = state, epoch, time.monotonic()
        write_atomic(self.path, self._bytes(), sync=changed)

    def write_failed(self) -> None:
        """Says that the run failed, on a full disk too. Raises OSError."""
        try:
            self.write("failed", self.epoch)
        except OSError:
            write_in_place(self.path, self._bytes())

    def _bytes(self) -> bytes:
        table = {**self._trainer, "state": self._state, "heartbeat": time.time(), "epoch": self.epoch}
        return status_bytes(table)

    def put_back(self, before: Status) -> None:
        """What stood there before this trainer, which leaves the run as it found it. Raises OSError."""
        write_atomic(self.path, status_bytes(msgspec.to_builtins(before)))

    def beat(self, epoch: int) -> None:
        if time.monotonic() - self._written >= HEARTBEAT_SECONDS:
            self.write(self._state, epoch)
