"""Files and folders: which kind one is, told by its content, and the reader for it."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..base import DataError, Dataset, quote
from ..targets import check_task_option
from . import table_guess
from .cifar import names_in, read_cifar
from .files import GZIP_MAGIC, NOT_GZIP, open_zip, read_head, unpacked_head
from .idx import TYPES, read_idx
from .mat import looks_like_mat, read_mat
from .npz import read_npy, read_npz
from .safe_pickle import read_pickle
from .safetensors import looks_like_safetensors, read_safetensors
from .table import read_table


@dataclass(frozen=True)
class Kind:
    """A kind of file: its usual suffixes (".gz" may follow) and the options its reader takes.

    names: how its files are named, where no suffix tells them.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    options: tuple[str, ...]
    read: Callable[..., Dataset]
    names: str = ""


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "csv",
            "a table, one column with the class or number to learn",
            (".csv", ".tsv", ".txt", ".dat", ".data"),
            ("target", "drop", "text", "task", "delimiter", "decimal", "header", "encoding", "na_values"),
            read_table,
        ),
        Kind(
            "npz",
            "NumPy arrays X and y, or X_train, y_train, X_test, y_test",
            (".npz",),
            ("task",),
            read_npz,
        ),
        Kind("npy", "one NumPy table, one column with the target", (".npy",), ("target", "task"), read_npy),
        Kind(
            "pickle",
            "a tuple (X, y), such as TP4's",
            (".pkl", ".pickle", ".pck", ".p"),
            ("task",),
            read_pickle,
        ),
        Kind("idx", "images and labels as MNIST has them; a file or a folder", (), (), read_idx, "*-ubyte"),
        Kind(
            "cifar",
            "a folder of CIFAR-10's or CIFAR-100's batches for Python",
            (),
            ("labels",),
            read_cifar,
            "data_batch_*",
        ),
        Kind("mat", "MATLAB arrays X and y, saved with -v7 or -v6", (".mat",), ("task",), read_mat),
        Kind("safetensors", "tensors X and y", (".safetensors",), ("task",), read_safetensors),
    )
}

# Protocols 0 and 1 have no signature: an array, a tuple, list or dict that begins with one.
OLD_PICKLE = re.compile(rb"[(\]}]*c[\w.]+\r?\n\w+\r?\n|\(+[dl]p?\d*\r?\n|[\]}]q\x00\(")


def kind_of(path: str | os.PathLike[str]) -> str:
    """The kind of a file or folder by a look at its first bytes; "" if it is no data this program reads."""
    place = Path(path)
    try:
        if place.is_dir():
            if names_in(place)[1]:
                return "cifar"
            return "idx" if any("idx" in p.name and "images" in p.name for p in place.iterdir()) else ""
        content = _content(unpacked_head(read_head(place, str(path))), place)
    except (DataError, OSError):
        return ""
    if content == "text":
        return "csv" if _looks_like_table(place) else ""
    return content if content in KINDS else ""


def load_file(path: Path, source: str, options: Mapping[str, Any]) -> Dataset:
    """Load a file or folder; `source` is how errors name it. Raises DataError."""
    kind = KINDS[_kind_to_read(path, source)]
    for given in options:
        if given not in kind.options:
            expected = ", ".join(kind.options) or "none"
            filled = "; missing cells stay nan, and are filled by the training rows" if given == "missing" else ""
            raise DataError(
                f"no option {quote(given)} for {kind.name} files: expected {expected}{filled}", source=source
            )
    values = dict(options)
    if "task" in kind.options:
        values["task"] = check_task_option(options.get("task", "auto"), source)
    try:
        with np.errstate(invalid="ignore", over="ignore"):  # a damaged number is told in words, or is none
            return kind.read(path, source, **values)
    except MemoryError:
        raise DataError("does not fit into memory: take a part of it", source=source) from None


