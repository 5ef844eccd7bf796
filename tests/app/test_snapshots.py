"""How the screens look: pictures at two sizes, and plain text where a picture adds nothing.

Everything on them is fixed: no thread draws, no trainer runs, no path, host, time or digest is the machine's own.
`pytest tests/app/test_snapshots.py --snapshot-update` takes them anew; look at each before it is committed.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.app.support import (
    NO_RUNS,
    DirectData,
    bench,
    diverged,
    epochs,
    finished,
    gradient_report,
    on_screen,
    opened,
    proof,
    runs_of,
    saying,
    settled,
    small_spec,
    started,
    text_of,
    until,
)
from tui.app.app import BenchApp
from tui.app.charts import Points, RegionData
from tui.app.facts import DataReady, MapDrawn
from tui.app.run_view import RunView, hear_all
from tui.app.runs_state import RunsRead, RunsSparked, RunsViewed
from tui.app.session import MapState
from tui.app.targets import target_ramp
from tui.lab.recipes import load
from tui.lab.runlist import RunRow
from tui.lab.spec import Spec

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
Steps = Callable[[Any], Awaitable[None]]


class FixedMaps:
    """The same regions on every machine: what a network answers is another test's matter."""

    def __init__(self, app: Any, *, remote: bool = False) -> None:
        self._app = app

    def ask(self, request: Any) -> None:
        names = request.prepared.class_names
        # Quarters, sure inside and unsure outside: whole numbers, so that no rounding can differ.
        row, column = np.mgrid[0 : request.rows, 0 : request.columns]
        right, low = 2 * column >= request.columns, 2 * row >= request.rows
        inside = (abs(4 * row - 2 * request.rows) > request.rows) & (4 * column > request.columns)
        i, j = request.features
        rows = request.prepared.split.validation
        X, y = request.prepared.dataset.X[rows], request.prepared.dataset.y[rows]
        if request.prepared.task == "regression":
            self._app.post_fact(MapDrawn(request.run, MapState(_shades(request, X, y), request.features)))
            return
        regions = RegionData(
            classes=(right + 2 * low) % len(names),
            confidence=np.where(inside, 1.0, 0.25),
            x_range=(float(X[:, i].min()), float(X[:, i].max())),
            y_range=(float(X[:, j].min()), float(X[:, j].max())),
            points=Points(X[:, i], X[:, j], y, np.arange(len(y)) % 9 == 0),
            class_names=names,
        )
        others = "" if request.prepared.in_features == 2 else "others = 0"
        self._app.post_fact(MapDrawn(request.run, MapState(regions, request.features, others)))


def _shades(request: Any, X: Any, y: Any) -> RegionData:
    """Five stripes, and the validation part in its own shades."""
    ramp = target_ramp(request.prepared)
    stripes = np.arange(request.columns) * 5 // request.columns
    classes = np.broadcast_to(stripes, (request.rows, request.columns))
    points = Points(X[:, 0], X[:, 1], ramp.shades(y), shaded=True)
    return RegionData(classes, np.ones(classes.shape), (-6.0, 6.0), (-6.0, 6.0), points, ramp=ramp)


class FixedRuns:
    """Five runs in five states, one of them torn; two of them are one experiment with two seeds."""

    def __init__(self, app: Any, runs_dir: Path) -> None:
        self._app = app

    def look(self) -> None:
        self._app.post_fact(RunsRead(tuple(run_rows())))
        spark = tuple(0.7 * 0.8**number + 0.1 for number in range(12))
        self._app.post_fact(RunsSparked({row.name: spark for row in run_rows()}))

    def rest(self) -> None:
        pass

    def want(self, *, sparks: Any, views: Any) -> None:
        if set(views) != set(self._app.session.runs.views):
            self._app.post_fact(RunsViewed({name: view_of(name) for name in views}))


