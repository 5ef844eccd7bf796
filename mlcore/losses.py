"""Losses. forward(output, y) gives one number; backward() its gradient with respect to the output.

Outputs are logits or predictions of shape (n, C). Labels y are integers (n,) in 0..C-1, or one-hot rows (n,
C). Every loss also says what an output means: `predict` (labels) and `probabilities` (rows that sum to 1).
"""

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array, IntArray
from mlcore.activations import sigmoid


def softmax(x: npt.ArrayLike, axis: int = -1) -> Array:
    """exp(x) / sum exp(x) along `axis`. The largest x is subtracted first: same quotient, no overflow."""
    x = np.asarray(x)
    e: Array = np.exp(x - x.max(axis=axis, keepdims=True))
    e /= e.sum(axis=axis, keepdims=True)
    return e


def log_softmax(x: npt.ArrayLike, axis: int = -1) -> Array:
    """log(softmax(x)) by log-sum-exp, exact also where softmax underflows to 0."""
    x = np.asarray(x)
    shifted = x - x.max(axis=axis, keepdims=True)
    y: Array = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return y


def as_labels(y: npt.ArrayLike) -> IntArray:
    """Integer labels (n,) from integer labels (n,) or (n, 1), or from one-hot rows (n, C)."""
    y = np.asarray(y)
    labels: IntArray
    if y.ndim == 2 and y.shape[1] > 1:
        labels = y.argmax(axis=1)
        return labels
    labels = y.ravel().astype(np.int64, copy=False)
    if labels.dtype != y.dtype and not np.array_equal(labels, y.ravel()):
        raise ValueError("labels must be whole numbers")
    return labels


def one_hot(y: npt.ArrayLike, num_classes: int, dtype: npt.DTypeLike = np.float64) -> Array:
    """Rows of zeros with a 1 at the label: (n,) integers in 0..num_classes-1 become (n, num_classes).

    Raises ValueError for a label out of range.
    """
    labels = as_labels(y)
    check_range(labels, num_classes)
    rows = np.zeros((len(labels), num_classes), dtype=dtype)
    rows[np.arange(len(labels)), labels] = 1
    return rows


def check_range(labels: IntArray, num_classes: int) -> None:
    """Raise ValueError unless all labels lie in 0..num_classes-1."""
    if labels.size and (labels.min() < 0 or labels.max() >= num_classes):
        wrong = labels[(labels < 0) | (labels >= num_classes)][0]
        raise ValueError(
            f"label {wrong} is out of range: with {num_classes} classes, labels lie in 0..{num_classes - 1}"
        )


class Loss:
    """What all losses share.

    reduction: "mean" divides value and gradient by the batch size n (MSELoss: by all elements), "sum" by
    nothing. gradient: "mean" is the derivative of the value. "sum" leaves the division by n out of backward
    while the value stays a mean, as some lab sheets do: the gradient is then n times too large, and a
    gradient check says so.
    """

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
        """The loss of a batch."""
        raise NotImplementedError

    def backward(self) -> Array:
        """dL/d(output) of the last forward, with its shape and dtype."""
        raise NotImplementedError

    def __call__(self, output: Array, y: npt.ArrayLike) -> float:
        return self.forward(output, y)

    @property
    def averages(self) -> bool:
        """True when the value is a mean over the samples of the batch."""
        return self.reduction in ("mean", "per_sample")

    def probabilities(self, output: Array) -> Array:
        """Probabilities of the classes (n, C), rows sum to 1. One column p becomes [1 - p, p]."""
        raise NotImplementedError

    def predict(self, output: Array) -> IntArray:
        """The most probable class of each row, (n,). With one column: class 1 where p > 1/2."""
        if output.shape[1] == 1:
            return (self.probabilities(output)[:, 1] > 0.5).astype(np.int64)
        classes: IntArray = output.argmax(axis=1)
        return classes

    def _targets(self, output: Array, y: npt.ArrayLike) -> Array:
        """y as an array of the output's shape and dtype."""
        y = np.asarray(y)
        if output.ndim != 2:
            raise ValueError(f"{type(self).__name__} expects outputs of shape (n, C), received {output.shape}")
        if len(y) != len(output):
            raise ValueError(f"the output has {len(output)} rows, y has {len(y)}")
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


