"""The scatter with a cursor: what its keys do, what it names, how little is drawn again."""

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from tui.app.capabilities import Capabilities
from tui.app.charts.data import Points
from tui.app.charts.scatter_cursor import ScatterCursor
from tui.app.charts.scatter_picture import scatter_picture
from tui.app.charts.viewport import Viewport, zoomed
from tui.app.glyphs import GLYPHS

FULL = Capabilities()
ASCII = Capabilities(unicode=False, colors="none", glyphs="ascii")


class Bench(App[None]):
    BINDINGS = [("escape", "out")]

    def __init__(self, capabilities: Capabilities = FULL) -> None:
        super().__init__()
        self.scatter = ScatterCursor()
        self.capabilities = capabilities
        self.points: list[int | None] = []
        self.outs = 0

    def compose(self) -> ComposeResult:
        yield self.scatter

    def on_mount(self) -> None:
        self.scatter.focus()

    def on_scatter_cursor_pointed(self, message: ScatterCursor.Pointed) -> None:
        self.points.append(message.point)

    def action_out(self) -> None:
        self.outs += 1


def corners(shaded: bool = False) -> Points:
    """Four corners of a square and its middle."""
    x, y = np.array([0.0, 1.0, 0.0, 1.0, 0.5]), np.array([0.0, 0.0, 1.0, 1.0, 0.5])
    return Points(x, y, np.arange(5) % 3, shaded=shaded)


def lines(scatter: ScatterCursor) -> list[str]:
    return [scatter.render_line(y).text for y in range(scatter.content_size.height)]


@pytest.mark.parametrize("capabilities", [FULL, ASCII])
@pytest.mark.parametrize("shaded", [False, True])
async def test_the_cursor_names_the_nearest_point(capabilities: Capabilities, shaded: bool) -> None:
    app = Bench(capabilities)
    async with app.run_test(size=(60, 20)) as pilot:
        app.scatter.show(corners(shaded), ("a", "b", "c"))
        await pilot.press("l")
        assert app.scatter.point == 4
        for key, point in (("shift+left", 4), ("h", 4)):
            await pilot.press(key)
            assert app.scatter.point == point
        assert "+" in "".join(line[7:] for line in lines(app.scatter)[:-2]), "where there is no point a cross stands"
        await pilot.press(*["shift+left"] * 5, *["shift+down"] * 3)
        assert app.scatter.point == 0
        await pilot.press(*["shift+right"] * 12)
        await pilot.pause()
        assert app.scatter.point == 1
        assert app.points[-1] == 1
        assert "".join(lines(app.scatter)).isascii() == (capabilities is ASCII)


async def test_zoom_pans_and_escape_goes_out_step_by_step() -> None:
    app = Bench()
    async with app.run_test(size=(60, 20)) as pilot:
        app.scatter.show(corners(), ("a", "b", "c"))
        await pilot.pause()
        assert app.scatter.drawn_points() == 5
        await pilot.press("z", "z", "plus")
        await pilot.pause()
        assert app.scatter.drawn_points() == 1
        assert app.scatter.view.zoom == 3
        await pilot.press("k", *["shift+up"] * 12, *["shift+left"] * 30)
        await pilot.pause()
        assert app.scatter.point == 2
        assert app.scatter.drawn_points() == 1
        await pilot.press("escape")
        assert app.scatter.view.cursor is None
        await pilot.press("Z")
        assert app.scatter.view.zoom == 2
        await pilot.press("escape")
        assert app.scatter.view == Viewport()
        assert app.outs == 0
        await pilot.press("escape")
        assert app.outs == 1
        await pilot.press("z", "0")
        assert app.scatter.view == Viewport()


async def test_other_points_are_seen_whole() -> None:
    app = Bench()
    async with app.run_test(size=(60, 20)) as pilot:
        app.scatter.show(corners(), ("a", "b", "c"))
        await pilot.press("l", "z", "z")
        app.scatter.show(Points(np.arange(3.0), np.arange(3.0), np.zeros(3, int)), ("a",))
        await pilot.pause()
        assert app.scatter.view.is_whole
        assert app.scatter.point == 1
        app.scatter.show(None)
        await pilot.press("l", "z", "0", "escape")
        assert app.scatter.point is None


async def test_a_step_draws_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Bench()
    async with app.run_test(size=(60, 20)) as pilot:
        app.scatter.show(corners(), ("a", "b", "c"))
        await pilot.press("l")
        await pilot.pause()
        asked: list[tuple[Region, ...]] = []
        monkeypatch.setattr(app.scatter, "refresh", lambda *regions, **_: asked.append(regions))
        app.scatter.action_chart_up()
        assert len(asked) == 1
        assert 0 < len(asked[0]) <= 4
        assert len({region.y for region in asked[0]}) == len(asked[0])


async def test_a_click_and_the_wheel() -> None:
    app = Bench()
    async with app.run_test(size=(60, 20)) as pilot:
        app.scatter.show(corners(), ("a", "b", "c"))
        await pilot.pause()
        await pilot.click(offset=(58, 1))
        assert app.scatter.point == 3


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (36, 10), (90, 40)])
def test_a_part_of_the_plane_has_its_own_axes(size: tuple[int, int]) -> None:
    view = zoomed(Viewport(cursor=(0.0, 0.0)), 4)
    picture = scatter_picture(corners(), ("a", "b", "c"), *size, GLYPHS["braille"], view=view)
    assert (picture.grid.width, picture.grid.height) == size
    if size[0] >= 36:
        assert picture.nearest == 0
        assert picture.drawn == 1
        assert "0.10" in picture.grid.text() or "0.1" in picture.grid.text()
        assert "1.0" not in picture.grid.text()
