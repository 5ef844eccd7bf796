"""Toy data sets made on the spot. Where scikit-learn has the generator, the points are its points.

The functions keep scikit-learn's argument names and defaults; the defaults of the bench stand in `catalogue`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import DataError, Dataset, array_sha256
from .options import (
    ARMS,
    CENTERS,
    CLUSTER_STD,
    FACTOR,
    MARGIN,
    MISPLACED,
    N_FEATURES,
    SEED,
    SQUARES,
    TURNS,
    check_option,
    noise_option,
    points,
)

RandomState = int | np.random.RandomState | None


def _check_common(source: str, n_samples: int, noise: float | None, random_state: RandomState) -> None:
    check_option(source, points(), n_samples)
    if noise is not None:
        check_option(source, noise_option(0.0), noise)
    if random_state is not None and not isinstance(random_state, np.random.RandomState):
        check_option(source, SEED, random_state)


def _random_state(random_state: RandomState) -> np.random.RandomState:
    """scikit-learn's reading of the argument: None is the generator that `np.random.seed` seeds."""
    if random_state is None:
        return np.random.mtrand._rand
    return random_state if isinstance(random_state, np.random.RandomState) else np.random.RandomState(random_state)


def _dataset(name: str, X: NDArray[np.float64], y: NDArray[Any], n_classes: int) -> Dataset:
    """n_classes 0: a regression."""
    labels = np.ascontiguousarray(y, dtype=np.int64 if n_classes else np.float64)
    points = np.ascontiguousarray(X, dtype=np.float64)
    return Dataset(
        X=points,
        y=labels,
        feature_names=tuple(f"x{j}" for j in range(X.shape[1])),
        class_names=tuple(str(k) for k in range(n_classes)),
        source=name,
        sha256=array_sha256(points, labels),
        task="classification" if n_classes else "regression",
        target_names=() if n_classes else ("y",),
    )


