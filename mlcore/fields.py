"""Decision regions: what a network answers all over a plane through the space of its inputs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array, IntArray
from mlcore.layers import inference_mode
from mlcore.losses import Loss
from mlcore.model import dtype_of


@dataclass(frozen=True)
class Plane:
    """A grid of cells on a plane through the space of the inputs, spanned by two features or any two directions.

    points (rows * columns, d): the cells' centres, in the units of X, row by row from the top, where y is largest,
    each row from the left. x_range, y_range: the outer edges, in coordinates on the plane. origin (d,), directions
    (2, d), of length 1: where the plane lies.
    """

    points: Array
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    columns: int
    rows: int
    origin: Array
    directions: Array

    def project(self, X: npt.ArrayLike) -> Array:
        """The coordinates (n, 2) on the plane of samples X (n, d): of the point of the plane that is nearest."""
        used = np.flatnonzero(self.directions.any(axis=0))  # what may be missing in another feature does not matter
        X = np.asarray(X)
        X = X.reshape(len(X), -1)[:, used].astype(np.float64)
        projected: Array = (X - self.origin[used]) @ self.directions[:, used].T
        return projected


@dataclass(frozen=True)
class Regions:
    """What the network answers in each cell: classes and confidence (the probability of that class, 1/C..1).

    Both have shape (rows, columns); row 0 is the top.
    """

    classes: IntArray
    confidence: Array


def plane(
    X: npt.ArrayLike,
    features: tuple[int, int] = (0, 1),
    *,
    columns: int,
    rows: int,
    margin: float = 1.0,
    margin_share: float | None = None,
    others: str = "zero",
) -> Plane:
    """A grid over the range of two features of X (n, d), with a margin around it.

    margin: in the units of X, on every side; margin_share: instead, a share of each feature's own range.
    others: what the other features are set to, "zero" or their "mean". Values that are not finite are left
    out of range and mean. Raises ValueError for a feature that X does not have.
    """
    X = _rows(X)
    if not all(0 <= feature < X.shape[1] for feature in features):
        raise ValueError(f"features {features} are not all in 0..{X.shape[1] - 1}")
    if others not in ("zero", "mean"):
        raise ValueError(f'others must be "zero" or "mean", received {others!r}')
    origin = _means(X) if others == "mean" else np.zeros(X.shape[1])
    origin[list(features)] = 0
    directions = np.zeros((2, X.shape[1]))
    directions[[0, 1], list(features)] = 1
    return _grid(X[:, list(features)], origin, directions, columns, rows, margin, margin_share)


def principal_plane(X: npt.ArrayLike, *, columns: int, rows: int, margin_share: float = 0.15) -> Plane:
    """A grid on the plane through the mean of X (n, d), d >= 2, along its two first principal components.

    Of all planes it lies closest to the samples. The components are the eigenvectors of the covariance with the largest
    eigenvalues (Pearson 1901), each with its largest entry positive. Raises ValueError for a single feature.
    """
    X = _rows(X)
    if X.shape[1] < 2:
        raise ValueError("a plane needs two features")
    mean = _means(X)
    centred = np.where(np.isfinite(X), X, mean) - mean
    if len(X) < X.shape[1]:
        directions = np.linalg.svd(centred, full_matrices=False)[2][:2]
    else:
        directions = np.linalg.eigh(centred.T @ centred)[1][:, :-3:-1].T
    if len(directions) < 2:  # a single sample spans no plane
        directions = np.eye(2, X.shape[1])
    largest = np.abs(directions).argmax(axis=1)
    directions = directions * np.sign(directions[[0, 1], largest])[:, np.newaxis]
    return _grid(centred @ directions.T, mean, directions, columns, rows, 0.0, margin_share)


def _rows(X: npt.ArrayLike) -> Array:
    X = np.asarray(X, dtype=np.float64)
    return X.reshape(len(X), -1)


def _means(X: Array) -> Array:
    """The mean of each feature's finite values; 0 where it has none."""
    finite = np.isfinite(X)
    means: Array = np.where(finite, X, 0).sum(axis=0) / np.maximum(finite.sum(axis=0), 1)
    return means


def _grid(
    coordinates: Array,
    origin: Array,
    directions: Array,
    columns: int,
    rows: int,
    margin: float,
    margin_share: float | None,
) -> Plane:
    """Cells over the range of the coordinates (n, 2), with a margin around it."""
    ranges = []
    for values in coordinates.T:
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        edge = margin if margin_share is None else margin_share * (high - low)
        if high - low + 2 * edge <= 0:
            edge = 1.0  # a constant feature still needs some width
        ranges.append((low - edge, high + edge))
    (x_low, x_high), (y_low, y_high) = ranges
    x = x_low + (np.arange(columns) + 0.5) * (x_high - x_low) / columns
    y = y_high - (np.arange(rows) + 0.5) * (y_high - y_low) / rows
    cells = np.stack(np.meshgrid(x, y), axis=-1).reshape(rows * columns, 2)
    return Plane(origin + cells @ directions, ranges[0], ranges[1], columns, rows, origin, directions)


def regions(network: Any, loss: Loss, plane: Plane, transform: Callable[[Array], Array] | None = None) -> Regions:
    """The class and its probability in each cell of `plane`, in one forward pass without dropout.

    transform: what the network's inputs went through (normalisation); it is applied to the points first.
    """
    points = plane.points if transform is None else transform(plane.points)
    with inference_mode(network), np.errstate(all="ignore"):
        output = network.forward(points.astype(dtype_of(network), copy=False))
        classes = loss.predict(output)
        probabilities = loss.probabilities(output)
    # A network that has diverged answers NaN: then it is sure of nothing.
    confidence = np.nan_to_num(probabilities.max(axis=1), nan=1 / probabilities.shape[1])
    shape = (plane.rows, plane.columns)
    return Regions(classes.reshape(shape), confidence.reshape(shape))


def surface(network: Any, plane: Plane, transform: Callable[[Array], Array] | None = None) -> Array:
    """What the network puts out in each cell of `plane`, (rows, columns, outputs): the numbers of a regression.

    transform: as in `regions`. A network that has diverged answers NaN.
    """
    points = plane.points if transform is None else transform(plane.points)
    with inference_mode(network), np.errstate(all="ignore"):
        output: Array = network.forward(points.astype(dtype_of(network), copy=False))
    return output.reshape(plane.rows, plane.columns, -1)
