"""Training as a generator of events. Whoever drains it owns time, files and screens, and may stop anywhere.

    for event in fit(network, loss, optimizer, (X, y), (X_val, y_val), epochs=20, batch_size=32, rng=rng):
        match event:
            case EpochDone(epoch=epoch, val_accuracy=accuracy): print(epoch, accuracy)

Where training stands is in a `Position`. Save it with the weights, the optimiser's state and the state of the
dropout's generators at any event; restore all of them, call `fit` again, and the run goes on bit for bit.
"""

from collections.abc import Callable, Iterator
from math import isfinite, nan

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array, IntArray
from mlcore.clipping import clip_grad_norm_, clip_grad_value_
from mlcore.engine import compile_network
from mlcore.layers import Layer, inference_mode
from mlcore.losses import Loss, as_labels
from mlcore.metrics import r2_from_errors
from mlcore.model import dtype_of
from mlcore.optim import Optimizer
from mlcore.progress import Diverged, EarlyStopped, EpochDone, EpochTrained, Evaluation, Event, Position, StepDone
from mlcore.random_state import get_rng_state, set_rng_state
from mlcore.schedules import Schedule
from mlcore.schedules import schedule as make_schedule
from mlcore.stopping import EarlyStopping

__all__ = [
    "SAMPLINGS",
    "Diverged",
    "EarlyStopped",
    "EpochDone",
    "EpochTrained",
    "Evaluation",
    "Event",
    "Position",
    "StepDone",
    "evaluate",
    "fit",
]

