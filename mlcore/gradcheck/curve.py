"""How far a central difference is from backward's gradient, as its step eps grows: the V curve.

(L(w + eps) - L(w - eps)) / (2 eps) is wrong by about eps^2 L''' / 6, as the loss is curved, and by about 1e-16 |L| /
eps, as its digits end. On logarithmic axes these are two lines, of slope 2 and -1, which meet near eps = 1e-5 in
float64 (Nocedal and Wright, Numerical Optimization, 8.1). A gradient that is wrong stays wrong at every eps: its
curve is flat.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array
from mlcore.gradcheck.objective import Objective
from mlcore.gradcheck.report import relative_error
from mlcore.model import MLPClassifier
from mlcore.put_back import put_back

EPS: tuple[float, ...] = tuple(float(f"{10 ** (k / 2):.3g}") for k in range(-18, -3))
"""1e-9, 3.16e-9, 1e-8, ... 1e-2."""


@dataclass(frozen=True, eq=False)
class ErrorCurve:
    """The error of one tensor's gradient at each eps. All arrays have one number an eps.

    tensor: its name. entries: how many of its numbers were compared. errors: |a - n| / max(|a|, |n|), lengths of
    the whole vectors, a analytic and n numeric. max_errors: the largest |a - n| / max(|a|, |n|, 1e-8) of a single
    entry. kinks: how many entries crossed a kink of an activation at +eps or -eps; they are left out of both errors,
    which are nan where none remains.
    """

    tensor: str
    entries: int
    eps: Array
    errors: Array
    max_errors: Array
    kinks: npt.NDArray[np.int64]

    @property
    def best_eps(self) -> float:
        """The eps of the smallest error; nan where no entry could be compared."""
        return float("nan") if np.isnan(self.errors).all() else float(self.eps[np.nanargmin(self.errors)])

    @property
    def best_error(self) -> float:
        """The smallest error."""
        return float("nan") if np.isnan(self.errors).all() else float(np.nanmin(self.errors))


def error_curve(
    net: Any,
    x: npt.ArrayLike,
    y: npt.ArrayLike | None = None,
    *,
    loss: Any = None,
    tensor: str,
    eps: Sequence[float] = EPS,
    max_entries: int | None = 50,
    rng: np.random.Generator | None = None,
) -> ErrorCurve:
    """The error of the gradient of `tensor` ("input", "0.weight", ...) against eps, by plain central differences.

    net, x, y, loss, max_entries, rng: as in `check_gradient`, and as there in float64, with one dropout mask, and
    everything is put back afterwards. Two forward passes an entry and eps.

    Raises ValueError for a tensor that the network does not have, a gradient of the wrong shape, an eps that is not
    positive, and where the loss is not finite or two forwards differ.
    """
    steps = np.array(eps, dtype=np.float64)
    if steps.ndim != 1 or not len(steps) or not (np.isfinite(steps) & (steps > 0)).all():
        raise ValueError(f"eps must be a list of positive numbers, received {eps!r}")
    if isinstance(net, MLPClassifier) and (loss is not None or y is None):
        net = net.net  # the classifier's own backward takes labels and knows its own loss
    rng = np.random.default_rng(0) if rng is None else rng
    with put_back(net, loss):
        objective = Objective(net, x, y, loss, rng)
        tensors = {name: (data, objective.analytic[i]) for i, (name, _, data) in enumerate(objective.tensors())}
        if tensor not in tensors:
            raise ValueError(f"there is no tensor {tensor!r}: choose one of {', '.join(tensors)}")
        data, claimed = tensors[tensor]
        if claimed.shape != data.shape:
            raise ValueError(f"the gradient of {tensor} has shape {claimed.shape}, expected {data.shape}")
        chosen = np.arange(data.size)
        if max_entries is not None and data.size > max_entries:
            chosen = np.sort(rng.choice(data.size, max_entries, replace=False))
        analytic = claimed.ravel()[chosen].astype(np.float64)
        numeric = np.empty((len(steps), len(chosen)))
        crossed = np.empty(numeric.shape, dtype=bool)
        for row, step in enumerate(steps.tolist()):
            for column, entry in enumerate(chosen.tolist()):
                plus, minus, crossed[row, column] = objective.both_sides(data, entry, step)
                numeric[row, column] = (plus - minus) / (2 * step)
    compared = [(analytic[~kink], row[~kink]) for row, kink in zip(numeric, crossed, strict=True)]
    return ErrorCurve(
        tensor,
        len(chosen),
        steps,
        np.array([_error_of_vectors(a, n) for a, n in compared]),
        np.array([relative_error(a, n).max(initial=0.0) if a.size else np.nan for a, n in compared]),
        crossed.sum(axis=1),
    )


def _error_of_vectors(analytic: Array, numeric: Array) -> float:
    largest = max(np.linalg.norm(analytic), np.linalg.norm(numeric))
    if not analytic.size:
        return float("nan")
    return float(np.linalg.norm(analytic - numeric) / largest) if largest else 0.0
