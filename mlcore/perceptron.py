"""The perceptron and the delta rule: one layer of weights that learns from one sample at a time.

Both do the same to the weights W when a sample x with target t has given the output y:

    W += eta (t - y) x^T

They differ in y. The perceptron's is 1 or 0 (Rosenblatt 1958): it only learns from mistakes. The delta rule's is the
sum W x itself (Widrow and Hoff 1960): this is gradient descent on the squared error 1/2 |t - W x|^2.

The bias is the weight of a further input that is always 1.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array, IntArray
from mlcore.losses import one_hot


def with_bias_input(X: npt.ArrayLike) -> Array:
    """X (n, d) with a last column of ones: (n, d + 1), float64."""
    X = np.asarray(X, dtype=np.float64)
    X = X.reshape(len(X), -1)
    return np.column_stack([X, np.ones(len(X))])


class DeltaRule:
    """Linear units y = W [x, 1], one a class. The class predicted is that of the largest.

    Shapes: W (num_classes, in_features + 1), the last column the biases; x (in_features,) or a batch (n,
    in_features). W starts from N(0, std^2), drawn by rng. A large eta diverges: see `mlcore.stability.input_limit`.
    """

    def __init__(self, in_features: int, num_classes: int, *, std: float = 0.01, rng: np.random.Generator) -> None:
        self.W: Array = rng.normal(0, std, (num_classes, in_features + 1))

    def forward(self, X: npt.ArrayLike) -> Array:
        """The outputs (n, num_classes) for X (n, in_features)."""
        return self.activate(with_bias_input(X) @ self.W.T)

    def activate(self, sums: Array) -> Array:
        """From the sums W x to the outputs."""
        return sums

    def update(self, x: Array, t: Array, eta: float) -> Array:
        """One sample x (in_features + 1,), its bias input included, with target t (num_classes,). Returns t - y."""
        error: Array = t - self.activate(self.W @ x)
        self.W += eta * np.outer(error, x)
        return error

    def fit(
        self, X: npt.ArrayLike, y: npt.ArrayLike, *, eta: float, passes: int, rng: np.random.Generator
    ) -> Iterator[float]:
        """Goes through all samples `passes` times, each time in a fresh random order; y labels or one-hot rows.

        Yields, after each pass, the mean of 1/2 |t - y|^2 of its samples as they were met. It ends after the pass
        in which a weight has become infinite or NaN: eta was too large.
        """
        inputs = with_bias_input(X)
        targets = one_hot(y, len(self.W))
        for _ in range(passes):
            total = 0.0
            with np.errstate(all="ignore"):
                for i in rng.permutation(len(inputs)):
                    error = self.update(inputs[i], targets[i], eta)
                    total += 0.5 * float(error @ error)
            yield total / len(inputs)
            if not np.isfinite(self.W).all():
                return

    def predict(self, X: npt.ArrayLike) -> IntArray:
        """The class with the largest sum for each row of X: (n,)."""
        classes: IntArray = (with_bias_input(X) @ self.W.T).argmax(axis=1)
        return classes


class Perceptron(DeltaRule):
    """Units with a step at the end: y = 1 where W [x, 1] > 0, else 0.

    W only changes for a sample that is answered wrongly. Where a line separates the classes it comes to rest after a
    finite number of mistakes (Novikoff 1962); elsewhere never.
    """

    def activate(self, sums: Array) -> Array:
        return np.where(sums > 0, 1.0, 0.0)
