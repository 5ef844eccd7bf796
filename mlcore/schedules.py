"""Learning-rate schedules: a factor on the learning rate for each epoch, counted from 1.

    schedule("step", 30, step_size=10).factor(11)   # 0.1

Names and formulas are those of torch.optim.lr_scheduler, but a schedule here knows the length of the run and needs no
optimiser. So options that torch asks for may be left out, and some defaults are others: each class says which.
SCHEDULES has those that make sense without options as plain functions (epoch, epochs).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import signature
from math import cos, pi
from typing import Any

from mlcore.plateau import ReduceLROnPlateau
from mlcore.schedule_base import Schedule, above_zero, at_least

__all__ = ["SCHEDULES", "SCHEDULE_KINDS", "ReduceLROnPlateau", "Schedule", "schedule"]


@dataclass
class ConstantLR(Schedule):
    """1 throughout."""

    def factor(self, epoch: int) -> float:
        return 1.0


@dataclass
class StepLR(Schedule):
    """Times gamma after every step_size epochs (a third of the run where not given). ValueError for less than 1."""

    step_size: int | None = None
    gamma: float = 0.1

    def __post_init__(self) -> None:
        at_least(1, step_size=self.step_size)
        at_least(0, gamma=self.gamma)

    def factor(self, epoch: int) -> float:
        size = max(1, -(-self.epochs // 3)) if self.step_size is None else self.step_size
        return float(self.gamma ** ((epoch - 1) // size))


@dataclass
class MultiStepLR(Schedule):
    """Times gamma once each of the milestones is done: epochs (after half and three quarters where not given)."""

    milestones: Sequence[int] | None = None
    gamma: float = 0.1

    def __post_init__(self) -> None:
        if self.milestones is not None and not isinstance(self.milestones, Sequence):
            raise ValueError(f"milestones is a list of epochs, received {self.milestones!r}")
        at_least(0, gamma=self.gamma)

    def factor(self, epoch: int) -> float:
        passed = (-(-self.epochs // 2), -(-3 * self.epochs // 4)) if self.milestones is None else self.milestones
        return float(self.gamma ** sum(epoch > milestone for milestone in passed))


@dataclass
class ExponentialLR(Schedule):
    """gamma^(epoch - 1): with 0.95, which torch has no default for, a tenth after 45 epochs."""

    gamma: float = 0.95

    def __post_init__(self) -> None:
        at_least(0, gamma=self.gamma)

    def factor(self, epoch: int) -> float:
        return float(self.gamma ** (epoch - 1))


@dataclass
class LinearLR(Schedule):
    """A straight line from start_factor in the first epoch to end_factor in the last, or after total_iters epochs.

    By default it falls from 1 to 0.1 over the run; torch's rises from 1/3 to 1 over 5 epochs, which here is `warmup`.
    """

    start_factor: float = 1.0
    end_factor: float = 0.1
    total_iters: int | None = None

    def __post_init__(self) -> None:
        at_least(0, start_factor=self.start_factor, end_factor=self.end_factor, total_iters=self.total_iters)

    def factor(self, epoch: int) -> float:
        total = self.epochs - 1 if self.total_iters is None else self.total_iters
        if total < 1:
            return self.start_factor if self.total_iters is None else self.end_factor
        return self.start_factor + (self.end_factor - self.start_factor) * min((epoch - 1) / total, 1)


@dataclass
class CosineAnnealingLR(Schedule):
    """Half a cosine from 1 to end_factor, reached after T_max epochs (those of the run): SGDR, Loshchilov 2017.

    There it stays, where torch's goes up again. end_factor is a factor, torch's eta_min a learning rate.
    """

    T_max: int | None = None
    end_factor: float = 0.0

    def __post_init__(self) -> None:
        at_least(1, T_max=self.T_max)
        at_least(0, end_factor=self.end_factor)

    def factor(self, epoch: int) -> float:
        part = min((epoch - 1) / (self.epochs if self.T_max is None else self.T_max), 1)
        return self.end_factor + (1 - self.end_factor) * ((1 + cos(pi * part)) / 2)


@dataclass
class OneCycleLR(Schedule):
    """Up for pct_start of the run and down for the rest, along half cosines (Smith and Topin 2018).

    The base learning rate is the highest: it starts at 1 / div_factor and ends at 1 / (div_factor *
    final_div_factor). anneal_strategy "linear": straight lines. A run of one epoch has no room for it, and keeps 1.
    Momentum is left alone, which torch's moves unless told not to.

    Raises ValueError for a pct_start outside 0..1, a divisor that is not positive, and another strategy.
    """

    pct_start: float = 0.3
    div_factor: float = 25.0
    final_div_factor: float = 1e4
    anneal_strategy: str = "cos"

    def __post_init__(self) -> None:
        if not 0 <= self.pct_start <= 1:
            raise ValueError(f"pct_start must lie in 0..1, received {self.pct_start}")
        above_zero(div_factor=self.div_factor, final_div_factor=self.final_div_factor)
        if self.anneal_strategy not in ("cos", "linear"):
            raise ValueError(f'anneal_strategy must be "cos" or "linear", received {self.anneal_strategy!r}')

    def factor(self, epoch: int) -> float:
        if self.epochs < 2:
            return 1.0
        low = 1 / self.div_factor
        end = low / self.final_div_factor
        at, peak, last = epoch - 1, self.pct_start * self.epochs - 1, self.epochs - 1
        if at <= peak:
            return self._between(low, 1.0, at / peak if peak > 0 else 1.0)
        return self._between(1.0, end, min((at - peak) / (last - peak), 1))

    def _between(self, start: float, end: float, part: float) -> float:
        if self.anneal_strategy == "linear":
            return start + (end - start) * part
        return end + (start - end) / 2 * (1 + cos(pi * part))


@dataclass
class WarmupLR(Schedule):
    """A straight line from start_factor to 1 over warmup_epochs, then another schedule over what is left.

    torch.optim.lr_scheduler.LinearLR(start_factor, total_iters=warmup_epochs) followed, in a SequentialLR, by `then`.
    Raises ValueError for what cannot follow, and for options below 0.
    """

    warmup_epochs: int = 5
    start_factor: float = 1 / 3
    then: str = "constant"

    def __post_init__(self) -> None:
        at_least(0, warmup_epochs=self.warmup_epochs, start_factor=self.start_factor)
        if self.then in ("warmup", "reduce_on_plateau"):
            raise ValueError(f"warmup cannot be followed by {self.then}")
        self._after = schedule(self.then, max(1, self.epochs - self.warmup_epochs))

    def factor(self, epoch: int) -> float:
        if epoch <= self.warmup_epochs:
            return self.start_factor + (1 - self.start_factor) * (epoch - 1) / self.warmup_epochs
        return self._after.factor(epoch - self.warmup_epochs)


@dataclass
class MicrogradLR(Schedule):
    """1 - 0.9 k / 100 with k = epoch - 1, as in micrograd's demo; it stays at 0.1 from k = 100."""

    def factor(self, epoch: int) -> float:
        return 1 - 0.9 * min(epoch - 1, 100) / 100


