"""What drawing costs the screen: a chart of curves over 100,000 epochs, and a decision map, each beside the naive way.

    python benchmarks/drawing.py [--points 100000] [--repeats 15]

An update is all that the event loop does between new data and strips that are ready to be sent: the processor time of
the median one, in ms. The chart has two noisy curves (training and validation) on 100x30 cells, the map four classes
and 1,500 points on 100x40. Beside them stand plotext fed every point, and a Rich Text made cell by cell. Exit
status 1 where a figure is missed.
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from rich.console import Console
from rich.text import Text
from textual.app import App, ComposeResult
from textual.widget import Widget

from tui.app.capabilities import Capabilities
from tui.app.charts import Curves, LineChart, Points, RegionData, RegionMap, Series
from tui.app.charts.regions import RegionPaint, cell_keys, cell_look
from tui.app.charts.view import ChartView, Extent, placed, seen, zoomed
from tui.app.history import COLUMNS, EpochBlock, History

CHART, MAP = (100, 30), (100, 40)
MOST = 8.0
"""Milliseconds that an update may take."""


@dataclass(frozen=True)
class Figure:
    """``wanted`` None: only told, not held to anything."""

    name: str
    measured: float
    wanted: float | None = None

    @property
    def ok(self) -> bool:
        return self.wanted is None or self.measured <= self.wanted


class Bare(App[None]):
    """One widget that fills the terminal."""

    def __init__(self, widget: Widget, capabilities: Capabilities) -> None:
        super().__init__()
        self.widget = widget
        self.capabilities = capabilities

    def compose(self) -> ComposeResult:
        yield self.widget


def median_ms(turn: Callable[[], object], repeats: int) -> float:
    """The processor time of the median turn, after one that does not count."""
    turn()
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        turn()
        spent.append(time.process_time() - start)
    return 1e3 * statistics.median(spent)


def strips(widget: Widget) -> None:
    for row in range(widget.content_size.height):
        widget.render_line(row)


# Curves


def losses(points: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(epochs, training, validation) of a noisy run."""
    rng = np.random.default_rng(seed)
    x = np.arange(1.0, points + 1)
    train = 0.1 + 0.6 * np.exp(-8 * x / points) + rng.normal(0, 0.02, points)
    return x, train, train + 0.1 + rng.normal(0, 0.03, points)


def curves_of(history: History, view: ChartView, total: int) -> Curves:
    """As Train draws them: the measured curves, over them their averages where it smooths."""
    extent = Extent(float(total), float(history[-1].epoch))
    window = seen(view, extent) if view.window is not None else None
    series = []
    for name, column, role in (("train", "train_loss", "train"), ("val", "val_loss", "validation")):
        if view.smoothing:
            series.append(Series("", *history.sketch(column, 0.0, window), role=role, raw=True))  # type: ignore[arg-type]
        drawn = history.sketch(column, view.smoothing, window)
        series.append(Series(name, *drawn, role=role, bold=bool(view.smoothing)))  # type: ignore[arg-type]
    return Curves(tuple(series), float(total), best=total / 3, window=window, cursor=view.cursor)


async def chart_figures(points: int, repeats: int) -> list[Figure]:
    chart = LineChart()
    async with Bare(chart, Capabilities()).run_test(size=CHART):
        runs = [losses(points, seed) for seed in range(3)]
        turn = iter(range(10**6))

        def all_new() -> None:
            x, train, val = runs[next(turn) % len(runs)]
            chart.show(Curves((Series("train", x, train), Series("val", x, val, "validation")), float(points)))
            strips(chart)

        found = [Figure("every point handed over anew", median_ms(all_new, repeats), MOST)]
        short = iter(range(2, 10**6))

        def by_plotext() -> None:
            x, train, val = (column[: 20 + next(short) % 20] for column in losses(40, 0))
            chart.show(Curves((Series("train", x, train), Series("val", x, val, "validation")), 40.0))
            strips(chart)

        found.append(Figure("a run of 40 epochs, drawn by plotext", median_ms(by_plotext, repeats), MOST))
        total = points + 4 * (repeats + 1)
        x, train, val = losses(total, 0)
        zeros = np.zeros(total)
        columns = dict.fromkeys(COLUMNS, zeros) | {"epoch": x, "train_loss": train, "val_loss": val}

        def block(start: int, end: int) -> EpochBlock:
            return EpochBlock({name: column[start:end] for name, column in columns.items()})

        extent = Extent(float(total), float(points))
        views = {
            "an epoch more": ChartView(),
            "an epoch more, smoothed": ChartView(smoothing=0.9),
            "an epoch more, half of it seen": zoomed(placed(ChartView(), extent, points / 2), extent, 1),
            "an epoch more, the newest 1 % seen, smoothed": zoomed(ChartView(smoothing=0.6), extent, 7),
        }
        history = History().with_epochs(block(0, points))
        for name, view in views.items():

            def one_more(view: ChartView = view) -> None:
                nonlocal history
                history = history.with_epochs(block(len(history), len(history) + 1))
                chart.show(curves_of(history, view, total))
                strips(chart)

            found.append(Figure(name, median_ms(one_more, repeats), MOST))
    return found


