"""Forms are rows: letters stay commands until a field is open, and a wrong value traps nobody."""

from typing import Any

import pytest
from textual.widgets import Input, OptionList

from tests.app.support import (
    bench,
    keys_of,
    line_of,
    on_screen,
    opened,
    runs_of,
    saying,
    small_spec,
    status_of,
    text_of,
    typed,
    until,
)
from tui.app.widgets.form import Form
from tui.lab.fields import FIELDS

pytestmark = pytest.mark.usefixtures("no_maps")

SIZE = (100, 30)


async def row(pilot: Any, key: str) -> None:
    """The cursor stands on a setting of 2 Model."""
    screen = await on_screen(pilot, "model")
    screen.query_one("#settings-form", Form).go_to(key)
    await pilot.pause()


async def test_a_wrong_value_shows_words_at_its_row_and_a_mark_on_the_tab() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await row(pilot, "training.lr")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await typed(pilot, "fast")
        await saying(pilot, "expected a number above 0")
        assert "2 Model ✗" in text_of(app)
        await pilot.press("escape")
        await until(pilot, lambda: not app.session.problems)
        await saying(pilot, "2 Model ✓")
        assert "0.01" in line_of(app, "learning rate")
        assert app.session.spec == small_spec()


async def test_a_wrong_value_can_be_left_and_space_on_train_goes_to_it() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await row(pilot, "training.epochs")
        await pilot.press("enter")
        await typed(pilot, "ten")
        await pilot.press("enter")
        await until(pilot, lambda: "training.epochs" in app.session.wrong)
        assert "ten" in line_of(app, "epochs")
        screen = await on_screen(pilot, "train")
        assert "✗" in status_of(app)
        await pilot.press("space")
        await until(pilot, lambda: app.current_mode == "model")
        assert not runs_of(app).asked
        screen = app.screen
        assert screen.query_one("#settings-form", Form).current_key == "training.epochs"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.focused, Input))
        assert app.focused.value == "ten", "what was typed is there to be mended"  # type: ignore[union-attr]
        await typed(pilot, "7")
        await pilot.press("enter")
        await until(pilot, lambda: app.session.spec.training.epochs == 7)
        await on_screen(pilot, "train")
        await pilot.press("space")
        await until(pilot, lambda: runs_of(app).asked)


async def test_values_that_do_not_go_together_are_wrong_too() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await row(pilot, "training.momentum")
        await pilot.press("l")
        await saying(pilot, "adam takes no momentum")
        assert "2 Model ✗" in text_of(app)


async def test_h_and_l_step_the_value_in_place() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await row(pilot, "training.lr")
        await pilot.press("l")
        await until(pilot, lambda: app.session.spec.training.lr == 0.02)
        await saying(pilot, "◂ 0.02 ▸")
        await pilot.press("h", "h")
        await until(pilot, lambda: app.session.spec.training.lr == 0.005)
        await row(pilot, "model.hidden")
        await pilot.press("l")
        await until(pilot, lambda: app.session.spec.model.hidden == (32, 32))
        await saying(pilot, "2-32-32-2")


async def test_u_undoes_and_ctrl_r_does_it_again() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await row(pilot, "training.lr")
        await pilot.press("l", "l")
        await until(pilot, lambda: app.session.spec.training.lr == 0.05)
        await pilot.press("u")
        await saying(pilot, "undone; ctrl+r does it again")
        assert app.session.spec.training.lr == 0.02
        await pilot.press("u", "u")
        await saying(pilot, "nothing to undo")
        await pilot.press("ctrl+r", "ctrl+r", "ctrl+r")
        await saying(pilot, "nothing to redo")
        assert app.session.spec.training.lr == 0.05


async def test_undoing_another_data_set_brings_the_former_back() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        app.change("data.source", "blobs")
        await until(pilot, lambda: app.session.data.prepared.dataset.source == "blobs")
        await pilot.press("u")
        await until(pilot, lambda: app.session.data.prepared.dataset.source == "moons")
        await saying(pilot, "100 × 2 · 2 classes")


async def test_enter_on_a_choice_opens_its_list() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await row(pilot, "training.optimizer")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.focused, OptionList))
        shown = text_of(app)
        for choice in FIELDS["training.optimizer"].choices:
            assert choice.label in shown
            assert choice.help in shown
        await pilot.press("j", "enter")
        await until(pilot, lambda: app.session.spec.training.optimizer == "adamw")
        await saying(pilot, "AdamW 0.01")


