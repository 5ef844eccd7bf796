"""TensorFlow Playground's four data sets for classification, by the rules of its `dataset.ts`.

Points of a plane, about [-6, 6]^2, labelled -1 and 1. The rules are Playground's; the random numbers are NumPy's.
"""

import numpy as np
from numpy.typing import NDArray

from .base import Dataset, array_sha256
from .options import SEED, Option, check_option, points

RADIUS = 5.0
GAP = 0.3  # half width of the strip along the axes that xor leaves empty
NOISE = Option("noise", float, 0.0, 0.0, 0.5, "share of noise, as Playground's 0 to 50")
N_SAMPLES = points(500)


def make_playground_circle(n_samples: int = 500, *, noise: float = 0.0, random_state: int = 42) -> Dataset:
    """A disc of radius 2.5 (label 1) in a ring from 3.5 to 5 (-1). X (n_samples, 2).

    The radius is uniform, not the area. Noise moves the point from which the label is read, by up to
    5 noise each way, never the point itself. Raises DataError for an argument out of its range.
    """
    rng = _start("pg-circle", n_samples, noise, random_state)
    inner = n_samples - n_samples // 2
    radius = np.concatenate([rng.uniform(0, RADIUS / 2, inner), rng.uniform(0.7 * RADIUS, RADIUS, n_samples - inner)])
    X = _polar(radius, rng.uniform(0, 2 * np.pi, n_samples))
    read_at = X + noise * rng.uniform(-RADIUS, RADIUS, X.shape)
    return _dataset("pg-circle", X, np.hypot(*read_at.T) < RADIUS / 2, rng)


def make_playground_xor(n_samples: int = 500, *, noise: float = 0.0, random_state: int = 42) -> Dataset:
    """Exclusive or: label 1 where x0 x1 >= 0, -1 elsewhere, no point nearer than .3 to an axis. X (n_samples, 2).

    Noise moves the point from which the label is read, by up to 5 noise each way. Raises DataError for an
    argument out of its range.
    """
    rng = _start("pg-xor", n_samples, noise, random_state)
    X = rng.uniform(-RADIUS, RADIUS, (n_samples, 2))
    X += np.where(X > 0, GAP, -GAP)
    read_at = X + noise * rng.uniform(-RADIUS, RADIUS, X.shape)
    return _dataset("pg-xor", X, read_at.prod(axis=1) >= 0, rng)


def make_playground_gauss(n_samples: int = 500, *, noise: float = 0.0, random_state: int = 42) -> Dataset:
    """Two Gaussian clouds: label 1 round (2, 2), -1 round (-2, -2), variance .5 + 7 noise. X (n_samples, 2).

    Raises DataError for an argument out of its range.
    """
    rng = _start("pg-gauss", n_samples, noise, random_state)
    first = np.arange(n_samples) < n_samples - n_samples // 2
    X = np.where(first, 2.0, -2.0)[:, None] + rng.normal(scale=np.sqrt(0.5 + 7 * noise), size=(n_samples, 2))
    return _dataset("pg-gauss", X, first, rng)


def make_playground_spiral(n_samples: int = 500, *, noise: float = 0.0, random_state: int = 42) -> Dataset:
    """Two spiral arms of 1.75 turns, label 1 and, half a turn on, -1; radius 0 to 5. X (n_samples, 2).

    Noise moves the points by up to noise each way. Raises DataError for an argument out of its range.
    """
    rng = _start("pg-spiral", n_samples, noise, random_state)
    first = n_samples - n_samples // 2
    along = np.concatenate([np.arange(size) / size for size in (first, n_samples - first)])
    arm = np.arange(n_samples) < first
    X = _polar(RADIUS * along, 1.75 * 2 * np.pi * along + np.where(arm, 0, np.pi))
    return _dataset("pg-spiral", X + noise * rng.uniform(-1, 1, X.shape), arm, rng)


def _start(name: str, n_samples: int, noise: float, random_state: int) -> np.random.RandomState:
    check_option(name, N_SAMPLES, n_samples)
    check_option(name, NOISE, noise)
    check_option(name, SEED, random_state)
    return np.random.RandomState(random_state)


def _polar(radius: NDArray[np.float64], angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Playground turns from the vertical axis: x = r sin, y = r cos."""
    return np.column_stack([radius * np.sin(angle), radius * np.cos(angle)])


def _dataset(name: str, X: NDArray[np.float64], positive: NDArray[np.bool_], rng: np.random.RandomState) -> Dataset:
    order = rng.permutation(len(X))
    X, y = X[order], positive[order].astype(np.int64)
    return Dataset(
        X=X,
        y=y,
        feature_names=("x0", "x1"),
        class_names=("-1", "1"),
        source=name,
        sha256=array_sha256(X, y),
    )
