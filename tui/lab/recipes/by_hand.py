"""What a sheet asks to write by hand, in its own formulas, so that a run can be held against it."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from mlcore import DeltaRule, one_hot, softmax
from mlcore.perceptron import with_bias_input
from tui.lab.build import Prepared, network, order_rng
from tui.lab.spec import Spec

BLOCK = 1_000
"""Samples that are scaled at a time."""
FAR = 1e6
"""A mean error no experiment comes back from."""


def softmax_regression(spec: Spec, data: Prepared) -> list[float]:
    """J before each of the sheet's full-batch steps, from the run's own first weights.

    Yhat = softmax(X W + B), J = -(1/n) sum Y log(Yhat + epsilon), W -= step X^T G / n, likewise B. G is Yhat - Y
    where epsilon is 0; otherwise each sample's row shrinks by p / (p + epsilon), p the probability of its class.
    """
    X, y = data.ready(data.train[0]), data.train[1]
    classes = len(data.class_names)
    first = network(spec, data.in_features, classes).state_dict()
    W, B = first["0.weight"].T.copy(), first["0.bias"].copy()  # (d, p) and (p,)
    Y, n, losses = one_hot(y, classes), len(X), []
    for _ in range(spec.training.epochs):
        Yhat = softmax(X @ W + B)
        losses.append(-float((Y * np.log(Yhat + spec.training.epsilon)).sum()) / n)
        p = (Y * Yhat).sum(axis=1, keepdims=True)
        G = (Yhat - Y) * (p / (p + spec.training.epsilon))
        W -= spec.training.lr * (X.T @ G) / n
        B -= spec.training.lr * G.sum(axis=0) / n
    return losses


def delta_rule_errors(spec: Spec, data: Prepared) -> list[float]:
    """Mean of 1/2 |t - y|^2 in each pass, from the run's own first weights and in its own order."""
    classes = len(data.class_names)
    first = network(spec, data.in_features, classes).state_dict()
    model = DeltaRule(data.in_features, classes, rng=np.random.default_rng(spec.seed))
    model.W = np.column_stack([first["0.weight"], first["0.bias"]])
    return [_pass(model, data, spec.training.lr, order) for order in _orders(spec, data, order_rng(spec))]


def largest_difference(ours: Sequence[float | None], theirs: Sequence[float]) -> float | None:
    """None where they are not equally many, or one of ours is no number."""
    if len(ours) != len(theirs) or None in ours:
        return None
    return float(np.abs(np.array(ours, dtype=np.float64) - theirs).max())


def delta_rule_accuracy(spec: Spec, data: Prepared, *, std: float) -> float | None:
    """Share of the test part that the delta rule gets right from W ~ N(0, std^2); None without a test part."""
    if data.test is None:
        return None
    model = DeltaRule(data.in_features, len(data.class_names), std=std, rng=np.random.default_rng(spec.seed))
    for order in _orders(spec, data, np.random.default_rng(spec.seed + 1)):
        _pass(model, data, spec.training.lr, order)
    X, y = data.test
    starts = range(0, len(X), BLOCK)
    return sum(int((model.predict(data.ready(X[k : k + BLOCK])) == y[k : k + BLOCK]).sum()) for k in starts) / len(X)


def runs_away(spec: Spec, data: Prepared, *, eta: float) -> bool:
    """Whether the delta rule leaves the numbers within a pass at this learning rate."""
    model = DeltaRule(data.in_features, len(data.class_names), std=0.01, rng=np.random.default_rng(spec.seed))
    order = np.random.default_rng(spec.seed + 1).permutation(len(data.train[0]))
    return not _pass(model, data, eta, order) < FAR


def _orders(spec: Spec, data: Prepared, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    for _ in range(spec.training.epochs):
        yield rng.permutation(len(data.train[0]))


def _pass(model: DeltaRule, data: Prepared, eta: float, order: NDArray[np.int64]) -> float:
    """The model learns from each sample in this order; the mean of 1/2 |t - y|^2 as they were met.

    As `DeltaRule.fit` does, but only a few samples at a time are scaled.
    """
    X, y = data.train
    total = 0.0
    with np.errstate(all="ignore"):
        for start in range(0, len(order), BLOCK):
            rows = order[start : start + BLOCK]
            for x, t in zip(with_bias_input(data.ready(X[rows])), one_hot(y[rows], len(model.W)), strict=True):
                error = model.update(x, t, eta)
                total += 0.5 * float(error @ error)
    return total / len(order)
