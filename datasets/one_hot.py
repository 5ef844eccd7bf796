"""Columns of text as numbers: a column of 0 and 1 for each category."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .base import DataError, quote

MOST_CATEGORIES = 1000  # of all columns together


@dataclass(frozen=True, eq=False)
class OneHot:
    """Codes (n, c), as `Dataset.categories` explains them -> (n, categories of all columns).

    What is missing (nan), and a category that no training row had, becomes zeros. places: of each column, the
    place of each code among the columns of 0 and 1, -1 for none, which the last entry is.
    """

    feature_names: tuple[str, ...]
    places: tuple[NDArray[np.int64], ...]

    def __call__(self, codes: ArrayLike, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """Raises DataError for another number of columns. Between two codes the nearer one counts."""
        codes = np.asarray(codes)
        if codes.ndim != 2 or codes.shape[1] != len(self.places):
            raise DataError(f"one-hot: expected shape (n, {len(self.places)}), received {codes.shape}")
        out = np.zeros((len(codes), len(self.feature_names)), dtype)
        for j, places in enumerate(self.places):
            none = len(places) - 1
            code = np.nan_to_num(np.rint(codes[:, j]), nan=none)
            place = places[np.where((code >= 0) & (code <= none), code, none).astype(np.int64)]
            known = np.flatnonzero(place >= 0)
            out[known, place[known]] = 1
        return out


def fit_one_hot(codes: ArrayLike, names: Sequence[str], categories: Sequence[Sequence[str]]) -> OneHot:
    """The categories among the codes (n, c) of training rows, nan where one is missing; in the order of the codes.

    names: of the columns; categories: the texts of each one's codes. Raises DataError for no rows, and for more
    than MOST_CATEGORIES in all.
    """
    codes = np.asarray(codes, dtype=np.float64)
    if codes.ndim != 2 or not codes.shape[1] == len(names) == len(categories):
        raise DataError(f"one-hot: {len(names)} names and {len(categories)} lists of texts for shape {codes.shape}")
    if len(codes) == 0:
        raise DataError("one-hot: there are no training rows to fit it on")
    feature_names: list[str] = []
    places = []
    for j, (name, texts) in enumerate(zip(names, categories, strict=True)):
        column = codes[:, j]
        seen = np.unique(column[~np.isnan(column)]).astype(np.int64)
        place = np.full(len(texts) + 1, -1)
        place[seen] = len(feature_names) + np.arange(len(seen))
        places.append(place)
        feature_names += [f"{name}={texts[code]}" for code in seen.tolist()]
        if len(feature_names) > MOST_CATEGORIES:
            most = max(range(len(categories)), key=lambda k: len(categories[k]))
            raise DataError(
                f"one-hot: more than {MOST_CATEGORIES:,} columns of 0 and 1; {quote(names[most])} alone has "
                f"{len(categories[most]):,} different texts: leave that column out"
            )
    return OneHot(tuple(feature_names), tuple(places))
