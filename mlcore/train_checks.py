"""What `fit` refuses before its first step, in words."""

from typing import Any

import numpy as np

from mlcore.layers import Layer
from mlcore.losses import Loss
from mlcore.normalization import BatchNorm1d
from mlcore.put_back import put_back
from mlcore.samples import Batches, Samples
from mlcore.schedule_base import Schedule
from mlcore.stopping import EarlyStopping


def check_watchers(plan: Schedule, stopping: EarlyStopping | None, loss: Loss, *, validation: bool) -> None:
    """Raise ValueError where a schedule or early stopping watches a figure that this run does not have."""
    if stopping:
        _check_figure("early stopping", stopping.monitor, loss, validation)
    # Where there is no validation loss, a schedule is shown the training loss.
    _check_figure("the schedule", plan.monitor, loss, validation or plan.monitor == "val_loss")


def check_last_batch(network: Layer, loss: Loss, prepare: Batches, X: Samples, batch_size: int) -> None:
    """Raise ValueError where a batch has one sample, and a BatchNorm1d nothing that it could normalise it by."""
    alone = batch_size == 1 or len(X) % batch_size == 1
    if not alone or not any(isinstance(layer, BatchNorm1d) for layer in network.modules()):
        return
    with put_back(network, loss), np.errstate(all="ignore"):
        network.train()
        try:
            network.forward(prepare(X[np.array([0, 0])]))
        except ValueError:
            return  # there is something else, which the first step will say
        try:
            network.forward(prepare(X[:1]))
        except ValueError as error:  # none where a sample has several values of each feature
            which = "every" if batch_size == 1 or len(X) == 1 else "the last"
            words = f"{which} batch has one sample ({len(X)} in batches of {batch_size})"
            raise ValueError(f"{words}: {error}") from None


def take_up(watcher: Any, state: dict[str, Any]) -> None:
    """Let a schedule or early stopping go on from `state`; without one, begin anew."""
    if state:
        watcher.load_state_dict(state)
    else:
        watcher.reset()


def _check_figure(who: str, monitor: str, loss: Loss, validation: bool) -> None:
    regression = loss.task == "regression"
    if monitor.endswith("accuracy") and regression:
        raise ValueError(f"{who} watches {monitor}, and a regression has none: watch {monitor[:-8]}r2 or a loss")
    if monitor.endswith("r2") and not regression:
        raise ValueError(f"{who} watches {monitor}, and only a regression has one: watch {monitor[:-2]}accuracy")
    if monitor.startswith("val") and not validation:
        raise ValueError(f"{who} watches {monitor}: give validation data, or watch train_loss")
