"""The palette: an entry for everything, found by its words, and where it would do nothing it says why."""

import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.command import CommandPalette
from textual.widgets import OptionList

from tests.app.support import (
    bench,
    diverged,
    epochs,
    on_screen,
    opened,
    proof,
    runs_of,
    saying,
    small_spec,
    started,
    status_of,
    text_of,
    typed,
    until,
)
from tests.lab.support import new_run
from tui.app import palette_search
from tui.app.actions import ACTIONS, SCREENS, by_id
from tui.app.app import BenchApp
from tui.app.config import Config
from tui.app.facts import SettingChanged
from tui.app.keyboard import Keyboard
from tui.app.palette import RECENT, Entry, entries
from tui.app.palette_search import MOST, draw, find, score
from tui.app.reasons import why_not
from tui.app.reducers import apply
from tui.app.services.run_deeds import EXPORTS
from tui.app.widgets.form import Form
from tui.lab.fields import FIELDS
from tui.lab.recipes import names

WIDE, NARROW = (120, 36), (80, 24)
SETTINGS = [key for key in FIELDS if key != "name"]
pytestmark = pytest.mark.usefixtures("no_maps")


def entry_of(app: BenchApp, title: str) -> Entry:
    (found,) = [entry for entry in entries(app, app.screen) if entry.title == title]
    return found


def is_answered(options: OptionList, query: str) -> bool:
    """Whether the list is that of the whole query."""
    hits = [getattr(option, "hit", None) for option in options.options]
    first = hits[0].text.lower() if hits and hits[0] is not None else ""
    return len(options.options) <= MOST and query.split()[0].lower()[:3] in first


async def with_palette(pilot: Any, query: str = "") -> OptionList:
    """Opens it and types; the list is that of the whole query then."""
    await pilot.press("ctrl+p")
    await until(pilot, lambda: CommandPalette.is_open(pilot.app))
    await until(pilot, lambda: pilot.app.screen.query_one(OptionList).option_count > 0)
    options: OptionList = pilot.app.screen.query_one(OptionList)
    if query:
        await typed(pilot, query)
        await until(pilot, lambda: is_answered(options, query))
    return options


async def chosen(pilot: Any, query: str) -> None:
    """Types a query and takes the first answer."""
    await with_palette(pilot, query)
    await pilot.press("enter")
    await until(pilot, lambda: not CommandPalette.is_open(pilot.app))


# What it offers


async def test_an_entry_for_every_action_and_for_all_that_has_a_name(runs_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "wine.csv"
    file.write_text("x,y,class\n" + "".join(f"{i},{-i},{i % 2}\n" for i in range(60)), encoding="utf-8")
    runs = [new_run(small_spec(), runs_dir.parent, f"moons-{i}").path for i in range(3)]
    app = bench(small_spec(), runs_dir=runs_dir)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        app.open_experiment(small_spec().with_source(str(file)))
        for name in SCREENS:
            screen = await on_screen(pilot, name)
            found = entries(app, screen, runs)
            titles = {entry.title for entry in found}
            for action in ACTIONS:
                if action.palette:
                    (entry,) = [e for e in found if action.id in e.words.split()]
                    assert entry.title == action.help
                    assert entry.key == app.keyboard.shown(action.id)
            assert {f"Recipe: {recipe}" for recipe in names()} <= titles
            assert {f"Theme: {theme}" for theme in app.available_themes} <= titles
            assert {f"Run: {run.name}" for run in runs} <= titles
            assert {f"Export: {label}" for _, label, _ in EXPORTS} <= titles
            assert "File: wine.csv" in titles
            assert set(SETTINGS) <= {entry.words for entry in found}
            first = next(e for e in found if not e.idle)
            assert first.words.split()[-1].startswith(f"{name}."), "what works here comes first"


@pytest.mark.parametrize("action", [action for action in ACTIONS if not action.palette], ids=lambda action: action.id)
def test_what_has_no_entry_moves_a_cursor_or_has_a_key(action) -> None:  # type: ignore[no-untyped-def]
    assert action.keys


async def test_an_option_of_a_schedule_leads_to_its_row_on_model() -> None:
    app = bench(small_spec("training.schedule=step"))
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        key = "training.schedule_options.gamma"
        entry = next(e for e in entries(app, app.screen) if e.words == key)
        assert entry.title == "Gamma: set a value"
        assert entry.where == "now 0.1, on Model"
        entry.run()
        await until(
            pilot, lambda: [form.current_key for form in app.screen.query(Form) if form.has_focus_within] == [key]
        )


async def test_every_setting_leads_to_its_row() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        for key in SETTINGS:
            field = FIELDS[key]
            label = field.label.removeprefix("... ")
            entry = next(e for e in entries(app, app.screen) if e.words == key)
            assert entry.title == f"{label[:1].upper()}{label[1:]}: set a value"
            entry.run()
            row = "source:moons" if key == "data.source" else key

            def there(row: str = row) -> bool:
                return [form.current_key for form in app.screen.query(Form) if form.has_focus_within] == [row]

            await until(pilot, there)


# How it is found


async def test_typing_finds_and_enter_does(no_maps: None) -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await chosen(pilot, "learning rate: set")
        await until(pilot, lambda: app.current_mode == "model")
        await until(pilot, lambda: [f.current_key for f in app.screen.query(Form)] == ["training.lr"])
        await chosen(pilot, "theme: nord")
        await until(pilot, lambda: app.theme == "nord")
        await chosen(pilot, "prove")
        await until(pilot, lambda: app.current_mode == "gradients")


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("lr", "train.lr_down"),
        ("quit", ""),
        ("stop", "train.stop"),
        ("prove", "app.gradients"),
        ("log", "train.log"),
        ("rate down", "train.lr_down"),
        ("batch size", "training.batch_size"),
        ("training.momentum", "training.momentum"),
    ],
)
async def test_what_is_meant_comes_first(query: str, wanted: str) -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        screen = await on_screen(pilot, "train")
        every = entries(app, screen)
        best = [every[at].words for at in find(query, every)][:3]
        assert not wanted or any(wanted in words.split() for words in best), best


