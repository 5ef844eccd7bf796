"""IDX, the format of MNIST: one file of images, one of labels, or a folder of such pairs.

Format: http://yann.lecun.com/exdb/mnist. Two zero bytes, the type (8 = uint8), the number of axes, each
axis's length as a big-endian int32, then the values, big-endian, last axis fastest.
"""

import gzip
import hashlib
import math
import re
import struct
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from .. import progress
from ..assemble import Part, assemble
from ..base import DataError, Dataset, one_line, quote, some_of
from .arrays import MAX_NUMBERS
from .files import (
    GZIP_ERRORS,
    GZIP_MAGIC,
    NOT_GZIP,
    PIECE,
    check_file_size,
    gzip_error,
    most_unpacked,
    open_file,
    read_head,
    sha256_of,
    unpacked_head,
)

IMAGES, LABELS = 2051, 2049  # magic numbers: uint8 in three axes, in one
TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
PART_NAMES = {
    "train": "train",
    "t10k": "test",
    "test": "test",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
}


@dataclass(frozen=True)
class _Opened:
    """An IDX file with its header read: `stream` stands before the values."""

    source: str
    stream: BinaryIO
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    digest: bytes

    def fill(self, out: NDArray[Any]) -> None:
        """Read the values into `out` (of self.shape and self.dtype) and check that the file ends with them."""
        view = out.reshape(-1).view(np.uint8).data
        filled = 0
        try:
            while filled < len(view):
                got = self.stream.readinto(view[filled : filled + PIECE])  # type: ignore[attr-defined]
                if not got:
                    raise DataError(
                        f"is cut short: its header promises {len(view):,} bytes ({_times(self.shape)}), "
                        f"{filled:,} follow; fetch it again",
                        source=self.source,
                    )
                filled += got
                progress.tell(filled, len(view))
            if self.stream.read(1):  # reading to the very end also checks the gzip checksum
                raise DataError(f"holds more than its header promises ({_times(self.shape)})", source=self.source)
        except GZIP_ERRORS as error:
            raise gzip_error(error, self.source) from None


def read_idx(path: Path, source: str) -> Dataset:
    """Load an images file with the labels beside it, or every such pair in a folder. Raises DataError.

    X keeps the shape of its images, (n, height, width) as a rule, and uint8 if it is. Pairs named train and t10k
    (or test) become the parts "train" and "test".
    """
    pairs = _pairs_in_folder(path, source) if path.is_dir() else [("", path, _labels_beside(path, source))]
    opened: list[tuple[str, _Opened, _Opened]] = []
    with ExitStack() as files:
        for part, images_path, labels_path in pairs:
            images = _open(images_path, _name(images_path, path, source), IMAGES, files)
            labels = _open(labels_path, _name(labels_path, path, source), LABELS, files)
            if images.shape[0] != labels.shape[0]:
                raise DataError(
                    f"holds {images.shape[0]:,} images, {labels_path.name} holds {labels.shape[0]:,} labels: "
                    "they do not belong together",
                    source=images.source,
                )
            opened.append((part, images, labels))
        sizes = {images.shape[1:] for _, images, _ in opened}
        if len(sizes) > 1:
            each = ", ".join(map(_times, sorted(sizes)))
            raise DataError(f"the images are of different sizes: {each}", source=source)
        return _dataset(opened, source, folder=path.is_dir())


def _dataset(opened: list[tuple[str, _Opened, _Opened]], source: str, folder: bool) -> Dataset:
    n = sum(images.shape[0] for _, images, _ in opened)
    shape = opened[0][1].shape[1:]
    try:
        X = _empty([images for _, images, _ in opened], (n, *shape))
        y = _empty([labels for _, _, labels in opened], (n,))
    except MemoryError:
        raise DataError(f"{n:,} images of {_times(shape)} do not fit into memory", source=source) from None
    parts: dict[str, range] = {}
    start = 0
    for part, images, labels in opened:
        rows = range(start, start + images.shape[0])
        for file, whole in ((labels, y), (images, X)):
            if file.dtype == whole.dtype:
                file.fill(whole[rows.start : rows.stop])
            else:
                own = np.empty(file.shape, dtype=file.dtype)
                file.fill(own)
                whole[rows.start : rows.stop] = own
        parts[part] = rows
        start = rows.stop
    files = [file for _, images, labels in opened for file in (images, labels)]
    data = assemble(
        {"": Part(X, y)},
        source=source,
        task="classification",
        sha256=hashlib.sha256(b"".join(f.digest for f in files)).hexdigest() if folder else files[0].digest.hex(),
        guessed={"files": one_line(", ".join(Path(f.source).name for f in files))},
        target="the labels file",
    )
    return replace(data, parts=parts if len(parts) > 1 else {})


def _empty(files: list[_Opened], shape: tuple[int, ...]) -> NDArray[Any]:
    """Memory for the values of several files, in their own type if they share it, else as float64."""
    types = {file.dtype for file in files}
    return np.empty(shape, dtype=types.pop() if len(types) == 1 else np.float64)


