"""1 Data's parts: images, the point under the cursor, figures of features, drawing, and a reading one gives up."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datasets import progress
from tests.app.support import bench, keys_of, on_screen, opened, saying, small_spec, status_of, text_of, until
from tui.app.actions import SCOPES, in_scope
from tui.app.charts.image_sheet import ImageSheet
from tui.app.charts.scatter_cursor import ScatterCursor
from tui.app.facts import DataAsked, DataCancelled, DataMoved, DataReady, ExperimentOpened, FeaturesSummed
from tui.app.reducers import apply
from tui.app.services.data import DataService
from tui.app.session import Session
from tui.app.widgets.feature_table import FeatureTable
from tui.lab.build import prepare
from tui.lab.drawn import drawn_dir
from tui.lab.feature_summary import summarise
from tui.lab.spec import for_file

pytestmark = pytest.mark.usefixtures("no_maps")

SIZE = (120, 40)


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """120 little images of three classes."""
    X = np.random.default_rng(0).integers(0, 256, (120, 12, 12), dtype=np.uint8)
    path = tmp_path / "faces.npz"
    np.savez(path, X=X, y=np.array(["cat", "dog", "[eel]"])[np.arange(120) % 3])
    return path


# Images


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_images_come_first_and_v_goes_on_to_features(faces: Path, size: tuple[int, int], ascii: bool) -> None:
    app = bench(for_file(str(faces)), ascii=ascii)
    async with app.run_test(size=size) as pilot:
        await opened(pilot)
        await saying(pilot, "[eel] #2")
        assert "J K class" in text_of(app)
        await pilot.press("v")
        await saying(pilot, "scatter  ")
        pair = app.session.features
        await pilot.press("v")
        await until(pilot, lambda: app.session.features != pair)
        await pilot.press("V")
        await until(pilot, lambda: app.session.features == pair)
        await pilot.press("V")
        await saying(pilot, "[eel] #2")
        await pilot.press("V")
        await saying(pilot, "scatter  ")


async def test_the_cursor_among_images_names_the_sample(faces: Path) -> None:
    app = bench(for_file(str(faces)))
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        app.screen.query_one(ImageSheet).focus()
        await pilot.press("l")
        await saying(pilot, "sample 5 is 2 of 40 of class [eel]")
        await pilot.press("J")
        await saying(pilot, "cat #0")
        assert "J K class" in keys_of(app)
        await pilot.press("v")
        await saying(pilot, "scatter  ")
        assert app.screen.focused is app.screen.query_one(ScatterCursor)


async def test_other_data_shows_no_images_of_the_former(faces: Path) -> None:
    app = bench(for_file(str(faces)))
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await saying(pilot, "J K class")
        app.open_experiment(small_spec())
        await saying(pilot, "scatter  x0 × x1")
        assert "images" not in text_of(app)


async def test_help_says_the_keys_of_what_has_the_focus(faces: Path) -> None:
    app = bench(for_file(str(faces)))
    async with app.run_test(size=(120, 100)) as pilot:
        await opened(pilot)
        for scope, widget in (("images", ImageSheet), ("chart", ScatterCursor)):
            app.screen.query_one(widget).focus()
            await pilot.press("question_mark")
            await saying(pilot, SCOPES[scope].upper())
            assert all(action.help in text_of(app) for action in in_scope(scope))
            await pilot.press("escape")
            await until(pilot, lambda: len(app.screen_stack) == 1)
            await pilot.press("v")
            await saying(pilot, "scatter  ")


# The scatter


async def test_the_cursor_names_the_nearest_point() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        scatter = app.screen.query_one(ScatterCursor)
        scatter.focus()
        await pilot.press("l")
        await until(pilot, lambda: scatter.point is not None)
        prepared: Any = app.session.data.prepared
        row = prepared.split.train[scatter.point]
        await saying(pilot, f"sample {row}: class {prepared.class_names[prepared.dataset.y[row]]}, x0 ")
        await pilot.press("z", "z", "escape")
        await saying(pilot, "moons is ready")
        await pilot.press("escape")
        assert scatter.view.is_whole
        await pilot.press("escape")
        await saying(pilot, "ctrl+q")


# Features


async def test_the_table_has_every_feature_and_its_figures() -> None:
    app = bench(small_spec("data.source=tp4"))
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await saying(pilot, "float")
        app.screen.query_one(FeatureTable).focus()
        await pilot.press(*"l" * 9)
        await saying(pilot, "feature 10 of 10")
        assert " x9" in text_of(app)


def test_figures_belong_to_their_data() -> None:
    one, other = prepare(small_spec()), prepare(small_spec("data.source=blobs"))
    session = apply(DataReady(one), Session())
    summary = summarise(one.dataset.X)
    assert apply(FeaturesSummed(other.dataset, summary), session).data.summary is None
    session = apply(FeaturesSummed(one.dataset, summary), session)
    again = prepare(small_spec("data.test=0.1"), one.dataset)
    assert apply(DataReady(again), session).data.summary is summary
    assert apply(DataReady(other), session).data.summary is None


# Drawing


async def test_points_that_were_drawn_become_the_data() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        assert "d draw" in keys_of(app)
        await pilot.press("d")
        await saying(pilot, "no points yet")
        await pilot.press("b", "1", "L", "L", "2", "2", "enter")
        await until(pilot, lambda: str(drawn_dir()) in app.session.data.prepared.dataset.source)
        assert app.session.data.prepared.dataset.class_counts.tolist() == [5, 10]
        await saying(pilot, "is ready")
        screen = await on_screen(pilot, "train")
        assert screen.NAME == "train"


# A reading that takes long


def test_giving_up_goes_back_to_the_data_that_is_here() -> None:
    spec = small_spec()
    ready = apply(DataReady(prepare(spec), read=spec.data), Session(spec=spec))
    assert apply(DataCancelled(), ready) == ready, "nothing is being read"
    asked = apply(DataAsked("big.csv"), apply(ExperimentOpened(for_file("big.csv")), ready))
    moved = apply(DataMoved(0.3), asked)
    assert (moved.data.slow, moved.data.share) == (True, 0.3)
    given_up = apply(DataCancelled(), moved)
    assert given_up.spec == spec
    assert given_up.data.prepared is ready.data.prepared
    assert (given_up.data.loading, given_up.data.slow) == ("", False)
    assert given_up.future[0][0].data.source == "big.csv"
    assert apply(DataMoved(0.9), given_up) == given_up


def test_giving_up_the_first_reading_says_how_to_read_it_after_all() -> None:
    session = apply(DataAsked("big.csv"), Session(spec=for_file("big.csv")))
    assert "Enter on its row reads it again" in apply(DataCancelled(), session).data.error


@pytest.mark.parametrize("key", ["x", "escape"])
async def test_a_long_reading_is_told_and_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    path = tmp_path / "big.csv"
    path.write_text("a,b,class\n" + "".join(f"{k},{k % 7},{k % 2}\n" for k in range(200)))
    stopped = threading.Event()

    def slowly(spec: Any) -> Any:
        if spec.data.source != str(path):
            return load(spec)
        try:
            while True:
                progress.tell(42, 100)
                threading.Event().wait(0.005)
        except progress.Stopped:
            stopped.set()
            raise

    from tui.lab import build

    load = build.load_data
    monkeypatch.setattr("tui.lab.build.load_data", slowly)
    app = bench(small_spec())
    app.data = DataService(app)
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        before = app.session.data.prepared
        app.open_experiment(for_file(str(path)))
        await saying(pilot, "reading big.csv …")
        await saying(pilot, "42 %")
        assert "x cancel" in keys_of(app)
        assert app.session.data.prepared is before
        await pilot.press(key)
        await until(pilot, stopped.is_set)
        await saying(pilot, "given up; the former data stays")
        assert app.session.spec.data.source == "moons"
        await until(pilot, lambda: not app.session.data.loading)
        assert app.session.data.prepared.dataset is before.dataset
        assert "x cancel" not in keys_of(app)
        assert "moons" in status_of(app) or "given up" in status_of(app)
