"""What goes over the line: of each frame only the cells that look different from those the terminal shows.

Textual sends whole regions, a row once for each region that lies on it, and begins and ends every colour anew. Here
the last picture is kept, cell by cell, and what is sent is the difference to it: a figure that changes costs its
digits, a frame in which nothing changes costs nothing, and frames may be left out.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Size
from textual.strip import Strip

GAP = 4
"""So many unchanged cells are sent again where moving the cursor over them would cost as much."""


class Look(NamedTuple):
    """The numbers of a style, as SGR takes them: attributes, foreground, background; "" where there is none."""

    attributes: str = ""
    foreground: str = ""
    background: str = ""


PLAIN = Look()
UNKNOWN = Look("?")
_ATTRIBUTES = (
    ("bold", "1"),
    ("dim", "2"),
    ("italic", "3"),
    ("underline", "4"),
    ("blink", "5"),
    ("blink2", "6"),
    ("reverse", "7"),
    ("conceal", "8"),
    ("strike", "9"),
    ("underline2", "21"),
    ("frame", "51"),
    ("encircle", "52"),
    ("overline", "53"),
)
_ON_BLANKS = frozenset({"4", "5", "6", "7", "9", "21", "51", "52", "53"})
"""Attributes that are seen on a blank too."""


class Wire:
    """Keeps what the terminal shows; says the least that makes it show something else."""

    def __init__(self) -> None:
        self._size = Size(0, 0)
        self._characters: list[list[str]] = []
        self._looks: list[list[Look]] = []

    def forget(self) -> None:
        """Nobody knows what the terminal shows: all that is drawn from now on is sent."""
        self._size = Size(0, 0)

    def difference(self, update: CompositorUpdate, size: Size, system: ColorSystem) -> str:
        """What to write so that this update is shown; "" where the terminal shows it already.

        The cursor is anywhere afterwards, the style plain.
        """
        if size != self._size:
            self._size = size
            self._characters = [[""] * size.width for _ in range(size.height)]
            self._looks = [[UNKNOWN] * size.width for _ in range(size.height)]
        pen = _Pen(size.width)
        for y, x, strip in _pieces(update):
            if 0 <= y < size.height and 0 <= x < size.width:
                self._put(pen, y, x, strip, system)
        return pen.written()

    def _put(self, pen: "_Pen", y: int, x: int, strip: Strip, system: ColorSystem) -> None:
        characters, looks = _cells(strip, system)
        end = min(x + len(characters), self._size.width)
        count = end - x
        del characters[count:], looks[count:]
        old_characters, old_looks = self._characters[y][x:end], self._looks[y][x:end]
        if old_characters == characters and old_looks == looks:
            return
        differ = [at for at in range(count) if characters[at] != old_characters[at] or looks[at] is not old_looks[at]]
        runs: list[list[int]] = []
        for at in differ:
            if runs and at - runs[-1][1] <= GAP + 1:
                runs[-1][1] = at
            else:
                runs.append([at, at])
        for first, last in runs:
            while first and not characters[first]:  # the second half of a wide character goes with its first
                first -= 1
            while last + 1 < count and not characters[last + 1]:
                last += 1
            pen.write(y, x + first, characters[first : last + 1], looks[first : last + 1])
        # Half a wide character that is written over makes a blank of its other half, beside this piece too.
        row = self._looks[y]
        if x and not old_characters[0] and characters[0] and old_looks[0] is not UNKNOWN:
            row[x - 1] = UNKNOWN
        if end < self._size.width and not self._characters[y][end] and characters[-1] != old_characters[-1]:
            row[end] = UNKNOWN
        self._characters[y][x:end], self._looks[y][x:end] = characters, looks


class _Pen:
    """Writes cells with as few moves and changes of colour as it takes."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._parts: list[str] = []
        self._look = PLAIN
        self._at = (-1, -1)

    def write(self, y: int, x: int, characters: list[str], looks: list[Look]) -> None:
        if self._at != (y, x):
            self._parts.append(f"\x1b[{x + 1}G" if self._at[0] == y else f"\x1b[{y + 1};{x + 1}H")
        start = 0
        for at in range(1, len(looks) + 1):
            if at == len(looks) or looks[at] is not looks[start]:
                if looks[start] != self._look:
                    self._parts.append(_change(self._look, looks[start]))
                    self._look = looks[start]
                self._parts.append("".join(characters[start:at]))
                start = at
        # In the last column the cursor stays where it is.
        end = x + len(characters)
        self._at = (y, end if end < self._width else -1)

    def written(self) -> str:
        if self._look != PLAIN:
            self._parts.append("\x1b[0m")
        return "".join(self._parts)


def _pieces(update: CompositorUpdate) -> Iterator[tuple[int, int, Strip]]:
    """(row, column, cells) of all that an update holds."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                yield y, x, strip
                x += strip.cell_length
    elif isinstance(update, ChopsUpdate):
        for y, first, end in update.spans:
            for chop_end, (x, chop) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                # Outside the spans a chop may not hold what is to be seen there.
                if chop is not None and x < end and chop_end > first:
                    yield y, x, chop if chop_end <= end else chop.crop(0, end - x)


def _cells(strip: Strip, system: ColorSystem) -> tuple[list[str], list[Look]]:
    """A character and a look for each cell; the second half of a wide character is ""."""
    characters: list[str] = []
    looks: list[Look] = []
    for text, style, control in strip:
        if control:
            continue
        look = PLAIN if style is None else _look(style, system, text.isspace())
        cells: Sequence[str] = text if text.isascii() else _split(text)
        characters.extend(cells)
        looks.extend([look] * len(cells))
    return characters, looks


@lru_cache(maxsize=4096)
def _split(text: str) -> tuple[str, ...]:
    """Wide characters take two cells, those without a width go with the one before them."""
    cells: list[str] = []
    for character in text:
        width = cell_len(character)
        if width:
            cells += [character, *[""] * (width - 1)]
        elif cells:
            cells[-1 - (cells[-1] == "")] += character
    width = cell_len(text)
    # Sequences that are one picture are narrower than their characters.
    return tuple((cells + [" "] * width)[:width])


@lru_cache(maxsize=16_384)
def _look(style: Style, system: ColorSystem, blank: bool) -> Look:
    attributes = [number for name, number in _ATTRIBUTES if getattr(style, name)]
    foreground, background = style.color, style.bgcolor
    if blank:  # of what has no ink only the ground is seen
        attributes = [number for number in attributes if number in _ON_BLANKS]
        foreground = foreground if attributes else None
    return _shared(
        Look(
            ";".join(attributes),
            "" if foreground is None else ";".join(foreground.downgrade(system).get_ansi_codes(foreground=True)),
            "" if background is None else ";".join(background.downgrade(system).get_ansi_codes(foreground=False)),
        )
    )


@lru_cache(maxsize=16_384)
def _shared(look: Look) -> Look:
    """The same object for equal looks."""
    return look


@lru_cache(maxsize=16_384)
def _change(before: Look, after: Look) -> str:
    """From one look to another: what differs, or all of it where something has to go."""
    gone = (before.foreground and not after.foreground) or (before.background and not after.background)
    if before.attributes != after.attributes or gone:
        numbers = ["0", after.attributes, after.foreground, after.background]
    else:
        numbers = [
            after.foreground if after.foreground != before.foreground else "",
            after.background if after.background != before.background else "",
        ]
    return f"\x1b[{';'.join(number for number in numbers if number)}m"
