"""Trains runs that wait, so many at once: ``python -P -m tui.app.services.queue --jobs N RUN_DIR...``.

A process of its own, so that the runs are trained whether or not a screen is open. It draws nothing. A run that
somebody starts by hand, stops or deletes while it waits is passed over.
"""

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tui.lab.errors import LabError
from tui.lab.runs import RunFolder, launch

NAP_SECONDS = 0.05


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Trains runs in turn.")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("runs", type=Path, nargs="*")
    options = parser.parse_args(argv)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    train_all([RunFolder(path) for path in options.runs], jobs=max(1, options.jobs))
    return 0


def train_all(runs: Sequence[RunFolder], *, jobs: int) -> None:
    """Returns when the last trainer has ended."""
    waiting = list(runs)
    at_work: list[subprocess.Popen[bytes]] = []
    while waiting or at_work:
        at_work = [process for process in at_work if process.poll() is None]
        while waiting and len(at_work) < jobs:
            run = waiting.pop(0)
            if not waits(run):
                continue
            try:
                at_work.append(launch(run))
            except LabError:  # the others may still have room
                continue
        time.sleep(NAP_SECONDS)


def waits(run: RunFolder) -> bool:
    """Whether a run is there, has never been started, and nobody has said that it shall not be."""
    return run.spec_path.exists() and run.state() == "queued"


if __name__ == "__main__":
    sys.exit(main())