def run_rows() -> list[RunRow]:
    def row(name: str, state: Any, **fields: Any) -> RunRow:
        known = {"epochs": 40, "total": 40, "data": "tp4", "hidden": (64, 64), "activation": "relu", "loss": "mse"}
        known |= {"optimizer": "sgd", "lr": 0.1, "batch_size": 32, "seed": 42, "host": "lab-07", "seconds": 0.36}
        return RunRow(NO_RUNS / name, state, **{**known, **fields})

    good = {"train_loss": 0.11, "val_loss": 0.2102, "val_accuracy": 0.913, "train_accuracy": 0.957}
    return [
        row("1120-1431-tp4", "running", epochs=12, val_loss=0.3012, val_accuracy=0.88, created=9.0, seconds=None),
        row("1120-1402-tp4", "finished", **good, test_accuracy=0.933, created=8.0, note="second try", tags=("good",)),
        row("1120-1358-tp4-dropout", "finished", **good, test_accuracy=0.929, dropout=0.2, created=7.0, seconds=1.31),
        row("1119-1810-lyon-deep", "paused", epochs=4, val_loss=0.0713, created=6.0, lr=0.05, seconds=None),
        row(
            "1119-1755-lyon-perceptron", "diverged", epochs=1, val_accuracy=0.099, created=5.0, message="The loss left"
        ),
        row("1119-1702-cifar", "crashed", epochs=2, total=20, val_loss=1.552, val_accuracy=0.441, created=4.0),
        row("1118-0911-tp4", "finished", created=3.0, problem="torn: 11 of 12 lines read"),
    ]


def view_of(name: str) -> RunView:
    spec = load("tp4").spec
    if "dropout" in name:
        spec = spec.with_value("model.dropout", 0.2)
    said = [started(40, test_samples=1000), *epochs(1, 40, seconds=0.01 if "dropout" in name else 0.009)]
    return hear_all(said, RunView(NO_RUNS / name, spec))


def runs(*keys: str, words: str) -> Steps:
    async def steps(pilot: Any) -> None:
        await opened(pilot)
        await on_screen(pilot, "runs")
        await saying(pilot, "1120-1431-tp4")
        await pilot.press(*keys)
        await saying(pilot, words)
        await settled(pilot)

    return steps


COMPARED = runs("j", "space", "j", "space", words="b 1358")


@pytest.fixture(autouse=True)
def _fixed_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.app.screens.train.MapService", FixedMaps)
    monkeypatch.setattr("tui.app.screens.runs.RunList", FixedRuns)


class FixedDigest:
    """Says what a service says, with one digest for all data: last bits of sines differ between processors."""

    def __init__(self, app: BenchApp) -> None:
        self._app = app

    def post_fact(self, fact: Any) -> None:
        if isinstance(fact, DataReady):
            dataset = replace(fact.prepared.dataset, sha256="9f31" + "0" * 56 + "c07e")
            fact = msgspec.structs.replace(fact, prepared=replace(fact.prepared, dataset=dataset))
        self._app.post_fact(fact)

    def dispatch(self, fact: Any) -> None:
        self._app.dispatch(fact)


def fixed_bench(spec: Spec | None, *, recipe: str = "", ascii: bool = False) -> BenchApp:
    app = bench(spec, recipe=recipe, ascii=ascii)
    app.data = DirectData(FixedDigest(app))
    return app


def tp4(*, ascii: bool = False) -> BenchApp:
    return fixed_bench(load("tp4").spec, recipe="tp4", ascii=ascii)


def numbers(*, ascii: bool = False) -> BenchApp:
    """Numbers to predict."""
    return fixed_bench(small_spec("data.source=plane", "data.options.n_samples=300", "training.loss=mse"), ascii=ascii)


def said_of_numbers() -> list[Any]:
    """Twenty epochs of a regression and its end."""
    none: dict[str, Any] = {"train_accuracy": None, "val_accuracy": None}
    said = [e for n in range(1, 21) for e in epochs(n, n, train_r2=1 - 1.5 / n, val_r2=0.9 - 1.6 / n, **none)]
    return [*said, finished(20, **none, test_accuracy=None, train_r2=0.925, val_r2=0.82, test_r2=0.871)]


def on(name: str, *, words: str = "") -> Steps:
    async def steps(pilot: Any) -> None:
        await opened(pilot)
        await on_screen(pilot, name)
        if words:
            await saying(pilot, words)
        await settled(pilot)

    return steps


