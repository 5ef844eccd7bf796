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
    """A grid of cells over two features. points (rows * columns, d): the cells' centres, in the units of X.

    Row by row from the top, where y is largest, each row from the left. x_range, y_range: the outer edges.
    """

    points: Array
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    columns: int
    rows: int
    features: tuple[int, int]


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
    X = np.asarray(X, dtype=np.float64)
    X = X.reshape(len(X), -1)
    if not all(0 <= feature < X.shape[1] for feature in features):
        raise ValueError(f"features {features} are not all in 0..{X.shape[1] - 1}")
    if others not in ("zero", "mean"):
        raise ValueError(f'others must be "zero" or "mean", received {others!r}')
    ranges = []
    for feature in features:
        finite = X[np.isfinite(X[:, feature]), feature]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        edge = margin if margin_share is None else margin_share * (high - low)
        if high - low + 2 * edge <= 0:
            edge = 1.0  # a constant feature still needs some width
        ranges.append((low - edge, high + edge))
    (x_low, x_high), (y_low, y_high) = ranges

    points = np.zeros((rows, columns, X.shape[1]))
    if others == "mean":
        counts = np.isfinite(X).sum(axis=0)
        points[:] = np.where(np.isfinite(X), X, 0).sum(axis=0) / np.maximum(counts, 1)
    points[:, :, features[0]] = x_low + (np.arange(columns) + 0.5) * (x_high - x_low) / columns
    points[:, :, features[1]] = (y_high - (np.arange(rows) + 0.5) * (y_high - y_low) / rows)[:, np.newaxis]
    return Plane(points.reshape(rows * columns, -1), ranges[0], ranges[1], columns, rows, features)


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
