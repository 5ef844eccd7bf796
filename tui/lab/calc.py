"""The small sums that the lab sheets ask for, as calls."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore import Layer, MSELoss, accuracy, inference_mode, log_softmax, softmax
from tui.lab.errors import LabError


def softmax_table(logits: Sequence[float]) -> list[dict[str, Any]]:
    """A row a class: ``class``, ``logit``, ``probability`` = softmax, and ``nll`` = -ln(probability), what the
    negative log-likelihood is where that class is the right one.

    Raises LabError for fewer than two numbers, and for one that is not finite.
    """
    z = np.array(logits, dtype=np.float64)
    if len(z) < 2:
        raise LabError(f"softmax: expected two numbers or more, one a class; received {len(z)}")
    if not np.isfinite(z).all():
        raise LabError("softmax: expected finite numbers")
    rows = zip(z.tolist(), softmax(z).tolist(), (-log_softmax(z)).tolist(), strict=True)
    return [
        {"class": index, "logit": logit, "probability": probability, "nll": nll}
        for index, (logit, probability, nll) in enumerate(rows)
    ]


def model_loss(network: Layer, X: npt.ArrayLike, y: npt.ArrayLike) -> tuple[float, float]:
    """The micrograd sheet's function: (mean squared error, accuracy) of a network with one output s in 0 ... 1.

    Shapes: X (n, features), y (n,) of 0 and 1. The class is 1 where s > 0.5. The network keeps its modes.
    """
    X = np.asarray(X, dtype=np.float64)
    loss = MSELoss()
    with inference_mode(network):
        scores = network.forward(X.reshape(len(X), -1))
    return loss.forward(scores, y), accuracy(y, loss.predict(scores))
