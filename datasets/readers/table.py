"""Text tables (csv and its relatives): numbers in columns, one of them with what is to be learnt."""

import re
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..assemble import check_finite, fill_missing, words_for_missing
from ..base import DataError, Dataset, quote, some_of
from ..labels import encode_cells
from . import table_guess as guess
from .columns import Columns, Row, choose_columns
from .files import read_bytes, sha256, unpacked
from .target_cells import real_targets

SEPARATOR_NAMES = {character: name for name, character in guess.SEPARATORS.items()}


class _Numbers(dict[str, float]):
    """Cells already read. Pixels and codes repeat: looking one up takes a third of the time of float()."""

    ENOUGH = 4096  # with more different cells than this, looking up pays no longer

    def __missing__(self, cell: str) -> float:
        number = self[cell] = float(cell)
        return number


@dataclass
class _Parsed:
    """The table, row after row: `values` holds the features flat, nan where a cell is missing."""

    values: "array[float]" = field(default_factory=lambda: array("d"))
    labels: list[str] = field(default_factory=list)
    lines: "array[int]" = field(default_factory=lambda: array("q"))
    text: dict[int, tuple[int, int, str]] = field(default_factory=dict)  # column -> cells, first line, first cell


def read_table(
    path: Path,
    source: str,
    *,
    missing: str,
    task: str = "auto",
    target: str | int = "last",
    drop: str | int | Sequence[str | int] = (),
    delimiter: str | None = None,
    decimal: str | None = None,
    header: bool | None = None,
) -> Dataset:
    """Load a text table. What an option does not say is guessed and told in the Dataset's `guessed`.

    target: the column to learn: "last", "first", a name or an index from 0. task: whether it holds classes
    ("classification") or real numbers ("regression"), "auto" for what it looks like. drop: columns to leave out,
    by name or index; several as a list, or in one string with commas. missing: "mean" or "median" of the
    column, or "drop" for the row; rows without a class are always left out. X float64 (n, d).
    Raises DataError, with the line where there is one; in a regression also for a target that is missing.
    """
    data = read_bytes(path, source)
    text = guess.decode(unpacked(data, source), source)
    guessed = {"encoding": text.encoding}
    dialect, head = _dialect(text, source, guessed, delimiter, decimal, header)
    columns = choose_columns(head, dialect.header, target, drop, source)
    if target == "last":
        guessed["target"] = f"last column, {columns.names[columns.target]}"
    parsed = _parse(text, dialect, columns, source)
    _refuse_text(parsed, columns, source)
    what = f"column {quote(columns.names[columns.target])}"
    numbers, found = real_targets(
        parsed.labels, parsed.lines, task=task, decimal_comma=dialect.decimal_comma, source=source, what=what
    )
    if found:
        guessed["task"] = found
    return _finish(parsed, columns, dialect, numbers, missing, source, sha256(data), guessed)


def _dialect(
    text: guess.Text,
    source: str,
    guessed: dict[str, str],
    delimiter: str | None,
    decimal: str | None,
    header: bool | None,
) -> tuple[guess.Dialect, list[Row]]:
    """The dialect, and the first rows read in it; what is guessed is written into `guessed`."""
    if delimiter is None:
        separator = guess.guess_separator(text, source)
        guessed["separator"] = SEPARATOR_NAMES[separator]
    else:
        separator = guess.separator_option(delimiter, source)
    head = guess.sample(guess.rows(text, separator, source))
    cells = [row for _, row in head]
    if not any(cell.strip() for row in cells for cell in row):
        raise DataError("holds no table: there is nothing in it", source=source)
    if max(map(len, cells)) < 2:
        raise DataError(
            "holds a single column: expected features and a target, separated by commas, semicolons, tabs or spaces",
            source=source,
        )
    decimal_comma = (
        guess.guess_decimal_comma(cells, separator) if decimal is None else guess.decimal_option(decimal, source)
    )
    if decimal is None:
        _refuse_split_decimals(head, separator, source)
        guessed["decimal"] = "comma" if decimal_comma else "point"
    has_header = guess.guess_header(cells, decimal_comma) if header is None else guess.header_option(header, source)
    if header is None:
        guessed["header"] = "first line" if has_header else f"none: columns x0 … x{len(cells[0]) - 1}"
    if len(head) <= has_header:
        raise DataError("has a header but no row below it", source=source)
    return guess.Dialect(separator, decimal_comma, has_header), head


def _refuse_split_decimals(head: list[Row], separator: str, source: str) -> None:
    """Raise DataError for decimal commas that were taken for separators: nothing brings such values back.

    Such a row spreads over more columns than the header names, and how many depends on its numbers. A
    program that saved it again has made up names ("col5") for the last ones and filled short rows with
    empty cells; no number has a decimal point.
    """
    (_, names), below = head[0], head[1:]
    made_up = re.fullmatch(r"(col|column|v|x|unnamed:|field)?[._ ]?\d+|", names[-1].strip().lower())
    if separator != "," or not made_up or guess.is_number(names[-1]):
        return
    if any("." in cell and guess.is_number(cell) for _, row in below for cell in row):
        return
    short = [line for line, row in below if len(row) == len(names) and not row[-1].strip()]
    if short and len(short) < len(below):
        raise DataError(
            "this row ends early, and no number has a decimal point: the commas seem to be decimal marks "
            "and separators at once; save the file with semicolons, or set decimal=point if they are right",
            source=source,
            line=short[0],
        )


