"""What people write about a run: tags, a note, and the group it belongs to, in `marks.json` beside its spec.

The trainer neither reads nor writes it, so it can be changed while the run trains.
"""

import re
from pathlib import Path

import msgspec

from tui.lab.errors import LabError
from tui.lab.files import os_error_text, write_atomic

FILE = "marks.json"
LONGEST_NOTE = 2000
_TAG = re.compile(r"[\w.+@/-]{1,40}")


class Marks(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``group`` is shared by runs that repeat one experiment, over several seeds say."""

    tags: tuple[str, ...] = ()
    note: str = ""
    group: str = ""


def read_marks(run: Path) -> Marks:
    """Empty where there are none, or where they cannot be read."""
    try:
        return msgspec.json.decode((run / FILE).read_bytes(), type=Marks)
    except (OSError, ValueError, RecursionError):
        return Marks()


def write_marks(run: Path, marks: Marks) -> None:
    """Puts them in place of the old ones. Raises LabError."""
    if len(marks.note) > LONGEST_NOTE:
        raise LabError(f"a note holds up to {LONGEST_NOTE:,} characters, received {len(marks.note):,}")
    try:
        write_atomic(run / FILE, msgspec.json.format(msgspec.json.encode(marks)) + b"\n")
    except OSError as error:
        raise LabError(os_error_text(error, run / FILE)) from None


def change_tags(run: Path, words: list[str]) -> Marks:
    """Adds tags, and takes away those with a minus before them (``-draft``). Raises LabError."""
    marks = read_marks(run)
    tags = list(marks.tags)
    for word in words:
        name = word.removeprefix("-")
        if not _TAG.fullmatch(name):
            raise LabError(f"{word!r} is no tag: letters, digits and . + @ / - _, up to 40 of them")
        if word.startswith("-"):
            tags = [tag for tag in tags if tag != name]
        elif name not in tags:
            tags.append(name)
    marks = msgspec.structs.replace(marks, tags=tuple(tags))
    write_marks(run, marks)
    return marks


def change_note(run: Path, note: str) -> Marks:
    """Puts a note in place of the old one; "" takes it away. Raises LabError."""
    marks = msgspec.structs.replace(read_marks(run), note=" ".join(note.split()))
    write_marks(run, marks)
    return marks
