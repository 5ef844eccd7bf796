"""Losses. forward(output, y) gives one number; backward() its gradient with respect to the output.

Outputs are logits or predictions of shape (n, C). Labels y are integers (n,) in 0..C-1, or one-hot rows (n,
C). Every loss also says what an output means: `predict` (labels) and `probabilities` (rows that sum to 1).
For regression, y are real numbers (n,) or (n, k): MSELoss(task="regression").

forward raises ValueError, in words, where y does not fit the output: another number of rows or columns, a label out of
range or that is no whole number. A mean over nothing, as of an empty batch, is nan.
"""

from math import isnan, nan
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array
from mlcore.activations import log_softmax, sigmoid, softmax
from mlcore.labels import are_probabilities, as_labels, check_range, one_hot
from mlcore.loss_base import Loss

__all__ = [
    "LOSSES",
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "Loss",
    "MSELoss",
    "NLLLoss",
    "as_labels",
    "check_range",
    "log_softmax",
    "one_hot",
    "softmax",
]


class _ClassLoss(Loss):
    """What losses over log-probabilities share: class weights, and the divisor of their mean."""

    def __init__(self, reduction: str, weight: npt.ArrayLike | None, *, gradient: str) -> None:
        super().__init__(reduction, gradient=gradient)
        self.weight = None if weight is None else np.asarray(weight, dtype=np.float64)
        if self.weight is not None and (self.weight.ndim != 1 or not np.all(self.weight >= 0)):
            raise ValueError(f"{type(self).__name__}'s weight must be one number >= 0 a class, received {weight!r}")

    def total_weight(self, y: npt.ArrayLike) -> float:
        y = np.asarray(y)
        if self.weight is None or are_probabilities(y):
            return float(len(y))
        return float(self.weight[as_labels(y)].sum())

    def probabilities(self, output: Array) -> Array:
        return softmax(output, axis=1)  # of log-probabilities: the probabilities themselves

    def _weights(self, output: Array) -> Array | None:
        if self.weight is None:
            return None
        if len(self.weight) != output.shape[1]:
            raise ValueError(f"weight has {len(self.weight)} classes, the output {output.shape[1]} columns")
        return self.weight.astype(output.dtype)

    def _divisor(self, Y: Array, weights: Array | None) -> float:
        """n, or the sum of the weights of the samples' classes; 1 for a sum. For class probabilities n, as PyTorch."""
        if self.reduction == "sum":
            return 1.0
        return float(len(Y)) if weights is None or are_probabilities(Y) else float((Y @ weights).sum())

    @property
    def _gradient_divisor(self) -> float:
        return 1.0 if self.gradient == "sum" else self.divisor

    divisor: float


class CrossEntropyLoss(_ClassLoss):
    """-log of the probability that softmax(output) gives to the right class, from logits (n, C), C >= 2.

    With p = softmax(output) and rows Y: L = -sum Y log p / n and dL/d(output) = (p sum Y - Y) / n, which is (p - Y) / n
    as the rows of Y sum to 1. y: labels (n,), one-hot rows (n, C), or class probabilities (n, C).

    weight (C,): how much each class counts, L = -sum w Y log p / sum w[y]: divided by the weights of the batch, of
    class probabilities by n. label_smoothing s: Y becomes (1 - s) Y + s / C (Szegedy et al. 2016). As
    torch.nn.CrossEntropyLoss, but for one-hot rows, which give the same as labels. The mean of a batch whose weights
    are all 0 is nan. epsilon: some sheets write log(p + epsilon); value and gradient are then those of that formula.

    Raises ValueError for weights < 0 or of another number, a smoothing outside 0..1, an epsilon < 0, a single column.
    """

    def __init__(
        self,
        reduction: str = "mean",
        epsilon: float = 0.0,
        *,
        weight: npt.ArrayLike | None = None,
        label_smoothing: float = 0.0,
        gradient: str = "mean",
    ) -> None:
        super().__init__(reduction, weight, gradient=gradient)
        if not 0 <= label_smoothing <= 1:
            raise ValueError(f"label_smoothing must lie in 0..1, received {label_smoothing}")
        if not epsilon >= 0:
            raise ValueError(f"epsilon must be >= 0, received {epsilon}")
        self.epsilon, self.label_smoothing = float(epsilon), float(label_smoothing)

    def forward(self, output: Array, y: npt.ArrayLike) -> float:
        output = np.asarray(output)
        if output.ndim == 2 and output.shape[1] < 2:
            raise ValueError(
                "CrossEntropyLoss needs one output column a class, at least 2; for one use BCEWithLogitsLoss"
            )
        Y, weights = self._targets(output, y), self._weights(output)
        self.divisor = self._divisor(Y, weights)
        self.from_labels = weights is None and np.shape(y) != Y.shape
        if self.label_smoothing:
            Y = (1 - self.label_smoothing) * Y + self.label_smoothing / Y.shape[1]
        self.Y = Y if weights is None else Y * weights
        self.log_p = log_softmax(output, axis=1)
        log_p = np.log(self._p_in_full() + self.epsilon) if self.epsilon else self.log_p
        return -_divided(_sum_of_products(self.Y, log_p), self.divisor)

    def backward(self) -> Array:
        grad: Array
        if self.epsilon:
            # L = -sum Y log(p + eps), d log(p_j + eps) / d output_k = p_j / (p_j + eps) (1{j=k} - p_k)
            p = self._p_in_full()
            V = self.Y * p / (p + self.epsilon)
            grad = (p * V.sum(axis=1, keepdims=True) - V).astype(self.log_p.dtype, copy=False)
        elif self.from_labels:
            grad = np.exp(self.log_p) - self.Y  # the rows of Y sum to 1
        else:
            grad = np.exp(self.log_p) * self.Y.sum(axis=1, keepdims=True) - self.Y
        grad *= _divided(1.0, self._gradient_divisor)
        return grad

    def _p_in_full(self) -> Array:
        """p in float64: an epsilon such as 1e-50 is 0 in float32."""
        p: Array = np.exp(self.log_p.astype(np.float64))
        return p


