"""What every screen and every dialog shows at every size: whole words, whole panels, the focus where one sees it."""

import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.geometry import Region
from textual.widget import Widget

from tests.app.support import (
    bench,
    epochs,
    finished,
    on_screen,
    opened,
    proof,
    runs_of,
    saying,
    settled,
    small_spec,
    started,
    status_of,
    text_of,
    until,
)
from tests.app.test_snapshots import FixedMaps, FixedRuns
from tui.app.actions import SCREENS
from tui.app.app import BenchApp
from tui.app.screens.ask import AskScreen, ConfirmScreen
from tui.app.screens.base import SMALLEST, BenchScreen
from tui.app.widgets.panel import Panel
from tui.lab.recipes import load

SIZES = [(60, 18), (70, 20), (80, 24), (100, 30), (120, 36), (160, 44), (200, 60)]
TOO_SMALL = [(52, 14), (59, 40), (200, 17), (20, 5), (3, 2), (1, 1)]
SOME = SIZES[::2]
"""What every run of the tests looks at; the others are for the slow ones."""
LARGE = (120, 36)
slow = pytest.mark.slow


def mostly_slow(names: Iterable[str], *often: str) -> list[Any]:
    """Names, of which some are looked at in every run."""
    return [name if name in often else pytest.param(name, marks=slow) for name in names]


class Runs(FixedRuns):
    def again(self) -> None:
        pass


@pytest.fixture(autouse=True)
def _fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.app.screens.train.MapService", FixedMaps)
    monkeypatch.setattr("tui.app.screens.runs.RunList", Runs)


async def filled(pilot: Any) -> BenchApp:
    """Every screen has something to show."""
    app: BenchApp = pilot.app
    await opened(pilot)
    for fact in proof():
        app.dispatch(fact)
    await on_screen(pilot, "train")
    await pilot.press("space")
    await until(pilot, lambda: app.session.run is not None)
    runs_of(app).say(started(40), *epochs(1, 40), finished(40))
    await until(pilot, lambda: app.session.run is not None and app.session.run.state == "finished")
    return app


async def resized(pilot: Any, size: tuple[int, int]) -> None:
    await pilot.resize_terminal(*size)
    await until(pilot, lambda: tuple(pilot.app.screen.size) == size)
    await settled(pilot, looks=2)


def is_seen(widget: Widget | None) -> bool:
    return widget is not None and all(node.display for node in widget.ancestors_with_self if isinstance(node, Widget))


def panels_of(screen: Any) -> list[Panel]:
    return [panel for panel in screen.query(Panel) if is_seen(panel)]


def inside(lines: list[str], region: Region) -> Iterator[str]:
    for line in lines[region.y : region.bottom]:
        yield line.ljust(region.right)[region.x : region.right]


def look_at_frame(app: BenchApp, screen: BenchScreen, size: tuple[int, int]) -> None:
    lines = text_of(app).splitlines()
    where = f"{screen.NAME} at {size}\n" + "\n".join(lines)
    assert len(lines) == size[1], where
    assert all(cell_len(line) <= size[0] for line in lines), where
    assert lines[-1].endswith("? help"), where
    sentence = app.keyboard.plain(app.session.notice or screen.sentence(app.session))
    shown = lines[-2].strip()
    if shown != sentence:
        kept = shown.removesuffix(app.glyphs.ellipsis)
        after = sentence[len(kept) :]
        assert sentence.startswith(kept), where
        assert after[:1] in ("", " ", ",", ";", ".", ":"), f"a word is cut: {where}"
    assert screen.max_scroll_x == 0
    assert screen.query_one("#body").max_scroll_x == 0
    assert is_seen(screen.focused), where
    look_at_panels(screen, lines, where)


def look_at_panels(screen: BenchScreen, lines: list[str], where: str) -> None:
    panels = panels_of(screen)
    assert panels, where
    whole = Region(0, 1, *screen.size).shrink((0, 0, 3, 0))
    for panel in panels:
        assert panel.region in whole, f"{panel.id}: {where}"
        title = str(panel.border_title)
        assert panel.size.width >= cell_len(title) + 2, f"{panel.id}: {where}"
        assert title.replace("\\[", "[") in lines[panel.region.y], f"{panel.id}: {where}"
        content = "".join(inside(lines, panel.region.shrink((1, 1, 1, 1))))
        assert content.strip(), f"nothing in {panel.id}: {where}"
        assert all(panel is other or not panel.region.overlaps(other.region) for other in panels), where


@pytest.mark.parametrize("name", SCREENS)
async def test_every_screen_from_the_smallest_to_the_largest_size(name: str) -> None:
    await walk(name, SOME, alone=SOME[::2], too_small=TOO_SMALL[::3])


