"""What a screen that watches costs the training it watches: in turns, one run, with the screen going and held.

    python benchmarks/watching.py [--pairs 12] [--seconds 3] [--recipe tp4] [--size 120x40]

One run trains all the time. A real application is attached to it on a pty, with the decision map on; it is let go
for some seconds, then held by SIGSTOP for as long, which costs nothing, as a closed one does. The epochs of each
stretch are counted from the run's own events. Read the median of the paired ratios: machines are noisy, and one whose
processors are all busy with other things has none left for a screen. There the trainer's own processor time an epoch
says what watching adds to its work.
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
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tui.lab import recipes
from tui.lab.events import EventReader
from tui.lab.runs import RunFolder, create_run, launch
from tui.lab.spec import Spec


def attach(folder: RunFolder, size: tuple[int, int]) -> tuple[int, int]:
    """The application on that run, on a pty of its own: (pid, descriptor)."""
    command = [sys.executable, "-m", "tui", "runs", "attach", str(folder.path), "--runs-dir", str(folder.path.parent)]
    root = str(Path(__file__).resolve().parents[1])
    environment = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": root}
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, environment)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    return pid, fd


def drain(fd: int, counted: list[int]) -> None:
    """Reads whatever is drawn, as a terminal would, and answers where its cursor is."""
    tail = b""
    while True:
        try:
            if select.select([fd], [], [], 0.5)[0]:
                chunk = os.read(fd, 65536)
                counted[0] += len(chunk)
                both = tail + chunk
                os.write(fd, b"\x1b[1;1R" * both.count(b"\x1b[6n"))
                tail = both[-3:]
        except OSError:
            return


def processor_seconds(pid: int) -> float:
    columns = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(columns[11]) + int(columns[12])) / os.sysconf("SC_CLK_TCK")


def epochs_between(folder: RunFolder, edges: list[float]) -> list[int]:
    """How many epochs ended in each stretch between two moments."""
    reader = EventReader(folder.events_path)
    counts = [0] * (len(edges) - 1)
    while chunk := reader.poll():
        for event in chunk:
            if type(event).__name__ == "Epoch":
                for index in range(len(counts)):
                    if edges[index] <= event.time < edges[index + 1]:
                        counts[index] += 1
                        break
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--recipe", default="")
    parser.add_argument("--size", default="120x40")
    options = parser.parse_args()
    width, _, height = options.size.partition("x")
    spec = recipes.load(options.recipe).spec if options.recipe else Spec()
    spec = spec.with_value("training.epochs", 1_000_000)
    with tempfile.TemporaryDirectory() as home:
        folder = create_run(spec, Path(home) / "runs", options.recipe or "moons")
        trainer = launch(folder)
        counted = [0]
        pid, fd = attach(folder, (int(width), int(height)))
        threading.Thread(target=drain, args=(fd, counted), daemon=True).start()
        try:
            while not folder.events_path.exists() or counted[0] < 20_000:
                time.sleep(0.1)
            time.sleep(3)  # the screens are read
            edges, drawn, busy, used = [time.time()], [], [], []
            for _ in range(options.pairs):
                for number in (signal.SIGCONT, signal.SIGSTOP):
                    os.kill(pid, number)
                    bytes_before, busy_before = counted[0], processor_seconds(pid)
                    trained_before = processor_seconds(trainer.pid)
                    time.sleep(max(0.0, edges[-1] + options.seconds - time.time()))
                    edges.append(time.time())
                    used.append(processor_seconds(trainer.pid) - trained_before)
                    if number == signal.SIGCONT:
                        drawn.append((counted[0] - bytes_before) / options.seconds)
                        busy.append((processor_seconds(pid) - busy_before) / options.seconds)
        finally:
            for number in (signal.SIGCONT, signal.SIGKILL):
                os.kill(pid, number)
            os.waitpid(pid, 0)
            folder.send("stop")
            trainer.wait(30)
            os.close(fd)
        counts = epochs_between(folder, edges)
    watched, held = counts[0::2], counts[1::2]
    costs = [1 - a / b for a, b in zip(watched, held, strict=True) if b]
    print(f"{options.recipe or 'moons'}, {options.size}, {options.pairs} pairs of {options.seconds:g} s")
    print(f"epochs a second, watched    {statistics.median(watched) / options.seconds:,.1f}")
    print(f"epochs a second, unwatched  {statistics.median(held) / options.seconds:,.1f}")
    spread = f"({100 * min(costs):+.1f} to {100 * max(costs):+.1f})"
    print(f"cost of watching            {100 * statistics.median(costs):.1f} %  {spread}")
    work = [seconds / count if count else 0.0 for seconds, count in zip(used, counts, strict=True)]
    each = [statistics.median(work[0::2]), statistics.median(work[1::2])]
    share = 100 * (each[0] / each[1] - 1)
    print(f"the trainer's own work      {1e3 * each[0]:.2f} and {1e3 * each[1]:.2f} ms an epoch, {share:+.1f} %")
    print(f"the screen itself           {100 * statistics.median(busy):.0f} % of a processor, "
          f"{statistics.median(drawn) / 1e3:.0f} KB/s")  # fmt: skip


if __name__ == "__main__":
    main()
