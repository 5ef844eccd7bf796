"""A `.tar.gz` taken apart: the expected files, and nothing else that such an archive can hold."""

import contextlib
import gzip
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO, cast

from .base import DataError, quote

MOST_BYTES = 400 << 20  # out of one archive; CIFAR-10 unpacks to 186 MB
DAMAGED = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile)


class _Bounded:
    """A gzip stream that ends in a DataError rather than in gigabytes."""

    def __init__(self, file: IO[bytes], limit: int) -> None:
        self.file = file
        self.left = limit

    def read(self, size: int) -> bytes:
        data = self.file.read(size)
        self.left -= len(data)
        if self.left < 0:
            raise DataError("unpacks to more bytes than it may: refused")
        return data


def unpack(archive: Path, folder: Path, members: Sequence[str], limit: int = MOST_BYTES) -> None:
    """Put the members of a .tar.gz into `folder`: all of them, or nothing.

    members: their names in the archive, as "top/file". Links, devices, absolute paths, names that are not
    expected, the same name twice, a member that lacks, and more than `limit` bytes in all are refused.
    Raises DataError for the archive, OSError for the disk.
    """
    tops = {name.partition("/")[0] for name in members}
    making = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=folder))
    try:
        with gzip.open(archive, "rb") as packed:
            _take(cast(IO[bytes], _Bounded(cast(IO[bytes], packed), limit)), making, members)
        for top in tops:
            if (folder / top).exists():  # a rename does not replace a folder that holds something
                os.rename(folder / top, making / f"{top}.old")
            os.rename(making / top, folder / top)
    except DataError as error:
        raise DataError(error.message, source=str(archive)) from None
    except DAMAGED:
        raise DataError("is damaged: it cannot be unpacked", source=str(archive)) from None
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _take(stream: IO[bytes], making: Path, members: Sequence[str]) -> None:
    left = set(members)
    folders = {name.rpartition("/")[0] for name in members}
    # A stream is read once from front to end: nothing in the archive can send the reader elsewhere.
    with contextlib.closing(tarfile.open(fileobj=stream, mode="r|")) as tar:
        for member in tar:
            if member.isdir() and member.name in folders:
                continue
            if not member.isreg() or member.issparse():
                raise DataError(f"holds {quote(member.name)}, which is no plain file: refused")
            if member.name not in left:
                raise DataError(f"holds {quote(member.name)}, which is not expected there: refused")
            left.remove(member.name)
            content = tar.extractfile(member)
            target = making / member.name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                shutil.copyfileobj(cast(IO[bytes], content), file, 1 << 20)
            if target.stat().st_size != member.size:
                raise EOFError
    while stream.read(1 << 20):  # to the end, where gzip has its checksum
        pass
    if left:
        raise DataError(f"lacks {quote(min(left))}")