SCHEDULE_KINDS: dict[str, type[Schedule]] = {
    "constant": ConstantLR,
    "step": StepLR,
    "multistep": MultiStepLR,
    "exponential": ExponentialLR,
    "linear": LinearLR,
    "cosine": CosineAnnealingLR,
    "one_cycle": OneCycleLR,
    "warmup": WarmupLR,
    "reduce_on_plateau": ReduceLROnPlateau,
    "micrograd": MicrogradLR,
}
"""All schedules by name, for `schedule`."""


def schedule(name: str, epochs: int, **options: Any) -> Schedule:
    """The schedule `name` for a run of so many epochs; options are what its class takes.

    Raises ValueError for an unknown name or option, and for values that the class refuses.
    """
    if name not in SCHEDULE_KINDS:
        raise ValueError(f"unknown schedule {name!r}: choose one of {', '.join(SCHEDULE_KINDS)}")
    kind = SCHEDULE_KINDS[name]
    known = list(signature(kind).parameters)[1:]  # the first is epochs
    if unknown := [option for option in options if option not in known]:
        takes = f"it takes {', '.join(known)}" if known else "it takes none"
        raise ValueError(f"schedule {name!r} has no option {', '.join(unknown)}: {takes}")
    return kind(epochs, **options)


def constant(epoch: int, epochs: int) -> float:
    """1 throughout."""
    return ConstantLR(epochs).factor(epoch)


def linear(epoch: int, epochs: int) -> float:
    """A straight line from 1 in the first epoch to 0.1 in the last."""
    return LinearLR(epochs).factor(epoch)


def exponential(epoch: int, epochs: int) -> float:
    """0.95^(epoch - 1): a tenth after 45 epochs."""
    return ExponentialLR(epochs).factor(epoch)


def cosine(epoch: int, epochs: int) -> float:
    """Half a cosine from 1 to 0, reached after the last epoch."""
    return CosineAnnealingLR(epochs).factor(epoch)


def micrograd(epoch: int, epochs: int) -> float:
    """1 - 0.9 k / 100 with k = epoch - 1, as in micrograd's demo."""
    return MicrogradLR(epochs).factor(epoch)


SCHEDULES: dict[str, Callable[[int, int], float]] = {
    "constant": constant,
    "linear": linear,
    "exponential": exponential,
    "cosine": cosine,
    "micrograd": micrograd,
}
"""The schedules without options, as functions (epoch from 1, epochs of the run) -> factor."""
