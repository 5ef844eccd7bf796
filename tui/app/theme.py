"""The two themes of our own; every theme that Textual brings works too."""

from textual.theme import BUILTIN_THEMES, Theme

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
