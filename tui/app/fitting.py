"""Words in so many cells: whole sentences first, then whole words, never the half of one without a mark."""

import re

from rich.cells import cell_len, set_cell_size

KEY_MARKS = str.maketrans("", "", "‹›")
_ENDS = re.compile(r"(?:[.;](?= )|(?=  ))")
LEAST = 0.6
"""Share of the room that whole sentences must fill; below it the next one is begun, and cut."""


def width_of(words: str) -> int:
    """Cells of a sentence without the marks of its keys."""
    return cell_len(words.translate(KEY_MARKS))


def sentence_in(words: str, room: int, ellipsis: str) -> str:
    """The sentence where it fits; else as many of its whole sentences, else of its whole words, as do.

    ``‹`` and ``›`` around a key take no room. What is left out inside a sentence is marked.
    """
    if width_of(words) <= room:
        return words
    mark = ellipsis
    ends = [found.end() for found in _ENDS.finditer(words)]
    whole = [words[:end].rstrip(" ;") for end in ends]
    fitting = [part for part in whole if width_of(part) <= room]
    if fitting and width_of(fitting[-1]) >= LEAST * room:
        return fitting[-1]
    shorter = words
    while " " in shorter.rstrip():
        shorter = shorter.rstrip().rpartition(" ")[0]
        if width_of(shorter) + cell_len(mark) <= room:
            return f"{shorter.rstrip(' ,:;')}{mark}"
    return cut(words.translate(KEY_MARKS), room, ellipsis)


def cut(text: str, width: int, ellipsis: str) -> str:
    """The text in so many cells, its end marked where it is cut."""
    if cell_len(text) <= width:
        return text
    mark = ellipsis if len(ellipsis) == 1 else "~"  # three points are most of a narrow column
    return set_cell_size(text, max(0, width - cell_len(mark))).rstrip() + mark if width > 0 else ""


def left(text: str, width: int) -> str:
    """The text at the left end of exactly so many cells, where it is not wider."""
    return text + " " * max(0, width - cell_len(text))


def right(text: str, width: int) -> str:
    """The text at the right end of exactly so many cells, where it is not wider."""
    return " " * max(0, width - cell_len(text)) + text
