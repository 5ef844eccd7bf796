"""Words in so many cells: whole sentences first, then whole words, never the half of one without a mark."""

import re
from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from tui.app.glyphs import cut_mark

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
    mark = cut_mark(ellipsis)
    return set_cell_size(text, max(0, width - cell_len(mark))).rstrip() + mark if width > 0 else ""


def cut_middle(text: str, width: int, ellipsis: str) -> str:
    """As `cut`, with the mark in the middle: names that begin alike often end apart."""
    if cell_len(text) <= width:
        return text
    mark = cut_mark(ellipsis)
    if width < 6:
        return cut(text, width, ellipsis)
    end = ""
    for letter in reversed(text):
        if cell_len(letter + end) > (width - 1) // 3:
            break
        end = letter + end
    return set_cell_size(text, width - 1 - cell_len(end)).rstrip() + mark + end


def names_in(entries: Sequence[tuple[str, str]], room: int, ellipsis: str) -> str:
    """``● short  ▲ long n…`` of (glyph, name) pairs in so many cells: names are shortened together, then glyphs stand
    alone, then the last are counted."""

    def line(shown: Sequence[tuple[str, str]], width: int) -> str:
        parts = ((glyph, cut_middle(name, width, ellipsis) if width else "") for glyph, name in shown)
        return "  ".join(f"{glyph} {name}".strip() for glyph, name in parts)

    longest = max((cell_len(name) for _, name in entries), default=0)
    for width in (longest, *range(longest - 1, 2, -1), 0):
        if cell_len(line(entries, width)) <= room:
            return line(entries, width)
    for count in range(len(entries) - 1, 0, -1):
        words = f"{line(entries[:count], 0)}  and {len(entries) - count} more"
        if cell_len(words) <= room:
            return words
    return ""


def left(text: str, width: int) -> str:
    """The text at the left end of exactly so many cells, where it is not wider."""
    return text + " " * max(0, width - cell_len(text))


def right(text: str, width: int) -> str:
    """The text at the right end of exactly so many cells, where it is not wider."""
    return " " * max(0, width - cell_len(text)) + text
