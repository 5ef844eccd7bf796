"""What random keys once brought down, each by itself: several keys in one moment, no room, things that are gone."""

from pathlib import Path

import numpy as np
import pytest
from textual import events

from tests.app.support import bench, on_screen, opened, runs_of, saying, small_spec, started, text_of, typed, until
from tests.app.test_runs import make_run, whole
from tui.app.actions import SCREENS
from tui.app.palette import entries
from tui.app.palette_search import Palette, draw
from tui.app.screens.choose import ChooseScreen, List
from tui.app.screens.open_file import OpenScreen, PathInput, look
from tui.app.screens.recipes import RecipesScreen
from tui.app.screens.runs_deeds import _wrong_count
from tui.app.widgets.look import Look
from tui.app.widgets.table import Table
from tui.lab.spec import Spec, for_file

pytestmark = pytest.mark.usefixtures("no_maps")


async def test_the_palette_opens_on_every_screen_and_shows_every_key(runs_dir: Path) -> None:
    """Square brackets are markup to Textual's: [/] ended what was never begun, and [e] was not shown."""
    make_run(runs_dir, "1120-1402-moons", *whole())
    app = bench(small_spec(), runs_dir=runs_dir)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        for name in SCREENS:
            screen = await on_screen(pilot, name)
            for entry in entries(app, screen):
                line = draw(entry, 120, "~").plain
                assert entry.title[:40] in line
                assert entry.key in line
            await pilot.press("ctrl+p")
            await saying(pilot, "Give the focused panel")
            await pilot.press("escape")
            await until(pilot, lambda: not isinstance(app.screen, Palette))


async def test_a_page_of_a_palette_without_room() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, Palette) and "Open a data file" in text_of(app))
        await pilot.resize_terminal(20, 2)
        await pilot.press("down", "pagedown", "pageup", "pagedown")
        await pilot.resize_terminal(80, 24)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Palette))


async def test_a_page_of_a_list_without_room() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        app.push_screen(ChooseScreen("which?", [(str(k), f"row {k}", "") for k in range(50)], "0"))
        await saying(pilot, "row 1")
        await pilot.resize_terminal(4, 1)
        await pilot.press("pagedown", "pageup")
        await pilot.resize_terminal(80, 24)
        await pilot.press("pagedown")
        assert app.screen.query_one(List).highlighted


@pytest.mark.parametrize("key", ["R", "o", "ctrl+p", "d", "question_mark"])
async def test_keys_in_one_moment_open_and_leave_a_dialog(key: str) -> None:
    """Over a slow line they come together: the second finds a dialog that has no rows yet, or is gone."""
    app = bench(small_spec())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        for _ in range(3):
            for pressed in (key, "escape", "escape", key, "enter", "enter", "x", "escape", "escape", "escape"):
                app.post_message(events.Key(pressed, pressed if len(pressed) == 1 else None))
            await pilot.pause()
            for _ in range(3):
                await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_a_dialog_is_not_left_behind_by_the_data_that_comes() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(80, 24)) as pilot:
        app.action_app_recipes()
        await until(pilot, lambda: isinstance(app.screen, RecipesScreen))
        app._leave_opening()
        app._leave_opening()
        assert isinstance(app.screen, RecipesScreen) or app.current_mode == "data"
        if app.current_mode == "opening":
            await pilot.press("escape")
        await until(pilot, lambda: app.current_mode == "data")


async def test_a_dialog_closes_itself_alone() -> None:
    """Where the screen under it has changed, what is up now is not closed in its place."""
    app = bench(small_spec())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await on_screen(pilot, "data")
        dialog = ChooseScreen("which?", [("a", "a", "")], "a")
        app.push_screen(dialog)
        await saying(pilot, "which?")
        app.switch_mode("train")
        await until(pilot, lambda: app.current_mode == "train")
        dialog.dismiss("a")
        await pilot.pause()
        assert app.screen.is_mounted
        app.switch_mode("data")
        await saying(pilot, "which?")
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_the_rows_of_a_folder_come_after_its_dialog_has_gone(tmp_path: Path) -> None:
    app = bench(small_spec())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, OpenScreen))
        screen = app.screen
        assert isinstance(screen, OpenScreen)
        screen._list(str(tmp_path) + "/")
        await screen.dismiss(None)
        await app.workers.wait_for_complete()
        await opened(pilot)


async def test_enter_on_a_row_that_is_no_more() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, OpenScreen))
        screen = app.screen
        assert isinstance(screen, OpenScreen)
        rows = screen.query_one(List)
        await until(pilot, lambda: rows.option_count)
        rows.highlighted = rows.option_count - 1
        rows.action_select()
        screen._entries = []
        await pilot.pause()
        assert app.screen is screen


