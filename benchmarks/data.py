"""How long each kind of file takes to read, and how much memory: 60,000 images of 28 x 28 and their labels.

    python benchmarks/data.py [--data FOLDER] [--rows 60000] [--only csv,npz]

For every kind a process of its own reads the file. `memory` is the most it held above what it began with, in times
of the array X it hands over; `x raw` is its time against the plainest way to the same numbers in the same process:
np.loadtxt, np.load, pickle.load, or unpacking the bytes. Machines are noisy: read the ratios.
"""

import argparse
import gzip
import json
import pickle
import resource
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

LIMIT = 2.2  # times the array


def images(folder: Path | None, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """MNIST's own images, or random ones with as many zeros."""
    if folder is not None:
        from works import idx

        return idx(folder, "train-images").reshape(-1, 784)[:rows], idx(folder, "train-labels")[:rows]
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (rows, 784), dtype=np.uint8)
    X[rng.random(X.shape) < 0.8] = 0
    return X, (np.arange(rows) % 10).astype(np.uint8)


def write_idx(folder: Path, X: np.ndarray, y: np.ndarray, pack: Callable[[bytes], bytes], suffix: str) -> Path:
    folder.mkdir()
    pictures = struct.pack(">4I", 2051, len(X), 28, 28) + X.tobytes()
    (folder / f"train-images-idx3-ubyte{suffix}").write_bytes(pack(pictures))
    (folder / f"train-labels-idx1-ubyte{suffix}").write_bytes(pack(struct.pack(">2I", 2049, len(y)) + y.tobytes()))
    return folder


def write_csv(path: Path, X: np.ndarray, y: np.ndarray) -> Path:
    with path.open("w") as file:
        file.write(",".join([*(f"pixel{j}" for j in range(784)), "label"]) + "\n")
        for row, label in zip(X.tolist(), y.tolist(), strict=True):
            file.write(",".join(map(str, [*row, label])) + "\n")
    return path


def write_pickle(path: Path, value: object, protocol: int) -> Path:
    path.write_bytes(pickle.dumps(value, protocol))
    return path


def write_npz(path: Path, save: Callable[..., None], **arrays: np.ndarray) -> Path:
    save(path, **arrays)
    return path


def write_npy(path: Path, table: np.ndarray) -> Path:
    np.save(path, table)
    return path


def write_mat(path: Path, X: np.ndarray, y: np.ndarray, pack: bool) -> Path:
    from scipy.io import savemat

    savemat(path, {"X": X, "y": y[:, None] + 1}, do_compression=pack)
    return path


def write_safetensors(path: Path, X: np.ndarray, y: np.ndarray) -> Path:
    begin = {"F32": X.nbytes}["F32"]
    header = json.dumps(
        {
            "X": {"dtype": "F32", "shape": X.shape, "data_offsets": [0, begin]},
            "y": {"dtype": "I64", "shape": y.shape, "data_offsets": [begin, begin + y.nbytes]},
        }
    ).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + X.tobytes() + y.tobytes())
    return path


