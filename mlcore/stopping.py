"""Stop training when the figure that matters no longer improves. Names and rules of keras.callbacks.EarlyStopping."""

from collections.abc import Mapping
from typing import Any

from mlcore._typing import Array
from mlcore.layers import Layer
from mlcore.progress import FIGURES

MODES = ("auto", "min", "max")
_ALIASES = {"loss": "train_loss", "accuracy": "train_accuracy", "r2": "train_r2"}


class EarlyStopping:
    """Ends training after `patience` epochs in a row in which `monitor` did not improve.

    monitor: a field of EpochDone; "loss", "accuracy" and "r2" mean those of training. min_delta: an improvement is a
    change of more than that. mode "min": lower is better, "max": higher, "auto": by the name. baseline: an
    improvement only ends the waiting where it is better than this, too. restore_best_weights: at the end of
    training, stopped or not, the weights of the best epoch come back. start_from_epoch: so many epochs are not
    looked at.

    `reason` says afterwards why training was stopped; best, best_epoch (from 1) and stopped_epoch (0: not
    stopped) are figures. best_weights: the state_dict of the best epoch, where they are to be restored; a resumed
    run must be given it back beside `load_state_dict`. A run that is new begins with `reset`.

    Raises ValueError for an unknown monitor or mode, and where patience or start_from_epoch is negative.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        self.monitor = _ALIASES.get(monitor, monitor)
        if self.monitor not in FIGURES:
            raise ValueError(f"unknown monitor {monitor!r}: choose one of {', '.join(FIGURES)}")
        if mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}; received {mode!r}")
        if patience < 0 or start_from_epoch < 0:
            raise ValueError(f"patience and start_from_epoch must be >= 0, received {patience} and {start_from_epoch}")
        self.min_delta, self.patience, self.baseline = abs(min_delta), patience, baseline
        if mode == "auto":
            mode = "min" if self.monitor.endswith("loss") else "max"
        self.mode = mode
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch
        self.reset()

    def reset(self) -> None:
        """Forget what was observed, as at the start of a run."""
        self.wait = 0
        self.best: float | None = None
        self.best_epoch = 0
        self.stopped_epoch = 0
        self.best_weights: Mapping[str, Array] | None = None

    def observe(self, epoch: int, value: float, network: Layer) -> bool:
        """After epoch `epoch` (from 1), with its figure: is it time to stop?"""
        if epoch <= self.start_from_epoch:
            return False
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights, self.best_epoch = network.state_dict(), epoch
        self.wait += 1
        if self._improves(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = network.state_dict()
            if self.baseline is None or self._improves(value, self.baseline):
                self.wait = 0
            return False
        if self.wait >= self.patience and epoch > 1:
            self.stopped_epoch = epoch
        return self.stopped_epoch > 0

    def restore(self, network: Layer) -> bool:
        """Put the best weights back where that was asked for; says whether it did."""
        if not self.restore_best_weights or self.best_weights is None:
            return False
        network.load_state_dict(self.best_weights)
        return True

    @property
    def reason(self) -> str:
        """Why training was stopped, in words; "" while it was not."""
        if not self.stopped_epoch:
            return ""
        epochs = f"{self.wait} epoch{'s' if self.wait > 1 else ''}"
        by = f" by more than {self.min_delta:g}" if self.min_delta else ""
        if self.best is None:
            return f"{self.monitor} was no number for {epochs}"
        return f"{self.monitor} did not improve{by} for {epochs}: best {self.best:.6g} in epoch {self.best_epoch}"

    def state_dict(self) -> dict[str, Any]:
        """How long it has waited and for what, as JSON values. Without the best weights, which are arrays."""
        return {name: getattr(self, name) for name in ("wait", "best", "best_epoch", "stopped_epoch")}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        for name in ("wait", "best", "best_epoch", "stopped_epoch"):
            setattr(self, name, state[name])

    def _improves(self, value: float, reference: float | None) -> bool:
        if reference is None:
            return value == value  # a NaN is no improvement on anything
        return value < reference - self.min_delta if self.mode == "min" else value > reference + self.min_delta