def plotext_figure(points: int) -> Figure:
    """plotext fed every point of both curves, and its string made into a Text."""
    from textual_plotext.plot import Plot

    x, train, val = losses(points, 0)

    def draw() -> None:
        plot: Any = Plot()
        plot._set_size(*CHART)
        plot.plot(x.tolist(), train.tolist(), marker="braille")
        plot.plot(x.tolist(), val.tolist(), marker="braille")
        Text.from_ansi(plot.build())

    start = time.process_time()
    draw()
    return Figure("plotext fed every point", 1e3 * (time.process_time() - start))


# Maps


def regions(columns: int, rows: int) -> Iterator[RegionData]:
    """Four classes whose borders wander; what a network answers after each epoch."""
    rng = np.random.default_rng(0)
    x, y = np.meshgrid(np.linspace(-2, 2, columns), np.linspace(2, -2, rows))
    points = Points(*rng.uniform(-2, 2, (2, 1500)), rng.integers(0, 4, 1500), rng.random(1500) < 0.1)
    turn = 0.0
    while True:
        logits = np.stack([np.sin(2 * x + turn) + y, np.cos(2 * y - turn) * x, x * y + turn, -x - y * np.sin(x)], -1)
        shares = np.exp(2 * logits) / np.exp(2 * logits).sum(-1, keepdims=True)
        ordered = np.sort(shares, -1)
        sure = ordered[..., -1] - ordered[..., -2]
        yield RegionData(shares.argmax(-1), sure, (-2, 2), (-2, 2), points, ("0", "1", "2", "3"))
        turn += 0.02


async def map_figures(repeats: int) -> list[Figure]:
    found = []
    for name, capabilities in (
        ("half-blocks, truecolor", Capabilities()),
        ("half-blocks, 256 colours", Capabilities(colors="256")),
        ("ASCII", Capabilities(unicode=False, colors="16", glyphs="ascii")),
    ):
        widget = RegionMap()
        async with Bare(widget, capabilities).run_test(size=MAP):
            source = regions(*widget.grid_size)
            made = [next(source) for _ in range(repeats + 1)]
            turn = iter(made)

            def update(widget: RegionMap = widget, turn: Iterator[RegionData] = turn) -> None:
                widget.show(next(turn))
                strips(widget)

            found.append(Figure(f"a map in {name}", median_ms(update, repeats), MOST))
    return found


def naive_map_figure(repeats: int) -> Figure:
    """A Rich Text, appended cell by cell and rendered."""
    paint = RegionPaint(Capabilities(), (14, 17, 22), True, ("0", "1", "2", "3"))
    console = Console(width=MAP[0], color_system="truecolor", force_terminal=True)
    data = next(regions(*paint.grid_size(*MAP)))

    def draw() -> None:
        text = Text()
        for row in cell_keys(data, *MAP, paint):
            for key in row:
                text.append(*cell_look(int(key), paint))
            text.append("\n")
        console.render_lines(text)

    return Figure("a map cell by cell in a Rich Text", median_ms(draw, min(repeats, 5)))


def measure(points: int = 100_000, repeats: int = 15) -> list[Figure]:
    """Every figure, those of the naive ways among them."""
    return [
        *asyncio.run(chart_figures(points, repeats)),
        plotext_figure(points),
        *asyncio.run(map_figures(repeats)),
        naive_map_figure(repeats),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    figures = measure(options.points, options.repeats)
    print(f"{'ms of the processor, median':<48} {'wanted':>8} {'measured':>9}   of the naive way")
    for figure, naive in zip(figures, beside(figures), strict=True):
        wanted = f"{figure.wanted:.1f}" if figure.wanted is not None else ""
        share = f"1/{naive / figure.measured:.0f}" if naive and figure.measured else ""
        print(f"{figure.name:<48} {wanted:>8} {figure.measured:9.2f}   {share}{'' if figure.ok else '   missed'}")
    return 0 if all(figure.ok for figure in figures) else 1


def beside(figures: list[Figure]) -> list[float]:
    """For each figure that of the naive way, which comes after it; 0 for itself."""
    found, naive = [], 0.0
    for figure in reversed(figures):
        naive = figure.measured if figure.wanted is None else naive
        found.append(0.0 if figure.wanted is None else naive)
    return found[::-1]


if __name__ == "__main__":
    sys.exit(main())
