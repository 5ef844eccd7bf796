"""Central differences (L(w + eps) - L(w - eps)) / (2 eps) of one tensor, and how far to trust them.

The error is about eps^2 L''' / 6 (curvature) plus 1e-16 |L| / eps (rounding): near eps = 1e-5 both are
small, in float64. A ReLU bends at 0. Where w + eps and w - eps lie on two sides of a bend the quotient
means nothing: the entry is labelled as a kink and tried again with a tenth of eps; if that crosses too, it
is not judged.
"""

import numpy as np

from mlcore._typing import Array
from mlcore.gradcheck.objective import Objective


class Differences:
    """The differences of the entries `chosen` (flat indices) of `data`, filled in by `measure`.

    All arrays have one number a chosen entry. gradient: the difference; plus, minus: the loss on both
    sides; rounding: how far rounding may have moved the difference; kink: it crossed a kink; judged: it
    means something.
    """

    def __init__(
        self,
        objective: Objective,
        data: Array,
        chosen: Array,
        analytic: Array,
        eps: float,
        rtol: float,
        atol: float,
    ) -> None:
        self.objective, self.data, self.chosen, self.analytic = objective, data, chosen, analytic
        self.eps, self.rtol, self.atol = eps, rtol, atol
        count = len(chosen)
        self._measured = np.zeros((4, count))
        self.gradient, self.plus, self.minus, self.rounding = self._measured
        self.kink = np.zeros(count, dtype=bool)
        self.judged = np.ones(count, dtype=bool)

    def measure(self, position: int) -> None:
        """Measure the entry chosen[position]."""
        for eps in (self.eps, self.eps / 10):
            crossed = self._central(position, eps)
            self.kink[position] |= crossed
            if not crossed:
                self._measure_finer(position)
                return
        self.judged[position] = False

    def tolerance(self) -> Array:
        """How far the analytic gradient may lie from the difference, entry by entry."""
        largest = np.abs(self.gradient[self.judged]).max(initial=0.0)
        tolerance: Array = self.rtol * np.abs(self.gradient) + self.atol * largest + self.rounding
        return tolerance

    def agrees(self, analytic: Array) -> Array:
        """Booleans: the entry is within the tolerance, or cannot be judged."""
        with np.errstate(invalid="ignore"):
            right: Array = (np.abs(analytic - self.gradient) <= self.tolerance()) | ~self.judged
        return right

    def look_for_hidden_kinks(self) -> None:
        """Look again at entries that came out wrong: a layer may bend without saying so in its kink_mask.

        At a bend the slopes to the right and to the left differ however small the step; along a curve their
        difference shrinks with it. And a bend within eps makes the difference change with eps, beyond rounding.
        """
        for position in np.flatnonzero(~self.agrees(self.analytic)).tolist():
            before = self._measured[:, position].copy()
            wide = self._jump(position, self.eps)
            self._central(position, self.eps / 10)
            narrow = self._jump(position, self.eps / 10)
            if narrow > max(wide / 2, self.rounding[position]):
                self.kink[position], self.judged[position] = True, False
                continue
            changed = abs(self.gradient[position] - before[0]) > self.rounding[position]
            if changed and self._agrees(position):
                self.kink[position] = True
            else:
                self._measured[:, position] = before

    def _central(self, position: int, eps: float) -> bool:
        """Measure by a plain central difference. Returns whether it crossed a kink."""
        plus, minus, crossed = self.objective.both_sides(self.data, int(self.chosen[position]), eps)
        gradient = (plus - minus) / (2 * eps)
        self._measured[:, position] = gradient, plus, minus, self.objective.rounding(plus, minus, eps)
        return crossed

    def _agrees(self, position: int) -> bool:
        return bool(self.agrees(self.analytic)[position])

    def _jump(self, position: int, eps: float) -> float:
        """The slope to the right less the slope to the left."""
        plus, minus, _ = self.objective.both_sides(self.data, int(self.chosen[position]), eps)
        return abs(plus + minus - 2 * self.objective.value) / eps

    def _measure_finer(self, position: int) -> None:
        """Where the two numbers do not quite agree, find out whether the difference is to blame.

        Four points leave nothing of the curvature, which matters for large inputs. Where rounding could explain the
        gap they are moved further and further apart, as long as the results settle down.
        """
        analytic, first, rounding = self.analytic[position], self.gradient[position], self.rounding[position]
        gap, size = abs(analytic - first), max(abs(analytic), abs(first))
        if gap <= 1e-7 * size or gap > max(10 * rounding, 0.1 * size):
            return
        steps = (1,) if gap > 10 * rounding else (1, 10, 30, 100)
        for factor in steps:
            gradient, uncertain, crossed = self._four_points(position, factor * self.eps)
            if factor > 1:  # what is left of rounding or has come from curvature shows as a change
                uncertain += abs(gradient - self.gradient[position])
            if crossed or (factor > 1 and uncertain >= self.rounding[position]):
                return
            self.gradient[position], self.rounding[position] = gradient, uncertain

    def _four_points(self, position: int, h: float) -> tuple[float, float, bool]:
        """D = (8 (L(h) - L(-h)) - (L(2h) - L(-2h))) / (12 h), whose error falls with h^4; its rounding; a kink?"""
        entry = int(self.chosen[position])
        plus, minus, crossed = self.objective.both_sides(self.data, entry, h)
        plus2, minus2, crossed2 = self.objective.both_sides(self.data, entry, 2 * h)
        gradient = (8 * (plus - minus) - (plus2 - minus2)) / (12 * h)
        return gradient, 1.5 * self.objective.rounding(plus2, minus2, h), crossed or crossed2
