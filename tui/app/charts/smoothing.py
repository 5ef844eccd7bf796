"""The exponential moving average of a curve, as TensorBoard draws it: debiased, gaps left out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tui.app.charts.axes import LIMIT
from tui.app.charts.data import Series

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Average:
    """How far an average has come: its biased sum, and how many values it is of."""

    sum: float = 0.0
    count: int = 0


def ema(values: Array, weight: float, before: Average | None = None) -> tuple[Array, Average]:
    """The moving average of (n,) values, and what to go on from with further ones.

    s_t = weight * s_(t-1) + (1 - weight) * x_t with s_0 = 0, divided by 1 - weight^t (Kingma and Ba 2015, section 3, as
    in TensorBoard), where t counts the values that are numbers. What is none is NaN in the average too.

    Raises ValueError for a weight outside [0, 1).
    """
    if not 0 <= weight < 1:
        raise ValueError(f"weight must be in [0, 1), got {weight}")
    before = before or Average()
    with np.errstate(invalid="ignore"):
        known = np.abs(values) <= LIMIT  # what is greater would stay in the average for good
    x = values[known] * (1 - weight)
    # Sums over 1, 2, 4, ... values: a few passes over the whole instead of a loop over each value.
    sums, power, step = x.copy(), weight, 1
    while step < x.size and power > 1e-40:
        # The right side is read before it is written: NumPy buffers where both overlap.
        sums[step:] = sums[step:] + power * sums[:-step]
        power, step = power * power, 2 * step
    count = before.count + np.arange(1, x.size + 1)
    sums += before.sum * weight ** np.arange(1, x.size + 1)
    result = np.full(values.shape, np.nan)
    result[known] = sums / (1 - weight**count) if weight else sums
    after = Average(float(sums[-1]), before.count + x.size) if x.size else before
    return result, after


def smoothed(
    name: str,
    draw: Callable[[float], tuple[Array, Array]],
    weight: float,
    make: Callable[..., Series],
) -> list[Series]:
    """A curve as it was measured, under its moving average where there is one. ``draw(weight)`` gives its points."""
    if not weight:
        return [make(name, *draw(0.0))]
    return [make("", *draw(0.0), raw=True), make(name, *draw(weight), bold=True)]
