"""MATLAB's .mat files, level 5 (saved with -v6 or -v7), their arrays of numbers and of text. Needs SciPy.

Format: https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf. A header of 128 bytes, then elements: a
type, a length, and an array's flags, dimensions, name and values, each again a type, a length and bytes; packed
with zlib in -v7. What the elements claim is checked here before SciPy reads the few that are needed.
"""

import math
import struct
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..base import DataError, Dataset, quote, some_of
from .arrays import check_size, dataset_of
from .files import MAX_UNPACKED, check_file_size, most_unpacked, open_file, sha256_of
from .named import Form, choose

HEADER = 128  # bytes
MATRIX, COMPRESSED = 14, 15  # types of elements
MAX_ARRAYS = 1000
BEGINNING = 4096  # bytes of an element that hold all but its values
CHAR, OPAQUE = 4, 17
NUMBERS = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
OTHERS = {1: "a cell array", 2: "a struct", 3: "an object", 5: "a sparse array", 16: "a function", OPAQUE: "an object"}
# Bytes a value by the type it is stored as: numbers may be kept in a smaller type than their own.
STORED = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8, 16: 1, 17: 2, 18: 4}


class _Variable(NamedTuple):
    name: str
    shape: tuple[int, ...]
    kind: int  # MATLAB's class
    refusal: str  # what it is that is not read, "" if it is


def looks_like_mat(head: bytes) -> bool:
    """Whether the first bytes of a file are the header of a .mat file of level 5 or 7.3."""
    return head[124:128] in (b"\0\1IM", b"\1\0MI", b"\0\2IM", b"\2\0MI")


def read_mat(path: Path, source: str, **how: Any) -> Dataset:
    """Load arrays named X and y, X_train, y_train, X_test, y_test. Raises DataError, also where SciPy is missing.

    Never cells, structs or objects. Labels may be a column or a row, and samples may stand last (SVHN).
    """
    with open_file(path, source) as file:
        digest = sha256_of(file)
        variables = {variable.name: variable for variable in _variables(file, source)}
        forms = {name: _form(variable) for name, variable in variables.items() if not variable.refusal}
        try:
            chosen = choose(forms, source)
        except DataError as error:
            other = [f"{quote(name)} ({v.refusal})" for name, v in variables.items() if v.refusal]
            if not other:
                raise
            words = f"{error.message}; not read: {', '.join(other[:4])}{' and more' if len(other) > 4 else ''}"
            raise DataError(words, source=source) from None

        def read(name: str) -> NDArray[Any]:
            return _read(file, name, forms[name], source)

        return dataset_of(chosen, read, source=source, sha256=digest, **how)


def _form(variable: _Variable) -> Form:
    if variable.kind == CHAR:
        return Form(variable.shape[:1], "U")
    return Form(variable.shape, NUMBERS[variable.kind][0])


def _read(file: BinaryIO, name: str, form: Form, source: str) -> NDArray[Any]:
    """One variable by SciPy, once `_variables` has looked at what it claims. Raises DataError."""
    try:
        from scipy.io import loadmat
    except ImportError:
        raise DataError(
            "is a MATLAB file, and SciPy, which reads them, is not installed: pip install 'mlp-tui[mat]'",
            source=source,
        ) from None
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values = loadmat(file, variable_names=[name]).get(name)
    except MemoryError:
        raise
    except Exception as error:  # a damaged file can raise anything at all
        raise DataError(
            f"array {quote(name)} is cut short or damaged ({type(error).__name__}): save it again with -v7",
            source=source,
        ) from None
    wanted = "U" if form.kind == "U" else "biuf"
    if not isinstance(values, np.ndarray) or values.dtype.kind not in wanted or len(values.shape) < len(form.shape):
        raise DataError(f"array {quote(name)} is damaged: it holds no numbers and no text", source=source)
    return np.char.rstrip(values) if form.kind == "U" else values  # MATLAB fills lines of text up with blanks


