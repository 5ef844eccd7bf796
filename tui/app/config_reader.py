"""What the table of the file of settings means, and what is wrong in it."""

from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from textual.theme import Theme

from tui.app.actions import ACTIONS, FOCUSED, by_id, show_key
from tui.app.config import CHOICES, COLOURS, NAMES, Config, Mistake
from tui.app.key_names import MOVING, is_printable, read_key, refusal
from tui.app.keyboard import Keyboard, Layout, is_action, shared_keys
from tui.app.theme import OWN, theme_names
from tui.app.toml_lines import Path as TomlPath

FOCUSED_SCOPES = frozenset(scope for scopes in FOCUSED.values() for scope in scopes)


class Reader:
    """Reads a table; what is wrong in it goes to ``mistakes``."""

    def __init__(self, path: Path, table: dict[str, Any], lines: dict[TomlPath, int], layout: Layout) -> None:
        self.path, self.table, self.lines = path, table, lines
        self.layout = layout
        self.mistakes: list[Mistake] = []

    def config(self) -> Config:
        for name in self.table:
            if name not in NAMES:
                self._wrong((name,), f"no such setting{_meant(name, NAMES)}")
        layouts: dict[str, Layout] = {"qwerty": "qwerty", "azerty": "azerty"}
        layout = self._choice("keyboard")
        keyboard = Keyboard(layouts.get(layout, self.layout))
        themes = self._themes()
        config = Config(
            file=self.path,
            theme=self._theme([*theme_names(), *(theme.name for theme in themes)]),
            glyphs=self._choice("glyphs"),
            mouse=self._switch("mouse"),
            low_bandwidth=self._switch("low_bandwidth"),
            layout=layout,
            keyboard=self._keys(keyboard),
            themes=themes,
        )
        return replace(config, mistakes=tuple(sorted(self.mistakes, key=lambda mistake: mistake.line)))

    def _wrong(self, path: TomlPath, words: str) -> None:
        line = next((self.lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.lines), 0)
        self.mistakes.append(Mistake(self.path, line, f"{_written(path)}: {words}"))

    def _expected(self, path: TomlPath, what: str, received: object, known: tuple[str, ...] = ()) -> None:
        meant = _meant(received, known) if isinstance(received, str) else ""
        self._wrong(path, f"expected {what}, received {_shown(received)}{meant}")

    # Single settings

    def _switch(self, name: str) -> bool | None:
        value = self.table.get(name)
        if value is None or isinstance(value, bool):
            return value
        self._expected((name,), "true or false", value)
        return None

    def _choice(self, name: str) -> str:
        value, known = self.table.get(name, ""), CHOICES[name]
        if name not in self.table or value in known:
            return str(value)
        self._expected((name,), f"{', '.join(known[:-1])} or {known[-1]}", value, known)
        return ""

    def _theme(self, known: list[str]) -> str:
        value = self.table.get("theme", "")
        if "theme" not in self.table or value in known:
            return str(value)
        self._expected(("theme",), "the name of a theme", value, tuple(known))
        return ""

    # Themes

    def _themes(self) -> tuple[Theme, ...]:
        tables = self.table.get("themes", {})
        if not isinstance(tables, dict):
            self._expected(("themes",), "tables, [themes.NAME]", tables)
            return ()
        themes = []
        for name, table in tables.items():
            if not isinstance(table, dict):
                self._expected(("themes", name), f"a table, [themes.{name}]", table)
            elif name in theme_names():
                self._wrong(("themes", name), "there is a theme of this name: choose another name")
            elif not name.strip() or not name.isprintable():
                self._wrong(("themes", name), "expected a name of letters")
            else:
                themes.append(self._one_theme(name, table))
        return tuple(themes)

    def _one_theme(self, name: str, table: dict[str, Any]) -> Theme:
        """What a theme does not say it has from ours, dark or light."""
        dark = table.get("dark", True)
        if not isinstance(dark, bool):
            self._expected(("themes", name, "dark"), "true or false", dark)
            dark = True
        chosen: dict[str, str] = {}
        for key, value in table.items():
            path = ("themes", name, key)
            if key == "dark":
                continue
            if key not in COLOURS:
                self._wrong(path, f"no such colour of a theme{_meant(key, (*COLOURS, 'dark'))}")
            elif not isinstance(value, str) or not _is_colour(value):
                self._expected(path, 'a colour, as "#0e1116" or "navy"', value)
            else:
                chosen[key] = value
        ours = OWN["bench" if dark else "bench-light"]
        colours: dict[str, Any] = {key: chosen.get(key, getattr(ours, key)) for key in COLOURS}
        return Theme(name=name, dark=dark, **colours)

    # Keys

    def _keys(self, keyboard: Keyboard) -> Keyboard:
        table = self.table.get("keys", {})
        if not isinstance(table, dict):
            self._expected(("keys",), "a table, [keys]", table)
            return keyboard
        changed: dict[str, tuple[str, ...]] = {}
        paths: dict[str, TomlPath] = {}
        for path, value in _leaves(("keys",), table):
            action_id = ".".join(str(part) for part in path[1:])
            if not is_action(action_id):
                self._wrong(path, f"no such action{_meant_action(action_id)}")
            elif (keys := self._keys_of(action_id, path, value)) is not None:
                changed[action_id], paths[action_id] = keys, path
        return self._without_clashes(Keyboard(keyboard.layout, changed), paths)

    def _keys_of(self, action_id: str, path: TomlPath, value: object) -> tuple[str, ...] | None:
        """The keys that an entry names; None where none of them can be kept."""
        written = value if isinstance(value, list) else [value]
        if not written:
            if action_id == "app.quit":
                self._wrong(path, "quitting needs a key")
                return None
            return ()
        keys: list[str] = []
        for number, one in enumerate(written):
            at = (*path, number) if isinstance(value, list) else path
            if not isinstance(one, str) or not one:
                self._expected(at, 'a key, as "x" or "ctrl+x"', one)
                continue
            try:
                key = read_key(one)
            except ValueError as error:
                self._wrong(at, f"{_shown(one)}: {error}")
                continue
            if why := refusal(key) or _unfit(key, action_id):
                self._wrong(at, f"{_shown(one)} cannot be given to an action: {why}")
            elif key not in keys:
                keys.append(key)
        return tuple(keys) or None

    def _without_clashes(self, keyboard: Keyboard, paths: dict[str, TomlPath]) -> Keyboard:
        """Leaves out, one by one, what takes another action's key: of two entries the one that stands later."""
        changed = dict(keyboard.changed)

        def line(action_id: str) -> tuple[int, int]:
            return self.lines.get(paths[action_id], 0), list(paths).index(action_id)

        while clash := next(shared_keys(Keyboard(keyboard.layout, changed)), None):
            one, other, key = clash
            ours = [action.id for action in (one, other) if action.id in changed]
            if not ours:  # the registry's own keys: nothing that this file could mend
                break
            wrong = max(ours, key=line)
            taker = other.id if wrong == one.id else one.id
            self._wrong(
                paths[wrong],
                f"{_shown(show_key(key))} is the key of {taker} ({by_id(taker).help.partition(':')[0].rstrip('.')}): "
                f"give {taker} another one, or choose one that is free",
            )
            del changed[wrong]
        return Keyboard(keyboard.layout, changed)


