"""What a text table does not say about itself: encoding, separator, decimal mark, header."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from .. import progress
from ..base import DataError, quote

SEPARATORS = {"tab": "\t", "semicolon": ";", "comma": ",", "space": " "}
MISSING_CELLS = frozenset({"", "?", "na", "n/a", "nan", "-nan", "null"})
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
SAMPLE_ROWS = 200
SNIFFED = 1000  # characters
MAX_COLUMNS = 200_000
ENCODINGS = {"utf-8": "utf-8-sig", "utf-16": "utf-16", "cp1252": "cp1252", "latin-1": "latin-1"}
"""What the option `encoding` takes, and Python's name for it: utf-8-sig takes a mark at the start or none."""
TOLD = 512  # lines from one word about the progress to the next


@dataclass(frozen=True)
class Text:
    """The bytes of a text file and their encoding, read line by line as often as need be.

    missing: what else than MISSING_CELLS stands for a cell without a value, in lower case.
    """

    data: bytes
    encoding: str
    missing: frozenset[str] = frozenset()

    def lines(self) -> Iterator[str]:
        """The lines; \\r\\n and \\r count as ends of lines too."""
        with io.TextIOWrapper(io.BytesIO(self.data), encoding=self.encoding, newline=None) as wrapper:
            yield from wrapper


@dataclass(frozen=True)
class Dialect:
    separator: str  # one character
    decimal_comma: bool
    header: bool


def decode_as(data: bytes, encoding: object, source: str) -> Text:
    """`decode` with the option `encoding`; "auto" goes by the bytes. Raises DataError, with the line."""
    if encoding == "auto":
        return decode(data, source)
    if encoding not in ENCODINGS:
        raise DataError(
            f"encoding: expected one of auto, {', '.join(ENCODINGS)}; received {quote(encoding)}", source=source
        )
    named = ENCODINGS[str(encoding)]
    if named == "utf-16":
        return _utf16(data, _utf16_without_bom(data) or named, source)
    try:
        data.decode(named)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(f"is no text in {encoding}: set data.options.encoding=auto", source=source, line=line) from None
    if b"\0" in data:
        raise DataError("holds binary data (a NUL byte), not a text table", source=source)
    return Text(data, named)


def missing_marks(words: object) -> frozenset[str]:
    """The option `na_values`: words, with commas between or as a list, that mean a missing cell; in lower case."""
    listed = words if isinstance(words, list | tuple) else str(words).split(",")
    return frozenset(str(word).strip().lower() for word in listed if str(word).strip())


def _without_marks(row: list[str], marks: frozenset[str], numbers: frozenset[float]) -> list[str]:
    """The row with "" for every mark, also where the number is written otherwise: -999.0 for -999."""
    return ["" if cell.strip().lower() in marks or to_float(cell, False) in numbers else cell for cell in row]


def decode(data: bytes, source: str) -> Text:
    """UTF-8 (with or without BOM), UTF-16 of either order, else cp1252 or latin-1. Raises DataError for other data."""
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise DataError("is text in UTF-32, which is not read: save it as UTF-8", source=source)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif data.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    else:
        encoding = _utf16_without_bom(data) or "utf-8"
    if encoding.startswith("utf-16"):
        return _utf16(data, encoding, source)
    if (nul := data.find(b"\0")) >= 0:
        line = data.count(b"\n", 0, nul) + 1
        raise DataError("holds binary data (a NUL byte), not a text table", source=source, line=line)
    if data.isascii():
        return Text(data, encoding)
    for candidate in (encoding, "cp1252", "latin-1"):
        try:
            data.decode(candidate)
            return Text(data, candidate)
        except UnicodeDecodeError as error:
            if encoding == "utf-8-sig":  # it says what it is
                line = data.count(b"\n", 0, error.start) + 1
                raise DataError("is damaged: not whole UTF-8 text", source=source, line=line) from None
    raise AssertionError("latin-1 decodes anything")


def _utf16_without_bom(data: bytes) -> str:
    """The order of UTF-16 that has no mark: most characters of a table have a zero byte, the same of two."""
    head = data[: 2 * SNIFFED]
    low, high = head[::2].count(0), head[1::2].count(0)
    pairs = len(head) // 2
    if 2 * high > pairs and 3 * low < high:
        return "utf-16-le"
    if 2 * low > pairs and 3 * high < low:
        return "utf-16-be"
    return ""


def _utf16(data: bytes, encoding: str, source: str) -> Text:
    try:
        nul = data.decode(encoding).find("\0")
    except UnicodeDecodeError:
        raise DataError("is damaged: not whole UTF-16 text; save it as UTF-8", source=source) from None
    if nul >= 0:
        raise DataError("holds binary data (NUL characters), not a text table", source=source)
    return Text(data, encoding)


