"""Keys that come faster than they act: in their order, those that leave at once, and none held for ever."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input

from tests.app.support import bench, small_spec, until
from tui.app import in_turn
from tui.app.capabilities import Capabilities
from tui.app.config import Config
from tui.app.in_turn import KeysInTurn
from tui.app.keyboard import Keyboard


class Field(ModalScreen):
    def compose(self) -> ComposeResult:
        yield Input()


class Talk(Message):
    """Somebody always has something to say."""


class Keys(KeysInTurn):
    """Writes down which keys have acted; ``o`` opens a field."""

    BINDINGS = [
        *(Binding(key, f"act('{key}')") for key in "abc"),
        Binding("o", "open"),
        Binding("q", "act('left')", id="leave", priority=True),
    ]
    has_news = False

    def __init__(self) -> None:
        super().__init__(Capabilities())
        self.acted: list[str] = []
        self.talking = False

    def action_act(self, key: str) -> None:
        self.acted.append(key)

    async def action_open(self) -> None:
        await self.push_screen(Field())

    async def on_talk(self) -> None:
        if self.talking:
            self.post_message(Talk())
            await asyncio.sleep(0)  # the loop has other things to do too

    def typed(self, *keys: str) -> None:
        for key in keys:
            self.post_message(events.Key(key, key if len(key) == 1 else None))


def held_by(app: Keys, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """No key has had its effect until this is set."""
    go = asyncio.Event()

    async def settled() -> None:
        await go.wait()

    monkeypatch.setattr(app, "_settled", settled)
    return go


async def test_what_is_typed_and_pasted_goes_into_the_field_that_a_key_has_opened() -> None:
    app = Keys()
    async with app.run_test() as pilot:
        app.typed("o", "a")
        app.post_message(events.Paste("-pasted-"))
        app.typed("b", "c")
        await until(pilot, lambda: not app.keys_under_way and app.screen.query(Input))
        assert app.screen.query_one(Input).value == "a-pasted-bc"
        assert not app.acted


async def test_a_key_that_leaves_waits_for_none_whatever_key_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Keys()
    app.set_keymap({"leave": "ctrl+g"})
    app.leaving = frozenset({"ctrl+g"})
    async with app.run_test() as pilot:
        go = held_by(app, monkeypatch)
        app.typed("a", "b", "ctrl+g")
        await until(pilot, lambda: {"a", "left"} <= set(app.acted))
        assert "b" not in app.acted
        go.set()
        await until(pilot, lambda: not app.keys_under_way)
        assert app.acted[2:] == ["b"]


def test_the_keys_that_leave_are_those_of_this_keyboard() -> None:
    assert bench(small_spec()).leaving == {"ctrl+q", "ctrl+z"}
    keyboard = Keyboard(changed={"app.quit": ("ctrl+g", "f10"), "app.suspend": ()})
    assert bench(small_spec(), config=Config(keyboard=keyboard)).leaving == {"ctrl+g", "f10"}


async def test_a_program_that_talks_without_end_holds_no_key_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_turn, "PATIENCE", 0.05)
    app = Keys()
    async with app.run_test() as pilot:
        app.talking = True
        app.post_message(Talk())
        app.typed("a", "b", "c")
        try:
            await until_acted(app, lambda: app.acted == ["a", "b", "c"])
        finally:
            app.talking = False
        await pilot.pause()


async def until_acted(app: Keys, condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):  # a pilot would wait for the talk to end
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_mistake_while_a_key_is_followed_is_said_and_the_next_keys_act(monkeypatch: pytest.MonkeyPatch) -> None:
    app, said = Keys(), []
    async with app.run_test() as pilot:
        tries = iter([RuntimeError("nobody has the focus")])

        async def settled() -> None:
            await asyncio.sleep(0.01)
            for error in tries:
                raise error

        monkeypatch.setattr(app, "_settled", settled)
        monkeypatch.setattr(app, "_handle_exception", said.append)
        app.typed("a", "b", "c")
        await until(pilot, lambda: app.acted == ["a", "b", "c"] and not app.keys_under_way)
        assert [str(error) for error in said] == ["nobody has the focus"]
        app.typed("a")
        await until(pilot, lambda: len(app.acted) == 4)


async def test_a_key_that_is_held_is_known_to_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    app, came = Keys(), []
    async with app.run_test() as pilot:
        go = held_by(app, monkeypatch)
        monkeypatch.setattr(app.pacer, "key", came.append)
        app.typed("a")
        await until(pilot, lambda: app.acted == ["a"])
        app.typed("b")
        await until(pilot, lambda: len(came) == 2)
        assert app.acted == ["a"]
        go.set()
        await until(pilot, lambda: not app.keys_under_way)
