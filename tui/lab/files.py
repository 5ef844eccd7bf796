"""Files that another process may read at any moment: whole, old or new, never half."""

import os
import tempfile
from pathlib import Path


def write_atomic(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Puts ``data`` in place of ``path`` in one step.

    With ``sync`` the bytes are on the disk before the old file goes: what is there survives a power
    cut. Raises OSError (full disk, no permission); the old file is then untouched.
    """
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            # mkstemp makes files for the owner alone; a teacher may have to read a run.
            os.chmod(temporary, 0o666 & ~_umask())
            if sync:
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


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
