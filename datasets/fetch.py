"""A published data set brought into a cache folder: each file checked by its sha256, archives taken apart."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .base import DataError
from .download import FetchError, NotReachedError, Silent, Watcher, download, sha256_of
from .published import PublishedFile, PublishedSet, set_folder
from .unpack import unpack
from .web import TIMEOUT

__all__ = ["FetchError", "Fetched", "FetchedFile", "Watcher", "fetch"]

UNPACKED = "unpacked.json"
"""Beside what came out of an archive: the archive's sha256, and each member's."""


@dataclass(frozen=True)
class FetchedFile:
    """A file of a set; cached if it was here already."""

    name: str
    bytes: int
    sha256: str
    cached: bool


@dataclass(frozen=True)
class Fetched:
    """A set that is here. path: what to open."""

    name: str
    path: Path
    files: tuple[FetchedFile, ...]

    @property
    def cached(self) -> bool:
        """Whether nothing had to be fetched."""
        return all(file.cached for file in self.files)

    def summary(self) -> dict[str, Any]:
        """The facts as plain values that JSON can hold."""
        return {
            "name": self.name,
            "path": str(self.path),
            "files": [{"name": f.name, "bytes": f.bytes, "sha256": f.sha256, "cached": f.cached} for f in self.files],
            "bytes": sum(file.bytes for file in self.files),
            "cached": self.cached,
        }


def fetch(
    published: PublishedSet,
    cache: Path,
    *,
    force: bool = False,
    watch: Watcher | None = None,
    timeout: float = TIMEOUT,
) -> Fetched:
    """Bring the set into `cache/<name>`; what is there already is checked, and kept if it is right.

    force: fetch it all again. A file that was put there by hand counts as fetched if its sha256 is right.
    Raises FetchError in words that name where the files can be put by hand.
    """
    watch = watch or Silent()
    folder = set_folder(published, cache)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if published.members and not force and _unpacked(folder, published):
            files = [FetchedFile(f.name, f.bytes, f.sha256, cached=True) for f in published.files]
        else:
            files = _files(published, folder, force, watch, timeout)
    except NotReachedError as error:
        raise FetchError(f"{error.message}. {_by_hand(published, folder)}", source=published.name) from None
    except DataError as error:
        raise FetchError(str(error), source=published.name) from None
    except OSError as error:
        where = error.filename or folder
        raise FetchError(
            f"{where}: {error.strerror or error}: choose another folder with --cache", source=published.name
        ) from None
    return Fetched(published.name, folder / published.opens, tuple(files))


def _files(published: PublishedSet, folder: Path, force: bool, watch: Watcher, timeout: float) -> list[FetchedFile]:
    here = {file.name: not force and _is_right(folder / file.name, file, watch) for file in published.files}
    _check_room(published, folder, here)
    files = []
    for file in published.files:
        if not here[file.name]:
            download(file, folder / file.name, watch, timeout)
        files.append(FetchedFile(file.name, file.bytes, file.sha256, here[file.name]))
        if published.members:
            _unpack(folder, published, file)
            if not here[file.name]:  # what somebody put there stays
                (folder / file.name).unlink()
    return files


def _is_right(path: Path, file: PublishedFile, watch: Watcher) -> bool:
    if not path.exists():
        return False
    if path.stat().st_size == file.bytes and sha256_of(path) == file.sha256:
        return True
    watch.note(f"{file.name}: is here, but not as it was published: fetching it again")
    return False


def _check_room(published: PublishedSet, folder: Path, here: Mapping[str, bool]) -> None:
    """Better now than after 160 of 170 MB."""
    parts = {file.name: folder / f"{file.name}.part" for file in published.files}
    needed = sum(
        file.bytes - (parts[file.name].stat().st_size if parts[file.name].exists() else 0)
        for file in published.files
        if not here[file.name]
    )
    if published.members:
        needed += int(1.1 * published.bytes)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise FetchError(
            f"{needed / 1e6:,.1f} MB are needed in {folder}, {free / 1e6:,.1f} MB are free: "
            "make room there, or choose another folder with --cache"
        )


def _unpack(folder: Path, published: PublishedSet, file: PublishedFile) -> None:
    (folder / UNPACKED).unlink(missing_ok=True)
    unpack(folder / file.name, folder, published.members)
    sums = {member: sha256_of(folder / member) for member in published.members}
    text = json.dumps({"archive": file.sha256, "members": sums}, indent=2) + "\n"
    making = folder / f".{UNPACKED}-{os.getpid()}"
    making.write_text(text, encoding="utf-8")
    os.replace(making, folder / UNPACKED)


def _unpacked(folder: Path, published: PublishedSet) -> bool:
    """Whether the members are here as they came out of the very archive that is published."""
    try:
        record = json.loads((folder / UNPACKED).read_bytes())
        return record["archive"] == published.files[0].sha256 and all(
            sha256_of(folder / member) == record["members"][member] for member in published.members
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _by_hand(published: PublishedSet, folder: Path) -> str:
    names = ", ".join(file.name for file in published.files)
    what = names if len(published.files) == 1 else f"its {len(published.files)} files"
    return f"Or put {what} ({published.page}) into {folder} and run this again"
