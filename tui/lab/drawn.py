"""Data sets that were drawn by hand: text tables in the user's data folder, kept under a number of their own."""

import os
from itertools import count
from pathlib import Path

from tui.lab.errors import LabError
from tui.lab.files import os_error_text


def drawn_dir() -> Path:
    """Where drawings are kept; absolute."""
    import platformdirs

    return Path(os.path.abspath(Path(platformdirs.user_data_dir("mlp-tui", appauthor=False)) / "drawn"))


def save_drawn(table: str, folder: Path | None = None) -> Path:
    """Writes a text table as the next `drawing-N.csv`; no other drawing is ever written over.

    Raises LabError where it cannot be written.
    """
    folder = drawn_dir() if folder is None else folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in count(1):
            path = folder / f"drawing-{number}.csv"
            try:
                file = path.open("x", encoding="ascii", newline="\n")
            except FileExistsError:
                continue
            try:
                with file:
                    file.write(table)
            except OSError:
                path.unlink(missing_ok=True)
                raise
            return path
    except OSError as error:
        raise LabError(f"the drawing could not be kept: {os_error_text(error, folder)}") from None
    raise AssertionError("numbers do not end")
