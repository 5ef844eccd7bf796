"""Computes off the event loop, one request at a time; of those that come meanwhile only the newest is answered."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from tui.app.facts import Noticed
from tui.app.services.data import Poster

Request = TypeVar("Request")


class Newest(Generic[Request]):
    """Posts the fact that ``answer`` makes of a request.

    ``answer`` returns None where there is nothing to say, as of a file that has just gone. What it raises is said, and
    the next request is answered all the same.

    Args:
        name: What is computed, in words.
        rest: Seconds between two answers.
        again: Whether the request that came last is answered again: what it asks about may have changed.
    """

    def __init__(
        self,
        app: Poster,
        answer: Callable[[Request], object | None],
        *,
        name: str,
        rest: float = 0.0,
        again: bool = False,
    ) -> None:
        self._app, self._answer, self._name = app, answer, name
        self._rest, self._again = rest, again
        self._wanted: Request | None = None
        self._asked: Request | None = None
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None

    def ask(self, request: Request) -> None:
        with self._wake:
            if request == self._asked and not self._again:
                return
            self._asked = self._wanted = request
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True, name=self._name)
                self._thread.start()
            self._wake.notify()

    def _work(self) -> None:
        while True:
            with self._wake:
                while self._wanted is None:
                    self._wake.wait()
                request, self._wanted = self._wanted, None
            try:
                fact = self._answer(request)
            except Exception as error:  # a panel stays as it was; the thread that fills it must not end
                fact = Noticed(f"{self._name}: {error or type(error).__name__}")
            if fact is not None:
                self._app.post_fact(fact)
                time.sleep(self._rest)
