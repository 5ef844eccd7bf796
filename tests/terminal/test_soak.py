"""Random keys and window sizes on the real program, through a real terminal; then it still ends as it should."""

import contextlib
import random
from pathlib import Path

import pytest

from tests.app.soak import HANDS, KEYS, PASTES, TYPED
from tests.terminal.terminal import Terminal
from tests.terminal.test_program import PROGRAM, environ
from tui.lab.errors import LabError
from tui.lab.runs import RunFolder

COUNT = 300
SIZES = ((80, 24), (120, 40), (60, 18), (20, 5), (1, 1), (200, 60), (79, 21))
SENT = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "backspace": "\x7f",
    "delete": "\x1b[3~",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "f1": "\x1bOP",
    "space": " ",
}
"""What a terminal sends for keys that have names."""
SEEDS = "S"
"""Repeats a run over many seeds, in processes that outlive the screen: not here."""
PLAIN = [key for key in KEYS if key != SEEDS and (key in SENT or len(key) == 1 or key.startswith("ctrl+"))]


def press(terminal: Terminal, dice: random.Random) -> str:
    """One random deed at the keyboard or with the mouse; returns what it was."""
    kind = dice.random()
    if kind < 0.6:
        key = dice.choice(PLAIN)
        terminal.send(SENT.get(key, key))
        return key
    if kind < 0.75:
        key = dice.choice(HANDS)
        terminal.send(SENT[key])
        return key
    if kind < 0.9:
        character = dice.choice(TYPED.replace(SEEDS, ""))
        terminal.send(character)
        return character
    if kind < 0.93:
        text = dice.choice(PASTES)
        terminal.send(f"\x1b[200~{text.replace(chr(27), '')}\x1b[201~")
        return f"paste {text[:20]!r}"
    columns, rows = terminal.screen.columns, terminal.screen.lines
    x, y = dice.randint(1, columns), dice.randint(1, rows)
    button = dice.choice((0, 0, 2, 64, 65))
    terminal.send(f"\x1b[<{button};{x};{y}M", f"\x1b[<{button};{x};{y}m")
    return f"button {button} at {x},{y}"


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_random_keys_and_sizes_then_out(runs_dir: Path, tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    pressed = []
    command = [*PROGRAM, "--runs-dir", str(runs_dir), "--data", "moons", "--set", "training.epochs=20"]
    home = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    with Terminal(command, environ=environ(**home), cwd=tmp_path) as terminal:
        terminal.wait_for("moons is ready")
        for number in range(COUNT):
            pressed.append(press(terminal, dice))
            if number % 25 == 24:
                size = dice.choice(SIZES)
                pressed.append(f"size {size}")
                terminal.resize(*size)
            terminal.read(0.01)
            assert terminal.process.poll() is None, f"it ended after {pressed[-50:]}:\n{terminal.text}"
        terminal.resize(80, 24)
        for _ in range(6):
            terminal.send("\x1b")
            terminal.read(0.15)  # a lone Escape is told from the beginning of another key by the time after it
        terminal.send("ctrl+q")
        try:
            assert terminal.wait_exit(seconds=20) == 0
        except AssertionError as error:
            raise AssertionError(f"{error}\nafter {pressed[-50:]}") from None
        assert terminal.is_as_before
        assert terminal.cursor_is_shown
        assert "Traceback" not in terminal.text
    for status in runs_dir.glob("[!.]*/status.json"):  # what trains still is not left behind
        with contextlib.suppress(LabError):
            RunFolder(status.parent).send("stop")
