"""The names that Textual keeps to itself and the application uses: each is still there, and does what is relied on."""

import inspect
from typing import Any

import pytest
import textual.keys
from rich.console import Console
from textual import events
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual._compositor import ChopsUpdate, Compositor, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.command import CommandPalette
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widgets import OptionList


@pytest.mark.parametrize(
    ("owner", "name", "parameters"),
    [
        # Overridden
        (App, "_display", ["self", "screen", "renderable"]),
        (App, "_handle_exception", ["self", "error"]),
        (App, "_set_pointer_shape", ["self", "shape"]),
        (Screen, "_reset_focus", ["self", "widget", "avoiding"]),
        (OptionList, "_move_page", ["self", "direction"]),
        (OptionList, "_on_click", ["self", "event"]),
        (CommandPalette, "_refresh_command_list", ["self", "command_list", "commands", "clear_current"]),
        (MessagePump, "on_event", ["self", "event"]),
        (App, "post_display_hook", ["self"]),
        # Called
        (Compositor, "render_update", ["self", "full", "screen_stack", "simplify"]),
        (Compositor, "render_strips", ["self", "size"]),
        (textual.keys, "_character_to_key", ["character"]),
    ],
)
def test_a_method_takes_what_it_is_given(owner: Any, name: str, parameters: list[str]) -> None:
    assert list(inspect.signature(getattr(owner, name)).parameters) == parameters


async def test_what_is_read_and_set_is_there() -> None:
    app = App[None]()
    async with app.run_test():
        for name in (
            *("_batch_count", "_running", "_closed", "_exit", "_return_code", "_driver", "_clipboard"),
            *("_background_screens", "_previous_cursor_position", "_sync_available", "_message_queue", "_exception"),
        ):
            assert hasattr(app, name), name
        assert hasattr(app.screen, "_compositor")
        assert app.screen._message_queue is not None
        assert isinstance(app.screen._compositor.render_update(full=True, screen_stack=[]), CompositorUpdate)
    assert hasattr(Console(), "_color_system")


def test_a_picture_is_made_of_what_is_taken_apart() -> None:
    assert {"chops", "spans", "chop_ends"} <= set(inspect.signature(ChopsUpdate).parameters)
    assert {"strips", "region"} <= set(inspect.signature(LayoutUpdate).parameters)
    assert (SYNC_START, SYNC_END) == ("\x1b[?2026h", "\x1b[?2026l")


def test_an_answer_of_the_terminal_finds_its_handler() -> None:
    assert events.CursorPosition.handler_name == "on_cursor_position"
    assert "_on_cursor_position" not in vars(App), "there is one now: ours would be called beside it"
