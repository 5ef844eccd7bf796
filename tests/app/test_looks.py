"""Every screen at four sizes on four kinds of terminal, as text and as the codes that colour it.

`pytest -n0 tests/app/test_snapshots.py tests/app/test_looks.py --snapshot-update` takes all pictures anew.
"""

import re
from string import ascii_letters
from typing import Any

import pytest
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual.screen import ModalScreen

from tests.app import support, test_snapshots
from tests.app.looks import System, look
from tests.app.support import settled, until
from tests.app.test_snapshots import SCREENS, FixedMaps, FixedRuns
from tui.app.capabilities import SMALLEST, Capabilities

TERMINALS: dict[str, tuple[Capabilities, System]] = {
    "truecolor": (Capabilities(), "truecolor"),
    "256": (Capabilities(colors="256"), "256"),
    # A console: letters, sixteen colours.
    "ascii": (Capabilities(unicode=False, colors="16", glyphs="ascii"), "standard"),
    "no_color": (Capabilities(colors="none"), "256"),
}
FIRST = (120, 40)
SIZES = (FIRST, (80, 24), SMALLEST, (200, 60))
# These stand in the pictures.
PICTURED = {("truecolor", FIRST), ("truecolor", (80, 24))}
# The keys of what lies over a screen.
OVER = {"help": "question_mark", "recipes": "R"}
MARKS = str.maketrans({"✓": "ok", "✗": "x", "●": "o"})


class TextFile(SingleFileSnapshotExtension):
    """One file for each screen and terminal, to be read in a diff."""

    _file_extension = "txt"
    _write_mode = WriteMode.TEXT


@pytest.fixture(autouse=True)
def _fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.app.screens.train.MapService", FixedMaps)
    monkeypatch.setattr("tui.app.screens.runs.RunList", FixedRuns)


# The pictures of test_snapshots.py stand for these in every run; the lines to most terminals are of 256 colours.
LATER = [name if name == "256" else pytest.param(name, marks=pytest.mark.slow) for name in TERMINALS]


@pytest.mark.parametrize("terminal", LATER)
@pytest.mark.parametrize("name", SCREENS)
async def test_look(name: str, terminal: str, snapshot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    capabilities, system = TERMINALS[terminal]
    if capabilities.colors == "none":
        monkeypatch.setenv("NO_COLOR", "1")
    if capabilities.glyphs == "ascii":
        monkeypatch.setattr(test_snapshots, "saying", lambda p, words: support.saying(p, words.translate(MARKS)))
    monkeypatch.setattr(support, "Capabilities", lambda: capabilities)
    make, steps = SCREENS[name]
    app = make()
    assert app.capabilities is capabilities
    taken = []
    async with app.run_test(size=FIRST) as pilot:
        await steps(pilot)
        for size in SIZES:
            if size != FIRST:
                await resized(pilot, size, OVER.get(name))
            shown = look(app, system)
            assert_fitting(shown, terminal, size)
            if (terminal, size) not in PICTURED:
                taken.append(f"{size[0]}x{size[1]}\n\n{shown}\n")
    assert "\n".join(taken) == snapshot(extension_class=TextFile)


async def resized(pilot: Any, size: tuple[int, int], opener: str | None) -> None:
    """Another size; what lies over a screen is opened anew, since the screen under it waits to be drawn until then."""
    if opener is not None:
        await pilot.press("escape")
        await settled(pilot)
    await pilot.resize_terminal(*size)
    await settled(pilot)
    if opener is not None:
        await pilot.press(opener)
        await until(pilot, lambda: isinstance(pilot.app.screen, ModalScreen))
        await settled(pilot)


def assert_fitting(shown: str, terminal: str, size: tuple[int, int]) -> None:
    """What must hold of any screen, whatever it shows."""
    words, legend, styles = shown.rsplit("\n\n", 2)
    assert len(words.split("\n")) == size[1]
    codes = [line.split(" ", 1)[1] for line in legend.split("\n")]
    for row in styles.split("\n"):
        assert sum(int(run.lstrip(ascii_letters)) for run in row.split(": ")[1].split()) == size[0], row
    if terminal == "ascii":
        assert words.isascii()
        assert not any(re.search("[34]8;", code) for code in codes), "sixteen colours have names"
    if terminal in ("256", "no_color"):
        assert not any(";2;" in code for code in codes)
    if terminal == "no_color":
        numbers = [int(n) for code in codes for n in re.findall(r"[34]8;5;(\d+)", code)]
        assert all(n >= 232 or n in (16, 59, 102, 145, 188, 231) for n in numbers), "only greys"
