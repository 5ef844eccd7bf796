"""Bytes from a file, with every way that can fail put in words."""

import gzip
import hashlib
import io
import zlib
from pathlib import Path

from ..base import DataError

MAX_FILE = 4 << 30  # bytes
MAX_UNPACKED = 1 << 30  # bytes out of one .gz; the largest genuine one known is 220 MB
GZIP_MAGIC = b"\x1f\x8b"
GZIP_ERRORS = (gzip.BadGzipFile, EOFError, zlib.error)


def read_bytes(path: Path, source: str) -> bytes:
    """The whole file. Raises DataError."""
    try:
        if not path.is_file():
            raise DataError("is not a file" if path.exists() else "no such file", source=source)
        size = path.stat().st_size
        if size > MAX_FILE:
            raise DataError(f"{size:,} bytes are more than this program reads ({MAX_FILE:,})", source=source)
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise DataError(f"cannot be read: {in_words(error)}", source=source) from None
    if not data:
        raise DataError("is empty (0 bytes)", source=source)
    return data


def read_head(path: Path, source: str, size: int = 8192) -> bytes:
    """The first bytes of a regular file. Raises DataError."""
    try:
        if not path.is_file():
            raise DataError("is not a file" if path.exists() else "no such file", source=source)
        with path.open("rb") as file:
            return file.read(size)
    except (OSError, ValueError) as error:
        raise DataError(f"cannot be read: {in_words(error)}", source=source) from None


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def unpacked(data: bytes, source: str, limit: int = MAX_UNPACKED) -> bytes:
    """`data`, unpacked if it is gzip. Raises DataError if it is damaged, or unpacks to more than `limit`."""
    if not data.startswith(GZIP_MAGIC):
        if source.lower().endswith(".gz"):
            raise DataError(NOT_GZIP, source=source)
        return data
    pieces: list[bytes] = []
    size = 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            while piece := file.read(1 << 20):
                size += len(piece)
                if size > limit:
                    raise DataError(f"unpacks to more than {limit:,} bytes: refused", source=source)
                pieces.append(piece)
    except GZIP_ERRORS as error:
        raise gzip_error(error, source) from None
    return b"".join(pieces)


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
