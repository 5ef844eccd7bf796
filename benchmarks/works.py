"""The works that are timed: data, network, loss and optimiser, the same for every peer."""

import gzip
import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import isqrt
from pathlib import Path

import numpy as np

from datasets import load


@dataclass(frozen=True, eq=False)
class Work:
    """X (n, in) float32, y (n,) int64. sizes: inputs, hidden, outputs. With one output it ends in a sigmoid.

    loss: "cross_entropy", "mse" or "half_sum" (half the squared error, one-hot targets). optimizer: "sgd" (with
    momentum) or "adam". batch: samples a step; 0 all at once. channels: of convolutions before the first Linear, each
    with windows of 3 x 3, padding that keeps the size, the activation, and a pooling by 2; X is then square images.
    """

    name: str
    X: np.ndarray
    y: np.ndarray
    sizes: tuple[int, ...]
    optimizer: str
    lr: float
    batch: int
    activation: str = "relu"
    loss: str = "cross_entropy"
    dropout: float = 0.0
    momentum: float = 0.0
    channels: tuple[int, ...] = ()

    @property
    def side(self) -> int:
        """Of the images, in pixels."""
        return isqrt(self.sizes[0])

    @property
    def dense_sizes(self) -> tuple[int, ...]:
        """Inputs, hidden and outputs of the Linear layers."""
        if not self.channels:
            return self.sizes
        return (self.channels[-1] * (self.side >> len(self.channels)) ** 2, *self.sizes[1:])

    @property
    def title(self) -> str:
        size = f"batch {self.batch}" if self.batch else "full batch"
        dropout = f", dropout {self.dropout:g}" if self.dropout else ""
        first, *others = self.sizes
        layers = [str(first), *(f"conv {channels}" for channels in self.channels), *map(str, others)]
        return f"{self.name}: {'-'.join(layers)}, {self.activation}{dropout}, {self.optimizer}, {size}"

    @property
    def batch_size(self) -> int:
        return self.batch or len(self.X)


@dataclass(frozen=True)
class Source:
    """Where pixels come from: a folder with MNIST's IDX files, or None for random ones; how many."""

    mnist: Path | None = None
    quick: bool = False
    cache: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    def pixels(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        if "mnist" not in self.cache:
            self.cache["mnist"] = self._read() if self.mnist else random_pixels()
        X, y = self.cache["mnist"]
        n = n // 5 if self.quick else n
        return X[:n].astype(np.float32) / np.float32(255), y[:n]

    def _read(self) -> tuple[np.ndarray, np.ndarray]:
        assert self.mnist is not None
        return idx(self.mnist, "train-images").reshape(-1, 784), idx(self.mnist, "train-labels").astype(np.int64)


def tp4(source: Source) -> Work:
    data = load("tp4", random_state=42)
    X, y = data.X[:7000].astype(np.float32), data.y[:7000]
    return Work("tp4", X, y, (10, 64, 64, 4), "sgd", 0.1, 64, dropout=0.2)


def tp4_plain(source: Source) -> Work:
    return replace(tp4(source), name="tp4-plain", dropout=0.0)


def mnist(source: Source) -> Work:
    return Work("mnist", *source.pixels(60_000), (784, 128, 64, 10), "adam", 1e-3, 64)


def moons(source: Source) -> Work:
    # So much noise that the classes overlap: else the gradients of many epochs end as denormal numbers, which are slow.
    data = load("moons", n_samples=100, noise=0.4, random_state=42)
    return Work("moons", data.X.astype(np.float32), data.y, (2, 16, 1), "sgd", 0.1, 0, loss="mse")


def online(source: Source) -> Work:
    return Work("online", *source.pixels(5_000), (784, 100, 10), "sgd", 0.02, 1, "sigmoid", "half_sum")


def digits(source: Source) -> Work:
    try:
        from sklearn.datasets import load_digits

        X, y = load_digits(return_X_y=True)
    except ImportError:
        rng = np.random.default_rng(0)
        X, y = rng.integers(0, 17, (1797, 64)), rng.integers(0, 10, 1797)
    X = (X / 16).astype(np.float32)
    return Work("digits", X, y.astype(np.int64), (64, 32, 10), "sgd", 0.05, 32, "tanh", momentum=0.9)


def big(source: Source) -> Work:
    return Work("big", *source.pixels(10_240), (784, 1024, 1024, 10), "adam", 1e-3, 256)


def cnn(source: Source) -> Work:
    return Work("cnn", *source.pixels(5_000), (784, 10), "adam", 2e-3, 64, channels=(8, 16))


WORKS: dict[str, Callable[[Source], Work]] = {
    "tp4": tp4,
    "tp4-plain": tp4_plain,
    "mnist": mnist,
    "moons": moons,
    "online": online,
    "digits": digits,
    "big": big,
    "cnn": cnn,
}


def random_pixels() -> tuple[np.ndarray, np.ndarray]:
    """As many as MNIST has, four fifths of them 0, as there."""
    rng = np.random.default_rng(0)
    X = rng.integers(1, 256, (60_000, 784), dtype=np.uint8)
    for rows in np.split(X, 60):
        rows *= rng.random(rows.shape, dtype=np.float32) < 0.2
    return X, rng.integers(0, 10, 60_000)


def idx(folder: Path, name: str) -> np.ndarray:
    """The array in an IDX file, compressed or not."""
    path = next(p for p in sorted(folder.iterdir()) if p.name.startswith(name))
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        axes = file.read(4)[3]
        array = np.empty(struct.unpack(f">{axes}I", file.read(4 * axes)), np.uint8)
        file.readinto(array)
    return array