async def test_escape_closes_a_list_without_effect() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await row(pilot, "model.activation")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.focused, OptionList))
        await pilot.press("j", "j", "escape")
        await until(pilot, lambda: not isinstance(app.focused, OptionList))
        assert app.session.spec == small_spec()
        assert app.screen.query_one("#settings-form", Form).current_key == "model.activation"


async def test_enter_on_yes_or_no_turns_it() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        app.screen.query_one("#split-form", Form).go_to("data.stratify")
        app.screen.query_one("#split-form", Form).focus_rows()
        await pilot.press("enter")
        await until(pilot, lambda: app.session.spec.data.stratify is False)


async def test_everything_types_in_an_open_field() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await row(pilot, "training.lr")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.focused, Input))
        assert keys_of(app).startswith("Enter keep  Esc put back  tab keep and next")
        text = "14?/<>[] queoRWx hlHG"
        await typed(pilot, text)
        assert app.current_mode == "model"
        assert app.focused.value == text  # type: ignore[union-attr]
        assert len(app.screen_stack) == 1
        await pilot.press("escape")
        assert app.session.spec == small_spec()


async def test_tab_keeps_and_opens_the_next() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await row(pilot, "training.momentum")
        await pilot.press("enter")
        await typed(pilot, "0.5")
        await pilot.press("tab")
        await until(pilot, lambda: app.session.spec.training.momentum == 0.5)
        form = app.screen.query_one("#settings-form", Form)
        await until(pilot, lambda: form.editing == "training.weight_decay")
        await typed(pilot, "0.1")
        await pilot.press("enter")
        await until(pilot, lambda: app.session.spec.training.weight_decay == 0.1)


async def test_digits_are_screens_on_rows_and_text_in_fields() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await row(pilot, "training.epochs")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press("3", "4")
        await pilot.pause()
        assert app.current_mode == "model"
        await pilot.press("enter")
        await until(pilot, lambda: app.session.spec.training.epochs == 34)
        await pilot.press("3")
        await until(pilot, lambda: app.current_mode == "gradients")


async def test_layers_are_added_removed_and_set_back() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await row(pilot, "model.hidden")
        await pilot.press("a")
        await until(pilot, lambda: app.session.spec.model.hidden == (16, 16, 16))
        await pilot.press("backspace", "backspace", "backspace", "backspace")
        await until(pilot, lambda: app.session.spec.model.hidden == ())
        await saying(pilot, "2-2 · Adam")
        await pilot.press("delete")
        await until(pilot, lambda: app.session.spec.model.hidden == (16, 16))


async def test_a_loss_that_cannot_tell_so_many_classes_apart_is_said_before_training() -> None:
    app = bench(small_spec("data.source=blobs", "training.loss=bce"))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.session.data.error or app.session.data.prepared)
        await on_screen(pilot, "model")
        await saying(pilot, "bce tells two classes apart")
        await on_screen(pilot, "train")
        await pilot.press("space")
        await pilot.pause()
        assert not runs_of(app).asked


async def test_a_network_far_too_large_is_counted_but_not_built() -> None:
    app = bench(small_spec("model.hidden=60000,60000"))
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await on_screen(pilot, "model")
        await saying(pilot, "3,600,")


async def test_every_setting_is_explained_where_the_cursor_stands() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        for key in (key for key, field in FIELDS.items() if field.group in ("network", "training")):
            await row(pilot, key)
            await saying(pilot, f"─ {FIELDS[key].label} ─")
            assert "Delete sets" in text_of(app)


async def test_class_weights_are_stepped_typed_and_held_against_the_classes() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await row(pilot, "training.class_weight")
        await pilot.press("l")
        await until(pilot, lambda: app.session.spec.training.class_weight == "balanced")
        assert "balanced" in line_of(app, "class weights")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await typed(pilot, "1, 2, 5")
        await pilot.press("enter")
        await until(pilot, lambda: app.session.spec.training.class_weight == (1.0, 2.0, 5.0))
        await saying(pilot, "expected 2 numbers, one for each of 0, 1; received 3")
        await pilot.press("delete")
        await until(pilot, lambda: not app.session.problems)
        assert app.session.spec == small_spec()
