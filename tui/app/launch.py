"""Opens the application on the terminal at hand."""

import os
import sys
from dataclasses import replace
from pathlib import Path

from tui.app.capabilities import TEXTUALS_COLORS, detect, terminal_colors
from tui.lab.spec import Spec


def run(
    spec: Spec | None,
    *,
    recipe: str = "",
    runs_dir: Path,
    run: Path | None = None,
    glyphs: str | None = None,
    mouse: bool | None = None,
    low_bandwidth: bool | None = None,
) -> int:
    """Opens the application, on a ``run``'s folder where one is given; returns the exit status.

    What is None here the file of settings decides. Raises ValueError for an unknown ``glyphs``.
    """
    _say_colors()
    from tui.app.config import read_config  # not above: it reads Textual

    config = read_config(os.environ)
    glyphs = glyphs or config.glyphs or None
    if mouse is None:
        mouse = config.mouse is not False
    stream = sys.__stderr__
    capabilities = detect(os.environ, stream.encoding if stream is not None else None, glyphs)
    narrow = config.low_bandwidth is True if low_bandwidth is None else low_bandwidth
    capabilities = replace(capabilities, low_bandwidth=narrow)
    if not capabilities.unicode:
        from tui.app.plain import ascii_only

        ascii_only(sys.__stderr__, sys.__stdout__)
    from tui.app.app import BenchApp

    app = BenchApp(spec, recipe=recipe, runs_dir=runs_dir, run=run, capabilities=capabilities, config=config)
    result = app.run(mouse=mouse)
    return result if isinstance(result, int) else app.return_code or 0


def _say_colors() -> None:
    """Textual, which looks when it is imported, is to send what is decided here.

    By itself it knows fewer terminals, and takes an empty NO_COLOR for a set one.
    """
    colors, _ = terminal_colors(os.environ)
    if colors == "none":
        os.environ["NO_COLOR"] = "1"
    else:
        os.environ.pop("NO_COLOR", None)
        os.environ["TEXTUAL_COLOR_SYSTEM"] = TEXTUALS_COLORS[colors]
