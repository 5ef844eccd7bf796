"""The chart widgets inside an application."""

from typing import Any

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.widget import Widget

from tui.app.capabilities import Capabilities
from tui.app.charts.data import Curves, Points, RegionData, Series
from tui.app.charts.line_chart import LineChart
from tui.app.charts.region_map import RegionMap
from tui.app.charts.scatter import Scatter

FULL = Capabilities()
ASCII = Capabilities(unicode=False, colors="16", glyphs="ascii")
COLORLESS = Capabilities(colors="none")
SIZES = [(80, 24), (120, 36)]


class Bench(App[None]):
    def __init__(self, widget: Widget, capabilities: Capabilities) -> None:
        super().__init__()
        self.widget = widget
        self.capabilities = capabilities
        self.counts: list[tuple[int, int]] = []

    def compose(self) -> ComposeResult:
        yield self.widget

    def on_scatter_drawn(self, message: Scatter.Drawn) -> None:
        self.counts.append((message.drawn, message.total))


def picture(widget: Widget) -> list[str]:
    return [widget.render_line(y).text for y in range(widget.content_size.height)]


def curves(epochs: int = 20) -> Curves:
    x = np.arange(1.0, epochs + 1)
    return Curves((Series("train", x, 1 / x), Series("val", x, 1 / x + 0.2, "validation")), 40, best=min(epochs, 12))


