"""Jump mode, one filter for every list, the mouse, and where the focus rests."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import OptionList

from tests.app.support import (
    bench,
    keys_of,
    line_of,
    on_screen,
    opened,
    proof,
    saying,
    settled,
    small_spec,
    status_of,
    text_of,
    typed,
    until,
)
from tui.app.actions import SCREENS
from tui.app.charts.scatter_cursor import ScatterCursor
from tui.app.config import Config
from tui.app.jump import LETTERS, labels
from tui.app.keyboard import Keyboard
from tui.app.screens.choose import ChooseScreen
from tui.app.screens.help import HelpScreen
from tui.app.screens.open_file import OpenScreen
from tui.app.screens.recipes import RecipesScreen
from tui.app.widgets.feature_table import FeatureTable
from tui.app.widgets.filter import FilterInput
from tui.app.widgets.form_rows import FormRows
from tui.app.widgets.frame import TopBar
from tui.app.widgets.lines import List
from tui.app.widgets.panel import Panel
from tui.app.widgets.table import Table
from tui.lab import recipes

WIDE, NARROW, SMALL = (120, 36), (80, 24), (60, 18)


def panels_of(screen: Any) -> list[Panel]:
    return list(screen.query_one("#body").query_children(Panel))


def has_focus(panel: Panel) -> bool:
    return panel.display and (panel.has_focus or panel.has_focus_within)


# Jump mode


@given(st.lists(st.text(min_size=1), unique=True, max_size=12), st.randoms(), st.sampled_from(sorted(LETTERS)))
def test_every_panel_has_a_letter_of_its_own(ids: list[str], chance: Any, keyboard: str) -> None:
    first = chance.sample(ids, len(ids) // 2)
    found = labels(ids, [*first, "elsewhere"], keyboard)
    assert sorted(found.values()) == sorted(ids)
    assert [*found.values()][: len(first)] == first
    assert "".join(found) == LETTERS[keyboard][: len(ids)]


def test_the_left_hand_comes_first_on_both_keyboards() -> None:
    assert "".join(labels("12345678")) == "asdfqwer"
    assert "".join(labels("12345678", keyboard="azerty")) == "qsdfazer"


@pytest.mark.parametrize("size", [WIDE, NARROW, SMALL])
async def test_a_letter_leads_to_every_panel_of_every_screen(no_maps: None, size: tuple[int, int]) -> None:
    app = bench(small_spec())
    async with app.run_test(size=size) as pilot:
        await opened(pilot)
        for name in SCREENS:
            screen = await on_screen(pilot, name)
            letters = labels([panel.id or "" for panel in panels_of(screen)], screen.JUMPS)
            for letter, panel_id in [*letters.items(), *reversed(letters.items())]:
                await pilot.press("ctrl+o")
                await saying(pilot, "a letter goes there, Esc stays")
                await pilot.press(letter)
                panel = screen.query_one(f"#{panel_id}", Panel)
                await until(pilot, lambda panel=panel: has_focus(panel))
                assert "a letter goes there" not in text_of(app)


async def test_the_letters_stand_on_the_titles_and_any_other_key_stays() -> None:
    app = bench(small_spec())
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot)
        await pilot.press("tab")
        before = app.screen.focused
        for key in ("escape", "z", "4", "question_mark", "ctrl+o", "space"):
            await pilot.press("ctrl+o")
            await saying(pilot, "(a) source")
            assert "(s) scatter" in text_of(app)
            assert "d this data set" in status_of(app)  # is not seen at this size
            await pilot.press(key)
            await until(pilot, lambda: app.screen.focused is before)
            assert "(a)" not in text_of(app)
            assert app.current_mode == "data"
            assert len(app.screen_stack) == 1


async def test_a_click_ends_jump_mode() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("ctrl+o")
        await saying(pilot, "(a) source")
        await pilot.click(FeatureTable, offset=(20, 9))
        await until(pilot, lambda: app.screen.query_one(FeatureTable).has_focus)
        assert "(a)" not in text_of(app)


async def test_the_map_comes_back_for_a_jump(no_maps: None) -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        screen = await on_screen(pilot, "train")
        await pilot.press("d")
        await until(pilot, lambda: not screen.query_one("#map").display)
        await pilot.press("ctrl+o", "d")
        await until(pilot, lambda: has_focus(screen.query_one("#map", Panel)))


# Filter


async def test_a_form_shows_the_settings_that_hold_the_words() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        screen = await on_screen(pilot, "model")
        rows = screen.query_one(FormRows)
        every = rows.rows
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(screen.focused, FilterInput))
        assert "clear, then close" in keys_of(app)
        await typed(pilot, "learning")
        await until(pilot, lambda: "training.lr" in {row.key for row in rows.rows} and len(rows.rows) < 6)
        assert "hidden sizes" not in line_of(app, "┃▸")
        await pilot.press("enter")
        await until(pilot, lambda: rows.has_focus)
        assert "learning" in text_of(app), "the filter stays in sight"
        await pilot.press("tab")
        await until(pilot, lambda: not isinstance(screen.focused, FilterInput) and screen.focused is not rows)
        await pilot.press("shift+tab")
        await until(pilot, lambda: rows.has_focus)
        await pilot.press("l")
        await until(pilot, lambda: app.session.spec.training.lr != 0.01)
        await pilot.press("escape")
        await until(pilot, lambda: len(rows.rows) == len(every))
        assert rows.current is not None
        assert rows.current.key.startswith("training.")


async def test_escape_clears_then_closes_and_no_row_is_no_mistake() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        screen = await on_screen(pilot, "model")
        rows = screen.query_one(FormRows)
        every = len(rows.rows)
        await pilot.press("slash")
        await typed(pilot, "zzz")
        await saying(pilot, "no line has these words")
        await pilot.press("enter", "j", "k", "g", "G", "enter", "h", "l", "delete", "pagedown", "pageup")
        await saying(pilot, "no line has these words")
        await pilot.press("slash", "escape")
        await until(pilot, lambda: len(rows.rows) == every)
        assert isinstance(screen.focused, FilterInput)
        await pilot.press("escape")
        await until(pilot, lambda: rows.has_focus)
        assert not screen.focused.filter_input.is_open


async def test_a_wrong_setting_is_gone_to_whatever_is_filtered() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        screen = await on_screen(pilot, "model")
        await pilot.press("slash")
        await typed(pilot, "dropout")
        await pilot.press("enter")
        app.go_to_setting("training.lr")
        rows = screen.query_one(FormRows)
        await until(pilot, lambda: rows.current is not None and rows.current.key == "training.lr")


async def test_a_table_counts_its_rows_through_a_filter() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        screen = await on_screen(pilot, "gradients")
        for fact in proof():
            app.post_fact(fact)
        table = screen.query_one(Table)
        await until(pilot, lambda: table.row_count == 5)
        await pilot.press("slash")
        await typed(pilot, "bias")
        await until(pilot, lambda: table.row_count == 2)
        await pilot.press("enter")
        await saying(pilot, "worst entry  0.bias")
        await pilot.press("j")
        await saying(pilot, "worst entry  2.bias")
        await pilot.press("w")
        await saying(pilot, "worst entry  input")
        assert table.row_count == 5


async def test_features_are_found_by_name() -> None:
    app = bench(recipes.load("tp4").spec)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        table = app.screen.query_one(FeatureTable)
        table.focus()
        await pilot.press("slash")
        await typed(pilot, "x7")
        await until(pilot, lambda: list(table.in_sight) == [7])
        assert table.feature == 7
        await pilot.press("enter", "l", "h")
        assert table.feature == 7
        await pilot.press("escape")
        await until(pilot, lambda: len(table.in_sight) > 1)
        assert table.feature == 7
        assert 7 in table.in_sight


async def test_sources_are_found_by_name() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("slash")
        await typed(pilot, "spirals")
        await pilot.press("enter", "enter")
        await until(pilot, lambda: app.session.spec.data.source == "spirals")


async def test_recipes_are_found_by_their_words() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, RecipesScreen))
        every = app.screen.query_one(List).option_count
        await pilot.press("slash")
        await typed(pilot, "lyon-deep")
        await until(pilot, lambda: app.screen.query_one(List).option_count == 2)
        await saying(pilot, "TASKS OF lyon-deep")
        await pilot.press("enter", "escape")
        await until(pilot, lambda: app.screen.query_one(List).option_count == every)
        await pilot.press("slash")
        await typed(pilot, "moons-16")
        await pilot.press("enter", "enter")
        await until(pilot, lambda: app.session.recipe == "moons-16")


async def test_choices_are_found_by_their_words() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        screen = await on_screen(pilot, "model")
        screen.go_to("model.activation")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ChooseScreen))
        await pilot.press("slash")
        await typed(pilot, "tanh")
        await pilot.press("enter", "enter")
        await until(pilot, lambda: app.session.spec.model.activation == "tanh")


async def test_files_are_found_by_any_part_of_their_names(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("red-wine.csv", "white-wine.csv", "red-roses.csv"):
        (tmp_path / name).write_text("1,2,a\n3,4,b\n" * 20)
    monkeypatch.chdir(tmp_path)
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, OpenScreen))
        await saying(pilot, "white-wine.csv")
        await pilot.press("slash")
        await until(pilot, lambda: app.screen.query_one("#path").value == "/")  # in a field everything types
        await pilot.press("backspace")
        await saying(pilot, "white-wine.csv")
        await pilot.press("down", "slash")
        await typed(pilot, "wine white")
        await until(pilot, lambda: app.screen.query_one(List).option_count == 1)
        await pilot.press("enter", "enter")
        await until(pilot, lambda: app.session.spec.data.source.endswith("white-wine.csv"))


async def test_help_is_filtered() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await pilot.press("slash")
        await typed(pilot, "undo")
        await until(pilot, lambda: "Undo the last change" in text_of(app) and "Previous screen" not in text_of(app))
        await pilot.press("escape", "escape")
        await saying(pilot, "Previous screen")
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_where_there_is_nothing_to_filter_it_says_so(no_maps: None) -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        assert "/ filter" in keys_of(app)
        await on_screen(pilot, "train")
        assert "/ filter" not in keys_of(app)
        await pilot.press("slash")
        await saying(pilot, "no list or table here to filter")


async def test_a_dialog_is_filtered_by_the_key_that_filters_now() -> None:
    app = bench(small_spec(), config=Config(keyboard=Keyboard(changed={"app.filter": ("f7",), "app.picture": ("f8",)})))
    taken = []
    app.action_app_picture = lambda: taken.append(type(app.screen))  # type: ignore[method-assign]
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        app.push_screen(ChooseScreen("which?", [(str(k), f"row {k}", "") for k in range(5)], "0"))
        await saying(pilot, "row 1")
        await pilot.press("slash", "P")
        assert not app.screen.query_one(FilterInput).is_open
        assert not taken
        await pilot.press("f8")
        await until(pilot, lambda: taken == [ChooseScreen])
        await pilot.press("f7")
        await until(pilot, lambda: app.screen.query_one(FilterInput).is_open)


# Esc and focus


async def test_the_focus_is_where_it_was_when_a_screen_is_taken_up_again(no_maps: None) -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        for name in SCREENS:
            screen = await on_screen(pilot, name)
            await pilot.press("tab", "tab")
            await settled(pilot)
            left = screen.focused
            for way in (["?", "escape"], ["L", "H"], ["ctrl+p", "escape"], ["R", "escape"]):
                for key in way:
                    await pilot.press({"?": "question_mark"}.get(key, key))
                    await settled(pilot)
                assert app.screen is screen, (name, way)
                assert screen.focused is left, (name, way)


async def test_escape_comes_out_one_step_and_at_last_says_how_to_quit(no_maps: None) -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        for name in SCREENS:
            screen = await on_screen(pilot, name)
            await pilot.press("e")
            await until(pilot, lambda screen=screen: screen.query_one("#body").has_class("-expanded"))
            await pilot.press("escape")
            await until(pilot, lambda screen=screen: not screen.query_one("#body").has_class("-expanded"))
            await pilot.press("escape")
            await saying(pilot, "ctrl+q quits")
            await pilot.press("escape", "escape", "escape")
            assert app.is_running
            assert app.current_mode == name
            app._forget_notice(app.session.notice)


# The mouse


async def test_a_click_goes_there_and_a_second_is_enter() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        rows = app.screen.query_one("#source-form FormRows", FormRows)
        app.screen.query_one(FeatureTable).focus()
        await until(pilot, lambda: app.screen.query_one(FeatureTable).has_focus)
        line = rows.line_of(next(at for at, row in enumerate(rows.rows) if row.key == "source:circles"))
        moons = rows.line_of(rows.cursor)
        await pilot.click(rows, offset=(5, moons))
        await until(pilot, lambda: rows.has_focus)
        assert app.session.spec.data.source == "moons"
        await pilot.click(rows, offset=(5, line))
        await until(pilot, lambda: rows.current is not None and rows.current.key == "source:circles")
        assert app.session.spec.data.source == "moons"
        await pilot.click(rows, offset=(5, line))
        await until(pilot, lambda: app.session.spec.data.source == "circles")


async def test_a_first_click_on_a_list_does_not_choose() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, RecipesScreen))
        lines = app.screen.query_one(List)
        at = next(n for n in range(lines.option_count) if lines.get_option_at_index(n).id == "lyon-shallow")
        await pilot.click(lines, offset=(6, at))
        await until(pilot, lambda: lines.highlighted == at)
        assert isinstance(app.screen, RecipesScreen)
        await pilot.click(lines, offset=(6, at))
        await until(pilot, lambda: app.session.recipe == "lyon-shallow")


async def test_a_click_on_the_first_card() -> None:
    app = bench()
    async with app.run_test(size=WIDE) as pilot:
        await saying(pilot, "start with")
        lines = app.screen.query_one(OptionList)
        await pilot.click(lines, offset=(4, 1))
        await until(pilot, lambda: lines.highlighted == 1)
        await pilot.click(lines, offset=(4, 1))
        await until(pilot, lambda: isinstance(app.screen, RecipesScreen))


async def test_cells_and_points_are_clicked_and_the_wheel_scrolls_and_zooms() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        table = app.screen.query_one(FeatureTable)
        await pilot.click(table, offset=(26, 9))
        await until(pilot, lambda: table.has_focus and (table.row, table.feature) == (2, 1))
        await pilot._post_mouse_events([_wheel()], table, offset=(5, 5))
        await until(pilot, lambda: table.row == 3)
        scatter = app.screen.query_one(ScatterCursor)
        await pilot.click(scatter, offset=(20, 8))
        await until(pilot, lambda: scatter.has_focus and scatter.view.cursor is not None)


def _wheel() -> Any:
    from textual import events

    return events.MouseScrollDown


async def test_a_screens_name_is_clicked() -> None:
    app = bench(small_spec())
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot)
        for name, label in (("gradients", "3 Grads"), ("runs", "6 Runs"), ("model", "2 Model"), ("data", "1 Data")):
            x = text_of(app).splitlines()[0].index(label)
            await pilot.click(TopBar, offset=(x + 1, 0))
            await until(pilot, lambda name=name: app.current_mode == name)
            await settled(pilot)
        await pilot.click(TopBar, offset=(79, 0))
        await pilot.pause()
        assert app.current_mode == "data"


# Keys typed ahead


async def test_keys_that_come_together_act_one_after_the_other() -> None:
    from textual import events

    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await on_screen(pilot, "model")
        keys = [("enter", "\r"), ("6", "6"), ("4", "4"), ("x", "x")]
        for key, character in keys:
            app.post_message(events.Key(key, character))
        await until(pilot, lambda: "model.hidden" in app.session.wrong)
        await until(pilot, lambda: app.session.wrong["model.hidden"][0] == "64x")
        assert app.current_mode == "model"