made = st.builds(
    Entry,
    title=st.text(min_size=1, max_size=60),
    run=st.just(lambda: None),
    where=st.text(max_size=30),
    key=st.sampled_from(["", "x", "backspace", "ctrl+shift+F12"]),
    idle=st.sampled_from(["", "no run is training", "x" * 90]),
    words=st.text(max_size=20),
)


@given(st.lists(made, max_size=60), st.text(max_size=8))
def test_a_query_finds_what_has_its_words_and_not_too_much(every: list[Entry], query: str) -> None:
    found = find(query, every)
    assert len(found) == len(set(found)) <= MOST
    points = [score(query, every[at]) for at in found]
    assert points == sorted(points, reverse=True)
    if any(score(query, entry) for entry in every):
        assert all(points)


@given(made, st.integers(20, 200))
def test_a_line_is_as_wide_as_the_list(entry: Entry, width: int) -> None:
    line = draw(entry, width, ".")
    assert line.cell_length <= max(width, 24)


async def test_a_key_stroke_searches_and_does_not_gather_again(monkeypatch: pytest.MonkeyPatch) -> None:
    gathered = []

    def counted(*words: Any) -> list[Entry]:
        gathered.append(1)
        return entries(*words)

    monkeypatch.setattr(palette_search, "entries", counted)
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        options = await with_palette(pilot, "learning rate down")
        await until(pilot, lambda: options.option_count == 1)
        assert gathered == [1]


async def test_it_opens_while_the_folder_of_runs_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, runs_dir: Path
) -> None:
    answer = threading.Event()

    def slow(_: Path) -> list[Path]:
        answer.wait(30)
        return [runs_dir / "1120-1402-late"]

    monkeypatch.setattr(palette_search, "_look", slow)
    app = bench(small_spec(), runs_dir=runs_dir)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await with_palette(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: not CommandPalette.is_open(app))
        answer.set()
        await until(pilot, lambda: app.newest_runs)
        await with_palette(pilot, "late")
        await saying(pilot, "Run: 1120-1402-late")


def test_only_the_newest_runs_are_offered(runs_dir: Path) -> None:
    for number in range(RECENT + 3):
        new_run(small_spec(), runs_dir.parent, f"moons-{number}")
    assert len(palette_search._look(runs_dir)) == RECENT
    assert palette_search._look(runs_dir / "absent") == []


# What it does


async def test_an_action_of_another_screen_goes_there_and_does_it() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        entry_of(app, by_id("train.toggle").help).run()
        await until(pilot, lambda: app.current_mode == "train" and runs_of(app).asked == [("start", "run")])
        await on_screen(pilot, "data")
        entry_of(app, by_id("model.add_layer").help).run()
        await until(pilot, lambda: app.current_mode == "model" and len(app.session.spec.model.hidden) == 3)


