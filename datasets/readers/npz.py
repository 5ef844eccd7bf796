"""NumPy's own files: .npz with X and y, .npy with the class as one of the columns. Never pickled objects.

Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..assemble import Part, assemble
from ..base import DataError, Dataset, one_line, quote
from .arrays import check_size, dataset_of, read_array, words_for
from .files import check_file_size, most_unpacked, open_file, open_zip, sha256_of
from .named import Form, choose

MAX_HEADER = 1 << 16  # bytes
MAX_ARRAYS = 1000  # in one archive
PLAIN = re.compile(r"[<>|=]?(b1|[iu][1248]|f[248]|[SU]\d{1,6})")


class _Header(NamedTuple):
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran_order: bool
    length: int  # bytes before the values
    refusal: str  # why the values cannot be read, "" if they can


def read_npz(path: Path, source: str, **how: Any) -> Dataset:
    """Load an archive of arrays named X and y, X_train, y_train, X_test, y_test. Raises DataError.

    Headers are read first; only the arrays that are needed are unpacked.
    """
    with open_file(path, source) as file:
        digest = sha256_of(file)
        try:
            with open_zip(file, source) as archive:
                return _from_archive(archive, source, digest, how)
        except (DataError, MemoryError):
            raise
        except Exception as error:  # zipfile lets errors of many kinds through on damaged archives
            raise DataError(f"is cut short or damaged: not a whole .npz archive ({error})", source=source) from None


def _from_archive(archive: zipfile.ZipFile, source: str, digest: str, how: Mapping[str, Any]) -> Dataset:
    members = {info.filename.removesuffix(".npy"): info for info in archive.infolist() if _is_array(info)}
    if len(members) > MAX_ARRAYS:
        raise DataError(f"holds {len(members):,} arrays, more than this program looks through", source=source)
    if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in members.values()):
        raise DataError("is packed in a way NumPy does not use: save it again with np.savez", source=source)
    headers: dict[str, _Header] = {}
    for name, info in members.items():
        with archive.open(info) as member:
            headers[name] = _read_header(member, _what(name), source)
    chosen = choose({name: Form(header.shape, header.dtype.kind) for name, header in headers.items()}, source)
    needed = [name for pair in chosen.pairs.values() for name in pair]
    for info in (members[name] for name in needed):
        stored = info.compress_type == zipfile.ZIP_STORED
        if info.file_size > (info.compress_size if stored else most_unpacked(info.compress_size)):
            raise DataError(
                f"unpacks to {info.file_size:,} bytes, far more than data do: refused; save it with np.savez",
                source=source,
            )
    for name in needed:
        if headers[name].refusal:
            raise DataError(f"{_what(name)} {headers[name].refusal}", source=source)

    def read(name: str) -> NDArray[Any]:
        if headers[name].refusal:
            return np.empty(0)
        with archive.open(members[name]) as member:
            return _read_array(member, members[name].file_size, _what(name), source)

    return dataset_of(chosen, read, source=source, sha256=digest, **how)


def _is_array(info: zipfile.ZipInfo) -> bool:
    return info.filename.endswith(".npy")


def _what(name: str) -> str:
    return f"array {quote(name)}"


def read_npy(path: Path, source: str, *, target: str | int = "auto", **how: Any) -> Dataset:
    """Load one array (n, d + 1), the class in the column `target`, the last unasked. Raises DataError."""
    with open_file(path, source) as file:
        digest = sha256_of(file)
        table = _read_array(file, check_file_size(file, source), "the array", source)
    if table.ndim != 2 or table.shape[1] < 2 or table.dtype.kind not in "biuf":
        raise DataError(
            f"holds one array of {table.dtype}, shape {table.shape}: expected a table of numbers, "
            "the class one of its columns; X and y together go into an .npz",
            source=source,
        )
    column = {"first": 0, "last": table.shape[1] - 1, "auto": table.shape[1] - 1}.get(str(target))
    if column is None:
        try:
            column = range(table.shape[1])[int(target)]
        except (ValueError, IndexError):
            raise DataError(
                f"target: expected first, last or a column from 0 to {table.shape[1] - 1}, received {quote(target)}",
                source=source,
            ) from None
    labels = table[:, column].copy()
    # A view where one will do: the table is copied once, into float64.
    inside = 0 < column < table.shape[1] - 1
    X = np.delete(table, column, axis=1) if inside else table[:, 1:] if column == 0 else table[:, :-1]
    del table
    return assemble(
        {"train": Part(X, labels)},
        source=source,
        sha256=digest,
        guessed={"target": f"column {column}"} if target == "auto" else {},
        target=f"column {column}",
        **how,
    )


def _read_array(file: IO[bytes] | BinaryIO, size: int, what: str, source: str) -> NDArray[Any]:
    """One array in .npy form from a file of `size` bytes. Raises DataError."""
    header = _read_header(file, what, source)
    if header.refusal:
        raise DataError(f"{what} {header.refusal}", source=source)
    check_size(header.shape, header.dtype, size - header.length, what, source)
    values = read_array(file, header.shape, header.dtype, fortran_order=header.fortran_order, what=what, source=source)
    if file.read(1):  # reading to the very end also checks an archive's checksum
        raise DataError(f"{what} holds more than its header promises (shape {words_for(header.shape)})", source=source)
    return values


def _read_header(file: IO[bytes] | BinaryIO, what: str, source: str) -> _Header:
    """The header of an array in .npy form: a dict in Python's notation, read without evaluating it."""
    start = file.read(8)
    if len(start) < 8 or not start.startswith(b"\x93NUMPY") or start[6] not in (1, 2, 3):
        raise DataError(f"{what} is cut short, or not in NumPy's form (.npy)", source=source)
    width = 2 if start[6] == 1 else 4
    length = int.from_bytes(file.read(width), "little")
    if length > MAX_HEADER:
        raise DataError(f"{what} is damaged: its header claims {length:,} bytes", source=source)
    text = file.read(length).decode("latin1")
    shape = re.search(r"""['"]shape['"]\s*:\s*\(([\d\s,L]*)\)""", text)
    order = re.search(r"""['"]fortran_order['"]\s*:\s*(True|False)""", text)
    descr = re.search(r"""['"]descr['"]\s*:\s*(?:(['"])([^'"]*)\1|\[)""", text)
    if len(text) < length or not shape or not order or not descr:
        raise DataError(f"{what} is cut short or damaged: its header cannot be read", source=source)
    lengths = tuple(int(number[:20]) for number in re.findall(r"\d+", shape[1]))  # 20 digits are too many already
    before = 8 + width + length
    fortran_order = order[1] == "True"
    if descr[2] is None or not PLAIN.fullmatch(descr[2]):
        return _Header(lengths, np.dtype(bool), fortran_order, before, _refusal(descr[2]))
    return _Header(lengths, np.dtype(descr[2]), fortran_order, before, "")


def _refusal(descr: str | None) -> str:
    """Why values of this type are not read, and what to do."""
    instead = "save plain numbers or strings (X.astype(float), y.astype(int) or y.astype(str))"
    if descr is None:
        return f"holds records of several fields, which are not read: {instead}"
    if descr.lstrip("<>|=")[:1] == "O":
        return f"holds Python objects, which are not read: {instead}"
    try:
        name = str(np.dtype(descr)) if re.fullmatch(r"[<>|=]?[cfMmV]\d{0,2}(\[\w{1,4}\])?", descr) else descr
    except TypeError:
        name = descr
    return f"holds values of type {quote(one_line(name))}, which are not read: {instead}"
