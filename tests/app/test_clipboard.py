"""What is copied, the sequence that carries it, and pictures of the screen."""

import base64
import csv
import io
import os
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.app.support import (
    bench,
    epochs,
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
from tui.app.capabilities import Capabilities
from tui.app.clipboard import MOST_BYTES, comma_separated, osc52, tsv, value
from tui.app.facts import RunOpened
from tui.app.folders import state_folder
from tui.app.widgets.filter import matches
from tui.lab.spec import Spec, spec_from_table

TEXTS = st.text(st.characters(codec="utf-8"), max_size=300)


def carried(sequence: str) -> str:
    """What a terminal takes from the sequence."""
    (found,) = re.findall("\x1b]52;c;([A-Za-z0-9+/=]*)\a", sequence)
    return base64.b64decode(found).decode()


@given(TEXTS)
def test_a_terminal_gets_the_text(text: str) -> None:
    assert carried(osc52(text)) == text
    assert osc52(text).isascii()


@given(TEXTS)
def test_tmux_sets_it_or_passes_it_on(text: str) -> None:
    sequence = osc52(text, "tmux")
    own, _, wrapped = sequence.partition("\x1bPtmux;")
    assert carried(own) == text
    assert wrapped.endswith("\x1b\\")
    assert carried(wrapped.removesuffix("\x1b\\").replace("\x1b\x1b", "\x1b")) == text


@given(st.text(st.characters(codec="utf-8"), max_size=3000))
def test_screen_passes_it_on_in_pieces(text: str) -> None:
    pieces = re.findall("\x1bP(.*?)\x1b\\\\", osc52(text, "screen"), re.DOTALL)
    assert carried("".join(pieces)) == text
    assert all(len(piece) < 768 for piece in pieces)


def test_a_text_that_is_too_long_is_not_sent() -> None:
    assert osc52("x" * MOST_BYTES)
    assert len(osc52("x" * MOST_BYTES)) < 75_000
    assert osc52("x" * (MOST_BYTES + 1)) == ""
    assert osc52("é" * (MOST_BYTES // 2 + 1)) == ""


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2)))
def test_a_cell_never_breaks_its_row(rows: list[list[str]]) -> None:
    text = tsv(rows)
    assert text.count("\n") == len(rows)
    assert all(line.count("\t") == 1 for line in text.split("\n")[:-1])
    assert [*csv.reader(io.StringIO(comma_separated(rows), newline=""))] == [
        [cell.replace("\r", " ") for cell in row] for row in rows
    ]


def test_numbers_are_as_python_prints_them() -> None:
    assert [value(x) for x in (0.1, 1e-05, 3, None, float("nan"), "a")] == ["0.1", "1e-05", "3", "", "", "a"]


@given(st.text(), st.text())
def test_a_text_holds_its_own_words(text: str, more: str) -> None:
    assert matches(text, f"{more} {text}") or not text.casefold().split()
    assert matches("", text)


async def copied(pilot, letter: str) -> str:
    """Jumps to a panel and copies it."""
    app = pilot.app
    await pilot.press("ctrl+o")
    await saying(pilot, f"({letter}) ")
    await pilot.press(letter)
    await until(pilot, lambda: f"({letter}) " not in text_of(app))
    app._clipboard = ""
    await pilot.press("c")
    await until(pilot, lambda: "copied" in status_of(app) or "nothing to copy" in status_of(app))
    return app.clipboard


