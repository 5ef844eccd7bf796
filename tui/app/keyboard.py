"""Which key does what on this keyboard: the registry's keys, the profile's, and those that the user has changed."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from textual.widget import Widget

from tui.app.actions import ACTIONS, Action, by_id, key_line, show_key, together

Layout = Literal["qwerty", "azerty"]
LAYOUTS: tuple[Layout, ...] = ("qwerty", "azerty")

AZERTY: dict[str, tuple[str, ...]] = {
    "app.data": ("1", "ampersand"),
    "app.model": ("2", "é"),
    "app.gradients": ("3", "quotation_mark"),
    "app.train": ("4", "apostrophe"),
    "app.runs": ("6", "minus"),
    "curves.zoom_out": ("Z",),
    "curves.whole": ("0", "à"),
    "chart.zoom_out": ("Z",),
    "chart.whole": ("0", "à"),
    "train.lr_down": ("comma", "left_square_bracket"),
    "train.lr_up": ("semicolon", "right_square_bracket"),
}
"""Digits need shift there, brackets AltGr. The digit stays the one that is shown: both stand on the same key."""

AZERTY_ROW = "&é\"'(-è_ç"
"""What the keys of the digits 1 to 9 type there without shift."""

NO_KEY = "<none>"
"""For Textual, which takes an empty list of keys for none at all: a key that nothing sends."""
_MARKED = re.compile("‹([^‹›]*)›")


@dataclass(frozen=True)
class Keyboard:
    """``changed`` are the user's own keys: an action's id and what does it now, as Textual names it."""

    layout: Layout = "qwerty"
    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def keys(self, action_id: str) -> tuple[str, ...]:
        """All keys of an action; the first is the one that is shown."""
        if action_id in self.changed:
            return self.changed[action_id]
        if self.layout == "azerty" and action_id in AZERTY:
            return AZERTY[action_id]
        return tuple(by_id(action_id).keys.split(","))

    def shown(self, action_id: str) -> str:
        """The key of an action as it is printed; "" where it has none."""
        keys = self.keys(action_id)
        return show_key(keys[0]) if keys else ""

    def all_shown(self, action_id: str) -> str:
        """Every key of an action as it is printed."""
        return " ".join(dict.fromkeys(show_key(key) for key in self.keys(action_id)))

    def tab(self, action_id: str) -> str:
        """What stands before a screen's name in the top line: its digit, or the key that goes there now."""
        shown = self.shown(action_id)
        return shown if len(shown) <= 3 else ""

    def line(self, scopes: tuple[str, ...], *, without: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
        """(keys, label) pairs for the last row."""
        return key_line(scopes, without=without, shown=lambda action: self.shown(action.id))

    @property
    def keymap(self) -> dict[str, str]:
        """What Textual must be told: the ids whose keys are not the registry's."""
        ids = dict.fromkeys([*(AZERTY if self.layout == "azerty" else ()), *self.changed])
        return {action_id: ",".join(self.keys(action_id)) or NO_KEY for action_id in ids}

    # Sentences name keys as ‹train.stop›: what is printed is this keyboard's key

    def resolve(self, sentence: str) -> str:
        """``‹train.stop›`` becomes ``‹x›``. An action without a key is found in the palette, by its name."""
        return _MARKED.sub(lambda found: f"‹{self._name(found[1])}›", sentence)

    def plain(self, sentence: str) -> str:
        """The sentence with its keys, without the marks around them."""
        return _MARKED.sub(lambda found: self._name(found[1]), sentence)

    def _name(self, marked: str) -> str:
        if not is_action(marked):
            return marked
        return self.shown(marked) or f"{self.shown('app.palette')} {by_id(marked).label or marked}".strip()


QWERTY = Keyboard()


def is_action(name: str) -> bool:
    """Whether this is an action's id."""
    try:
        by_id(name)
    except KeyError:
        return False
    return True


def keyboard_of(widget: Widget) -> Keyboard:
    """The keyboard of the application that a widget stands in."""
    found = getattr(widget.app, "keyboard", None)
    return found if isinstance(found, Keyboard) else QWERTY


def shared_keys(keyboard: Keyboard) -> Iterator[tuple[Action, Action, str]]:
    """Pairs of actions that could both be meant by a key, in the order of the registry."""
    takers: dict[str, list[Action]] = {}
    for action in ACTIONS:
        for key in dict.fromkeys(keyboard.keys(action.id)):
            for other in takers.setdefault(key, []):
                if together(other.scope, action.scope):
                    yield other, action, key
            takers[key].append(action)


def layout_of(environ: Mapping[str, str]) -> Layout:
    """The profile that a locale asks for: France and Belgium write French on AZERTY, Canada and Switzerland do not.

    LC_ALL counts, else LANG; LC_MESSAGES names a language to read, not a keyboard.
    """
    return "azerty" if re.match(r"fr_(FR|BE)\b", environ.get(layout_variable(environ), "")) else "qwerty"


def layout_variable(environ: Mapping[str, str]) -> str:
    """The variable that `layout_of` goes by; "" where none is set."""
    return next((name for name in ("LC_ALL", "LANG") if environ.get(name)), "")
