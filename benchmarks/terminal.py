"""What the application asks of a terminal and of the line to it: one command for all figures.

    python benchmarks/terminal.py [--presses 20] [--seconds 15] [--only keys,bytes,idle,others]

The real application is started on a pty of 120x40 whose line is emulated: so many bytes a second, so long there and
back, with as much room as sshd gives. At its end stands a terminal that answers. A run trains at full speed with its
map on. Prints a table of figure, wanted, measured; exit status 1 where one misses. A machine that is busy with other
things is late by itself: the processor time of a press (help and back) says what part of it is ours.
"""

import argparse
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.terminal.lines import DistantTerminal, processor_seconds  # noqa: E402

SIZE = (120, 40)
WORKS = {"moons": ("--data", "moons"), "tp4": ("--recipe", "tp4")}
LINES: dict[str, tuple[float | None, float, float]] = {
    "local": (None, 0.0, 0.35),
    "100 KB/s, 100 ms": (100_000, 0.1, 0.6),
    "30 KB/s, 200 ms": (30_000, 0.2, 1.3),
}
"""Bytes a second, seconds there and back, seconds within which 95 % of the keys must have been answered."""


@dataclass(frozen=True)
class Figure:
    name: str
    wanted: str
    measured: str
    ok: bool


@contextmanager
def application(
    *words: str, rate: float | None = None, rtt: float = 0.0, trains: bool = True
) -> Iterator[DistantTerminal]:
    """The application at the end of a line; ``trains``: on Train, with a run at full speed."""
    with tempfile.TemporaryDirectory() as home:
        environ = {name: value for name, value in os.environ.items() if name not in ("COLORTERM", "NO_COLOR", "TMUX")}
        environ |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": home}
        if rtt:
            environ["SSH_CONNECTION"] = "192.0.2.1 1 192.0.2.2 22"
        command = [sys.executable, "-P", "-m", "tui", "--runs-dir", f"{home}/runs", *words]
        with DistantTerminal(command, rate=rate, rtt=rtt, size=SIZE, environ=environ) as terminal:
            terminal.wait_for("is ready", seconds=60)
            if trains:
                terminal.send("4")
                terminal.wait_for("space trains", seconds=60)
                terminal.send("space")
                terminal.wait_for("● training", seconds=60)
                terminal.send(">")
                watch(terminal, 4.0)
            try:
                yield terminal
            finally:
                if trains:
                    terminal.send("x")
                    terminal.wait_until(lambda: "● training" not in terminal.text, "its end", seconds=60)


def watch(terminal: DistantTerminal, seconds: float) -> int:
    """Reads for so long; how many bytes came over the line."""
    before, until = terminal.line.down.total, time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        terminal.read(min(0.05, left))
    return terminal.line.down.total - before


def press(terminal: DistantTerminal) -> float:
    """Seconds from `?` to the help screen."""
    began = time.monotonic()
    terminal.send("?")
    terminal.wait_until(lambda: "EVERYWHERE" in terminal.text or "help   Train" in terminal.text, "help", seconds=60)
    seconds = time.monotonic() - began
    terminal.send("escape")
    terminal.wait_until(lambda: "help   Train" not in terminal.text, "the end of help", seconds=60)
    return seconds


def keys(work: str, name: str, presses: int) -> Figure:
    rate, rtt, wanted = LINES[name]
    moments = random.Random(0)
    endless = ("--set", "training.epochs=1000000")
    with application(*WORKS[work], *endless, rate=rate, rtt=rtt) as terminal:
        times, work_of = [], []
        for _ in range(presses):
            busy = processor_seconds(terminal.process.pid)
            times.append(press(terminal))
            work_of.append(processor_seconds(terminal.process.pid) - busy)
            watch(terminal, moments.uniform(0.3, 1.2))
    p95 = statistics.quantiles(times, n=20, method="inclusive")[-1]
    words = f"{p95:.2f} s  (median {statistics.median(times):.2f}; {statistics.median(work_of):.2f} of the processor)"
    return Figure(f"help while {work} trains, p95, {name}", f"{wanted:.2f} s", words, p95 <= wanted)


def live(work: str, seconds: float, *, low: bool) -> list[Figure]:
    """Bytes a second of the Train screen, and what it takes of a processor."""
    wanted = 8_000 if low else 60_000
    words = (*WORKS[work], "--set", "training.epochs=1000000", *(("--low-bandwidth",) if low else ()))
    with application(*words) as terminal:
        busy = processor_seconds(terminal.process.pid)
        began = time.monotonic()
        rate = watch(terminal, seconds) / (time.monotonic() - began)
        share = (processor_seconds(terminal.process.pid) - busy) / (time.monotonic() - began)
    name = f"live Train, {work}{', --low-bandwidth' if low else ''}"
    figures = [Figure(name, f"{wanted / 1000:g} KB/s", f"{rate / 1000:.1f} KB/s", rate <= wanted)]
    if not low:
        figures.append(Figure(f"processor, {work} live", "15 %", f"{100 * share:.1f} %", share <= 0.15))
    return figures


def idle(seconds: float) -> list[Figure]:
    """Bytes of each screen while nothing happens."""
    figures = []
    with application("--data", "moons", "--set", "training.epochs=20", trains=False) as terminal:
        marks = {"1": "scatter", "2": "hidden sizes", "3": "Nothing checked yet", "4": "space trains", "6": "uns yet"}
        for digit, mark in marks.items():
            terminal.send(digit)
            terminal.wait_for(mark, seconds=60)
            watch(terminal, 2.0)
            sent = watch(terminal, seconds)
            figures.append(Figure(f"idle screen {digit}, {seconds:g} s", "0 bytes", f"{sent} bytes", not sent))
        terminal.send("4", "space", ">")
        terminal.wait_for("finished", seconds=60)
        watch(terminal, 3.0)
        sent = watch(terminal, seconds)
        figures.append(Figure(f"idle Train after a run, {seconds:g} s", "0 bytes", f"{sent} bytes", not sent))
    return figures


def others() -> Iterator[str]:
    """What stands in other scripts: start-up, and how long a chart and a map take to draw."""
    for script in ("startup.py", "drawing.py"):
        path = ROOT / "benchmarks" / script
        if path.exists():
            done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=False)
            yield f"\n{script}\n{re.sub('^', '  ', (done.stdout + done.stderr).rstrip(), flags=re.MULTILINE)}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presses", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--only", default="keys,bytes,idle,others")
    options = parser.parse_args()
    wanted = options.only.split(",")
    missed = False

    def show(figure: Figure) -> None:
        nonlocal missed
        missed |= not figure.ok
        print(f"{figure.name:<48} {figure.wanted:>9}   {figure.measured}{'' if figure.ok else '   MISSED'}", flush=True)

    print(f"{'figure':<48} {'wanted':>9}   measured")
    if "keys" in wanted:
        for work in WORKS:
            for line in LINES:
                show(keys(work, line, options.presses))
    if "bytes" in wanted:
        for work in WORKS:
            for low in (False, True):
                for figure in live(work, options.seconds, low=low):
                    show(figure)
    if "idle" in wanted:
        for figure in idle(10.0):
            show(figure)
    if "others" in wanted:
        for words in others():
            print(words, flush=True)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
