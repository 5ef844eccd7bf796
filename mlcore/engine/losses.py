"""The losses over outputs z (C, n), a column a sample: their gradient at each step, their values when asked for.

A step only needs dz, the gradient. What the value is made of stays in the slot of its batch, and losses and hits are
worked out from there for several batches at once.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from mlcore._typing import Array
from mlcore.engine.batches import Window
from mlcore.engine.cross_entropy import general_cross_entropy, is_plain
from mlcore.engine.figures import LossKernel, Progress, agreeing, hits
from mlcore.engine.updates import Operation
from mlcore.losses import BCEWithLogitsLoss, CrossEntropyLoss, Loss, MSELoss


def cross_entropy(loss: CrossEntropyLoss, z: Array, dz: Array, window: Window) -> LossKernel:
    """With the largest z of each column subtracted: L = (sum log(sum exp z) - z[y]) / n, dz = (softmax(z) - T) / n.

    So that nothing is left to divide, T is made of 1 / n, and the softmax's denominator is n sum(exp z).
    """
    if not is_plain(loss):
        return general_cross_entropy(loss, z, dz, window)
    classes, n = z.shape
    batches, T, right = window.batches, window.targets.T, window.targets.right
    divisor = n if loss.reduction == "mean" else 1
    scale = 1 if loss.gradient == "sum" else divisor
    window.targets.unit = unit = 1 / scale
    best, wide, ones = np.empty((1, n), z.dtype), np.empty_like(z), np.ones((classes, 1), z.dtype)
    scales, zero = np.full_like(ones, scale), np.zeros((), z.dtype)
    shifted, total = _slots(z, batches), np.ones((batches, n), z.dtype)
    gradient: list[list[Operation]] = [
        [
            partial(np.maximum.reduce, z, 0, None, best[0]),
            partial(ones.dot, best, wide),  # in every row: broadcasting would go through a buffer, and take longer
            partial(np.subtract, z, wide, shifted[k]),
            partial(np.exp, shifted[k], dz),
            partial(ones.T.dot, dz, total[k : k + 1]),
            partial(scales.dot, total[k : k + 1], wide),
            partial(np.divide, dz, wide, dz),
            partial(np.subtract, dz, T[k], dz),
        ]
        for k in range(batches)
    ]

    def figures(slots: slice) -> Callable[[], Progress]:
        z, t, totals = shifted[slots], T[slots], total[slots]
        logs, picked = np.empty_like(totals), np.empty_like(t)
        all_picked, sums = picked.reshape(len(t), -1), np.empty((2, len(t)), t.dtype)
        count_hits = hits(z, right[slots])

        def work_out() -> Progress:
            np.log(totals, logs)
            np.add.reduce(logs, axis=1, out=sums[0])
            np.multiply(z, t, picked)
            np.add.reduce(all_picked, axis=1, out=sums[1])
            losses = [(a - b / unit) / divisor for a, b in zip(*sums.tolist(), strict=True)]
            return Progress(losses, n, count_hits(zero))

        return work_out

    return LossKernel(gradient, figures)


def mse(loss: MSELoss, z: Array, dz: Array, window: Window) -> LossKernel:
    """L = sum (z - T)^2 / divisor, dz = 2 (z - T) / divisor."""
    classes, n = z.shape
    batches, T, right = window.batches, window.targets.T, window.targets.right
    divisor = {"mean": z.size, "per_sample": n, "sum": 1, "half_sum": 2}[loss.reduction]
    factor = np.array(2 * _gradient_factor(loss, n) / divisor, z.dtype)
    outputs, difference = _slots(z, batches), np.zeros_like(T)
    gradient: list[list[Operation]] = [
        [
            *_keep(z, outputs[k]),
            partial(np.subtract, z, T[k], difference[k]),
            partial(np.multiply, difference[k], factor, dz),
        ]
        for k in range(batches)
    ]
    half = np.array(0.5, z.dtype)

    def figures(slots: slice) -> Callable[[], Progress]:
        z, wanted, squares = outputs[slots], right[slots], squares_of(slots)
        best, positive = np.empty((len(z), 1, n), z.dtype), np.empty(z.shape, bool)
        count_hits = hits(z, wanted)

        def work_out() -> Progress:
            losses = [float(square()) / divisor for square in squares]
            if classes == 1:
                return Progress(losses, n, agreeing(np.greater(z, half, positive), wanted))
            np.maximum.reduce(z, axis=1, out=best, keepdims=True)
            return Progress(losses, n, count_hits(best))

        return work_out

    def errors(slots: slice) -> Callable[[], Progress]:
        each, squares = difference[slots], squares_of(slots)
        doubles, sums = np.empty(each.shape), np.empty(each.shape[:2])

        def work_out() -> Progress:
            np.copyto(doubles, each)
            np.multiply(doubles, doubles, doubles)
            np.add.reduce(doubles, axis=2, out=sums)
            losses = [float(square()) / divisor for square in squares]
            return Progress(losses, n, 0, squared_errors=[row.tolist() for row in sums])

        return work_out

    def squares_of(slots: slice) -> list[Callable[[], Array]]:
        return [partial(row.dot, row) for row in difference[slots].reshape(len(T[slots]), -1)]

    return LossKernel(gradient, errors if loss.task == "regression" else figures)


def bce_with_logits(loss: BCEWithLogitsLoss, z: Array, dz: Array, window: Window) -> LossKernel:
    """L = sum (max(z, 0) - z T + log(1 + exp(-|z|))) / n, dz = (s - T) / n with s = 1 / (1 + exp(-z))."""
    n = z.shape[1]
    batches, T, right = window.batches, window.targets.T, window.targets.right
    divisor = n if loss.reduction == "mean" else 1
    factor, one = np.array(_gradient_factor(loss, n) / divisor, z.dtype), np.ones((), z.dtype)
    outputs = _slots(z, batches)
    gradient: list[list[Operation]] = [
        [
            *_keep(z, outputs[k]),
            partial(np.negative, z, dz),
            partial(np.exp, dz, dz),
            partial(np.add, dz, one, dz),
            partial(np.divide, one, dz, dz),
            partial(np.subtract, dz, T[k], dz),
            partial(np.multiply, dz, factor, dz),
        ]
        for k in range(batches)
    ]
    half, zero = np.array(0.5, z.dtype), np.zeros((), z.dtype)

    def figures(slots: slice) -> Callable[[], Progress]:
        z, t = outputs[slots], T[slots]
        e, s, sums = np.empty_like(t), np.empty_like(t), np.empty((len(t), 1), t.dtype)
        positive, likely = np.empty(t.shape, bool), np.empty(t.shape, bool)

        def work_out() -> Progress:
            np.abs(z, e)
            np.negative(e, e)
            np.exp(e, e)
            np.add(e, one, s)
            np.divide(one, s, s)  # the sigmoid of |z|: 1/2 also where z is too small for more
            np.greater(s, half, likely)
            np.greater(z, zero, positive)
            np.logical_and(positive, likely, positive)
            np.log1p(e, e)
            np.maximum(z, zero, out=s)
            np.add(e, s, e)
            np.multiply(z, t, s)
            np.subtract(e, s, e)
            np.add.reduce(e, axis=2, out=sums)
            losses = [value / divisor for value in sums[:, 0].tolist()]
            return Progress(losses, n, agreeing(positive, right[slots]))

        return work_out

    return LossKernel(gradient, figures)


LOSS_KERNELS: dict[type[Loss], Callable[[Any, Array, Array, Window], LossKernel]] = {
    CrossEntropyLoss: cross_entropy,
    MSELoss: mse,
    BCEWithLogitsLoss: bce_with_logits,
}


def _gradient_factor(loss: Loss, n: int) -> int:
    return n if loss.averages and loss.gradient == "sum" else 1


def _slots(z: Array, batches: int) -> Array:
    """Room for the outputs of each batch; of a single one they can stay where they are."""
    return z[None] if batches == 1 else np.zeros((batches, *z.shape), z.dtype)


def _keep(z: Array, slot: Array) -> list[Operation]:
    return [] if np.may_share_memory(z, slot) else [partial(slot.__setitem__, ..., z)]
