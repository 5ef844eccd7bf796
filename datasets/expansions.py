"""More features out of the ones there are, as TensorFlow Playground offers them: squares, products, sines."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .base import DataError, quote

EXPANSIONS: dict[str, str] = {
    "square": "the square of each feature",
    "product": "the product of each two features",
    "sin": "the sine of each feature, in radians",
}
MOST_FEATURES = 1000


@dataclass(frozen=True)
class Term:
    """One feature after the expansion: kind "self", "square", "sin" of one feature, or "product" of two."""

    kind: str
    features: tuple[int, ...]

    def name(self, names: Sequence[str]) -> str:
        """As it is written: x0, x0^2, sin(x0), x0*x1."""
        first = names[self.features[0]]
        if self.kind == "product":
            return f"{first}*{names[self.features[1]]}"
        return {"self": first, "square": f"{first}^2", "sin": f"sin({first})"}[self.kind]


@dataclass(frozen=True)
class Expansion:
    """X (n, n_features) -> (n, len(terms)), each column a term."""

    n_features: int
    terms: tuple[Term, ...]
    feature_names: tuple[str, ...]

    def __call__(self, X: ArrayLike, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """Computed in float64, then rounded to dtype. Raises DataError where a number is too large for that."""
        X = np.asarray(X)
        if X.ndim != 2 or X.shape[1] != self.n_features:
            raise DataError(f"expansion: expected shape (n, {self.n_features}), received {X.shape}")
        out = np.empty((len(X), len(self.terms)), dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            for j, term in enumerate(self.terms):
                columns = [X[:, feature].astype(np.float64) for feature in term.features]
                if term.kind == "square":
                    out[:, j] = np.square(columns[0])
                elif term.kind == "sin":
                    out[:, j] = np.sin(columns[0])
                elif term.kind == "product":
                    out[:, j] = columns[0] * columns[1]
                else:
                    out[:, j] = columns[0]
                if np.isinf(out[:, j]).any() and np.isfinite(columns).all():
                    raise DataError(f"expansion: {quote(self.feature_names[j])} is too large for {out.dtype}")
        return out


def fit_expansion(
    kinds: Sequence[str], feature_names: Sequence[str], features: Sequence[int] | None = None
) -> Expansion:
    """The features as they are, then for each kind of EXPANSIONS, in that order, its terms.

    features: numbers of those that are expanded; all of them if None. There is nothing to fit but the names.
    Raises DataError for another kind, for a feature that is not there, and for more than MOST_FEATURES terms.
    """
    for kind in kinds:
        if kind not in EXPANSIONS:
            raise DataError(f"expansion: expected some of {', '.join(EXPANSIONS)}; received {quote(kind)}")
    d = len(feature_names)
    chosen = range(d) if features is None else sorted(set(features))
    if any(not 0 <= feature < d for feature in chosen):
        raise DataError(f"expansion: expected features from 0 to {d - 1}, received {quote(list(chosen))}")
    pairs = len(chosen) * (len(chosen) - 1) // 2
    total = d + sum(pairs if kind == "product" else len(chosen) for kind in set(kinds))
    if total > MOST_FEATURES:
        raise DataError(
            f"expansion: {len(chosen):,} features give {total:,}, more than {MOST_FEATURES:,}: "
            "choose fewer features, or principal components first"
        )
    terms = [Term("self", (j,)) for j in range(d)]
    for kind in EXPANSIONS:
        if kind in kinds:
            groups = combinations(chosen, 2) if kind == "product" else ((j,) for j in chosen)
            terms += [Term(kind, group) for group in groups]
    return Expansion(d, tuple(terms), tuple(term.name(feature_names) for term in terms))
