"""What training says on its way, and where it stands: the vocabulary of `mlcore.train.fit`."""

from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any, NamedTuple, Self, TypeAlias


@dataclass
class Position:
    """How far a run has come. `fit` keeps it up to date; at each event it can be saved as JSON.

    epoch: the one being trained, from 1. batch: batches already done in it. lr: the base learning rate,
    before the schedule; assign it between two events and it holds from the next step (None: the
    optimiser's). order_state: the random state from which this epoch's order of samples was drawn. schedule,
    stopping: the state of a schedule and of early stopping that have one. stopped: early stopping ended the
    run. The rest sums up this epoch so far; weight is that of its samples in the mean loss, squared_error has
    a number for each output of a regression.
    """

    epoch: int = 1
    batch: int = 0
    lr: float | None = None
    order_state: dict[str, Any] = field(default_factory=dict)
    loss_sum: float = 0.0
    correct: int = 0
    seen: int = 0
    last_batch_loss: float = 0.0
    weight: float = 0.0
    squared_error: list[float] = field(default_factory=list)
    schedule: dict[str, Any] = field(default_factory=dict)
    stopping: dict[str, Any] = field(default_factory=dict)
    stopped: bool = False

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        return cls(**{"weight": float(values.get("seen", 0)), **values})


class StepDone(NamedTuple):
    """After each optimiser step: `batch` of `batches` are done; loss of this batch before its update.

    nan is that of a batch whose class weights are all 0: it takes no part, and there was no step.
    """

    epoch: int
    batch: int
    batches: int
    loss: float
    samples: int


class EpochTrained(NamedTuple):
    """All batches of the epoch are done, the validation pass has not begun."""

    epoch: int


class EpochDone(NamedTuple):
    """The figures of an epoch.

    train_loss and train_accuracy (0..1): the batches' as they were met, before each update and with
    dropout, weighted by samples (or their class weights). val_loss, val_accuracy: over the validation part in inference
    mode, None without one. lr: in effect at the last step. train_r2, val_r2: R^2 of a regression, whose
    accuracies are nan; None for a classification.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    val_loss: float | None
    val_accuracy: float | None
    last_batch_loss: float
    lr: float
    train_r2: float | None = None
    val_r2: float | None = None


FIGURES = ("train_loss", "train_accuracy", "train_r2", "val_loss", "val_accuracy", "val_r2")
"""The fields of EpochDone that a schedule or early stopping can watch."""


@dataclass(frozen=True)
class EarlyStopped:
    """Early stopping ended the run after `epoch`; the last event.

    reason: why, in words. best: the figure watched in best_epoch. restored: the weights are those of best_epoch.
    """

    epoch: int
    reason: str
    best: float | None
    best_epoch: int
    restored: bool


@dataclass(frozen=True)
class WeightsRestored:
    """All epochs are done, and the weights are again those of the best, `epoch`; the last event.

    best: the figure watched in that epoch. Where early stopping ended the run, EarlyStopped says it instead.
    """

    epoch: int
    best: float | None


@dataclass(frozen=True)
class Diverged:
    """A number became infinite or NaN, or the loss so large that nothing can be learnt any more; training ended.

    batch: the one it happened in, from 1. tensor: the first such thing in forward order: "input", a
    parameter "3.weight", "output", "loss", or a gradient "3.weight.grad" (which has then not been applied).
    loss: that of the batch; with tensor "loss" it is a finite number where it has exploded, see `exploded`.
    lr: in effect.
    """

    epoch: int
    batch: int
    tensor: str
    loss: float
    lr: float

    @property
    def exploded(self) -> bool:
        """Whether every number was still finite, and the loss alone beyond reason: `explosion` in `fit`."""
        return self.tensor == "loss" and isfinite(self.loss)


Event: TypeAlias = StepDone | EpochTrained | EpochDone | EarlyStopped | WeightsRestored | Diverged


@dataclass(frozen=True)
class Evaluation:
    """Loss and accuracy (0..1) over `samples` samples; for a regression R^2, and nan for the accuracy."""

    loss: float
    accuracy: float
    samples: int
    r2: float | None = None
