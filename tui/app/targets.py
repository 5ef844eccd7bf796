"""What a regression is to predict: its first target, and the shades that this is drawn in on every screen."""

from weakref import WeakKeyDictionary

import numpy as np

from datasets import Dataset
from tui.app.charts.ramp import Ramp, ramp_of
from tui.lab.build import Prepared

_ramps: WeakKeyDictionary[Prepared, Ramp] = WeakKeyDictionary()
"""Quantiles of a million numbers take longer than a key may."""


def first_target(dataset: Dataset) -> np.ndarray:
    """The numbers (n,) of the first target, in their own units."""
    return np.asarray(dataset.y.reshape(dataset.n_samples, -1)[:, 0])


def target_ramp(prepared: Prepared) -> Ramp:
    """The shades of a regression's first target: those of the training part, on every screen."""
    if prepared not in _ramps:
        _ramps[prepared] = ramp_of(first_target(prepared.dataset)[prepared.split.train])
    return _ramps[prepared]
