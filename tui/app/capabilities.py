"""What this terminal can show: characters, colours, and whether the line to it is long."""

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Colors = Literal["truecolor", "256", "16", "none"]
GlyphMode = Literal["braille", "block", "ascii"]

GLYPH_MODES: tuple[GlyphMode, ...] = ("braille", "block", "ascii")


@dataclass(frozen=True)
class Capabilities:
    """What may be sent to a terminal.

    Attributes:
        unicode: Characters outside ASCII arrive as they were meant.
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
    encodable = _is_utf8(encoding)
    # The console of Linux takes UTF-8, but its font holds 512 characters at most, none of them braille.
    automatic: GlyphMode = "ascii" if term == "linux" else "braille"
    mode = (wanted or automatic) if encodable else "ascii"
    return Capabilities(
        unicode=encodable and (term != "linux" or mode != "ascii"),
        colors=_colors(environ, term),
        glyphs=mode,
        remote=any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")),
        multiplexer=_multiplexer(environ, term),
    )


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


def _colors(environ: Mapping[str, str], term: str) -> Colors:
    # The same signs, in the same order, as Rich reads them: what it would not send is no capability of ours.
    if environ.get("NO_COLOR"):
        return "none"
    if term in ("dumb", "unknown"):
        return "none"
    if environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return "truecolor"
    return "256" if term.endswith("256color") or term.endswith("kitty") else "16"


def _multiplexer(environ: Mapping[str, str], term: str) -> str:
    if environ.get("TMUX") or term.startswith("tmux"):
        return "tmux"
    if environ.get("STY") or term.startswith("screen"):
        return "screen"
    return ""
