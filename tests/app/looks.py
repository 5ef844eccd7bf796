"""How a screen looks on one kind of terminal, as text: its words, and the codes that colour them.

A picture (SVG) shows colours as they were meant; this shows what is sent to a terminal that has fewer of them.
"""

import io
import re
from collections.abc import Iterator
from itertools import groupby
from string import ascii_letters
from typing import Any, Literal

from rich.console import Console

from tui.app.plain import plain

System = Literal["truecolor", "256", "standard"]

_SGR = re.compile(r"\x1b\[([\d;]*)m")
_NAMES = [*ascii_letters, *(a + b for a in ascii_letters for b in ascii_letters)]


def look(app: Any, system: System) -> str:
    """The screen of an application that runs.

    First its rows between bars; then a line for each look (a letter, the codes that the terminal is sent); then a line
    for each row of looks, as in "a12 b3": twelve cells of a, three of b. Equal rows stand once, with their number.
    """
    rows = [list(_cells(line)) for line in _sent(app, system).split("\n")][: app.size.height]
    ascii = app.glyphs.mode == "ascii"
    words = ["".join(text for text, _ in row) for row in rows]
    names: dict[str, str] = {}
    lines = []
    for row in rows:
        runs = [(codes, sum(len(text) for text, _ in run)) for codes, run in groupby(row, key=lambda cell: cell[1])]
        lines.append(" ".join(f"{names.setdefault(codes, _NAMES[len(names)])}{length}" for codes, length in runs))
    legend = [f"{name} {codes or 'plain'}" for codes, name in names.items()]
    styles = []
    first = 1
    for line, equal in groupby(lines):
        count = len(list(equal))
        styles.append(f"{first}{f'-{first + count - 1}' if count > 1 else ''}: {line}")
        first += count
    shown = [f"|{(plain(row) if ascii else row).rstrip()}" for row in words]
    return "\n".join([*shown, "", *legend, "", *styles])


def _sent(app: Any, system: System) -> str:
    """What the driver would write for the whole screen."""
    width, height = app.size
    console = Console(
        width=width,
        height=height,
        file=io.StringIO(),
        force_terminal=True,
        color_system=system,
        legacy_windows=False,
        safe_box=False,
        _environ={},
    )
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens, simplify=True)
    console.print(update, end="")
    file = console.file
    assert isinstance(file, io.StringIO)
    return re.sub(r"\x1b\[\d*(;\d*)?H|\r", "", file.getvalue())


def _cells(line: str) -> Iterator[tuple[str, str]]:
    """(text, codes) of each stretch of a row. A code that sets the ground as it is anyway is part of the look."""
    codes = ""
    for at, part in enumerate(_SGR.split(line)):
        if at % 2:
            codes = "" if part in ("", "0") else part
        elif part:
            yield part, codes
