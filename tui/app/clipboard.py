"""What is copied, and how it reaches the clipboard of the terminal at hand: OSC 52, and a file beside it.

A terminal does not say whether it took a text, and some take none; so the same text always stands in a file too.
"""

import base64
import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

MOST_BYTES = 56_000
"""Of text. Terminals cut or drop sequences beyond 75 to 100 KB; base64 makes a third more of it."""
SCREEN_PIECE = 512
"""GNU screen passes on so many characters at a time."""


@dataclass(frozen=True)
class Copied:
    """A text to paste elsewhere; ``what`` says how much it is, as ``40 rows``; ``suffix`` names its file."""

    text: str
    what: str
    suffix: str = ".txt"


@runtime_checkable
class Copies(Protocol):
    """A widget that knows a better text of what it shows than its picture."""

    def copied(self) -> "Callable[[], Copied] | None":
        """What makes the text, beside the loop, of what is shown now; None where there is nothing of the kind."""


def count(number: int, word: str) -> str:
    return f"{number:,} {word}{'s' * (number != 1)}"


def value(number: object) -> str:
    """A number as Python prints it; "" for what is not there."""
    if number is None or number != number:
        return ""
    return repr(number) if isinstance(number, float) else str(number)


def tsv(rows: Iterable[Sequence[str]]) -> str:
    """Cells with tabs between; a tab or a line's end within a cell becomes a blank."""
    return "".join("\t".join(" ".join(cell.split()) for cell in row) + "\n" for row in rows)


def comma_separated(rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    # csv leaves a lone carriage return bare, and readers take it for the end of a row.
    csv.writer(out, lineterminator="\n").writerows([str(cell).replace("\r", " ") for cell in row] for row in rows)
    return out.getvalue()


def osc52(text: str, multiplexer: str = "") -> str:
    """The sequence that sets the clipboard; "" where the text is longer than terminals take.

    tmux sets it itself where its set-clipboard is on, and passes the wrapped one on where allow-passthrough is:
    it gets both. GNU screen only passes on, in pieces.
    """
    data = text.encode("utf-8", "replace")
    if len(data) > MOST_BYTES:
        return ""
    plain = f"\x1b]52;c;{base64.b64encode(data).decode()}\a"
    if multiplexer == "tmux":
        return plain + "\x1bPtmux;" + plain.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if multiplexer == "screen":
        pieces = (plain[at : at + SCREEN_PIECE] for at in range(0, len(plain), SCREEN_PIECE))
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return plain


def keep_copy(folder: Path, copied: Copied) -> Path | None:
    """Writes the text into ``copied.tsv`` or the like; None where that cannot be written."""
    from tui.lab.files import write_atomic

    path = folder / f"copied{copied.suffix}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(path, copied.text.encode("utf-8", "replace"), sync=False)
    except OSError:
        return None
    return path
