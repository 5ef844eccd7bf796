"""A watch on an event loop: whatever holds it longer than a key press is felt is told, with where it stood."""

import asyncio
import gc
import sys
import threading
import time
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any

import pytest

BUSY_SECONDS = 0.25
"""Of the processor's time in one callback: on a machine with much else to do the wall clock says nothing."""
BLOCKED_SECONDS = 2.0
"""Asleep in one callback: waiting for a disk, a lock or a process."""
LOOK_SECONDS = 0.01


class Watchdog:
    """Watches the running loop of the thread that enters it.

    A callback of the loop that uses more than ``busy`` seconds of processor time, or is ``blocked`` for longer while it
    uses none, is a freeze. ``freezes`` says each with the stack at the time.
    """

    def __init__(self, *, busy: float = BUSY_SECONDS, blocked: float = BLOCKED_SECONDS) -> None:
        self.busy, self.blocked = busy, blocked
        self.freezes: list[str] = []
        self.longest = 0.0
        self._at_work: tuple[int, float, float] | None = None
        self._turns = 0
        self._rubbish = 0.0
        self._stacks: dict[int, str] = {}
        self._ended = threading.Event()

    def __enter__(self) -> "Watchdog":
        self._loop_thread = threading.get_ident()
        self._native = threading.get_native_id()
        self._clock = time.pthread_getcpuclockid(self._loop_thread)
        self._patch = pytest.MonkeyPatch()
        self._patch.setattr(asyncio.events.Handle, "_run", self._timed(asyncio.events.Handle._run))
        gc.callbacks.append(self._clean)
        self._watcher = threading.Thread(target=self._watch, daemon=True, name="watchdog")
        self._watcher.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        gc.callbacks.remove(self._clean)
        self._patch.undo()
        self._watcher.join()

    def _timed(self, run: Callable[[Any], None]) -> Callable[[Any], None]:
        def timed(handle: Any) -> None:
            if threading.get_ident() != self._loop_thread:
                run(handle)
                return
            self._turns = turn = self._turns + 1
            began, used = time.perf_counter(), time.thread_time()
            waited, rubbish = self._waited(), self._rubbish
            self._at_work = (turn, began, used)
            try:
                run(handle)
            finally:
                self._at_work = None
                used = time.thread_time() - used - (self._rubbish - rubbish)
                self.longest = max(self.longest, used)
                asleep = time.perf_counter() - began - used
                if used > self.busy:
                    self._tell(turn, f"used the processor for {1000 * used:.0f} ms")
                elif asleep > self.blocked and (asleep := asleep - (self._waited() - waited)) > self.blocked:
                    self._tell(turn, f"was held up for {1000 * asleep:.0f} ms")
                self._stacks.pop(turn, None)

        return timed

    def _clean(self, phase: str, info: dict[str, int]) -> None:
        """A test holds the rubbish of all those before it: looking through that is not the application's time."""
        if threading.get_ident() == self._loop_thread:
            self._rubbish += time.thread_time() if phase == "stop" else -time.thread_time()

    def _waited(self) -> float:
        """Seconds that the loop's thread was ready and had no processor; 0 where the kernel does not say."""
        try:
            with open(f"/proc/self/task/{self._native}/schedstat") as file:
                return int(file.read().split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            return 0.0

    def _tell(self, turn: int, words: str) -> None:
        stack = self._stacks.get(turn, "(gone before it was looked at)")
        self.freezes.append(f"the loop {words} in one callback, among other things here:\n{stack}")

    def _watch(self) -> None:
        """Takes the stack of a callback on its way to being a freeze, while it is at it."""
        while not self._ended.wait(LOOK_SECONDS):
            work = self._at_work
            if work is None or work[0] in self._stacks:
                continue
            turn, began, used = work
            busy = time.clock_gettime(self._clock) - used > 0.7 * self.busy
            if busy or time.perf_counter() - began > 0.7 * self.blocked:
                frame = sys._current_frames().get(self._loop_thread)
                if frame is not None and self._at_work is work:
                    self._stacks[turn] = "".join(traceback.format_stack(frame)[-14:])
