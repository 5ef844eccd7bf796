"""Opens the application on the terminal at hand."""

import codecs
import os
import sys
import unicodedata
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path

from tui.app.capabilities import detect
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
    from tui.app.config import read_config

    config = read_config(os.environ)
    glyphs = glyphs or config.glyphs or None
    if mouse is None:
        mouse = config.mouse is not False
    stream = sys.__stderr__
    capabilities = detect(os.environ, stream.encoding if stream is not None else None, glyphs)
    narrow = config.low_bandwidth is True if low_bandwidth is None else low_bandwidth
    capabilities = replace(capabilities, low_bandwidth=narrow)
    if not capabilities.unicode:
        _ascii_only()
    from tui.app.app import BenchApp

    app = BenchApp(spec, recipe=recipe, runs_dir=runs_dir, run=run, capabilities=capabilities, config=config)
    result = app.run(mouse=mouse)
    return result if isinstance(result, int) else app.return_code or 0


def _ascii_only() -> None:
    """Outside UTF-8 every character that slips through becomes an ASCII one, never a printed escape."""
    plain = {"·": "-", "×": "x", "…": ".", "→": ">", "σ": "s", "√": "v", "±": "+", "²": "2", "–": "-", "▾": "v"}

    def put(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeEncodeError):
            raise error
        lost = error.object[error.start : error.end]
        return "".join(plain.get(c) or _without_accent(c) for c in lost), error.end

    codecs.register_error("mlp-tui", put)
    for stream in (sys.__stderr__, sys.__stdout__):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="ascii", errors="mlp-tui")


def _without_accent(character: str) -> str:
    bare = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return bare if len(bare) == 1 else "?"
