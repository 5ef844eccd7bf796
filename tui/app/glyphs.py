"""The characters that drawings are made of, a set for each kind of terminal, and the look of each class."""

from collections.abc import Sequence
from dataclasses import dataclass

from tui.app.capabilities import GlyphMode


@dataclass(frozen=True)
class GlyphSet:
    """One terminal's alphabet. A state's mark always stands beside a word."""

    mode: GlyphMode
    ok: str = "✓"
    wrong: str = "✗"
    warn: str = "!"
    running: str = "●"
    paused: str = "‖"
    idle: str = "·"

    right: str = "▸"
    left: str = "◂"
    times: str = "×"
    dot: str = "·"
    ellipsis: str = "…"
    # Where a word had to be cut.
    cut: str = "…"

    # A line across the screen, and the small meter inside a title.
    progress_full: str = "━"
    progress_empty: str = "─"
    meter_full: str = "▰"
    meter_empty: str = "▱"
    # One to eight eighths of a cell, upwards and to the right; without them a spark line is two figures.
    spark: str = "▁▂▃▄▅▆▇█"
    bar: str = "▏▎▍▌▋▊▉█"
    shades: str = "█▓▒░"

    # Textual's names of borders, and what stands around a focused panel's title.
    border: str = "round"
    border_focus: str = "heavy"
    title_focus: tuple[str, str] = ("", "")

    axis_horizontal: str = "─"
    axis_vertical: str = "│"
    axis_corner: str = "╰"
    tick_x: str = "┬"
    tick_y: str = "┤"
    best: str = "┊"
    # plotext's names of markers, or a character of its own, for the two curves.
    train_line: str = "braille"
    validation_line: str = "braille"
    # How finely a cell of these curves is divided, across and down.
    dots: tuple[int, int] = (2, 4)

    point_wrong: str = "×"

    # Five of growing ink, for numbers where colours do not tell them.
    ramp_points: str = "○◔◑◕●"
    ramp_regions: str = "·░▒▓█"
    squared: str = "²"


_BRAILLE = GlyphSet("braille")
_BLOCK = GlyphSet("block", train_line="hd", validation_line="hd", dots=(2, 2))
_ASCII = GlyphSet(
    "ascii",
    ok="ok",
    wrong="x",
    running="o",
    paused="=",
    idle="-",
    right=">",
    left="<",
    times="x",
    dot="-",
    ellipsis="...",
    cut="~",
    progress_full="#",
    progress_empty="-",
    meter_full="#",
    meter_empty="-",
    spark="",
    bar="#",
    shades="#=-.",
    border="ascii",
    border_focus="ascii",
    title_focus=(">", "<"),
    axis_horizontal="-",
    axis_vertical="|",
    axis_corner="+",
    tick_x="+",
    tick_y="+",
    best=":",
    train_line="*",
    validation_line=".",
    dots=(1, 1),
    point_wrong="!",
    ramp_points="'coO@",
    ramp_regions=".:=*#",
    squared="2",
)

GLYPHS: dict[str, GlyphSet] = {glyphs.mode: glyphs for glyphs in (_BRAILLE, _BLOCK, _ASCII)}


def cut_mark(ellipsis: str) -> str:
    """What stands in the last cell of a word that was cut, by the set's ellipsis."""
    return ellipsis if len(ellipsis) == 1 else _ASCII.cut


@dataclass(frozen=True)
class ClassStyle:
    """How one class looks.

    Attributes:
        color: Its colour, "#rrggbb".
        number: The same among the 256 colours.
        region: Its regions among the 256 colours: weak, middle, strong.
        ansi: Its name among the 16 colours.
        glyph: Its point.
        ascii_point: Its point in ASCII.
        ascii_region: Its region in ASCII.
    """

    color: str
    number: int
    region: tuple[int, int, int]
    ansi: str
    glyph: str
    ascii_point: str
    ascii_region: str


# Chosen among the 256 colours to lie far apart for normal, protanope, deuteranope and tritanope sight.
CLASS_STYLES: tuple[ClassStyle, ...] = (
    ClassStyle("#5fafff", 75, (24, 67, 75), "bright_blue", "●", "O", "."),
    ClassStyle("#ffaf00", 214, (136, 178, 214), "yellow", "▲", "X", ":"),
    ClassStyle("#008700", 28, (22, 22, 28), "green", "■", "+", "-"),
    ClassStyle("#af00af", 127, (53, 90, 127), "magenta", "◆", "*", "="),
    ClassStyle("#dadada", 253, (245, 250, 254), "white", "○", "#", ","),
    ClassStyle("#949494", 246, (236, 239, 242), "bright_black", "△", "@", ";"),
    ClassStyle("#8700ff", 93, (54, 55, 93), "blue", "□", "%", "~"),
    ClassStyle("#00ff87", 48, (29, 36, 42), "bright_green", "◇", "&", "_"),
    ClassStyle("#ff0000", 196, (52, 88, 196), "red", "▼", "$", "^"),
    ClassStyle("#af5fd7", 134, (97, 134, 177), "bright_magenta", "▽", "Z", "'"),
)

_SHAPES_TOLD_APART = 6


def class_style(k: int) -> ClassStyle:
    """The look of class `k`; beyond ten classes the colours begin again."""
    return CLASS_STYLES[k % len(CLASS_STYLES)]


def class_glyph(k: int, class_names: Sequence[str], glyphs: GlyphSet) -> str:
    """The character of a point of class `k`.

    Names of one character each (digits) are their own glyphs, unless they only count a few classes. Beyond the
    table's ten classes it is a name's first letter. What this terminal cannot write, or what is wider than a
    cell, falls back on the table.
    """
    own = list(class_names) != [str(n) for n in range(len(class_names))] or len(class_names) > _SHAPES_TOLD_APART
    if class_names and own and all(len(name) == 1 and _is_narrow(name, glyphs) for name in class_names):
        return class_names[k % len(class_names)]
    if len(class_names) > len(CLASS_STYLES) and k < len(class_names) and class_names[k]:
        first = class_names[k][0]
        if _is_narrow(first, glyphs):
            return first
    style = class_style(k)
    return style.ascii_point if glyphs.mode == "ascii" else style.glyph


def class_region(k: int, class_names: Sequence[str]) -> str:
    """The character that fills a region of class `k` where it cannot be a coloured block."""
    if len(class_names) > len(CLASS_STYLES) and k < len(class_names):
        first = class_names[k][:1].lower()
        if first and _is_narrow(first, _ASCII):
            return first
    return class_style(k).ascii_region


def legend(class_names: Sequence[str], glyphs: GlyphSet, wrong: bool = False) -> str:
    """Glyph and name of each class, as in "● 0  ▲ 1  × wrong"; a name that is its own glyph stands once."""
    entries = [f"{glyph} {name}".strip() for glyph, name in legend_entries(class_names, glyphs)]
    if wrong:
        entries.append(f"{glyphs.point_wrong} wrong")
    return "  ".join(entries)


def legend_entries(class_names: Sequence[str], glyphs: GlyphSet) -> list[tuple[str, str]]:
    """(glyph, name) of each class; a name that is its own glyph stands once."""
    pairs = ((class_glyph(k, class_names, glyphs), name) for k, name in enumerate(class_names))
    return [(glyph, "" if glyph == name else name) for glyph, name in pairs]


def _is_narrow(character: str, glyphs: GlyphSet) -> bool:
    # Latin letters and signs only: what lies beyond may be two cells wide, combine, or miss in the font.
    limit = 0x7F if glyphs.mode == "ascii" else 0x250
    return len(character) == 1 and character.isprintable() and not character.isspace() and ord(character) < limit
