"""The file of settings written out: every setting with its default, as a comment to begin from; and every key."""

from tui.app.actions import ACTIONS, SCOPES, show_key
from tui.app.config import CHOICES, COLOURS, Config
from tui.app.keyboard import Keyboard
from tui.app.theme import BENCH, theme_names

SETTINGS: tuple[tuple[str, str, str], ...] = (
    ("theme", '"bench"', ""),
    ("glyphs", '"auto"', "what curves and maps are drawn with"),
    ("keyboard", '"auto"', "auto: AZERTY where the locale is fr_FR or fr_BE"),
    ("mouse", "true", "whether the application takes the mouse"),
    ("low_bandwidth", "false", "send as little as possible over a slow line"),
)
"""What stands outside the tables: name, default, what it does."""
WIDTH = 118


def whole_file() -> str:
    """A complete file in which everything is a comment: it changes nothing until a # is taken away."""
    lines = ["# Settings of mlp-tui. Take the # away before what you change; mlp-tui config check looks it over.", ""]
    lines += _wrapped("themes: ", theme_names())
    for name, default, words in SETTINGS:
        values = ", ".join(CHOICES[name]) if name in CHOICES else ""
        comment = "; ".join(part for part in (words, values) if part)
        lines.append(f"# {name} = {default}{f'  # {comment}' if comment else ''}")
    lines += [
        "",
        "# A key as it is printed, or by Textual's name of it; several as a list, none as [].",
        "# [keys]",
    ]
    scope = ""
    for action in ACTIONS:
        if action.scope != scope:
            scope = action.scope
            lines += ["#", f"# {SCOPES[scope]}"]
        lines.append(f'# "{action.id}" = {_keys(Keyboard().keys(action.id))}  # {action.help}')
    lines += [
        "",
        '# A theme of your own; theme = "mine" chooses it. What it leaves out it has from bench, or bench-light.',
    ]
    lines += ["# [themes.mine]", "# dark = true"]
    lines += [f'# {name} = "{getattr(BENCH, name)}"' for name in COLOURS]
    return "\n".join(lines) + "\n"


def _wrapped(first: str, words: list[str]) -> list[str]:
    lines = [f"# {first}"]
    for word in words:
        if len(lines[-1]) + len(word) + 2 > WIDTH:
            lines.append("#   ")
        lines[-1] += f"{word}, "
    lines[-1] = lines[-1].removesuffix(", ")
    return [line.rstrip() for line in lines]


def _keys(keys: tuple[str, ...]) -> str:
    written = [quoted(show_key(key)) for key in keys]
    return written[0] if len(written) == 1 else f"[{', '.join(written)}]"


def quoted(word: str) -> str:
    """A string of TOML."""
    return f"'{word}'" if '"' in word or "\\" in word else f'"{word}"'


def key_rows(config: Config) -> list[list[str]]:
    """(action, its keys here, what it does, whether they were changed) of every action."""
    keyboard = config.keyboard
    rows = []
    for action in ACTIONS:
        before = Keyboard(keyboard.layout).all_shown(action.id)
        mark = f"(was {before})" if action.id in keyboard.changed else ""
        rows.append([action.id, keyboard.all_shown(action.id) or "none", mark, action.help])
    return rows
