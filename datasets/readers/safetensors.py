"""safetensors: named tensors behind a header in JSON.

Format: https://huggingface.co/docs/safetensors. Eight bytes hold the header's length N (little-endian), N bytes
the header {name: {"dtype", "shape", "data_offsets": [begin, end]}}, and the rest the values, C order.
"""

import json
import math
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..base import DataError, Dataset, quote
from .arrays import check_size, dataset_of, read_array, words_for
from .files import check_file_size, open_file, sha256_of
from .named import Form, choose

MAX_HEADER = 1 << 20  # bytes; one of a few arrays has a few hundred
TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "BOOL": "|b1",
    "I8": "|i1", "I16": "<i2", "I32": "<i4", "I64": "<i8",
    "U8": "|u1", "U16": "<u2", "U32": "<u4", "U64": "<u8",
}  # fmt: skip


class _Tensor(NamedTuple):
    type: str
    shape: tuple[int, ...]
    begin: int
    end: int


def looks_like_safetensors(head: bytes) -> bool:
    """Whether the first bytes of a file are the length of a header and its beginning."""
    return len(head) > 9 and head[8:9] == b"{" and 2 <= int.from_bytes(head[:8], "little") <= 100_000_000


def read_safetensors(path: Path, source: str, **how: Any) -> Dataset:
    """Load tensors named X and y, X_train, y_train, X_test, y_test. Raises DataError."""
    with open_file(path, source) as file:
        size = check_file_size(file, source)
        digest = sha256_of(file)
        tensors, start = _read_header(file, size, source)
        forms = {
            name: Form(tensor.shape, "f" if tensor.type == "BF16" else np.dtype(TYPES[tensor.type]).kind)
            for name, tensor in tensors.items()
            if tensor.type in TYPES
        }
        try:
            chosen = choose(forms, source)
        except DataError:
            other = next((name for name in tensors if name not in forms), None)
            if other is None:
                raise
            raise _unread(other, tensors[other], source) from None

        def read(name: str) -> NDArray[Any]:
            return _read_tensor(file, start, name, tensors[name], source)

        return dataset_of(chosen, read, source=source, sha256=digest, **how)


def _read_header(file: BinaryIO, size: int, source: str) -> tuple[dict[str, _Tensor], int]:
    """(tensors by name, where the values begin), everything checked against the file's size. Raises DataError."""
    length = int.from_bytes(file.read(8), "little")
    if size < 8 or length > size - 8:
        raise DataError(f"is cut short or damaged: its header claims {length:,} bytes of {size:,}", source=source)
    if length > MAX_HEADER:
        raise DataError(f"is no file of data: its header takes {length:,} bytes", source=source)
    try:
        header = json.loads(file.read(length), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise DataError(f"is damaged: its header is not JSON ({str(error)[:80]})", source=source) from None
    if not isinstance(header, dict):
        raise DataError("is damaged: its header is no table of tensors", source=source)
    header.pop("__metadata__", None)
    available = size - 8 - length
    return {name: _tensor(name, entry, available, source) for name, entry in header.items()}, 8 + length


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("a name twice")
    return table


def _tensor(name: str, entry: Any, available: int, source: str) -> _Tensor:
    what = f"tensor {quote(name)}"
    try:
        kind, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
    except (TypeError, KeyError, ValueError):
        raise DataError(f"{what} is damaged: expected dtype, shape and data_offsets", source=source) from None
    if not isinstance(kind, str) or not isinstance(shape, list) or not all(map(_is_count, (*shape, begin, end))):
        raise DataError(f"{what} is damaged: its type, shape or place is none", source=source)
    if not begin <= end <= available:
        raise DataError(
            f"{what} is cut short or damaged: its header promises bytes {begin:,} to {end:,}, {available:,} follow",
            source=source,
        )
    if kind in TYPES:
        dtype = np.dtype(TYPES[kind])
        check_size(tuple(shape), dtype, end - begin, what, source)
        if math.prod(shape) * dtype.itemsize != end - begin:
            raise DataError(
                f"{what} is damaged: {end - begin:,} bytes for shape {words_for(tuple(shape))}", source=source
            )
    return _Tensor(kind, tuple(shape), begin, end)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 63


def _read_tensor(file: BinaryIO, start: int, name: str, tensor: _Tensor, source: str) -> NDArray[Any]:
    if tensor.type not in TYPES:
        raise _unread(name, tensor, source)
    file.seek(start + tensor.begin)
    what, dtype = f"tensor {quote(name)}", np.dtype(TYPES[tensor.type])
    values = read_array(file, tensor.shape, dtype, fortran_order=False, what=what, source=source)
    if tensor.type == "BF16":  # the upper half of a float32
        return (values.astype(np.uint32) << 16).view(np.float32)
    return values


def _unread(name: str, tensor: _Tensor, source: str) -> DataError:
    return DataError(
        f"tensor {quote(name)} holds values of type {quote(tensor.type)}: expected {', '.join(TYPES)}", source=source
    )
