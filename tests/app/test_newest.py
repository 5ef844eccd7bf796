"""What is computed beside the loop: the newest request alone, and on after a mistake."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from tui.app.facts import Noticed
from tui.app.services.newest import Newest

SECONDS = 10.0


class Facts:
    def __init__(self) -> None:
        self.said: list[Any] = []
        self._came = threading.Condition()

    def post_fact(self, fact: object) -> None:
        with self._came:
            self.said.append(fact)
            self._came.notify_all()

    dispatch = post_fact

    def until(self, condition: Callable[[], bool]) -> None:
        with self._came:
            assert self._came.wait_for(condition, SECONDS), self.said


def test_a_mistake_is_said_and_the_next_request_is_answered() -> None:
    def answer(request: str) -> str:
        if request == "bad":
            raise IndexError("list index out of range")
        return request

    facts = Facts()
    service = Newest[str](facts, answer, name="pairs of features")
    for request in ("one", "bad", "two"):
        service.ask(request)
        facts.until(lambda request=request: len(facts.said) == ("one", "bad", "two").index(request) + 1)
    assert facts.said == ["one", Noticed("pairs of features: list index out of range"), "two"]


@pytest.mark.parametrize("again", [False, True])
def test_of_many_requests_the_newest_is_answered_and_the_same_one_only_where_it_can_have_changed(again: bool) -> None:
    facts, go, asked = Facts(), threading.Event(), []

    def answer(request: int) -> int:
        asked.append(request)
        go.wait(SECONDS)
        return request

    service = Newest[int](facts, answer, name="numbers", again=again)
    service.ask(1)
    facts_began = threading.Event()
    while not asked:
        facts_began.wait(0.001)
    for request in (2, 3, 4):
        service.ask(request)
    go.set()
    facts.until(lambda: facts.said == [1, 4])
    service.ask(4)
    service.ask(5) if not again else None
    facts.until(lambda: facts.said == ([1, 4, 4] if again else [1, 4, 5]))
