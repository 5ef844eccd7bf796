"""The two themes of our own; every theme that Textual brings works too, made readable where it is not."""

from dataclasses import replace
from typing import Any

from textual.color import Color
from textual.theme import Theme

from tui.app.contrast import contrast

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


def readable(theme: Theme) -> Theme:
    """The theme, with its signal colours darkened (on a dark theme lightened) as far as it takes to read them.

    Textual means them as grounds under text, in light themes above all; here they are the text. The themes of ANSI
    colours are left alone: their colours are the terminal's own.
    """
    variables = theme.to_color_system().generate()
    grounds = [Color.parse(variables[name]) for name in GROUNDS]
    if theme in (BENCH, BENCH_LIGHT) or any(ground.ansi is not None for ground in grounds):
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


def _is_readable(color: Color, grounds: list[Color]) -> bool:
    return all(contrast(color.rgb, ground.rgb) >= LEAST_CONTRAST + _ROUNDING for ground in grounds)
