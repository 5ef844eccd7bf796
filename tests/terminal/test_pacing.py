"""The real program at the end of a slow line: keys come through, the line is not filled, nothing is sent in vain."""

import fcntl
import struct
import sys
import termios
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.terminal.lines import Channel, DistantTerminal, MuteTerminal
from tests.terminal.terminal import Terminal
from tests.terminal.test_program import PROGRAM, events, the_run, wait
from tests.terminal.test_program import environ as plain
from tui.lab.events import Epoch

ENDLESS = ("--data", "moons", "--set", "training.epochs=1000000")
SIZE = (120, 40)
A_SCREEN = 60_000
"""More than any frame of 120x40 needs; a line that is not spared holds the whole of a channel's room."""

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts what Linux holds")


def environ(**changes: str) -> dict[str, str]:
    """A terminal whose size is asked of itself."""
    return plain(COLUMNS="", LINES="", **changes)


def command(runs_dir: Path, *words: str) -> list[str]:
    return [*PROGRAM, "--runs-dir", str(runs_dir), *words]


def train(terminal: Terminal, *, full_speed: bool = True) -> None:
    terminal.wait_for("is ready", seconds=60)
    terminal.send("4")
    terminal.wait_for("space trains", seconds=60)
    terminal.send("space")
    terminal.wait_for("● training", seconds=60)
    if full_speed:
        terminal.send(">")
        terminal.wait_for("s so far", seconds=60)


def stop(terminal: Terminal) -> None:
    terminal.send("x")
    terminal.wait_for("stopped", seconds=60)


def leave_help(terminal: Terminal) -> None:
    terminal.send("escape")
    terminal.wait_until(lambda: "help   Train" not in terminal.text, "the end of help")


def moves(terminal: Terminal, times: int) -> None:
    """So many new pictures come by themselves."""
    for _ in range(times):
        before = terminal.text
        terminal.wait_until(lambda before=before: terminal.text != before, "something new", seconds=60)


@pytest.mark.parametrize(
    ("rate", "rtt"),
    [
        (100_000, 0.1),
        pytest.param(30_000, 0.2, marks=pytest.mark.slow),
        pytest.param(10_000, 0.3, marks=pytest.mark.slow),
    ],
)
def test_help_comes_through_a_narrow_line_while_it_trains_at_full_speed(
    runs_dir: Path, rate: float, rtt: float
) -> None:
    here = environ(SSH_CONNECTION="192.0.2.1 1 192.0.2.2 22")
    with DistantTerminal(command(runs_dir, *ENDLESS), rate=rate, rtt=rtt, size=SIZE, environ=here) as terminal:
        train(terminal)
        moves(terminal, 3)
        for _ in range(3):
            before = len(terminal.received)
            terminal.send("?")
            terminal.wait_for("help   Train")
            terminal.wait_for("EVERYWHERE")
            assert len(terminal.received) - before < A_SCREEN, "what stood before it on the line"
            leave_help(terminal)
            moves(terminal, 2)
        assert terminal.line.down.most_held < A_SCREEN
        last = terminal.text.splitlines()[-1]
        assert last.endswith(" ms")
        assert int(last.split()[-2]) >= 1000 * rtt
        stop(terminal)


def test_a_held_key_does_not_fill_the_line(runs_dir: Path) -> None:
    """Thirty a second, each a new picture: the newest is shown soon after the last, not each in turn."""
    with DistantTerminal(
        command(runs_dir, "--data", "moons"), rate=10_000, rtt=0.2, size=SIZE, environ=environ()
    ) as terminal:
        terminal.wait_for("is ready", seconds=60)
        for digit in "2341" * 2:  # each is imported, laid out and measured
            terminal.send(digit)
            terminal.wait_until(lambda: terminal.line.down.space(time.monotonic()) == terminal.line.down.room, "rest")
        before = terminal.line.down.total
        for _ in range(40):
            terminal.send("2", "1")
            terminal.read(0.02)
        terminal.send("2")
        terminal.wait_for("hidden sizes")
        assert terminal.line.down.most_held < A_SCREEN
        assert terminal.line.down.total - before < 81 * 5_000, "pictures were left out"


@pytest.mark.slow
def test_low_bandwidth_sends_less(runs_dir: Path) -> None:
    with DistantTerminal(command(runs_dir, *ENDLESS, "--low-bandwidth"), size=SIZE, environ=environ()) as terminal:
        train(terminal)
        before, began = terminal.line.down.total, time.monotonic()
        moves(terminal, 8)
        terminal.wait_until(lambda: time.monotonic() - began > 3, "three seconds")
        assert terminal.line.down.total - before < 8_000 * (time.monotonic() - began)
        stop(terminal)