def write_cifar(folder: Path, rows: int) -> Path:
    """Five batches of 10,000 colour images, and the test batch."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in [*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"]:
        data = rng.integers(0, 256, (rows // 6, 3072), dtype=np.uint8)
        batch = {"data": data, "labels": (np.arange(len(data)) % 10).tolist()}
        (folder / name).write_bytes(pickle.dumps(batch, 4))
    return folder


FILES: dict[str, Callable[[Path, np.ndarray, np.ndarray], Path]] = {
    "idx": lambda at, X, y: write_idx(at / "idx", X, y, bytes, ""),
    "idx.gz": lambda at, X, y: write_idx(at / "idxgz", X, y, lambda b: gzip.compress(b, 6), ".gz"),
    "csv": lambda at, X, y: write_csv(at / "a.csv", X, y),
    "npz-uint8": lambda at, X, y: write_npz(at / "a.npz", np.savez_compressed, X=X.reshape(-1, 28, 28), y=y),
    "npz-float32": lambda at, X, y: write_npz(at / "b.npz", np.savez, X=X.astype(np.float32), y=y),
    "npz-float64": lambda at, X, y: write_npz(at / "c.npz", np.savez, X=X / 255, y=y),
    "npy": lambda at, X, y: write_npy(at / "a.npy", np.column_stack([X / 255, y])),
    "pickle-5": lambda at, X, y: write_pickle(at / "a.pkl", (X / 255, y.astype(np.int64)), 5),
    "pickle-2": lambda at, X, y: write_pickle(at / "b.pkl", (X.astype(np.float32), y), 2),
    "mat-v7": lambda at, X, y: write_mat(at / "a.mat", X / 255, y, True),
    "mat-v6": lambda at, X, y: write_mat(at / "b.mat", X / 255, y, False),
    "safetensors": lambda at, X, y: write_safetensors(at / "a.safetensors", X.astype(np.float32), y.astype(np.int64)),
    "cifar": lambda at, X, y: write_cifar(at / "cifar", len(X)),
}


def plain_way(kind: str, path: Path) -> None:
    """The numbers of the file, without a check and without a Dataset."""
    if kind.startswith("idx"):
        for file in path.iterdir():
            packed = file.read_bytes()
            np.frombuffer(gzip.decompress(packed) if file.suffix == ".gz" else packed, dtype=np.uint8)
    elif kind == "csv":
        np.loadtxt(path, delimiter=",", skiprows=1)
    elif kind.startswith("np"):
        loaded = np.load(path)
        if kind != "npy":
            np.asarray(loaded["X"], dtype=None if kind == "npz-uint8" else float)
    elif kind.startswith("pickle"):
        with path.open("rb") as file:
            pickle.load(file)
    elif kind.startswith("mat"):
        from scipy.io import loadmat

        loadmat(path)
    elif kind == "safetensors":
        np.frombuffer(path.read_bytes()[512:][:-512], dtype=np.uint8).astype(np.float64)
    else:
        for file in path.iterdir():
            with file.open("rb") as opened:
                pickle.load(opened)


def peak() -> int:
    """The most memory that this process has held, in bytes."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def read(kind: str, path: Path, times: int) -> dict[str, float]:
    """Seconds, memory and the plain way's seconds, measured in this process."""
    import datasets
    from datasets import load

    datasets.make_moons(10)
    if kind.startswith("mat"):
        import scipy.io  # noqa: F401 - the library is not the data's memory
    before = peak()
    began = time.perf_counter()
    data = load(path)
    taken = [time.perf_counter() - began]
    size = data.X.nbytes
    held = peak() - before
    del data
    plain = []
    for _ in range(times):
        began = time.perf_counter()
        plain_way(kind, path)
        plain.append(time.perf_counter() - began)
        began = time.perf_counter()
        load(path)
        taken.append(time.perf_counter() - began)
    return {"seconds": sorted(taken)[len(taken) // 2], "plain": sorted(plain)[len(plain) // 2], "memory": held / size}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with MNIST's IDX files; without it, random pixels")
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--only", default="", help="kinds, commas between")
    parser.add_argument("--here", nargs=2, metavar=("KIND", "PATH"), help="read one file in this process")
    arguments = parser.parse_args()
    if arguments.here:
        kind, path = arguments.here
        print(json.dumps(read(kind, Path(path), 1 if kind == "csv" else 3)))
        return
    X, y = images(arguments.data, arguments.rows)
    print(f"{len(X):,} rows of {X.shape[1]}\n{'kind':<12} {'seconds':>8} {'x raw':>7} {'memory':>7}")
    for kind, write in FILES.items():
        if arguments.only and kind not in arguments.only.split(","):
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = write(Path(folder), X, y)
            command = [sys.executable, __file__, "--here", kind, str(path)]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        over = "" if found["memory"] <= LIMIT else f"  more than {LIMIT} times the array"
        ratio = found["seconds"] / found["plain"]
        print(f"{kind:<12} {found['seconds']:8.3f} {ratio:7.2f} {found['memory']:7.2f}{over}", flush=True)


if __name__ == "__main__":
    main()
