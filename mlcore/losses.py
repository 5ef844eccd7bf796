"""Losses. forward(output, y) gives one number; backward() its gradient with respect to the output.

Outputs are logits or predictions of shape (n, C). Labels y are integers (n,) in 0..C-1, or one-hot rows (n,
C). Every loss also says what an output means: `predict` (labels) and `probabilities` (rows that sum to 1).
For regression, y are real numbers (n,) or (n, k): MSELoss(task="regression").
"""

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array, IntArray
from mlcore.activations import log_softmax, sigmoid, softmax

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

    task: "classification", or "regression" where outputs are the numbers themselves and not classes.
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


class _ClassLoss(Loss):
    """What losses over log-probabilities share: class weights, and the divisor of their mean."""

    def __init__(self, reduction: str, weight: npt.ArrayLike | None, *, gradient: str) -> None:
        super().__init__(reduction, gradient=gradient)
        self.weight = None if weight is None else np.asarray(weight, dtype=np.float64)
        if self.weight is not None and (self.weight.ndim != 1 or not np.all(self.weight >= 0)):
            raise ValueError(f"{type(self).__name__}'s weight must be one number >= 0 a class, received {weight!r}")

    def total_weight(self, y: npt.ArrayLike) -> float:
        if self.weight is None:
            return float(len(np.asarray(y)))
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
        """n, or the sum of the weights of the samples' classes; 1 for a sum."""
        if self.reduction == "sum":
            return 1.0
        return float(len(Y)) if weights is None else float((Y @ weights).sum())

    @property
    def _gradient_divisor(self) -> float:
        return 1.0 if self.gradient == "sum" else self.divisor

    divisor: float


class CrossEntropyLoss(_ClassLoss):
    """-log of the probability that softmax(output) gives to the right class, from logits (n, C), C >= 2.

    With p = softmax(output) and one-hot Y: L = -sum Y log p / n and dL/d(output) = (p - Y) / n.

    weight (C,): how much each class counts, L = -sum w Y log p / sum w[y]: divided by the weights of the batch.
    label_smoothing s: Y becomes (1 - s) Y + s / C (Szegedy et al. 2016). Both as torch.nn.CrossEntropyLoss with
    integer labels; one-hot rows give the same. epsilon: some sheets write log(p + epsilon); value and gradient
    are then those of that formula.
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
        self.epsilon = epsilon
        self.label_smoothing = label_smoothing

    def forward(self, output: Array, y: npt.ArrayLike) -> float:
        if output.ndim == 2 and output.shape[1] < 2:
            raise ValueError(
                "CrossEntropyLoss needs one output column a class, at least 2; for one use BCEWithLogitsLoss"
            )
        Y, weights = self._targets(output, y), self._weights(output)
        self.divisor = self._divisor(Y, weights)
        if self.label_smoothing:
            Y = (1 - self.label_smoothing) * Y + self.label_smoothing / Y.shape[1]
        self.Y = Y if weights is None else Y * weights
        self.log_p = log_softmax(output, axis=1)
        log_p = np.log(np.exp(self.log_p) + self.epsilon) if self.epsilon else self.log_p
        return -float((self.Y * log_p).sum()) / self.divisor

    def backward(self) -> Array:
        p: Array = np.exp(self.log_p)
        grad: Array
        if self.epsilon or self.weight is not None:
            # L = -sum Y log(p + eps), d log(p_j + eps) / d output_k = p_j / (p_j + eps) (1{j=k} - p_k)
            w = self.Y * p / (p + self.epsilon) if self.epsilon else self.Y
            grad = p * w.sum(axis=1, keepdims=True) - w
        else:
            grad = p - self.Y  # the rows of Y sum to 1
        grad *= 1 / self._gradient_divisor
        return grad


class NLLLoss(_ClassLoss):
    """-log p of the right class, from log-probabilities (n, C), such as LogSoftmax gives: CrossEntropyLoss is both.

    L = -sum Y output / n, dL/d(output) = -Y / n. weight (C,) as in CrossEntropyLoss. As torch.nn.NLLLoss.
    """

    def __init__(self, reduction: str = "mean", *, weight: npt.ArrayLike | None = None, gradient: str = "mean") -> None:
        super().__init__(reduction, weight, gradient=gradient)

    def forward(self, output: Array, y: npt.ArrayLike) -> float:
        Y, weights = self._targets(output, y), self._weights(output)
        self.divisor = self._divisor(Y, weights)
        self.Y = Y if weights is None else Y * weights
        # Where Y is 0 a log-probability of -infinity does not count.
        return -float(np.multiply(self.Y, output, out=np.zeros_like(output), where=self.Y != 0).sum()) / self.divisor

    def backward(self) -> Array:
        return self.Y * (-1 / self._gradient_divisor)


class MSELoss(Loss):
    """Squared error (output - target)^2. Gradient 2 (output - target) / divisor.

    Integer labels become one-hot rows when the output has more than one column, and the target itself when
    it has one. reduction: "mean" over all elements (PyTorch), "per_sample" sums each row and takes the mean
    over rows, "sum", "half_sum" = 1/2 of the sum.

    task "regression": y are real numbers, (n,) for one output column or (n, k) for k; `predict` gives the output
    back, in the shape of y.
    """

    REDUCTIONS: ClassVar[tuple[str, ...]] = ("mean", "sum", "per_sample", "half_sum")

    def __init__(self, reduction: str = "mean", *, gradient: str = "mean", task: str = "classification") -> None:
        super().__init__(reduction, gradient=gradient)
        if task not in ("classification", "regression"):
            raise ValueError(f'task must be "classification" or "regression", received {task!r}')
        self.task = task

    def forward(self, output: Array, y: npt.ArrayLike) -> float:
        if self.task == "regression" and np.size(y) != output.size:
            raise ValueError(f"the output has shape {output.shape}, y has {np.shape(y)}: one number an output")
        self.difference = output - self._targets(output, y)
        self.divisor = {"mean": output.size, "per_sample": len(output), "sum": 1, "half_sum": 2}[self.reduction]
        return float(np.square(self.difference).sum()) / self.divisor

    def backward(self) -> Array:
        return self.difference * (2 * self._gradient_factor(len(self.difference)) / self.divisor)

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
