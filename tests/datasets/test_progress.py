"""Who listens hears how far a reader is, in his own thread only, and may stop it."""

import contextlib
import threading

import pytest

from datasets.progress import Stopped, check, listening, tell


def test_without_a_listener_nothing_happens() -> None:
    tell(1, 2)
    check()


def test_shares_lie_between_0_and_1() -> None:
    heard: list[float | None] = []
    with listening(heard.append):
        tell(0, 4)
        tell(1, 4)
        tell(9, 4)
        tell(3, 0)
        check()
    tell(2, 4)
    assert heard == [0.0, 0.25, 1.0, None, None]


def test_a_listener_inside_another_gives_way_to_it_again() -> None:
    outer: list[float | None] = []
    inner: list[float | None] = []
    with listening(outer.append):
        with listening(inner.append):
            tell(1, 2)
        tell(1, 1)
    assert (inner, outer) == ([0.5], [1.0])


def test_another_thread_is_not_heard() -> None:
    heard: list[float | None] = []
    with listening(heard.append):
        thread = threading.Thread(target=tell, args=(1, 2))
        thread.start()
        thread.join()
    assert heard == []


def test_stopping_passes_through_what_catches_errors() -> None:
    def stop(share: float | None) -> None:
        raise Stopped

    def careful() -> None:
        with contextlib.suppress(Exception):
            tell(1, 2)

    with listening(stop), pytest.raises(Stopped):
        careful()
    tell(1, 2)
