"""The writing end of `status.json`."""

import json
import os
import time
from pathlib import Path

import msgspec

from tui.lab.files import write_atomic
from tui.lab.processes import host_name, process_start
from tui.lab.runs import RUN_FORMAT, State, Status

HEARTBEAT_SECONDS = 2.0


class StatusFile:
    """Says who trains the run and how far it is; `beat` keeps it fresh."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.epoch = 0
        self._state: State = "running"
        self._written = 0.0
        self._trainer = {
            "host": host_name(),
            "pid": os.getpid(),
            "process_start": process_start(os.getpid()),
            "started": time.time(),
            "format": RUN_FORMAT,
        }

    def write(self, state: State, epoch: int) -> None:
        """Replaces the file; ``epoch`` counts the complete ones. Raises OSError."""
        changed = state != self._state or not self._written
        self._state, self.epoch, self._written = state, epoch, time.monotonic()
        table = {**self._trainer, "state": state, "heartbeat": time.time(), "epoch": epoch}
        write_atomic(self.path, json.dumps(table).encode(), sync=changed)

    def put_back(self, before: Status) -> None:
        """What stood there before this trainer, which leaves the run as it found it. Raises OSError."""
        write_atomic(self.path, msgspec.json.encode(before))

    def beat(self, epoch: int) -> None:
        if time.monotonic() - self._written >= HEARTBEAT_SECONDS:
            self.write(self._state, epoch)
