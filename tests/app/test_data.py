"""1 Data: choosing, opening, splitting; and what a bad file or a hostile label may do, which is nothing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.widgets import Input, OptionList

from tests.app.support import (
    bench,
    line_of,
    on_screen,
    opened,
    saying,
    small_spec,
    status_of,
    text_of,
    typed,
    until,
)
from tui.app.facts import DataReady, DataRefused, FeaturesSummed
from tui.app.services.data import DataService, telling_features, varied_features
from tui.app.widgets.form import Form
from tui.lab.spec import for_file

pytestmark = pytest.mark.usefixtures("no_maps")

SIZE = (120, 40)
ROWS = "".join(f"{k / 7:.2f},{k % 5},{'good' if k % 3 else 'bad'}\n" for k in range(90))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with data good and bad."""
    (tmp_path / "wine.csv").write_text("alcohol,acid,quality\n" + ROWS)
    (tmp_path / "ragged.csv").write_text("a,b,class\n1,2,x\n3,4\n5,6,y\n")
    (tmp_path / "notes.md").write_text("not data")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "iris.csv").write_text("a,b,class\n" + ROWS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def test_enter_on_a_row_loads_that_set() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        app.screen.query_one("#source-form", Form).go_to("source:blobs")
        await pilot.press("enter")
        await until(pilot, lambda: app.session.data.prepared.dataset.source == "blobs")
        await saying(pilot, "3 classes")
        assert "blobs is ready" in status_of(app)


async def test_options_belong_to_their_source() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        app.screen.query_one("#source-form", Form).go_to("data.options.n_samples")
        await pilot.press("l")
        await until(pilot, lambda: app.session.data.prepared.dataset.n_samples == 200)
        await saying(pilot, "200 × 2, 2 classes of 100")


async def test_split_and_scale() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        assert "train 60 val 20 test 20" in text_of(app)
        form = app.screen.query_one("#split-form", Form)
        form.focus_rows()
        form.go_to("data.test")
        await pilot.press("h", "h")
        await saying(pilot, "train 70 val 20 test 10")
        await pilot.press("enter")
        await typed(pilot, "0.9")
        await pilot.press("enter")
        await until(pilot, lambda: "data.validation" in app.session.problems)
        await saying(pilot, "nothing to train on")
        assert app.session.data.prepared is not None


async def test_v_turns_the_scatter_through_pairs_of_features() -> None:
    app = bench(small_spec("data.source=tp4"))
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await saying(pilot, "scatter  x0 × x1")
        await pilot.press("v")
        await saying(pilot, "scatter  x0 × x2")
        await pilot.press("V")
        await saying(pilot, "scatter  x0 × x1")


async def test_the_table_shows_the_first_rows() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await saying(pilot, "spread")
        first = app.session.data.prepared.dataset.X[0, 0]
        assert f"{first:.3f}" in line_of(app, f"{first:.3f}")


# Opening


async def test_a_file_is_opened_through_the_dialog(folder: Path) -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press("o")
        await saying(pilot, "open a file")
        await saying(pilot, "more/")
        shown = text_of(app)
        assert "wine.csv" in shown
        assert "notes.md" not in shown
        await typed(pilot, "w")
        await until(pilot, lambda: "ragged.csv" not in text_of(app))
        await pilot.press("tab")
        await until(pilot, lambda: app.screen.query_one(Input).value == "wine.csv")
        await pilot.press("enter")
        await until(pilot, lambda: app.session.spec == for_file("wine.csv"))
        await until(pilot, lambda: app.session.data.prepared.dataset.source == "wine.csv")
        await saying(pilot, "alcohol")
        assert "YOUR FILES" in text_of(app)
        assert "good" in text_of(app)


async def test_enter_on_a_folder_goes_in_and_escape_closes(folder: Path) -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press("o")
        await saying(pilot, "more/")
        await typed(pilot, "mo")
        await pilot.press("enter")
        await saying(pilot, "iris.csv")
        assert app.screen.query_one(Input).value == "more/"
        await pilot.press("escape")
        await until(pilot, lambda: app.current_mode == "data" and len(app.screen_stack) == 1)
        assert app.session.spec == small_spec()


async def test_down_reaches_the_list(folder: Path) -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press("o")
        await saying(pilot, "wine.csv")
        await pilot.press("down")
        await until(pilot, lambda: isinstance(app.focused, OptionList))
        await pilot.press("G", "enter")
        await until(pilot, lambda: app.session.spec.data.source == "wine.csv")


async def test_a_folder_that_cannot_be_read_is_said(folder: Path) -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press("o")
        await saying(pilot, "wine.csv")
        await typed(pilot, "nowhere/")
        await saying(pilot, "No such file or directory")
        await pilot.press("enter")
        await pilot.pause()
        assert len(app.screen_stack) == 2, "nothing was taken"


async def test_a_bad_file_is_one_line_and_the_former_data_stays(folder: Path) -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press("o")
        await saying(pilot, "ragged.csv")
        await typed(pilot, "ragged.csv")
        await pilot.press("enter")
        await until(pilot, lambda: app.session.data.error)
        assert status_of(app).startswith("✗ ragged.csv:3:")
        assert "1 Data ✗" in text_of(app)
        assert app.session.data.prepared.dataset.source == "moons"
        (folder / "ragged.csv").write_text("a,b,class\n" + ROWS)
        app.screen.query_one("#source-form", Form).go_to("source:ragged.csv")
        await pilot.press("enter")  # mended: Enter reads it again
        await until(pilot, lambda: app.session.data.prepared.dataset.source == "ragged.csv")
        await saying(pilot, "1 Data ✓")


async def test_a_missing_file_is_said_at_the_start(folder: Path) -> None:
    app = bench(for_file("nothing.csv"))
    async with app.run_test(size=(80, 24)) as pilot:
        await saying(pilot, "✗ nothing.csv")
        await on_screen(pilot, "model")
        await on_screen(pilot, "train")
        await on_screen(pilot, "gradients")


@pytest.mark.parametrize("name", ["iris/iris.csv", "wine/wine.csv", "tp4/tp4_data.pkl", "mnist_idx"])
async def test_real_data_is_shown_on_every_screen(name: str, test_data: Path) -> None:
    if not (test_data / name).exists():
        pytest.skip(f"no {name}")
    app = bench(for_file(str(test_data / name)))
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        assert app.session.data.error == ""
        for screen in ("model", "gradients", "train", "data"):
            await on_screen(pilot, screen)


# Hostile text


HOSTILE = ("[red]x[/]", "[/nope]", "\x1b[31mred", "a\x07b", "[link=x]y", "日本")


def hostile_csv(folder: Path) -> Path:
    path = folder / "[b]x.csv"
    heads = ",".join(f'"{name}"' for name in ("[bold]f0", "\x1b[2Jf1"))
    rows = "".join(f'{k / 9:.2f},{k % 7},"{HOSTILE[k % len(HOSTILE)]}"\n' for k in range(120))
    path.write_text(f"{heads},class\n{rows}", encoding="utf-8")
    return path


def assert_nothing_acts(app: Any) -> None:
    """What reaches the terminal as text holds no control character."""
    for strip in app.screen._compositor.render_strips():
        assert strip.text.isprintable(), repr(strip.text)


@pytest.mark.parametrize("size", [SIZE, (80, 24)])
async def test_markup_and_escapes_in_a_file_are_shown_literally(folder: Path, size: tuple[int, int]) -> None:
    hostile_csv(folder)
    app = bench(for_file("[b]x.csv"))
    async with app.run_test(size=size) as pilot:
        await opened(pilot)
        assert app.session.data.error == ""
        await saying(pilot, "[b]x.csv is ready")
        assert "[red]x[/]" in text_of(app)
        assert_nothing_acts(app)
        for screen in ("model", "gradients", "train"):
            await on_screen(pilot, screen)
            assert_nothing_acts(app)
        assert "[bold]f0" in text_of(app)
        await pilot.press("1", "o")
        await saying(pilot, "[b]x.csv")
        assert_nothing_acts(app)


async def test_hostile_file_names_are_listed_literally(folder: Path) -> None:
    for name in ("[red]a.csv", "\x1b[31mb.csv", "c\nd.csv"):
        (folder / name).write_text("a,b,class\n" + ROWS)
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press("o")
        await saying(pilot, "[red]a.csv")
        assert_nothing_acts(app)
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        app.open_experiment(for_file("\x1b[31mb.csv"))
        await until(pilot, lambda: app.session.data.prepared.dataset.source == "\x1b[31mb.csv")
        await pilot.pause()
        for screen in ("data", "model", "train"):
            await on_screen(pilot, screen)
            assert_nothing_acts(app)


async def test_words_of_an_error_are_shown_literally() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        for words in ("[red]x[/]", "[/]", "\x1b[31mx", "**bold**"):
            app.dispatch(DataRefused(f"x.csv: {words}"))
            await saying(pilot, "1 Data ✗")
            for screen in ("data", "model", "train", "gradients"):
                await on_screen(pilot, screen)
                assert_nothing_acts(app)


# The service


class Facts:
    """Keeps what a service says."""

    def __init__(self) -> None:
        self.facts: list[Any] = []

    def post_fact(self, fact: object) -> None:
        self.facts.append(fact)

    dispatch = post_fact


async def test_of_many_requests_only_the_newest_is_answered() -> None:
    app = bench(small_spec())
    app.data = DataService(app)
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        for samples in range(101, 131):
            app.change("data.options.n_samples", samples)
        await until(pilot, lambda: app.session.data.prepared.dataset.n_samples == 130)
        assert app.session.data.loading == ""


def test_reading_says_what_is_wrong_in_one_line(folder: Path) -> None:
    facts = Facts()
    service = DataService(facts)
    service._read(for_file("ragged.csv"), 0)
    (refused,) = facts.facts
    assert isinstance(refused, DataRefused)
    assert "\n" not in refused.words
    service._read(for_file("wine.csv"), 0)
    assert [type(fact) for fact in facts.facts[1:]] == [DataReady, FeaturesSummed]


def test_the_features_worth_looking_at_first() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 6)) * (1, 1, 1, 9, 1, 9)
    assert varied_features(X) == (0, 1, 2, 3, 4, 5)
    assert telling_features(X, varied_features(X)) == (0, 1)
    X[:, 0] = 3
    assert varied_features(X) == (1, 2, 3, 4, 5)
    assert telling_features(X, varied_features(X)) == (3, 5)
    assert telling_features(X[:, :1], ()) == (0, 0)


def test_of_many_features_those_that_hardly_change_are_passed_by() -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    images = rng.random((500, 10, 10))
    images[:, :, :3] = 0.0
    images[7, :, 0] = 1.0  # a speck of dust in one image
    varied = varied_features(images)
    assert len(varied) == 70
    assert not [k for k in varied if k % 10 < 3]
    still = np.zeros((500, 50))
    still[0] = 1.0
    assert len(varied_features(still)) == 50, "where none changes more, these are all there is"


async def test_a_file_that_is_refused_is_named_without_its_folders(tmp_path: Path) -> None:
    folder = tmp_path / "a_folder_with_a_name_of_some_length"
    folder.mkdir()
    (folder / "ragged.csv").write_text("a,b,y\n1,2,0\n3,4\n")
    app = bench(for_file(str(folder / "ragged.csv")))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.session.data.error)
        await saying(pilot, "ragged.csv:3: 2 values, where the first line has 3")
        assert "some_length" not in text_of(app)
