"""Where `mlp-tui` begins.

Alone on a terminal it opens the application at once: reading a command line that is not there costs a tenth
of a second. Everything else goes to `tui.cli`.
"""

import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> int:
    """Runs `mlp-tui` with these words (those of the process where None); returns the exit status."""
    words = sys.argv[1:] if argv is None else list(argv)
    if not words and not foreign_datasets():
        from tui.app.capabilities import usable

        if not usable(os.environ, sys.stdin.isatty(), sys.stdout.isatty()):
            from tui.app.launch import run
            from tui.lab.runs import runs_dir

            return run(None, runs_dir=runs_dir())
    from tui.cli import main as read_command_line

    return read_command_line(words)


def foreign_datasets() -> str:
    """Where a `datasets` that is not ours would be imported from; "" where all is well."""
    spec = importlib.util.find_spec("datasets")
    found = Path(spec.origin).parent if spec is not None and spec.origin else None
    ours = Path(__file__).resolve().parents[1] / "datasets"
    if found is None or found.resolve() != ours:
        return str(spec.origin if spec is not None and spec.origin else "datasets")
    # Installed later into the same environment, it writes its files over and between ours.
    return str(found) if (found / "arrow_dataset.py").exists() else ""
