"""The most memory that training takes on as many images as MNIST has, kept as bytes.

    python benchmarks/memory.py [--data FOLDER]

A process of its own loads the images, trains 784-128-64-10 with Adam for an epoch and prints its peak.
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


def train(folder: Path | None) -> float:
    """Peak of this process in MiB."""
    import numpy as np
    from works import idx, random_pixels

    from mlcore import Adam, CrossEntropyLoss, build_mlp
    from mlcore.engine import compile_network

    if folder is None:
        X, y = random_pixels()
    else:
        X, y = idx(folder, "train-images").reshape(-1, 784), idx(folder, "train-labels")
    rng = np.random.default_rng(0)
    net = build_mlp(784, [128, 64], 10, rng=rng)
    engine = compile_network(net, CrossEntropyLoss(), Adam(net.parameters()), scale=2 / 255, shift=-1.0)
    assert engine is not None
    done = list(engine.epoch(X, y.astype(np.int64), rng.permutation(len(X)), batch_size=64, stride=64))
    print(f"loss {np.mean([value for step in done for value in step.losses]):.4f}, {len(X)} images", file=sys.stderr)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with MNIST's IDX files; without it, random pixels")
    parser.add_argument("--here", action="store_true", help="train in this process")
    arguments = parser.parse_args()
    if arguments.here:
        print(f"{train(arguments.data):.0f} MiB")
    else:
        subprocess.run([sys.executable, *sys.argv, "--here"], check=True)


if __name__ == "__main__":
    main()
