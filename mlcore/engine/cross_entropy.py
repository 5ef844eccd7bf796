"""Cross-entropy with class weights, label smoothing or an epsilon in its logarithm, over outputs z (C, n)."""

from collections.abc import Callable
from functools import partial
from math import nan

import numpy as np

from mlcore._typing import Array
from mlcore.engine.batches import Window
from mlcore.engine.figures import LossKernel, Progress, hits
from mlcore.engine.updates import Operation
from mlcore.losses import CrossEntropyLoss


def is_plain(loss: CrossEntropyLoss) -> bool:
    """Whether it is -log p of the right class, and nothing else."""
    return loss.weight is None and not loss.label_smoothing and not loss.epsilon


def general_cross_entropy(loss: CrossEntropyLoss, z: Array, dz: Array, window: Window) -> LossKernel:
    """With p = softmax(z), Y = w ((1 - s) T + s / C) and V = Y p / (p + epsilon), a row a class:

    L = -sum Y log(p + epsilon) / d, dz = (p sum_classes V - V) / d. w: class weights, s: label smoothing, d: the
    weights of the batch's labels (without class weights its samples), 1 where the loss is a sum. Where d is 0, dz is 0.
    """
    classes, n = z.shape
    batches, T, right = window.batches, window.targets.T, window.targets.right
    weight = np.ones(classes) if loss.weight is None else loss.weight
    s, zero = loss.label_smoothing, np.zeros((), z.dtype)
    slope = np.repeat((weight * (1 - s))[:, None], n, axis=1).astype(z.dtype)
    floor = np.repeat((weight * (s / classes))[:, None], n, axis=1).astype(z.dtype)
    row, ones, ones_n = weight[None].astype(z.dtype), np.ones((classes, 1), z.dtype), np.ones((n, 1), z.dtype)
    epsilon = np.array(loss.epsilon, z.dtype)
    best, wide, p, q, V = np.empty((1, n), z.dtype), *(np.empty_like(z) for _ in range(4))
    shifted, logs, Y = (np.zeros((batches, *z.shape), z.dtype) for _ in range(3))
    weighted = loss.reduction == "mean" and loss.weight is not None
    divisors = np.full((batches, 1, 1), n if loss.reduction == "mean" else 1, z.dtype)
    share, counts = np.full((), 1 / divisors[0, 0, 0], z.dtype), np.ones((), z.dtype)
    least = np.array(np.finfo(z.dtype).tiny, z.dtype)

    def spread(line: Array) -> Operation:
        return partial(ones.dot, line, wide)  # in every row: broadcasting would go through a buffer, and take longer

    gradient: list[list[Operation]] = []
    for k in range(batches):
        program: list[Operation] = [
            partial(np.maximum.reduce, z, 0, None, best[0]),
            spread(best),
            partial(np.subtract, z, wide, shifted[k]),
            partial(np.exp, shifted[k], p),
            partial(ones.T.dot, p, best),
            partial(np.log, best, best),
            spread(best),
            partial(np.subtract, shifted[k], wide, logs[k]),
            partial(np.exp, logs[k], p),
            partial(np.multiply, T[k], slope, Y[k]),
            partial(np.add, Y[k], floor, Y[k]),
        ]
        v = Y[k]
        if loss.epsilon:
            program += [partial(np.add, p, epsilon, q), partial(np.log, q, logs[k])]
            program += [partial(np.multiply, Y[k], p, V), partial(np.divide, V, q, V)]
            v = V
        program += [partial(ones.T.dot, v, best), spread(best), partial(np.multiply, p, wide, dz)]
        program.append(partial(np.subtract, dz, v, dz))
        if weighted:  # share = 1 / d, or 0 where d is 0
            d = divisors[k].reshape(())
            program += [partial(row.dot, T[k], best), partial(best.dot, ones_n, divisors[k])]
            program += [partial(np.sign, d, counts), partial(np.maximum, d, least, out=share)]
            program.append(partial(np.divide, counts, share, share))
        if loss.reduction == "mean" and loss.gradient == "mean":
            program.append(partial(np.multiply, dz, share, dz))
        elif weighted:
            program.append(partial(np.multiply, dz, counts, dz))
        gradient.append(program)

    def figures(slots: slice) -> Callable[[], Progress]:
        y, log_p = Y[slots], logs[slots]
        picked, sums, count_hits = np.empty_like(y), np.empty(len(y), y.dtype), hits(shifted[slots], right[slots])
        all_picked, all_divisors = picked.reshape(len(y), -1), divisors[slots, 0, 0]

        def work_out() -> Progress:
            np.multiply(log_p, y, picked)
            np.add.reduce(all_picked, axis=1, out=sums)
            np.divide(sums, all_divisors, sums)
            losses = [-value for value in sums.tolist()]
            if not weighted:
                return Progress(losses, n, count_hits(zero))
            weights = all_divisors.tolist()
            losses = [value if weight else nan for value, weight in zip(losses, weights, strict=True)]
            return Progress(losses, n, count_hits(zero), weights)

        return work_out

    return LossKernel(gradient, figures, divisors[:, 0, 0] if weighted else None)
