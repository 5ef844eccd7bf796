"""How many BLAS threads work on an experiment outside of its trainer: as many as the trainer would take."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tui.lab.spec import Spec

_lock = threading.Lock()
_wanted: list[int] = []
_limiter: Any = None


@contextmanager
def blas_threads(spec: Spec) -> Iterator[None]:
    """Limits NumPy's BLAS for the block: on all processors, small products wait for busy neighbours.

    The limit is the whole process's. Blocks may lie in each other, or overlap in several threads or suspended
    generators: the smallest wish counts, and the last one to end puts back what was before the first.
    """
    from tui.lab.trainer import threads_for

    wish = threads_for(spec)
    with _lock:
        _wanted.append(wish)
        _limit()
    try:
        yield
    finally:
        with _lock:
            _wanted.remove(wish)
            _limit()


def _limit() -> None:
    global _limiter
    # Only now: NumPy's BLAS must be loaded before it can be found.
    import numpy  # noqa: F401
    from threadpoolctl import threadpool_limits

    if _limiter is not None:
        _limiter.restore_original_limits()
        _limiter = None
    if _wanted:
        _limiter = threadpool_limits(limits=min(_wanted), user_api="blas")
