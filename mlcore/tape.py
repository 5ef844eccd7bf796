"""A tape of scalar operations, and the chain rule run backwards over it.

Every operation is written down with its value, the numbers it takes and its slope with respect to each of them. As
an operation can only take what stands before it, the tape is already in topological order: one walk from its end to
its beginning gives every gradient (reverse-mode differentiation, Linnainmaa 1970; micrograd's `backward`).
"""

import math
from collections.abc import Sequence
from typing import TypeAlias

Wire: TypeAlias = int
"""A number on the tape, by its place."""

SAFE_EXPONENT = 300
"""exp of this neither overflows nor underflows to 0, nor does a sum of many."""


class Tape:
    """Parallel lists, an entry a number: `ops`, `labels`, `values`, `inputs` and `slopes` (d value / d input).

    Raises ValueError when more than `limit` numbers are written down.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.ops: list[str] = []
        self.labels: list[str] = []
        self.values: list[float] = []
        self.inputs: list[tuple[Wire, ...]] = []
        self.slopes: list[tuple[float, ...]] = []

    def write(
        self, op: str, value: float, inputs: tuple[Wire, ...], slopes: tuple[float, ...], label: str = ""
    ) -> Wire:
        if len(self.values) >= self.limit:
            raise ValueError(f"the graph has more than {self.limit:,} nodes: take a network with fewer weights")
        self.ops.append(op)
        self.labels.append(label)
        self.values.append(value)
        self.inputs.append(inputs)
        self.slopes.append(slopes)
        return len(self.values) - 1

    def gradients(self, root: Wire) -> list[float]:
        """d root / d number, for every number on the tape."""
        gradients = [0.0] * len(self.values)
        gradients[root] = 1.0
        for wire in range(root, -1, -1):
            # A number that is used twice gets a share from each use: hence +=.
            for source, slope in zip(self.inputs[wire], self.slopes[wire], strict=True):
                gradients[source] += slope * gradients[wire]
        return gradients

    def name(self, wire: Wire, label: str) -> None:
        """Give a label to a number that has none."""
        self.labels[wire] = self.labels[wire] or label

    # Numbers that are given.

    def leaf(self, op: str, label: str, value: float) -> Wire:
        return self.write(op, value, (), (), label)

    def constant(self, value: float) -> Wire:
        return self.leaf("constant", f"{value:g}", value)

    # Operations of one and two numbers.

    def apply(self, op: str, a: Wire, value: float, slope: float) -> Wire:
        """A function of one number, with its value and its derivative there."""
        return self.write(op, value, (a,), (slope,))

    def add(self, a: Wire, b: Wire) -> Wire:
        return self.write("+", self.values[a] + self.values[b], (a, b), (1.0, 1.0))

    def mul(self, a: Wire, b: Wire) -> Wire:
        return self.write("*", self.values[a] * self.values[b], (a, b), (self.values[b], self.values[a]))

    def power(self, a: Wire, exponent: int) -> Wire:
        value = self.values[a]
        return self.apply(f"**{exponent}", a, value**exponent, exponent * value ** (exponent - 1))

    def exp(self, a: Wire) -> Wire:
        value = math.exp(self.values[a])
        return self.apply("exp", a, value, value)

    def log(self, a: Wire) -> Wire:
        return self.apply("log", a, math.log(self.values[a]), 1 / self.values[a])

    def sigmoid(self, a: Wire, detached: bool = False) -> Wire:
        """detached: it lets the gradient through unchanged, as `mlcore.Sigmoid` has it."""
        e = math.exp(-abs(self.values[a]))
        s = (1 if self.values[a] >= 0 else e) / (1 + e)
        return self.apply("sigmoid, detached", a, s, 1.0) if detached else self.apply("sigmoid", a, s, s * (1 - s))

    def softplus(self, a: Wire) -> Wire:
        value = self.values[a]
        e = math.exp(-abs(value))
        return self.apply("softplus", a, max(value, 0.0) + math.log1p(e), (1 if value >= 0 else e) / (1 + e))

    # What is made of them.

    def negative(self, a: Wire) -> Wire:
        """a * -1."""
        return self.mul(a, self.constant(-1.0))

    def subtract(self, a: Wire, b: Wire) -> Wire:
        """a + b * -1."""
        return self.add(a, self.negative(b))

    def sum(self, terms: Sequence[Wire]) -> Wire:
        """From the left, two at a time; of no terms, 0."""
        if not terms:
            return self.constant(0.0)
        total = terms[0]
        for term in terms[1:]:
            total = self.add(total, term)
        return total

    def weighted(self, terms: Sequence[tuple[float, Wire]]) -> Wire:
        """sum of q a over the pairs (q, a); a factor of 1 is not written down."""
        return self.sum([a if math.isclose(q, 1) else self.mul(a, self.constant(q)) for q, a in terms])

    def softmax(self, z: Sequence[Wire]) -> list[Wire]:
        """exp(z_c) / sum_j exp(z_j), division as * of **-1."""
        shifted, _ = self._within_reach_of_exp(z)
        exps = [self.exp(wire) for wire in shifted]
        inverse = self.power(self.sum(exps), -1)
        return [self.mul(wire, inverse) for wire in exps]

    def log_sum_exp(self, z: Sequence[Wire]) -> Wire:
        """log(sum_j exp(z_j))."""
        shifted, largest = self._within_reach_of_exp(z)
        total = self.log(self.sum([self.exp(wire) for wire in shifted]))
        return total if largest == 0 else self.add(total, self.constant(largest))

    def _within_reach_of_exp(self, z: Sequence[Wire]) -> tuple[Sequence[Wire], float]:
        # Softmax is the same when a constant is taken off every z; only done where exp would overflow, as the
        # picture is the clearer without.
        largest = max(self.values[wire] for wire in z)
        if all(abs(self.values[wire]) <= SAFE_EXPONENT for wire in z):
            return z, 0.0
        return [self.add(wire, self.constant(-largest)) for wire in z], largest
