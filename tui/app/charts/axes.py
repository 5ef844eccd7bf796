"""Axes: the range that fits some values, its ticks and their labels, and how a range keeps still."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

# An axis ends in figures a person can read; what lies beyond is a gap in the curve.
LIMIT = 1e30
_LOG_DIGITS = (0.0, math.log10(2.0), math.log10(5.0))


@dataclass(frozen=True)
class Axis:
    """A range and the values it is marked at, ascending. With `log` all are base-10 logarithms."""

    low: float
    high: float
    ticks: tuple[float, ...]
    log: bool = False

    def position(self, value: float, cells: int, dots: int = 1) -> int:
        """The cell of `value` among `cells` of so many dots each, 0 at the low end; it may lie outside."""
        dot = 0.5 + (cells * dots - 1) * (value - self.low) / (self.high - self.low)
        # Rounded as plotext does it, so that marks and curves agree.
        return math.floor(round(dot, 8)) // dots

    def labels(self) -> list[str]:
        """The ticks' labels: one number of decimals for all, plain as Python prints them."""
        return [f"{10.0**tick:g}" for tick in self.ticks] if self.log else _plain(self.ticks)


def nice_axis(low: float, high: float, intervals: int = 5) -> Axis:
    """The axis around [low, high] that begins and ends at a tick, in steps of 1, 2 or 5."""
    low, high = _widened(low, high)
    step = _nice_step((high - low) / intervals)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = _multiples(step, first, last)
    return Axis(ticks[0], ticks[-1], ticks)


def tight_axis(low: float, high: float, intervals: int = 4) -> Axis:
    """The axis that is [low, high] itself, marked at the steps of 1, 2 or 5 that lie in it."""
    low, high = _widened(low, high)
    step = _nice_step((high - low) / intervals)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return Axis(low, high, _multiples(step, first, last))


def log_axis(low: float, high: float, intervals: int = 4) -> Axis:
    """As `nice_axis` for base-10 logarithms: ends and ticks are the logarithms of 1, 2 and 5."""
    marks = [exponent + digit for exponent in range(math.floor(low) - 1, math.ceil(high) + 2) for digit in _LOG_DIGITS]
    first = max(mark for mark in marks if mark <= low + 1e-9)
    last = min(mark for mark in marks if mark >= high - 1e-9)
    if last - first < 0.5:
        last = min(mark for mark in marks if mark > first + 0.5)
    ticks = [mark for mark in marks if first <= mark <= last]
    if len(ticks) > intervals + 2:
        decades = range(math.ceil(first - 1e-9), math.floor(last + 1e-9) + 1)
        ticks = [float(decade) for decade in decades[:: math.ceil(len(decades) / (intervals + 1))]]
    return Axis(first, last, tuple(ticks), log=True)


def steady_axis(previous: Axis | None, low: float, high: float, log: bool = False) -> Axis:
    """The previous axis, unless the values [low, high] leave it or use less than half of it."""
    if previous is not None and previous.log == log:
        inside = previous.low <= low and high <= previous.high
        wide_low, wide_high = _widened(low, high)
        if inside and wide_high - wide_low >= 0.5 * (previous.high - previous.low):
            return previous
    return log_axis(low, high) if log else nice_axis(low, high)


def spaced_ticks(axis: Axis, cells: int, least: int = 2, dots: int = 1) -> list[tuple[int, str]]:
    """(cell, label) of every k-th tick, k the smallest that leaves `least` cells from one to the next."""
    marks = [(axis.position(tick, cells, dots), label) for tick, label in zip(axis.ticks, axis.labels(), strict=True)]
    for stride in range(1, len(marks)):
        chosen = marks[::stride]
        if all(after[0] - before[0] >= least for before, after in pairwise(chosen)):
            # Where there is room for two labels only, the ends say most.
            return chosen if len(chosen) > 2 else [marks[0], marks[-1]]
    return marks[:1]


def epoch_ticks(x_max: float, width: int) -> list[float]:
    """Where to mark `width` cells of epochs from 1 to `x_max`: at 1 and at a few round numbers."""
    last = math.floor(x_max)
    if last <= 1:
        return [1.0]
    most = max(1, min(5, width // 12))
    for count in range(most, 1, -1):
        if last % count == 0 and _is_round(last // count):
            ticks = [float(last // count * i) for i in range(1, count + 1)]
            return [1.0, *(tick for tick in ticks if tick > 1)]
    if most == 1:
        return [1.0, float(last)]
    step = max(1, int(_nice_step(last / most)))
    ticks = [float(tick) for tick in range(step, last + 1, step) if tick > 1]
    # The end of the run is worth its number wherever it does not touch its neighbour's.
    if not ticks or last - ticks[-1] >= 0.5 * step:
        ticks.append(float(last))
    return [1.0, *ticks]


def window_ticks(low: float, high: float, width: int) -> list[float]:
    """Where to mark `width` cells of the epochs from `low` to `high`: at round numbers, at least at one epoch."""
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    if last < first:
        return []
    step = max(1, round(_nice_step(max((high - low) / max(1, min(6, width // 12)), 1e-9))))
    ticks = [float(tick) for tick in range(-(-first // step) * step, last + 1, step)]
    return ticks or [float(first)]


def _widened(low: float, high: float) -> tuple[float, float]:
    """[low, high], or room around it where it is a single value."""
    size = max(abs(low), abs(high))
    if high - low > max(1e-9 * size, 1e-12):
        return low, high
    room = 0.1 * size if size > 1e-9 else 0.5
    return low - room, high + room


def _nice_step(step: float) -> float:
    """The least of 1, 2 and 5 times a power of ten that is not below `step`."""
    power = 10.0 ** math.floor(math.log10(step))
    for digit in (1.0, 2.0, 5.0):
        if digit * power >= step * (1 - 1e-9):
            return digit * power
    return 10.0 * power


def _multiples(step: float, first: int, last: int) -> tuple[float, ...]:
    # Rounding takes the 0.30000000000000004 out of 3 * 0.1.
    digits = max(0, 2 - math.floor(math.log10(step)))
    return tuple(round(step * i, digits) + 0.0 for i in range(first, last + 1))


def _plain(values: Sequence[float]) -> list[str]:
    """The values with the fewest digits that tell them apart and are true to them."""
    greatest = max((abs(value) for value in values), default=0.0)
    near = 1e-3 * (max(values) - min(values) if len(values) > 1 else greatest)
    form = "g" if greatest >= 1e6 or 0 < greatest < 1e-3 else "f"
    labels: list[str] = []
    for digits in range(17):
        labels = [f"{value:.{digits}{form}}" for value in values]
        if all(abs(float(label) - value) <= near for label, value in zip(labels, values, strict=True)):
            break
    return labels


def _is_round(number: int) -> bool:
    while number % 10 == 0:
        number //= 10
    return number in (1, 2, 3, 4, 5, 6, 8, 15, 25)
