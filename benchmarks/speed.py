"""How fast the common networks train, beside other libraries, in one run.

    python benchmarks/speed.py [--only NAME ...] [--quick] [--data FOLDER] [--turns 7]

"mlcore" is `fit` as the lab's trainer drives it, "engine alone" what lies below it. Everything is pinned to one core.
The peers take turns; each ratio is the median, over the turns, of the peer's time for an epoch by that of "mlcore" in
the same turn: above 1, ours is faster. A peer that is not installed is skipped. Machines are noisy and differ: read
the ratios, and run it again. --data: a folder with MNIST's IDX files; without it, random pixels of that size.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # read when the libraries are loaded, below
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
sys.path.insert(0, str(Path(__file__).parent.parent))

from peers import PEERS, Train, mlcore  # noqa: E402
from works import WORKS, Source, Work  # noqa: E402

TURN_SECONDS = 0.25
"""A turn trains for whole epochs, at least one, for about so long."""


def seconds_an_epoch(train: Train, epochs: int) -> float:
    began = time.perf_counter()
    train(epochs)
    return (time.perf_counter() - began) / epochs


def compare(work: Work, turns: int, missing: set[str]) -> None:
    """Time a work with all its peers and print a line for each."""
    runs: dict[str, Train] = {"mlcore": mlcore(work)}
    for name, peer in PEERS.items():
        try:
            train = peer(work)
        except ImportError:
            missing.add(name)
            continue
        if train is not None:
            runs[name] = train
    # The first epoch, which compiles and allocates, only says how many make a turn.
    epochs = {}
    for name, train in runs.items():
        seconds_an_epoch(train, 1)
        epochs[name] = max(1, round(TURN_SECONDS / seconds_an_epoch(train, 1)))
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(turns):
        for name, train in runs.items():
            times[name].append(seconds_an_epoch(train, epochs[name]))
    ours = times.pop("mlcore")
    print(f"\n{work.title}\n  {'mlcore':20} {statistics.median(ours) * 1e3:10.3f} ms an epoch")
    for name, theirs in times.items():
        ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
        milliseconds = statistics.median(theirs) * 1e3
        spread = f"({min(ratios):.4g} to {max(ratios):.4g})"
        print(f"  {name:20} {milliseconds:10.3f} ms an epoch, ratio {statistics.median(ratios):8.4g}  {spread}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(WORKS), default=list(WORKS), metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="a fifth of the pixels, three turns")
    parser.add_argument("--data", type=Path, help="folder with MNIST's IDX files")
    parser.add_argument("--turns", type=int, default=7)
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    source, missing = Source(arguments.data, arguments.quick), set[str]()
    for name in arguments.only:
        compare(WORKS[name](source), 3 if arguments.quick else arguments.turns, missing)
    for name in sorted(missing):
        print(f"\n{name} is not installed: skipped")


if __name__ == "__main__":
    main()
