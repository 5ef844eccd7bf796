"""The real program, as somebody at a keyboard meets it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.terminal.terminal import Terminal
from tui.lab.events import Epoch, EventReader, Finished
from tui.lab.runs import RunFolder

ROOT = Path(__file__).resolve().parents[2]
OUTER = ("COLUMNS", "LINES", "PYTHONUNBUFFERED")
PROGRAM = [sys.executable, "-P", "-m", "tui"]
LONG = ["--data", "moons", "--set", "training.epochs=500"]
"""Is held back to last about ten seconds on the screen, and has an end soon after it is let go."""


def environ(**changes: str) -> dict[str, str]:
    """A plain terminal of 256 colours in UTF-8; an empty value takes a variable away."""
    # COLUMNS, which the processes of pytest-xdist have, would count for more than the terminal's size; without buffers
    # ctrl+c may come between a line and its end.
    outer = {name: value for name, value in os.environ.items() if name not in OUTER}
    wanted = {**outer, "TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), **changes}
    return {name: value for name, value in wanted.items() if value}


def program(runs_dir: Path, *words: str, **changes: str) -> Terminal:
    return Terminal([*PROGRAM, "--runs-dir", str(runs_dir), *words], environ=environ(**changes))


def the_run(runs_dir: Path) -> RunFolder:
    """The only run there is, once it has said something."""
    wait(lambda: list(runs_dir.glob("[!.]*/events.jsonl")))
    (path,) = runs_dir.glob("[!.]*")
    return RunFolder(path)


def wait(condition: Callable[[], Any], *, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def events(run: RunFolder) -> list[Any]:
    return EventReader(run.events_path).poll()


def has_finished(run: RunFolder) -> bool:
    said = events(run)
    return bool(said) and isinstance(said[-1], Finished)


def test_from_launch_to_a_trained_network_and_out(runs_dir: Path) -> None:
    with program(runs_dir) as terminal:
        terminal.wait_for("Three keys to a trained network")
        terminal.send("enter")
        terminal.wait_for("moons is ready")
        terminal.send("4")
        terminal.wait_for("space trains 100 epochs")
        terminal.send("space")
        terminal.wait_for("● training")
        terminal.send(">")
        terminal.wait_for("✓ finished")
        terminal.wait_for("finished, test accuracy")
        terminal.wait_for("100 / 100")
        terminal.send("ctrl+q")
        assert terminal.wait_exit() == 0
        assert terminal.is_as_before
        assert terminal.cursor_is_shown
        assert "goes on training" not in terminal.text
    assert has_finished(the_run(runs_dir))


def test_quitting_takes_no_time_and_the_training_goes_on_by_itself(runs_dir: Path) -> None:
    with program(runs_dir, *LONG) as terminal:
        terminal.wait_for("moons is ready")
        terminal.send("4", "space")
        terminal.wait_for("● training")
        run = the_run(runs_dir)
        began = time.monotonic()
        terminal.send("ctrl+q")
        assert terminal.wait_exit() == 0
        assert time.monotonic() - began < 2
        assert terminal.is_as_before
        assert terminal.cursor_is_shown
        assert f"{run.name} goes on training without the screen." in terminal.text
    assert not has_finished(run)
    run.send("pace", 0)
    wait(lambda: has_finished(run))
    assert sum(isinstance(event, Epoch) for event in events(run)) == 500
    wait(lambda: run.state() == "finished")
    assert not list(run.path.rglob(".*tmp*"))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGHUP])
def test_the_training_does_not_notice_that_the_screen_is_gone(runs_dir: Path, how: signal.Signals) -> None:
    with program(runs_dir, *LONG) as terminal:
        terminal.wait_for("moons is ready")
        terminal.send("4", "space")
        terminal.wait_for("● training")
        run = the_run(runs_dir)
        os.killpg(terminal.process.pid, how)  # the whole group, as a closed window does
        terminal.wait_exit()
    run.send("pace", 0)
    wait(lambda: has_finished(run))
    assert sum(isinstance(event, Epoch) for event in events(run)) == 500


def test_ctrl_c_does_not_quit(runs_dir: Path) -> None:
    with program(runs_dir, "--data", "moons") as terminal:
        terminal.wait_for("moons is ready")
        terminal.send("ctrl+c", "ctrl+c", "2")
        terminal.wait_for("hidden sizes")
        terminal.send("ctrl+q")
        assert terminal.wait_exit() == 0


def test_an_ascii_locale_gets_ascii_and_no_escapes_in_words(runs_dir: Path) -> None:
    ascii_locale = {"LC_ALL": "C", "LANG": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    with program(runs_dir, **ascii_locale) as terminal:
        terminal.wait_for("Three keys to a trained network")
        terminal.send("enter")
        terminal.wait_for("moons is ready")
        terminal.send("2")
        terminal.wait_for("hidden sizes")
        terminal.send("3", "space")
        terminal.wait_for("ok All")
        terminal.send("4")
        terminal.wait_for("untrained")
        terminal.send("space")
        terminal.wait_for("o training")
        terminal.send(">")
        terminal.wait_for("ok finished")
        assert "??" not in terminal.text
        terminal.send("?")
        terminal.wait_for("help   Train")
        assert "??" not in terminal.text
        terminal.send("?")
        terminal.wait_until(lambda: "help   Train" not in terminal.text, "the end of help")
        terminal.send("R")
        terminal.wait_for("TASKS OF")
        assert "??" not in terminal.text
        terminal.send("ctrl+q")
        assert terminal.wait_exit() == 0
        assert terminal.received.isascii()
        assert b"\\u" not in terminal.received
        assert b"\\x" not in terminal.received


@pytest.mark.parametrize("glyphs", ["ascii", "block"])
def test_glyphs_on_demand(runs_dir: Path, glyphs: str) -> None:
    with program(runs_dir, "--data", "moons", "--glyphs", glyphs) as terminal:
        terminal.wait_for("moons is ready")
        terminal.send("4")
        terminal.wait_for("untrained")
        braille = re.search("[\u2801-\u28ff]", terminal.text)
        assert braille is None
        assert ("+" in terminal.text) if glyphs == "ascii" else ("╭" in terminal.text)
        terminal.send("ctrl+q")
        assert terminal.wait_exit() == 0


def test_a_dumb_terminal_is_told_in_one_line_and_trains(runs_dir: Path) -> None:
    with program(runs_dir, "--data", "moons", "--set", "training.epochs=2", TERM="dumb") as terminal:
        assert terminal.wait_exit(seconds=60) == 0
        first = terminal.text.splitlines()[0]
        assert "terminal" in first
        assert b"\x1b[?1049h" not in terminal.received, "no screen was opened"
    assert has_finished(the_run(runs_dir))


def test_without_a_terminal_it_says_so_in_one_line_and_trains(runs_dir: Path) -> None:
    done = subprocess.run(
        [*PROGRAM, "--runs-dir", str(runs_dir), "--set", "training.epochs=2"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        env=environ(),
    )
    assert done.returncode == 0
    assert len(done.stderr.strip().splitlines()) == 1
    assert "terminal" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_bad_input_is_one_line_and_no_screen(runs_dir: Path) -> None:
    with program(runs_dir, "--set", "training.lr=fast") as terminal:
        assert terminal.wait_exit(seconds=30) == 2
        (line,) = terminal.text.strip().splitlines()
        assert line.startswith("error: training.lr:")
        assert terminal.is_as_before
