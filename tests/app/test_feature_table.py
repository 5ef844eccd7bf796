"""The table of the first rows: every feature can be reached, nothing else is written out, hostile names are literal."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text
from textual.app import App, ComposeResult

from tui.app.capabilities import Capabilities
from tui.app.glyphs import GLYPHS
from tui.app.widgets.feature_table import COLUMN, FeatureTable, Preview, cell, histogram
from tui.lab.feature_summary import summarise

FULL = Capabilities()
ASCII = Capabilities(unicode=False, colors="16", glyphs="ascii")


class Bench(App[None]):
    def __init__(self, capabilities: Capabilities = FULL) -> None:
        super().__init__()
        self.table = FeatureTable()
        self.capabilities = capabilities
        self.moves = 0

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.focus()

    def on_feature_table_moved(self) -> None:
        self.moves += 1


def data(rows: int = 50, features: int = 784, **changes: Any) -> tuple[Preview, np.ndarray]:
    X = np.random.default_rng(0).normal(size=(rows, features))
    answers = [Text(f"● {row % 3}", "#5fafff") for row in range(rows)]
    names = [f"x{j}" for j in range(features)]
    return Preview(**{"names": names, "X": X, "answers": answers, **changes}), X


def lines(table: FeatureTable) -> list[str]:
    return [table.render_line(y).text for y in range(table.content_size.height)]


@pytest.mark.parametrize("size", [(80, 24), (120, 13), (60, 8), (24, 5)])
@pytest.mark.parametrize("capabilities", [FULL, ASCII])
async def test_heading_figures_and_rows(size: tuple[int, int], capabilities: Capabilities) -> None:
    app = Bench(capabilities)
    async with app.run_test(size=size) as pilot:
        preview, X = data(answers=[Text("a")] * 50)
        app.table.show(preview)
        await pilot.pause()
        waiting = lines(app.table)
        app.table.show(preview, summarise(X))
        await pilot.pause()
        shown = lines(app.table)
        assert {len(line) for line in shown} == {size[0]}
        assert shown[0].split()[:3] == ["row", "y", "x0"]
        labels = [line.split()[0] for line in shown if line.strip()]
        if size[1] >= 11:
            assert labels[1:7] == ["type", "spread", "min", "max", "mean", "sd"]
            assert "float" in shown[1]
            assert ("..." if capabilities is ASCII else "…") in waiting[1]
            assert labels[7] == "0"
        else:
            assert labels[1] == "0"
        assert "".join(shown).isascii() == (capabilities is ASCII or size[1] < 11)


async def test_every_feature_and_row_can_be_reached() -> None:
    app = Bench()
    async with app.run_test(size=(80, 12)) as pilot:
        preview, X = data()
        app.table.show(preview, summarise(X))
        await pilot.press("l", "right", "j", "j")
        assert (app.table.row, app.table.feature) == (2, 2)
        await pilot.press("shift+right", "h")
        await pilot.press("G")
        await pilot.pause()
        assert lines(app.table)[-1].split()[0] == "49"
        for _ in range(130):
            app.table.action_columns(+1)
        await pilot.pause()
        assert app.table.feature == 783
        assert "x783" in lines(app.table)[0]
        assert f"{X[49, 783]:.3f}" in lines(app.table)[-1]
        await pilot.press("g", "pagedown", "pageup")
        assert app.table.row == 0
        assert app.moves >= 8
        await pilot.resize_terminal(50, 20)
        await pilot.pause()
        assert app.table.feature in app.table.in_sight


async def test_other_rows_bring_the_cursor_home_and_figures_do_not() -> None:
    app = Bench()
    async with app.run_test(size=(80, 12)) as pilot:
        preview, X = data()
        app.table.show(preview)
        await pilot.press("l", "l", "j")
        app.table.show(preview, summarise(X))
        assert (app.table.row, app.table.feature) == (1, 2)
        app.table.show(data(5, 3)[0])
        assert (app.table.row, app.table.feature) == (0, 0)
        await pilot.press(*"lllllljjjjjjj")
        assert (app.table.row, app.table.feature) == (4, 2)
        app.table.show(None)
        await pilot.press("l", "G")
        assert not "".join(lines(app.table)).strip()


async def test_names_are_literal_and_cut() -> None:
    app = Bench()
    async with app.run_test(size=(80, 12)) as pilot:
        names = ["[bold]x", "\x1b]0;pwn\x07", "日本語の名前です", "a_very_long_name"]
        app.table.show(data(9, 4, names=names, heading="[y]")[0])
        await pilot.pause()
        heading = lines(app.table)[0]
        assert "[bold]x" in heading
        assert "[y]" in heading
        assert "\\x1b]0~07" in heading
        assert "a_very~me" in heading
        assert "\x1b" not in heading


async def test_missing_cells_have_a_line_where_there_are_any() -> None:
    app = Bench()
    async with app.run_test(size=(80, 16)) as pilot:
        preview, X = data(9, 4)
        X[3, 1] = np.nan
        app.table.show(preview, summarise(X))
        await pilot.pause()
        line = next(line for line in lines(app.table) if "missing" in line)
        assert line.split() == ["missing", "0", "1", "0", "0"]
        row = next(line for line in lines(app.table) if line.lstrip().startswith("3 "))
        assert row.split()[4] == "·"


async def test_texts_stand_for_their_numbers() -> None:
    app = Bench()
    async with app.run_test(size=(80, 16)) as pilot:
        preview, X = data(9, 3, categories={1: ("red", "[b]lue\x1b")})
        X[:, 1] = np.arange(9) % 2
        X[4, 1] = np.nan
        app.table.show(preview, summarise(X, texts=(1,)))
        await pilot.pause()
        shown = lines(app.table)
        assert "text" in shown[1]
        assert next(line for line in shown if "mean" in line).split()[0] == "mean"
        rows = {line.split()[0]: line.split() for line in shown if line.strip()}
        assert rows["0"][4] == "red"
        assert rows["1"][4].startswith("[b]lue")
        assert rows["4"][4] == "·"
        assert len(rows["mean"]) == 3


async def test_only_what_is_in_sight_is_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[object] = []
    monkeypatch.setattr("tui.app.widgets.feature_table.cell", lambda value: written.append(value) or cell(value))
    app = Bench()
    async with app.run_test(size=(80, 12)) as pilot:
        app.table.show(data(50, 100_000)[0])
        await pilot.pause()
        written.clear()
        lines(app.table)
        assert 0 < len(written) <= 12 * 80 // COLUMN


@pytest.mark.parametrize("mode", GLYPHS)
def test_a_histogram_is_a_character_a_bin(mode: str) -> None:
    text = histogram(np.array([0, 1, 50, 100, 0, 100, 99, 3]), GLYPHS[mode])
    assert len(text) == 8
    assert [at for at, character in enumerate(text) if character == " "] == [0, 4]
    assert text[3] == text[5] == (GLYPHS[mode].spark or "#")[-1]


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_cell_keeps_its_width(value: float) -> None:
    assert len(cell(np.float64(value))) < COLUMN


async def test_a_page_stays_on_its_feature_where_others_are_filtered_out() -> None:
    app = Bench()
    async with app.run_test(size=(80, 12)) as pilot:
        app.table.show(data(50, 30)[0])
        app.table.filter_words = "x2"  # 2 and 20 to 29
        app.table.filter_to("x2")
        await pilot.press("l", "l", "pagedown")
        assert app.table.feature == 21
        assert app.table.row > 0
        await pilot.press("pageup")
        assert (app.table.row, app.table.feature) == (0, 21)
