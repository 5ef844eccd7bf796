"""Words that choose among runs, as a person types them: ``tp4 state:finished lr>=0.01 tag:good``."""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, get_args

from tui.lab.errors import LabError
from tui.lab.runlist import RunRow, RunState

Test = Callable[[RunRow], bool]
STATES: tuple[str, ...] = tuple(word for part in get_args(RunState) for word in get_args(part))
KEYS: dict[str, str] = {
    **{name: name for name in ("name", "state", "data", "loss", "optimizer", "activation", "host", "note", "group")},
    **{name: name for name in ("epochs", "lr", "seed", "dropout", "hidden", "seconds", "created", "best_epoch")},
    **{f"{part}_{figure}": f"{part}_{figure}" for part in ("train", "val", "test") for figure in ("loss", "accuracy")},
    **{f"{part}_r2": f"{part}_r2" for part in ("train", "val", "test")},
    **{"tag": "tags", "tags": "tags", "batch": "batch_size", "batch_size": "batch_size", "message": "message"},
}
"""What a word may name, and the attribute of a row that it means."""
_WORD = re.compile(r"([A-Za-z_0-9]+)(>=|<=|!=|[:=<>])(.*)", re.DOTALL)


def chooser(words: Iterable[str]) -> Test:
    """Whether a row is meant by all of these words. A word without an operator is looked for in name, data, tags, note
    and message. Raises LabError for a key that no run has."""
    tests = [_test(word) for word in words]
    return lambda row: all(test(row) for test in tests)


def _test(word: str) -> Test:
    parts = _WORD.fullmatch(word)
    if parts is None:
        text = word.lower()
        return lambda row: text in " ".join((row.name, row.data, *row.tags, row.note, row.message)).lower()
    key, operator, wanted = parts[1].lower(), parts[2], parts[3].strip()
    if key not in KEYS:
        raise LabError(f"{word}: no such key: there are {', '.join(sorted(KEYS))}")
    if key == "state" and wanted.lower() not in STATES:
        raise LabError(f"{word}: no such state: there are {', '.join(STATES)}")
    attribute = KEYS[key]
    number = _number(wanted)
    if operator in ("<", ">", "<=", ">=") and number is None:
        raise LabError(f"{word}: expected a number after {operator}")
    return lambda row: _holds(getattr(row, attribute), operator, wanted.lower(), number)


def _holds(value: Any, operator: str, wanted: str, number: float | None) -> bool:
    if operator == "!=":
        return not _holds(value, "=", wanted, number)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if number is None:
            return False
        match operator:
            case ">=":
                return value >= number
            case "<=":
                return value <= number
            case ">":
                return value > number
            case "<":
                return value < number
        return math.isclose(value, number, rel_tol=1e-9)
    if operator not in (":", "="):
        return False
    if isinstance(value, tuple):
        texts = [str(item).lower() for item in value]
        return wanted in texts or re.split(r"[,\- ]+", wanted) == texts
    text = "" if value is None else str(value).lower()
    return text == wanted or (operator == ":" and bool(wanted) and wanted in text)


def _number(text: str) -> float | None:
    percent = text.endswith("%")
    try:
        number = float(text.rstrip("% ").replace("_", ""))
    except ValueError:
        return None
    return number / 100 if percent else number


SORTS: dict[str, str] = {key: name for key, name in KEYS.items() if name not in ("tags", "message")}


def sort_rows(rows: Sequence[RunRow], key: str = "-created") -> list[RunRow]:
    """Rows by a key, ascending; with a minus before it descending. A run without that figure comes last.

    Raises LabError for an unknown key.
    """
    name = key.removeprefix("-")
    if name not in SORTS:
        raise LabError(f"--sort {key}: expected one of {', '.join(sorted(SORTS))}, with - before it for descending")
    attribute = SORTS[name]
    with_it = [row for row in rows if getattr(row, attribute) is not None]
    without = [row for row in rows if getattr(row, attribute) is None]

    def order(row: RunRow) -> tuple[bool, Any, str]:
        value = getattr(row, attribute)  # a batch size is a number or "full"
        return isinstance(value, str), value, row.name

    return sorted(with_it, key=order, reverse=key.startswith("-")) + without