def region_data(columns: int, rows: int, edge: float = 0.5) -> RegionData:
    classes = (np.arange(columns)[None, :] > columns * edge).astype(int).repeat(rows, axis=0)
    return RegionData(classes, np.ones((rows, columns)), (0, 1), (0, 1), None, ("in", "out"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("capabilities", [FULL, ASCII, COLORLESS])
async def test_line_chart(size: tuple[int, int], capabilities: Capabilities) -> None:
    chart = LineChart()
    async with Bench(chart, capabilities).run_test(size=size) as pilot:
        assert not "".join(picture(chart)).strip()
        chart.show(curves())
        await pilot.pause()
        lines = picture(chart)
        assert {len(line) for line in lines} == {size[0]}
        text = "\n".join(lines)
        assert "train" in text
        assert "val" in text
        assert lines[-1].split()[0] == "1"
        assert lines[-1].split()[-1] == "40"
        assert text.isascii() == (capabilities is ASCII)
        chart.show(None)
        await pilot.pause()
        assert not "".join(picture(chart)).strip()


async def test_line_chart_draws_only_when_something_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    from tui.app.charts import line_chart

    built: list[Any] = []
    draw = line_chart.line_picture
    monkeypatch.setattr(line_chart, "line_picture", lambda *args: built.append(args) or draw(*args))
    chart = LineChart()
    app = Bench(chart, FULL)
    async with app.run_test(size=(80, 24)) as pilot:
        data = curves()
        chart.show(data)
        await pilot.pause()
        assert len(built) == 1
        strips = [chart.render_line(y) for y in range(24)]
        chart.show(data)
        chart.refresh()
        await pilot.pause()
        assert all(before is chart.render_line(y) for y, before in enumerate(strips))
        assert len(built) == 1
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        assert len(built) == 2
        app.capabilities = ASCII
        chart.refresh()
        await pilot.pause()
        assert len(built) == 3


async def test_a_theme_recolours_the_chart_without_drawing_it_again() -> None:
    chart = LineChart()
    app = Bench(chart, FULL)
    async with app.run_test(size=(80, 24)) as pilot:
        chart.show(curves())
        await pilot.pause()
        before = [chart.render_line(y) for y in range(24)]
        app.theme = "textual-light"
        await pilot.pause()
        after = [chart.render_line(y) for y in range(24)]
        assert [strip.text for strip in before] == [strip.text for strip in after]
        assert before != after


async def test_the_y_axis_keeps_still_while_a_run_goes_on() -> None:
    chart = LineChart()
    async with Bench(chart, FULL).run_test(size=(80, 24)) as pilot:
        seen = set()
        for epochs in range(2, 21):
            chart.show(curves(epochs))
            await pilot.pause()
            seen.add(tuple(line[:5] for line in picture(chart)))
        assert len(seen) <= 3


@pytest.mark.parametrize("values", [[np.nan], [np.inf, -np.inf], [1e308, -1e308, 1.0], [0.0, -1.0]])
@pytest.mark.parametrize("log", [False, True])
async def test_a_loss_that_is_no_number_never_ends_the_application(values: list[float], log: bool) -> None:
    chart = LineChart()
    async with Bench(chart, FULL).run_test(size=(60, 18)) as pilot:
        x = np.arange(1.0, len(values) + 1)
        chart.show(Curves((Series("train", x, np.array(values)),), 40, diverged=2, log=log))
        await pilot.pause()
        assert "✗" in "\n".join(picture(chart))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("capabilities", [FULL, ASCII, COLORLESS])
async def test_region_map(size: tuple[int, int], capabilities: Capabilities) -> None:
    widget = RegionMap()
    async with Bench(widget, capabilities).run_test(size=size) as pilot:
        doubled = capabilities is FULL
        assert widget.grid_size == (size[0], size[1] * (2 if doubled else 1))
        widget.show(region_data(*widget.grid_size))
        await pilot.pause()
        lines = picture(widget)
        assert {len(line) for line in lines} == {size[0]}
        assert "".join(lines).isascii() == (capabilities is not COLORLESS)
        if capabilities is not FULL:
            assert len(set(lines[0])) == 2


async def test_a_map_refreshes_only_the_rows_that_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    widget = RegionMap()
    async with Bench(widget, FULL).run_test(size=(40, 10)) as pilot:
        data = region_data(*widget.grid_size)
        widget.show(data)
        await pilot.pause()
        strips = [widget.render_line(y) for y in range(10)]
        asked: list[tuple[Region, ...]] = []
        monkeypatch.setattr(widget, "refresh", lambda *regions, **_: asked.append(regions))
        widget.show(RegionData(data.classes, data.confidence, data.x_range, data.y_range, None, ("in", "out")))
        assert asked == []
        classes = data.classes.copy()
        classes[6:8] = 0
        widget.show(RegionData(classes, data.confidence, data.x_range, data.y_range, None, ("in", "out")))
        assert asked == [(Region(0, 3, 40, 1),)]
        assert [strips[y] is widget.render_line(y) for y in range(10)] == [y != 3 for y in range(10)]


async def test_a_map_follows_theme_and_size() -> None:
    widget = RegionMap()
    app = Bench(widget, FULL)
    async with app.run_test(size=(40, 10)) as pilot:
        widget.show(region_data(*widget.grid_size))
        await pilot.pause()
        before = widget.render_line(0)
        app.theme = "textual-light"
        await pilot.pause()
        assert widget.render_line(0) != before
        await pilot.resize_terminal(50, 12)
        await pilot.pause()
        assert {len(line) for line in picture(widget)} == {50}
        widget.show(None)
        await pilot.pause()
        assert not "".join(picture(widget)).strip()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("capabilities", [FULL, ASCII, COLORLESS])
async def test_scatter(size: tuple[int, int], capabilities: Capabilities) -> None:
    rng = np.random.default_rng(0)
    points = Points(rng.normal(size=4000), rng.normal(size=4000), rng.integers(0, 3, 4000))
    widget = Scatter()
    app = Bench(widget, capabilities)
    async with app.run_test(size=size) as pilot:
        widget.show(points, ("one", "two", "three"), "x0", "x1")
        await pilot.pause()
        lines = picture(widget)
        assert {len(line) for line in lines} == {size[0]}
        assert lines[-1].endswith("x0")
        assert app.counts[-1] == (widget.drawn_points(), 4000)
        with_axes = widget.drawn_points()
        widget.axes = False
        await pilot.pause()
        assert widget.drawn_points() != with_axes
        assert "x0" not in "".join(picture(widget))
        assert "".join(picture(widget)).isascii() == (capabilities is ASCII)
        widget.show(None)
        await pilot.pause()
        assert app.counts[-1] == (0, 0)
