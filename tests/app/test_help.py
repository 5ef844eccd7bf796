"""The help screen: all of it can be read at every size, with the keys that this keyboard has."""

from typing import Any

import pytest

from tests.app.support import bench, on_screen, opened, saying, small_spec, text_of, until
from tui.app.actions import FOCUSED, SCREENS, in_scope
from tui.app.app import BenchApp
from tui.app.config import Config
from tui.app.keyboard import Keyboard
from tui.app.screens.base import scope_of
from tui.app.screens.help import FIELD_KEYS, TEXTUAL_KEYS, HelpScroll

pytestmark = pytest.mark.usefixtures("no_maps")


async def read_through(app: BenchApp, pilot: Any) -> str:
    """All that help says, page after page, on one line without borders."""
    await pilot.press(app.keyboard.keys("app.help")[0])
    await until(pilot, lambda: app.screen.query(HelpScroll) and app.screen.query_one(HelpScroll).size.height)
    await pilot.pause()
    scroll = app.screen.query_one(HelpScroll)
    seen: list[str] = []
    while True:
        at = scroll.scroll_offset.y
        rows = scroll.region
        lines = [line[rows.x : rows.right] for line in text_of(app).splitlines()[rows.y : rows.bottom]]
        seen[at:] = lines
        if at >= scroll.max_scroll_y:
            break
        await pilot.press("pagedown")
        await until(pilot, lambda at=at: scroll.scroll_offset.y > at)
    await pilot.press("escape")
    await until(pilot, lambda: len(app.screen_stack) == 1)
    return " ".join(" ".join(seen).split())


@pytest.mark.parametrize("size", [(60, 18), (80, 24), (120, 40)])
@pytest.mark.parametrize("ascii", [False, True])
async def test_everything_can_be_read_at_every_size(size: tuple[int, int], ascii: bool) -> None:
    app = bench(small_spec(), ascii=ascii)
    async with app.run_test(size=size) as pilot:
        await opened(pilot)
        for name in SCREENS:
            screen = await on_screen(pilot, name)
            text = await read_through(app, pilot)
            for scope in (name, scope_of(screen.focused), "app"):
                for action in in_scope(scope) if scope else ():
                    assert f"{app.keyboard.all_shown(action.id)} {action.help}" in text, action.id
            for key, words in (*TEXTUAL_KEYS, *FIELD_KEYS):
                assert f"{key} {words}" in text
            for word, meaning in screen.WORDS:
                assert f"{word} {app.keyboard.plain(meaning)}" in text
            assert "‹" not in text
            assert "THIS KEYBOARD" not in text


async def test_it_says_what_is_not_as_everybodys() -> None:
    app = bench(small_spec(), config=Config(keyboard=Keyboard("azerty", {"app.undo": ("ctrl+u",), "app.open": ()})))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        text = await read_through(app, pilot)
        assert "THIS KEYBOARD" in text
        assert "AZERTY" in text
        assert "changed ctrl+u none: by the config file; mlp-tui config keys lists every key" in text
        assert "1 & Go to Data" in text


async def test_the_key_that_helps_closes_it_whatever_it_is() -> None:
    app = bench(small_spec(), config=Config(keyboard=Keyboard(changed={"app.help": ("f2",), "list.down": ("n",)})))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await pilot.press("f2")
        await saying(pilot, "n k scroll")
        scroll = app.screen.query_one(HelpScroll)
        await pilot.press("n")
        await until(pilot, lambda: scroll.scroll_offset.y > 0)
        await pilot.press("f2")
        await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_the_scopes_that_can_meet_on_a_screen_are_those_that_do() -> None:
    """What `FOCUSED` says of each screen holds for every widget on it that can have the focus."""
    app = bench(small_spec())
    async with app.run_test(size=(200, 60)) as pilot:
        await opened(pilot)
        for name in SCREENS:
            screen = await on_screen(pilot, name)
            scopes = {scope_of(widget) for widget in screen.query("*") if widget.can_focus} - {""}
            assert scopes <= set(FOCUSED[name]), name
