"""One file over HTTP: from the first of its addresses that gives the right bytes, going on where it was cut.

What has come stands in `<name>.part`. It is renamed to `<name>` once its sha256 is right, and never before.
"""

import contextlib
import errno
import hashlib
import http.client
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, Protocol

from .base import DataError
from .published import PublishedFile
from .web import TIMEOUT, Trouble, in_words, make_opener

try:
    import fcntl
except ImportError:  # Windows: two fetches of one file at a time spoil it there, and its sum says so
    fcntl = None  # type: ignore[assignment]

LEAST_SPEED = 500  # bytes a second over TIMEOUT: a server that trickles is no better than one that is silent
MOST_TRIES = 10  # at one address, each of which has brought something
CHUNK = 1 << 16


class FetchError(DataError):
    """Files that could not be fetched, for no fault of the words that asked for them."""


class NotReachedError(FetchError):
    """No address gave the file: a network would help, or a hand."""


class Watcher(Protocol):
    """Hears how a fetch goes."""

    def progress(self, name: str, done: int, total: int) -> None:
        """`done` of the `total` bytes of a file are here."""

    def note(self, words: str) -> None:
        """Something worth a line: another address is tried, a file is damaged."""


class Silent:
    """Hears, and says nothing."""

    def progress(self, name: str, done: int, total: int) -> None:
        return

    def note(self, words: str) -> None:
        return


class SlowTrouble(Trouble):
    """An address that gives bytes, but too few of them to ask again."""


def download(file: PublishedFile, target: Path, watch: Watcher, timeout: float = TIMEOUT) -> None:
    """Put the file at `target`. Raises FetchError, and leaves `<target>.part` for the next time where it was cut.

    timeout: seconds to wait for an answer, and over which the speed is measured.
    """
    part = Part(target.with_name(target.name + ".part"))
    try:
        troubles = []
        for url in file.urls:
            try:
                _from(url, file, part, watch, timeout)
            except Trouble as trouble:
                troubles.append(f"{urllib.parse.urlsplit(url).hostname}: {trouble}")
                watch.note(f"{file.name}: {troubles[-1]}")
                continue
            break
        else:
            kept = f"; {part.size:,} of {file.bytes:,} bytes are kept, to go on from" if part.size else ""
            raise NotReachedError(f"{file.name} did not come: {'; '.join(dict.fromkeys(troubles))}{kept}")
    except FetchError:
        part.close(remove=not part.size)
        raise
    finally:
        part.close()
    with _disk(target):
        os.replace(part.path, target)
        part.note.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    """sha256 of a file's bytes. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def _disk(path: Path) -> Any:
    """An error of the disk in words: it ends the fetch, for no other address can help."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG)
        advice = ": make room there, or choose another folder with --cache" if full else ""
        raise FetchError(f"{path} cannot be written ({error.strerror or error}){advice}") from None


