"""Training as a generator of events. Whoever drains it owns time, files and screens, and may stop anywhere.

    for event in fit(network, loss, optimizer, (X, y), (X_val, y_val), epochs=20, batch_size=32, rng=rng):
        match event:
            case EpochDone(epoch=epoch, val_accuracy=accuracy): print(epoch, accuracy)

Where training stands is in a `Position`. Save it with the weights, the optimiser's state and the state of the
dropout's generators at any event; restore all of them, call `fit` again, and the run goes on bit for bit.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array, IntArray
from mlcore.layers import Layer, inference_mode
from mlcore.losses import Loss, as_labels
from mlcore.model import dtype_of
from mlcore.optim import Optimizer
from mlcore.random_state import get_rng_state, set_rng_state
from mlcore.schedules import SCHEDULES

SAMPLINGS = ("permuted", "replacement", "sequential")


@dataclass
class Position:
    """How far a run has come. `fit` keeps it up to date; at each event it can be saved as JSON.

    epoch: the one being trained, from 1. batch: batches already done in it. lr: the base learning rate,
    before the schedule; assign it between two events and it holds from the next step (None: the
    optimiser's). order_state: the random state from which this epoch's order of samples was drawn. The rest
    sums up this epoch so far.
    """

    epoch: int = 1
    batch: int = 0
    lr: float | None = None
    order_state: dict[str, Any] = field(default_factory=dict)
    loss_sum: float = 0.0
    correct: int = 0
    seen: int = 0
    last_batch_loss: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        return cls(**values)


@dataclass(frozen=True)
class StepDone:
    """After each optimiser step: `batch` of `batches` are done; loss of this batch before its update."""

    epoch: int
    batch: int
    batches: int
    loss: float
    samples: int


@dataclass(frozen=True)
class EpochTrained:
    """All batches of the epoch are done, the validation pass has not begun."""

    epoch: int


@dataclass(frozen=True)
class EpochDone:
    """The figures of an epoch.

    train_loss and train_accuracy (0..1): the batches' as they were met, before each update and with
    dropout, weighted by samples. val_loss, val_accuracy: over the validation part in inference mode, None
    without one. lr: in effect at the last step.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    val_loss: float | None
    val_accuracy: float | None
    last_batch_loss: float
    lr: float


@dataclass(frozen=True)
class Diverged:
    """A number became infinite or NaN, and training ended.

    batch: the one it happened in, from 1. tensor: the first such thing in forward order: "input", a
    parameter "3.weight", "output", "loss", or a gradient "3.weight.grad" (which has then not been applied).
    lr: in effect.
    """

    epoch: int
    batch: int
    tensor: str
    loss: float
    lr: float


Event: TypeAlias = StepDone | EpochTrained | EpochDone | Diverged


@dataclass(frozen=True)
class Evaluation:
    """Loss and accuracy (0..1) over `samples` samples."""

    loss: float
    accuracy: float
    samples: int


def fit(
    network: Layer,
    loss: Loss,
    optimizer: Optimizer,
    train: tuple[npt.ArrayLike, npt.ArrayLike],
    validation: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    *,
    epochs: int,
    batch_size: int | str,
    sampling: str = "permuted",
    schedule: str = "constant",
    rng: np.random.Generator,
    position: Position | None = None,
) -> Iterator[Event]:
    """Train up to and including epoch `epochs`, yielding an event after every step and every epoch.

    train, validation: (X, y), X (n, ...) of any number type (cast batch by batch to the network's), y
    labels or one-hot rows. batch_size: a number or "full". sampling: each epoch sees a "permuted" order, n
    draws with "replacement", or the rows as they stand ("sequential"). schedule: a name of SCHEDULES; the
    lr in effect is position.lr times its factor. rng draws the orders and must be no other's (dropout needs
    one of its own). position: where to go on from; it is updated in place.

    Raises ValueError for empty or unequal data, or an unknown name.
    """
    X, y = _data(train)
    held_out = None if validation is None else _data(validation)
    size = len(X) if batch_size == "full" else int(batch_size)
    if size < 1:
        raise ValueError(f'batch_size must be at least 1 or "full", received {batch_size}')
    for name, given, known in (("sampling", sampling, SAMPLINGS), ("schedule", schedule, tuple(SCHEDULES))):
        if given not in known:
            raise ValueError(f"unknown {name} {given!r}: choose one of {', '.join(known)}")
    batches = -(-len(X) // size)
    dtype = dtype_of(network)
    at = Position() if position is None else position
    at.lr = optimizer.lr if at.lr is None else at.lr
    if at.order_state:
        set_rng_state(rng, at.order_state)

    network.train()
    while at.epoch <= epochs:
        at.order_state = get_rng_state(rng)
        order = _order(rng, sampling, len(X), size)
        while at.batch < batches:
            rows = slice(at.batch * size, (at.batch + 1) * size)
            chosen = rows if order is None else order[rows]
            x, labels = _batch(X[chosen], dtype), y[chosen]
            optimizer.lr = at.lr * SCHEDULES[schedule](at.epoch, epochs)
            value, output, culprit = _train_step(network, loss, optimizer, x, labels)
            if culprit:
                yield Diverged(at.epoch, at.batch + 1, culprit, value, optimizer.lr)
                return
            at.batch += 1
            at.last_batch_loss = value
            at.loss_sum += value * len(x) if loss.averages else value
            at.correct += _count_correct(loss, output, labels)
            at.seen += len(x)
            yield StepDone(at.epoch, at.batch, batches, value, len(x))
        yield EpochTrained(at.epoch)
        scores = None if held_out is None else evaluate(network, loss, *held_out)
        done = EpochDone(
            at.epoch,
            at.loss_sum / at.seen,
            at.correct / at.seen,
            scores.loss if scores else None,
            scores.accuracy if scores else None,
            at.last_batch_loss,
            at.lr * SCHEDULES[schedule](at.epoch, epochs),
        )
        at.epoch, at.batch, at.order_state = at.epoch + 1, 0, get_rng_state(rng)
        at.loss_sum, at.correct, at.seen = 0.0, 0, 0
        yield done


def evaluate(network: Layer, loss: Loss, X: npt.ArrayLike, y: npt.ArrayLike, *, batch_size: int = 4096) -> Evaluation:
    """Loss and accuracy over (X, y) in inference mode, in batches; each layer's mode is put back."""
    X, y = _data((X, y))
    dtype = dtype_of(network)
    total, correct = 0.0, 0
    with inference_mode(network), np.errstate(all="ignore"):
        for start in range(0, len(X), batch_size):
            labels = y[start : start + batch_size]
            output = network.forward(_batch(X[start : start + batch_size], dtype))
            value = loss.forward(output, labels)
            total += value * len(labels) if loss.averages else value
            correct += _count_correct(loss, output, labels)
    return Evaluation(total / len(X), correct / len(X), len(X))


def _train_step(network: Layer, loss: Loss, optimizer: Optimizer, x: Array, labels: Array) -> tuple[float, Array, str]:
    """One iteration: the loss, the output, and the name of what is not finite ("" when all is well)."""
    # The errstate is entered and left here: around a yield it would leak into the caller.
    with np.errstate(all="ignore"):
        optimizer.zero_grad()
        output = network.forward(x)
        value = loss.forward(output, labels)
        if not isfinite(value):
            return value, output, _locate(network, x, output)
        network.backward(loss.backward())
        for name, parameter in network.named_parameters():
            if not _all_finite(parameter.grad):
                return value, output, f"{name}.grad"
        optimizer.step()
        for name, parameter in network.named_parameters():
            if not _all_finite(parameter.data):
                return value, output, name
    return value, output, ""


def _locate(network: Layer, x: Array, output: Array) -> str:
    tensors = {"input": x} | {name: parameter.data for name, parameter in network.named_parameters()}
    for name, array in (tensors | {"output": output}).items():
        if not _all_finite(array):
            return name
    return "loss"


def _all_finite(array: Array) -> bool:
    # A finite sum means finite terms, and is cheaper than an array of booleans; it can overflow by itself.
    return isfinite(array.sum()) or bool(np.isfinite(array).all())


def _order(rng: np.random.Generator, sampling: str, n: int, batch_size: int) -> IntArray | None:
    """The order of the samples in an epoch; None for the order in which they stand."""
    if sampling == "replacement":
        return rng.integers(0, n, n)
    if sampling == "sequential" or batch_size >= n:  # one batch of everything: its order does not matter
        return None
    return rng.permutation(n)


def _data(pair: tuple[npt.ArrayLike, npt.ArrayLike]) -> tuple[Array, Array]:
    X, y = np.asarray(pair[0]), np.asarray(pair[1])
    if len(X) != len(y):
        raise ValueError(f"X has {len(X)} rows, y has {len(y)}")
    if len(X) == 0:
        raise ValueError("there are no samples")
    return X, y


def _batch(x: Array, dtype: np.dtype[Any]) -> Array:
    return x.astype(dtype, copy=False).reshape(len(x), -1)


def _count_correct(loss: Loss, output: Array, labels: Array) -> int:
    return int(np.count_nonzero(loss.predict(output) == as_labels(labels)))
