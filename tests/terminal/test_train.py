"""`mlp-tui train` on a terminal, narrow, poor and interrupted, and the same facts in a pipe."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminal.terminal import Terminal
from tests.terminal.test_program import PROGRAM, environ, events, the_run
from tui.lab.events import Stopped

SHORT = ["--set", "training.epochs=12", "--set", "data.options.n_samples=200"]
ENDLESS = ["--set", "training.epochs=1000000"]
ASCII_LOCALE = {"LC_ALL": "C", "LANG": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
BRAILLE = re.compile("[\u2801-\u28ff]")


def train(runs_dir: Path, *words: str, size: tuple[int, int] = (80, 40), **changes: str) -> Terminal:
    command = [*PROGRAM, "train", "--data", "moons", "--runs-dir", str(runs_dir), *words]
    return Terminal(command, size=size, environ=environ(**changes))


def unbroken(text: str) -> str:
    """Without blanks: one that a narrow terminal has in its last column is not seen."""
    return re.sub(r"\s", "", text)


def figures(text: str) -> list[str]:
    """The lines of the end, one by one, however a narrow terminal has broken them."""
    lines = unbroken(text)
    found = [re.search(rf"{part}(accuracy[\d.]+%loss[\d.e-]+?)(?=validation|test|\d+epochs)", lines)
             for part in ("train", "validation", "test")]  # fmt: skip
    best = re.search(r"bestepoch\d+(?=run:)", lines)
    assert all(found), text
    assert best, text
    return [*(match.group(1) for match in found if match), best.group(0)]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_curve_and_the_figures_at_any_width(runs_dir: Path, width: int) -> None:
    with train(runs_dir, *SHORT, size=(width, 40)) as terminal:
        assert terminal.wait_exit(seconds=60) == 0
        assert BRAILLE.search(terminal.text)
        assert "─── train" in terminal.text
        assert "epoch 12" in terminal.text
        assert len(figures(terminal.text)) == 4
        assert str(runs_dir) in terminal.text.replace("\n", "")
        assert terminal.is_as_before
        assert terminal.cursor_is_shown
        assert b"\x1b[38;5;75m" in terminal.received


@pytest.mark.parametrize("size", [(39, 40), (80, 12)])
def test_no_curve_where_there_is_no_room(runs_dir: Path, size: tuple[int, int]) -> None:
    with train(runs_dir, *SHORT, size=size) as terminal:
        assert terminal.wait_exit(seconds=60) == 0
        assert not BRAILLE.search(terminal.text)
        assert "bestepoch" in unbroken(terminal.text)


def test_the_same_facts_on_a_terminal_plain_and_in_a_pipe(runs_dir: Path) -> None:
    with train(runs_dir, *SHORT, size=(200, 40)) as terminal:
        assert terminal.wait_exit(seconds=60) == 0
        drawn = terminal.text
    with train(runs_dir, *SHORT, "--plain", size=(200, 40)) as terminal:
        assert terminal.wait_exit(seconds=60) == 0
        plain = terminal.text
        assert not BRAILLE.search(plain)
        assert b"\x1b" not in terminal.received
        assert "epoch 12/12  loss" in plain
    command = shlex.join([*PROGRAM, "train", "--data", "moons", "--runs-dir", str(runs_dir), *SHORT])
    piped = subprocess.run(["bash", "-c", f"{command} | cat"], capture_output=True, text=True, env=environ())
    assert "\x1b" not in piped.stdout + piped.stderr
    assert figures(drawn) == figures(plain) == figures(piped.stdout)
    for text in (drawn, plain, piped.stdout):
        assert "training, 40 validation, 40 test samples" in text
        assert re.search(r"^run: .+", text, re.MULTILINE)


def test_head_has_seen_enough(runs_dir: Path) -> None:
    words = [*PROGRAM, "train", "--data", "moons", "--runs-dir", str(runs_dir), "--set", "training.epochs=300"]
    command = f"{shlex.join(words)} | head -3"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environ(), timeout=60)
    assert len(done.stdout.splitlines()) == 3
    assert "Traceback" not in done.stderr
    assert "goes on" in done.stderr


def test_another_size_in_the_middle(runs_dir: Path) -> None:
    with train(runs_dir, *ENDLESS) as terminal:
        terminal.wait_for("━")
        for size in ((50, 20), (30, 10), (120, 40), (80, 40)):
            terminal.resize(*size)
            seen = len(terminal.received)
            terminal.wait_until(lambda seen=seen: len(terminal.received) > seen, "another picture")  # type: ignore[misc]
        terminal.send("ctrl+c")
        assert terminal.wait_exit(seconds=60) == 130
        assert "stopped after" in terminal.text
        assert BRAILLE.search(terminal.text)
        assert "Traceback" not in terminal.text
        assert terminal.cursor_is_shown


def test_ctrl_c_writes_a_checkpoint_and_the_curve_so_far(runs_dir: Path) -> None:
    with train(runs_dir, *ENDLESS, size=(200, 40)) as terminal:
        terminal.wait_for("━")
        terminal.send("ctrl+c")
        assert terminal.wait_exit(seconds=60) == 130
        assert "stopping after a checkpoint" in terminal.text
        assert "stopped after" in terminal.text
        assert terminal.is_as_before
        assert terminal.cursor_is_shown
        assert "Traceback" not in terminal.text
    assert isinstance(events(the_run(runs_dir))[-1], Stopped)


def test_an_ascii_locale_gets_a_curve_in_ascii(runs_dir: Path) -> None:
    with train(runs_dir, *SHORT, TERM="xterm", **ASCII_LOCALE) as terminal:
        assert terminal.wait_exit(seconds=60) == 0
        assert terminal.received.isascii()
        assert "*** train" in terminal.text
        assert "... validation" in terminal.text
        assert "+---" in terminal.text
        assert "?" not in terminal.text
        assert len(figures(terminal.text)) == 4


def test_no_color_is_no_colour_and_the_validation_is_dashed(runs_dir: Path) -> None:
    with train(runs_dir, *SHORT, NO_COLOR="1") as terminal:
        assert terminal.wait_exit(seconds=60) == 0
        assert "─ ─ validation" in terminal.text
        assert not re.search(rb"\x1b\[[0-9;]*[1-9][0-9;]*m", terminal.received.replace(b"\x1b[2m", b""))


def test_a_dumb_terminal_gets_lines(runs_dir: Path) -> None:
    with train(runs_dir, *SHORT, TERM="dumb") as terminal:
        assert terminal.wait_exit(seconds=60) == 0
        assert b"\x1b" not in terminal.received
        assert "epoch 12/12" in terminal.text


def test_a_run_that_diverges_says_what_to_do_and_where_it_is(runs_dir: Path) -> None:
    wild = ["--set", "training.optimizer=sgd", "--set", "training.lr=1000"]
    with train(runs_dir, *SHORT, *wild, size=(200, 40)) as terminal:
        assert terminal.wait_exit(seconds=60) == 1
        shown = terminal.text
    for words in ("epoch 1, batch", "try 0.", f"run: {the_run(runs_dir).path}"):
        assert words in shown


def test_a_run_is_shown_with_its_curve(runs_dir: Path) -> None:
    with train(runs_dir, *SHORT) as terminal:
        assert terminal.wait_exit(seconds=60) == 0
    show = [*PROGRAM, "runs", "show", "last", "--runs-dir", str(runs_dir)]
    with Terminal(show, size=(100, 60), environ=environ()) as terminal:
        assert terminal.wait_exit(seconds=60) == 0
        assert BRAILLE.search(terminal.text)
        assert "─── train" in terminal.text
    piped = subprocess.run(show, capture_output=True, text=True, env=environ())
    assert not BRAILLE.search(piped.stdout)
    follow = [*PROGRAM, "runs", "follow", "last", "--runs-dir", str(runs_dir)]
    with Terminal(follow, size=(100, 60), environ=environ()) as terminal:
        assert terminal.wait_exit(seconds=60) == 0
        assert BRAILLE.search(terminal.text)


def test_training_needs_no_screen_before_it_has_ended() -> None:
    """A terminal is no reason to read Textual, plotext or NumPy before the trainer has been started."""
    code = (
        "import sys\nfrom tui.commands import curve, train\nfrom tui.app.capabilities import Capabilities\n"
        "import tui.commands.progress\n"
        "print([name for name in ('textual', 'plotext', 'numpy', 'textual_plotext') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ))
    assert done.stdout.strip() == "[]", done.stderr
