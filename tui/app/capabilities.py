"""What this terminal can show: characters, colours, and whether the line to it is long."""

import codecs
import locale
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Colors = Literal["truecolor", "256", "16", "none"]
GlyphMode = Literal["braille", "block", "ascii"]

TEXTUALS_COLORS: dict[Colors, str] = {"16": "standard", "256": "256", "truecolor": "truecolor"}
"""What Textual's own variable TEXTUAL_COLOR_SYSTEM calls them; it wins over what the terminal says of itself."""
# Terminals that take more colours than the names in their TERM tell, without COLORTERM (as over SSH).
_RICH_TERMS = ("kitty", "alacritty", "foot", "ghostty", "wezterm", "contour", "iterm2")

GLYPH_MODES: tuple[GlyphMode, ...] = ("braille", "block", "ascii")


COLOURS: dict[Colors, str] = {
    "truecolor": "16 million colours",
    "256": "256 colours",
    "16": "16 colours",
    "none": "no colours",
}
DRAWINGS: dict[GlyphMode, str] = {
    "braille": "all drawings on",
    "block": "drawings of blocks",
    "ascii": "drawings of letters",
}
SMALLEST = (60, 18)
"""The least columns and rows that a screen takes."""
# A round trip of so many seconds is felt.
_FELT = 0.02

LOCALE_VARIABLES = ("LC_ALL", "LC_CTYPE", "LANG")
"""The first of them that is set says what the terminal's characters are (POSIX)."""
SSH_VARIABLES = ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")
# What Python itself writes into LC_CTYPE where it was started in an ASCII locale (PEP 538).
_COERCED = ("c.utf-8", "c.utf8", "utf-8")


@dataclass(frozen=True)
class Encoding:
    """What is known of the terminal's characters.

    Attributes:
        utf8: Characters outside ASCII may be sent.
        variable: The locale variable that says so; "" where none is set.
        value: Its value.
        stream: The encoding of the stream that is drawn to; "" where it is not known.
    """

    utf8: bool
    variable: str = ""
    value: str = ""
    stream: str = ""


@dataclass(frozen=True)
class Capabilities:
    """What may be sent to a terminal.

    Attributes:
        unicode: Characters outside ASCII may be sent: they arrive as they were meant, and nobody wants ASCII.
        colors: The colours the terminal takes; "none" where the user wants none.
        glyphs: The set of characters that drawings are made of.
        remote: The terminal is at the other end of an SSH connection.
        multiplexer: "tmux", "screen" or "".
        low_bandwidth: The line is so narrow that the user asked for as few bytes as it takes.
    """

    unicode: bool = True
    colors: Colors = "truecolor"
    glyphs: GlyphMode = "braille"
    remote: bool = False
    multiplexer: str = ""
    low_bandwidth: bool = False


def detect(environ: Mapping[str, str], encoding: str | None, glyphs: str | None = None) -> Capabilities:
    """Read the capabilities off the environment.

    Args:
        environ: The environment's variables.
        encoding: The encoding of the stream that the application draws to.
        glyphs: The user's choice, "braille", "block" or "ascii"; None (or "auto") to decide here. It is
            taken at its word, except where the encoding has no such characters.

    Raises:
        ValueError: `glyphs` is none of these.
    """
    term = environ.get("TERM", "").lower()
    wanted = None if glyphs is None or glyphs == "auto" else _glyph_mode(glyphs)
    # The console of Linux takes UTF-8, but its font holds 512 characters at most, none of them braille.
    automatic: GlyphMode = "ascii" if term == "linux" else "braille"
    mode = (wanted or automatic) if terminal_encoding(environ, encoding).utf8 else "ascii"
    return Capabilities(
        unicode=mode != "ascii",
        colors=terminal_colors(environ)[0],
        glyphs=mode,
        remote=any(environ.get(name) for name in SSH_VARIABLES),
        multiplexer=_multiplexer(environ, term),
    )


