"""Text tables (csv and its relatives): columns of numbers and of text, one of them with what is to be learnt."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..assemble import check_finite, words_for_missing
from ..base import DataError, Dataset, quote, some_of
from ..labels import encode_cells
from . import table_guess as guess
from .columns import Columns, Row, choose_columns
from .files import read_bytes, sha256, unpacked
from .table_cells import Parsed, parse
from .target_cells import real_targets
from .text_columns import take_text, text_option

SEPARATOR_NAMES = {character: name for name, character in guess.SEPARATORS.items()}


def read_table(
    path: Path,
    source: str,
    *,
    task: str = "auto",
    target: str | int = "auto",
    drop: str | int | Sequence[str | int] = (),
    text: str = "auto",
    delimiter: str = "auto",
    decimal: str = "auto",
    header: bool | str = "auto",
    encoding: str = "auto",
    na_values: str | Sequence[str] = "",
) -> Dataset:
    """Load a text table. What an option does not say is guessed and told in the Dataset's `guessed`.

    target: the column to learn: "last", "first", a name or an index from 0; "auto" is the one whose name says it
    ("label", "class", ...), else the last. task: whether it holds classes ("classification") or real numbers
    ("regression"), "auto" for what it looks like. drop: columns to leave out, by name or index; several as a list,
    or in one string with commas. text: columns of text are taken as categories ("one-hot"), left out ("drop"), or
    an error ("refuse"); "auto" takes those of few different texts and leaves the others out. delimiter: comma,
    semicolon, tab or space; decimal: point or comma; header: whether the first line names the columns. encoding:
    utf-8, utf-16, cp1252 or latin-1. na_values: what means a missing cell beside the empty one, ?, NA, n/a, nan and
    null: words or numbers, as a list or with commas between.
    X float64 (n, d), nan where a cell is missing; rows without a class are left out.
    Raises DataError, with the line where there is one; in a regression also for a target that is missing.
    """
    text = text_option(text, source)
    data = read_bytes(path, source)
    content = guess.decode_as(unpacked(data, source), encoding, source)
    content = replace(content, missing=guess.missing_marks(na_values))
    guessed = {"encoding": content.encoding} if encoding == "auto" else {}
    dialect, head = _dialect(content, source, guessed, delimiter, decimal, header)
    columns = choose_columns(head, dialect.header, target, drop, source)
    name = columns.names[columns.target]
    if target == "auto":
        last = columns.target > max(columns.features)
        guessed["target"] = f"last column, {name}" if last else f"column {name}, by its name"
    parsed = parse(content, dialect, columns, [row for _, row in head], source, refuse=text == "refuse")
    numbers, found = real_targets(
        parsed.labels,
        parsed.lines,
        task=task,
        decimal_comma=dialect.decimal_comma,
        source=source,
        what=f"column {quote(name)}",
    )
    if found:
        guessed["task"] = found
    features = _features(parsed, columns, text, source, guessed)
    return _finish(parsed, features, columns, dialect, numbers, source, sha256(data), guessed)


def _dialect(
    content: guess.Text,
    source: str,
    guessed: dict[str, str],
    delimiter: str,
    decimal: str,
    header: bool | str,
) -> tuple[guess.Dialect, list[Row]]:
    """The dialect, and the first rows read in it; what is guessed is written into `guessed`."""
    if delimiter == "auto":
        separator = guess.guess_separator(content, source)
        guessed["separator"] = SEPARATOR_NAMES[separator]
    else:
        separator = guess.separator_option(delimiter, source)
    head = guess.sample(guess.rows(content, separator, source))
    cells = [row for _, row in head]
    if not any(cell.strip() for row in cells for cell in row):
        raise DataError("holds no table: there is nothing in it", source=source)
    if max(map(len, cells)) < 2:
        raise DataError(
            "holds a single column: expected features and a target, separated by commas, semicolons, tabs or spaces",
            source=source,
        )
    decimal_comma = (
        guess.guess_decimal_comma(cells, separator) if decimal == "auto" else guess.decimal_option(decimal, source)
    )
    if decimal == "auto":
        _refuse_split_decimals(head, separator, source)
        guessed["decimal"] = "comma" if decimal_comma else "point"
    has_header = guess.guess_header(cells, decimal_comma) if header == "auto" else guess.header_option(header, source)
    if header == "auto":
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


class _Features(NamedTuple):
    X: NDArray[np.float64]
    names: tuple[str, ...]
    categories: dict[int, tuple[str, ...]]
    missing: int


def _features(parsed: Parsed, columns: Columns, text: str, source: str, guessed: dict[str, str]) -> _Features:
    """Columns of numbers, and those of text that are taken, in their order; what is left out is told in `guessed`."""
    table = parsed.table()
    missing = check_finite(table, [columns.names[j] for j in parsed.numbers], source, parsed.lines)
    taken, told = take_text(parsed.texts, columns.names, text, source)
    empty = {j for j, column in zip(parsed.numbers, table.T, strict=True) if missing and np.isnan(column).all()}
    without = [columns.names[j] for j in sorted(empty)]
    if without:
        missing -= len(table) * len(without)
        words = f"columns without a value: {some_of(without)}"
        told["left out"] = f"{told['left out']}; {words}" if "left out" in told else words
    kept = sorted({*parsed.numbers, *taken} - empty)
    if not kept:
        raise DataError(
            f"has no column of numbers ({told['left out']}): "
            + ("columns of text are taken with text=one-hot" if parsed.texts else "there is nothing to learn from"),
            source=source,
        )
    categories = {}
    if taken or without:
        place = {j: k for k, j in enumerate(parsed.numbers)}
        X = np.empty((len(table), len(kept)))
        for k, j in enumerate(kept):
            if j in place:
                X[:, k] = table[:, place[j]]
            else:
                X[:, k], categories[k] = parsed.texts[j].coded()
                missing += len(table) - parsed.texts[j].filled()
    else:
        X = table
    if missing:
        marks = parsed.marks.union(*(parsed.texts[j].marks for j in taken))
        told["missing"] = words_for_missing(missing, sorted(mark or "empty" for mark in marks) or ["nan"])
    guessed.update(told)
    return _Features(X, tuple(columns.names[j] for j in kept), categories, missing)


def _finish(
    parsed: Parsed,
    features: _Features,
    columns: Columns,
    dialect: guess.Dialect,
    numbers: NDArray[np.float64] | None,
    source: str,
    digest: str,
    guessed: dict[str, str],
) -> Dataset:
    """The Dataset of a table that has been read; ``numbers`` are a regression's targets, None for classes."""
    name = columns.names[columns.target]
    X, labels, missing = features.X, parsed.labels, features.missing
    y: NDArray[np.float64] | NDArray[np.int64]
    class_names: tuple[str, ...] = ()
    if numbers is not None:
        y = numbers
    else:
        labelled = np.array([not guess.is_missing(label) for label in labels], dtype=bool)
        if not labelled.any():
            raise DataError(f"column {quote(name)} has no class in any row", source=source)
        if not labelled.all():
            guessed["rows"] = f"{int(np.count_nonzero(~labelled)):,} rows without a class left out"
            X, labels = X[labelled], [label for label, kept in zip(labels, labelled, strict=True) if kept]
            missing = int(np.count_nonzero(np.isnan(X))) if missing else 0
        y, class_names = encode_cells(
            labels, decimal_comma=dialect.decimal_comma, source=source, what=f"column {quote(name)}"
        )
    return Dataset(
        X=np.ascontiguousarray(X),
        y=y,
        feature_names=features.names,
        class_names=class_names,
        source=source,
        sha256=digest,
        missing=missing,
        guessed=guessed,
        task="classification" if numbers is None else "regression",
        target_names=() if numbers is None else (name,),
        categories=features.categories,
    )