def _shuffled_with_noise(
    X: NDArray[np.float64], y: NDArray[Any], rng: np.random.RandomState, shuffle: bool, noise: float | None
) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Shuffle first, then add the noise: the order in which scikit-learn draws."""
    if shuffle:
        order = np.arange(len(X))
        rng.shuffle(order)
        X, y = X[order], y[order]
    if noise is not None:
        X = X + rng.normal(scale=noise, size=X.shape)
    return X, y


def make_moons(
    n_samples: int = 100,
    *,
    shuffle: bool = True,
    noise: float | None = None,
    random_state: RandomState = None,
) -> Dataset:
    """Two interleaving half circles, as `sklearn.datasets.make_moons`. X (n_samples, 2), two classes.

    Raises DataError for an argument out of its range.
    """
    _check_common("moons", n_samples, noise, random_state)
    rng = _random_state(random_state)
    outer = np.linspace(0, np.pi, n_samples // 2)
    inner = np.linspace(0, np.pi, n_samples - n_samples // 2)
    X = np.concatenate(
        [
            np.column_stack([np.cos(outer), np.sin(outer)]),
            np.column_stack([1 - np.cos(inner), 1 - np.sin(inner) - 0.5]),
        ]
    )
    y = np.repeat([0, 1], [len(outer), len(inner)])
    return _dataset("moons", *_shuffled_with_noise(X, y, rng, shuffle, noise), 2)


def make_circles(
    n_samples: int = 100,
    *,
    shuffle: bool = True,
    noise: float | None = None,
    random_state: RandomState = None,
    factor: float = 0.8,
) -> Dataset:
    """A circle within a circle, as `sklearn.datasets.make_circles`. X (n_samples, 2), two classes.

    Raises DataError for an argument out of its range.
    """
    _check_common("circles", n_samples, noise, random_state)
    check_option("circles", FACTOR, factor)
    rng = _random_state(random_state)
    outer = np.linspace(0, 2 * np.pi, n_samples // 2, endpoint=False)
    inner = np.linspace(0, 2 * np.pi, n_samples - n_samples // 2, endpoint=False)
    X = np.concatenate(
        [
            np.column_stack([np.cos(outer), np.sin(outer)]),
            np.column_stack([np.cos(inner), np.sin(inner)]) * factor,
        ]
    )
    y = np.repeat([0, 1], [len(outer), len(inner)])
    return _dataset("circles", *_shuffled_with_noise(X, y, rng, shuffle, noise), 2)


def make_blobs(
    n_samples: int = 100,
    n_features: int = 2,
    *,
    centers: int | None = None,
    cluster_std: float = 1.0,
    center_box: tuple[float, float] = (-10.0, 10.0),
    shuffle: bool = True,
    random_state: RandomState = None,
) -> Dataset:
    """Gaussian blobs round random centres, as `sklearn.datasets.make_blobs`. X (n_samples, n_features).

    centers: how many blobs (3 if None). center_box: the range the centres are drawn from, in every feature.
    Raises DataError for an argument out of its range, or for fewer points than blobs.
    """
    count = 3 if centers is None else centers
    _check_common("blobs", n_samples, None, random_state)
    check_option("blobs", N_FEATURES, n_features)
    check_option("blobs", CENTERS, count)
    check_option("blobs", CLUSTER_STD, cluster_std)
    if n_samples < count:
        raise DataError(
            f"n_samples: expected at least one point a blob ({count}), received {n_samples}", source="blobs"
        )
    rng = _random_state(random_state)
    means = rng.uniform(*center_box, size=(count, n_features))
    sizes = [n_samples // count + (k < n_samples % count) for k in range(count)]
    X = np.concatenate(
        [rng.normal(mean, cluster_std, (size, n_features)) for mean, size in zip(means, sizes, strict=True)]
    )
    y = np.repeat(np.arange(count), sizes)
    return _dataset("blobs", *_shuffled_with_noise(X, y, rng, shuffle, None), count)


def make_xor(
    n_samples: int = 100,
    *,
    noise: float | None = None,
    random_state: RandomState = None,
    margin: float = 0.05,
) -> Dataset:
    """Exclusive or: points of [-1, 1]^2, class 1 where exactly one coordinate is positive.

    margin: the half width of the strip along the axes that holds no point before the noise is added. The
    four quadrants take turns, so the classes are even. Raises DataError for an argument out of its range.
    """
    _check_common("xor", n_samples, noise, random_state)
    check_option("xor", MARGIN, margin)
    rng = _random_state(random_state)
    quadrant = np.arange(n_samples) % 4  # anticlockwise from the lower left
    right, upper = (quadrant + 1) // 2 % 2, quadrant // 2
    X = rng.uniform(margin, 1.0, size=(n_samples, 2)) * np.column_stack([2 * right - 1, 2 * upper - 1])
    return _dataset("xor", *_shuffled_with_noise(X, right ^ upper, rng, True, noise), 2)


def make_spirals(
    n_samples: int = 100,
    *,
    noise: float | None = None,
    random_state: RandomState = None,
    turns: float = 1.5,
    classes: int = 2,
) -> Dataset:
    """Spiral arms wound round the centre, one a class. X (n_samples, 2); the radius grows from .05 to 1.

    Raises DataError for an argument out of its range, or for fewer points than arms.
    """
    _check_common("spirals", n_samples, noise, random_state)
    check_option("spirals", TURNS, turns)
    check_option("spirals", ARMS, classes)
    if n_samples < classes:
        raise DataError(
            f"n_samples: expected at least one point an arm ({classes}), received {n_samples}",
            source="spirals",
        )
    rng = _random_state(random_state)
    sizes = [n_samples // classes + (k < n_samples % classes) for k in range(classes)]
    radius = np.concatenate([np.linspace(0.05, 1.0, size) for size in sizes])
    y = np.repeat(np.arange(classes), sizes)
    angle = 2 * np.pi * (turns * radius + y / classes)
    X = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return _dataset("spirals", *_shuffled_with_noise(X, y, rng, True, noise), classes)


def make_checkerboard(
    n_samples: int = 100, *, noise: float | None = None, random_state: RandomState = None, squares: int = 4
) -> Dataset:
    """A board of squares x squares fields over [-1, 1]^2 in two classes; every field has as many points.

    Raises DataError for an argument out of its range.
    """
    _check_common("checkerboard", n_samples, noise, random_state)
    check_option("checkerboard", SQUARES, squares)
    rng = _random_state(random_state)
    fields = np.array(list(np.ndindex(squares, squares)))
    white, black = (rng.permutation(fields[fields.sum(axis=1) % 2 == colour]) for colour in (0, 1))
    # White and black take turns, so that the classes are even however few the points.
    turns = np.empty_like(fields)
    turns[0::2], turns[1::2] = white, black
    field = turns[np.arange(n_samples) % len(fields)]
    X = (field + rng.uniform(size=(n_samples, 2))) * (2 / squares) - 1
    return _dataset("checkerboard", *_shuffled_with_noise(X, field.sum(axis=1) % 2, rng, True, noise), 2)


def make_tp4(random_state: int = 42) -> Dataset:
    """The data of the lab sheet "MLP en NumPy" (Université Paris Cité). X (10000, 10), four classes of 2,500.

    Two moons of 5,000 points (noise .15), the same again three to the right as classes 2 and 3, then eight
    features of pure noise; every draw starts from `random_state` anew, as the sheet's own script does.
    Raises DataError for a seed that is none.
    """
    check_option("tp4", SEED, random_state)
    moons = make_moons(5000, noise=0.15, random_state=random_state)
    planar = np.concatenate([moons.X, moons.X + np.array([3.0, 0.0])])
    noise = np.random.RandomState(random_state).randn(len(planar), 8)
    X = np.concatenate([planar, noise], axis=1)
    y = np.concatenate([moons.y, moons.y + 2])
    order = np.arange(len(X))
    np.random.RandomState(random_state).shuffle(order)
    return _dataset("tp4", X[order], y[order], 4)


PLAYGROUND_RADIUS = 6.0
BUMPS = np.array([(-4, 2.5, 1), (0, 2.5, -1), (4, 2.5, 1), (-4, -2.5, -1), (0, -2.5, 1), (4, -2.5, -1)], dtype=float)
"""Centre and sign of each of the six bumps of TensorFlow Playground's "reg-gauss"."""


