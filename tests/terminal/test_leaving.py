"""Leaving and coming back: at any moment at once, and the terminal is as it was."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.terminal.terminal import Terminal
from tests.terminal.test_program import PROGRAM, environ, program

GENEROUS = 2.0 * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
"""Seconds that quitting may take where so many others want the processor; what it waits for is a minute."""


def state_of(pid: int) -> str:
    """What the kernel says of a process: T is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def quit_at_once(terminal: Terminal, *keys: str) -> None:
    began = time.monotonic()
    terminal.send(*keys, "ctrl+q")
    assert terminal.wait_exit() == 0
    assert time.monotonic() - began < GENEROUS
    assert_in_order(terminal)


def assert_in_order(terminal: Terminal) -> None:
    """Echo, line editing, cursor, the screen of before; no mouse, no paste marks."""
    assert terminal.is_as_before
    assert terminal.cursor_is_shown
    for mode in ("1049", "1000", "1003", "1006", "2004", "1004"):
        on, off = (terminal.received.rfind(f"\x1b[?{mode}{letter}".encode()) for letter in "hl")
        assert off > on, mode


def read_all(terminal: Terminal) -> None:
    """Until nothing comes for a while."""
    size = -1
    while size != len(terminal.received):
        size = len(terminal.received)
        terminal.read(0.4)


def ready(terminal: Terminal) -> None:
    terminal.wait_for("moons is ready")


def opening(terminal: Terminal) -> None:
    terminal.wait_until(lambda: b"\x1b[?1049h" in terminal.received, "the screen")


def a_modal(terminal: Terminal) -> None:
    ready(terminal)
    terminal.send("R")
    terminal.wait_for("TASKS OF")


def a_question(terminal: Terminal) -> None:
    ready(terminal)
    terminal.send("o")
    terminal.wait_for("open a file")


def an_open_field(terminal: Terminal) -> None:
    ready(terminal)
    terminal.send("2")
    terminal.wait_for("hidden sizes")
    terminal.send("enter", "6", "4", "x")
    terminal.wait_for("64x")


def a_filter(terminal: Terminal) -> None:
    ready(terminal)
    terminal.send("/")
    terminal.wait_for("Enter keeps")
    terminal.send("m", "o", "o")


def the_palette(terminal: Terminal) -> None:
    ready(terminal)
    terminal.send("ctrl+p")
    terminal.wait_for("what to do, or where to go")


def jump_mode(terminal: Terminal) -> None:
    ready(terminal)
    terminal.send("ctrl+o")
    terminal.wait_for("(a) source")


def a_check(terminal: Terminal) -> None:
    ready(terminal)
    terminal.send("2")
    terminal.wait_for("hidden sizes")
    terminal.send("enter", "2", "5", "6", ",", "2", "5", "6", "enter", "3")
    terminal.wait_for("Nothing checked yet")
    terminal.send("space")
    terminal.wait_for("checking")


def a_map(terminal: Terminal) -> None:
    ready(terminal)
    terminal.send("4")
    terminal.wait_for("space trains")


def training(terminal: Terminal) -> None:
    a_map(terminal)
    terminal.send("space")
    terminal.wait_for("● training")


@pytest.mark.parametrize(
    "moment",
    [opening, ready, a_modal, a_question, an_open_field, a_filter, the_palette, jump_mode, a_check, a_map, training],
    ids=lambda moment: moment.__name__,
)
def test_quitting_takes_no_time_at_any_moment(runs_dir: Path, moment: Callable[[Terminal], None]) -> None:
    with program(runs_dir, "--data", "moons", "--set", "training.epochs=500") as terminal:
        moment(terminal)
        quit_at_once(terminal)


def test_quitting_does_not_wait_for_a_file_that_is_being_read(runs_dir: Path, tmp_path: Path) -> None:
    table = tmp_path / "large.csv"
    table.write_text("0.25,1.5,-3.75,0.125,7.5,a\n0.5,2.5,1.75,0.625,-7.5,b\n" * 400_000)
    with program(runs_dir, "--data", str(table)) as terminal:
        terminal.wait_for("reading large.csv")
        quit_at_once(terminal)


