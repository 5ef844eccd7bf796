"""A run's events as they come, for as long as its trainer lives: the one rule for when a run has ended."""

import contextlib
import math
import re
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from tui.lab.errors import LabError, RunError
from tui.lab.events import LAST, Checkpoint, Epoch, Event, EventReader, Probe, Resumed, Step
from tui.lab.files import os_error_text
from tui.lab.processes import host_name
from tui.lab.runs import LIVE_STATES, RunFolder


def follow(
    folder: RunFolder,
    process: "subprocess.Popen[bytes] | None" = None,
    *,
    reader: EventReader | None = None,
    poll: float = 0.03,
) -> Iterator[tuple[Event, ...]]:
    """Yields what is new in a run, oldest first, until its trainer is gone and all is read.

    ``process`` is the trainer where it was started here; without it the run's own files say whether one is at work,
    on whatever host, and a run that waits for its trainer is waited for. ``reader`` goes on where it stands: what it
    has read before is not yielded again. ``poll`` is how many seconds pass between two looks. A last word from an
    earlier life of the run ends nothing.

    Raises RunError where the trainer is gone and its last event is none of `events.LAST`: it was killed, or refused to
    train. LabError where the events cannot be read.
    """
    reader = EventReader(folder.events_path) if reader is None else reader
    last: Event | None = None
    while True:
        # Asked before the reading: what it wrote last is then read too.
        gone = not _at_work(folder) if process is None else process.poll() is not None
        try:
            chunk = tuple(reader.poll())
        except OSError as error:
            raise LabError(os_error_text(error, folder.events_path)) from None
        if chunk:
            last = chunk[-1]
            yield chunk
        elif gone:
            break
        elif process is None:
            time.sleep(poll)
        else:
            _wait(process, poll)
    if isinstance(last, LAST):
        return
    if process is not None:
        raise RunError(_how_it_ended(folder, process))
    if folder.state() == "crashed":
        raise RunError(crash_text(folder))


def _at_work(folder: RunFolder) -> bool:
    return folder.path.exists() and folder.state() in (*LIVE_STATES, "queued")


def crash_text(folder: RunFolder) -> str:
    """Who is gone, in words, and what to do about it."""
    status = folder.status()
    if status is None:
        return f"{folder.name}: its trainer is gone without a last word: mlp-tui runs resume {folder.name}"
    where = "" if status.host == host_name() else f" on {status.host}"
    return (
        f"{folder.name}: its trainer (process {status.pid}{where}) is gone without a last word: "
        f"mlp-tui runs resume {folder.name} goes on from its checkpoint"
    )


class Once:
    """Lets every epoch through once, also where a run was taken up again at an earlier one.

    What is in the file when it is made is known: of an epoch that was trained twice the later stands. Of what comes
    then, an epoch that was let through already is held back: it says the same figures again.
    """

    def __init__(self, path: Path) -> None:
        self._resumed: list[tuple[int, int]] = []  # (seq, epoch) of each resume: later epochs before it are void
        reader = EventReader(path, without=(Epoch, Step, Probe, Checkpoint))
        with contextlib.suppress(OSError):
            while chunk := reader.poll():
                self._resumed += [(event.seq, event.epoch) for event in chunk if isinstance(event, Resumed)]
        least: float = math.inf
        for index in range(len(self._resumed) - 1, -1, -1):
            seq, epoch = self._resumed[index]
            least = min(least, epoch)
            self._resumed[index] = (seq, int(least))
        self._epoch = self._probe = 0

    def __call__(self, events: Iterable[Event]) -> Iterator[Event]:
        for event in events:
            if isinstance(event, Epoch | Probe):
                while self._resumed and self._resumed[0][0] < event.seq:
                    self._resumed.pop(0)
                if self._resumed and event.epoch > self._resumed[0][1]:
                    continue
                seen = self._epoch if isinstance(event, Epoch) else self._probe
                if event.epoch <= seen:
                    continue
                if isinstance(event, Epoch):
                    self._epoch = event.epoch
                else:
                    self._probe = event.epoch
            yield event


def _wait(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    """As long as that, or until the process ends."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def _how_it_ended(folder: RunFolder, process: "subprocess.Popen[bytes]") -> str:
    status = process.returncode
    if status < 0:
        try:
            by = signal.Signals(-status).name
        except ValueError:  # a real-time signal
            by = f"signal {-status}"
        return f"the trainer was killed by {by}; its log is {folder.log_path}"
    said = last_line(folder)
    return f"the trainer ended with status {status}{': ' + said if said else ''}; its log is {folder.log_path}"


def last_line(folder: RunFolder) -> str:
    """The last line of the trainer's log, without its date and pid."""
    try:
        with open(folder.log_path, "rb") as log:
            log.seek(max(0, log.seek(0, 2) - 4096))
            lines = log.read().decode("utf-8", "replace").split("\n")
    except OSError:
        return ""
    line = next((line for line in reversed(lines) if line.strip()), "")
    # A full disk may have taken half of the line before it: what counts stands behind the last date.
    return re.sub(r"^.*\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[\d+\] ", "", line).strip()
