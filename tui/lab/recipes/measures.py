"""How each figure of a lab sheet is got from a run."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from mlcore import log_softmax, softmax
from mlcore.gradcheck import CheckProgress, GradientReport
from tui.lab import gradients
from tui.lab.build import Prepared, network, prepare
from tui.lab.events import Epoch, Finished
from tui.lab.recipes import by_hand
from tui.lab.spec import Spec
from tui.lab.stability import limit_of_inputs

Value = float | bool | None


def silent(text: str) -> None:
    """For where nobody watches."""


@dataclass
class Outcome:
    """A run that has finished, and its gradient check, made when first asked for; ``say`` is told how far it is."""

    spec: Spec
    finished: Finished
    epochs: list[Epoch] = field(default_factory=list)
    say: Callable[[str], None] = silent

    @cached_property
    def prepared(self) -> Prepared:
        return prepare(self.spec)

    @cached_property
    def gradients(self) -> GradientReport:
        for step in gradients.check(self.spec, self.prepared):
            if isinstance(step, CheckProgress):
                self.say(f"gradient check: {step.done:,} of {step.total:,} entries")
        assert isinstance(step, GradientReport)
        return step


_LOGITS = np.array([5.0, 1, 1, 1, 1, 1, 1, 1, 1, 1])


def _gradient_flags_sigmoid(outcome: Outcome) -> bool:
    report = outcome.gradients
    return not report.ok and any("sigmoid" in tensor.diagnosis for tensor in report.tensors)


def _first_weights(outcome: Outcome) -> list[Value]:
    """All parameters before the first step, in their order: the weights of a layer, then its biases."""
    data = outcome.prepared
    parameters = network(outcome.spec, data.in_features, len(data.class_names)).parameters()
    return [float(value) for parameter in parameters for value in parameter.data.ravel()]


def _peak_loss(outcome: Outcome) -> Value:
    losses = [epoch.train_loss for epoch in outcome.epochs]
    return None if None in losses else max(losses)  # type: ignore[type-var]


def _difference_by_hand(outcome: Outcome) -> Value:
    """The largest difference between the run's losses and those of the sheet's formulas, written out."""
    by_formulas = by_hand.softmax_regression(outcome.spec, outcome.prepared)
    return by_hand.largest_difference([epoch.train_loss for epoch in outcome.epochs], by_formulas)


def _difference_from_delta_rule(outcome: Outcome) -> Value:
    """The same for the mean errors of the delta rule's passes."""
    by_formulas = by_hand.delta_rule_errors(outcome.spec, outcome.prepared)
    return by_hand.largest_difference([epoch.train_loss for epoch in outcome.epochs], by_formulas)


MEASURES: dict[str, Callable[[Outcome], Value | list[Value]]] = {
    "test_accuracy": lambda outcome: outcome.finished.test_accuracy,
    "test_loss": lambda outcome: outcome.finished.test_loss,
    "train_accuracy": lambda outcome: outcome.finished.train_accuracy,
    "train_loss": lambda outcome: outcome.finished.train_loss,
    "peak_train_loss": _peak_loss,
    "first_weights": _first_weights,
    "difference_by_hand": _difference_by_hand,
    "difference_from_delta_rule": _difference_from_delta_rule,
    "input_limit": lambda outcome: limit_of_inputs(outcome.prepared),
    "delta_rule_large_start": lambda outcome: by_hand.delta_rule_accuracy(outcome.spec, outcome.prepared, std=1.0),
    "runs_away_below": lambda outcome: by_hand.runs_away(outcome.spec, outcome.prepared, eta=0.019),
    "runs_away_above": lambda outcome: by_hand.runs_away(outcome.spec, outcome.prepared, eta=0.025),
    "seconds": lambda outcome: outcome.finished.seconds,
    "slowest_epoch_seconds": lambda outcome: max(epoch.seconds for epoch in outcome.epochs),
    "epoch_train_loss": lambda outcome: [epoch.train_loss for epoch in outcome.epochs],
    "epoch_train_accuracy": lambda outcome: [epoch.train_accuracy for epoch in outcome.epochs],
    "gradient_error": lambda outcome: float(outcome.gradients.max_relative_error),
    "gradient_flags_sigmoid": _gradient_flags_sigmoid,
    "softmax_first": lambda outcome: float(softmax(_LOGITS)[0]),
    "softmax_other": lambda outcome: float(softmax(_LOGITS)[1]),
    "nll_class_0": lambda outcome: float(-log_softmax(_LOGITS)[0]),
    "nll_class_5": lambda outcome: float(-log_softmax(_LOGITS)[5]),
}
