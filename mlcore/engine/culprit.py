"""Which number left the finite ones first, when some steps of the fast form are over."""

from math import isfinite

import numpy as np

from mlcore._typing import Array
from mlcore.engine.program import Program
from mlcore.layers import Layer


def culprit_of(network: Layer, program: Program, start: int, losses: list[float], stopped: bool) -> tuple[str, int]:
    """The culprit as `fit` names it, and how many batches from `start` on were met up to it; "" where all is well.

    losses: of the batches from `start` on. stopped: the last of them has not been applied.
    """
    lost = next((k for k, value in enumerate(losses) if not isfinite(value)), None)
    bad_weights, bad_gradient = _first_infinite(network, "data"), _first_infinite(network, "grad")
    if lost is None:
        return bad_gradient or bad_weights, len(losses)
    if stopped and bad_weights and lost > 0:  # the update of the batch before has spoilt them
        return bad_weights, lost
    bad_input = "" if all_finite(program.window.x[start + lost]) else "input"
    bad_output = "" if all_finite(program.output) else "output"
    return bad_input or bad_weights or bad_output or "loss", lost + 1


def all_finite(array: Array) -> bool:
    return bool(np.isfinite(array).all())


def _first_infinite(network: Layer, kind: str) -> str:
    """The first parameter with a number that is not finite in its "data" or "grad"; "" without one."""
    ending = ".grad" if kind == "grad" else ""
    parameters = network.named_parameters()
    return next((n + ending for n, p in parameters if not all_finite(getattr(p, kind))), "")