class CrossEntropyLoss(Loss):
    """-log of the probability that softmax(output) gives to the right class, from logits (n, C), C >= 2.

    With p = softmax(output) and one-hot Y: L = -sum Y log p / n and dL/d(output) = (p - Y) / n.
    epsilon: some sheets write log(p + epsilon); value and gradient are then those of that formula.
    """

    def __init__(self, reduction: str = "mean", epsilon: float = 0.0, *, gradient: str = "mean") -> None:
        super().__init__(reduction, gradient=gradient)
        self.epsilon = epsilon

    def forward(self, output: Array, y: npt.ArrayLike) -> float:
        if output.ndim == 2 and output.shape[1] < 2:
            raise ValueError(
                "CrossEntropyLoss needs one output column a class, at least 2; for one use BCEWithLogitsLoss"
            )
        self.Y = self._targets(output, y)
        self.log_p = log_softmax(output, axis=1)
        self.divisor = len(output) if self.reduction == "mean" else 1
        log_p = np.log(np.exp(self.log_p) + self.epsilon) if self.epsilon else self.log_p
        return -float((self.Y * log_p).sum()) / self.divisor

    def backward(self) -> Array:
        p: Array = np.exp(self.log_p)
        if self.epsilon:
            w = self.Y * p / (p + self.epsilon)  # d log(p + eps) / d log p, weighted by Y
            grad: Array = p * w.sum(axis=1, keepdims=True) - w
        else:
            grad = p - self.Y
        grad *= self._gradient_factor(len(grad)) / self.divisor
        return grad

    def probabilities(self, output: Array) -> Array:
        return softmax(output, axis=1)


class MSELoss(Loss):
    """Squared error (output - target)^2. Gradient 2 (output - target) / divisor.

    Integer labels become one-hot rows when the output has more than one column, and the target itself when
    it has one. reduction: "mean" over all elements (PyTorch), "per_sample" sums each row and takes the mean
    over rows, "sum", "half_sum" = 1/2 of the sum.
    """

    REDUCTIONS: ClassVar[tuple[str, ...]] = ("mean", "sum", "per_sample", "half_sum")

    def forward(self, output: Array, y: npt.ArrayLike) -> float:
        self.difference = output - self._targets(output, y)
        self.divisor = {"mean": output.size, "per_sample": len(output), "sum": 1, "half_sum": 2}[self.reduction]
        return float(np.square(self.difference).sum()) / self.divisor

    def backward(self) -> Array:
        return self.difference * (2 * self._gradient_factor(len(self.difference)) / self.divisor)

    def probabilities(self, output: Array) -> Array:
        p = np.clip(output, 0, 1)
        if output.shape[1] == 1:
            return np.hstack([1 - p, p])
        total = p.sum(axis=1, keepdims=True)
        return np.where(total > 0, p / np.where(total > 0, total, 1), 1 / output.shape[1]).astype(p.dtype, copy=False)


class BCEWithLogitsLoss(Loss):
    """Two classes, one column of logits z: -t log s - (1 - t) log(1 - s), s = sigmoid(z), target t in 0..1.

    Computed as max(z, 0) - z t + log(1 + exp(-|z|)), which cannot overflow. Gradient (s - t) / n.
    """

    def forward(self, output: Array, y: npt.ArrayLike) -> float:
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
        return float(losses.sum()) / self.divisor

    def backward(self) -> Array:
        return (sigmoid(self.z) - self.t) * (self._gradient_factor(len(self.z)) / self.divisor)

    def probabilities(self, output: Array) -> Array:
        p = sigmoid(output)
        return np.hstack([1 - p, p])


LOSSES: dict[str, type[Loss]] = {"cross_entropy": CrossEntropyLoss, "mse": MSELoss, "bce": BCEWithLogitsLoss}
