"""The cells of a text table: numbers as fast as may be, columns of text as places in a list of their texts."""

from array import array
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from ..base import DataError, quote
from . import table_guess as guess
from .columns import Columns
from .text_columns import TextColumn, is_text, likely_text, refuse_text


class _Numbers(dict[str, float]):
    """Cells already read. Pixels and codes repeat: looking one up takes a third of the time of float()."""

    ENOUGH = 4096  # with more different cells than this, looking up pays no longer

    def __missing__(self, cell: str) -> float:
        number = self[cell] = float(cell)
        return number


@dataclass
class Parsed:
    """The table, row after row: `values` holds the columns `numbers` flat, nan where a cell is missing or text."""

    numbers: list[int]
    texts: dict[int, TextColumn]
    values: "array[float]" = field(default_factory=lambda: array("d"))
    labels: list[str] = field(default_factory=list)
    lines: "array[int]" = field(default_factory=lambda: array("q"))
    marks: set[str] = field(default_factory=set)  # cells that mean a missing number
    stray: dict[int, tuple[int, int, str]] = field(default_factory=dict)  # column -> cells, first line, first cell

    def table(self) -> NDArray[np.float64]:
        """The numbers (n, columns)."""
        return np.frombuffer(self.values, dtype=np.float64).reshape(len(self.labels), len(self.numbers))


def parse(
    content: guess.Text,
    dialect: guess.Dialect,
    columns: Columns,
    head: Sequence[Sequence[str]],
    source: str,
    *,
    refuse: bool,
) -> Parsed:
    """Read the cells; `head` are the first rows, by which columns of text are guessed. Raises DataError.

    refuse: raise it for columns of text as well.
    """
    comma = dialect.decimal_comma
    likely = set() if refuse else likely_text(head[dialect.header :], columns.features, comma)
    parsed = _rows(content, dialect, columns, likely, source)
    found = _text_columns(parsed, comma)
    if refuse and found:
        refuse_text(sorted(found), columns.names, min(parsed.stray[j][1] for j in found), source)
    if found != likely:  # the first rows were not like the rest
        parsed = _rows(content, dialect, columns, found, source)
    if parsed.stray:
        j, (_, line, cell) = min(parsed.stray.items(), key=lambda item: item[1][1])
        raise DataError(
            f"{quote(cell)} in column {quote(columns.names[j])} is not a number: correct it, empty the cell, "
            f"or leave the column out with drop={columns.names[j]}",
            source=source,
            line=line,
        )
    return parsed


def _text_columns(parsed: Parsed, decimal_comma: bool) -> set[int]:
    n = len(parsed.labels)
    found = {j for j, column in parsed.texts.items() if is_text(column.count_text(decimal_comma), column.filled(), n)}
    if parsed.stray:
        filled = np.count_nonzero(~np.isnan(parsed.table()), axis=0)
        for place, j in enumerate(parsed.numbers):
            count = parsed.stray.get(j, (0,))[0]
            if is_text(count, count + int(filled[place]), n):
                found.add(j)
    return found


def _rows(content: guess.Text, dialect: guess.Dialect, columns: Columns, texts: Collection[int], source: str) -> Parsed:
    numbers = [j for j in columns.features if j not in texts]
    parsed = Parsed(numbers, {j: TextColumn() for j in sorted(texts)})
    values, target, width, decimal_comma = parsed.values, columns.target, columns.width, dialect.decimal_comma
    # Of one column or none, a slice: itemgetter would give the cell itself.
    first = slice(numbers[0], numbers[0] + 1) if numbers else slice(0)
    pick: Callable[[list[str]], Sequence[str]] = itemgetter(*numbers) if len(numbers) > 1 else itemgetter(first)
    # A whole row at once is the fast way; float() would read 1_000 as a number.
    plain = not decimal_comma and b"_" not in content.data and bool(numbers)
    known = _Numbers()
    to_number: Callable[[str], float] = known.__getitem__
    found = guess.rows(content, dialect.separator, source)
    if dialect.header:
        next(found)
    for line, row in found:
        if len(row) != width:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) < width or any(cell.strip() for cell in row[width:]):
                raise DataError(
                    f"{len(row)} values, where the first line has {width}: mend the line"
                    f"{', or put text with commas into quotes' if dialect.separator == ',' else ''}",
                    source=source,
                    line=line,
                )
        cells = pick(row)
        start = len(values)
        try:
            if not plain:
                raise ValueError
            values.extend(map(to_number, cells))
        except ValueError:
            del values[start:]
            if not any(cell.strip() for cell in row):
                continue
            values.extend(_slowly(cells, line, decimal_comma, parsed))
        for j, column in parsed.texts.items():
            column.append(row[j], decimal_comma)
        parsed.labels.append(row[target].strip())
        parsed.lines.append(line)
        if len(known) > known.ENOUGH:
            to_number = float
    if not parsed.labels:
        raise DataError("has no row with values", source=source)
    return parsed


def _slowly(cells: Sequence[str], line: int, decimal_comma: bool, parsed: Parsed) -> list[float]:
    """One row cell by cell: nan for a missing one, and for text, which is noted."""
    numbers = []
    for j, cell in zip(parsed.numbers, cells, strict=True):
        number = guess.to_float(cell, decimal_comma)
        if number is None:
            if guess.is_missing(cell):
                parsed.marks.add(cell.strip())
            else:
                count, first_line, first_cell = parsed.stray.get(j, (0, line, cell.strip()))
                parsed.stray[j] = (count + 1, first_line, first_cell)
        numbers.append(float("nan") if number is None else number)
    return numbers
