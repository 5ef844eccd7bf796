"""What a sheet asks to write by hand, in its own formulas, so that a run can be held against it."""

from collections.abc import Sequence

import numpy as np

from mlcore import DeltaRule, one_hot, softmax
from tui.lab.build import Prepared, network, order_rng
from tui.lab.spec import Spec

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
    X, y = data.train
    return list(model.fit(data.ready(X), y, eta=spec.training.lr, passes=spec.training.epochs, rng=order_rng(spec)))


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
    order = np.random.default_rng(spec.seed + 1)
    X, y = data.train
    for _ in model.fit(data.ready(X), y, eta=spec.training.lr, passes=spec.training.epochs, rng=order):
        pass
    return float((model.predict(data.ready(data.test[0])) == data.test[1]).mean())


def runs_away(spec: Spec, data: Prepared, *, eta: float) -> bool:
    """Whether the delta rule leaves the numbers within a pass at this learning rate."""
    model = DeltaRule(data.in_features, len(data.class_names), std=0.01, rng=np.random.default_rng(spec.seed))
    X, y = data.train
    (error,) = model.fit(data.ready(X), y, eta=eta, passes=1, rng=np.random.default_rng(spec.seed + 1))
    return not error < FAR
