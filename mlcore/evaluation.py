"""How well a network does on data, and the sums that a mean over batches is made of."""

from math import nan

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array
from mlcore.engine.figures import Progress
from mlcore.layers import Layer, inference_mode
from mlcore.losses import Loss, as_labels
from mlcore.metrics import r2_from_errors
from mlcore.progress import Evaluation, Position
from mlcore.samples import Batches, Rows, as_batch_size, as_data


def evaluate(
    network: Layer,
    loss: Loss,
    X: npt.ArrayLike | Rows,
    y: npt.ArrayLike,
    *,
    batch_size: int | None = None,
    scale: npt.ArrayLike = 1.0,
    shift: npt.ArrayLike = 0.0,
) -> Evaluation:
    """Loss and accuracy (R^2 of a regression) over (X, y) in inference mode, in batches; modes are put back.

    X (n, ...), y: as `fit` takes them. scale, shift: what enters the network is scale * X + shift, as in `fit`.
    batch_size None: 1024, or 256 for a network that takes images, whose windows need much more memory. Where all class
    weights are 0 the loss is nan.
    """
    X, y = as_data((X, y))
    prepare = Batches(network, X, scale, shift)
    size = (1024 if prepare.flat else 256) if batch_size is None else as_batch_size(batch_size, len(X))
    at = Position()
    with inference_mode(network), np.errstate(all="ignore"):
        for start in range(0, len(X), size):
            labels = y[start : start + size]
            output = network.forward(prepare(X[start : start + size]))
            add_up(at, loss, loss.forward(output, labels), output, labels)
    if loss.task == "regression":
        return Evaluation(mean_loss(at), nan, len(X), r2_from_errors(at.squared_error, y))
    return Evaluation(mean_loss(at), at.correct / at.seen, len(X))


def mean_loss(at: Position) -> float:
    """The mean over the batches so far; nan where nothing counted."""
    return at.loss_sum / at.weight if at.weight else nan


def takes_no_part(loss: Loss, labels: Array) -> bool:
    """Whether the class weights of a batch are all 0, so that a mean over it is 0 / 0."""
    return loss.averages and loss.total_weight(labels) == 0


def add_up(at: Position, loss: Loss, value: float, output: Array, labels: Array) -> None:
    """Add a batch to the sums of the epoch. Where it takes no part, its samples are still right or wrong."""
    weight = loss.total_weight(labels) if loss.averages else float(len(labels))
    if weight:
        at.loss_sum += value * weight if loss.averages else value
        at.weight += weight
    at.seen += len(labels)
    if loss.task == "regression":
        errors = np.square(np.asarray(output - labels.reshape(output.shape), dtype=np.float64)).sum(axis=0)
        at.squared_error = (errors + (at.squared_error or 0.0)).tolist()
    else:
        at.correct += int(np.count_nonzero(loss.predict(output) == _right_classes(output, labels)))


def add_figures(at: Position, done: Progress, averages: bool) -> None:
    """Add the batches that the fast form has trained."""
    size, losses = done.size, done.losses
    if done.weights is None:
        for value in losses:
            at.loss_sum += value * size if averages else value
        at.weight += size * len(losses)
    else:
        # One by one, as always: how many come at once must not show in the last digit, as it would in sum().
        for value, weight in zip(losses, done.weights, strict=True):
            if weight:
                at.loss_sum += value * weight
                at.weight += weight
    at.seen += size * len(losses)
    at.correct += done.correct
    for errors in done.squared_errors or ():
        at.squared_error = [a + b for a, b in zip(at.squared_error or [0.0] * len(errors), errors, strict=True)]


def _right_classes(output: Array, labels: Array) -> Array:
    """The label of each sample; where there is one output, 1 for a target above 1/2, else 0."""
    return (labels.ravel() > 0.5).astype(np.int64) if output.shape[1] == 1 else as_labels(labels)
