"""Training as a generator of events. Whoever drains it owns time, files and screens, and may stop anywhere.

    for event in fit(network, loss, optimizer, (X, y), (X_val, y_val), epochs=20, batch_size=32, rng=rng):
        match event:
            case EpochDone(epoch=epoch, val_accuracy=accuracy): print(epoch, accuracy)

Where training stands is in a `Position`. Save it with the weights, the optimiser's state and the state of the
dropout's generators at any event; restore all of them, call `fit` again, and the run goes on bit for bit.
"""

from collections.abc import Callable, Iterator, Sequence
from math import nan

import numpy as np
import numpy.typing as npt

from mlcore.engine import Engine, compile_network
from mlcore.evaluation import add_figures, add_up, evaluate, mean_loss
from mlcore.layers import Layer
from mlcore.losses import Loss
from mlcore.metrics import r2_from_errors
from mlcore.optim import Optimizer
from mlcore.progress import (
    Diverged,
    EarlyStopped,
    EpochDone,
    EpochTrained,
    Evaluation,
    Event,
    Position,
    StepDone,
    WeightsRestored,
)
from mlcore.random_state import get_rng_state, set_rng_state
from mlcore.samples import SAMPLINGS, Batches, Rows, as_batch_size, as_data, draw_order, is_drawn
from mlcore.schedules import Schedule
from mlcore.schedules import schedule as make_schedule
from mlcore.stopping import EarlyStopping
from mlcore.train_checks import check_last_batch, check_watchers, take_up
from mlcore.train_step import first_divergence, largest_loss, train_step

__all__ = [
    "SAMPLINGS",
    "Diverged",
    "EarlyStopped",
    "EpochDone",
    "EpochTrained",
    "Evaluation",
    "Event",
    "Position",
    "Rows",
    "StepDone",
    "WeightsRestored",
    "evaluate",
    "fit",
]


