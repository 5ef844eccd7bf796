"""Counts the samples of every pair of a few features in the cells of a small picture each."""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui.app.facts import PairsCounted
from tui.app.services.data import Poster
from tui.app.services.newest import Newest
from tui.app.targets import first_target, target_ramp
from tui.lab.build import Prepared

MOST_ROWS = 8_000
"""Training samples that are counted; of a larger part every k-th."""


@dataclass(frozen=True)
class PairRequest:
    """``columns`` and ``rows`` are those of the picture of one pair, in cells."""

    prepared: Prepared
    features: tuple[int, ...]
    columns: int
    rows: int


@dataclass(frozen=True, eq=False)
class PairCells:
    """What each pair of ``features`` looks like.

    Attributes:
        marks: Of (i, j), i above j in the matrix, so of a lower row and a column on the left: (rows, columns) the class
            or shade that most samples of a cell have; -1 where there is none.
        correlation: (k, k) Pearson's r; nan where one of the two does not vary.
        spread: (k, columns) how many samples lie in each of so many equal parts of a feature's range.
    """

    request: PairRequest
    marks: dict[tuple[int, int], NDArray[np.int64]]
    correlation: NDArray[np.float64]
    spread: NDArray[np.int64]
    shaded: bool


class PairService:
    def __init__(self, app: Poster) -> None:
        self._newest = Newest[PairRequest](
            app, lambda request: PairsCounted(count_pairs(request)), name="pairs of features"
        )

    def ask(self, request: PairRequest) -> None:
        self._newest.ask(request)


def features_for(shown: tuple[int, int], varied: tuple[int, ...], most: int) -> tuple[int, ...]:
    """So many of the features that vary, in their order, both that are shown among them; the same for many pairs."""
    both = [feature for feature in dict.fromkeys(shown) if feature in varied]
    first = list(varied[:most])
    if set(both) <= set(first) or most < len(both):
        return tuple(first)
    # The window of neighbours around the first of the two, with the other in the place of its last.
    at = varied.index(both[0])
    window = [feature for feature in varied[at : at + most] if feature not in both]
    return tuple(sorted({*both, *window[: most - len(both)]}))


def count_pairs(request: PairRequest) -> PairCells:
    prepared, columns, rows = request.prepared, request.columns, request.rows
    train = prepared.split.train
    some = train[:: max(1, -(-len(train) // MOST_ROWS))]
    X = np.asarray(prepared.view[some][:, list(request.features)], dtype=np.float64)
    shaded = prepared.task == "regression"
    labels = target_ramp(prepared).shades(first_target(prepared.dataset)[some]) if shaded else prepared.dataset.y[some]
    count = int(labels.max()) + 1 if len(labels) else 1
    known = np.abs(X) <= 1e300
    across, up = _places(X, known, columns), _places(X, known, rows)
    marks = {}
    for j, i in combinations(range(X.shape[1]), 2):
        both = known[:, i] & known[:, j]
        cell = (rows - 1 - up[both, i]) * columns + across[both, j]
        found = np.bincount(cell * count + labels[both], minlength=rows * columns * count).reshape(-1, count)
        marks[i, j] = np.where(found.any(axis=1), found.argmax(axis=1), -1).reshape(rows, columns)
    spread = np.stack(
        [np.bincount(across[known[:, k], k], minlength=columns)[:columns] for k in range(X.shape[1])]
    )  # fmt: skip
    return PairCells(request, marks, _correlation(X, known), spread, shaded)


def _places(X: NDArray[np.float64], known: NDArray[np.bool_], cells: int) -> NDArray[Any]:
    """The cell of each value along its feature's range, 0 to cells - 1."""
    low = np.where(known, X, np.inf).min(axis=0, initial=np.inf)
    high = np.where(known, X, -np.inf).max(axis=0, initial=-np.inf)
    # Halves, so that the distance from -1e300 to 1e300 is a number still.
    with np.errstate(invalid="ignore"):
        span = np.where(high > low, high / 2 - low / 2, 1.0)
        share = np.where(known, X / 2 - low / 2, 0.0) / span
    return np.clip(np.nan_to_num(share) * cells, 0, cells - 1).astype(np.int64)


def _correlation(X: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Pearson's r over the samples in which both are known."""
    d = X.shape[1]
    found = np.full((d, d), np.nan)
    for j, i in combinations(range(d), 2):
        both = known[:, i] & known[:, j]
        x, y = X[both, i], X[both, j]
        if len(x) < 2:
            continue
        with np.errstate(all="ignore"):
            x, y = x - x.mean(), y - y.mean()
            x, y = x / np.abs(x).max(), y / np.abs(y).max()
            found[i, j] = found[j, i] = (x @ y) / np.sqrt((x @ x) * (y @ y))
    return found