def rows(text: Text, separator: str, source: str) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of every row that is not an empty line. Raises DataError."""
    lines = text.lines()
    if separator == " ":  # columns may be lined up with several spaces
        lines = (" ".join(line.split()) for line in lines)
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=separator != " ")
    numbers = frozenset(n for mark in text.missing if (n := to_float(mark, False)) is not None)
    line = 1
    total = 0
    try:
        for row in reader:
            if reader.line_num % TOLD == 0:
                total = total or max(1, text.data.count(b"\n"), text.data.count(b"\r"))
                progress.tell(reader.line_num, total)
            if len(row) > MAX_COLUMNS:
                raise DataError(
                    f"{len(row):,} values in one line are more than this program reads ({MAX_COLUMNS:,})",
                    source=source,
                    line=line,
                )
            if row:
                yield line, _without_marks(row, text.missing, numbers) if text.missing else row
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"cannot be split into cells ({error}): is a quote left open?", source=source, line=line
        ) from None


def guess_separator(text: Text, source: str) -> str:
    """The separator that gives every row of the sample as many cells; failing that, the first row's."""
    widths = {separator: _widths(text, separator, source) for separator in SEPARATORS.values()}
    for separator, found in widths.items():
        if found and found[0] > 1 and len(set(found)) == 1:
            return separator
    # With a decimal comma, commas may split the first row too: a semicolon or a tab that is there wins.
    for separator in ("\t", ";"):
        if widths[separator] and widths[separator][0] > 1:
            return separator
    return max((",", " "), key=lambda separator: widths[separator][0] if widths[separator] else 0)


def _widths(text: Text, separator: str, source: str) -> list[int]:
    """Cells in each row of the sample; [] where rows cannot be split so: a wide one may be too long for one cell."""
    try:
        return [len(row) for _, row in sample(rows(text, separator, source))]
    except DataError:
        return []


def guess_decimal_comma(table: Sequence[Sequence[str]], separator: str) -> bool:
    """Whether more cells are numbers with a decimal comma than with a decimal point."""
    if separator == ",":
        table = [row for row in table if any("," in cell for cell in row)]  # quoted cells only
    commas = points = 0
    for row in table:
        for cell in row:
            if "," in cell:
                commas += DECIMAL_COMMA.fullmatch(cell.strip()) is not None
            elif "." in cell:
                points += is_number(cell)
    return commas > points


def guess_header(table: Sequence[Sequence[str]], decimal_comma: bool) -> bool:
    """Whether the first row names the columns: it has words above numbers, or just counts 0, 1, 2 ..."""
    if not table:
        return False
    first, below = [cell.strip() for cell in table[0]], table[1:]
    if len(first) > 3 and first == [str(j) for j in range(len(first))]:
        return True
    words_above_numbers = numbers_above_numbers = 0
    for j, cell in enumerate(first):
        column = [row[j] for row in below if j < len(row) and not is_missing(row[j])]
        numbers = sum(is_number(value, decimal_comma) for value in column)
        if not column or 2 * numbers < len(column):
            continue
        words_above_numbers += not is_number(cell, decimal_comma) and cell not in ("?", "")
        numbers_above_numbers += is_number(cell, decimal_comma)
    if words_above_numbers:
        # Pixel columns are often named by their number, beside a column named "label".
        counted = [int(cell) for cell in first if cell.isdecimal() and len(cell) < 10]
        counting = all(b - a == 1 for a, b in pairwise(counted)) and len(counted) == numbers_above_numbers
        return words_above_numbers > numbers_above_numbers or counting
    no_number_at_all = not any(is_number(cell, decimal_comma) for cell in first)
    seen_again = any(j < len(row) and row[j].strip() == cell for row in below for j, cell in enumerate(first) if cell)
    return no_number_at_all and not seen_again


def sample(found: Iterator[tuple[int, list[str]]], size: int = SAMPLE_ROWS) -> list[tuple[int, list[str]]]:
    return list(islice(found, size))


def is_missing(cell: str) -> bool:
    return cell.strip().lower() in MISSING_CELLS


def is_number(cell: str, decimal_comma: bool = False) -> bool:
    return to_float(cell, decimal_comma) is not None


def to_float(cell: str, decimal_comma: bool = False) -> float | None:
    """The number in a cell, None if it holds none. A point is no decimal mark where the comma is one."""
    if "_" in cell or (decimal_comma and "." in cell):
        return None
    try:
        return float(cell.replace(",", ".") if decimal_comma else cell)
    except ValueError:
        return None


def separator_option(value: object, source: str) -> str:
    if value in SEPARATORS.values():
        return str(value)
    if isinstance(value, str) and value in SEPARATORS:
        return SEPARATORS[value]
    raise DataError(f"delimiter: expected one of {', '.join(SEPARATORS)}; received {quote(value)}", source=source)


def decimal_option(value: object, source: str) -> bool:
    if value not in (".", ",", "point", "comma"):
        raise DataError(f"decimal: expected point or comma, received {quote(value)}", source=source)
    return value in (",", "comma")


def header_option(value: object, source: str) -> bool:
    words = {"true": True, "yes": True, "false": False, "no": False}
    if str(value).lower() not in words:
        raise DataError(f"header: expected true or false, received {quote(value)}", source=source)
    return words[str(value).lower()]