def make_plane(n_samples: int = 100, *, noise: float = 0.0, random_state: RandomState = None) -> Dataset:
    """TensorFlow Playground's "reg-plane": y = (x0 + x1) / 10 over [-6, 6]^2. X (n_samples, 2), y real.

    noise: the target is that of a place up to noise * 6 away in each direction. Raises DataError for an
    argument out of its range.
    """
    X, read_at = _playground("plane", n_samples, noise, random_state)
    return _dataset("plane", X, read_at.sum(axis=1) / 10, 0)


def make_reg_gauss(n_samples: int = 100, *, noise: float = 0.0, random_state: RandomState = None) -> Dataset:
    """TensorFlow Playground's "reg-gauss": three bumps up and three down, each a cone of radius 2 and height 1.

    X (n_samples, 2) over [-6, 6]^2, y real: the height of the nearest bump, max(0, 1 - distance / 2), with its
    sign. noise as in `make_plane`. Raises DataError for an argument out of its range.
    """
    X, read_at = _playground("reg-gauss", n_samples, noise, random_state)
    distance = np.linalg.norm(read_at[:, None, :] - BUMPS[:, :2], axis=2)
    nearest = distance.argmin(axis=1)
    height = np.maximum(0, 1 - distance.min(axis=1) / 2)
    return _dataset("reg-gauss", X, height * BUMPS[nearest, 2] + 0.0, 0)  # + 0.0: no -0.0


def _playground(
    name: str, n_samples: int, noise: float, random_state: RandomState
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points of [-6, 6]^2, and the places at which their targets are read."""
    _check_common(name, n_samples, None, random_state)
    check_option(name, MISPLACED, noise)
    rng = _random_state(random_state)
    X = rng.uniform(-PLAYGROUND_RADIUS, PLAYGROUND_RADIUS, size=(n_samples, 2))
    return X, X + noise * rng.uniform(-PLAYGROUND_RADIUS, PLAYGROUND_RADIUS, size=(n_samples, 2))
