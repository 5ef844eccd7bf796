"""Names of keys: what somebody may write for one, and which can be given to no action."""

import re
from difflib import get_close_matches

from textual.keys import Keys, _character_to_key, key_to_character

_WRITTEN = {
    "esc": "escape",
    "return": "enter",
    "del": "delete",
    "ins": "insert",
    "pgdn": "pagedown",
    "pgup": "pageup",
    "bs": "backspace",
}
"""Names that keyboards and manuals print."""
_NAMED = frozenset(key.value for key in Keys if re.fullmatch(r"[a-z]+\d*", key.value)) | frozenset(_WRITTEN)
_CHARACTERS = tuple(_character_to_key(chr(code)) for code in range(0x21, 0x7F))
_MODIFIERS = ("ctrl", "shift", "alt", "meta", "super", "hyper")

MOVING = frozenset({"up", "down", "left", "right", "home", "end", "pageup", "pagedown"})
"""What has the focus moves by these, whoever else would like to have them."""

TAKEN = {
    "tab": "it goes from panel to panel",
    "shift+tab": "it goes from panel to panel",
    "ctrl+c": "it copies what is selected",
    "ctrl+s": "many terminals hold their output at it",
    "ctrl+h": "to a terminal it is backspace",
    "ctrl+i": "to a terminal it is tab",
    "ctrl+j": "to a terminal it is a line's end, as Enter is",
    "ctrl+m": "to a terminal it is Enter",
    "ctrl+left_square_bracket": "to a terminal it is Esc",
    "ctrl+a": "screen takes it, and text fields do",
    "ctrl+b": "tmux takes it, and text fields do",
    "f11": "windows of terminals take it",
}


def read_key(written: str) -> str:
    """Textual's name of a key that is written as Textual does (``question_mark``) or as it is printed (``?``).

    Raises ValueError, in words, for what names no key.
    """
    if len(written) == 1 and written.isprintable():
        return _character_to_key(written)
    before, _, bare = written.lower().rpartition("+")
    if written.endswith("++"):
        before, bare = before.removesuffix("+"), "+"
    modifiers = before.split("+") if before else []
    if len(bare) == 1:
        bare = _character_to_key(bare)
    bare = _WRITTEN.get(bare, bare)
    for modifier in modifiers:
        if modifier not in _MODIFIERS:
            raise ValueError(f"no such key{_meant(written.lower())}")
    if not (len(bare) == 1 or bare in _NAMED or bare in _CHARACTERS or (bare and key_to_character(bare))):
        raise ValueError(f"no such key{_meant(bare)}")
    if modifiers == ["shift"] and len(bare) == 1:
        raise ValueError(f'with shift a letter is written large: "{bare.upper()}"')
    return "+".join([*sorted(modifiers), bare])


def _meant(written: str) -> str:
    if "," in written:
        return '; several keys are a list: ["j", "down"]'
    close = get_close_matches(written, [*_NAMED, *_CHARACTERS], n=1, cutoff=0.7)
    return f"; did you mean {close[0]}?" if close else ""


def refusal(key: str) -> str:
    """Why a key can be given to no action, in words; "" where it can."""
    *modifiers, bare = key.split("+")
    if key in TAKEN:
        return TAKEN[key]
    if "alt" in modifiers or "meta" in modifiers:
        return "over SSH it comes as Esc and another key"
    if "super" in modifiers or "hyper" in modifiers:
        return "desktops take it, and few terminals pass it on"
    if modifiers and bare == "f3":
        return "it looks like the terminal's answer to where its cursor is"
    return ""


def is_printable(key: str) -> bool:
    """Whether the key types a character in a field."""
    return (key_to_character(key) or "\0").isprintable()
