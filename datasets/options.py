"""The numbers a generator takes, with their limits."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .base import DataError, quote


@dataclass(frozen=True)
class Option:
    """A number a generator takes: `low` and `high` are the least and the greatest value allowed."""

    name: str
    type: type[int] | type[float]
    default: int | float
    low: int | float
    high: int | float
    help: str
    unit: str = ""


def points(default: int = 1000) -> Option:
    return Option("n_samples", int, default, 2, 1_000_000, "points in all", "points")


def noise_option(default: float, unit: str = "") -> Option:
    return Option("noise", float, default, 0.0, 10.0, "standard deviation of the Gaussian noise", unit)


MISPLACED = Option(
    "noise", float, 0.0, 0.0, 0.5, "the target is read up to so many times 6 beside its point, in each direction"
)
SEED = Option("random_state", int, 42, 0, 2**32 - 1, "seed: the same seed gives the same points")
FACTOR = Option("factor", float, 0.5, 0.0, 0.99, "radius of the inner circle; the outer one has 1")
CENTERS = Option("centers", int, 3, 1, 100, "blobs, one a class", "blobs")
CLUSTER_STD = Option("cluster_std", float, 1.0, 0.0, 100.0, "standard deviation within a blob")
N_FEATURES = Option("n_features", int, 2, 1, 100_000, "features")
MARGIN = Option("margin", float, 0.05, 0.0, 0.9, "half width of the empty strip along the axes")
TURNS = Option("turns", float, 1.5, 0.1, 10.0, "times an arm goes round the centre", "turns")
ARMS = Option("classes", int, 2, 2, 20, "arms, one a class", "arms")
SQUARES = Option("squares", int, 4, 2, 50, "squares along one side of the board", "squares")


def check_option(source: str, option: Option, value: Any) -> None:
    """Raise DataError unless `value` is of the option's type and within its limits."""
    numbers = (int, np.integer) if option.type is int else (int, float, np.integer, np.floating)
    if isinstance(value, numbers) and not isinstance(value, bool) and option.low <= value <= option.high:
        return
    kind = "a whole number" if option.type is int else "a number"
    raise DataError(
        f"{option.name}: expected {kind} from {option.low:,} to {option.high:,}, received {quote(value)}",
        source=source,
    )
