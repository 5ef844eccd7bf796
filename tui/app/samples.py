"""A line of each set of glyphs and of the colours of classes, to be looked at."""

from collections.abc import Iterator

from rich.color import ColorSystem
from rich.style import Style

from tui.app.capabilities import Capabilities
from tui.app.glyphs import CLASS_STYLES, GLYPHS, ClassStyle

_SYSTEMS = {"truecolor": ColorSystem.TRUECOLOR, "256": ColorSystem.EIGHT_BIT, "16": ColorSystem.STANDARD}
_DRAWN = {
    "braille": "⣀⡠⠔⠊⠉⠒⢄⣀⡠⠔⠊⠉",
    "block": "▁▂▃▄▅▆▇█ ▀▄ ░▒▓ ╭─┬╮┃",
    "ascii": "+-|<> .:-=*#@",
}


def samples(capabilities: Capabilities, *, colors: bool) -> Iterator[str]:
    """Each line says what it should look like; those that cannot be shown here are left out.

    Without ``colors`` no escape is written, as for a file.
    """
    for mode, drawn in _DRAWN.items():
        if capabilities.unicode or mode == "ascii":
            marks = " ".join((GLYPHS[mode].ok, GLYPHS[mode].wrong, GLYPHS[mode].running, GLYPHS[mode].right))
            yield f"{mode:11}  {drawn}  {marks}"
    points = [_colored(style, _point(style, capabilities) + f" {k}", capabilities, colors)
              for k, style in enumerate(CLASS_STYLES)]  # fmt: skip
    yield f"{'classes':11}  {'  '.join(points)}"
    if colors and capabilities.colors != "none":
        block = "████" if capabilities.unicode else "####"
        yield f"{'':11}  " + " ".join(_colored(style, block, capabilities, True) for style in CLASS_STYLES)


def _point(style: ClassStyle, capabilities: Capabilities) -> str:
    return style.glyph if capabilities.unicode else style.ascii_point


def _colored(style: ClassStyle, text: str, capabilities: Capabilities, colors: bool) -> str:
    if not colors or capabilities.colors == "none":
        return text
    wanted = {"truecolor": style.color, "256": f"color({style.number})", "16": style.ansi}[capabilities.colors]
    return Style(color=wanted).render(text, color_system=_SYSTEMS[capabilities.colors])
