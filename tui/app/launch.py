"""Opens the application on the terminal at hand."""

import os
import sys
from pathlib import Path

from tui.app.capabilities import TEXTUALS_COLORS, detect
from tui.lab.spec import Spec


def run(
    spec: Spec | None,
    *,
    recipe: str = "",
    runs_dir: Path,
    run: Path | None = None,
    glyphs: str | None = None,
    mouse: bool = True,
) -> int:
    """Opens the application, on a ``run``'s folder where one is given; returns the exit status.

    Raises ValueError for an unknown ``glyphs``.
    """
    stream = sys.__stderr__
    capabilities = detect(os.environ, stream.encoding if stream is not None else None, glyphs)
    if not capabilities.unicode:
        from tui.app.plain import ascii_only

        ascii_only(sys.__stderr__, sys.__stdout__)
    # Textual sends what is decided here: by itself it knows fewer terminals, and takes an empty NO_COLOR for a set one.
    if capabilities.colors == "none":
        os.environ["NO_COLOR"] = "1"
    else:
        os.environ.pop("NO_COLOR", None)
        os.environ["TEXTUAL_COLOR_SYSTEM"] = TEXTUALS_COLORS[capabilities.colors]
    from tui.app.app import BenchApp

    app = BenchApp(spec, recipe=recipe, runs_dir=runs_dir, run=run, capabilities=capabilities)
    result = app.run(mouse=mouse)
    return result if isinstance(result, int) else app.return_code or 0
