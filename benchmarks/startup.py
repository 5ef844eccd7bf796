"""How soon something stands on the screen: mlp-tui beside a bare Textual application, in turns on one pty.

    python benchmarks/startup.py [--runs 9]

Prints the median of both and the median of the paired ratios. Machines are noisy: read the ratio.
"""

import argparse
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time

BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("nothing is saved until")
Bare().run()
"""


TEXT = b"othing is saved until"


def seconds_to_content(command: list[str], environment: dict[str, str], text: bytes) -> float:
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "TERM": "xterm-256color", "MLP_TUI_RUNS_DIR": folder}
        bare, ours = [], []
        for turn in range(runs + 1):
            a = seconds_to_content([sys.executable, "-c", BARE], environment, TEXT)
            b = seconds_to_content([sys.executable, "-m", "tui"], environment, TEXT)
            if turn:  # the first turn warms the disk
                bare.append(a)
                ours.append(b)
    ratios = [b / a for a, b in zip(bare, ours, strict=True)]
    print(f"bare Textual  {statistics.median(bare):.3f} s")
    print(f"mlp-tui       {statistics.median(ours):.3f} s")
    print(f"ratio         {statistics.median(ratios):.2f}  ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
