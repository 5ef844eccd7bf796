"""Rows for cross-validation: k folds, each of which is the test part once."""

import numpy as np
from numpy.typing import ArrayLike

from .base import DataError, Dataset, quote
from .split import Rows, Split


def k_fold(
    data: Dataset | ArrayLike, k: int = 5, *, stratify: bool = True, seed: int = 0, rows: Rows | None = None
) -> list[Split]:
    """k splits of a Dataset, or of the rows of labels y (n,): fold f is the test part of split f, the rest trains.

    Each row is tested once; rows stand in ascending order; validation is empty. Without `stratify` the folds
    are those of scikit-learn's `KFold(k, shuffle=True, random_state=seed)`. With it every fold has each class's
    share of the rows, rounded down or up, and the folds differ by one row at most. Targets that are real
    numbers are never stratified. rows: only these are dealt out; None means all but a test part that the data
    brings along.

    Raises DataError for k below 2 or above the rows, and for a class of fewer than k samples to stratify.
    """
    if isinstance(data, Dataset):
        y, names, source = np.asarray(data.y), data.class_names, data.source
        if data.task == "regression":  # rows are all that counts, whatever the shape of the targets
            y = np.zeros(len(y))
        pool = np.setdiff1d(np.arange(len(y)), np.asarray(data.parts.get("test", range(0)), dtype=np.int64))
    else:
        y, names, source = np.asarray(data), (), ""
        pool = np.arange(len(y)) if y.ndim else np.arange(0)
    if y.ndim != 1:
        raise DataError(f"k_fold: expected labels of shape (n,), received shape {y.shape}", source=source)
    pool = pool if rows is None else np.asarray(rows, dtype=np.int64)
    n = len(pool)
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 2 <= k <= n:
        raise DataError(f"folds: expected a whole number from 2 to {n:,}, the rows; received {quote(k)}", source=source)
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**32:
        raise DataError(f"seed: expected a whole number from 0 to {2**32 - 1:,}, received {quote(seed)}", source=source)
    order = np.random.RandomState(seed).permutation(n)
    if stratify and y.dtype.kind != "f":
        labels, label, counts = np.unique(y[pool], return_inverse=True, return_counts=True)
        rarest = int(np.argmin(counts))
        fewest = int(counts[rarest])
        if fewest < k:
            name = names[int(labels[rarest])] if names else str(labels[rarest])
            raise DataError(
                f"class {quote(name)} has {fewest} sample{'s' * (fewest > 1)}, too few for {k} folds "
                "that each test some of every class: set stratify=false, or fewer folds",
                source=source,
            )
        # Class after class, its rows in shuffled order, dealt out like cards: all shares are equal, so largest
        # remainder gives each fold the whole part and one more of the rest in turn, on from class to class.
        dealt = order[np.argsort(label[order], kind="stable")]
        tested = [dealt[fold::k] for fold in range(k)]
    else:
        tested = np.array_split(order, k)
    return [_split(pool, part) for part in tested]


def _split(pool: Rows, test: Rows) -> Split:
    in_test = np.zeros(len(pool), dtype=bool)
    in_test[test] = True
    return Split(train=pool[~in_test], validation=np.empty(0, dtype=np.int64), test=pool[in_test])
