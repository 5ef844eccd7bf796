"""A table with a number to predict, on every screen: R² where accuracy stands, shades where classes are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.app.support import (
    NO_RUNS,
    bench,
    epochs,
    finished,
    line_of,
    on_screen,
    opened,
    runs_of,
    saying,
    small_spec,
    started,
    status_of,
    text_of,
    until,
)
from tui.app.app import BenchApp
from tui.app.charts import RegionMap
from tui.app.facts import DataReady, ExperimentOpened, SettingChanged, Undone
from tui.app.reading import read_run
from tui.app.reducers import apply
from tui.app.run_view import RunView, hear_all
from tui.app.services.maps import MapRequest, MapService
from tui.app.session import Session
from tui.app.widgets.form import Form
from tui.lab import events as ev
from tui.lab.build import load_data, split_and_scale
from tui.lab.spec import Spec, for_file
from tui.lab.tasks import for_task

NARROW, WIDE = (80, 24), (120, 40)
NO_ACCURACY: dict[str, Any] = {"train_accuracy": None, "val_accuracy": None}


def real_spec(*settings: str) -> Spec:
    return small_spec("data.source=reg-gauss", "data.options.n_samples=100", "training.loss=mse", *settings)


def real_epochs(last: int) -> list[ev.Epoch]:
    return [e for n in range(1, last + 1) for e in epochs(n, n, train_r2=1 - 2 / n, val_r2=0.9 - 2 / n, **NO_ACCURACY)]


@pytest.fixture
def housing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rng = np.random.RandomState(0)
    X = rng.normal(size=(80, 3))
    table = np.column_stack([X, 200_000 + 50_000 * X @ [1.0, -2.0, 0.5]]).tolist()
    path = tmp_path / "housing.csv"
    path.write_text("\n".join(["rooms,age,tax,price", *(",".join(map(repr, row)) for row in table)]))
    monkeypatch.chdir(tmp_path)
    return path


# The session


def ready(spec: Spec) -> DataReady:
    return DataReady(split_and_scale(spec, load_data(spec)))


def test_new_numbers_bring_their_loss_and_it_is_said() -> None:
    asked = small_spec("data.source=plane", "data.options.n_samples=50")
    session = apply(ready(asked), Session(spec=asked))
    assert session.spec.training.loss == "mse"
    assert session.notice.startswith("targets of plane are numbers: loss set to squared error")
    assert session.data_task == session.task == "regression"
    assert not session.problems


def test_a_loss_changed_by_hand_stays_and_is_a_problem() -> None:
    spec = real_spec()
    data = ready(spec)
    session = apply(data, Session(spec=spec))
    session = apply(SettingChanged(spec.with_value("training.loss", "bce"), "training.loss"), session)
    session = apply(data, session)  # another split of the same data
    assert session.spec.training.loss == "bce"
    assert session.problems["training.loss"].endswith("the targets of reg-gauss are real numbers: set mse")
    balanced = session.spec.with_value("training.loss", "cross_entropy")
    balanced = balanced.with_value("training.class_weight", "balanced")
    assert "training.loss" in apply(SettingChanged(balanced, "training.class_weight"), session).problems


def test_classes_get_their_own_loss_back() -> None:
    spec = real_spec()
    session = apply(ready(spec), Session(spec=spec))
    moons = spec.with_value("data.source", "moons")
    assert apply(SettingChanged(moons, "data.source"), session).spec.training.loss == "cross_entropy"
    classes = small_spec("training.loss=mse")
    session = apply(ready(classes), Session(spec=classes))
    other = classes.with_value("data.source", "circles")
    assert apply(SettingChanged(other, "data.source"), session).spec.training.loss == "mse"


def test_a_file_taken_as_classes_after_all(tmp_path: Path) -> None:
    path = tmp_path / "grades.csv"
    path.write_text("x,z,grade\n" + "".join(f"{i / 7},{i % 3},{1 + i % 5}\n" for i in range(60)))
    classes = for_file(str(path))
    numbers = classes.with_value("data.options.task", "regression")
    session = apply(ready(classes), Session(spec=classes))
    assert session.spec.training.loss == "cross_entropy"
    session = apply(ready(numbers), apply(SettingChanged(numbers, "data.options.task"), session))
    assert session.spec.training.loss == "mse"
    back = session.spec.with_value("data.options.task", "auto")
    session = apply(ready(back), apply(SettingChanged(back, "data.options.task"), session))
    assert session.spec.training.loss == "cross_entropy"


def test_undo_goes_back_to_before_the_file(housing: Path) -> None:
    before = small_spec()
    session = apply(ExperimentOpened(for_file("housing.csv")), Session(spec=before))
    session = apply(ready(session.spec), session)
    assert session.spec == for_task(for_file("housing.csv"), "regression")
    assert apply(Undone(), session).spec == before


# The screens


@pytest.mark.parametrize("size", [NARROW, WIDE])
@pytest.mark.usefixtures("no_maps")
async def test_the_data_screen_shows_a_target(size: tuple[int, int], housing: Path) -> None:
    app = bench(for_file("housing.csv"))
    async with app.run_test(size=size) as pilot:
        await opened(pilot)
        await saying(pilot, "targets of housing.csv are numbers: loss set to squared error")
        shown = text_of(app)
        assert "80 × 3, 1 number to predict" in shown
        assert "60/20/20 %, unstratified" in shown
        assert "0 classes" not in shown
        assert "chance" not in shown
        if size == WIDE:
            assert "target  price" in shown
            assert "no classes" in line_of(app, "stratified")
            assert "mean " in shown
        assert app.session.spec.training.loss == "mse"


@pytest.mark.usefixtures("no_maps")
async def test_the_settings_that_do_nothing_are_dim() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        assert "no numbers" in line_of(app, "scale target")
        assert "yes" in line_of(app, "stratified")
        app.screen.query_one("#source-form", Form).go_to("source:plane")
        await pilot.press("enter")
        await until(pilot, lambda: app.session.data.prepared.dataset.source == "plane")
        await saying(pilot, "target  y")
        assert "off" in line_of(app, "scale target")
        assert "no classes" in line_of(app, "stratified")
        app.screen.query_one("#source-form", Form).go_to("source:moons")
        await pilot.press("enter")
        await saying(pilot, "balanced")
        assert app.session.spec.training.loss == "cross_entropy"


@pytest.mark.usefixtures("no_maps")
@pytest.mark.parametrize(("size", "ascii"), [(NARROW, False), (WIDE, False), (WIDE, True)])
async def test_r2_stands_where_accuracy_would(size: tuple[int, int], ascii: bool) -> None:
    app = bench(real_spec(), ascii=ascii)
    name = "R2" if ascii else "R²"
    async with app.run_test(size=size) as pilot:
        await opened(pilot)
        await on_screen(pilot, "train")
        assert f" {name} " in text_of(app)
        await pilot.press("space")
        await until(pilot, lambda: app.session.run is not None)
        runs_of(app).say(started(task="regression", classes=0), *real_epochs(10))
        await saying(pilot, "0.700")
        shown = text_of(app)
        assert f"val {name}" in shown
        assert " acc" not in shown
        assert "%" not in shown.replace("50 %", "")
        done = finished(20, **NO_ACCURACY, test_accuracy=None, train_r2=0.95, val_r2=0.9, test_r2=0.871)
        runs_of(app).say(*real_epochs(20)[10:], done)
        await saying(pilot, f"test {name}")
        assert "0.871" in line_of(app, "20 / 20")
        assert "so far" not in text_of(app), "it has ended"
        assert f"finished, test {name} 0.871." in status_of(app)
        if size == WIDE:
            assert f"On the test part: {name} 0.871, loss 0.1277." in text_of(app)


@pytest.mark.usefixtures("no_maps")
async def test_model_and_gradients_know_one_output() -> None:
    app = bench(real_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await on_screen(pilot, "model")
        assert "2-16-16-1" in text_of(app)
        assert "First loss" not in text_of(app)
        await on_screen(pilot, "gradients")
        await pilot.press("space")
        await until(pilot, lambda: app.session.check.report is not None)
        assert app.session.check.report.ok


async def test_opened_trained_and_seen_at_80x24(housing: Path, tmp_path: Path) -> None:
    """Nothing stands in for anything: a real trainer, real maps."""
    app = BenchApp(for_file("housing.csv").with_value("training.epochs", 8), runs_dir=tmp_path / "runs")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot)
        await on_screen(pilot, "train")
        await pilot.press("space")
        await until(pilot, lambda: app.session.run is not None and app.session.run.started is not None, seconds=30)
        await pilot.press("greater_than_sign", "greater_than_sign")
        await until(pilot, lambda: app.session.run.state == "finished", seconds=30)
        await until(pilot, lambda: "test R²" in text_of(app))
        score = app.session.run.finished.test_r2
        assert f"finished, test R² {score:.3f}" in status_of(app)
        await until(pilot, lambda: app.session.map.data is not None)
        await pilot.pause()
        assert "map of price" in text_of(app)
        assert app.session.map.data.ramp is not None
        assert app.screen.query_one(RegionMap)._data is app.session.map.data


# The map


class Answers:
    """Takes what a map service says."""

    def __init__(self) -> None:
        self.facts: list[Any] = []

    def post_fact(self, fact: object) -> None:
        self.facts.append(fact)

    dispatch = post_fact


def test_the_map_shows_the_numbers_themselves() -> None:
    spec = real_spec("data.source=plane", "data.scale_target=standard", "model.hidden=")
    prepared = split_and_scale(spec, load_data(spec))
    service = MapService(Answers())
    request = MapRequest(spec, prepared, (0, 1), 12, 8)
    net = service._built(request)
    net[0].weight.data[...] = [[0.1, 0.1]] / prepared.target_scale.scale
    net[0].bias.data[...] = -prepared.target_scale.shift / prepared.target_scale.scale
    request_of_run = MapRequest(spec, prepared, (0, 1), 12, 8, run=NO_RUNS)
    state = service._draw(request_of_run, None)
    data = state.data
    assert data.ramp is not None
    assert data.classes[0, -1] == 4
    assert data.classes[-1, 0] == 0
    assert data.points is not None
    assert data.points.shaded
    assert data.points.wrong is None
    # The network is exact: a point has the shade of the cell that it lies in, but at an edge of two shades.
    column = ((data.points.x - data.x_range[0]) / np.ptp(data.x_range) * 12).astype(int)
    row = ((data.y_range[1] - data.points.y) / np.ptp(data.y_range) * 8).astype(int)
    assert np.abs(data.classes[row, column] - data.points.labels).max() <= 1
    assert (data.classes[row, column] == data.points.labels).mean() > 0.6


# The reading


def view(*events: ev.Event, settings: tuple[str, ...] = ()) -> RunView:
    return hear_all(events, RunView(path=NO_RUNS / "a", spec=real_spec(*settings), total_epochs=20))


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (
            lambda: view(started(task="regression", initial_loss=1.2), settings=("data.scale_target=standard",)),
            "Loss before training 1.200; answering the mean each time gives 1.",
        ),
        (lambda: view(started(task="regression", initial_loss=1.2)), "The first epoch is on its way."),
    ],
)
def test_the_first_loss_beside_the_mean(run: Callable[[], RunView], words: str) -> None:
    assert read_run(run(), 0, loss="mse").sentence == words


def test_a_gap_between_training_and_validation() -> None:
    (last,) = epochs(10, 10, train_r2=0.9, val_r2=0.4, best_epoch=10, **NO_ACCURACY)
    reading = read_run(view(started(task="regression"), last), 0, loss="mse")
    assert "Training is 0.50 ahead of validation" in reading.advice
