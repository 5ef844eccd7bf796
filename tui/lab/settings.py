"""Experiments as flat tables of dotted keys: what is not a default, and in what several differ."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tui.lab.spec import Spec


def flat(spec: Spec) -> dict[str, Any]:
    """Every setting under its dotted key, options too, in the order in which a person writes them."""
    return dict(_flat(spec.to_table()))


def own(spec: Spec) -> dict[str, Any]:
    """The settings that are not the defaults."""
    defaults = flat(Spec())
    return {key: value for key, value in flat(spec).items() if key not in defaults or value != defaults[key]}


def differences(specs: Sequence[Spec]) -> dict[str, list[Any]]:
    """The keys in which experiments differ, each with every one's value; None where one has no such option."""
    tables = [flat(spec) for spec in specs]
    keys: dict[str, None] = dict.fromkeys(key for table in tables for key in table)
    rows = {key: [table.get(key) for table in tables] for key in keys if key != "name"}
    return {key: values for key, values in rows.items() if any(value != values[0] for value in values)}


def shown(value: Any) -> str:
    """A value in few words: ``64, 64``, ``yes``, ``unset``."""
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value) or "none"
    return str(value) or '""'


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