class NLLLoss(_ClassLoss):
    """-log p of the right class, from log-probabilities (n, C), such as LogSoftmax gives: CrossEntropyLoss is both.

    L = -sum Y output / n, dL/d(output) = -Y / n. y, weight (C,) and errors: as CrossEntropyLoss. As torch.nn.NLLLoss.
    """

    def __init__(self, reduction: str = "mean", *, weight: npt.ArrayLike | None = None, gradient: str = "mean") -> None:
        super().__init__(reduction, weight, gradient=gradient)

    def forward(self, output: Array, y: npt.ArrayLike) -> float:
        output = np.asarray(output)
        Y, weights = self._targets(output, y), self._weights(output)
        self.divisor = self._divisor(Y, weights)
        self.Y = Y if weights is None else Y * weights
        return -_divided(_sum_of_products(self.Y, output), self.divisor)

    def backward(self) -> Array:
        return self.Y * -_divided(1.0, self._gradient_divisor)


class MSELoss(Loss):
    """Squared error (output - target)^2. Gradient 2 (output - target) / divisor.

    Integer labels become one-hot rows when the output has more than one column, and the target itself when
    it has one. reduction: "mean" over all elements (PyTorch), "per_sample" sums each row and takes the mean
    over rows, "sum", "half_sum" = 1/2 of the sum.

    task "regression": y are real numbers, (n,) for one output column or (n, k) for k; `predict` gives the output
    back, in the shape of y.

    Raises ValueError for an unknown reduction or task, and in a regression unless there is one number an output.
    """

    REDUCTIONS: ClassVar[tuple[str, ...]] = ("mean", "sum", "per_sample", "half_sum")

    def __init__(self, reduction: str = "mean", *, gradient: str = "mean", task: str = "classification") -> None:
        super().__init__(reduction, gradient=gradient)
        if task not in ("classification", "regression"):
            raise ValueError(f'task must be "classification" or "regression", received {task!r}')
        self.task = task

    def forward(self, output: Array, y: npt.ArrayLike) -> float:
        output = np.asarray(output)
        if self.task == "regression" and np.size(y) != output.size:
            raise ValueError(f"the output has shape {output.shape}, y has {np.shape(y)}: one number an output")
        self.difference = output - self._targets(output, y)
        self.divisor = {"mean": output.size, "per_sample": len(output), "sum": 1, "half_sum": 2}[self.reduction]
        return _divided(float(np.square(self.difference).sum()), self.divisor)

    def backward(self) -> Array:
        return self.difference * _divided(2 * self._gradient_factor(len(self.difference)), self.divisor)

    def predict(self, output: Array) -> Array:
        if self.task == "regression":
            return output[:, 0] if output.shape[1] == 1 else output
        return super().predict(output)

    def probabilities(self, output: Array) -> Array:
        if self.task == "regression":
            raise ValueError("a regression has no classes, and so no probabilities")
        p = np.clip(output, 0, 1)
        if output.shape[1] == 1:
            return np.hstack([1 - p, p])
        total = p.sum(axis=1, keepdims=True)
        return np.where(total > 0, p / np.where(total > 0, total, 1), 1 / output.shape[1]).astype(p.dtype, copy=False)


class BCEWithLogitsLoss(Loss):
    """Two classes, one column of logits z (n, 1): -t log s - (1 - t) log(1 - s), s = sigmoid(z).

    y (n,) or (n, 1): targets t in 0..1, labels or probabilities of class 1. Computed as max(z, 0) - z t +
    log(1 + exp(-|z|)), which cannot overflow. Gradient (s - t) / n. As torch.nn.BCEWithLogitsLoss.

    Raises ValueError for more than one column, and for targets outside 0..1.
    """

    def forward(self, output: Array, y: npt.ArrayLike) -> float:
        output = np.asarray(output)
        if output.ndim != 2 or output.shape[1] != 1:
            raise ValueError(f"BCEWithLogitsLoss expects one output column, (n, 1); received {output.shape}")
        self.t = self._targets(output, y)
        if self.t.size and (self.t.min() < 0 or self.t.max() > 1):
            raise ValueError(
                "BCEWithLogitsLoss expects targets in 0..1: with more than two classes use CrossEntropyLoss"
            )
        self.z = output
        self.divisor = len(output) if self.reduction == "mean" else 1
        losses = np.maximum(output, 0) - output * self.t + np.log1p(np.exp(-np.abs(output)))
        return _divided(float(losses.sum()), self.divisor)

    def backward(self) -> Array:
        return (sigmoid(self.z) - self.t) * _divided(self._gradient_factor(len(self.z)), self.divisor)

    def probabilities(self, output: Array) -> Array:
        p = sigmoid(output)
        return np.hstack([1 - p, p])


def _sum_of_products(Y: Array, log_p: Array) -> float:
    with np.errstate(invalid="ignore"):
        total = float((Y * log_p).sum())
    if not isnan(total):
        return total
    # Where Y is 0 a log-probability of -infinity does not count, though 0 * -infinity is no number.
    return float(np.multiply(Y, log_p, out=np.zeros_like(log_p), where=Y != 0).sum())


def _divided(value: float, divisor: float) -> float:
    return value / divisor if divisor else nan


LOSSES: dict[str, type[Loss]] = {"cross_entropy": CrossEntropyLoss, "mse": MSELoss, "bce": BCEWithLogitsLoss}
"""The losses that a setting can name."""
