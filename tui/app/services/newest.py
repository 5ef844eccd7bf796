"""Computes off the event loop, one request at a time; of those that come meanwhile only the newest is answered."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from tui.app.services.data import Poster

Request = TypeVar("Request")


class Newest(Generic[Request]):
    """Posts the fact that ``answer`` makes of a request; a request that was answered last is not answered again.

    ``answer`` returns None where there is nothing to say, as of a file that has just gone.
    """

    def __init__(self, app: Poster, answer: Callable[[Request], object | None], *, name: str) -> None:
        self._app, self._answer, self._name = app, answer, name
        self._wanted: Request | None = None
        self._asked: Request | None = None
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None

    def ask(self, request: Request) -> None:
        with self._wake:
            if request == self._asked:
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
            fact = self._answer(request)
            if fact is not None:
                self._app.post_fact(fact)
