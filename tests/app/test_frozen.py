"""What is drawn when: keys at once, news when it is their turn, nothing new while the picture is frozen."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.app.support import (
    bench,
    epochs,
    finished,
    line_of,
    on_screen,
    opened,
    runs_of,
    saying,
    settled,
    small_spec,
    started,
    status_of,
    text_of,
    until,
)
from tui.app.capabilities import Capabilities
from tui.app.charts.regions import RegionPaint
from tui.app.facts import CheckMoved, MapDrawn, Noticed, PairsCounted, RunSaid, WeightsBinned
from tui.app.news import is_news
from tui.app.services.pairs import PairCells, PairRequest
from tui.app.services.weight_bins import BinsRequest, WeightBins
from tui.app.session import DataState, MapState, Session
from tui.app.widgets.frame import KeyBar

pytestmark = pytest.mark.usefixtures("no_maps")
SIZE = (120, 40)


async def training(pilot: Any, app: Any, upto: int) -> None:
    await opened(pilot)
    await on_screen(pilot, "train")
    await pilot.press("space")
    runs_of(app).say(started(), *epochs(1, upto))
    await saying(pilot, f"{upto} / 20")


async def test_frozen_nothing_new_is_drawn_until_it_goes_on() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await training(pilot, app, 3)
        await pilot.press("f")
        await until(pilot, lambda: status_of(app) == "frozen, the training goes on: nothing new is drawn until f")
        before = text_of(app)
        runs_of(app).say(*epochs(4, 9))
        await until(pilot, lambda: len(app.session.run.epochs) == 9)
        await settled(pilot)
        assert text_of(app) == before
        await pilot.press("f")
        await saying(pilot, "9 / 20")
        assert "frozen" not in text_of(app)
        runs_of(app).say(*epochs(10, 11))
        await saying(pilot, "11 / 20")


async def test_frozen_keys_act_on_the_picture_and_deeds_on_the_run_as_it_is() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await training(pilot, app, 3)
        await pilot.press("f")
        runs_of(app).say(*epochs(4, 9))
        await until(pilot, lambda: len(app.session.run.epochs) == 9)
        await pilot.press("y")
        await saying(pilot, "· log")
        assert "3 / 20" in text_of(app), "what a key draws brings no news along"
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "0.02" in line_of(app, "3 / 20"))
        assert runs_of(app).last == ("lr", 0.02)
        await pilot.press("space")
        await until(pilot, lambda: runs_of(app).last == ("pause",))
        await on_screen(pilot, "data")
        await on_screen(pilot, "train")
        assert "3 / 20" in text_of(app)
        await pilot.press("f")
        await saying(pilot, "9 / 20")


async def test_another_run_or_experiment_is_not_frozen() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await training(pilot, app, 3)
        await pilot.press("f")
        runs_of(app).say(*epochs(4, 20), finished(20))
        await until(pilot, lambda: not app.session.run.alive)
        await pilot.press("space")  # trains on
        await until(pilot, lambda: not app.frozen)
        await saying(pilot, "20 / 40")


async def test_frozen_the_crosshair_moves_on_the_run_that_is_drawn() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await training(pilot, app, 3)
        await pilot.press("f")
        runs_of(app).say(*epochs(4, 9))
        await until(pilot, lambda: len(app.session.run.epochs) == 9)
        for key in ("h", "G", "b"):
            await pilot.press(key)
            await saying(pilot, "epoch 3 ")
            assert app.screen.cursor == 3, f"{key}: epoch 9 is on no picture yet"
            await pilot.press("g")
            await until(pilot, lambda: app.screen.cursor == 1)


async def test_a_paced_terminal_gets_keys_at_once_and_news_after_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await training(pilot, app, 3)
        monkeypatch.setattr(type(app), "paced", property(lambda self: True))
        monkeypatch.setattr(app, "_display", lambda *_: None)  # this terminal is none
        app.pacer.sent(5_000, app._loop.time(), news=True)
        runs_of(app).say(*epochs(4, 5))
        runs_of(app).say(*epochs(6, 7))
        await until(pilot, lambda: len(app.session.run.epochs) == 7)
        await pilot.press("y")
        await saying(pilot, "· log")
        assert "3 / 20" in text_of(app)
        app.pacer.answered(app._loop.time())
        app._line_may_be_free()
        await saying(pilot, "7 / 20")
        assert app.shown is app.session


def test_news_are_what_comes_by_itself() -> None:
    session = Session(map=MapState(features=(0, 1)))
    assert is_news(RunSaid(path=None, events=()), session)  # type: ignore[arg-type]
    assert is_news(CheckMoved(1, 2, 3), session)
    assert is_news(MapDrawn(None, MapState(features=(0, 1))), session)
    assert not is_news(MapDrawn(None, MapState(features=(1, 2))), session), "v has turned the features"
    assert not is_news(Noticed("written"), session)


def test_pictures_of_large_screens_wait_unless_something_else_is_asked_for() -> None:
    prepared: Any = object()
    request = PairRequest(prepared, (0, 1, 2), 9, 5)
    counted: Any = PairsCounted(PairCells(request, {}, np.zeros((3, 3)), np.zeros((3, 9)), shaded=False))
    assert not is_news(counted, Session()), "there was no picture before"
    session = Session(data=DataState(pairs=counted.cells))
    assert is_news(counted, session)
    turned = replace(counted.cells, request=replace(request, features=(1, 2, 3)))
    assert not is_news(PairsCounted(turned), session), "v has turned the features"
    network: Any = object()
    drawn = WeightBins(BinsRequest(network, 20), ())
    trained = WeightBins(BinsRequest(network, 20, Path("run"), 3), ())
    assert not is_news(WeightsBinned(drawn), Session())
    assert is_news(WeightsBinned(trained), Session(weight_bins=drawn))
    another: Any = object()
    assert not is_news(WeightsBinned(WeightBins(BinsRequest(another, 20), ())), Session(weight_bins=drawn))


async def test_the_link_stands_at_the_right_and_keeps_its_width() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        bar = app.screen.query_one(KeyBar)

        def line(link: str) -> str:
            bar.show(("data",), editing=False, without=frozenset(), labels={}, link=link)
            return bar.render().plain

        near, far = line("link    8 ms"), line("link 1200 ms")
        assert near.endswith("link    8 ms")
        assert far.endswith("link 1200 ms")
        assert near[:-12] == far[:-12] == line(" " * 12)[:-12].ljust(len(near) - 12)
        assert len(near) == SIZE[0] - 1
        assert "? help" in near
        assert "link" not in line("")


def test_low_bandwidth_tells_fewer_levels_apart() -> None:
    assert RegionPaint(Capabilities(), (0, 0, 0)).levels == 8
    assert RegionPaint(Capabilities(low_bandwidth=True), (0, 0, 0)).levels == 3
    assert RegionPaint(Capabilities(colors="16", low_bandwidth=True), (0, 0, 0)).levels == 2


def test_low_bandwidth_has_a_smaller_budget() -> None:
    assert bench(small_spec()).pacer.budget > 3 * _low().pacer.budget
    assert _low().has_class("-low-bandwidth")


def _low() -> Any:
    from tests.app.support import NO_RUNS
    from tui.app.app import BenchApp

    return BenchApp(small_spec(), runs_dir=NO_RUNS, capabilities=Capabilities(low_bandwidth=True))
