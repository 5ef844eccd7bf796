"""How long a long run takes to open: the first picture of it, and all of it.

    python benchmarks/opening.py [--events 1000000] [--folder DIR]

Writes a run of so many epochs (401 MB for a million; kept in DIR where one is given), opens it in the application on
a terminal of 120x40 that nobody looks at, and says when its curves were first drawn and when they were whole. The
files are in the system's cache, as those of a run that has just been trained are. On a machine that is busy with
other things the processor time is what to read.
"""

import argparse
import asyncio
import json
import math
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tui.app.app import BenchApp
from tui.lab import events as ev
from tui.lab.runs import RunFolder, create_run
from tui.lab.spec import Spec


def write_run(runs_dir: Path, count: int) -> RunFolder:
    """A run of ``count`` epochs that has finished; a checkpoint every thousand epochs, as a fast one writes them."""
    folder = create_run(Spec().with_value("training.epochs", count), runs_dir, f"long-{count}")
    numbers = random.Random(0)
    started = ev.Started(
        seq=1, time=time.time(), run=str(folder.path), engine="fast", epochs=count, samples=700, validation_samples=200,
        test_samples=100, features=2, classes=2, parameters=354, batch_size=32, batches=22, threads=1, host="here",
        pid=1, data_sha256="0" * 64, initial_loss=0.7,
    )  # fmt: skip
    with open(folder.events_path, "wb") as file:
        file.write(ev.encode(started))
        for number in range(1, count + 1):
            loss = 0.1 + 0.6 * math.exp(-8 * number / count) + 0.05 * numbers.random()
            epoch = ev.Epoch(
                seq=number + 1, time=started.time + number * 1e-3, epoch=number, train_loss=loss,
                train_accuracy=1 - loss / 2, val_loss=loss + 0.05 * numbers.random(), val_accuracy=1 - loss / 1.9,
                last_batch_loss=loss * 1.1, lr=0.01, seconds=1e-3 * numbers.random(), validation_seconds=1e-4,
                samples_per_second=700_000 * numbers.random(), best_epoch=max(1, number - number % 50),
            )  # fmt: skip
            file.write(ev.encode(epoch))
            if number % 1000 == 0:
                file.write(ev.encode(ev.Checkpoint(seq=number, epoch=number, batch=0, best=False)))
        finished = ev.Finished(
            run=str(folder.path), epochs=count, seconds=1.0, train_loss=0.1, train_accuracy=0.95, val_loss=0.1,
            val_accuracy=0.95, test_loss=0.1, test_accuracy=0.95, last_batch_loss=0.1, best_epoch=count,
        )  # fmt: skip
        file.write(ev.encode(finished))
    status = {"host": "here", "pid": 1, "started": started.time, "state": "finished", "heartbeat": 0.0, "epoch": count}
    folder.status_path.write_text(json.dumps(status))
    return folder


async def open_it(folder: RunFolder) -> dict[str, float]:
    from tui.app.charts import LineChart

    # Among no other runs: the application would open the newest one by itself, before the clock runs.
    app = BenchApp(Spec(), runs_dir=folder.path / "nowhere")
    found: dict[str, float] = {}
    async with app.run_test(size=(120, 40)) as pilot:
        while app.current_mode == "opening" or app.session.data.prepared is None:
            await asyncio.sleep(0.01)
        await pilot.press("4")
        await asyncio.sleep(1.0)
        began, busy = time.perf_counter(), time.process_time()
        drawn: list[float] = []
        render = LineChart._draw

        def draw(self: LineChart) -> None:
            render(self)
            if self._curves is not None and self._curves.series and len(self._curves.series[0].x):
                drawn.append(time.perf_counter() - began)

        LineChart._draw = draw  # type: ignore[method-assign]
        app.open_run(folder.path)
        longest = 0.0
        while app.session.run is None or app.session.run.finished is None:
            turn = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - turn)
        whole, count = time.perf_counter() - began, len(drawn)
        while len(drawn) == count and time.perf_counter() - began < whole + 1:
            await asyncio.sleep(0.001)
        found = {
            "first picture": drawn[0],
            "all of it": max(whole, drawn[-1]),
            "processor time for that": time.process_time() - busy,
            "longest wait for a key": longest,
        }
        assert len(app.session.run.epochs) == app.session.run.total_epochs
        turn = time.perf_counter()
        app.screen.query_one("#loss LineChart", LineChart)._drawn = ()
        app.screen.query_one("#loss LineChart", LineChart)._draw()
        found["one chart, drawn anew"] = time.perf_counter() - turn
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="How long a long run takes to open.")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    runs_dir = options.folder or Path(tempfile.mkdtemp())
    try:
        made = sorted(runs_dir.glob(f"*-long-{options.events}"))
        folder = RunFolder(made[0]) if made else write_run(runs_dir, options.events)
        print(f"{options.events:,} epochs, {folder.events_path.stat().st_size / 1e6:.0f} MB")
        for _ in range(options.times):
            for words, seconds in asyncio.run(open_it(folder)).items():
                print(f"  {words:<24} {seconds:.3f} s")
            print()
    finally:
        if options.folder is None:
            shutil.rmtree(runs_dir)


if __name__ == "__main__":
    main()
