"""Leaving at once: threads that still work keep no process alive, and SIGTERM leaves the terminal in order."""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

TERMINATED = 128 + signal.SIGTERM


class DaemonExecutor(ThreadPoolExecutor):
    """A daemon thread for each piece of work, so that none waits for another and the end waits for none.

    Python's own pool is joined when the loop closes and again when the interpreter ends: somebody who quits
    while a folder on a slow disk is read would wait for the disk.
    """

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        threading.Thread(target=work, daemon=True, name="beside the loop").start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leaves the threads to themselves."""


def leave_threads() -> None:
    """Work that is done beside the running loop does not hold up its end."""
    asyncio.get_running_loop().set_default_executor(DaemonExecutor())


def on_terminate(quit: Callable[[], object]) -> None:
    """SIGTERM quits as a key does."""
    if threading.current_thread() is threading.main_thread():
        with contextlib.suppress(NotImplementedError):  # Windows has no such signal
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, quit)
