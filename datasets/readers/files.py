"""Bytes from a file, with every way that can fail put in words."""

import gzip
import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .. import progress
from ..base import DataError

MAX_FILE = 4 << 30  # bytes
MAX_UNPACKED = 1 << 30  # bytes out of one .gz; the largest genuine one known is 220 MB
MAX_RATIO = 100  # times the packed size; genuine data reach 40, a bomb 1,000
SMALL = 16 << 20  # bytes that may come out of anything
PIECE = 1 << 20  # bytes read at a time; also the most that a zip archive's table of contents may have
GZIP_MAGIC = b"\x1f\x8b"
GZIP_ERRORS = (gzip.BadGzipFile, EOFError, zlib.error)


def read_bytes(path: Path, source: str) -> bytes:
    """The whole file. Raises DataError."""
    with open_file(path, source) as file:
        return file.read()


def read_head(path: Path, source: str, size: int = 8192) -> bytes:
    """The first bytes of a regular file. Raises DataError."""
    try:
        if not path.is_file():
            raise DataError("is not a file" if path.exists() else "no such file", source=source)
        with path.open("rb") as file:
            return file.read(size)
    except (OSError, ValueError) as error:
        raise DataError(f"cannot be read: {in_words(error)}", source=source) from None


@contextmanager
def open_file(path: Path, source: str) -> Iterator[BinaryIO]:
    """A regular file, open for reading in pieces. Raises DataError, also for an OSError within the block."""
    try:
        if not path.is_file():
            raise DataError("is not a file" if path.exists() else "no such file", source=source)
        file = path.open("rb")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise DataError(f"cannot be read: {in_words(error)}", source=source) from None
    with file:
        try:
            check_file_size(file, source)
            yield file
        except OSError as error:
            raise DataError(f"cannot be read: {in_words(error)}", source=source) from None


def check_file_size(file: BinaryIO, source: str) -> int:
    """The size of an open file in bytes. Raises DataError if it is empty, or more than this program reads."""
    size = os.fstat(file.fileno()).st_size
    if size > MAX_FILE:
        raise DataError(f"{size:,} bytes are more than this program reads ({MAX_FILE:,})", source=source)
    if not size:
        raise DataError("is empty (0 bytes)", source=source)
    return size


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def sha256_of(file: BinaryIO) -> str:
    """sha256 of a whole open file, which stands at its beginning before and after."""
    digest = hashlib.sha256()
    while piece := file.read(PIECE):
        progress.check()
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()


class _InPieces:
    """An open file that hands over no more than a piece at once: what a file claims is not allocated."""

    def __init__(self, file: BinaryIO, source: str) -> None:
        self._file, self._source = file, source
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        if size > PIECE:
            raise DataError("is no archive of arrays: its table of contents is far too long", source=self._source)
        return self._file.read(size)


def open_zip(file: BinaryIO, source: str) -> zipfile.ZipFile:
    """The archive in an open file. Raises DataError, or any of the errors of zipfile."""
    return zipfile.ZipFile(_InPieces(file, source))


def unpacked(data: bytes, source: str, limit: int = MAX_UNPACKED) -> bytes:
    """`data`, unpacked if it is gzip. Raises DataError if it is damaged, or unpacks to more than `limit`."""
    if not data.startswith(GZIP_MAGIC):
        if source.lower().endswith(".gz"):
            raise DataError(NOT_GZIP, source=source)
        return data
    limit = min(limit, most_unpacked(len(data)))
    out = io.BytesIO()  # hands its bytes over without another copy
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            while piece := file.read(PIECE):
                progress.check()
                if out.tell() + len(piece) > limit:
                    raise DataError(
                        f"unpacks to more than {limit:,} bytes, far more than data do: refused", source=source
                    )
                out.write(piece)
    except GZIP_ERRORS as error:
        raise gzip_error(error, source) from None
    return out.getvalue()


def most_unpacked(packed: int) -> int:
    """The most bytes that so many packed ones may unpack to: more than any data, less than a bomb."""
    return min(MAX_UNPACKED, max(SMALL, MAX_RATIO * packed))


def unpacked_head(head: bytes) -> bytes:
    """What can be unpacked of the first bytes of a gzip file; `head` itself if it is not gzip."""
    if not head.startswith(GZIP_MAGIC):
        return head
    try:
        return zlib.decompressobj(wbits=31).decompress(head, 8192)
    except zlib.error:
        return b""


NOT_GZIP = "is named .gz but is not gzip (a browser may have unpacked it): take .gz off its name, or fetch it again"


def gzip_error(error: Exception, source: str) -> DataError:
    if isinstance(error, EOFError):
        return DataError("is cut short: the gzip data ends early; fetch it again", source=source)
    if "CRC" in str(error):
        return DataError("is damaged: the gzip checksum does not match; fetch it again", source=source)
    return DataError("is damaged: its gzip data cannot be unpacked; fetch it again", source=source)


def in_words(error: Exception) -> str:
    """An OSError's own words without number and path; another error's text."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
