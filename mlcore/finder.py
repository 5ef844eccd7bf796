"""A learning-rate finder (Smith 2017): train a little while the learning rate grows, and watch the loss.

The loss stands still while the rate is too small, then falls, and rises when it is too large. A good rate is where
the fall is steepest. Everything is put back afterwards.
"""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from math import isnan
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array
from mlcore.layers import Layer
from mlcore.losses import Loss
from mlcore.optim import Optimizer
from mlcore.put_back import put_back
from mlcore.samples import Rows
from mlcore.train import Position, StepDone, fit


@dataclass(frozen=True)
class LRPoint:
    """One iteration: the rate, the loss of its batch before the update, and the smoothed loss so far."""

    lr: float
    loss: float
    smoothed: float


@dataclass(frozen=True)
class LRCurve:
    """points: all iterations. suggestion: the rate where the smoothed loss falls fastest; None where it never does.

    reason: why it ended: "end", "rising" (the smoothed loss was stop_factor times its least) or "not finite".
    """

    points: tuple[LRPoint, ...]
    suggestion: float | None
    reason: str


def find_lr(
    network: Layer,
    loss: Loss,
    optimizer: Optimizer,
    train: tuple[npt.ArrayLike | Rows, npt.ArrayLike],
    *,
    batch_size: int | str,
    rng: np.random.Generator,
    start: float = 1e-7,
    end: float = 10.0,
    iterations: int = 100,
    smoothing: float = 0.9,
    stop_factor: float = 4.0,
    scale: npt.ArrayLike = 1.0,
    shift: npt.ArrayLike = 0.0,
) -> LRCurve:
    """Train `iterations` batches while lr grows from start to end by a constant factor, and judge the losses.

    smoothed: the exponential average s = smoothing s + (1 - smoothing) loss, divided by 1 - smoothing^k at the k-th
    batch, for it began at 0. It ends early when that is stop_factor times its least, or something is no
    longer finite. A batch that takes no part, for its class weights are all 0, is passed over.

    train, batch_size, rng, scale, shift: as `fit` takes them. Raises ValueError as `fit` does.
    """
    *_, curve = iter_find_lr(
        network,
        loss,
        optimizer,
        train,
        batch_size=batch_size,
        rng=rng,
        start=start,
        end=end,
        iterations=iterations,
        smoothing=smoothing,
        stop_factor=stop_factor,
        scale=scale,
        shift=shift,
    )
    assert isinstance(curve, LRCurve)
    return curve


def iter_find_lr(
    network: Layer,
    loss: Loss,
    optimizer: Optimizer,
    train: tuple[npt.ArrayLike | Rows, npt.ArrayLike],
    *,
    batch_size: int | str,
    rng: np.random.Generator,
    start: float = 1e-7,
    end: float = 10.0,
    iterations: int = 100,
    smoothing: float = 0.9,
    stop_factor: float = 4.0,
    scale: npt.ArrayLike = 1.0,
    shift: npt.ArrayLike = 0.0,
) -> Iterator[LRPoint | LRCurve]:
    """`find_lr` step by step: a point after each batch, the curve last.

    Weights, gradients, buffers, modes, the optimiser and all random generators are back in place when it ends,
    or is closed before its end.
    """
    if not 0 < start < end or iterations < 2 or not 0 <= smoothing < 1:
        raise ValueError(
            "find_lr needs 0 < start < end, at least 2 iterations and smoothing in 0..1, "
            f"received {start}, {end}, {iterations} and {smoothing}"
        )
    lrs = np.geomspace(start, end, iterations)
    kept, lr, order = optimizer.state_dict(), optimizer.lr, rng.bit_generator.state
    points: list[LRPoint] = []
    reason = "end"
    with put_back(network, loss):
        try:
            for parameter in network.parameters():
                parameter.grad = parameter.grad.copy()  # put_back brings the arrays back, not what was in them
            optimizer.lr = start
            options = {"batch_size": batch_size, "rng": rng, "scale": scale, "shift": shift}
            # Closed before the optimiser is put back: what ends late would put it back to what it found.
            with closing(_rising(network, loss, optimizer, train, lrs, smoothing, options)) as rising:
                for point in rising:
                    if point is None:
                        reason = "not finite"
                        break
                    points.append(point)
                    yield point
                    if point.smoothed > stop_factor * min(earlier.smoothed for earlier in points):
                        reason = "rising"
                        break
        finally:
            optimizer.load_state_dict(kept)
            optimizer.lr = lr
            rng.bit_generator.state = order
    yield LRCurve(tuple(points), _steepest(points), reason)


def _rising(
    network: Layer,
    loss: Loss,
    optimizer: Optimizer,
    train: tuple[npt.ArrayLike | Rows, npt.ArrayLike],
    lrs: Array,
    smoothing: float,
    options: dict[str, Any],
) -> Generator[LRPoint | None, None, None]:
    """A point for each rate, as long as all is finite; None where it no longer is."""
    position = Position(lr=float(lrs[0]))
    average, count = 0.0, 0
    # What rises is for the caller to judge: no loss is beyond reason.
    events = fit(network, loss, optimizer, train, epochs=len(lrs), position=position, explosion=None, **options)
    for event in events:
        if isinstance(event, StepDone) and not isnan(event.loss):
            average = smoothing * average + (1 - smoothing) * event.loss
            count += 1
            yield LRPoint(float(lrs[count - 1]), event.loss, average / (1 - smoothing**count))
            if count == len(lrs):
                return
            position.lr = float(lrs[count])
    yield None  # fit ended early: something was not finite


def _steepest(points: list[LRPoint]) -> float | None:
    """The rate at which the smoothed loss falls fastest over log(lr), up to where it is least.

    The fall is measured over a tenth of the points, and the first tenth is left out: there the average is of few
    batches, and still as noisy as they are.
    """
    if not points:
        return None
    losses = np.array([point.smoothed for point in points])
    half = max(1, len(losses) // 20)
    middles = np.arange(3 * half, min(int(losses.argmin()), len(losses) - 1 - half) + 1)
    if not len(middles):
        return None
    falls = losses[middles - half] - losses[middles + half]
    best = int(falls.argmax())
    return points[int(middles[best])].lr if falls[best] > 0 else None
