"""Looking at curves by keys: one crosshair, window and smoothing for all charts of a screen, on Train and on Runs."""

from typing import Any

import pytest

from tests.app.support import (
    bench,
    diverged,
    epochs,
    finished,
    keys_of,
    on_screen,
    opened,
    runs_of,
    saying,
    small_spec,
    started,
    text_of,
    until,
)
from tui.app.app import BenchApp
from tui.app.charts.line_chart import LineChart
from tui.app.facts import RunClosed
from tui.app.widgets.curves_panel import at_epoch, joined
from tui.app.widgets.panel import Panel
from tui.lab import events as ev

pytestmark = pytest.mark.usefixtures("no_maps")

WIDE, LARGE = (120, 36), (160, 44)


async def trained(pilot: Any, *events: ev.Event, total: int = 40) -> BenchApp:
    """A bench on Train whose run has said these events."""
    app: BenchApp = pilot.app
    await opened(pilot)
    await on_screen(pilot, "train")
    await pilot.press("space")
    await until(pilot, lambda: app.session.run is not None)
    runs_of(app).say(started(total), *events)
    await until(pilot, lambda: app.session.run is not None and app.session.run.started is not None)
    await pilot.pause()
    return app


def subtitle(app: Any, panel: str) -> str:
    return str(app.screen.query_one(f"#{panel}", Panel).border_subtitle)


def ticks(app: Any, panel: str) -> list[int]:
    """The epochs that the x axis of a chart is marked at."""
    chart = app.screen.query_one(f"#{panel} LineChart", LineChart)
    return [int(word) for word in chart.render_line(chart.content_size.height - 1).text.split()]


async def at(pilot: Any, epoch: int) -> None:
    """The crosshair of every chart stands there."""
    await until(pilot, lambda: subtitle(pilot.app, "loss").startswith(f"epoch {epoch} "))
    assert subtitle(pilot.app, "accuracy").startswith(f"epoch {epoch} ")


async def test_one_crosshair_on_all_charts_with_their_figures() -> None:
    app = bench(small_spec("training.epochs=40"))
    async with app.run_test(size=WIDE) as pilot:
        await trained(pilot, *epochs(1, 20))
        assert "h l cursor" in keys_of(app)
        await pilot.press("h")
        await at(pilot, 20)
        await pilot.press("h", "h", "h", "h")
        await at(pilot, 16)
        assert "train 0.1380" in subtitle(app, "loss")
        assert "val 0.1680" in subtitle(app, "loss")
        assert "train 93.1 %" in subtitle(app, "accuracy")
        await pilot.press("l")
        await at(pilot, 17)
        await pilot.press("g")
        await at(pilot, 1)
        await pilot.press("G")
        await at(pilot, 20)
        runs_of(app).say(*epochs(21, 23))
        await at(pilot, 23)  # it stays on the newest
        await pilot.press("left")
        await at(pilot, 22)
        runs_of(app).say(*epochs(24, 26))
        await saying(pilot, "26 / 40")
        await at(pilot, 22)
        await pilot.press("pageup")
        await at(pilot, 2)
        await pilot.press("pagedown")
        await at(pilot, 22)
        await pilot.press("b")
        await at(pilot, 24)
        await pilot.press("escape")
        await until(pilot, lambda: "best at 24" in subtitle(app, "loss"))


async def test_zoom_is_one_window_for_all_charts_and_follows_the_run() -> None:
    app = bench(small_spec("training.epochs=40"))
    async with app.run_test(size=WIDE) as pilot:
        await trained(pilot, *epochs(1, 20))
        assert ticks(app, "loss")[0] == 1
        assert ticks(app, "loss")[-1] == 40
        await pilot.press("z", "z")
        await until(pilot, lambda: ticks(app, "loss")[-1] <= 25)
        assert ticks(app, "loss") == ticks(app, "accuracy")
        assert ticks(app, "loss")[0] >= 10
        runs_of(app).say(*epochs(21, 36))
        await until(pilot, lambda: ticks(app, "loss")[-1] > 25)
        await pilot.press("Z", "Z")
        await until(pilot, lambda: ticks(app, "loss")[-1] == 40)
        await pilot.press("b", "plus", "z")
        await until(pilot, lambda: ticks(app, "loss")[0] > 1)
        seen = ticks(app, "loss")
        runs_of(app).say(*epochs(37, 40))
        await saying(pilot, "40 / 40")
        assert ticks(app, "loss") == seen, "the crosshair holds it where it is"
        await pilot.press("0")
        await until(pilot, lambda: ticks(app, "loss")[0] == 1)
        await at(pilot, 24)
        await pilot.press("escape", "escape")
        await saying(pilot, "ctrl+q quits")


async def test_smoothing_and_log_are_kept_from_run_to_run_and_the_crosshair_is_not() -> None:
    app = bench(small_spec("training.epochs=40"))
    async with app.run_test(size=WIDE) as pilot:
        await trained(pilot, *epochs(1, 20))
        await pilot.press("m", "y", "z", "h")
        await until(pilot, lambda: subtitle(app, "loss").startswith("epoch"))
        app.dispatch(RunClosed())
        await until(pilot, lambda: "smoothed 0.6" in subtitle(app, "loss"))
        assert "log" in subtitle(app, "loss")
        assert ticks(app, "loss")[0] == 1
        await pilot.press("m")
        await until(pilot, lambda: "smoothed 0.9" in subtitle(app, "loss"))
        assert "smoothed" in subtitle(app, "accuracy")
        await pilot.press("m")
        await until(pilot, lambda: "smoothed" not in subtitle(app, "loss"))


