"""What all learning-rate schedules share."""

from dataclasses import dataclass
from typing import Any


@dataclass
class Schedule:
    """epochs: how long the run is. What else a schedule's constructor takes are its options."""

    epochs: int
    monitor = "val_loss"  # the figure that `observe` is given

    def factor(self, epoch: int) -> float:
        """What the base learning rate is multiplied with in `epoch`, from 1."""
        raise NotImplementedError

    def observe(self, value: float) -> None:
        """After each epoch: the figure watched. Only a schedule that waits for a plateau listens."""

    def reset(self) -> None:
        """Forget what was observed, as at the start of a run."""

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs beside the epoch, as JSON values."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken."""


def at_least(least: float, **options: float | None) -> None:
    """Raise ValueError for an option that is smaller, or no number; one that is None stands for its default."""
    for name, value in options.items():
        if value is not None and not value >= least:
            raise ValueError(f"{name} must be at least {least:g}, received {value}")


def above_zero(**options: float) -> None:
    """Raise ValueError for an option that is not larger than 0."""
    for name, value in options.items():
        if not value > 0:
            raise ValueError(f"{name} must be larger than 0, received {value}")