def test_quitting_does_not_wait_for_work_beside_the_loop(runs_dir: Path, tmp_path: Path) -> None:
    """Python joins its own pool of threads when a loop closes, and again when the interpreter ends."""
    begun = tmp_path / "begun"
    script = tmp_path / "stuck.py"
    script.write_text(
        "import asyncio, pathlib, sys, time\n"
        "from tui.app import launch\n"
        "from tui.app.app import BenchApp\n"
        "def stuck():\n"
        f"    pathlib.Path({str(begun)!r}).touch()\n"
        "    time.sleep(60)\n"
        "def on_ready(self):\n"
        "    for _ in range(40):\n"
        "        self.run_worker(asyncio.to_thread(stuck), exit_on_error=False)\n"
        "    self.run_worker(stuck, thread=True, exit_on_error=False)\n"
        "BenchApp.on_ready = on_ready\n"
        "sys.exit(launch.run(None, runs_dir=pathlib.Path(sys.argv[1])))\n"
    )
    with Terminal([PROGRAM[0], str(script), str(runs_dir)], environ=environ()) as terminal:
        terminal.wait_until(begun.exists, "the work")
        terminal.wait_for("Three keys")
        quit_at_once(terminal)


@pytest.mark.parametrize("key", [True, False], ids=["ctrl+z", "SIGTSTP"])
def test_suspended_the_terminal_is_the_shells_and_fg_brings_the_screen_back(runs_dir: Path, key: bool) -> None:
    with program(runs_dir, "--data", "moons") as terminal:
        terminal.wait_for("moons is ready")
        read_all(terminal)
        before, pid = terminal.text, terminal.process.pid
        for _ in range(2):
            if key:
                terminal.send("ctrl+z")
            else:
                os.kill(pid, signal.SIGTSTP)
            terminal.wait_until(lambda: state_of(pid) == "T", "the stop")
            read_all(terminal)
            assert_in_order(terminal)
            terminal.screen.reset()  # what a shell and others leave on the screen
            os.kill(pid, signal.SIGCONT)
            terminal.wait_until(lambda: terminal.text == before, "the same screen")
        terminal.send("2")
        terminal.wait_for("hidden sizes")
        quit_at_once(terminal)


def test_a_field_and_a_modal_can_be_suspended_too(runs_dir: Path) -> None:
    with program(runs_dir, "--data", "moons") as terminal:
        an_open_field(terminal)
        pid = terminal.process.pid
        terminal.send("ctrl+z")
        terminal.wait_until(lambda: state_of(pid) == "T", "the stop")
        os.kill(pid, signal.SIGCONT)
        terminal.send("1")
        terminal.wait_for("64x1")
        terminal.send("escape")
        terminal.wait_until(lambda: "64x1" not in terminal.text, "the old value")
        terminal.send("R")
        terminal.wait_for("TASKS OF")
        terminal.send("ctrl+z")
        terminal.wait_until(lambda: state_of(pid) == "T", "the stop")
        terminal.screen.reset()
        os.kill(pid, signal.SIGCONT)
        terminal.wait_for("TASKS OF")
        quit_at_once(terminal)


@pytest.mark.parametrize("moment", [opening, a_modal, an_open_field, training], ids=lambda moment: moment.__name__)
def test_sigterm_leaves_the_terminal_in_order(runs_dir: Path, moment: Callable[[Terminal], None]) -> None:
    with program(runs_dir, "--data", "moons", "--set", "training.epochs=500") as terminal:
        moment(terminal)
        began = time.monotonic()
        terminal.process.terminate()
        assert terminal.wait_exit() == 128 + signal.SIGTERM
        assert time.monotonic() - began < GENEROUS
        assert_in_order(terminal)


@pytest.mark.parametrize("screen", "23461")
def test_quitting_while_a_screen_comes_up_is_no_mistake(runs_dir: Path, screen: str) -> None:
    with program(runs_dir, "--data", "moons") as terminal:
        ready(terminal)
        quit_at_once(terminal, screen)