def _parse(text: guess.Text, dialect: guess.Dialect, columns: Columns, source: str) -> _Parsed:
    parsed = _Parsed()
    values, features, target, width = parsed.values, columns.features, columns.target, columns.width
    pick = itemgetter(*features) if len(features) > 1 else lambda row: (row[features[0]],)
    # A whole row at once is the fast way; float() would read 1_000 as a number.
    plain = not dialect.decimal_comma and b"_" not in text.data
    known = _Numbers()
    to_number: Callable[[str], float] = known.__getitem__
    found = guess.rows(text, dialect.separator, source)
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
            values.extend(_slowly(cells, line, dialect.decimal_comma, parsed, features))
        parsed.labels.append(row[target].strip())
        parsed.lines.append(line)
        if len(known) > known.ENOUGH:
            to_number = float
    if not parsed.labels:
        raise DataError("has no row with values", source=source)
    return parsed


def _slowly(cells: Sequence[str], line: int, decimal_comma: bool, parsed: _Parsed, features: list[int]) -> list[float]:
    """One row cell by cell: nan for a missing one, and for text, which is noted."""
    numbers = []
    for j, cell in zip(features, cells, strict=True):
        number = guess.to_float(cell, decimal_comma)
        if number is None and not guess.is_missing(cell):
            count, first_line, first_cell = parsed.text.get(j, (0, line, cell.strip()))
            parsed.text[j] = (count + 1, first_line, first_cell)
        numbers.append(float("nan") if number is None else number)
    return numbers


def _refuse_text(parsed: _Parsed, columns: Columns, source: str) -> None:
    """Raise DataError if features hold text: by column where all of it is text."""
    if not parsed.text:
        return
    n = len(parsed.labels)
    whole = [j for j in sorted(parsed.text) if 10 * parsed.text[j][0] > n]
    if whole:
        names = [columns.names[j] for j in whole]
        hold, them = ("columns {} hold", "them") if len(names) > 1 else ("column {} holds", "it")
        raise DataError(
            f"{hold.format(some_of(names, 12))} text, not numbers: leave {them} out with drop={','.join(names)}",
            source=source,
            line=min(parsed.text[j][1] for j in whole),
        )
    j, (_, line, cell) = min(parsed.text.items(), key=lambda item: item[1][1])
    raise DataError(
        f"{quote(cell)} in column {quote(columns.names[j])} is not a number: correct it, empty the cell, "
        f"or leave the column out with drop={columns.names[j]}",
        source=source,
        line=line,
    )


def _finish(
    parsed: _Parsed,
    columns: Columns,
    dialect: guess.Dialect,
    numbers: NDArray[np.float64] | None,
    missing: str,
    source: str,
    digest: str,
    guessed: dict[str, str],
) -> Dataset:
    """The Dataset of a table that has been read; ``numbers`` are a regression's targets, None for classes."""
    X = np.frombuffer(parsed.values, dtype=np.float64).reshape(len(parsed.labels), len(columns.features))
    names = [columns.names[j] for j in columns.features]
    count = check_finite(X, names, source, parsed.lines)
    if count:
        empty = [bool(np.isnan(column).all()) for column in X.T]
        if any(empty):
            without = [name for name, gone in zip(names, empty, strict=True) if gone]
            names = [name for name, gone in zip(names, empty, strict=True) if not gone]
            X = X[:, np.logical_not(empty)]
            count -= len(parsed.labels) * len(without)
            guessed["left out"] = f"columns without a value: {some_of(without)}"
            if not names:
                raise DataError("has no column of numbers", source=source)
    labelled = np.array([numbers is not None or not guess.is_missing(label) for label in parsed.labels], dtype=bool)
    if not labelled.any():
        raise DataError(f"column {quote(columns.names[columns.target])} has no class in any row", source=source)
    if not labelled.all():
        without_class = int(np.count_nonzero(~labelled))
        guessed["rows"] = f"{without_class:,} rows without a class left out"
        X, count = X[labelled], count + without_class
    if count:
        keep = fill_missing(X, missing)
        guessed["missing"] = words_for_missing(count, missing, int(np.count_nonzero(~keep)))
        if not keep.any():
            raise DataError("every row has missing cells: set missing=mean", source=source)
        X = X[keep]
        labelled[np.flatnonzero(labelled)[~keep]] = False
    name = columns.names[columns.target]
    class_names: tuple[str, ...] = ()
    y: NDArray[np.float64] | NDArray[np.int64]
    if numbers is not None:
        y = numbers[labelled]
    else:
        labels = [label for label, kept in zip(parsed.labels, labelled, strict=True) if kept]
        y, class_names = encode_cells(
            labels, decimal_comma=dialect.decimal_comma, source=source, what=f"column {quote(name)}"
        )
    return Dataset(
        X=np.ascontiguousarray(X),
        y=y,
        feature_names=tuple(names),
        class_names=class_names,
        source=source,
        sha256=digest,
        missing=count,
        guessed=guessed,
        task="classification" if numbers is None else "regression",
        target_names=() if numbers is None else (name,),
    )
