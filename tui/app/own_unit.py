"""How far a regression's answers are off, in the unit of what it predicts."""

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from tui.app.fitting import cut
from tui.app.run_view import RunView

if TYPE_CHECKING:  # it brings NumPy
    from tui.lab.build import Prepared


def rmse(prepared: "Prepared", part: str, r2: float | None) -> float | None:
    """The root of the mean squared error of a part ("validation", "test") whose R² is known, in the target's unit.

    R² = 1 - MSE / Var(y), with the variance of the part's own targets (divided by n). None where R² is not known,
    and of several targets: their R² is a mean.
    """
    if r2 is None or prepared.task != "regression" or prepared.dataset.n_answers != 1 or r2 > 1:
        return None
    return math.sqrt((1 - r2) * _variance(prepared, part))


@lru_cache(maxsize=8)
def _variance(prepared: "Prepared", part: str) -> float:
    import numpy as np

    y = prepared.dataset.y.reshape(prepared.dataset.n_samples, -1)[getattr(prepared.split, part), 0]
    return float(np.var(np.asarray(y, dtype=np.float64))) if len(y) else 0.0


def in_own_unit(run: RunView, prepared: "Prepared | None", ellipsis: str) -> str:
    """``Test RMSE 3.2 in price.``, before the end that of validation; "" where there is nothing to say."""
    if prepared is None or not run.epochs or run.state in ("diverged", "failed", "crashed"):
        return ""
    done = run.finished if run.state == "finished" else None
    part, r2 = "validation", run.epochs[-1].val_r2
    if done is not None and done.test_r2 is not None:
        part, r2 = "test", done.test_r2
    found = rmse(prepared, part, r2)
    if found is None:
        return ""
    name = cut(prepared.dataset.target_names[0], 16, ellipsis)
    return f"{'Test' if part == 'test' else 'Validation'} RMSE {found:.4g} in {name}."
