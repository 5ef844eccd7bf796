"""Where `mlp-tui` begins.

Alone on a terminal it opens the application at once: reading a command line that is not there costs a tenth
of a second. Everything else goes to `tui.cli`.
"""

import contextlib
import os
import sys
from collections.abc import Sequence

from tui.installed import foreign_datasets

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs `mlp-tui` with these words (those of the process where None); returns the exit status."""
    words = sys.argv[1:] if argv is None else list(argv)
    try:
        status = _run(words)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        status = INTERRUPTED
    if status == INTERRUPTED and argv is None:
        # Python would end by the signal instead, where that came in the midst of code that is made of text.
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(INTERRUPTED)
    return status


def _run(words: list[str]) -> int:
    if not words and not foreign_datasets():
        from tui.app.capabilities import usable

        if not usable(os.environ, sys.stdin.isatty(), sys.stdout.isatty()):
            from tui.app.launch import run
            from tui.lab.runs import runs_dir

            return run(None, runs_dir=runs_dir())
    from tui.cli import main as read_command_line

    return read_command_line(words)
