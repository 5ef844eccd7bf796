"""A divergence in words."""

import math

from mlcore.train import Diverged


def divergence_text(event: Diverged) -> str:
    """What went wrong where, and what to do, in one sentence."""
    where = f"in epoch {event.epoch}, batch {event.batch}"
    if event.tensor == "input":
        return f"The data itself holds a number that is not finite ({where}): look at it, or scale it."
    first = (event.epoch, event.batch) == (1, 1)
    if first and (not math.isfinite(event.loss) or event.tensor.endswith(".grad")):  # no step has been taken yet
        what = "gradient" if event.tensor.endswith(".grad") else "loss"
        return (
            f"The first {what} is not finite already ({where}): the first weights are too large, or the numbers of "
            "the data are: choose another initialisation, or scale the data."
        )
    advice = f"the steps are too long: try a learning rate below {event.lr:g}, such as {event.lr / 10:g}."
    if event.tensor in ("output", "loss"):
        return f"The {event.tensor} left the finite numbers {where}; {advice}"
    what = "gradient" if event.tensor.endswith(".grad") else "values"
    return f"The {what} of {event.tensor.removesuffix('.grad')} left the finite numbers {where}; {advice}"
