"""How far a reader has come, for whoever waits; and the way to stop it.

A reader says `tell(done, total)` now and then, or `check()` where it cannot know how far it is. Somebody who
reads inside `listening(...)` hears it, in the same thread, and may raise `Stopped` to end the reading there:
files are closed and nothing is handed over.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[float | None], None]
"""Called with a share from 0 to 1, None where it is not known; what it raises ends the reading."""


class Stopped(BaseException):
    """The reading was given up. No `Exception`: readers turn those of a damaged file into words."""


_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Within the block what is read in this thread says how far it has come."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def tell(done: int, total: int) -> None:
    """So much of the whole is read."""
    if (listener := _listener.get()) is not None:
        listener(min(max(done / total, 0.0), 1.0) if total > 0 else None)


def check() -> None:
    """Something is being done that has no measure."""
    if (listener := _listener.get()) is not None:
        listener(None)
