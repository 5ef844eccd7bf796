"""The contact sheet as a widget: keys, messages, and how little of it is drawn again."""

import re
from typing import Any

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from tui.app.capabilities import Capabilities
from tui.app.charts.contact_sheet import Images
from tui.app.charts.image_sheet import ImageSheet

FULL = Capabilities()
ASCII = Capabilities(unicode=False, colors="16", glyphs="ascii")
COLORLESS = Capabilities(colors="none")


class Bench(App[None]):
    BINDINGS = [("escape", "out")]

    def __init__(self, capabilities: Capabilities = FULL) -> None:
        super().__init__()
        self.sheet = ImageSheet()
        self.capabilities = capabilities
        self.looked: list[tuple[int | None, int, int, int]] = []
        self.outs = 0

    def compose(self) -> ComposeResult:
        yield self.sheet

    def on_mount(self) -> None:
        self.sheet.focus()

    def on_image_sheet_looked(self, message: ImageSheet.Looked) -> None:
        self.looked.append((message.sample, message.label, message.at, message.of))

    def action_out(self) -> None:
        self.outs += 1


def images(n: int = 90, names: tuple[str, ...] = ("cat", "dog", "[b]ox\x1b[31m")) -> Images:
    X = np.random.default_rng(0).integers(0, 256, (n, 28, 28), dtype=np.uint8)
    return Images(X, np.arange(n) % len(names), names)


def lines(sheet: ImageSheet) -> list[str]:
    return [sheet.render_line(y).text for y in range(sheet.content_size.height)]


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (20, 9)])
@pytest.mark.parametrize("capabilities", [FULL, ASCII, COLORLESS])
async def test_captions_name_class_and_sample(size: tuple[int, int], capabilities: Capabilities) -> None:
    app = Bench(capabilities)
    async with app.run_test(size=size) as pilot:
        app.sheet.show(images())
        await pilot.pause()
        shown = lines(app.sheet)
        assert {len(line) for line in shown} == {size[0]}
        mark = ">" if capabilities is ASCII else "▸"
        assert f"{mark}cat #0" in shown[7]
        if size[0] > 30:
            assert " cat #3 " in shown[7]
        assert "".join(shown).isascii() == (capabilities is ASCII)


async def test_keys_move_within_a_class_and_turn_its_pages() -> None:
    app = Bench()
    async with app.run_test(size=(44, 16)) as pilot:  # 3 x 2 tiles
        app.sheet.show(images())
        await pilot.press("l")
        assert app.sheet.sample == 3
        await pilot.press("down")
        assert app.sheet.sample == 12
        await pilot.press("k", "left", "h", "k")
        assert app.sheet.sample == 0
        await pilot.press("j", "j")
        await pilot.pause()
        assert app.sheet.sample == 18
        assert "▸cat #18" in lines(app.sheet)[7]
        await pilot.press("J")
        assert (app.sheet.sample, app.sheet.view.label) == (1, 1)
        await pilot.press("G")
        assert app.sheet.sample == 88
        await pilot.press("g", "pageup", "pageup")
        await pilot.pause()
        assert app.sheet.sample == 2
        assert "[b]ox\\x1b" in lines(app.sheet)[7]
        assert app.looked[-1] == (2, 2, 0, 30)


async def test_enter_zooms_and_escape_goes_out_one_step() -> None:
    app = Bench()
    async with app.run_test(size=(80, 24)) as pilot:
        app.sheet.show(images())
        await pilot.press("enter")
        await pilot.pause()
        assert sum("cat" in line for line in lines(app.sheet)) == 1
        await pilot.press("l")
        await pilot.pause()
        assert "cat #3" in lines(app.sheet)[-1]
        await pilot.press("escape")
        await pilot.pause()
        assert not app.sheet.view.zoomed
        assert app.outs == 0
        await pilot.press("escape")
        await pilot.pause()
        assert app.outs == 1


async def test_a_step_within_the_page_draws_captions_only(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Bench()
    async with app.run_test(size=(44, 16)) as pilot:
        app.sheet.show(images())
        await pilot.pause()
        before = [app.sheet.render_line(y) for y in range(16)]
        asked: list[tuple[Region, ...]] = []
        monkeypatch.setattr(app.sheet, "refresh", lambda *regions, **_: asked.append(regions))
        app.sheet.action_images_down()
        assert asked == [(Region(0, 7, 44, 1), Region(0, 15, 44, 1))]
        after = [app.sheet.render_line(y) for y in range(16)]
        assert [y for y in range(16) if before[y] is not after[y]] == [7, 15]
        app.sheet.action_images_next_class()
        assert asked[-1] == ()


async def test_it_follows_size_theme_and_other_images() -> None:
    app = Bench()
    async with app.run_test(size=(44, 16)) as pilot:
        app.sheet.show(images())
        await pilot.pause()
        before = app.sheet.render_line(7)
        app.theme = "textual-light"
        await pilot.pause()
        assert app.sheet.render_line(7) != before
        await pilot.resize_terminal(60, 24)
        await pilot.pause()
        assert {len(line) for line in lines(app.sheet)} == {60}
        app.sheet.show(None)
        await pilot.pause()
        assert not "".join(lines(app.sheet)).strip()
        assert app.sheet.sample is None
        await pilot.press("l", "j", "enter", "J", "G")
        app.sheet.show(images(3))
        await pilot.pause()
        assert app.sheet.sample == 0


async def test_a_click_marks_and_a_second_opens() -> None:
    app = Bench()
    async with app.run_test(size=(44, 16)) as pilot:
        app.sheet.show(images())
        await pilot.pause()
        await pilot.click(offset=(17, 10))
        assert app.sheet.sample == 12
        await pilot.click(offset=(17, 10))
        assert app.sheet.view.zoomed


async def test_a_page_costs_few_bytes() -> None:
    """A page of grey digits in 256 colours stays near 30 KB, and in glyphs near its number of cells."""
    import io

    from rich.console import Console

    X = np.zeros((84, 28, 28), dtype=np.uint8)
    rng = np.random.default_rng(0)
    X[:, 6:22, 10:18] = rng.integers(0, 256, (84, 16, 8))
    for capabilities, most in ((Capabilities(colors="256"), 40_000), (COLORLESS, 12_000), (ASCII, 8_000)):
        app: Any = Bench(capabilities)
        async with app.run_test(size=(104, 32)) as pilot:
            app.sheet.show(Images(X, np.arange(84) % 3, ("a", "b", "c")))
            await pilot.pause()
            console = Console(file=io.StringIO(), force_terminal=True, color_system="256")
            sent = "".join(app.sheet.render_line(y).render(console) for y in range(32))
            assert len(re.findall(r"[abc] #\d", sent)) == 28
            assert len(sent.encode()) < most
