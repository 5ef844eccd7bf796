"""ASCII forms of what a terminal cannot show: one cell for one cell, so that nothing on the screen moves."""

import codecs
import os
import unicodedata
from collections.abc import Mapping
from io import TextIOWrapper
from typing import Any
from weakref import WeakKeyDictionary

from tui.app.capabilities import terminal_encoding

_HANDLER = "mlp-tui"
# ASCII under a name of its own: where a stream is called "ascii", click writes UTF-8 past it.
_ENCODING = "mlp-tui-ascii"

# Of our own words and drawings each has its form; letters of other scripts are found by their names, below.
_FORMS = {
    "·": "-",
    "×": "x",
    "÷": "/",
    "±": "+",
    "≤": "<",
    "≥": ">",
    "≈": "~",
    "≠": "#",
    "−": "-",
    "√": "v",
    "∞": "8",
    "∂": "d",
    "∇": "V",
    "∑": "S",
    "°": "o",
    "…": "~",
    "–": "-",
    "—": "-",
    "‖": "=",
    "•": "*",
    "‹": "<",
    "›": ">",
    "«": "<",
    "»": ">",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "→": ">",
    "←": "<",
    "↑": "^",
    "↓": "v",
    "↵": "<",
    "⏎": "<",
    "▸": ">",
    "▶": ">",
    "◂": "<",
    "◀": "<",
    "▾": "v",
    "▴": "^",
    "●": "o",
    "○": "o",
    "◔": "c",
    "◑": "o",
    "◕": "O",
    "▲": "^",
    "△": "^",
    "▼": "v",
    "▽": "v",
    "■": "#",
    "□": "#",
    "◆": "*",
    "◇": "*",
    "▰": "#",
    "▱": "-",
    "✓": "v",
    "✔": "v",
    "✗": "x",
    "✘": "x",
    "€": "E",
    "£": "L",
    "█": "#",
    "▓": "#",
    "▒": "=",
    "░": ".",
}


def plain(text: str) -> str:
    """The text in ASCII, as wide as before. What has no form (an ideograph, a picture) becomes "?" """
    return text if text.isascii() else "".join(c if c.isascii() else _form(c) for c in text)


def _form(character: str) -> str:
    from rich.cells import cell_len  # not above: it is rarely needed

    width = cell_len(character)
    if width == 0:
        return ""
    found = _FORMS.get(character) or _drawing(character) or _letter(character, width)
    return found if len(found) == width else "?" * width


def _drawing(character: str) -> str:
    """Of a line, a block or dots."""
    code = ord(character)
    if 0x2500 <= code < 0x2580:
        words = unicodedata.name(character).split()
        if "AND" in words:  # strokes that meet
            return "+"
        return "-" if "HORIZONTAL" in words else "|" if "VERTICAL" in words else "+"
    if 0x2580 <= code < 0x25A0:
        return " "  # part of a cell: the ends of a scroll bar, which its colours show
    if 0x2800 <= code < 0x2900:
        return " " if code == 0x2800 else ":"
    return ""


def _letter(character: str, width: int) -> str:
    """A letter without its accents, or the beginning of its name: "k" for a kappa, "ka" for a kana."""
    whole = unicodedata.normalize("NFKD", character)
    bare = whole.encode("ascii", "ignore").decode()
    if len(bare) == width:
        return bare
    name = unicodedata.name(whole[0], "")
    _, kind, called = name.rpartition("LETTER ") if "LETTER " in name else name.rpartition("LIGATURE ")
    found = called[:width] if kind and called[:width].isalpha() else ""
    return found if "CAPITAL" in name else found.lower()


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_form(c) for c in error.object[error.start : error.end]), error.end


def _find(name: str) -> codecs.CodecInfo | None:
    if name.replace("_", "-") != _ENCODING:
        return None
    ascii = codecs.lookup("ascii")
    return codecs.CodecInfo(
        ascii.encode,
        ascii.decode,
        incrementalencoder=ascii.incrementalencoder,
        incrementaldecoder=ascii.incrementaldecoder,
        name=_ENCODING,
    )


_before: WeakKeyDictionary[TextIOWrapper, str] = WeakKeyDictionary()
codecs.register(_find)
codecs.register_error(_HANDLER, _replace)


def ascii_only(*streams: Any) -> None:
    """From now on these text streams write ASCII: every other character in its form, never a printed escape."""
    _reconfigure(streams, encoding=_ENCODING)


def fit_streams(*streams: Any, environ: Mapping[str, str] = os.environ) -> None:
    """Each stream writes what its encoding lacks in its form; one that goes to a terminal, ASCII where that is all."""
    for stream in streams:
        if not isinstance(stream, TextIOWrapper):
            continue
        poor = stream.isatty() and not terminal_encoding(environ, stream.encoding).utf8
        _reconfigure((stream,), encoding=_ENCODING if poor else None)


def encoding_of(stream: Any) -> str:
    """The encoding that a stream had before it was made to fit; "" where it has none."""
    return _before.get(stream) or getattr(stream, "encoding", None) or ""


def _reconfigure(streams: tuple[Any, ...], encoding: str | None) -> None:
    for stream in streams:
        if isinstance(stream, TextIOWrapper):
            _before.setdefault(stream, stream.encoding)
            stream.reconfigure(encoding=encoding, errors=_HANDLER)
