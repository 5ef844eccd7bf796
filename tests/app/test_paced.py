"""The application at its line: one timer to look again, whose frame it is, and what is written beside the pictures."""

import time
from typing import Any

import pytest
from textual import events

from tests.app.support import bench, opened, small_spec, until
from tui.app.pacing import MOST_AHEAD, QUESTION, TIMEOUT

SIZE = (100, 30)


async def test_one_timer_looks_again_however_often_the_line_was_busy() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        before = len(app._timers)
        for _ in range(20):
            app._look_again(time.monotonic(), TIMEOUT)
            app._line_may_be_free()  # the answer has come
            app._look_again(time.monotonic(), TIMEOUT)
            app._look_again(time.monotonic(), TIMEOUT / 2)
        await until(pilot, lambda: len(app._timers) == before + 1)


async def test_a_frame_that_a_key_has_caused_is_not_taken_for_news() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        app._news_frame = True
        await app.on_event(events.Key("y", "y"))
        assert not app._news_frame


async def test_what_goes_to_the_clipboard_counts_as_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        written: list[str] = []
        driver: Any = app._driver
        with monkeypatch.context() as patch:
            patch.setattr(driver, "write", written.append)
            app.copy_to_clipboard("no terminal to be spared")
            assert QUESTION not in written[-1]
            assert app.pacer.total == 0
            patch.setattr(type(app), "paced", property(lambda self: True))
            app.copy_to_clipboard("x" * MOST_AHEAD)
            assert written[-1].endswith(QUESTION), "a text so long is worth knowing when it has come through"
            assert app.pacer.total == len(written[-1]) - len(QUESTION)
            assert app.pacer.behind(time.monotonic())
            app.pacer.lost()


async def test_what_is_said_twice_stays_its_whole_time(monkeypatch: pytest.MonkeyPatch) -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        timers: list[Any] = []

        class Later:
            """A timer whose time is over when the test says so."""

            def __init__(self, seconds: float, callback: Any) -> None:
                self.over, self.stopped = callback, False
                timers.append(self)

            def stop(self) -> None:
                self.stopped = True

        monkeypatch.setattr(app, "set_timer", Later)
        app.notice("written")
        app.notice("written")
        first, second = timers
        assert first.stopped
        assert not second.stopped
        assert app.session.notice == "written"
        second.over()
        assert not app.session.notice
