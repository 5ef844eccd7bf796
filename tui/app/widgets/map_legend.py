"""The line under a decision map: which glyph is which class, what is wrong, what the other features are held at."""

from collections.abc import Sequence

from tui.app import figures
from tui.app.glyphs import GlyphSet, class_glyph
from tui.app.literal import literal

LEAST_NAME = 3
"""Letters of a class's name that still say something."""


def map_legend(
    class_names: Sequence[str],
    glyphs: GlyphSet,
    room: int,
    *,
    wrong: float | None = None,
    of: str = "",
    others: str = "",
    points: bool = True,
) -> str:
    """The legend in at most `room` cells: names are shortened first, then words, then classes left out at the end.

    Args:
        class_names: The names of all classes.
        glyphs: The characters that the map is drawn with.
        room: The cells there are.
        wrong: The share of the points that the network gets wrong.
        of: The part of the data that they are of, where it has to be said.
        others: ``others = 0``, or nothing.
        points: Whether there are points at all.
    """
    share = " of ".join(word for word in (figures.accuracy(wrong), of) if word)
    cross = glyphs.point_wrong
    rest = others.replace("others = ", "rest ")
    tails = []
    short_mark = f"{cross} {share or 'wrong'}"
    for mark, held in ((f"{cross} wrong {share}", others), (short_mark, others), (short_mark, rest), (short_mark, "")):
        said = [mark.rstrip()] if points else []
        tails.append("   ".join([*said, held] if held else said))
    names = [literal(name) for name in class_names]
    marks = [class_glyph(k, names, glyphs) for k in range(len(names))]
    longest = max((len(name) for name in names), default=0)
    short = min(longest, LEAST_NAME)
    tries = [(tails[0], n, "  ") for n in range(longest, short, -1)]
    tries += [(tail, short, "  ") for tail in tails[:3]] + [(tails[2].replace("   ", "  "), short, " ")]
    tries += [(tails[3], short, between) for between in ("  ", " ")]
    for tail, letters, between in tries:
        line = between.join(part for part in (*_classes(marks, names, letters), tail) if part)
        if len(line) <= room:
            return line
    for tail in tails[1:]:
        for count in range(len(names) - 1, 0, -1):
            line = "  ".join(part for part in (*_classes(marks, names, short)[:count], glyphs.ellipsis, tail) if part)
            if len(line) <= room and (count > 1 or tail == tails[-1]):
                return line
    return tails[-1] if len(tails[-1]) <= room else ""


def _classes(marks: Sequence[str], names: Sequence[str], letters: int) -> list[str]:
    return [name if mark == name else f"{mark} {name[:letters]}" for mark, name in zip(marks, names, strict=True)]
