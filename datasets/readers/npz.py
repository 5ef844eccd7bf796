"""NumPy's own files: .npz with X and y, .npy with the target as one of the columns. Never pickled objects."""

import io
import math
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ..assemble import Part, assemble
from ..base import DataError, Dataset, quote
from .files import MAX_FILE, read_bytes, sha256
from .named import parts_by_name

KINDS_OF_NUMBERS_AND_TEXT = "biufUS"


def read_npz(path: Path, source: str, *, missing: str, task: str = "auto") -> Dataset:
    """Load an archive of arrays named X and y, X_train, y_train, X_test, y_test. Raises DataError."""
    data = read_bytes(path, source)
    arrays: dict[str, NDArray[Any]] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
            if sum(info.file_size for info in members) > MAX_FILE:
                raise DataError(f"unpacks to more than {MAX_FILE:,} bytes: refused", source=source)
            for info in members:
                name = info.filename.removesuffix(".npy")
                with archive.open(info) as member:
                    arrays[name] = _read_array(member, info.file_size, f"array {quote(name)}", source)
    except DataError:
        raise
    except Exception as error:  # zipfile lets errors of many kinds through on damaged archives
        raise DataError(f"is cut short or damaged: not a whole .npz archive ({error})", source=source) from None
    parts, guessed = parts_by_name(arrays, source)
    return assemble(parts, source=source, sha256=sha256(data), missing=missing, task=task, guessed=guessed)


def read_npy(path: Path, source: str, *, missing: str, task: str = "auto", target: str | int = "last") -> Dataset:
    """Load one array (n, d + 1), the class or number to learn in the column `target`. Raises DataError."""
    data = read_bytes(path, source)
    table = _read_array(io.BytesIO(data), len(data), "the array", source)
    if table.ndim != 2 or table.shape[1] < 2 or table.dtype.kind not in "biuf":
        raise DataError(
            f"holds one array of {table.dtype}, shape {table.shape}: expected a table of numbers, "
            "the class one of its columns; X and y together go into an .npz",
            source=source,
        )
    column = {"first": 0, "last": table.shape[1] - 1}.get(str(target))
    if column is None:
        try:
            column = range(table.shape[1])[int(target)]
        except (ValueError, IndexError):
            raise DataError(
                f"target: expected first, last or a column from 0 to {table.shape[1] - 1}, received {quote(target)}",
                source=source,
            ) from None
    part = Part(np.delete(table, column, axis=1), table[:, column])
    return assemble(
        {"train": part},
        source=source,
        sha256=sha256(data),
        missing=missing,
        task=task,
        guessed={"target": f"column {column}"} if target == "last" else {},
        target=f"column {column}",
    )


def _read_array(file: IO[bytes], size: int, what: str, source: str) -> NDArray[Any]:
    """One array in .npy form. Its header is checked against `size` bytes before anything is allocated."""
    try:
        version = np.lib.format.read_magic(file)
        if version not in ((1, 0), (2, 0)):
            raise DataError(f"{what} is in a form of .npy this program does not read", source=source)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran_order, dtype = read_header(file)
        if dtype.kind not in KINDS_OF_NUMBERS_AND_TEXT or dtype.hasobject:
            what_it_is = "Python objects" if dtype.hasobject else f"values of type {quote(dtype)}"
            raise DataError(
                f"{what} holds {what_it_is}, which are not read: save plain numbers or strings "
                "(X.astype(float), y.astype(int) or y.astype(str))",
                source=source,
            )
        if any(length < 0 for length in shape) or math.prod(shape) * dtype.itemsize > size:
            raise DataError(f"{what} is cut short or damaged: its header promises shape {shape}", source=source)
        values = file.read(math.prod(shape) * dtype.itemsize)
        flat = np.frombuffer(values, dtype=dtype, count=math.prod(shape)) if values else np.empty(0, dtype)
        return flat.reshape(shape, order="F" if fortran_order else "C")
    except (ValueError, TypeError, SyntaxError, EOFError, MemoryError, RecursionError) as error:
        first = str(error).split("\n", 1)[0][:80]
        raise DataError(f"{what} is cut short or damaged: {first}", source=source) from None
