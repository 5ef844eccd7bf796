"""A run's events as they come, for as long as its trainer lives: the one rule for when a run has ended."""

import re
import signal
import subprocess
from collections.abc import Iterator

from tui.lab.errors import RunError
from tui.lab.events import LAST, Event, EventReader
from tui.lab.runs import RunFolder


def follow(
    folder: RunFolder,
    process: "subprocess.Popen[bytes]",
    *,
    reader: EventReader | None = None,
    poll: float = 0.03,
) -> Iterator[tuple[Event, ...]]:
    """Yields what is new in a run that ``process`` trains, oldest first, until the process is gone and all is read.

    ``reader`` goes on where it stands: what it has read before is not yielded again. ``poll`` is how many
    seconds pass between two looks. A last word from an earlier life of the run ends nothing.

    Raises RunError where the process ended and the last event yielded is none of `events.LAST`: it was
    killed, or refused to train.
    """
    reader = EventReader(folder.events_path) if reader is None else reader
    last: Event | None = None
    while True:
        gone = process.poll() is not None  # asked before the reading: what it wrote last is then read too
        chunk = tuple(reader.poll())
        if chunk:
            last = chunk[-1]
            yield chunk
        elif gone:
            break
        else:
            _wait(process, poll)
    if not isinstance(last, LAST):
        raise RunError(_how_it_ended(folder, process))


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
    said = _last_line(folder)
    return f"the trainer ended with status {status}{': ' + said if said else ''}; its log is {folder.log_path}"


def _last_line(folder: RunFolder) -> str:
    """The last line of the trainer's log, without its date and pid."""
    try:
        with open(folder.log_path, "rb") as log:
            log.seek(max(0, log.seek(0, 2) - 4096))
            lines = log.read().decode("utf-8", "replace").split("\n")
    except OSError:
        return ""
    line = next((line for line in reversed(lines) if line.strip()), "")
    return re.sub(r"^\S+ \S+ \[\d+\] ", "", line).strip()
