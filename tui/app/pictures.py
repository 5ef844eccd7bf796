"""A picture of the screen: SVG, and plain text. Nothing in it is fetched from anywhere when it is looked at."""

import io
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType

from tui.app.folders import numbered

SUFFIXES = (".svg", ".txt")
_FONTS = re.compile(r"\s*@font-face\s*\{[^}]*\}")
_MADE_BY = re.compile(r"\s*<!--.*?-->", re.DOTALL)


def take(screen: RenderableType, size: tuple[int, int]) -> Console:
    """A console that has recorded what the screen showed."""
    width, height = size
    console = Console(
        width=width,
        height=height,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        record=True,
        legacy_windows=False,
        safe_box=False,
    )
    console.print(screen)
    return console


def as_text(console: Console) -> str:
    lines = console.export_text(clear=False, styles=False).splitlines()
    return "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"


def as_svg(console: Console, title: str) -> str:
    """Rich's picture in whatever fixed-width font is at hand: its own would be fetched from a server."""
    svg = console.export_svg(title=title, clear=False)
    return (
        _MADE_BY.sub("", _FONTS.sub("", svg))
        .replace("Fira Code, monospace", "monospace")
        .replace("Fira Code", "monospace")
    )


def save(
    screen: RenderableType,
    size: tuple[int, int],
    stem: str,
    folders: Sequence[Path],
    suffixes: Sequence[str] = SUFFIXES,
) -> list[Path]:
    """Writes the pictures into the first folder that can be written, under names that are free.

    Raises OSError where none can.
    """
    console = take(screen, size)
    made: dict[str, Callable[[], Any]] = {".svg": lambda: as_svg(console, stem), ".txt": lambda: as_text(console)}
    texts = {suffix: made[suffix]() for suffix in suffixes}
    problem = OSError("no folder to write to")
    for folder in folders:
        try:
            if folder != Path(os.curdir):
                folder.mkdir(parents=True, exist_ok=True)
            return [_write(path, texts[path.suffix]) for path in numbered(folder, stem, tuple(suffixes))]
        except OSError as error:
            problem = error
    raise problem


def _write(path: Path, text: str) -> Path:
    """Whole, or not at all: a full disk leaves no empty file. Never over one that is there."""
    file = open(path, "x", encoding="utf-8")  # noqa: SIM115 - closed before what is left is removed
    try:
        with file:
            file.write(text)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path
