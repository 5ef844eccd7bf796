"""How far a reading is: told late, seldom, and no more once nobody waits."""

import threading

import pytest

from datasets.progress import Stopped, check, tell
from tui.app.services.reading import EVERY, PATIENCE, Reading


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def reading(told: list[float | None], wanted: list[bool], clock: Clock) -> Reading:
    return Reading(told.append, lambda: wanted[0], clock=clock)


def test_nothing_is_said_of_what_is_quick() -> None:
    told: list[float | None] = []
    clock = Clock()
    with reading(told, [True], clock):
        for step in range(100):
            clock.now = PATIENCE * step / 101
            tell(step, 100)
    assert told == []


def test_of_what_takes_long_a_figure_now_and_then() -> None:
    told: list[float | None] = []
    clock = Clock()
    with reading(told, [True], clock) as one:
        one._timer.cancel()  # the real clock has no part in this
        for step in range(1001):
            clock.now = 2 * step / 1000
            tell(step, 1000)
    assert 15 <= len(told) <= (2 - PATIENCE) / EVERY + 1
    assert told == sorted(told, key=lambda share: share or 0)
    assert told[0] == pytest.approx(PATIENCE / 2, abs=0.01)


def test_a_silent_reader_is_spoken_of_too() -> None:
    said = threading.Event()
    with Reading(lambda share: said.set(), lambda: True):
        assert said.wait(5)


def test_who_is_not_wanted_stops_at_his_next_word() -> None:
    wanted = [True]
    told: list[float | None] = []
    one = reading(told, wanted, Clock())
    with one:
        check()
        wanted[0] = False
        with pytest.raises(Stopped):
            tell(1, 2)
    tell(1, 2)
    one._say_something()
    assert told == []
