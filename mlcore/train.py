"""Training as a generator of events. Whoever drains it owns time, files and screens, and may stop anywhere.

    for event in fit(network, loss, optimizer, (X, y), (X_val, y_val), epochs=20, batch_size=32, rng=rng):
        match event:
            case EpochDone(epoch=epoch, val_accuracy=accuracy): print(epoch, accuracy)

Where training stands is in a `Position`. Save it with the weights, the optimiser's state and the state of the
dropout's generators at any event; restore all of them, call `fit` again, and the run goes on bit for bit.
"""

from collections.abc import Callable, Iterator, Sequence
from math import inf, isfinite, nan

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array
from mlcore.clipping import clip_grad_norm_, clip_grad_value_
from mlcore.engine import compile_network
from mlcore.evaluation import add_figures, add_up, evaluate
from mlcore.layers import Layer
from mlcore.losses import Loss
from mlcore.metrics import r2_from_errors
from mlcore.optim import Optimizer
from mlcore.progress import Diverged, EarlyStopped, EpochDone, EpochTrained, Evaluation, Event, Position, StepDone
from mlcore.random_state import get_rng_state, set_rng_state
from mlcore.samples import SAMPLINGS, Batches, as_data, draw_order, is_drawn
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
    scale: npt.ArrayLike = 1.0,
    shift: npt.ArrayLike = 0.0,
    explosion: float | None = 1e8,
) -> Iterator[Event]:
    """Train up to and including epoch `epochs`, yielding an event after every step and every epoch.

    train, validation: (X, y), X (n, ...) of any number type (cast batch by batch to the network's; flattened to
    (n, features) unless a layer of the network takes images), y labels or one-hot rows, for a regression real numbers
    (n,) or (n, k). batch_size: a number or "full". sampling: each epoch sees a "permuted" order, n draws with
    "replacement", or the rows as they stand ("sequential"). schedule: a Schedule or the name of one; the lr in
    effect is position.lr times its factor. clip_value, then clip_norm: limits on the gradients, as in
    clip_grad_value_ and clip_grad_norm_. rng draws the orders and must be no other's (dropout needs one of its own).
    position: where to go on from; it is updated in place, and carries the state of schedule and early_stopping.

    fast: use the fast form where there is one. stride: how many steps it may take before it yields again.

    scale, shift: what enters the network is scale * X + shift, each a number or one for each feature; so bytes can stay
    bytes, and only a batch at a time is anything else. Product and sum are rounded in the network's dtype: the same
    bits as data that were scaled so before; in float32 up to 1e-7 of |scale * X| + |shift| from the exact number.

    explosion: a batch whose mean loss is beyond explosion times 1, for a regression times the mean square of its
    training targets where that is more, ends the run as a number does that is not finite. None: it goes on.

    Raises ValueError for empty or unequal data, an unknown name, or early stopping that watches a figure there is
    not.
    """
    X, y = as_data(train)
    held_out = None if validation is None else as_data(validation)
    size = len(X) if batch_size == "full" else int(batch_size)
    if size < 1:
        raise ValueError(f'batch_size must be at least 1 or "full", received {batch_size}')
    if sampling not in SAMPLINGS:
        raise ValueError(f"unknown sampling {sampling!r}: choose one of {', '.join(SAMPLINGS)}")
    if early_stopping and early_stopping.monitor.startswith("val") and held_out is None:
        raise ValueError(f"early stopping watches {early_stopping.monitor}: give validation data, or watch train_loss")
    plan = make_schedule(schedule, epochs) if isinstance(schedule, str) else schedule
    batches = -(-len(X) // size)
    prepare, most = Batches(network, X, scale, shift), _largest_loss(loss, y, explosion)
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
    averages, regression = loss.averages, loss.task == "regression"
    engine = None
    if fast:
        engine = compile_network(
            network,
            loss,
            optimizer,
            clip_norm=clip_norm,
            clip_value=clip_value,
            scale=prepare.scale,
            shift=prepare.shift,
        )
    if engine is not None and engine.why_not(X, y):
        engine = None
    drawn, order = is_drawn(sampling, len(X), size), None
    at.order_state = get_rng_state(rng)
    while at.epoch <= epochs and not (early_stopping and early_stopping.stopped_epoch):
        if drawn:
            order = draw_order(rng, sampling, len(X))
        factor = plan.factor(at.epoch)
        while engine is not None and at.batch < batches:
            optimizer.lr, steps = at.lr * factor, stride()
            for trained in engine.epoch(X, y, order, at.batch, batch_size=size, stride=steps):
                losses = trained.losses
                bound = most if averages else most * trained.size
                if engine.culprit or max(losses) > bound:
                    count, tensor = _first_divergence(losses, bound, engine.culprit)
                    yield Diverged(at.epoch, at.batch + count, tensor, losses[count - 1], optimizer.lr)
                    return
                at.batch += len(losses)
                at.last_batch_loss = losses[-1]
                add_figures(at, trained, averages)
                yield StepDone(at.epoch, at.batch, batches, losses[-1], trained.size * len(losses))
                optimizer.lr = at.lr * factor
                if stride() != steps:
                    break
        while at.batch < batches:
            rows = slice(at.batch * size, (at.batch + 1) * size)
            chosen = rows if order is None else order[rows]
            x, labels = prepare(X[chosen]), y[chosen]
            optimizer.lr = at.lr * factor
            bound = most if averages else most * len(x)
            value, output, culprit = _train_step(network, loss, optimizer, x, labels, bound, clip_norm, clip_value)
            if culprit:
                yield Diverged(at.epoch, at.batch + 1, culprit, value, optimizer.lr)
                return
            at.batch += 1
            at.last_batch_loss = value
            add_up(at, loss, value, output, labels)
            yield StepDone(at.epoch, at.batch, batches, value, len(x))
        yield EpochTrained(at.epoch)
        scores = None if held_out is None else evaluate(network, loss, *held_out, scale=scale, shift=shift)
        done = EpochDone(
            at.epoch,
            at.loss_sum / at.weight,
            nan if regression else at.correct / at.seen,
            scores.loss if scores else None,
            scores.accuracy if scores else None,
            at.last_batch_loss,
            at.lr * factor,
            r2_from_errors(at.squared_error, y if order is None else y[order]) if regression else None,
            scores.r2 if scores else None,
        )
        _look_back(done, plan, early_stopping, network)
        at.schedule = plan.state_dict()
        at.stopping = early_stopping.state_dict() if early_stopping else {}
        at.epoch, at.batch = at.epoch + 1, 0
        at.loss_sum, at.weight, at.correct, at.seen, at.squared_error = 0.0, 0.0, 0, 0, []
        if drawn:
            at.order_state = get_rng_state(rng)
        yield done

    restored = early_stopping.restore(network) if early_stopping else False
    if early_stopping and early_stopping.stopped_epoch:
        at.stopped = True
        stopping = early_stopping
        yield EarlyStopped(stopping.stopped_epoch, stopping.reason, stopping.best, stopping.best_epoch, restored)


def _largest_loss(loss: Loss, y: Array, explosion: float | None) -> float:
    """The mean loss of a batch beyond which a run has blown up. From the data alone, so that a resumed one agrees."""
    if explosion is None:
        return inf
    if loss.task != "regression":
        return explosion
    with np.errstate(all="ignore"):
        return explosion * max(1.0, float(np.square(y, dtype=np.float64).mean()))


def _first_divergence(losses: Sequence[float], bound: float, culprit: str) -> tuple[int, str]:
    """How many of these batches were met up to the one that diverged, and in what."""
    for index, value in enumerate(losses):
        if bound < value < inf:
            return index + 1, "loss"
    return len(losses), culprit


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
    bound: float,
    clip_norm: float | None,
    clip_value: float | None,
) -> tuple[float, Array, str]:
    """One iteration: the loss, the output, and the name of what is not finite ("" when all is well).

    A loss beyond `bound` counts as such, too.
    """
    # The errstate is entered and left here: around a yield it would leak into the caller.
    with np.errstate(all="ignore"):
        optimizer.zero_grad()
        output = network.forward(x)
        value = loss.forward(output, labels)
        if not isfinite(value):
            return value, output, _locate(network, x, output)
        if value > bound:
            return value, output, "loss"
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
