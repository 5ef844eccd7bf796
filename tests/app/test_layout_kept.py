"""The layout that is remembered: read whatever the file holds, written whole or not at all."""

import json
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.app.support import bench, on_screen, opened, small_spec, until
from tui.app.folders import numbered, state_folder, with_tilde
from tui.app.layout import FILE, Layout, LayoutKeeper, read_layout, write_layout
from tui.app.widgets.panel import Panel

VALUES = st.one_of(st.booleans(), st.integers(-9, 9), st.floats(allow_nan=False, allow_infinity=False), st.text())
LAYOUTS = st.dictionaries(st.text(max_size=8), st.dictionaries(st.text(max_size=8), VALUES, max_size=4), max_size=4)
JSON = st.recursive(
    st.none() | VALUES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)


@given(LAYOUTS)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, values: dict) -> None:
    folder = tmp_path_factory.mktemp("state")
    assert write_layout(folder, Layout(values))
    assert read_layout(folder) == Layout(values)
    assert [path.name for path in folder.iterdir()] == [FILE]


@given(st.one_of(st.binary(max_size=200), JSON.map(lambda value: json.dumps(value).encode())))
def test_a_foreign_or_torn_file_is_as_none(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("state")
    (folder / FILE).write_bytes(data)
    layout = read_layout(folder)
    assert layout.get("train", "map", True) in (True, False)
    assert isinstance(layout.get("train", "expanded", ""), str)


@given(LAYOUTS, st.integers(0, 400))
def test_a_file_that_is_cut_anywhere_is_as_none(
    tmp_path_factory: pytest.TempPathFactory, values: dict, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("state")
    write_layout(folder, Layout(values))
    data = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(data[:cut])
    assert read_layout(folder) in (Layout(values), Layout())


def test_a_value_of_another_kind_gives_way_to_the_default() -> None:
    layout = Layout({"train": {"map": "yes", "smoothing": 0, "log": True}})
    assert layout.get("train", "map", True) is True
    assert layout.get("train", "smoothing", 0.6) == 0.0
    assert layout.get("train", "log", False) is True
    assert layout.get("train", "log", 3) == 3
    assert layout.get("nowhere", "log", 3) == 3


def test_many_changes_at_once_leave_the_last(tmp_path: Path) -> None:
    keeper = LayoutKeeper(tmp_path / "state")
    for number in range(200):
        keeper.remember("train", "number", number)
    keeper.settle(10)
    assert read_layout(tmp_path / "state").get("train", "number", -1) == 199
    assert not any(thread.name == "keep layout" for thread in threading.enumerate())


def test_where_nothing_can_be_written_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file in the place of the folder")
    keeper = LayoutKeeper(tmp_path / "state")
    keeper.remember("train", "map", False)
    keeper.settle(10)
    assert keeper.get("train", "map", True) is False


def test_names_are_free(tmp_path: Path) -> None:
    (tmp_path / "a.svg").touch()
    (tmp_path / "a-2.txt").touch()
    assert [path.name for path in numbered(tmp_path, "a", (".svg", ".txt"))] == ["a-3.svg", "a-3.txt"]


def test_home_is_a_tilde() -> None:
    assert with_tilde(Path.home() / "runs") == "~/runs"
    assert with_tilde(Path("/elsewhere")) == "/elsewhere"
    assert with_tilde(Path.home()) == "~"


def test_where_the_root_is_home_nothing_is_gained_by_saying_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/")
    assert with_tilde(Path("/runs")) == "/runs"


def test_the_tests_never_touch_the_users_own_folders() -> None:
    assert str(state_folder()).startswith(os.environ["XDG_STATE_HOME"])
    assert "pytest" in os.environ["XDG_STATE_HOME"]
    assert "pytest" in str(Path.home())


async def test_the_next_application_looks_as_the_last_was_left() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("e")
        await until(pilot, lambda: not app.screen.query_one("#scatter").display)
        screen = await on_screen(pilot, "train")
        await pilot.press("d", "y")
        await until(pilot, lambda: not screen.query_one("#map").display)
        await on_screen(pilot, "runs")
        await pilot.press("y", "v")
        app.theme = "nord"
        await until(pilot, lambda: app.layout_kept.get("app", "theme", "") == "nord")
        app.layout_kept.settle(10)

    again = bench(small_spec())
    async with again.run_test(size=(120, 36)) as pilot:
        assert again.theme == "nord"
        await opened(pilot)
        await until(pilot, lambda: not again.screen.query_one("#scatter").display)
        assert again.screen.query_one("#source", Panel).has_focus_within
        screen = await on_screen(pilot, "train")
        await until(pilot, lambda: not screen.query_one("#map").display)
        assert screen.view.log
        runs = await on_screen(pilot, "runs")
        assert runs.view.log
        assert runs.figure == "train_loss"
        await pilot.press("1", "e", "4", "d")
        again.theme = "bench"
        await until(pilot, lambda: again.layout_kept.get("app", "theme", "") == "bench")
        again.layout_kept.settle(10)

    third = bench(small_spec())
    async with third.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        assert third.theme == "bench"
        assert third.screen.query_one("#scatter").display
        assert (await on_screen(pilot, "train")).query_one("#map").display


async def test_a_map_that_a_jump_brings_back_is_there_the_next_time() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        screen = await on_screen(pilot, "train")
        await pilot.press("d")
        await until(pilot, lambda: not screen.query_one("#map").display)
        assert app.layout_kept.get("train", "map", True) is False
        screen.jump_to(screen.query_one("#map", Panel))
        await until(pilot, lambda: screen.query_one("#map").display)
        assert app.layout_kept.get("train", "map", True) is True


async def test_a_theme_that_is_not_there_any_more_is_ours(tmp_path: Path) -> None:
    write_layout(state_folder(), Layout({"app": {"theme": "of-last-year"}, "data": {"expanded": "gone"}}))
    app = bench(small_spec())
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        assert app.theme == "bench"
        assert app.screen.query_one("#scatter").display


async def test_a_small_terminal_expands_nothing_for_a_large_one() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(60, 18)) as pilot:
        await opened(pilot)
        for letter in "sa":
            await pilot.press("ctrl+o", letter)
            await pilot.pause()
        await pilot.press("e", "escape")
        await pilot.pause()
        assert app.layout_kept.get("data", "expanded", "") == ""


async def test_only_what_somebody_chose_is_remembered() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        for name in ("model", "gradients", "train", "runs", "data"):
            await on_screen(pilot, name)
    app.layout_kept.settle(10)
    assert not (state_folder() / FILE).exists()
