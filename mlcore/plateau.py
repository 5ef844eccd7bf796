"""A learning rate that falls when a figure stops improving."""

from math import inf
from typing import Any

from mlcore.progress import FIGURES
from mlcore.schedule_base import Schedule, at_least


class ReduceLROnPlateau(Schedule):
    """Times the option `factor` after more than `patience` epochs in a row in which the figure watched got no better.

    monitor: that figure, a field of EpochDone (for val_loss train_loss where there is no validation). mode "min":
    better is a value < best * (1 - threshold); "max": > best * (1 + threshold); "auto": "min" for a loss, else "max".
    cooldown: epochs after a reduction that are not counted. What the learning rate is multiplied with never falls below
    min_factor, and a reduction by no more than eps is not made: it ends near 1e-8. As
    torch.optim.lr_scheduler.ReduceLROnPlateau, whose min_lr and eps are learning rates, and whose mode is "min".

    Raises ValueError for an unknown mode or monitor, a factor outside 0..1, and options below 0.
    """

    def __init__(
        self,
        epochs: int,
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        mode: str = "auto",
        cooldown: int = 0,
        min_factor: float = 0.0,
        monitor: str = "val_loss",
        eps: float = 1e-8,
    ) -> None:
        super().__init__(epochs)
        if mode not in ("auto", "min", "max"):
            raise ValueError(f'mode must be "auto", "min" or "max", received {mode!r}')
        if not 0 < factor < 1:
            raise ValueError(f"factor must lie between 0 and 1, received {factor}")
        at_least(0, patience=patience, threshold=threshold, cooldown=cooldown, min_factor=min_factor, eps=eps)
        if mode == "auto":
            mode = "min" if monitor.endswith("loss") else "max"
        self.reduction, self.patience, self.threshold, self.mode = factor, patience, threshold, mode
        self.cooldown, self.min_factor, self.monitor, self.eps = cooldown, min_factor, monitor, eps
        if monitor not in FIGURES:
            raise ValueError(f"unknown monitor {monitor!r}: choose one of {', '.join(FIGURES)}")
        self.reset()

    def reset(self) -> None:
        self.best: float | None = None
        self.bad_epochs = 0
        self.cooling = 0
        self.current = 1.0

    def factor(self, epoch: int) -> float:
        return self.current

    def observe(self, value: float) -> None:
        if self._improves(value):
            self.best, self.bad_epochs = value, 0
        else:
            self.bad_epochs += 1
        if self.cooling:
            self.cooling -= 1
            self.bad_epochs = 0
        if self.bad_epochs > self.patience:
            lower = max(self.current * self.reduction, self.min_factor)
            self.current = lower if self.current - lower > self.eps else self.current
            self.bad_epochs, self.cooling = 0, self.cooldown

    def _improves(self, value: float) -> bool:
        if self.mode == "max":
            return value > (-inf if self.best is None else self.best * (1 + self.threshold))
        return value < (inf if self.best is None else self.best * (1 - self.threshold))

    def state_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("best", "bad_epochs", "cooling", "current")}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name in ("best", "bad_epochs", "cooling", "current"):
            setattr(self, name, state[name])