@pytest.mark.parametrize("typed_path", ["a\0b", "\0", "/nowhere/\0/x", "~nobody/\0", "/nowhere/at/all"])
def test_a_path_that_cannot_be_is_said(typed_path: str) -> None:
    entries, words = look(typed_path)
    assert entries == []
    assert words


@pytest.mark.parametrize("count", ["²", "①", "", "0", "101", "-1", "x", "1.5"])
def test_a_count_of_seeds_is_a_number(count: str) -> None:
    assert "expected" in _wrong_count(count)
    assert not _wrong_count("٤")  # what int() reads is a number


async def test_images_over_a_plane_whose_point_is_beyond_them(tmp_path: Path) -> None:
    np.savez(tmp_path / "images.npz", X=np.random.default_rng(0).random((30, 8, 8)), y=np.arange(30) % 3)
    app = bench(Spec())
    async with app.run_test(size=(160, 44)) as pilot:
        await opened(pilot)
        screen = await on_screen(pilot, "data")
        scatter = screen.query_one("#scatter").scatter
        scatter.focus()
        await pilot.press("l", "k")
        await until(pilot, lambda: scatter.point is not None)
        app.open_experiment(for_file(str(tmp_path / "images.npz")))
        await saying(pilot, "images.npz")
        screen.query_one("#scatter").pointed_at()


async def test_runs_that_are_gone_when_they_are_to_be_deleted(runs_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(runs_dir, "1120-1402-moons", *whole())

    def gone(run: object) -> int:
        raise OSError(2, "No such file or directory")

    monkeypatch.setattr("tui.app.services.run_deeds.size_of", gone)
    app = bench(small_spec(), runs_dir=runs_dir)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await on_screen(pilot, "runs")
        await saying(pilot, "1120-1402-moons")
        await pilot.press("D")
        await saying(pilot, "No such file")
        assert len(app.screen_stack) == 1


async def test_control_characters_can_be_typed_into_every_dialog() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        for key in ("o", "ctrl+p"):
            await pilot.press(key)
            await until(pilot, lambda: len(app.screen_stack) == 2)
            app.post_message(events.Paste("[/] [b]x \x1b[31m \0 名前"))
            await typed(pilot, "[/")
            await pilot.press("escape")
            await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_numbers_are_opened_while_a_run_of_classes_starts() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await on_screen(pilot, "train")
        await pilot.press("space")
        await until(pilot, lambda: runs_of(app).asked)
        app.change("data.source", "plane")
        await until(pilot, lambda: app.session.data_task == "regression")
        runs_of(app).say(started(20))
        await saying(pilot, "The first epoch is on its way")


async def test_what_the_palette_looked_for_comes_after_it_has_gone() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        for _ in range(5):
            await pilot.press("ctrl+p")
            palette = app.screen
            assert isinstance(palette, Palette)
            await palette.dismiss(None)
            palette._refresh_command_list(None, [], True)
        await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_the_worst_tensor_of_a_check_that_is_not_drawn_yet() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        screen = await on_screen(pilot, "gradients")
        table = screen.query_one(Table)
        table.go_to(0)  # no row stands there yet
        assert table.marked == -1


async def test_points_of_the_former_data_under_the_cursor_of_one_with_a_single_feature(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("a,y\n" + "".join(f"{n},{n % 2}\n" for n in range(40)))
    app = bench(small_spec())
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("tab")
        await until(pilot, lambda: app.screen.query_one(Look).scatter.has_focus)
        await pilot.press("l")
        app.open_experiment(for_file(str(tmp_path / "one.csv")))
        await until(pilot, lambda: app.session.data.prepared and app.session.data.prepared.in_features == 1)
        await pilot.pause()
        look = app.screen.query_one(Look)
        look._features = (0, 1)  # those of the former data, which the next drawing turns
        assert look.pointed_at() == ""
        assert look.copied() is None


@pytest.mark.parametrize("path", ["x" * 300, "/tmp/" + "y" * 5000, "~/" + "z/" * 3000])
async def test_a_pasted_path_that_is_longer_than_any(path: str) -> None:
    app = bench(small_spec())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, OpenScreen))
        app.post_message(events.Paste(path))
        await until(pilot, lambda: app.screen.query_one(PathInput).value == path)
        await pilot.press("enter")
        await saying(pilot, "ame too long")
        assert isinstance(app.screen, OpenScreen)
