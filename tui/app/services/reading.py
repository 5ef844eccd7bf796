"""One reading of data: says how far it is once it takes long, and ends when nobody wants it any more."""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType

from datasets.progress import Stopped, listening

PATIENCE = 0.15
"""Seconds after which somebody is told that there is something to wait for."""
EVERY = 0.1
"""Seconds from one figure to the next: each is a line sent to the terminal."""


class Reading:
    """Within its block, readers in this thread are listened to.

    Args:
        tell: Called from this thread or a timer's with the share that is read, None where it is not known;
            never before `PATIENCE` seconds, nor more often than one can read.
        wanted: Whether somebody still waits; once not, the next word of a reader raises `Stopped` in it.
        clock: Seconds, never backwards.
    """

    def __init__(
        self,
        tell: Callable[[float | None], None],
        wanted: Callable[[], bool],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell, self._wanted, self._clock = tell, wanted, clock
        self._next = clock() + PATIENCE
        self._share: float | None = None
        self._timer = threading.Timer(PATIENCE, self._say_something)
        self._timer.daemon = True
        self._open = ExitStack()

    def __enter__(self) -> "Reading":
        self._open.enter_context(listening(self.hear))
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._open.close()

    def hear(self, share: float | None) -> None:
        """What a reader says. Raises Stopped where nobody waits for it."""
        if not self._wanted():
            raise Stopped
        self._share = share
        now = self._clock()
        if now >= self._next:
            self._next = now + EVERY
            self._tell(share)

    def _say_something(self) -> None:
        """A reader may be silent for long: that it is being read is said all the same."""
        if self._wanted():
            self._tell(self._share)
