"""Rows for training, validation and test."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .base import DataError, Dataset, quote

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers of the three parts, int64; together each row of the data once, in shuffled order."""

    train: Rows
    validation: Rows
    test: Rows


def split(
    data: Dataset | ArrayLike,
    *,
    test: float = 0.2,
    validation: float = 0.2,
    stratify: bool = True,
    seed: int = 0,
) -> Split:
    """Split a Dataset, or the rows of class labels y (n,), into training, validation and test rows.

    A part of share f gets ceil(f n) rows. Without `stratify` the test rows are those of scikit-learn's
    `train_test_split(test_size=test, random_state=seed)`: the first of `RandomState(seed).permutation(n)`;
    validation takes the next; so they are for a regression, which has no classes. With it each class gives its
    share to each part, rounded by largest remainder.
    Parts the data brings along are kept: a given test part stands in for `test`, a given validation part for
    `validation`, and what is still asked for comes out of the given training part, n being its size.

    Raises DataError for shares below 0 or adding up to 1 or more, for a training part left empty, and for a
    class of fewer samples than there are parts to stratify over.
    """
    if isinstance(data, Dataset):
        y, given, names, source = data.y, data.parts, data.class_names, data.source
        if data.task == "regression":  # rows are all that counts, whatever the shape of the targets
            y, stratify = np.zeros(len(data.y)), False
    else:
        y, given, names, source = np.asarray(data), {}, (), ""
    if y.ndim != 1:
        raise DataError(f"split: expected labels of shape (n,), received shape {y.shape}", source=source)
    # RandomState would take True for 1.
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**32:
        raise DataError(f"seed: expected a whole number from 0 to {2**32 - 1:,}, received {quote(seed)}", source=source)
    shares = _shares(test, validation, given, source)
    pool = np.asarray(given["train"], dtype=np.int64) if "train" in given else _rows_left(len(y), given)
    n_test, n_validation = (math.ceil(shares[name] * len(pool)) for name in ("test", "validation"))
    if n_test + n_validation >= len(pool):
        raise DataError(
            f"{len(pool):,} rows give {n_test:,} for test, {n_validation:,} for validation, "
            "none for training: make test or validation smaller",
            source=source,
        )
    rng = np.random.RandomState(seed)
    order = rng.permutation(len(pool))
    if stratify and n_test + n_validation:
        parts = _stratified(y[pool], order, n_test, n_validation, names, source)
    else:
        parts = order[n_test + n_validation :], order[n_test : n_test + n_validation], order[:n_test]
    rows = {name: pool[part] for name, part in zip(("train", "validation", "test"), parts, strict=True)}
    for name in ("validation", "test"):
        if name in given:
            rows[name] = np.asarray(given[name], dtype=np.int64)
    return Split(**rows)


def _shares(test: float, validation: float, given: Mapping[str, range], source: str) -> dict[str, float]:
    """The shares that still have to be carved out of the training rows."""
    shares = {"test": test, "validation": validation}
    for name, share in shares.items():
        if name in given:
            shares[name] = 0.0
        elif isinstance(share, bool) or not isinstance(share, int | float | np.number) or not 0 <= share < 1:
            raise DataError(
                f"{name}: expected a share from 0 to less than 1, such as 0.2; received {quote(share)}",
                source=source,
            )
    if sum(shares.values()) >= 1:
        raise DataError(
            f"test {test:g} and validation {validation:g} leave nothing for training: they must add up to less than 1",
            source=source,
        )
    return shares


def _rows_left(n: int, given: Mapping[str, range]) -> Rows:
    taken = np.zeros(n, dtype=bool)
    for rows in given.values():
        taken[rows.start : rows.stop] = True
    return np.flatnonzero(~taken).astype(np.int64)


def _stratified(
    y: NDArray[Any], order: Rows, n_test: int, n_validation: int, names: tuple[str, ...], source: str
) -> tuple[Rows, Rows, Rows]:
    """(train, validation, test): each class's rows, in the given order, dealt out."""
    classes, label, counts = np.unique(y, return_inverse=True, return_counts=True)
    parts = 1 + (n_test > 0) + (n_validation > 0)
    smallest = int(np.argmin(counts))
    fewest = int(counts[smallest])
    if fewest < parts:
        value = classes[smallest]
        name = names[int(value)] if names else str(value)
        raise DataError(
            f"class {quote(name)} has {fewest} sample{'s' * (fewest > 1)}, too few for {parts} "
            "parts that each have their share of every class: set stratify=false, or leave it out",
            source=source,
        )
    test_counts = _largest_remainder(counts, n_test, counts)
    validation_counts = _largest_remainder(counts, n_validation, counts - test_counts)
    # Rank of each row among its class, in the shuffled order.
    shuffled = label[order]
    by_class = np.argsort(shuffled, kind="stable")
    rank = np.empty(len(y), dtype=np.int64)
    rank[by_class] = np.arange(len(y)) - np.repeat(np.cumsum(counts) - counts, counts)
    in_test = rank < test_counts[shuffled]
    in_validation = ~in_test & (rank < (test_counts + validation_counts)[shuffled])
    return order[~in_test & ~in_validation], order[in_validation], order[in_test]


def _largest_remainder(counts: Rows, total: int, room: Rows) -> Rows:
    """Deal `total` places out in proportion to `counts`: the whole parts first, then one each to the classes
    with the largest remainders (the lower class first where they are equal), no class beyond its `room`."""
    whole, remainder = np.divmod(counts * total, counts.sum())
    dealt = np.minimum(whole, room)
    for k in np.argsort(-remainder, kind="stable"):
        if dealt.sum() == total:
            break
        dealt[k] += dealt[k] < room[k]
    return np.asarray(dealt, dtype=np.int64)