def checked(*, ok: bool = True) -> Steps:
    async def steps(pilot: Any) -> None:
        await opened(pilot)
        await on_screen(pilot, "gradients")
        report = gradient_report() if ok else gradient_report(error=0.96875, ok=False)
        for fact in proof(report):
            pilot.app.dispatch(fact)
        await saying(pilot, "0.9 s")
        await settled(pilot)

    return steps


def trained(*events: Any, words: str, keys: tuple[str, ...] = (), task: str = "classification") -> Steps:
    async def steps(pilot: Any) -> None:
        app = pilot.app
        await opened(pilot)
        await on_screen(pilot, "train")
        await pilot.press("space")
        await until(pilot, lambda: app.session.run is not None)
        total = app.session.run.total_epochs
        runs_of(app).say(started(total, run="1120-1402-tp4", task=task), *events)
        await saying(pilot, words)
        await until(pilot, lambda: app.session.map.data is not None)
        await pilot.press(*keys)
        await settled(pilot)

    return steps


async def card(pilot: Any) -> None:
    await saying(pilot, "start with")
    await settled(pilot)


async def helped(pilot: Any) -> None:
    await on("train", words="space trains 40 epochs")(pilot)
    await pilot.press("question_mark")
    await saying(pilot, "help   Train")
    await settled(pilot)


async def recipes(pilot: Any) -> None:
    await on("data", words="tp4 is ready")(pilot)
    await pilot.press("R")
    await saying(pilot, "TASKS OF")
    await settled(pilot)


async def wrong_value(pilot: Any) -> None:
    await on("model")(pilot)
    await pilot.press("enter", "6", "4", "comma", "x", "enter")
    await saying(pilot, "2 Model ✗")
    await settled(pilot)


SCREENS: dict[str, tuple[Callable[[], BenchApp], Steps]] = {
    "card": (lambda: fixed_bench(None), card),
    "data": (tp4, on("data", words="tp4 is ready")),
    "data_numbers": (numbers, on("data", words="plane is ready")),
    "train_numbers": (numbers, trained(*said_of_numbers(), words="✓ finished", task="regression")),
    "model": (tp4, on("model", words="First loss should be ln 4")),
    "model_wrong": (tp4, wrong_value),
    "gradients_right": (tp4, checked()),
    "gradients_wrong": (tp4, checked(ok=False)),
    "train_middle": (tp4, trained(*epochs(1, 27), words="27 / 40")),
    "train_finished": (tp4, trained(*epochs(1, 40), finished(40), words="✓ finished")),
    "runs": (tp4, runs(words="is training")),
    "runs_compared": (tp4, COMPARED),
    "help": (tp4, helped),
    "recipes": (tp4, recipes),
}


@SIZES
@pytest.mark.parametrize("name", SCREENS)
def test_picture(name: str, size: tuple[int, int], snap_compare: Any) -> None:
    make, steps = SCREENS[name]
    assert snap_compare(make(), terminal_size=size, run_before=steps)


PLAIN: dict[str, Steps] = {
    "data": on("data", words="tp4 is ready"),
    "model": on("model", words="First loss should be ln 4"),
    "gradients": checked(),
    "train": trained(*epochs(1, 27), words="27 / 40"),
    "train_diverged": trained(*epochs(1, 3), diverged(), words="diverged"),
    "runs": COMPARED,
    "train_log": trained(*epochs(1, 27), words="27 / 40", keys=("y",)),
}


PLAIN_NUMBERS: dict[str, Steps] = {
    "data": on("data", words="plane is ready"),
    "train": trained(*said_of_numbers(), words="ok finished", task="regression"),
}


@pytest.mark.parametrize("name", PLAIN_NUMBERS)
async def test_numbers_in_ascii_without_colours(name: str, snapshot: Any) -> None:
    app = numbers(ascii=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await PLAIN_NUMBERS[name](pilot)
        assert text_of(app) == snapshot


@pytest.mark.parametrize("name", PLAIN)
async def test_ascii_without_colours(name: str, snapshot: Any) -> None:
    app = tp4(ascii=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await PLAIN[name](pilot)
        assert text_of(app) == snapshot


async def test_a_started_run_without_colours_before_its_first_epoch(snapshot: Any) -> None:
    app = fixed_bench(small_spec(), ascii=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await trained(words="o training")(pilot)
        assert text_of(app) == snapshot
