"""A run's events as they come, until its last one."""

import subprocess
import time
from collections.abc import Iterator
from typing import Any

from tui.lab.events import LAST, EventReader
from tui.lab.runs import RunFolder

POLL_SECONDS = 0.03


def follow(folder: RunFolder, process: "subprocess.Popen[bytes]") -> Iterator[Any]:
    """Yields the events of a run that ``process`` trains, oldest first, until that process has ended.

    A run that ended as it should has one of `events.LAST` as its last event; one that was killed has not.
    """
    reader = EventReader(folder.events_path)
    while True:
        ended = process.poll() is not None
        chunk = reader.poll()
        yield from chunk
        if chunk and isinstance(chunk[-1], LAST):
            process.wait()
            return
        if not chunk:
            if ended:
                return
            time.sleep(POLL_SECONDS)
