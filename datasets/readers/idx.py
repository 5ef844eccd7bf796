"""IDX, the format of MNIST: one file of images, one of labels, or a folder of such pairs.

Format: http://yann.lecun.com/exdb/mnist. Two zero bytes, the type (8 = uint8), the number of axes, each
axis's length as a big-endian int32, then the values, last axis fastest.
"""

import gzip
import hashlib
import io
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from ..base import DataError, Dataset, quote, some_of
from ..labels import encode_labels
from .files import (
    GZIP_ERRORS,
    GZIP_MAGIC,
    MAX_FILE,
    NOT_GZIP,
    gzip_error,
    read_bytes,
    read_head,
    unpacked_head,
)

IMAGES, LABELS = 2051, 2049  # magic numbers: uint8 in three axes, in one
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
    digest: bytes

    def fill(self, out: NDArray[np.uint8]) -> None:
        """Read the values into `out` (of self.shape) and check that the file ends with them."""
        view = out.data.cast("B")
        filled = 0
        try:
            while filled < len(view):
                got = self.stream.readinto(view[filled : filled + (1 << 20)])  # type: ignore[attr-defined]
                if not got:
                    raise DataError(
                        f"is cut short: its header promises {len(view):,} bytes ({_times(self.shape)}), "
                        f"{filled:,} follow; fetch it again",
                        source=self.source,
                    )
                filled += got
            if self.stream.read(1):  # reading to the very end also checks the gzip checksum
                raise DataError(f"holds more than its header promises ({_times(self.shape)})", source=self.source)
        except GZIP_ERRORS as error:
            raise gzip_error(error, self.source) from None


def read_idx(path: Path, source: str) -> Dataset:
    """Load an images file with the labels beside it, or every such pair in a folder. Raises DataError.

    X uint8 (n, height, width). Pairs named train and t10k (or test) become the parts "train" and "test".
    """
    pairs = _pairs_in_folder(path, source) if path.is_dir() else [("", path, _labels_beside(path, source))]
    opened: list[tuple[str, _Opened, _Opened]] = []
    for part, images_path, labels_path in pairs:
        images = _open(images_path, _name(images_path, path, source), IMAGES)
        labels = _open(labels_path, _name(labels_path, path, source), LABELS)
        if images.shape[0] != labels.shape[0]:
            raise DataError(
                f"holds {images.shape[0]:,} images, {labels_path.name} holds {labels.shape[0]:,} labels: "
                "they do not belong together",
                source=images.source,
            )
        opened.append((part, images, labels))
    sizes = {images.shape[1:] for _, images, _ in opened}
    if len(sizes) > 1:
        raise DataError(f"the images are of different sizes: {', '.join(map(_times, sorted(sizes)))}", source=source)
    return _dataset(opened, source, folder=path.is_dir())


def _dataset(opened: list[tuple[str, _Opened, _Opened]], source: str, folder: bool) -> Dataset:
    n = sum(images.shape[0] for _, images, _ in opened)
    shape = opened[0][1].shape[1:]
    try:
        X = np.empty((n, *shape), dtype=np.uint8)
        y = np.empty(n, dtype=np.uint8)
    except MemoryError:
        raise DataError(f"{n:,} images of {_times(shape)} do not fit into memory", source=source) from None
    parts: dict[str, range] = {}
    start = 0
    for part, images, labels in opened:
        rows = range(start, start + images.shape[0])
        labels.fill(y[rows.start : rows.stop])
        images.fill(X[rows.start : rows.stop])
        parts[part] = rows
        start = rows.stop
    files = [file for _, images, labels in opened for file in (images, labels)]
    classes, class_names = encode_labels(y, source=source, what="the labels file")
    return Dataset(
        X=X,
        y=classes,
        feature_names=tuple(f"x{j}" for j in range(X[0].size)),
        class_names=class_names,
        source=source,
        sha256=hashlib.sha256(b"".join(f.digest for f in files)).hexdigest() if folder else files[0].digest.hex(),
        parts=parts if len(parts) > 1 else {},
        guessed={"files": ", ".join(Path(f.source).name for f in files)},
    )