def fit(
    network: Layer,
    loss: Loss,
    optimizer: Optimizer,
    train: tuple[npt.ArrayLike | Rows, npt.ArrayLike],
    validation: tuple[npt.ArrayLike | Rows, npt.ArrayLike] | None = None,
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
    (n, features) unless a layer of the network takes images), or Rows of such an array, y labels or one-hot rows, for a
    regression real numbers (n,) or (n, k). batch_size: a number or "full". sampling: each epoch sees a "permuted"
    order, n draws with "replacement", or the rows as they stand ("sequential"). schedule: a Schedule or the name of
    one; the lr in effect is position.lr times its factor, and the optimiser has position.lr again in the end.
    clip_value, then clip_norm: limits on the gradients, as in clip_grad_value_ and clip_grad_norm_. rng draws the
    orders and must be no other's (dropout needs one of its own). position: where to go on from; it is updated in place,
    and carries the state of schedule and early_stopping: where there is none, these begin anew.

    fast: use the fast form where there is one. stride: how many steps it may take before it yields again. Weights,
    options and layers may be changed at any event: that holds from the next step.

    scale, shift: what enters the network is scale * X + shift, each a number or one for each feature; so bytes can stay
    bytes, and only a batch at a time is anything else. Product and sum are rounded in the network's dtype: the same
    bits as data that were scaled so before; in float32 up to 1e-7 of |scale * X| + |shift| from the exact number.

    explosion: a batch whose mean loss is beyond explosion times 1, for a regression times the mean square of its
    training targets where that is more, ends the run as a number does that is not finite. None: it goes on.

    A batch whose class weights are all 0 takes no part in a mean: no step, and no share in the epoch's loss.

    Raises ValueError for empty or unequal data, a batch_size that is none, an unknown name, a batch of one sample where
    a layer cannot normalise it, and a schedule or early stopping that watches a figure there is not.
    """
    X, y = as_data(train)
    held_out = None if validation is None else as_data(validation)
    size = as_batch_size(batch_size, len(X))
    if sampling not in SAMPLINGS:
        raise ValueError(f"unknown sampling {sampling!r}: choose one of {', '.join(SAMPLINGS)}")
    plan = make_schedule(schedule, epochs) if isinstance(schedule, str) else schedule
    check_watchers(plan, early_stopping, loss, validation=held_out is not None)
    batches = -(-len(X) // size)
    prepare, most = Batches(network, X, scale, shift), largest_loss(loss, y, explosion)
    check_last_batch(network, loss, prepare, X, size)
    at = Position() if position is None else position
    at.lr = optimizer.lr if at.lr is None else at.lr
    if at.order_state:
        set_rng_state(rng, at.order_state)
    take_up(plan, at.schedule)
    if early_stopping:
        take_up(early_stopping, at.stopping)
    if at.stopped:
        return

    def compiled() -> Engine | None:
        engine = compile_network(
            network,
            loss,
            optimizer,
            clip_norm=clip_norm,
            clip_value=clip_value,
            scale=prepare.scale,
            shift=prepare.shift,
        )
        return None if engine is None or engine.why_not(X, y) else engine

    network.train()
    averages, regression = loss.averages, loss.task == "regression"
    engine = compiled() if fast else None
    fast = engine is not None
    drawn, order = is_drawn(sampling, len(X), size), None
    at.order_state = get_rng_state(rng)
    in_effect = optimizer.lr
    try:
        while at.epoch <= epochs and not (early_stopping and early_stopping.stopped_epoch):
            if drawn:
                order = draw_order(rng, sampling, len(X))
            factor = plan.factor(at.epoch)
            if fast and engine is None:
                engine = compiled()
            while engine is not None and at.batch < batches:
                if engine.is_stale:  # somebody has changed the network or an option since
                    engine = compiled()
                    continue
                optimizer.lr = in_effect = at.lr * factor
                steps = stride()
                for trained in engine.epoch(X, y, order, at.batch, batch_size=size, stride=steps):
                    losses, last = trained.losses, trained.losses[-1]
                    bound = most if averages else most * trained.size
                    if engine.culprit or max(trained.counted) > bound:
                        count, tensor = first_divergence(losses, bound, engine.culprit)
                        yield Diverged(at.epoch, at.batch + count, tensor, losses[count - 1], in_effect)
                        return
                    at.batch += len(losses)
                    at.last_batch_loss = last if last == last else _last_counted(losses, at.last_batch_loss)
                    add_figures(at, trained, averages)
                    yield StepDone(at.epoch, at.batch, batches, last, trained.size * len(losses))
                    if at.batch < batches and (stride() != steps or engine.is_stale):
                        break
                    optimizer.lr = in_effect = at.lr * factor
            while at.batch < batches:
                rows = slice(at.batch * size, (at.batch + 1) * size)
                chosen = rows if order is None else order[rows]
                x, labels = prepare(X[chosen]), y[chosen]
                optimizer.lr = in_effect = at.lr * factor
                bound = most if averages else most * len(x)
                value, output, culprit = train_step(network, loss, optimizer, x, labels, bound, clip_norm, clip_value)
                if culprit:
                    yield Diverged(at.epoch, at.batch + 1, culprit, value, in_effect)
                    return
                at.batch += 1
                at.last_batch_loss = _last_counted([value], at.last_batch_loss)
                add_up(at, loss, value, output, labels)
                yield StepDone(at.epoch, at.batch, batches, value, len(x))
            yield EpochTrained(at.epoch)
            scores = None if held_out is None else evaluate(network, loss, *held_out, scale=scale, shift=shift)
            done = EpochDone(
                at.epoch,
                mean_loss(at),
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

        if early_stopping:
            stopping, restored = early_stopping, early_stopping.restore(network)
            if stopping.stopped_epoch:
                at.stopped = True
                yield EarlyStopped(
                    stopping.stopped_epoch, stopping.reason, stopping.best, stopping.best_epoch, restored
                )
            elif restored:
                yield WeightsRestored(stopping.best_epoch, stopping.best)
    finally:
        if optimizer.lr == in_effect:  # and not what the caller has given it since
            optimizer.lr = at.lr


def _last_counted(losses: Sequence[float], before: float) -> float:
    """The last loss of a batch that took part."""
    if losses[-1] == losses[-1]:
        return losses[-1]
    return next((value for value in reversed(losses) if value == value), before)


def _look_back(done: EpochDone, plan: Schedule, stopping: EarlyStopping | None, network: Layer) -> None:
    """Show the figures of an epoch to those who watch them."""
    watched = getattr(done, plan.monitor)
    plan.observe(done.train_loss if watched is None else watched)
    if stopping is not None:
        value = getattr(done, stopping.monitor)
        stopping.observe(done.epoch, nan if value is None else value, network)