def _open(path: Path, source: str, magic: int, files: ExitStack) -> _Opened:
    """The file, with its header read; `magic` says what is looked for, images or labels. Raises DataError."""
    file = files.enter_context(open_file(path, source))
    size_of_file = check_file_size(file, source)
    digest = bytes.fromhex(sha256_of(file))
    packed = file.read(2) == GZIP_MAGIC
    file.seek(0)
    if path.name.lower().endswith(".gz") and not packed:
        raise DataError(NOT_GZIP, source=source)
    stream = cast(BinaryIO, gzip.GzipFile(fileobj=file) if packed else file)
    try:
        head = stream.read(4)
        found = int.from_bytes(head, "big") if len(head) == 4 else None
        axes = 0 if found is None or found >> 16 or found >> 8 not in TYPES else found & 0xFF
        # The usual names say how many axes there are: idx3 for images.
        named = re.search(r"idx([1-4])", path.name.lower())
        if (axes != 1 if magic == LABELS else axes not in (2, 3, 4)) or (named and int(named[1]) != axes):
            what = "images" if magic == IMAGES else "labels"
            received = "less than four bytes" if found is None else f"{found}"
            raise DataError(
                f"is no IDX file of {what}: expected the magic number {magic}, received {received}",
                source=source,
            )
        lengths = stream.read(4 * axes)
    except GZIP_ERRORS as error:
        raise gzip_error(error, source) from None
    if len(lengths) < 4 * axes:
        raise DataError("is cut short within its header; fetch it again", source=source)
    shape = struct.unpack(f">{axes}I", lengths)
    dtype = np.dtype(TYPES[head[2]])
    size = math.prod(shape) * dtype.itemsize
    if size == 0:
        raise DataError(f"holds nothing: its header says {_times(shape)}", source=source)
    there = most_unpacked(size_of_file) if packed else size_of_file
    if size > there or math.prod(shape) > MAX_NUMBERS:
        raise DataError(
            f"is cut short or damaged: its header promises {size:,} bytes ({_times(shape)}), "
            f"the file has {size_of_file:,}; fetch it again",
            source=source,
        )
    return _Opened(source, stream, shape, dtype, digest)


def _labels_beside(path: Path, source: str) -> Path:
    """The labels file that belongs to the images file `path`."""
    if _axes(path) == 1:
        _check(path, source, LABELS)  # damage is told before anything else
        raise DataError("holds labels only: open the images file beside it, or the folder", source=source)
    try:
        labels = [p for p in sorted(path.parent.iterdir()) if p != path and p.is_file() and _axes(p) == 1]
    except OSError as error:
        raise DataError(f"{path.parent}: cannot be listed: {error.strerror}", source=source) from None
    for candidate in labels:
        if _key(candidate) == _key(path):
            return candidate
    if len(labels) == 1:
        return labels[0]
    _check(path, source, IMAGES)  # a file that is no IDX file at all is told first
    expected = path.name.replace("images", "labels").replace("idx3", "idx1")
    raise DataError(f"has no labels file beside it: expected one named {quote(expected, 60)}", source=source)


def _check(path: Path, source: str, magic: int) -> None:
    """Read the file to its end. Raises DataError where it is damaged."""
    with ExitStack() as files:
        opened = _open(path, source, magic, files)
        if magic == LABELS:
            opened.fill(np.empty(opened.shape, dtype=opened.dtype))


def _pairs_in_folder(folder: Path, source: str) -> list[tuple[str, Path, Path]]:
    """(part, images, labels) for every pair in the folder; train first, then validation, then test."""
    labels: dict[str, Path] = {}
    images: dict[str, Path] = {}
    try:
        files = sorted(p for p in folder.iterdir() if p.is_file())
    except OSError as error:
        raise DataError(f"cannot be listed: {error.strerror}", source=source) from None
    for file in files:
        axes = _axes(file)
        if axes:  # plain sorts before .gz: the same data twice counts once
            (labels if axes == 1 else images).setdefault(_key(file), file)
    if not images:
        raise DataError(
            "holds no data this program reads: expected IDX files such as train-images-idx3-ubyte.gz "
            "and train-labels-idx1-ubyte.gz; for a table or an archive name the file itself",
            source=source,
        )
    if len(images) == len(labels) == 1:
        return [("", *images.values(), *labels.values())]  # type: ignore[list-item]
    alone = [images[key].name for key in images if key not in labels]
    if alone:
        raise DataError(f"no labels file for {some_of(alone)}", source=source)
    by_part: dict[str, tuple[str, Path, Path]] = {}
    for key in images:
        part = next((name for word, name in PART_NAMES.items() if word in re.split(r"[-_. ]", key)), "")
        if len(images) > 1 and (not part or part in by_part):
            raise DataError(
                f"holds {len(images)} pairs of images and labels ({some_of(list(images), 4)}): "
                "keep one train and one test pair in it, or name one images file",
                source=source,
            )
        by_part[part] = (part, images[key], labels[key])
    order = ["", "train", "validation", "test"]
    return sorted(by_part.values(), key=lambda pair: order.index(pair[0]))


def _axes(path: Path) -> int:
    """The axes of an IDX file of images (2 to 4) or labels (1), by name, else by content; 0 if it is none."""
    if "idx" not in path.name.lower() and "ubyte" not in path.name.lower() and path.suffix not in ("", ".gz"):
        return 0
    # A damaged file still counts by its name, so that it is named in the error and not passed over.
    if named := re.search(r"idx([1-4])", path.name.lower()):
        return int(named[1])
    try:
        head = unpacked_head(read_head(path, path.name, 512))
    except DataError:
        return 0
    if head[:2] == b"\0\0" and len(head) > 3 and head[2] in TYPES and 1 <= head[3] <= 4:
        return head[3]
    return 0


def _key(path: Path) -> str:
    """What the names of an images file and of its labels file have in common."""
    name = re.sub(r"\.gz$", "", path.name.lower())
    return re.sub(r"[-_. ]*(images?|labels?|idx[1-4]|ubyte)(?=[-_. ]|$)", "", name)


def _name(file: Path, named: Path, source: str) -> str:
    """How an error names `file`: as the user wrote it, or within the folder the user wrote."""
    if file == named:
        return source
    folder = source if named.is_dir() else str(Path(source).parent)
    return str(Path(folder) / file.name)


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(f"{length:,}" for length in shape)
