"""Early stopping, by itself and in training."""

import json
import math
from typing import Any

import numpy as np
import pytest

from mlcore import (
    SGD,
    CrossEntropyLoss,
    EarlyStopped,
    EarlyStopping,
    EpochDone,
    Position,
    Sequential,
    WeightsRestored,
    build_mlp,
    fit,
)

NET = build_mlp(2, [], 2, rng=np.random.default_rng(0))


def stops_after(values: list[float], **options: Any) -> tuple[int, EarlyStopping]:
    stopping = EarlyStopping(**options)
    for epoch, value in enumerate(values, 1):
        # As a run that is interrupted after every epoch.
        again = EarlyStopping(**options)
        again.load_state_dict(json.loads(json.dumps(stopping.state_dict())))
        again.best_weights = stopping.best_weights
        stopping = again
        if stopping.observe(epoch, value, NET):
            return epoch, stopping
    return 0, stopping


@pytest.mark.parametrize(
    ("values", "options", "stopped"),
    [
        ([3, 2, 1, 1], {}, 4),  # patience 0: the first epoch without an improvement
        ([3, 2, 1, 0.5], {}, 0),
        ([3, 1, 2, 2, 0.9, 2, 2, 2], {"patience": 3}, 8),
        ([1, 0.95, 0.9, 0.85], {"min_delta": 0.1, "patience": 2}, 3),  # 0.9 is not lower by more than 0.1
        ([1, 0.95, 0.85, 0.95, 0.95], {"min_delta": -0.1, "patience": 2}, 5),
        ([9, 1, 1, 1, 1], {"patience": 2, "start_from_epoch": 3}, 0),
        ([9, 1, 1, 1, 1, 1], {"patience": 2, "start_from_epoch": 3}, 6),
        ([5, 4, 3, 2], {"patience": 3, "baseline": 1.0}, 0),  # getting better, though never better than 1
        ([5, 4, 3, 3], {"patience": 3, "baseline": 1.0}, 4),
        ([0.5, 0.6, 0.7, 0.7], {"monitor": "val_accuracy"}, 4),
        ([0.5, 0.6, 0.7, 0.7], {"monitor": "loss", "mode": "max"}, 4),
        ([0.5, 0.4], {"monitor": "r2"}, 2),
        ([math.nan, math.nan, math.nan], {"patience": 2}, 2),
    ],
)
def test_when_it_stops(values: list[float], options: dict[str, Any], stopped: int) -> None:
    epoch, stopping = stops_after(values, **options)
    assert epoch == stopping.stopped_epoch == stopped
    assert bool(stopping.reason) == bool(stopped)


def test_the_reason_in_words() -> None:
    _, stopping = stops_after([3, 1, 2, 2], patience=2)
    assert stopping.reason == "val_loss did not improve for 2 epochs: best 1 in epoch 2"
    _, stopping = stops_after([3, 2.9], min_delta=0.5)
    assert stopping.reason == "val_loss did not improve by more than 0.5 for 1 epoch: best 3 in epoch 1"
    _, stopping = stops_after([math.nan] * 2, monitor="loss")
    assert stopping.reason == "train_loss was no number for 2 epochs"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"monitor": "speed"}, "unknown monitor 'speed': choose one of train_loss, "),
        ({"mode": "up"}, "mode must be one of auto, min, max"),
        ({"patience": -1}, "must be >= 0"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EarlyStopping(**options)


# --- in training ---


def overfitting() -> tuple[Sequential, Any, Any]:
    """Few samples of noise: the loss on other noise soon rises."""
    rng = np.random.default_rng(1)
    net = build_mlp(5, [16], 2, rng=rng, dtype=np.float64)
    data, other = ((rng.normal(size=(20, 5)), rng.integers(0, 2, 20)) for _ in range(2))
    return net, data, other


def run(net: Sequential, data: Any, other: Any, stopping: EarlyStopping, position: Position) -> list[Any]:
    return list(
        fit(
            net,
            CrossEntropyLoss(),
            SGD(net.parameters(), lr=0.5),
            data,
            other,
            epochs=200,
            batch_size=5,
            early_stopping=stopping,
            rng=np.random.default_rng(2),
            position=position,
        )
    )


@pytest.mark.parametrize("restore", [True, False])
def test_fit_stops_with_a_reason_and_the_best_weights(restore: bool) -> None:
    net, data, other = overfitting()
    stopping, position = EarlyStopping(patience=4, restore_best_weights=restore), Position()
    events = run(net, data, other, stopping, position)
    epochs = [event for event in events if isinstance(event, EpochDone)]
    last = events[-1]
    assert isinstance(last, EarlyStopped)
    losses = [epoch.val_loss for epoch in epochs]
    best = int(np.argmin(losses)) + 1  # type: ignore[arg-type]
    assert (last.best_epoch, last.best, last.epoch) == (best, min(losses), best + 4)  # type: ignore[type-var]
    assert last.reason == stopping.reason
    assert last.restored is restore
    value = CrossEntropyLoss()(net.eval().forward(other[0]), other[1])
    assert value == pytest.approx(losses[best - 1] if restore else losses[-1])
    # A run that has been stopped stays so.
    before = net.state_dict()
    assert run(net, data, other, EarlyStopping(patience=4), position) == []
    for name, weights in net.state_dict().items():
        np.testing.assert_array_equal(weights, before[name])


def test_best_weights_come_back_after_the_last_epoch_too() -> None:
    net, data, other = overfitting()
    stopping = EarlyStopping(patience=1000, restore_best_weights=True)
    *events, last = run(net, data, other, stopping, Position())
    assert last == WeightsRestored(stopping.best_epoch, stopping.best)
    assert isinstance(events[-1], EpochDone)
    value = CrossEntropyLoss()(net.eval().forward(other[0]), other[1])
    assert value == pytest.approx(stopping.best)
    assert stopping.best is not None
    assert stopping.best < events[-1].val_loss  # type: ignore[operator]


def test_a_figure_that_there_is_not() -> None:
    net, data, _ = overfitting()
    with pytest.raises(ValueError, match="early stopping watches val_loss: give validation data"):
        run(net, data, None, EarlyStopping(), Position())
    assert isinstance(run(net, data, None, EarlyStopping("loss"), Position())[-1], EarlyStopped | EpochDone)