async def test_before_a_run_the_keys_do_nothing_and_harm_nothing() -> None:
    app = bench(small_spec("training.epochs=40"))
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await on_screen(pilot, "train")
        await pilot.press("h", "l", "z", "Z", "0", "m", "g", "G", "b", "pageup", "pagedown", "j", "k", "y", "escape")
        await pilot.pause()
        assert "4 Train" in text_of(app)


async def test_j_and_k_go_to_the_other_charts() -> None:
    app = bench(small_spec("training.epochs=40"))
    async with app.run_test(size=LARGE) as pilot:
        await trained(pilot, *epochs(1, 20))
        visited = []
        for _ in range(4):
            visited.append(app.screen.focused.id if app.screen.focused is not None else None)
            await pilot.press("j")
        assert visited == ["loss", "norm", "accuracy", "rates"]
        assert app.screen.focused is not None
        assert app.screen.focused.id == "loss"
        await pilot.press("k")
        assert app.screen.focused.id == "rates"


async def test_a_click_points_and_the_wheel_zooms() -> None:
    app = bench(small_spec("training.epochs=40"))
    async with app.run_test(size=WIDE) as pilot:
        await trained(pilot, *epochs(1, 20))
        chart = app.screen.query_one("#loss LineChart", LineChart)
        await pilot.click(chart, offset=(6, 3))
        await until(pilot, lambda: subtitle(app, "loss").startswith(("epoch 1 ", "epoch 2 ")))
        chart.post_message(LineChart.Wheeled(+1))
        await until(pilot, lambda: ticks(app, "accuracy")[-1] <= 21)


def probe(number: int, norm: float | None = 0.5) -> ev.Probe:
    return ev.Probe(
        epoch=number, dead=0.0, layers=[], gradient_norms={"0.weight": norm, "0.bias": 0.0}, update_ratios={}
    )


async def test_large_screens_add_gradient_norm_learning_rate_and_confusion() -> None:
    app = bench(small_spec("training.epochs=40"))
    async with app.run_test(size=LARGE) as pilot:
        await trained(pilot, *epochs(1, 2), probe(2), *epochs(3, 20), probe(20, 0.25))
        for words in ("gradient norm", "learning rate", "confusion"):
            assert words in text_of(app)
        await pilot.press("G")
        await until(pilot, lambda: "norm 0.2500" in subtitle(app, "norm"))
        assert "lr 0.01" in subtitle(app, "rates")
        await pilot.press("g")
        await until(pilot, lambda: subtitle(app, "norm") == "epoch 1")
        await pilot.resize_terminal(*WIDE)
        await until(pilot, lambda: "gradient norm" not in text_of(app))
        assert "decision map" in text_of(app)
        assert "confusion" not in text_of(app)


async def test_one_chart_alone_has_the_whole_body_at_any_size() -> None:
    app = bench(small_spec("training.epochs=40"))
    async with app.run_test(size=LARGE) as pilot:
        await trained(pilot, *epochs(1, 20))
        await pilot.press("j", "e")
        await until(pilot, lambda: app.screen.query_one("#norm", Panel).size.width > 150)
        assert not app.screen.query_one("#confusion", Panel).display
        await pilot.press("e")
        await until(pilot, lambda: app.screen.query_one("#confusion", Panel).display)


async def test_norms_that_left_the_numbers_end_nothing() -> None:
    app = bench(small_spec("training.epochs=40"))
    async with app.run_test(size=LARGE) as pilot:
        await trained(pilot, *epochs(1, 3), probe(1), probe(2, None), probe(3, 1e308), diverged())
        await pilot.press("y", "h", "h", "z", "z", "z", "z")
        await saying(pilot, "diverged")


async def test_the_last_batch_says_that_it_is_one() -> None:
    app = bench(small_spec("training.epochs=40", "training.reported_loss=last_batch"))
    async with app.run_test(size=WIDE) as pilot:
        await trained(pilot, *epochs(1, 3))
        assert "train: last batch" in subtitle(app, "loss")


async def test_a_run_is_gone_back_behind_the_crosshair() -> None:
    app = bench(small_spec("training.epochs=40"))
    async with app.run_test(size=WIDE) as pilot:
        await trained(pilot, *epochs(1, 40), probe(32), finished(40))
        await pilot.press("h", "h", "z", "z")
        await at(pilot, 39)
        runs_of(app).say(ev.Resumed(epoch=10, batch=0, epochs=40), *epochs(11, 12))
        await at(pilot, 12)
        assert app.session.run is not None
        assert not app.session.run.probes


@pytest.mark.parametrize(
    ("room", "words"),
    [
        (60, "epoch 1,200   train 0.1000   val 0.2000"),
        (37, "epoch 1,200  train 0.1000  val 0.2000"),
        (30, "1,200: train 0.1000 val 0.2000"),
        (25, "1,200: 0.1000 0.2000"),
        (15, "1,200"),
        (5, "1,200"),
        (4, "1,2…"),
        (0, ""),
        (-4, ""),
    ],
)
def test_figures_in_a_border(room: int, words: str) -> None:
    assert at_epoch(1200, [("train", "0.1000"), ("val", "0.2000")], room, "…") == words


def test_words_in_a_border() -> None:
    assert joined(["cross-entropy", "", "log", "best at 3"], " - ", 40) == "cross-entropy - log - best at 3"
    assert joined(["cross-entropy", "log", "best at 3"], " - ", 20) == "log - best at 3"
    assert joined(["cross-entropy", "log"], " - ", -4) == "cross-entropy - log", "there is no size yet"
