"""The most memory that training takes on as many images as MNIST has, kept as bytes.

    python benchmarks/memory.py [--data FOLDER]

A process of its own loads the images, trains 784-128-64-10 with Adam for two epochs through `fit`, looks at the loss
over all of them before and after, and prints its peak.
"""

import argparse
import os
import resource
import subprocess
import sys
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
sys.path.insert(0, str(Path(__file__).parent.parent))


def peak() -> float:
    """Of this process, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def train(folder: Path | None, layers: bool) -> None:
    """Prints the peaks on the way."""
    import numpy as np
    from works import idx, random_pixels

    from mlcore import Adam, CrossEntropyLoss, EpochDone, build_mlp, evaluate, fit

    if folder is None:
        X, y = random_pixels()
    else:
        X, y = idx(folder, "train-images").reshape(-1, 784), idx(folder, "train-labels")
    print(f"{peak():5.0f} MiB with {len(X)} images loaded")
    rng = np.random.default_rng(0)
    net, loss = build_mlp(784, [128, 64], 10, rng=rng), CrossEntropyLoss()
    scaling = {"scale": 2 / 255, "shift": -1.0}
    optimizer = Adam(net.parameters())
    events = fit(
        net, loss, optimizer, (X, y), epochs=2, batch_size=64, rng=rng, fast=not layers, stride=lambda: 64, **scaling
    )
    for event in events:
        if isinstance(event, EpochDone):
            print(f"{peak():5.0f} MiB after epoch {event.epoch}, loss {event.train_loss:.4f}")
    print(f"{evaluate(net, loss, X, y, **scaling).loss:.4f} is the loss over all of them in the end")
    print(f"{peak():5.0f} MiB at most")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with MNIST's IDX files; without it, random pixels")
    parser.add_argument("--layers", action="store_true", help="train with the readable layers")
    parser.add_argument("--here", action="store_true", help="train in this process")
    arguments = parser.parse_args()
    if arguments.here:
        train(arguments.data, arguments.layers)
    else:
        subprocess.run([sys.executable, *sys.argv, "--here"], check=True)


if __name__ == "__main__":
    main()
