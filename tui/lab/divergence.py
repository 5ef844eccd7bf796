"""A divergence in words."""

import math

from mlcore.train import Diverged
from tui.lab.stability import LAST_WEIGHTS, rounded_down

USUAL_LR = {"sgd": 0.1, "adam": 0.001, "adamw": 0.001, "rmsprop": 0.01, "adagrad": 0.01}
"""What people begin with."""
UNKNOWN_LR = 0.01
"""Where the optimiser is not known."""


def divergence_text(
    event: Diverged, lr_limit: float | None = None, where_measured: str = LAST_WEIGHTS, *, optimizer: str = ""
) -> str:
    """What went wrong where, and what to do, in one sentence.

    ``lr_limit``: 2 / lambda_max, where it was measured: of plain SGD. ``optimizer``: as in a spec, "" for one that is
    not known.
    """
    where = f"in epoch {event.epoch}, batch {event.batch}"
    if event.tensor == "input":
        return f"The data itself holds a number that is not finite ({where}): look at it, or scale it."
    first = (event.epoch, event.batch) == (1, 1)
    # Before the first step has been taken it cannot be the learning rate.
    if first and (event.exploded or not math.isfinite(event.loss) or event.tensor.endswith(".grad")):
        what = "gradient" if event.tensor.endswith(".grad") else "loss"
        state = f"{event.loss:.2g}" if event.exploded else "not finite"
        return (
            f"The first {what} is {state} already ({where}): the first weights are too large, or the numbers of "
            "the data are: choose another initialisation, or scale the data."
        )
    usual = USUAL_LR.get("sgd" if lr_limit is not None else optimizer, UNKNOWN_LR)
    advice = _advice(event.lr, lr_limit, where_measured, usual)
    if event.exploded:
        return f"The loss grew to {event.loss:.2g} {where}; {advice}"
    if event.tensor in ("output", "loss"):
        return f"The {event.tensor} left the finite numbers {where}; {advice}"
    what = "gradient" if event.tensor.endswith(".grad") else "values"
    return f"The {what} of {event.tensor.removesuffix('.grad')} left the finite numbers {where}; {advice}"


def _advice(lr: float, limit: float | None, where: str, usual: float) -> str:
    if limit is not None and lr > limit:
        shorter = rounded_down(limit / 2)
        return f"the learning rate {lr:.3g} is above 2/lambda_max = {limit:.2g} {where}: try {shorter:g}."
    too_long = f"the steps are too long: try a learning rate below {lr:g}, such as {min(lr / 10, usual):g}"
    if limit is None:
        return f"{too_long}."
    return f"{too_long} ({lr:.3g} is below 2/lambda_max = {limit:.2g} {where}, but some batches are steeper)."
