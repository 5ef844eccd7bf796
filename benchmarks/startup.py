"""How soon mlp-tui answers: the application beside a bare Textual one, its help beside that of a bare typer command.

    python benchmarks/startup.py [--runs 9] [--json]

Prints the median of each and the median of the paired ratios, with what is wanted. Machines are noisy: read the ratio.
Every program runs from compiled files, as an installed one does: they are kept in a temporary folder.
"""

import argparse
import fcntl
import json
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[1])
BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("nothing is saved until")
Bare().run()
"""
TEXT = b"othing is saved until"
BARE_HELP = """
import typer
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
@app.command()
def train(name: str = "moons", epochs: int = 10, json: bool = False) -> None:
    "Train without a screen."
@app.command()
def show(name: str) -> None:
    "Show a run."
app()
"""
EPOCH = b'"event":"epoch"'
WANTED = {"first content": (2.0, "aim 1.5"), "--help": (1.5, "")}


def seconds_to_content(command: list[str], environment: Mapping[str, str], text: bytes) -> float:
    """From the start of a process to the first time that ``text`` was drawn."""
    began = time.perf_counter()
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, environment)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
    received = b""
    try:
        while text not in received:
            if time.perf_counter() - began > 30:
                raise SystemExit(f"{' '.join(command)}: nothing on the screen after 30 s:\n{received[-2000:]!r}")
            if select.select([fd], [], [], 0.01)[0]:
                received += os.read(fd, 65536)
        return time.perf_counter() - began
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(fd)


def seconds_to_end(command: list[str], environment: Mapping[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=dict(environment), stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def seconds_to_first_epoch(environment: Mapping[str, str]) -> float:
    """From the start of `mlp-tui train --recipe tp4` to its first epoch."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "tui", "train", "--recipe", "tp4", "--json", "--set", "training.epochs=2"]
    with subprocess.Popen(command, env=dict(environment), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if EPOCH in line:
                took = time.perf_counter() - began
        assert process.wait() == 0
    return took


def in_turns(runs: int, bare: Callable[[], float], ours: Callable[[], float]) -> tuple[list[float], list[float]]:
    """Times of both, one after the other; the first turn, which warms the disk, is not counted."""
    pairs = [(bare(), ours()) for _ in range(runs + 1)][1:]
    return [a for a, _ in pairs], [b for _, b in pairs]


def measure(runs: int = 9) -> dict[str, dict[str, float]]:
    """Each figure's ``bare`` and ``ours`` in seconds, and their ``ratio``: medians."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "TERM": "xterm-256color",
            "MLP_TUI_RUNS_DIR": os.path.join(folder, "runs"),
            "PYTHONPYCACHEPREFIX": os.path.join(folder, "compiled"),
            "PYTHONPATH": os.pathsep.join(filter(None, [ROOT, os.environ.get("PYTHONPATH")])),
        }
        python, program = [sys.executable, "-c"], [sys.executable, "-m", "tui"]
        turns = {
            "first content": in_turns(
                runs,
                lambda: seconds_to_content([*python, BARE], environment, TEXT),
                lambda: seconds_to_content(program, environment, TEXT),
            ),
            "--help": in_turns(
                runs,
                lambda: seconds_to_end([*python, BARE_HELP, "--help"], environment),
                lambda: seconds_to_end([*program, "--help"], environment),
            ),
        }
        found = {
            name: {
                "bare": statistics.median(bare),
                "ours": statistics.median(ours),
                "ratio": statistics.median(b / a for a, b in zip(bare, ours, strict=True)),
            }
            for name, (bare, ours) in turns.items()
        }
        epochs = [seconds_to_first_epoch(environment) for _ in range(runs + 1)][1:]
        return {**found, "train --recipe tp4, first epoch": {"ours": statistics.median(epochs)}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args()
    found = measure(options.runs)
    if options.json:
        print(json.dumps(found))
        return
    print(f"{'':34}{'bare':>9}{'mlp-tui':>9}{'ratio':>7}  wanted")
    for name, figures in found.items():
        bare = f"{figures['bare']:.3f} s" if "bare" in figures else ""
        ratio = f"{figures['ratio']:.2f}" if "ratio" in figures else ""
        most, aim = WANTED.get(name, (0.0, ""))
        wanted = f"<= {most:g}{f', {aim}' if aim else ''}" if most else ""
        print(f"{name:34}{bare:>9}{figures['ours']:>7.3f} s{ratio:>7}  {wanted}".rstrip())


if __name__ == "__main__":
    main()