async def test_every_action_of_this_screen_is_what_its_key_does() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        for name in SCREENS:
            screen = await on_screen(pilot, name)
            for entry in entries(app, screen):
                if entry.words.split()[-1:] and entry.words.split()[-1].startswith((f"{name}.", "app.")):
                    assert entry.run is not app.action_app_back, entry.title
        screen = await on_screen(pilot, "model")
        await chosen(pilot, "add a hidden layer")
        await until(pilot, lambda: len(app.session.spec.model.hidden) == 3)
        await chosen(pilot, "undo")
        await until(pilot, lambda: len(app.session.spec.model.hidden) == 2)
        assert entry_of(app, by_id("form.reset").help).idle == ""
        assert entry_of(app, by_id("chart.zoom_in").help).idle == "no chart has the focus"


async def test_a_deed_for_a_run_that_is_not_seen_is_not_done_unseen(runs_dir: Path) -> None:
    run = new_run(small_spec(), runs_dir.parent)
    app = bench(small_spec(), runs_dir=runs_dir)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        entry_of(app, by_id("runs.delete").help).run()
        await until(pilot, lambda: app.current_mode == "runs")
        await saying(pilot, "D does it to the run under the cursor")
        assert len(app.screen_stack) == 1
        assert run.path.exists()


async def test_what_would_do_nothing_says_why_and_is_refused_in_these_words() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await on_screen(pilot, "train")
        await with_palette(pilot, "stop; the")
        await saying(pilot, "no run is training")
        await pilot.press("enter")
        await until(pilot, lambda: "no run is training" in status_of(app))


async def test_keys_are_those_of_this_keyboard() -> None:
    app = bench(small_spec(), config=Config(keyboard=Keyboard("azerty", {"train.toggle": ("b",)})))
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        assert entry_of(app, by_id("train.toggle").help).key == "b"
        assert entry_of(app, by_id("train.lr_down").help).key == ","


@pytest.mark.parametrize("size", [WIDE, NARROW, (60, 18)])
async def test_the_palette_is_ascii_where_the_terminal_is(size: tuple[int, int]) -> None:
    app = bench(small_spec(), ascii=True)
    async with app.run_test(size=size) as pilot:
        await opened(pilot)
        await with_palette(pilot, "re")
        await saying(pilot, "Recipe: tp4")
        rows = [line for line in text_of(app).splitlines() if "Recipe" in line or "Re" in line]
        assert rows
        assert all(row.isascii() for row in rows)


async def test_on_the_first_launch_it_works_too(runs_dir: Path) -> None:
    app = bench(None, runs_dir=runs_dir)
    async with app.run_test(size=WIDE) as pilot:
        await saying(pilot, "Three keys to a trained network")
        await chosen(pilot, "recipe: tp4")
        await until(pilot, lambda: app.session.recipe == "tp4")


# Why not


async def test_what_the_key_line_leaves_out_has_a_reason(no_maps: None) -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)

        async def look() -> None:
            for name in ("data", "model", "gradients", "train"):
                screen = await on_screen(pilot, name)
                idle = screen.idle_actions(app.session)
                for entry in entries(app, screen):
                    if set(entry.words.split()) & {action_id for action_id in idle if action_id.startswith(name)}:
                        assert entry.idle, entry

        await look()
        runs = runs_of(app)
        await pilot.press("space")
        runs.say(started(), *epochs(1, 4))
        await until(pilot, lambda: app.session.run is not None and len(app.session.run.epochs) == 4)
        await look()
        assert why_not("train.new_weights", app.session) == "the run must be stopped first"
        assert why_not("train.stop", app.session) == ""
        runs.say(diverged(5))
        await until(pilot, lambda: app.session.run is not None and app.session.run.state == "diverged")
        await look()
        assert why_not("train.resume", app.session) == ""
        assert why_not("train.stop", app.session) == "no run is training"
        for fact in proof():
            app.dispatch(fact)
        await look()
        assert why_not("gradients.worst", app.session) == ""


def test_reasons_are_of_actions_that_exist() -> None:
    app = bench(small_spec())
    session = app.session
    for action in ACTIONS:
        assert isinstance(why_not(action.id, session), str)
    assert why_not("app.undo", session) == "nothing has been changed"
    changed = session.spec.with_value("training.lr", 0.5)
    assert why_not("app.undo", apply(SettingChanged(changed, "training.lr"), session)) == ""
