"""How each figure of a lab sheet is got from a run."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from mlcore import log_softmax, softmax
from mlcore.gradreport import GradientReport
from tui.lab import gradients
from tui.lab.build import prepare
from tui.lab.events import Epoch, Finished
from tui.lab.spec import Spec

Value = float | bool | None


@dataclass
class Outcome:
    """A run that has finished, and its gradient check, made when first asked for."""

    spec: Spec
    finished: Finished
    epochs: list[Epoch] = field(default_factory=list)

    @cached_property
    def gradients(self) -> GradientReport:
        *_, report = gradients.check(self.spec, prepare(self.spec))
        assert isinstance(report, GradientReport)
        return report


_LOGITS = np.array([5.0, 1, 1, 1, 1, 1, 1, 1, 1, 1])


def _gradient_flags_sigmoid(outcome: Outcome) -> bool:
    report = outcome.gradients
    return not report.ok and any("sigmoid" in tensor.diagnosis for tensor in report.tensors)


MEASURES: dict[str, Callable[[Outcome], Value | list[Value]]] = {
    "test_accuracy": lambda outcome: outcome.finished.test_accuracy,
    "test_loss": lambda outcome: outcome.finished.test_loss,
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
