"""What a run says about the health of its network, beside its losses."""

import copy

import numpy as np
from numpy.typing import NDArray

from mlcore import Sequential, gradient_norms, layer_activity, update_ratios
from mlcore.losses import Loss
from mlcore.optim import Optimizer
from tui.lab.events import LayerHealth, Probe, finite

MOST_SAMPLES = 256
"""Of the training part: enough to call a unit dead with some right."""


def probe(
    network: Sequential, loss: Loss, optimizer: Optimizer, X: NDArray[np.number], y: NDArray[np.number], *, epoch: int
) -> Probe:
    """Dead and saturated units, and the gradients and updates of one more step: a trial, taken by a copy.

    X (n, ...) as the network takes it, y its targets; the first rows of both are used. Nothing is changed.
    """
    X, y = X[:MOST_SAMPLES], y[:MOST_SAMPLES]
    activities = layer_activity(network, X)
    trial, step = copy.deepcopy((network, optimizer))
    before = {name: array.copy() for name, array in trial.state_dict().items()}
    with np.errstate(all="ignore"):
        step.zero_grad()
        loss_of = copy.deepcopy(loss)
        loss_of.forward(trial.forward(X), y)
        trial.backward(loss_of.backward())
        norms = gradient_norms(trial)
        step.step()
        ratios = update_ratios(before, trial)
    units = sum(activity.units for activity in activities if activity.dead is not None)
    dead = sum(len(activity.dead_units) for activity in activities)
    return Probe(
        epoch=epoch,
        dead=dead / units if units else None,
        layers=[
            LayerHealth(
                layer=a.index, name=a.name, dead=a.dead, saturated=a.saturated, mean=finite(a.mean), std=finite(a.std)
            )
            for a in activities
        ],
        gradient_norms={name: finite(norm) for name, norm in norms.items()},
        update_ratios={name: finite(ratio) for name, ratio in ratios.items()},
    )
