"""What is around every screen: help, palette, themes, sizes, and the keys that work everywhere."""

from pathlib import Path
from typing import Any

import pytest
from textual.command import CommandPalette
from textual.widgets import Input, OptionList

from tests.app.support import (
    bench,
    epochs,
    finished,
    keys_of,
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
from tui.app.actions import ACTIONS, DIGITS, SCOPES, SCREENS, in_scope, show_key
from tui.app.app import BenchApp
from tui.app.screens.help import HelpScreen
from tui.app.widgets.panel import Panel
from tui.lab.recipes import names
from tui.lab.spec import load_spec

pytestmark = pytest.mark.usefixtures("no_maps")

WIDE = (120, 40)
NARROW = (80, 24)
SIZES = [(60, 18), NARROW, (100, 30), (200, 60)]


async def filled(app: BenchApp, pilot: Any) -> None:
    """Every screen has something to show: data, a proof, a run that has ended."""
    await opened(pilot)
    for fact in proof():
        app.dispatch(fact)
    await on_screen(pilot, "train")
    await pilot.press("space")
    await until(pilot, lambda: app.session.run is not None)
    runs_of(app).say(started(), *epochs(1, 20), finished())
    await until(pilot, lambda: app.session.run.state == "finished")


async def test_help_lists_every_key_of_a_screen_and_between_them_all_there_are() -> None:
    """From where the focus rests: the screen's own keys, those of its form or table, those everywhere."""
    app = bench(small_spec())
    seen: set[str] = set()
    async with app.run_test(size=(120, 130)) as pilot:
        await opened(pilot)
        for name in SCREENS:
            await on_screen(pilot, name)
            await pilot.press("question_mark")
            await saying(pilot, "EVERYWHERE")
            shown = text_of(app).splitlines()
            for action in (*in_scope(name), *in_scope("app")):
                first = show_key(action.keys.split(",")[0])
                assert any(action.help in line and first in line for line in shown), action.id
            assert any("WORDS ON THIS SCREEN" in line for line in shown)
            seen |= {action.id for action in ACTIONS if any(action.help in line for line in shown)}
            await pilot.press("question_mark")
            await until(pilot, lambda: len(app.screen_stack) == 1)
    # What a chart or images take is said where they have the focus: see the tests of the Data screen.
    assert seen == {action.id for action in ACTIONS if action.scope not in ("chart", "images")}


async def test_help_at_80x24_scrolls_to_its_end() -> None:
    app = bench(small_spec())
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot)
        await pilot.press("f1")
        await saying(pilot, "help   Data")
        await pilot.press("G")
        await saying(pilot, "the accuracy of guessing the most frequent class")
        await pilot.press("g")
        await saying(pilot, "Next two features")


async def test_f1_helps_in_a_field_and_leaves_what_is_typed() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await on_screen(pilot, "model")
        await pilot.press("enter")
        await typed(pilot, "8")
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await pilot.pause()
        focused = app.focused
        kept = app.session.spec.model.hidden == (8,) or (isinstance(focused, Input) and focused.value == "8")
        assert kept


async def test_a_command_of_the_palette_is_done() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: CommandPalette.is_open(app))
        await typed(pilot, "prove")
        await until(pilot, lambda: "prove backpropagation" in text_of(app))
        await until(pilot, lambda: app.screen.query_one(OptionList).option_count > 0)
        await pilot.press("enter")
        await until(pilot, lambda: not CommandPalette.is_open(app) or bool(app.screen.query("CommandList")))
        if CommandPalette.is_open(app):
            await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "gradients")


async def test_every_theme_draws_every_screen() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await filled(app, pilot)
        assert app.theme == "bench"
        for theme in ("bench-light", "textual-dark", "nord", "textual-ansi"):
            if theme not in app.available_themes:
                continue
            app.theme = theme
            await pilot.pause()
            for name in SCREENS:
                await on_screen(pilot, name)
                await until(pilot, lambda: "mlp-tui" in text_of(app))


async def test_screens_by_digit_and_by_neighbour() -> None:
    app = bench(small_spec())
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot)
        for digit, name in (("4", "train"), ("2", "model"), ("3", "gradients"), ("1", "data")):
            await pilot.press(digit)
            await until(pilot, lambda name=name: app.current_mode == name)  # type: ignore[misc]
        for key, name in (("L", "model"), ("H", "data"), ("H", "runs"), ("L", "data")):
            await pilot.press(key)
            await until(pilot, lambda name=name: app.current_mode == name)  # type: ignore[misc]
        await pilot.press("5", "7", "0", "9")
        await pilot.pause()
        assert app.current_mode == "data"


