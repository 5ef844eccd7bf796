"""Learning-rate schedules: plain functions (epoch from 1, epochs of the run) -> factor on the lr."""

from collections.abc import Callable
from math import cos, pi


def constant(epoch: int, epochs: int) -> float:
    """1 throughout."""
    return 1.0


def linear(epoch: int, epochs: int) -> float:
    """A straight line from 1 in the first epoch to 0.1 in the last.

    torch.optim.lr_scheduler.LinearLR(start_factor=1, end_factor=0.1, total_iters=epochs - 1).
    """
    return 1.0 if epochs < 2 else 1 - 0.9 * min((epoch - 1) / (epochs - 1), 1)


def exponential(epoch: int, epochs: int) -> float:
    """0.95^(epoch - 1): ExponentialLR(gamma=0.95), a tenth after 45 epochs."""
    return float(0.95 ** (epoch - 1))


def cosine(epoch: int, epochs: int) -> float:
    """Half a cosine from 1 to 0, reached after the last epoch: CosineAnnealingLR(T_max=epochs)."""
    return (1 + cos(pi * min((epoch - 1) / epochs, 1))) / 2


def micrograd(epoch: int, epochs: int) -> float:
    """1 - 0.9 k / 100 with k = epoch - 1, as in micrograd's demo; it stays at 0.1 from k = 100."""
    return 1 - 0.9 * min(epoch - 1, 100) / 100


SCHEDULES: dict[str, Callable[[int, int], float]] = {
    "constant": constant,
    "linear": linear,
    "exponential": exponential,
    "cosine": cosine,
    "micrograd": micrograd,
}