async def test_every_panel_gives_what_it_shows(no_maps: None) -> None:
    app = bench(small_spec("training.lr=0.05", "data.options.noise=0.1"))
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        prepared = app.session.data.prepared
        assert prepared is not None

        source = tomllib.loads(await copied(pilot, "a"))
        assert source["data"]["source"] == "moons"
        assert source["data"]["options"]["noise"] == 0.1
        split = tomllib.loads(await copied(pilot, "q"))
        assert split["data"]["test"] == 0.2

        heads, *rows = (line.split("\t") for line in (await copied(pilot, "s")).splitlines())
        assert heads == ["x0", "x1", "class"]
        np.testing.assert_array_equal(
            np.array([[float(x), float(y)] for x, y, _ in rows]), prepared.view[prepared.split.train]
        )
        heads, *rows = (line.split("\t") for line in (await copied(pilot, "w")).splitlines())
        assert heads == ["y", "x0", "x1"]
        assert [row[0] for row in rows] == [str(k) for k in prepared.dataset.y[:50]]
        assert [[float(x) for x in row[1:]] for row in rows] == prepared.dataset.X[:50].tolist()
        assert "samples" in await copied(pilot, "d")
        assert state_folder().joinpath("copied.txt").read_text() == app.clipboard

        await on_screen(pilot, "model")
        settings = tomllib.loads(await copied(pilot, "a"))
        assert settings["training"]["lr"] == 0.05
        assert spec_from_table(settings).training == app.session.spec.training
        assert "Linear" in await copied(pilot, "s")

        await on_screen(pilot, "gradients")
        for fact in proof():
            app.post_fact(fact)
        await saying(pilot, "0.weight")
        heads, *rows = (line.split("\t") for line in (await copied(pilot, "a")).splitlines())
        assert heads[0] == "tensor"
        assert [row[0] for row in rows] == ["input", "0.weight", "0.bias", "2.weight", "2.bias"]

        await on_screen(pilot, "train")
        assert await copied(pilot, "a") == ""
        assert "nothing to copy" in status_of(app)
        app.post_fact(RunOpened(runs_of(app).path, app.session.spec))
        said = epochs(1, 12)
        runs_of(app).say(started(), *said)
        await until(pilot, lambda: app.session.run is not None and len(app.session.run.epochs) == 12)
        await settled(pilot)
        heads, *rows = csv.reader(io.StringIO(await copied(pilot, "a")))
        assert heads == ["epoch", "train_loss", "val_loss"]
        assert [(int(n), float(a), float(b)) for n, a, b in rows] == [
            (epoch.epoch, epoch.train_loss, epoch.val_loss) for epoch in said
        ]
        assert "copied 12 epochs (also in " in status_of(app)


async def test_what_is_too_long_for_the_terminal_stands_in_the_file() -> None:
    app = bench(small_spec("data.options.n_samples=5000"))
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("ctrl+o", "s")
        await pilot.pause()
        await pilot.press("c")
        await saying(pilot, "too much for the terminal's clipboard")
        assert app.clipboard == ""
        assert len((state_folder() / "copied.tsv").read_text().splitlines()) == 3001


async def test_without_a_folder_to_write_to_the_terminal_still_gets_it() -> None:
    state_folder().parent.parent.mkdir(parents=True, exist_ok=True)
    state_folder().parent.write_text("a file in the place of the folder")
    app = bench(small_spec())
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("c")
        await saying(pilot, "copied 4 settings")
        assert "also in" not in status_of(app)
        assert app.clipboard


async def test_the_sequence_goes_out_as_the_terminal_at_hand_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    app = bench(small_spec())
    app.capabilities = Capabilities(multiplexer="tmux")
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        written: list[str] = []
        monkeypatch.setattr(app._driver, "write", written.append)
        await pilot.press("c")
        await until(pilot, lambda: any("\x1bPtmux;" in text for text in written))


async def test_pictures_are_whole_and_ask_nobody_for_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = bench(small_spec())
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await settled(pilot)
        shown = text_of(app)
        for number in ("", "-2"):
            await pilot.press("P")
            await until(pilot, lambda number=number: (tmp_path / f"mlp-tui-data{number}.txt").exists())
            await saying(pilot, f"mlp-tui-data{number}.svg and mlp-tui-data{number}.txt")
        assert (tmp_path / "mlp-tui-data.txt").read_text().rstrip("\n") == shown.rstrip("\n")
        svg = (tmp_path / "mlp-tui-data.svg").read_text()
        assert svg.startswith("<svg")
        assert svg.rstrip().endswith("</svg>")
        assert set(re.findall(r"https?://[^\"' )]+", svg)) <= {"http://www.w3.org/2000/svg"}
        assert "font-face" not in svg
        assert "url(" not in svg.replace("url(#", "")
        await pilot.press("question_mark")
        await saying(pilot, "EVERYWHERE")
        await pilot.press("P")
        await until(pilot, lambda: (tmp_path / "mlp-tui-data-3.txt").exists())
        assert "EVERYWHERE" in (tmp_path / "mlp-tui-data-3.txt").read_text()


async def test_a_picture_finds_another_folder_where_this_one_takes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "gone"
    here.mkdir()
    monkeypatch.chdir(here)
    app = bench(Spec())
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        os.rmdir(here)
        await pilot.press("P")
        await saying(pilot, "cannot be written to")
        assert (state_folder() / "mlp-tui-data.svg").is_file()