SAMPLINGS = ("permuted", "replacement", "sequential")


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
    schedule: str | Schedule = "constant",
    clip_norm: float | None = None,
    clip_value: float | None = None,
    early_stopping: EarlyStopping | None = None,
    rng: np.random.Generator,
    position: Position | None = None,
    fast: bool = True,
    stride: Callable[[], int] = lambda: 1,
) -> Iterator[Event]:
    """Train up to and including epoch `epochs`, yielding an event after every step and every epoch.

    train, validation: (X, y), X (n, ...) of any number type (cast batch by batch to the network's; flattened to
    (n, features) unless a layer of the network takes images), y labels or one-hot rows, for a regression real numbers
    (n,) or (n, k). batch_size: a number or "full". sampling: each epoch sees a "permuted" order, n draws with
    "replacement", or the rows as they stand ("sequential"). schedule: a Schedule or the name of one; the lr in
    effect is position.lr times its factor. clip_value, then clip_norm: limits on the gradients, as in
    clip_grad_value_ and clip_grad_norm_. rng draws the orders and must be no other's (dropout needs one of its own).
    position: where to go on from; it is updated in place, and carries the state of schedule and early_stopping.

    Raises ValueError for empty or unequal data, an unknown name, or early stopping that watches a figure there is
    not.
    """
    X, y = _data(train)
    held_out = None if validation is None else _data(validation)
    size = len(X) if batch_size == "full" else int(batch_size)
    if size < 1:
        raise ValueError(f'batch_size must be at least 1 or "full", received {batch_size}')
    if sampling not in SAMPLINGS:
        raise ValueError(f"unknown sampling {sampling!r}: choose one of {', '.join(SAMPLINGS)}")
    if early_stopping and early_stopping.monitor.startswith("val") and held_out is None:
        raise ValueError(f"early stopping watches {early_stopping.monitor}: give validation data, or watch train_loss")
    plan = make_schedule(schedule, epochs) if isinstance(schedule, str) else schedule
    batches = -(-len(X) // size)
    prepare = _Batches(network)
    at = Position() if position is None else position
    at.lr = optimizer.lr if at.lr is None else at.lr
    if at.order_state:
        set_rng_state(rng, at.order_state)
    if at.schedule:
        plan.load_state_dict(at.schedule)
    if at.stopping and early_stopping:
        early_stopping.load_state_dict(at.stopping)
    if at.stopped:
        return

    network.train()
    engine = compile_network(network, loss, optimizer, clip_norm=clip_norm, clip_value=clip_value) if fast else None
    if engine is not None and engine.why_not(X, y):
        engine = None
    while at.epoch <= epochs and not (early_stopping and early_stopping.stopped_epoch):
        at.order_state = get_rng_state(rng)
        order = _order(rng, sampling, len(X), size)
        factor = plan.factor(at.epoch)
        while engine is not None and at.batch < batches:
            optimizer.lr, steps = at.lr * factor, stride()
            for trained in engine.epoch(X, y, order, at.batch, batch_size=size, stride=steps):
                value, samples = trained.losses[-1], trained.size * len(trained.losses)
                if engine.culprit:
                    yield Diverged(at.epoch, at.batch + len(trained.losses), engine.culprit, value, optimizer.lr)
                    return
                at.batch += len(trained.losses)
                at.last_batch_loss = value
                for value in trained.losses:
                    at.loss_sum += value * trained.size if loss.averages else value
                at.weight += samples
                at.seen += samples
                at.correct += trained.correct
                yield StepDone(at.epoch, at.batch, batches, at.last_batch_loss, samples)
                optimizer.lr = at.lr * factor
                if stride() != steps:
                    break
        while at.batch < batches:
            rows = slice(at.batch * size, (at.batch + 1) * size)
            chosen = rows if order is None else order[rows]
            x, labels = prepare(X[chosen]), y[chosen]
            optimizer.lr = at.lr * factor
            value, output, culprit = _train_step(network, loss, optimizer, x, labels, clip_norm, clip_value)
            if culprit:
                yield Diverged(at.epoch, at.batch + 1, culprit, value, optimizer.lr)
                return
            at.batch += 1
            at.last_batch_loss = value
            _add_up(at, loss, value, output, labels)
            yield StepDone(at.epoch, at.batch, batches, value, len(x))
        yield EpochTrained(at.epoch)
        scores = None if held_out is None else evaluate(network, loss, *held_out)
        targets = y if order is None else y[order]
        regression = loss.task == "regression"
        done = EpochDone(
            at.epoch,
            at.loss_sum / at.weight,
            nan if regression else at.correct / at.seen,
            scores.loss if scores else None,
            scores.accuracy if scores else None,
            at.last_batch_loss,
            at.lr * factor,
            r2_from_errors(at.squared_error, targets) if regression else None,
            scores.r2 if scores else None,
        )
        _look_back(done, plan, early_stopping, network)
        at.schedule = plan.state_dict()
        at.stopping = early_stopping.state_dict() if early_stopping else {}
        at.epoch, at.batch, at.order_state = at.epoch + 1, 0, get_rng_state(rng)
        at.loss_sum, at.weight, at.correct, at.seen, at.squared_error = 0.0, 0.0, 0, 0, []
        yield done

    restored = early_stopping.restore(network) if early_stopping else False
    if early_stopping and early_stopping.stopped_epoch:
        at.stopped = True
        stopping = early_stopping
        yield EarlyStopped(stopping.stopped_epoch, stopping.reason, stopping.best, stopping.best_epoch, restored)


def evaluate(
    network: Layer, loss: Loss, X: npt.ArrayLike, y: npt.ArrayLike, *, batch_size: int | None = None
) -> Evaluation:
    """Loss and accuracy (R^2 of a regression) over (X, y) in inference mode, in batches; modes are put back.

    batch_size None: 4096, or 256 for a network that takes images, whose windows need much more memory.
    """
    X, y = _data((X, y))
    prepare = _Batches(network)
    batch_size = batch_size or (4096 if prepare.flat else 256)
    at = Position()
    with inference_mode(network), np.errstate(all="ignore"):
        for start in range(0, len(X), batch_size):
            labels = y[start : start + batch_size]
            output = network.forward(prepare(X[start : start + batch_size]))
            _add_up(at, loss, loss.forward(output, labels), output, labels)
    if loss.task == "regression":
        return Evaluation(at.loss_sum / at.weight, nan, len(X), r2_from_errors(at.squared_error, y))
    return Evaluation(at.loss_sum / at.weight, at.correct / at.seen, len(X))


def _add_up(at: Position, loss: Loss, value: float, output: Array, labels: Array) -> None:
    """Add a batch to the sums of the epoch."""
    weight = loss.total_weight(labels) if loss.averages else float(len(labels))
    at.loss_sum += value * weight if loss.averages else value
    at.weight += weight
    at.seen += len(labels)
    if loss.task == "regression":
        errors = np.square(np.asarray(output - labels.reshape(output.shape), dtype=np.float64)).sum(axis=0)
        at.squared_error = (errors + (at.squared_error or 0.0)).tolist()
    else:
        at.correct += int(np.count_nonzero(loss.predict(output) == as_labels(labels)))


def _look_back(done: EpochDone, plan: Schedule, stopping: EarlyStopping | None, network: Layer) -> None:
    """Show the figures of an epoch to those who watch them."""
    watched = getattr(done, plan.monitor)
    plan.observe(done.train_loss if watched is None else watched)
    if stopping is not None:
        value = getattr(done, stopping.monitor)
        stopping.observe(done.epoch, nan if value is None else value, network)


def _train_step(
    network: Layer,
    loss: Loss,
    optimizer: Optimizer,
    x: Array,
    labels: Array,
    clip_norm: float | None,
    clip_value: float | None,
) -> tuple[float, Array, str]:
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
        if clip_value is not None:
            clip_grad_value_(optimizer.params, clip_value)
        if clip_norm is not None:
            clip_grad_norm_(optimizer.params, clip_norm)
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


class _Batches:
    """Rows of data as a network wants them: in its dtype, and flat unless one of its layers takes images."""

    def __init__(self, network: Layer) -> None:
        self.dtype = dtype_of(network)
        self.flat = not any(getattr(layer, "takes_images", False) for layer in network.modules())

    def __call__(self, x: Array) -> Array:
        x = x.astype(self.dtype, copy=False)
        return x.reshape(len(x), -1) if self.flat else x