async def test_focus_rests_where_no_letter_types_and_comes_back() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        left = {}
        for name in SCREENS:
            screen = await on_screen(pilot, name)
            assert not isinstance(screen.focused, Input)
            await pilot.press("tab")
            left[name] = screen.focused
        assert all(left.values())
        for name in SCREENS:
            assert (await on_screen(pilot, name)).focused is left[name]


async def test_tab_goes_through_the_panels_and_round() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        for name in SCREENS:
            screen = await on_screen(pilot, name)
            first, seen = screen.focused, [screen.focused]
            await pilot.press("tab")
            while screen.focused is not first and len(seen) < 20:
                seen.append(screen.focused)
                await pilot.press("tab")
            assert len(set(seen)) == len(seen) == len([panel for panel in screen.query(Panel) if panel.display])


async def test_e_expands_a_panel_and_escape_gives_the_others_back() -> None:
    def displayed() -> list[Panel]:
        return [panel for panel in app.screen.query(Panel) if panel.display]

    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await filled(app, pilot)
        for name in SCREENS:
            await on_screen(pilot, name)
            count = len(displayed())
            for _ in range(3):
                await pilot.press("e")
                await until(pilot, lambda: len(displayed()) == 1 and displayed()[0].size.width > 110)
                (alone,) = displayed()
                assert alone.has_focus or alone.has_focus_within
                await pilot.press("escape")
                await until(pilot, lambda count=count: len(displayed()) == count)  # type: ignore[misc]
                await pilot.press("tab")
        await pilot.press("escape")
        await saying(pilot, "ctrl+q quits")


async def test_resizing_down_to_nothing_and_back() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await filled(app, pilot)
        for name in SCREENS:
            await on_screen(pilot, name)
            before = text_of(app)
            await pilot.resize_terminal(50, 14)
            await saying(pilot, "needs 60x18, this is 50x14")
            await pilot.resize_terminal(20, 5)
            await pilot.pause()
            await pilot.resize_terminal(*NARROW)
            await until(pilot, lambda: len(text_of(app).splitlines()) == 24 and "help" in keys_of(app))
            await pilot.resize_terminal(*WIDE)
            await until(pilot, lambda before=before: text_of(app) == before)  # type: ignore[misc]


@pytest.mark.parametrize("size", SIZES)
async def test_every_screen_keeps_its_frame_at_every_size(size: tuple[int, int]) -> None:
    app = bench(small_spec())
    async with app.run_test(size=size) as pilot:
        await filled(app, pilot)
        for name, digit in DIGITS.items():
            await on_screen(pilot, name)
            await pilot.pause()
            lines = text_of(app).splitlines()
            assert len(lines) == size[1]
            assert f"{digit} {name.capitalize()[:4]}" in lines[0]
            assert lines[-1].rstrip().endswith("? help")
            assert status_of(app)
            assert all(len(line) <= size[0] for line in lines)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_ascii_glyphs_draw_nothing_else(size: tuple[int, int]) -> None:
    app = bench(small_spec(), ascii=True)
    async with app.run_test(size=size) as pilot:
        await filled(app, pilot)
        for name in SCREENS:
            await on_screen(pilot, name)
            await pilot.pause()
            strange = {character for character in text_of(app) if not character.isascii()}
            # A few signs in sentences are turned into ASCII by the encoder of the terminal itself.
            assert strange <= set("·×…→σ√±²–▾"), strange
        assert ">" in text_of(app), "the focused panel says so in its title"


async def test_the_spec_is_written_and_opens_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    spec = small_spec("model.hidden=8,4", "training.lr=0.05")
    app = bench(spec)
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot)
        await pilot.press("W")
        await saying(pilot, "written to moons.toml")
        await pilot.press("W")
        await saying(pilot, "written to moons-2.toml")
    assert load_spec(tmp_path / "moons.toml") == spec


async def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_text", refuse)
    app = bench(small_spec())
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot)
        await pilot.press("W")
        await saying(pilot, "could not be written here: Permission denied")


async def test_recipes_show_their_tasks_and_load() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("R")
        await saying(pilot, "TASKS OF tp4")
        for name in names():
            assert name in text_of(app)
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        assert app.session.spec == small_spec()
        app.action_app_recipes()
        await saying(pilot, "TASKS OF")
        await pilot.press("j", "enter")
        await until(pilot, lambda: app.session.recipe == names()[1])
        assert app.current_mode == "train"


async def test_a_recipe_whose_data_must_be_named_says_so() -> None:
    from tui.lab.recipes import load

    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        app.open_recipe(load("mnist-mlp"))
        await until(pilot, lambda: app.session.data.error)
        await pilot.press("space")
        await until(pilot, lambda: app.current_mode == "data")
        assert "✗" in status_of(app)
        assert not runs_of(app).asked


def test_every_scope_has_a_heading() -> None:
    assert {action.scope for action in ACTIONS} <= set(SCOPES)
