"""Which columns of a table are features, and which one is the class."""

from collections.abc import Sequence
from typing import NamedTuple

from ..base import DataError, one_line, quote, some_of

Row = tuple[int, list[str]]  # line number, cells


TARGET_NAMES = frozenset({"target", "targets", "label", "labels", "class", "y", "outcome", "diagnosis", "survived"})
"""Headers, in small letters, that say which column is to be learnt."""


class Columns(NamedTuple):
    names: list[str]
    features: list[int]
    target: int
    width: int  # columns to the right of it have neither a name nor a value


def choose_columns(
    head: list[Row], header: bool, target: str | int, drop: str | int | Sequence[str | int], source: str
) -> Columns:
    first = head[0][1]
    width = len(first)
    # A spreadsheet may end every line with empty cells.
    while width > 1 and all(not cell.strip() for _, row in head for cell in row[width - 1 : width]):
        width -= 1
    names = _unique_names(first[:width]) if header else [f"x{j}" for j in range(width)]
    dropped = {_column(name, names, "drop", source) for name in _listed(drop, names)}
    kept = [j for j in range(width) if j not in dropped]
    if len(kept) < 2:
        raise DataError(f"has {len(kept)} of {width} columns left: a feature and a class are needed", source=source)
    if target == "auto":
        said = [j for j in kept if header and names[j].lower() in TARGET_NAMES]
        chosen = said[0] if len(said) == 1 else kept[-1]
    elif target in ("last", "first"):
        chosen = kept[-1 if target == "last" else 0]
    else:
        chosen = _column(target, names, "target", source)
        if chosen in dropped:
            raise DataError(f"target: column {quote(names[chosen])} is left out by drop", source=source)
    return Columns(names, [j for j in kept if j != chosen], chosen, width)


def _unique_names(cells: list[str]) -> list[str]:
    """The header's names; an empty one becomes x<column>, one seen before gets .1, .2 ... behind it."""
    names: dict[str, None] = {}  # in order; a list would make thousands of columns of one name take hours
    again: dict[str, int] = {}
    for j, cell in enumerate(cells):
        base = name = one_line(cell.strip()) or f"x{j}"
        while name in names:
            again[base] = again.get(base, 0) + 1
            name = f"{base}.{again[base]}"
        names[name] = None
    return list(names)


def _listed(drop: str | int | Sequence[str | int], names: list[str]) -> Sequence[str | int]:
    if isinstance(drop, int):
        return [drop]
    if isinstance(drop, str):
        return [drop] if drop in names else [name.strip() for name in drop.split(",") if name.strip()]
    return drop


def _column(wanted: str | int, names: list[str], option: str, source: str) -> int:
    """The index of a column given by name or by index; small letters will do where one name alone is meant."""
    if isinstance(wanted, str):
        if wanted in names:
            return names.index(wanted)
        alike = [j for j, name in enumerate(names) if name.lower() == wanted.strip().lower()]
        if len(alike) == 1:
            return alike[0]
    try:
        return range(len(names))[int(wanted)]
    except (ValueError, IndexError, TypeError):
        raise DataError(
            f"{option}: no column {quote(wanted)}; the columns are {some_of(names, 12)}", source=source
        ) from None
