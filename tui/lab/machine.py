"""What this machine has: processors, memory, NumPy's BLAS, room for runs."""

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NETWORK = ("nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "afs", "9p", "ceph", "lustre", "gpfs", "beegfs")
"""File systems that lie on another machine."""


@dataclass(frozen=True)
class Machine:
    """What there is to compute with.

    Attributes:
        python: Its version.
        numpy: Its version; "" where it cannot be imported.
        blas: The library that NumPy multiplies with, "" where it is not known.
        blas_threads: How many threads that takes by itself.
        cpus: Processors that this process may use.
        memory: Bytes of memory that are free to take; None where it is not known.
    """

    python: str
    numpy: str
    blas: str
    blas_threads: int | None
    cpus: int
    memory: int | None


@dataclass(frozen=True)
class Folder:
    """Where something is kept.

    Attributes:
        path: The folder, which need not exist yet.
        writable: Whether it can be written, or made.
        free: Bytes that are free; None where it is not known.
        file_system: Its kind, "" where it is not known.
    """

    path: Path
    writable: bool
    free: int | None
    file_system: str

    @property
    def is_remote(self) -> bool:
        """Whether it lies on another machine."""
        return self.file_system in NETWORK


def look_at_machine() -> Machine:
    """This machine."""
    blas: dict[str, Any] = {}
    version = ""
    try:
        import numpy
        from threadpoolctl import threadpool_info

        version = numpy.__version__
        blas = next((found for found in threadpool_info() if found.get("user_api") == "blas"), {})
    except ImportError:
        pass
    return Machine(
        python=platform.python_version(),
        numpy=version,
        blas=f"{blas.get('internal_api', '')} {blas.get('version') or ''}".strip(),
        blas_threads=blas.get("num_threads"),
        cpus=_cpus(),
        memory=_memory(),
    )


def look_at_folder(path: Path) -> Folder:
    """A folder, or what is there of the way to it. Nothing is made."""
    there = path
    while not there.exists() and there != there.parent:
        there = there.parent
    writable = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    try:
        free = shutil.disk_usage(there).free
    except OSError:
        free = None
    return Folder(path, writable, free, _file_system(there))


def _cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> int | None:
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    if sys.platform == "darwin":
        return None
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None


def _file_system(path: Path) -> str:
    """The kind of the file system that is mounted nearest above a path."""
    try:
        with open("/proc/self/mounts", encoding="utf-8", errors="surrogateescape") as file:
            mounts = [line.split() for line in file]
    except OSError:
        return ""
    best, found = -1, ""
    real = Path(os.path.realpath(path))
    for _, where, kind, *_ in (mount for mount in mounts if len(mount) >= 3):
        place = Path(where.replace("\\040", " "))
        # The last of several in one place lies on top.
        if real.is_relative_to(place) and len(place.parts) >= best:
            best, found = len(place.parts), kind
    return found
