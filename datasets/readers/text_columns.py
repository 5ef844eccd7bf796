"""Columns of a table that hold text: which ones do, and which of them are taken as categories."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..base import DataError, one_line, quote, some_of
from ..one_hot import MOST_CATEGORIES
from . import table_guess as guess

TEXT = ("auto", "one-hot", "drop", "refuse")
FEW = 20  # different texts of a column that is taken unasked
MISSING, TOO_MANY = -1, -2  # for want of a place


@dataclass
class TextColumn:
    """The cells of one column, row after row: `codes` are places in `texts`, MISSING, or TOO_MANY."""

    codes: "array[int]" = field(default_factory=lambda: array("i"))
    texts: dict[str, int] = field(default_factory=dict)
    marks: set[str] = field(default_factory=set)  # cells that mean a missing text
    numbers: int = 0  # cells beyond the texts that are kept that are numbers

    def append(self, cell: str, decimal_comma: bool) -> None:
        place = self.texts.get(cell)
        if place is None:
            cell = cell.strip()
            place = self.texts.get(cell)
        if place is None:
            if guess.is_missing(cell):
                place = MISSING
                self.marks.add(cell)
            elif len(self.texts) < MOST_CATEGORIES:
                place = self.texts[cell] = len(self.texts)
            else:
                place = TOO_MANY
                self.numbers += guess.is_number(cell, decimal_comma)
        self.codes.append(place)

    @property
    def different(self) -> str:
        """How many different texts it has, in words."""
        return f"{len(self.texts):,}" if TOO_MANY not in self.codes else f"more than {MOST_CATEGORIES:,}"

    def filled(self) -> int:
        """Cells that are not missing."""
        return len(self.codes) - self.codes.count(MISSING)

    def count_text(self, decimal_comma: bool) -> int:
        """Cells that hold neither nothing nor a number."""
        codes = np.frombuffer(self.codes, dtype=np.intc)
        counts = np.bincount(codes[codes >= 0], minlength=len(self.texts))
        numbers = sum(int(counts[place]) for text, place in self.texts.items() if guess.is_number(text, decimal_comma))
        return self.filled() - numbers - self.numbers

    def coded(self) -> tuple[NDArray[np.float64], tuple[str, ...]]:
        """(places of the cells (n,), nan where one is missing; the texts in alphabetical order)."""
        order = sorted(self.texts)
        new = np.empty(len(order) + 1)
        new[-1] = np.nan  # where MISSING, -1, points to
        new[[self.texts[text] for text in order]] = np.arange(len(order))
        return new[np.frombuffer(self.codes, dtype=np.intc)], tuple(map(one_line, order))


class Taken(NamedTuple):
    """Numbers of the text columns that become features, and what is said of them and of the others."""

    columns: list[int]
    guessed: dict[str, str]


def text_option(value: object, source: str) -> str:
    """The option `text`. Raises DataError for another word."""
    if not isinstance(value, str) or value not in TEXT:
        raise DataError(f"text: expected one of {', '.join(TEXT)}; received {quote(value)}", source=source)
    return value


def is_text(text: int, filled: int, n: int) -> bool:
    """Whether a column of n cells is one of text, not of numbers with a slip of the pen: `text` of those filled in."""
    return text > 0 and (text == filled or (text > 1 and 10 * text > n))


def likely_text(table: Sequence[Sequence[str]], features: Sequence[int], decimal_comma: bool) -> set[int]:
    """The columns that look like text in the first rows of a table."""
    likely = set()
    for j in features:
        cells = [row[j] for row in table if j < len(row) and not guess.is_missing(row[j])]
        if is_text(sum(not guess.is_number(cell, decimal_comma) for cell in cells), len(cells), len(table)):
            likely.add(j)
    return likely


def take_text(found: Mapping[int, TextColumn], names: Sequence[str], how: str, source: str) -> Taken:
    """Which text columns are features. how: "auto" takes those of a few different texts, far fewer than rows.

    Raises DataError where "one-hot" is asked for and a column has too many.
    """
    taken, left, told = [], [], []
    for j, column in sorted(found.items()):
        said = f"{quote(names[j])} ({column.different})"
        few = len(column.texts) <= FEW and 2 * len(column.texts) < len(column.codes)
        if how == "one-hot" and TOO_MANY in column.codes:
            raise DataError(
                f"text=one-hot: {quote(names[j])} has more than {MOST_CATEGORIES:,} different texts: "
                f"leave it out with drop={names[j]}",
                source=source,
            )
        if how == "one-hot" or (how == "auto" and few):
            taken.append(j)
            told.append(said)
        else:
            left.append(said)
    guessed = {}
    if taken:
        guessed["one-hot"] = _listed(told)
    if left:
        guessed["left out"] = f"text: {_listed(left)} different"
    return Taken(taken, guessed)


def _listed(said: list[str], limit: int = 8) -> str:
    return ", ".join(said) if len(said) <= limit else f"{', '.join(said[:limit])} and {len(said) - limit:,} more"


def refuse_text(columns: Sequence[int], names: Sequence[str], line: int, source: str) -> None:
    """Raise DataError for whole columns of text, the first cell on `line`."""
    which = [names[j] for j in columns]
    hold, them = ("columns {} hold", "them") if len(which) > 1 else ("column {} holds", "it")
    raise DataError(
        f"{hold.format(some_of(which, 12))} text, not numbers: leave {them} out with drop={','.join(which)}, "
        f"or take {them} with text=one-hot",
        source=source,
        line=line,
    )