@pytest.mark.slow
def test_a_terminal_that_gives_no_answer_gets_frames_all_the_same(runs_dir: Path) -> None:
    with MuteTerminal(command(runs_dir, *ENDLESS), size=SIZE, environ=environ()) as terminal:
        train(terminal)
        moves(terminal, 4)
        terminal.send("?")
        terminal.wait_for("EVERYWHERE")
        leave_help(terminal)
        stop(terminal)
        terminal.send("ctrl+q")
        assert terminal.wait_exit() == 0


@pytest.mark.slow
def test_what_stands_still_sends_nothing(runs_dir: Path) -> None:
    words = ("--data", "moons", "--set", "training.epochs=3")
    with Terminal(command(runs_dir, *words), size=SIZE, environ=environ()) as terminal:
        terminal.wait_for("is ready", seconds=60)
        for key in ("1", "2", "3", "4", "6", "4", "space"):
            terminal.send(key)
            if key == "space":
                terminal.wait_for("finished, test accuracy", seconds=60)
            rests(terminal)


def rests(terminal: Terminal, *, seconds: float = 1.0) -> None:
    """In the end nothing comes for so long, and then for as long again."""
    sizes = [-1]

    def quiet() -> bool:
        size = len(terminal.received)
        sizes.append(size)
        began = time.monotonic()
        while time.monotonic() - began < seconds and len(terminal.received) == size:
            terminal.read(0.05)
        return len(terminal.received) == size and size == sizes[-2]

    terminal.wait_until(quiet, "rest", seconds=60)
    before = len(terminal.received)
    terminal.read(seconds)
    assert len(terminal.received) == before


def test_frozen_the_picture_stands_still_and_the_training_goes_on(runs_dir: Path) -> None:
    with Terminal(command(runs_dir, *ENDLESS), size=SIZE, environ=environ()) as terminal:
        train(terminal)
        terminal.send("f")
        terminal.wait_for("frozen, the training goes on")
        rests(terminal)
        shown, run = terminal.text, the_run(runs_dir)
        so_far = sum(isinstance(event, Epoch) for event in events(run))
        wait(lambda: sum(isinstance(event, Epoch) for event in events(run)) > so_far + 20)
        terminal.read(0.5)
        assert terminal.text == shown
        terminal.send("y")  # keys still act, on the picture that stands still
        assert "· log" not in shown
        terminal.wait_for("· log")
        figures = shown.splitlines()[3]
        assert terminal.text.splitlines()[3] == figures
        terminal.send("f")
        terminal.wait_until(lambda: terminal.text.splitlines()[3] != figures, "the news")
        terminal.wait_until(lambda: "frozen" not in terminal.text, "the status line")
        stop(terminal)


def test_an_answer_on_its_way_does_not_end_in_the_shell(runs_dir: Path) -> None:
    with DistantTerminal(command(runs_dir, *ENDLESS), rtt=0.3, size=SIZE, environ=environ()) as terminal:
        train(terminal)
        moves(terminal, 2)
        terminal.send("ctrl+q")
        assert terminal.wait_exit(seconds=30) == 0
        terminal.wait_until(lambda: terminal.line.up.next() is None, "all answers")
        (left,) = struct.unpack("i", fcntl.ioctl(terminal._slave, termios.FIONREAD, bytes(4)))
        assert left == 0
        assert terminal.is_as_before
        run = the_run(runs_dir)
        run.send("stop")
        wait(lambda: run.state() == "stopped")


# The line itself


@given(
    st.lists(st.tuples(st.floats(0, 0.5), st.integers(1, 3_000)), min_size=1, max_size=30),
    st.floats(1_000, 100_000),
    st.floats(0, 0.5),
)
def test_a_channel_carries_everything_in_order_and_no_faster_than_its_rate(
    puts: list[tuple[float, int]], rate: float, delay: float
) -> None:
    channel, now, sent, came = Channel(rate, delay, room=20_000), 0.0, b"", b""
    for at, (pause, size) in enumerate(puts):
        now += pause
        data = bytes([at % 256]) * min(size, channel.space(now))
        channel.put(data, now)
        sent += data
        came += channel.take(now)
        assert len(came) <= rate * max(0.0, now - delay) + 256 + 1
        assert len(sent) - len(came) <= 20_000 + rate * delay + 256 + 1
    while (soon := channel.next()) is not None:
        assert soon >= now
        now = soon
        came += channel.take(now)
    assert came == sent
    assert now >= (len(sent) / rate + delay) * (1 - 1e-9)