@slow
@pytest.mark.parametrize("ascii", [False, True], ids=["unicode", "ascii"])
@pytest.mark.parametrize("name", SCREENS)
async def test_every_screen_at_every_size(name: str, ascii: bool) -> None:
    await walk(name, SIZES, alone=SIZES, too_small=TOO_SMALL, ascii=ascii)


async def walk(
    name: str,
    sizes: list[tuple[int, int]],
    *,
    alone: list[tuple[int, int]],
    too_small: list[tuple[int, int]],
    ascii: bool = False,
) -> None:
    """One application, its window drawn from size to size; at some of them one panel stands alone for a while."""
    app = bench(load("tp4").spec if name == "data" else small_spec("training.epochs=40"), ascii=ascii)
    async with app.run_test(size=LARGE) as pilot:
        await filled(pilot)
        screen = await on_screen(pilot, name)
        if name == "runs":
            await saying(pilot, "1120-1431-tp4")
        for size in sizes:
            await resized(pilot, size)
            look_at_frame(app, screen, size)
            if size not in alone:
                continue
            # e: one panel alone, and back
            await pilot.press("e")
            await settled(pilot)
            look_at_frame(app, screen, size)
            assert len(panels_of(screen)) == 1
            await pilot.press("escape")
            await settled(pilot)
        for size in too_small:
            await resized(pilot, size)
            words = "".join(line.strip() + " " for line in text_of(app).splitlines() if line.strip()).strip()
            assert not words or f"needs 60x18, this is {size[0]}x{size[1]}".startswith(words[: size[0] - 1])
            assert size[0] >= SMALLEST[0] or not [panel for panel in panels_of(screen) if panel.region.area > 0]


@pytest.mark.parametrize("name", ["data", "train"])
async def test_the_focus_comes_back_when_its_panel_does(name: str) -> None:
    await narrowed(name, LARGE, [(60, 18)])


@slow
@pytest.mark.parametrize("name", SCREENS)
async def test_the_focus_comes_back_whatever_hid_its_panel(name: str) -> None:
    await narrowed(name, (160, 44), [(80, 24), (20, 5), (60, 18)])


async def narrowed(name: str, large: tuple[int, int], sizes: list[tuple[int, int]]) -> None:
    """Gives each panel the focus and makes the window smaller, then as large as before."""
    app = bench(load("tp4").spec)
    async with app.run_test(size=large) as pilot:
        await filled(pilot)
        screen = await on_screen(pilot, name)
        for _ in panels_of(screen):
            await pilot.press("tab")
            before = screen.focused
            for size in sizes:
                await resized(pilot, size)
                if size not in TOO_SMALL:
                    await until(pilot, lambda: is_seen(screen.focused))
            await pilot.resize_terminal(*large)
            await until(pilot, lambda before=before: screen.focused is before)  # type: ignore[misc]


async def test_who_goes_on_from_a_smaller_screen_is_not_called_back() -> None:
    app = bench(load("tp4").spec)
    async with app.run_test(size=LARGE) as pilot:
        await opened(pilot)
        screen = await on_screen(pilot, "data")
        screen.query_one("#facts").focus()
        await resized(pilot, (80, 24))
        await pilot.press("tab")
        await settled(pilot)
        chosen = screen.focused
        await resized(pilot, LARGE)
        assert screen.focused is chosen
        assert chosen is not screen.query_one("#facts")


@pytest.mark.parametrize("name", mostly_slow(SCREENS, "train"))
async def test_a_panel_that_stood_alone_for_want_of_room_does_so_no_longer(name: str) -> None:
    app = bench(load("tp4").spec)
    async with app.run_test(size=(60, 18)) as pilot:
        await filled(pilot)
        screen = await on_screen(pilot, name)
        await pilot.press("e")
        await settled(pilot)
        await resized(pilot, LARGE)
        assert len(panels_of(screen)) > 2
        # Where somebody has chosen it, it stays.
        await pilot.press("e")
        await settled(pilot)
        await resized(pilot, (100, 30))
        assert len(panels_of(screen)) == 1


def reading_order(widgets: list[Widget]) -> list[Widget]:
    return sorted(widgets, key=lambda widget: (panel_of(widget).region.y, panel_of(widget).region.x))