def _open(path: Path, source: str, magic: int) -> _Opened:
    data = read_bytes(path, source)
    packed = data.startswith(GZIP_MAGIC)
    if path.name.lower().endswith(".gz") and not packed:
        raise DataError(NOT_GZIP, source=source)
    stream = cast(BinaryIO, gzip.GzipFile(fileobj=io.BytesIO(data)) if packed else io.BytesIO(data))
    try:
        head = stream.read(4)
        found = int.from_bytes(head, "big") if len(head) == 4 else None
        if found != magic:
            what = "images" if magic == IMAGES else "labels"
            received = "less than four bytes" if found is None else f"{found}"
            raise DataError(
                f"is no IDX file of {what}: expected the magic number {magic}, received {received}",
                source=source,
            )
        axes = magic & 0xFF
        lengths = stream.read(4 * axes)
    except GZIP_ERRORS as error:
        raise gzip_error(error, source) from None
    if len(lengths) < 4 * axes:
        raise DataError("is cut short within its header; fetch it again", source=source)
    shape = struct.unpack(f">{axes}I", lengths)
    size = int(np.prod(shape, dtype=object))
    if size == 0:
        raise DataError(f"holds nothing: its header says {_times(shape)}", source=source)
    if size > MAX_FILE or (not packed and size > len(data)):
        raise DataError(
            f"is cut short or damaged: its header promises {size:,} bytes ({_times(shape)}), "
            f"the file has {len(data):,}; fetch it again",
            source=source,
        )
    return _Opened(source, stream, shape, hashlib.sha256(data).digest())


def _labels_beside(path: Path, source: str) -> Path:
    """The labels file that belongs to the images file `path`."""
    if _axes(path) == 1:
        opened = _open(path, source, LABELS)
        opened.fill(np.empty(opened.shape, dtype=np.uint8))  # damage is told before anything else
        raise DataError("holds labels only: open the images file beside it, or the folder", source=source)
    labels = [p for p in sorted(path.parent.iterdir()) if p != path and p.is_file() and _axes(p) == 1]
    for candidate in labels:
        if _key(candidate) == _key(path):
            return candidate
    if len(labels) == 1:
        return labels[0]
    _open(path, source, IMAGES)  # a file that is no IDX file at all is told first
    expected = path.name.replace("images", "labels").replace("idx3", "idx1")
    raise DataError(f"has no labels file beside it: expected one named {quote(expected, 60)}", source=source)


def _pairs_in_folder(folder: Path, source: str) -> list[tuple[str, Path, Path]]:
    """(part, images, labels) for every pair in the folder; train first, then validation, then test."""
    found: dict[int, dict[str, Path]] = {1: {}, 3: {}}
    try:
        files = sorted(p for p in folder.iterdir() if p.is_file())
    except OSError as error:
        raise DataError(f"cannot be listed: {error.strerror}", source=source) from None
    for file in files:
        axes = _axes(file)
        if axes in found:
            found[axes].setdefault(_key(file), file)  # plain sorts before .gz: the same data twice counts once
    images, labels = found[3], found[1]
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
    """The axes of an IDX file of images (3) or labels (1), by content, else by name; 0 if it is none."""
    if "idx" not in path.name.lower() and "ubyte" not in path.name.lower() and path.suffix not in ("", ".gz"):
        return 0
    try:
        head = unpacked_head(read_head(path, path.name, 512))
    except DataError:
        return 0
    if head[:4] in (b"\0\0\x08\1", b"\0\0\x08\3"):
        return head[3]
    # A damaged file still counts by its name, so that it is named in the error and not passed over.
    named = re.search(r"idx([13])", path.name.lower())
    return int(named[1]) if named else 0


def _key(path: Path) -> str:
    """What the names of an images file and of its labels file have in common."""
    name = re.sub(r"\.gz$", "", path.name.lower())
    return re.sub(r"[-_. ]*(images?|labels?|idx[13]|ubyte)(?=[-_. ]|$)", "", name)


def _name(file: Path, named: Path, source: str) -> str:
    """How an error names `file`: as the user wrote it, or within the folder the user wrote."""
    if file == named:
        return source
    folder = source if named.is_dir() else str(Path(source).parent)
    return str(Path(folder) / file.name)


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(f"{length:,}" for length in shape)
