"""The real program on terminals that are not UTF-8, and on the console of Linux: nothing but ASCII arrives."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal.terminal import Terminal
from tests.terminal.test_program import PROGRAM, ROOT, environ

# Python's own rescue of ASCII locales is left on: nobody switches it off.
POOR = {
    "C": {"LC_ALL": "C"},
    "latin-1": {"LANG": "fr_FR.ISO-8859-1", "LC_CTYPE": ""},
    "linux": {"TERM": "linux"},
    "no colours": {"LC_ALL": "C", "NO_COLOR": "1"},
}
# What a terminal obeys: CSI, OSC and DCS sequences, and escapes of two characters.
CONTROLS = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1bP[^\x1b]*\x1b\\|\x1b[ -/]*[0-~]")


def walked(terminal: Terminal) -> Iterator[str]:
    """What each screen, and each thing that opens over it, shows."""

    def shows(words: str) -> str:
        terminal.wait_for(words)
        return terminal.text

    yield shows("Three keys to a trained network")
    terminal.send("enter")
    yield shows("moons is ready")
    terminal.send("2")
    yield shows("hidden sizes")
    terminal.send("3", "space")
    yield shows("ok All")
    terminal.send("4")
    yield shows("untrained")
    terminal.send("space")
    yield shows("o training")
    terminal.send(">")
    yield shows("ok finished")
    terminal.send("6")
    yield shows("finished")
    terminal.send("?")
    yield shows("help   Runs")
    terminal.send("escape")
    terminal.wait_until(lambda: "help   Runs" not in terminal.text, "the end of help")
    terminal.send("R")
    yield shows("TASKS OF")
    terminal.send("escape")
    terminal.wait_until(lambda: "TASKS OF" not in terminal.text, "the end of the lab sheets")
    terminal.send("o")
    yield shows("open a file")
    yield shows("caf")
    terminal.send("escape")
    terminal.wait_until(lambda: "open a file" not in terminal.text, "the end of the dialog")
    terminal.send("ctrl+p")
    yield shows("what to do, or where to go")


@pytest.mark.parametrize(
    "kind", [kind if kind == "latin-1" else pytest.param(kind, marks=pytest.mark.slow) for kind in POOR]
)
def test_every_screen_is_ascii(kind: str, tmp_path: Path) -> None:
    (tmp_path / "café.csv").write_text("a,b\n1,2\n")
    command = [*PROGRAM, "--runs-dir", str(tmp_path / "runs")]
    with Terminal(command, size=(100, 30), environ=environ(**POOR[kind]), cwd=tmp_path) as terminal:
        for text in walked(terminal):
            # A word that could not be written, of ours or of Textual's.
            assert "??" not in text
            assert not re.search(r"\w\?\w", text), text
        terminal.send("escape", "ctrl+q")
        assert terminal.wait_exit() == 0
        assert terminal.is_as_before
        assert terminal.cursor_is_shown
        assert terminal.received.isascii()
        shown = CONTROLS.sub(b"", bytes(terminal.received))
        assert b"\x1b" not in shown
        assert not re.search(rb"\\[ux][0-9a-f]{2}", shown)
        if "NO_COLOR" in POOR[kind]:
            assert grey(bytes(terminal.received))


def grey(received: bytes) -> bool:
    """Whether all colours sent are shades of grey."""
    triples = re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", received)
    numbers = [int(n) for n in re.findall(rb"[34]8;5;(\d+)", received)]
    cube = {16 + 43 * level for level in range(6)}
    return all(len(set(triple)) == 1 for triple in triples) and all(n >= 232 or n in cube for n in numbers)


@pytest.mark.parametrize(
    ("variables", "codes"),
    [
        ({"TERM": "foot"}, b"38;5;"),
        ({"TERM": "xterm", "TEXTUAL_COLOR_SYSTEM": "truecolor"}, b"38;2;"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "TEXTUAL_COLOR_SYSTEM": "256"}, b"38;5;"),
        ({"TERM": "xterm"}, b""),
    ],
    ids=["foot", "asked for more", "asked for less", "xterm"],
)
def test_as_many_colours_as_the_terminal_has(variables: dict[str, str], codes: bytes, tmp_path: Path) -> None:
    wanted = environ(**variables)
    if "COLORTERM" not in variables:
        wanted["NO_COLOR"] = ""  # set to nothing is not set
    with Terminal([*PROGRAM, "--runs-dir", str(tmp_path / "runs")], environ=wanted) as terminal:
        terminal.wait_for("Three keys to a trained network")
        terminal.send("ctrl+q")
        assert terminal.wait_exit() == 0
        assert {code for code in (b"38;5;", b"38;2;") if code in terminal.received} == ({codes} if codes else set())
        if codes:
            assert not grey(bytes(terminal.received))


@pytest.mark.parametrize(
    "words",
    [
        ["train", "--set", "training.epochs=3"],
        ["gradcheck"],
        ["runs", "list"],
        ["recipes", "show", "tp4"],
        ["time", "--recipe", "tp4"],
    ],
    ids=" ".join,
)
def test_commands_write_ascii_too(words: list[str], tmp_path: Path) -> None:
    wanted = environ(LC_ALL="C", MLP_TUI_RUNS_DIR=str(tmp_path / "runs"))
    with Terminal([*PROGRAM, *words], environ=wanted, cwd=tmp_path, size=(100, 30)) as terminal:
        assert terminal.wait_exit(seconds=60) == 0
        assert terminal.received.isascii()
        assert b"\\u" not in terminal.received
        assert not re.search(rb"\?\?|\w\?\w", bytes(terminal.received))


@pytest.mark.parametrize(
    "words",
    [[], ["train"], ["gradcheck"], ["runs"], ["data"], ["recipes"], ["calc"], ["export"], ["find-lr"], ["doctor"]],
    ids=" ".join,
)
def test_help_of_commands_is_ascii(words: list[str], tmp_path: Path) -> None:
    with Terminal([*PROGRAM, *words, "--help"], environ=environ(LC_ALL="C"), cwd=tmp_path) as terminal:
        assert terminal.wait_exit(seconds=30) == 0
        assert terminal.received.isascii()
        assert b"Usage: mlp-tui" in terminal.received
        assert b"?" not in terminal.received
        assert b"\\u" not in terminal.received


def test_a_name_with_accents_and_ideographs_keeps_its_width(tmp_path: Path) -> None:
    rows = "".join(f"{k},{k % 7},{'été' if k % 2 else '猫'}\n" for k in range(60))
    (tmp_path / "naïve.csv").write_text("größe,b,class\n" + rows, encoding="utf-8")
    command = [*PROGRAM, "--runs-dir", str(tmp_path / "runs"), "--data", "naïve.csv"]
    with Terminal(command, size=(100, 30), environ=environ(LC_ALL="C"), cwd=tmp_path) as terminal:
        terminal.wait_for("naive.csv")
        terminal.wait_for("grose")
        terminal.wait_for("ete")
        assert terminal.received.isascii()
        # The right border stands in one column on every row of a panel.
        lines = [line for line in terminal.text.splitlines() if line.rstrip().endswith("|")]
        assert len(lines) > 10
        assert {len(line) for line in lines} == {100}
        terminal.send("ctrl+q")
        assert terminal.wait_exit() == 0
        assert ROOT.is_dir()