def _variables(file: BinaryIO, source: str) -> Iterator[_Variable]:
    """The variables of a file, what each claims checked against the bytes there are. Raises DataError."""
    size = check_file_size(file, source)
    header = file.read(HEADER)
    if not looks_like_mat(header):
        raise DataError("is cut short or no MATLAB file of level 5: save it with -v7", source=source)
    order = "<" if header[126:128] == b"IM" else ">"
    if b"\2" in header[124:126]:
        raise DataError("is a MATLAB file of version 7.3 (HDF5), which is not read: save it with -v7", source=source)
    seen: set[str] = set()
    place = HEADER
    while place < size:
        file.seek(place)
        tag = file.read(8)
        kind, length = struct.unpack(f"{order}II", tag) if len(tag) == 8 else (0, 0)
        place += 8 + length
        if place > size or kind not in (MATRIX, COMPRESSED):
            raise DataError("is cut short or damaged: its elements do not fill the file", source=source)
        beginning = file.read(min(length, BEGINNING))
        if kind == COMPRESSED:
            packed = length
            try:
                beginning = zlib.decompressobj().decompress(beginning, BEGINNING)
            except zlib.error:
                raise DataError("is damaged: its data cannot be unpacked", source=source) from None
            kind, length = struct.unpack(f"{order}II", beginning[:8]) if len(beginning) >= 8 else (0, 0)
            beginning = beginning[8:]
            if kind != MATRIX or length > most_unpacked(packed):
                raise DataError("is damaged: an array unpacks to nothing, or to far too much", source=source)
        variable = _Beginning(beginning, order, source).variable(length)
        if variable.name in seen or len(seen) > MAX_ARRAYS:
            raise DataError(f"holds {some_of([variable.name])} twice, or far too many arrays", source=source)
        seen.add(variable.name)
        yield variable


class _Beginning:
    """The first bytes of an element, read piece by piece."""

    def __init__(self, data: bytes, order: str, source: str) -> None:
        self.data, self.order, self.source = data, order, source
        self.place = 0

    def tag(self) -> tuple[int, int, int]:
        """(type, bytes, how many of them with their padding) of the next piece, which `place` then stands before."""
        word, length = self._numbers("II", 8)
        if word >> 16:  # a short piece: type and length in one word, its bytes in the other
            self.place -= 4
            return word & 0xFFFF, word >> 16, 4
        return word, length, -(-length // 8) * 8

    def piece(self, expected: int) -> bytes:
        """The bytes of the next piece, which must be of the expected type."""
        kind, length, padded = self.tag()
        if kind != expected or length > padded or self.place + length > len(self.data):
            raise self.damaged()
        piece = self.data[self.place : self.place + length]
        self.place += padded
        return piece

    def variable(self, length: int) -> _Variable:
        """The variable whose element takes `length` bytes. Raises DataError."""
        flags = self.piece(6)
        if len(flags) != 8:
            raise self.damaged()
        word = struct.unpack(f"{self.order}I", flags[:4])[0]
        kind = word & 0xFF
        dimensions = b"" if kind == OPAQUE else self.piece(5)
        name = self.piece(1).decode("latin1")
        if len(dimensions) % 4:
            raise self.damaged()
        if not name:  # what objects are made of stands behind all variables, without a name
            return _Variable("", (), kind, OTHERS[3])
        shape = struct.unpack(f"{self.order}{len(dimensions) // 4}i", dimensions)
        if kind in OTHERS:
            return _Variable(name, (), kind, OTHERS[kind])
        if kind not in NUMBERS and kind != CHAR:
            raise self.damaged()
        if word & 0x800:
            return _Variable(name, (), kind, "complex numbers")
        stored, size, _ = self.tag()
        if stored not in STORED or len(shape) < 2 or size > max(0, length - self.place) + 4:
            raise self.damaged()
        itemsize = STORED[stored]
        if kind != CHAR and math.prod(shape) * itemsize != size:
            check_size(shape, np.dtype(f"u{itemsize}"), size, f"array {quote(name)}", self.source)
            raise self.damaged()
        if kind == CHAR and (len(shape) > 2 or math.prod(shape) > size):
            raise self.damaged()
        if kind in NUMBERS:  # as large as it becomes
            check_size(shape, np.dtype(NUMBERS[kind]), MAX_UNPACKED * 8, f"array {quote(name)}", self.source)
        return _Variable(name, shape, kind, "")

    def damaged(self) -> DataError:
        return DataError("is cut short or damaged: an array's description cannot be read", source=self.source)

    def _numbers(self, form: str, size: int) -> tuple[int, ...]:
        if self.place + size > len(self.data):
            raise self.damaged()
        self.place += size
        return struct.unpack_from(f"{self.order}{form}", self.data, self.place - size)