class Part:
    """The file that grows, locked against a second fetch; beside it, in `.from`, address and ETag of its bytes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.note = path.with_name(path.name + ".from")
        with _disk(path):
            self.file = open(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b", buffering=0)  # noqa: SIM115
        if fcntl is not None:
            try:
                fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.file.close()
                raise FetchError(f"{path}: another fetch is writing it: wait for that one") from None
            except OSError:
                pass  # a file system without locks
        self.size = self.file.seek(0, os.SEEK_END)

    def write(self, data: bytes) -> None:
        with _disk(self.path):
            view = memoryview(data)
            while view:
                written = self.file.write(view) or 0
                self.size += written
                view = view[written:]

    def clear(self) -> None:
        with _disk(self.path):
            self.file.seek(0)
            if self.size:
                self.file.truncate()
            self.size = 0
            self.note.unlink(missing_ok=True)

    def remember(self, url: str, etag: str | None) -> None:
        """Keep the strong ETag of the bytes that come from `url`: a weak one promises nothing about bytes."""
        with _disk(self.note):
            if etag and etag.startswith('"') and etag.isprintable():
                self.note.write_text(f"{url}\n{etag}\n", encoding="utf-8")
            else:
                self.note.unlink(missing_ok=True)

    def etag(self, url: str) -> str:
        """The ETag under which `url` gave the bytes that are here; "" if it gave none, or another address did."""
        try:
            lines = self.note.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError):
            return ""
        return lines[1] if lines[0] == url and len(lines) > 1 else ""

    def sha256(self) -> str:
        with _disk(self.path):
            self.file.seek(0)
            digest = hashlib.file_digest(self.file, "sha256").hexdigest()
            self.file.seek(0, os.SEEK_END)
        return digest

    def close(self, *, remove: bool = False) -> None:
        """Close the file. What `remove` takes away is what another fetch may not be writing: the lock is held."""
        if remove and not self.file.closed:
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)
                self.note.unlink(missing_ok=True)
        self.file.close()


def _from(url: str, file: PublishedFile, part: Part, watch: Watcher, timeout: float) -> None:
    """The file from one address, in as many tries as bring something each. Raises Trouble, FetchError."""
    for _ in range(MOST_TRIES):
        if part.size > file.bytes:
            part.clear()
        before = part.size
        if before:
            watch.note(f"{file.name}: going on after {before:,} of {file.bytes:,} bytes")
        trouble = None
        if before < file.bytes:
            try:
                _transfer(url, file, part, watch, timeout)
            except SlowTrouble:
                raise
            except Trouble as caught:
                trouble = caught
        if part.size == file.bytes:
            if part.sha256() == file.sha256:
                return
            part.clear()
            trouble = Trouble("what it gives is not the file (its sha256 is another)")
            if before:  # the bytes that were here may have been the wrong ones
                watch.note(f"{file.name}: damaged, from the start again")
                continue
            raise trouble
        if part.size <= before:
            raise trouble or Trouble("the connection ended before anything came")
        watch.note(f"{file.name}: {trouble or 'the connection was cut'}")
    raise Trouble(f"cut {MOST_TRIES} times")


def _transfer(url: str, file: PublishedFile, part: Part, watch: Watcher, timeout: float) -> None:
    """Ask once for what is missing, and write it as it comes; returns when the answer ends. Raises Trouble."""
    headers = {"User-Agent": "mlp-tui", "Accept-Encoding": "identity"}
    if part.size:
        headers["Range"] = f"bytes={part.size}-"
        if etag := part.etag(url):
            headers["If-Range"] = etag
    try:
        with make_opener().open(urllib.request.Request(url, headers=headers), timeout=timeout) as answer:
            _begin(answer, url, file, part)
            _receive(answer, file, part, watch, timeout)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and part.size:
            part.clear()
            return _transfer(url, file, part, watch, timeout)
        raise Trouble(in_words(error, timeout)) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Trouble(in_words(error, timeout)) from None
    return None


def _begin(answer: Any, url: str, file: PublishedFile, part: Part) -> None:
    """Check that the answer goes on where the part ends; start over where the server gives it all. Raises Trouble."""
    if answer.status == http.client.PARTIAL_CONTENT:
        told = answer.headers.get("Content-Range", "")
        if told.strip() not in (f"bytes {part.size}-{file.bytes - 1}/{size}" for size in (file.bytes, "*")):
            part.clear()
            raise Trouble("its answer is another part of the file, or of another file")
    elif answer.status == http.client.OK:
        part.clear()
    else:
        raise Trouble(f"{answer.status} {answer.reason}")
    length = answer.headers.get("Content-Length")
    if length is not None and length != str(file.bytes - part.size):
        part.clear()
        raise Trouble(f"gives {length} bytes, and {file.bytes - part.size:,} are missing")
    part.remember(url, answer.headers.get("ETag"))


def _receive(answer: Any, file: PublishedFile, part: Part, watch: Watcher, timeout: float) -> None:
    began, before = time.monotonic(), part.size
    watch.progress(file.name, part.size, file.bytes)
    # read1 gives what is there: read would wait for a whole chunk of what a slow server trickles.
    while data := answer.read1(CHUNK):
        if part.size + len(data) > file.bytes:
            part.clear()
            raise Trouble(f"gives more than the {file.bytes:,} bytes of the file")
        part.write(data)
        watch.progress(file.name, part.size, file.bytes)
        if part.size == file.bytes:
            return
        if time.monotonic() - began >= timeout:
            if part.size - before < LEAST_SPEED * timeout:
                raise SlowTrouble(f"slower than {LEAST_SPEED} bytes a second")
            began, before = time.monotonic(), part.size