def terminal_encoding(environ: Mapping[str, str], encoding: str | None) -> Encoding:
    """Whether the terminal takes UTF-8: the stream must be able to send it, and the locale must not say otherwise.

    The stream alone does not tell: in an ASCII locale Python makes its streams UTF-8 all the same (PEP 538 and 540),
    whatever the terminal takes. So the first locale variable that is set counts. One exception: an LC_CTYPE that
    Python itself writes in such a locale says nothing beside a LANG. Where no variable is set, nobody has said
    anything, and terminals that are not UTF-8 have become rare: then the stream counts alone.
    """
    stream = encoding or ""
    sendable = _is_utf8(encoding)
    for variable in LOCALE_VARIABLES:
        value = environ.get(variable, "")
        if not value or (variable == "LC_CTYPE" and value.lower() in _COERCED and environ.get("LANG")):
            continue
        return Encoding(sendable and _is_utf8(_codeset(value)), variable, value, stream)
    return Encoding(sendable, stream=stream)


def _codeset(name: str) -> str:
    """The encoding in a locale's name, as in "fr_FR.ISO8859-1"; "ascii" for C and POSIX."""
    if "." not in name and name.lower().replace("-", "") != "utf8":
        name = locale.normalize(name)  # knows that fr_FR@euro is ISO-8859-15
    return name.rpartition(".")[2].partition("@")[0] if "." in name or "utf" in name.lower() else "ascii"


def found_line(capabilities: Capabilities, round_trip: float | None = None) -> str:
    """What was found, in one line: "UTF-8, 256 colours, 38 ms away: all drawings on"."""
    parts = ["UTF-8" if capabilities.unicode else "ASCII", COLOURS[capabilities.colors]]
    if round_trip is not None and (capabilities.remote or round_trip >= _FELT):
        parts.append(f"{round_trip * 1000:.0f} ms away")
    return f"{', '.join(parts)}: {DRAWINGS[capabilities.glyphs]}"


def usable(environ: Mapping[str, str], stdin_tty: bool, stdout_tty: bool) -> str:
    """Why no application can open here, in one line; "" where it can."""
    if not stdin_tty:
        return "the keyboard is not a terminal (standard input is redirected)"
    if not stdout_tty:
        return "there is no terminal to draw on (standard output is redirected)"
    term = environ.get("TERM", "")
    if term in ("dumb", "unknown"):
        return f"TERM={term} says that this terminal cannot place the cursor"
    return ""


def _glyph_mode(name: str) -> GlyphMode:
    for mode in GLYPH_MODES:
        if name == mode:
            return mode
    raise ValueError(f"glyphs must be one of auto, {', '.join(GLYPH_MODES)}. Got {name!r} instead.")


def _is_utf8(encoding: str | None) -> bool:
    try:
        return codecs.lookup(encoding or "ascii").name == "utf-8"
    except LookupError:
        return False


def terminal_colors(environ: Mapping[str, str]) -> tuple[Colors, str]:
    """The colours that the terminal takes, and the variable that says so, with its value."""
    term = environ.get("TERM", "").lower()
    told = f"TERM={environ['TERM']}" if term else "TERM is not set"
    if environ.get("NO_COLOR"):  # no-color.org: set and not empty
        return "none", f"NO_COLOR={environ['NO_COLOR']}"
    if term in ("dumb", "unknown"):
        return "none", told
    for colors, name in TEXTUALS_COLORS.items():
        if environ.get("TEXTUAL_COLOR_SYSTEM") == name:
            return colors, f"TEXTUAL_COLOR_SYSTEM={name}"
    if environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return "truecolor", f"COLORTERM={environ['COLORTERM'].strip()}"
    if term.endswith("-direct"):
        return "truecolor", told
    return ("256" if term.endswith("256color") or any(name in term for name in _RICH_TERMS) else "16"), told


def _multiplexer(environ: Mapping[str, str], term: str) -> str:
    if environ.get("TMUX") or term.startswith("tmux"):
        return "tmux"
    if environ.get("STY") or term.startswith("screen"):
        return "screen"
    return ""
