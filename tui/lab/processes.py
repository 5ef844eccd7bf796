"""Which process is meant by a pid written down earlier, and who may train a run."""

import json
import os
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from tui.lab.errors import LabError
from tui.lab.files import write_all

_EMPTY_LOCK_GRACE = 5.0
"""Seconds that a lock file may stay empty: its maker is between making and writing it."""
_SETTLE = 0.02
"""Seconds after which one looks whether one's lock is still there."""


def host_name() -> str:
    return socket.gethostname()


def process_start(pid: int) -> str:
    """A mark of when process ``pid`` began, so that a pid given out again is not taken for it.

    Empty where there is no such process, or only its zombie.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return ""
        return _process_start_by_ps(pid)
    except OSError:  # ended while it was being read
        return ""
    # The second column, the command's name in brackets, may itself hold blanks and brackets.
    columns = stat.rpartition(")")[2].split()
    state, started = columns[0], columns[19]
    return "" if state in ("Z", "X") else started


def _process_start_by_ps(pid: int) -> str:
    """The same where there is no /proc (macOS, the BSDs)."""
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split(None, 1)
    except OSError:
        return ""
    return "" if len(answer) < 2 or answer[0].startswith("Z") else answer[1].strip()


def is_alive(pid: int, start: str) -> bool:
    """Whether the process of this pid still is the one that began at ``start``, on this host."""
    now = process_start(pid)
    return bool(now) and (not start or now == start)


def _number(pid: object) -> int:
    return pid if isinstance(pid, int) else -1


def held_by(path: Path) -> str:
    """Who holds a run's lock, in words; "" where nobody does, or a process that is gone from this host."""
    holder = RunLock.holder(path)
    if not holder:
        return ""
    if holder.get("host") != host_name():
        return f"process {holder.get('pid')} on {holder.get('host')}"
    alive = is_alive(_number(holder.get("pid")), str(holder.get("start", "")))
    return f"process {holder['pid']}" if alive else ""


class RunLock:
    """One trainer a run: a file made with O_EXCL that names its holder.

    A lock whose process is gone from this host is taken over. One held on another host is believed, since from here
    nobody can see whether that process lives; ``take_over`` says that it does not.
    """

    def __init__(self, path: Path, *, take_over: bool = False) -> None:
        self.path = path
        self._take_over = take_over
        self._mine: dict[str, Any] = {}

    def __enter__(self) -> "RunLock":
        for _ in range(5):
            try:
                descriptor = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
            except FileExistsError:
                self._clear_if_stale()
                continue
            self._mine = {"host": host_name(), "pid": os.getpid(), "start": process_start(os.getpid())}
            try:
                write_all(descriptor, json.dumps(self._mine).encode())
            except OSError:  # an empty lock would keep the next one out
                self.path.unlink(missing_ok=True)
                raise
            finally:
                os.close(descriptor)
            if self._is_kept():
                return self
            raise LabError(f"{self.path.parent}: another trainer has just taken it")
        raise LabError(f"{self.path.parent}: its lock is being fought over: try again")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.holder(self.path) == self._mine:
            self.path.unlink(missing_ok=True)

    def _is_kept(self) -> bool:
        """Whether it is still ours a moment later: one who clears a dead lock away may have had ours in hand."""
        for _ in range(10):
            time.sleep(_SETTLE)
            holder = self.holder(self.path)
            if holder is not None:
                return holder == self._mine
        return False

    def _clear_if_stale(self) -> None:
        """Moves a dead process's lock away. Raises LabError where a live one holds it."""
        holder = self.holder(self.path)
        if holder is None:  # let go in this moment
            return
        if not holder:
            time.sleep(0.1)
            if self._age() < _EMPTY_LOCK_GRACE:
                raise LabError(f"{self.path.parent}: another trainer is just starting it")
        elif holder.get("host") != host_name():
            if not self._take_over:
                raise LabError(
                    f"{self.path.parent}: being trained on {holder.get('host')} by process {holder.get('pid')}; "
                    f"if that machine is off, take the run over with --force, or remove {self.path}"
                )
        elif is_alive(_number(holder.get("pid")), str(holder.get("start", ""))):
            raise LabError(f"{self.path.parent}: being trained already, by process {holder.get('pid')}")
        # Two may find the same dead lock: each moves one file away, and whoever moved a new one puts it back.
        aside = self.path.with_name(f".{self.path.name}-{os.getpid()}")
        try:
            os.rename(self.path, aside)
        except FileNotFoundError:
            return
        if self.holder(aside) != holder:
            os.rename(aside, self.path)
            raise LabError(f"{self.path.parent}: another trainer has just taken it")
        aside.unlink()

    @staticmethod
    def holder(path: Path) -> dict[str, Any] | None:
        """What the lock file says: {} for an empty or torn one, None where there is none."""
        try:
            holder = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError):
            return {}
        return holder if isinstance(holder, dict) else {}

    def _age(self) -> float:
        try:
            return time.time() - self.path.stat().st_mtime
        except FileNotFoundError:
            return 0.0