def _kind_to_read(path: Path, source: str) -> str:
    """The kind by content, checked against what the name promises. Raises DataError where they differ."""
    if path.is_dir():
        return "cifar" if names_in(path)[1] else "idx"
    packed = read_head(path, source)
    if not packed:
        raise DataError("is empty (0 bytes)", source=source)
    name = path.name.lower()
    if name.endswith(".gz") and not packed.startswith(GZIP_MAGIC):
        raise DataError(NOT_GZIP, source=source)
    content = _content(unpacked_head(packed), path)
    suffix = Path(name.removesuffix(".gz")).suffix
    promised = next((kind.name for kind in KINDS.values() if suffix in kind.suffixes), "")
    if re.search(r"idx\d|ubyte", name):
        promised = "idx"
    if promised == "csv" and content == "text":
        return "csv"
    if promised == "pickle" and content in ("binary", "text"):
        if content == "text" and _looks_like_table(path):
            raise DataError("is a text table, though its name promises a pickle: rename it to .csv", source=source)
        return "pickle"  # which says what is wrong with it
    if promised == "idx" or (promised and content == promised):
        return promised
    if promised in ("mat", "safetensors") and content == "binary":
        return promised  # which says what is wrong with it
    if content == "zip" and promised == "npz":
        return "npz"
    if promised and content in KINDS:
        raise DataError(
            f"is {_WORDS[content]}, though its name promises {_WORDS[promised]}: "
            f"rename it to {(KINDS[content].suffixes or ('…-idx3-ubyte',))[0]}",
            source=source,
        )
    if content == "zip":
        raise DataError("is a zip archive or a workbook: unpack it, or export the sheet as CSV", source=source)
    if promised == "csv":
        table_guess.decode(unpacked_head(packed), source)  # says what is wrong, and in which line
    if promised:
        received = "text" if content == "text" else "damaged, or of another kind"
        raise DataError(f"is {received}, though its name promises {_WORDS[promised]}", source=source)
    if content == "tar":
        raise DataError("is a tar archive: unpack it, and name the folder or the file in it", source=source)
    if content == "binary":
        raise DataError(f"is of no kind this program reads ({', '.join(KINDS)})", source=source)
    return "csv" if content == "text" else content


_WORDS = {
    "csv": "a text table",
    "npz": "a NumPy archive (.npz)",
    "npy": "a NumPy array (.npy)",
    "pickle": "a pickle",
    "idx": "an IDX file",
    "mat": "a MATLAB file (.mat)",
    "safetensors": "a safetensors file",
}


def _content(head: bytes, path: Path) -> str:
    """What the first bytes are: a kind's name, "text", "zip", or "binary"."""
    if head.startswith(b"PK\x03\x04"):
        return "npz" if _holds_arrays(path, head) else "zip"
    if head.startswith(b"\x93NUMPY"):
        return "npy"
    if head[257:262] == b"ustar":
        return "tar"
    if head[:1] == b"\x80" and head[1:2] in (b"\2", b"\3", b"\4", b"\5"):
        return "pickle"
    if head[:2] == b"\0\0" and len(head) > 3 and head[2] in TYPES and 1 <= head[3] <= 4:
        return "idx"
    if looks_like_mat(head):
        return "mat"
    if looks_like_safetensors(head):
        return "safetensors"
    if OLD_PICKLE.match(head):
        return "pickle"
    if not _is_text(head):
        return "binary"
    control = sum(byte < 32 and byte not in b"\t\n\r\f\x1b\a" for byte in head)
    return "text" if 20 * control <= len(head) or head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in head else "binary"


def _is_text(head: bytes) -> bool:
    """Whether the first bytes of a file are text; of a long one, the last few may be half a character."""
    for cut in range(4 if len(head) > 1000 else 1):
        try:
            table_guess.decode(head[: len(head) - cut], "")
        except DataError:
            continue
        return True
    return False


def _holds_arrays(path: Path, head: bytes) -> bool:
    """Whether a zip file holds arrays; of a damaged one the first bytes decide."""
    try:
        with path.open("rb") as file, open_zip(file, "") as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except Exception:  # zipfile lets errors of many kinds through on damaged archives
        length = int.from_bytes(head[26:28], "little")
        return head[30 : 30 + length].endswith(b".npy")


def _looks_like_table(path: Path) -> bool:
    """Whether the first lines of a text file have cells in columns, numbers among them."""
    head = unpacked_head(read_head(path, str(path)))
    cut = head.rfind(b"\n") + 1 or len(head)
    cut += cut % 2 if b"\0" in head[:cut] else 0  # the other half of the line's end in UTF-16
    try:
        text = table_guess.decode(head[:cut], "")
        separator = table_guess.guess_separator(text, "")
        cells = [row for _, row in table_guess.sample(table_guess.rows(text, separator, ""), 20)]
    except DataError:
        return False
    if not cells or len(cells[0]) < 2 or len({len(row) for row in cells}) > 1:
        return False
    comma = table_guess.guess_decimal_comma(cells, separator)
    return any(table_guess.is_number(cell, comma) for cell in cells[-1])
