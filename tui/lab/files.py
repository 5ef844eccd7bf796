"""Files that another process may read at any moment: whole, old or new, never half."""

import contextlib
import errno
import os
import sys
import tempfile
import time
from pathlib import Path


def write_atomic(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Puts ``data`` in place of ``path`` in one step.

    With ``sync`` the bytes are on the disk before the old file goes: what is there survives a power
    cut. Raises OSError (full disk, no permission); the old file is then untouched.
    """
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        try:
            write_all(descriptor, data)
            # mkstemp makes files for the owner alone; a teacher may have to read a run.
            os.chmod(temporary, 0o666 & ~_umask())
            if sync:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def sweep(folder: Path, *names: str) -> None:
    """Removes what a killed process left of files in the making whose names end so. Only for their one writer."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if path.name.startswith(".") and path.name[1:].rpartition("-")[0].endswith(names):
                with contextlib.suppress(OSError):
                    path.unlink()


def write_all(descriptor: int, data: bytes) -> None:
    """Writes every byte: a nearly full disk takes a part of them first. Raises OSError."""
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def write_in_place(path: Path, data: bytes) -> None:
    """Overwrites a file that is there, for a disk without room for a second one: blanks fill up its length.

    Raises OSError.
    """
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.pwrite(descriptor, data.ljust(os.fstat(descriptor).st_size), 0)
    finally:
        os.close(descriptor)


def log_line(message: str) -> None:
    """A line with date and pid for trainer.log, which is a trainer's stderr; a full disk loses it."""
    with contextlib.suppress(OSError):
        print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} [{os.getpid()}] {message}", file=sys.stderr, flush=True)


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_full(error: OSError) -> bool:
    """Whether the disk, or one's share of it, is full."""
    return error.errno in _FULL


def os_error_text(error: OSError, path: Path | None = None) -> str:
    """An OSError in one line: ``/runs/1120-1402-tp4: No space left on device``."""
    where = path or error.filename
    return f"{where}: {error.strerror or error}" if where else str(error.strerror or error)


_UMASK: int | None = None


def _umask() -> int:
    """The process's umask. It can only be read by setting it, so it is read once."""
    global _UMASK
    if _UMASK is None:
        _UMASK = os.umask(0o077)
        os.umask(_UMASK)
    return _UMASK
