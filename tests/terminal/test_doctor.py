"""`mlp-tui doctor` on a pty that answers as a terminal does, that answers late, and that never answers."""

import json
import os
import re
import select
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import pytest

from tests.terminal.terminal import Terminal
from tests.terminal.test_program import PROGRAM, environ

QUESTIONS = re.compile(rb"(\x1b\[6n|\x1b\[\?2026\$p)")


class Answering(Terminal):
    """Says where its cursor really is, ``late`` seconds after it was asked; with ``mute`` it says nothing."""

    def __init__(self, *args: Any, late: float = 0.0, mute: bool = False, **options: Any) -> None:
        self.late, self.mute = late, mute
        super().__init__(*args, **options)

    def read(self, seconds: float = 0.05) -> None:
        if not select.select([self._fd], [], [], seconds)[0]:
            return
        try:
            chunk = os.read(self._fd, 65536)
        except OSError:
            return
        self.received += chunk
        for part in QUESTIONS.split(chunk):
            if not QUESTIONS.fullmatch(part):
                self._stream.feed(part)
                continue
            cursor = self.screen.cursor
            answer = b"\x1b[%d;%dR" % (cursor.y + 1, cursor.x + 1) if part.endswith(b"n") else b"\x1b[?2026;2$y"
            if not self.mute:
                time.sleep(self.late)
                os.write(self._fd, answer)

    def left_over(self) -> bytes:
        """What a shell would now read as typed."""
        mode = termios.tcgetattr(self._slave)
        mode[3] &= ~termios.ICANON
        termios.tcsetattr(self._slave, termios.TCSANOW, mode)
        return os.read(self._slave, 1024) if select.select([self._slave], [], [], 0.1)[0] else b""


def doctor(tmp_path: Path, *words: str, late: float = 0.0, mute: bool = False, **changes: str) -> Answering:
    command = [*PROGRAM, "doctor", "--runs-dir", str(tmp_path / "runs"), *words]
    return Answering(command, environ=environ(**changes), size=(100, 40), late=late, mute=mute)


def test_a_terminal_that_answers(tmp_path: Path) -> None:
    with doctor(tmp_path) as terminal:
        assert terminal.wait_exit(seconds=30) == 0
        assert "UTF-8: LANG=C.UTF-8; the terminal draws UTF-8" in terminal.text
        assert re.search(r"round trip +\d+\.\d ms", terminal.text)
        assert re.search(r"whole frames +yes", terminal.text)
        assert re.search(r"size +100x40", terminal.text)
        assert "All is well." in terminal.text
        assert terminal.is_as_before
        assert terminal.left_over() == b""


def test_a_line_that_is_long(tmp_path: Path) -> None:
    with doctor(tmp_path, "--json", late=0.25) as terminal:
        assert terminal.wait_exit(seconds=30) == 0
        said = json.loads("".join(terminal.screen.display))
        assert said["round_trip_ms"] >= 250
        assert said["utf8_drawn"] is True
        assert "--low-bandwidth" in said["advice"][0]["set"]
        assert terminal.is_as_before
        assert terminal.left_over() == b""


def test_in_ascii_it_says_in_ascii_what_to_set(tmp_path: Path) -> None:
    with doctor(tmp_path, LC_ALL="C") as terminal:
        assert terminal.wait_exit(seconds=30) == 0
        assert "ASCII only: LC_ALL=C" in terminal.text
        assert "the terminal draws UTF-8: export LC_ALL=C.UTF-8" in terminal.text
        # One character of braille was drawn, to see whether it takes one cell.
        assert terminal.received.replace("⣿".encode(), b"", 1).isascii()


@pytest.mark.parametrize("kind", ["mute", "late"])
def test_what_never_comes_and_what_comes_too_late(kind: str) -> None:
    """The mode is put back, and no answer is left for the shell."""
    script = "from tui.app.asking import ask; found = ask(0, 1, seconds={}); print('found', found.round_trip)"
    wait = 0.3 if kind == "mute" else 5.0
    command = [sys.executable, "-P", "-c", script.format(wait)]
    with Answering(command, environ=environ(), mute=kind == "mute", late=0.5) as terminal:
        assert terminal.wait_exit(seconds=30) == 0
        assert "found None" in terminal.text if kind == "mute" else re.search(r"found \d", terminal.text)
        assert terminal.is_as_before
        assert terminal.left_over() == b""


def test_ctrl_c_leaves_the_terminal_in_order() -> None:
    script = "from tui.app.asking import ask; ask(0, 1, seconds=2)"
    with Answering([sys.executable, "-P", "-c", script], environ=environ(), mute=True) as terminal:
        terminal.wait_until(lambda: b"\x1b[6n" in terminal.received, "the question")
        terminal.send("ctrl+c")
        assert terminal.wait_exit(seconds=30) != 0
        assert terminal.is_as_before


def test_a_dumb_terminal_is_not_asked(tmp_path: Path) -> None:
    with doctor(tmp_path, TERM="dumb") as terminal:
        assert terminal.wait_exit(seconds=30) == 1
        assert b"\x1b" not in terminal.received
        assert "The application cannot open: TERM=dumb" in terminal.text


@pytest.mark.parametrize("changes", [{}, {"PYTHONIOENCODING": "latin-1"}, {"LC_ALL": "C"}, {"NO_COLOR": "1"}])
def test_in_a_pipe(changes: dict[str, str], tmp_path: Path) -> None:
    command = [*PROGRAM, "doctor", "--runs-dir", str(tmp_path / "runs")]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, env=environ(**changes))
    assert done.returncode == 0
    assert b"\x1b" not in done.stdout
    assert b"\\u" not in done.stdout
    assert done.stderr == b""
    assert b"classes" in done.stdout
    done = subprocess.run(
        [*command, "--json"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, env=environ(**changes)
    )
    said = json.loads(done.stdout)
    assert said["terminal"] is False
    assert said["round_trip_ms"] is None
    assert said["runs_writable"] is True
    assert not (tmp_path / "runs").exists()


def test_it_says_so_where_another_datasets_stands_in_our_place(tmp_path: Path) -> None:
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "__init__.py").write_text("")
    first = f"{tmp_path}{os.pathsep}{environ()['PYTHONPATH']}"
    done = subprocess.run(
        [*PROGRAM, "doctor", "--runs-dir", str(tmp_path / "runs")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        text=True,
        env=environ(PYTHONPATH=first),
    )
    assert done.returncode == 1
    assert 'another package called "datasets"' in done.stdout
    assert "an environment of its own" in done.stdout
    assert done.stderr == ""
