"""The file of somebody's own settings: keys, themes, what the terminal is to be taken for.

A mistake in it is named by its line and left out; what is right is kept.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from textual.theme import Theme

from tui.app.capabilities import GLYPH_MODES
from tui.app.keyboard import LAYOUTS, QWERTY, Keyboard, layout_of
from tui.app.literal import literal

VARIABLE = "MLP_TUI_CONFIG"
SWITCHES = ("mouse", "low_bandwidth")
CHOICES: dict[str, tuple[str, ...]] = {"glyphs": ("auto", *GLYPH_MODES), "keyboard": ("auto", *LAYOUTS)}
TABLES = ("keys", "themes")
NAMES = ("theme", *CHOICES, *SWITCHES, *TABLES)
"""What may stand in the file, outermost."""
COLOURS = (
    *("background", "surface", "panel", "foreground", "accent"),
    *("success", "warning", "error", "primary", "secondary"),
)
"""What may stand in a theme, beside ``dark``."""


@dataclass(frozen=True)
class Mistake:
    """Something in the file that is left out; ``line`` is 0 where it belongs to no line."""

    file: Path
    line: int
    words: str

    def say(self, name: str | None = None) -> str:
        """``config.toml:12: what is wrong``, on one line."""
        where = name if name is not None else str(self.file)
        return literal(f"{where}:{self.line}: {self.words}" if self.line else f"{where}: {self.words}")


@dataclass(frozen=True)
class Config:
    """What the file says. An empty ``theme``, ``glyphs`` or ``layout``, a ``None``: it says nothing about that."""

    file: Path | None = None
    theme: str = ""
    glyphs: str = ""
    mouse: bool | None = None
    low_bandwidth: bool | None = None
    layout: str = ""
    keyboard: Keyboard = QWERTY
    themes: tuple[Theme, ...] = ()
    mistakes: tuple[Mistake, ...] = ()

    @property
    def complaint(self) -> str:
        """The first mistake and how many more there are, for the status line; "" where there is none."""
        if not self.mistakes:
            return ""
        first, more = self.mistakes[0], len(self.mistakes) - 1
        words = first.say(first.file.name)
        return f"{words} ({more} more: mlp-tui config check)" if more else words


def config_path(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the file is, or would be: MLP_TUI_CONFIG, else config.toml in the user's folder of settings."""
    if named := environ.get(VARIABLE):
        return Path(os.path.abspath(os.path.expanduser(named)))
    import platformdirs

    return Path(platformdirs.user_config_dir("mlp-tui", appauthor=False)) / "config.toml"


def read_config(environ: Mapping[str, str] = os.environ, file: Path | None = None) -> Config:
    """Reads the file, if there is one; never raises for what is in it.

    file: another one than `config_path` says; it must exist, as one that MLP_TUI_CONFIG names must.
    """
    wanted = file is not None or bool(environ.get(VARIABLE))
    path = file if file is not None else config_path(environ)
    nothing = Config(file=path, keyboard=Keyboard(layout_of(environ)))
    try:
        source = path.read_bytes()
    except FileNotFoundError:
        return replace(nothing, mistakes=(Mistake(path, 0, "no such file"),) if wanted else ())
    except OSError as error:
        return replace(nothing, mistakes=(Mistake(path, 0, error.strerror or "cannot be read"),))
    try:
        text = source.decode("utf-8-sig").replace("\r\n", "\n")
        table = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        return replace(nothing, mistakes=(Mistake(path, line, "expected text in UTF-8"),))
    except tomllib.TOMLDecodeError as error:
        line, words = _syntax(str(error), text)
        return replace(nothing, mistakes=(Mistake(path, line, words),))
    except RecursionError:
        return replace(nothing, mistakes=(Mistake(path, 0, "expected tables and values, received a maze of brackets"),))
    from tui.app.config_reader import Reader  # only where there is something to read
    from tui.app.toml_lines import key_lines

    return Reader(path, table, key_lines(text), layout_of(environ)).config()


def _syntax(words: str, text: str) -> tuple[int, str]:
    """The line and the words of `tomllib`'s ``Expected '=' after a key (at line 3, column 5)``."""
    what, _, where = words.rpartition(" (at ")
    number = where.removeprefix("line ").partition(",")[0]
    line = int(number) if number.isdecimal() else text.rstrip("\n").count("\n") + 1
    return line, f"no TOML: {(what or words)[:1].lower()}{(what or words)[1:]}"
