"""What all losses share: reduction, the shapes that targets may have, and what an output means."""

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array, IntArray
from mlcore.base import KeepsForward
from mlcore.labels import one_hot


class Loss(KeepsForward):
    """What all losses share.

    reduction: "mean" divides value and gradient by the batch size n (MSELoss: by all elements), "sum" by
    nothing. gradient: "mean" is the derivative of the value. "sum" leaves the division by n out of backward
    while the value stays a mean, as some lab sheets do: the gradient is then n times too large, and a
    gradient check says so.

    task: "classification", or "regression" where outputs are the numbers themselves and not classes.

    Raises ValueError for an unknown reduction or gradient.
    """

    task: str = "classification"
    REDUCTIONS: ClassVar[tuple[str, ...]] = ("mean", "sum")

    def __init__(self, reduction: str = "mean", *, gradient: str = "mean") -> None:
        for name, value, known in (
            ("reduction", reduction, self.REDUCTIONS),
            ("gradient", gradient, ("mean", "sum")),
        ):
            if value not in known:
                raise ValueError(
                    f"{type(self).__name__}'s {name} must be one of {', '.join(known)}; received {value!r}"
                )
        self.reduction = reduction
        self.gradient = gradient

    def forward(self, output: Array, y: npt.ArrayLike) -> float:
        """The loss of a batch: output (n, C), y as the module says."""
        raise NotImplementedError

    def backward(self) -> Array:
        """dL/d(output) of the last forward, with its shape and dtype; AttributeError before the first."""
        raise NotImplementedError

    def __call__(self, output: Array, y: npt.ArrayLike) -> float:
        return self.forward(output, y)

    @property
    def averages(self) -> bool:
        """True when the value is a mean over the samples of the batch."""
        return self.reduction in ("mean", "per_sample")

    def total_weight(self, y: npt.ArrayLike) -> float:
        """How much a batch with these labels counts in a mean over several: its samples, or their class weights."""
        return float(len(np.asarray(y)))

    def probabilities(self, output: Array) -> Array:
        """Probabilities of the classes (n, C), rows sum to 1. One column p becomes [1 - p, p]."""
        raise NotImplementedError

    def predict(self, output: Array) -> Array:
        """The most probable class of each row, (n,) int64. With one column: class 1 where p > 1/2."""
        if output.shape[1] == 1:
            return (self.probabilities(output)[:, 1] > 0.5).astype(np.int64)
        classes: IntArray = output.argmax(axis=1)
        return classes

    def _targets(self, output: Array, y: npt.ArrayLike) -> Array:
        """y as an array of the output's shape and dtype."""
        output, y = np.asarray(output), np.asarray(y)
        if output.ndim != 2:
            raise ValueError(f"{type(self).__name__} expects outputs of shape (n, C), received {output.shape}")
        if y.ndim == 0 or len(y) != len(output):
            raise ValueError(f"the output has {len(output)} rows, y has {len(y) if y.ndim else 'none'}")
        if y.shape == output.shape:
            return y.astype(output.dtype, copy=False)
        if output.shape[1] == 1 and y.size == len(output):
            return y.reshape(output.shape).astype(output.dtype)
        if y.ndim == 1 or y.shape[1] == 1:
            return one_hot(y, output.shape[1], output.dtype)
        raise ValueError(f"the output has {output.shape[1]} columns, y has shape {y.shape}")

    def _gradient_factor(self, samples: int) -> float:
        return float(samples) if self.averages and self.gradient == "sum" else 1.0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.reduction})"
