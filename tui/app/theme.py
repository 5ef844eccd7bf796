"""The two themes of our own; every theme that Textual brings works too, made readable where it is not."""

from dataclasses import replace
from functools import cache
from typing import Any

from rich.color import Color as RichColor
from rich.color import ColorSystem
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from tui.app.contrast import RGB, contrast

LEAST_CONTRAST = 3.0
"""What key names, marks and states must have on everything that they stand on (WCAG 2, large and bold text)."""
# Textual takes a theme's colours through other spaces and back.
_ROUNDING = 0.05
GROUNDS = ("background", "surface", "panel")
SIGNALS = ("accent", "success", "warning", "error")

BENCH = Theme(
    name="bench",
    dark=True,
    primary="#5f87af",
    secondary="#5f87af",
    background="#0e1116",
    surface="#13171d",
    panel="#1c222b",
    foreground="#d0d7de",
    accent="#00d7af",
    success="#5fd75f",
    warning="#ffd75f",
    error="#ff5f5f",
)
BENCH_LIGHT = Theme(
    name="bench-light",
    dark=False,
    primary="#005f87",
    secondary="#005f87",
    background="#fafaf7",
    surface="#f2f2ee",
    panel="#e4e4de",
    foreground="#23272e",
    accent="#00795f",
    success="#2e7d32",
    warning="#8a6100",
    error="#c62828",
)
OWN = {theme.name: theme for theme in (BENCH, BENCH_LIGHT)}


def theme_names() -> list[str]:
    """The themes that need nobody's file: ours, and Textual's."""
    return [*OWN, *BUILTIN_THEMES]


_OURS_OF_256: dict[str, tuple[str, ...]] = {
    "bench": ("#121212", "#1C1C1C", "#262626"),
    "bench-light": ("#FFFFFF", "#F0F0F0", "#EEEEEE"),
}


def readable(theme: Theme) -> Theme:
    """The theme, with its signal colours darkened (on a dark theme lightened) as far as it takes to read them.

    Textual means them as grounds under text, in light themes above all; here they are the text. The themes of ANSI
    colours are left alone: their colours are the terminal's own.
    """
    if theme in (BENCH, BENCH_LIGHT):  # not worth the time that stands before the first picture
        return theme
    variables = theme.to_color_system().generate()
    grounds = [Color.parse(variables[name]) for name in GROUNDS]
    if any(ground.ansi is not None for ground in grounds):
        return theme
    ink = Color(255, 255, 255) if theme.dark else Color(0, 0, 0)
    mended: dict[str, Any] = {}
    for name in SIGNALS:
        color = Color.parse(variables[name])
        shades = (Color.parse(color.blend(ink, step / 20).hex) for step in range(21))
        found = next(s for s in shades if _is_readable(s, grounds) or s == ink)
        if found != color:
            mended[name] = found.hex
    return replace(theme, **mended) if mended else theme


def snapped(theme: Theme) -> Theme:
    """The theme with its grounds among the 256 colours.

    Rich takes a dark ground with a tinge of blue for black, and the rows at the top and at the bottom, and the row
    of a cursor, would lie on the same ground as everything else.
    """
    if theme in (BENCH, BENCH_LIGHT):  # found as below; the first picture does not wait for it
        ours: dict[str, Any] = dict(zip(GROUNDS, _OURS_OF_256[theme.name], strict=True))
        return replace(theme, **ours)
    variables = theme.to_color_system().generate()
    grounds = {name: Color.parse(variables[name]) for name in GROUNDS}
    if any(ground.ansi is not None for ground in grounds.values()):
        return theme
    nearest: dict[str, Any] = {name: _nearest(ground).hex for name, ground in grounds.items()}
    return replace(theme, **nearest)


def _nearest(color: Color) -> Color:
    """What to ask Rich for, so that the terminal gets the nearest of the 256 colours."""
    wanted = color.rgb
    sent = _eight_bit()
    return Color(*sent[min(sent, key=lambda rgb: sum((a - b) ** 2 for a, b in zip(rgb, wanted, strict=True)))])


@cache
def _eight_bit() -> dict[RGB, RGB]:
    """Of the 256 colours what each is, and what Rich sends as it: of some greys it is another grey."""
    table: dict[RGB, RGB] = {}
    levels = [(level, level, level) for level in range(256)]
    for asked in (*(tuple(RichColor.from_ansi(number).get_truecolor()) for number in range(16, 256)), *levels):
        number = RichColor.from_rgb(*asked).downgrade(ColorSystem.EIGHT_BIT).number
        red, green, blue = RichColor.from_ansi(number or 0).get_truecolor()
        table.setdefault((red, green, blue), (asked[0], asked[1], asked[2]))
    return table


def _is_readable(color: Color, grounds: list[Color]) -> bool:
    return all(contrast(color.rgb, ground.rgb) >= LEAST_CONTRAST + _ROUNDING for ground in grounds)