def _unfit(key: str, action_id: str) -> str:
    """Why this action of all cannot have a key; "" where it can."""
    scope = by_id(action_id).scope
    if action_id == "app.quit" and is_printable(key):
        return "what quits at once must not be typed by chance; ctrl+ and a letter, or F2 to F12, do"
    if key == "escape" and action_id != "app.back":
        return "it comes out one step, everywhere"
    if scope not in FOCUSED_SCOPES and key.rpartition("+")[2] in MOVING:
        return "it moves in what has the focus"
    if scope not in FOCUSED_SCOPES and key == "enter":
        return "it goes into what has the focus"
    return ""


def _leaves(path: TomlPath, table: dict[str, Any]) -> list[tuple[TomlPath, object]]:
    """``"train.stop" = "q"`` and ``train.stop = "q"`` are the same to somebody who writes them."""
    found: list[tuple[TomlPath, object]] = []
    for key, value in table.items():
        found += _leaves((*path, key), value) if isinstance(value, dict) and value else [((*path, key), value)]
    return found


def _meant(received: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(received.lower(), known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _meant_action(action_id: str) -> str:
    """The id that was meant: by its spelling, or where the scope was left out."""
    ids = [action.id for action in ACTIONS]
    bare = [known for known in ids if known.partition(".")[2] == action_id]
    close = bare or get_close_matches(action_id, ids, n=1)
    return f"; did you mean {' or '.join(close)}?" if close else "; mlp-tui config keys lists them"


def _is_colour(written: str) -> bool:
    from textual.color import Color, ColorParseError

    try:
        colour = Color.parse(written)
    except ColorParseError:
        return False
    # Colours are blended; what only the terminal knows cannot be.
    return colour.a == 1 and colour.ansi is None


def _shown(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    return "a list" if isinstance(value, list) else str(value)


def _written(path: TomlPath) -> str:
    """A path as one writes it in TOML: an action's id is one key, in quotes."""
    names = [str(part) for part in path if isinstance(part, str)]
    if names[0] == "keys" and len(names) > 1:
        names = ["keys", ".".join(names[1:])]
    return ".".join(name if name.replace("-", "").replace("_", "").isalnum() else f'"{name}"' for name in names)