def panel_of(widget: Widget) -> Panel:
    return next(node for node in widget.ancestors_with_self if isinstance(node, Panel))


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=slow) for seed in range(1, 4))])
async def test_tab_goes_from_panel_to_panel_as_one_reads(seed: int) -> None:
    chance = random.Random(seed)
    app = bench(load("tp4").spec)
    async with app.run_test(size=LARGE) as pilot:
        await filled(pilot)
        for name in SCREENS:
            screen = await on_screen(pilot, name)
            for size in [(80, 24), (chance.randint(60, 220), chance.randint(18, 70))]:
                await resized(pilot, size)
                seen: list[Widget] = []
                while screen.focused not in seen:
                    assert screen.focused is not None
                    seen.append(screen.focused)
                    await pilot.press("tab")
                at = seen.index(reading_order(seen)[0])
                assert [*seen[at:], *seen[:at]] == reading_order(seen), (name, size)
                assert len(seen) == len(panels_of(screen)), (name, size)


# Dialogs


DIALOGS: dict[str, tuple[Any, ...]] = {
    "help": ("question_mark",),
    "recipes": ("R",),
    "open": ("o",),
    "draw": ("d",),
    "choose": ("2", "j", "enter"),
    "ask": (),
    "confirm": (),
}


@pytest.mark.parametrize("sizes", [SIZES[::3], pytest.param(SIZES, marks=slow)], ids=["some", "all"])
@pytest.mark.parametrize("name", mostly_slow(DIALOGS, "open", "draw", "choose", "confirm"))
async def test_every_dialog_at_every_size(
    name: str, sizes: list[tuple[int, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(30):
        (tmp_path / f"{'a_long_name_' * (number % 6)}{number}.csv").write_text("x,y\n1,2\n")
    app = bench(small_spec())
    async with app.run_test(size=LARGE) as pilot:
        await opened(pilot)
        if name == "ask":
            app.push_screen(AskScreen("a name for this run", "moons", "The date before it stays."))
        elif name == "confirm":
            lines = [(f"1120-1402-{'long-name-' * 6}{number}", "2 MB") for number in range(12)]
            app.push_screen(ConfirmScreen("delete 12 runs?", lines, "Weights, curves and notes are gone for good."))
        else:
            await pilot.press(*DIALOGS[name])
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await settled(pilot)
        for size in sizes:
            await resized(pilot, size)
            dialog = app.screen
            (panel,) = dialog.query(Panel)
            lines = text_of(app).splitlines()
            where = f"{name} at {size}\n" + "\n".join(lines)
            assert panel.region in Region(0, 0, *size), where
            if size[0] < 100:
                assert panel.region.width == size[0], where
            else:
                assert panel.region.width <= 0.9 * size[0], where
            assert str(panel.border_title) in lines[panel.region.y], where
            assert str(panel.border_subtitle) in lines[panel.region.bottom - 1], where
            assert is_seen(dialog.focused), where
            if dialog.focused is not panel:
                assert dialog.focused is not None
                assert dialog.focused.region.overlaps(panel.region), where
            content = [line[1:-1].rstrip() for line in inside(lines, panel.region.shrink((1, 0, 1, 0)))]
            assert any(content), where
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_figures_stay_where_they_are_while_a_run_goes_on() -> None:
    """Only what changed moves: headings and axes stand while the figures below them grow."""
    app = bench(small_spec("training.epochs=40"))
    async with app.run_test(size=LARGE) as pilot:
        await opened(pilot)
        await on_screen(pilot, "train")
        await pilot.press("space")
        await until(pilot, lambda: app.session.run is not None)
        heads = []
        for last in (1, 9, 10, 40):
            first = 1 if last == 1 else {9: 2, 10: 10, 40: 11}[last]
            runs_of(app).say(*([started(40)] if last == 1 else []), *epochs(first, last))
            await saying(pilot, f"{last} / 40")
            await settled(pilot)
            lines = text_of(app).splitlines()
            heads.append((lines[2].replace("training", ""), [line for line in lines if "┬" in line]))
            ends = [len(lines[2][: lines[2].index(head)]) + len(head) for head in ("train loss", "val loss", "val acc")]
            assert all(lines[3][end - 1] not in " " and lines[3][end] == " " for end in ends), lines[3]
        assert all(head == heads[0] for head in heads)


async def test_a_changed_value_moves_no_other_row() -> None:
    app = bench(small_spec())
    async with app.run_test(size=LARGE) as pilot:
        await opened(pilot)
        screen = await on_screen(pilot, "model")
        screen.go_to("training.batch_size")
        await settled(pilot)
        before = text_of(app).splitlines()
        await pilot.press("l")
        await until(pilot, lambda: app.session.spec.training.batch_size == 64)
        await settled(pilot)
        after = text_of(app).splitlines()
        assert [n for n, (a, b) in enumerate(zip(before, after, strict=True)) if a[:46] != b[:46]] == [
            next(n for n, line in enumerate(before) if "batch size" in line)
        ]
        assert status_of(app)
