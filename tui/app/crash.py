"""Keeps what happened where the application stopped over a mistake of its own."""

import tempfile
import traceback
from pathlib import Path


def write_crash(error: Exception, runs_dir: Path) -> str:
    """Keeps the traceback for whoever mends it, and says where."""
    text = "".join(traceback.format_exception(error))
    for folder in (runs_dir, Path(tempfile.gettempdir())):
        path = folder / "mlp-tui-crash.log"
        try:
            path.write_text(text, encoding="utf-8")
        except OSError:
            continue
        return f"what happened is in {path}"
    return f"{type(error).__name__}: {error}"
