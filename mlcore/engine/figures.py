"""What the losses of the fast form share: their figures, and the slots and counts that these are worked out from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array
from mlcore.engine.updates import Operation

Mask: TypeAlias = npt.NDArray[np.bool_]


class Progress(NamedTuple):
    """The loss of each of some batches, all of `size` samples, and how many in them were predicted rightly.

    weights: how much each batch counts in the mean over several, where that is not its samples (None). With a weight
    of 0 it takes no part: there was no step, and its loss is nan.
    squared_errors: of a regression, for each batch the sum of each output.
    """

    losses: list[float]
    size: int
    correct: int
    weights: list[float] | None = None
    squared_errors: list[list[float]] | None = None

    @property
    def counted(self) -> list[float]:
        """The losses, 0 in place of those that do not count."""
        if self.weights is None:
            return self.losses
        return [value if weight else 0.0 for value, weight in zip(self.losses, self.weights, strict=True)]


@dataclass(frozen=True)
class LossKernel:
    """gradient[k]: the operations that write dz for the k-th batch of the window. figures(slots): what works out how
    these batches went. weights: how much each batch counts, after its gradient, where that can be 0: then the gradient
    is 0 too.
    """

    gradient: list[list[Operation]]
    figures: Callable[[slice], Callable[[], Progress]]
    weights: Array | None = None


def hits(z: Array, right: Mask) -> Callable[[Array], int]:
    """Counts the columns of some batches with their largest output, `best`, in the right row."""
    largest = np.empty(z.shape, bool)
    columns = z.shape[0] * z.shape[2]

    def count(best: Array) -> int:
        np.equal(z, best, largest)
        if np.count_nonzero(largest) != columns:  # NaN, or several as large: then the first counts
            return int(np.count_nonzero(z.argmax(1) == right.argmax(1)))
        return int(np.count_nonzero(np.logical_and(largest, right, largest)))

    return count


def agreeing(predicted: Mask, right: Mask) -> int:
    """How many of the two are equal; it is left in `predicted`."""
    return int(np.count_nonzero(np.equal(predicted, right, predicted)))
