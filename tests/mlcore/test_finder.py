"""The learning-rate finder: what it finds, and that it leaves everything as it was."""

from typing import Any

import numpy as np
import pytest

from mlcore import (
    OPTIMIZERS,
    SGD,
    BatchNorm1d,
    CrossEntropyLoss,
    Dropout,
    EpochDone,
    Linear,
    LRCurve,
    LRPoint,
    MSELoss,
    ReLU,
    Sequential,
    find_lr,
    fit,
    iter_find_lr,
)

Data = tuple[np.ndarray, np.ndarray]


@pytest.fixture
def data() -> Data:
    rng = np.random.default_rng(1)
    y = rng.integers(0, 3, 90)
    return rng.normal(0, 3, (3, 4))[y] + rng.normal(size=(90, 4)), y


def network() -> Sequential:
    rng = np.random.default_rng(2)
    return Sequential(
        Linear(4, 16, rng=rng), BatchNorm1d(16), ReLU(), Dropout(0.1, rng=rng.spawn(1)[0]), Linear(16, 3, rng=rng)
    )


def test_the_suggestion_learns_well(data: Data) -> None:
    net, rng = network(), np.random.default_rng(0)
    curve = find_lr(net, CrossEntropyLoss(), SGD(net.parameters()), data, batch_size=15, rng=rng)
    assert curve.suggestion is not None
    assert 1e-4 < curve.suggestion < 5

    def accuracy_with(lr: float) -> float:
        net = network()
        optimizer = SGD(net.parameters(), lr=lr)
        events = fit(net, CrossEntropyLoss(), optimizer, data, data, epochs=4, batch_size=15, rng=rng)
        *_, last = (event for event in events if isinstance(event, EpochDone))
        assert last.val_accuracy is not None
        return last.val_accuracy

    assert accuracy_with(curve.suggestion) > max(0.8, accuracy_with(curve.suggestion * 1e-4))


def test_rates_grow_by_a_constant_factor_and_losses_are_smoothed(data: Data) -> None:
    net, rng = network(), np.random.default_rng(0)
    arguments: Any = {"batch_size": 15, "rng": rng, "start": 1e-6, "end": 1e-2, "iterations": 41, "smoothing": 0.5}
    *points, curve = iter_find_lr(net, CrossEntropyLoss(), SGD(net.parameters()), data, **arguments)
    assert isinstance(curve, LRCurve)
    assert curve.reason == "end"
    assert list(curve.points) == points
    np.testing.assert_allclose([p.lr for p in curve.points], np.geomspace(1e-6, 1e-2, 41))
    average = 0.0
    for k, point in enumerate(curve.points, 1):
        average = 0.5 * average + 0.5 * point.loss
        assert point.smoothed == pytest.approx(average / (1 - 0.5**k))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("end", "reason"), [(1e3, "rising"), (1e30, "not finite")])
def test_it_ends_early(end: float, reason: str, data: Data) -> None:
    net, rng = network(), np.random.default_rng(0)
    factor = 4.0 if reason == "rising" else np.inf
    curve = find_lr(
        net, MSELoss(), SGD(net.parameters()), data, batch_size=15, rng=rng, end=end, stop_factor=factor, smoothing=0.8
    )
    assert curve.reason == reason
    assert len(curve.points) < 100


@pytest.mark.parametrize("steps", [3, 1000])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_everything_is_put_back(name: str, steps: int, data: Data) -> None:
    net, rng, kind = network(), np.random.default_rng(0), OPTIMIZERS[name]
    made: Any = kind
    optimizer = made(net.parameters(), lr=0.01)
    list(fit(net, CrossEntropyLoss(), optimizer, data, epochs=1, batch_size=30, rng=rng))
    net.eval()
    dropout = net[3]
    assert isinstance(dropout, Dropout)

    def state() -> Any:
        return (
            {k: v.tobytes() for k, v in net.state_dict().items()},
            {k: v.tobytes() for k, v in optimizer.state_dict().items()},
            [p.grad.tobytes() for p in net.parameters()],
            [layer.training for layer in net.modules()],
            [rng.bit_generator.state, dropout.rng.bit_generator.state],
            (optimizer.lr, optimizer.steps, [id(p.data) for p in net.parameters()]),
        )

    before = state()
    items = iter_find_lr(net, CrossEntropyLoss(), optimizer, data, batch_size=30, rng=rng)
    for count, item in enumerate(items, 1):
        assert isinstance(item, LRPoint | LRCurve)
        if count == steps:
            assert state() != before
            items.close()  # type: ignore[attr-defined]
            break
    assert state() == before


def test_what_makes_no_sense_is_refused(data: Data) -> None:
    net = network()
    with pytest.raises(ValueError, match="0 < start < end"):
        find_lr(net, MSELoss(), SGD(net.parameters()), data, batch_size=5, rng=np.random.default_rng(), end=1e-9)
