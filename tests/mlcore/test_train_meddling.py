"""What somebody does to a network, an optimiser or an option in the middle of a training holds from the next step."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from mlcore import SGD, Adam, CrossEntropyLoss, Dropout, EpochDone, Linear, RMSprop, Sequential, Sigmoid, Tanh, find_lr
from mlcore.engine import why_not
from mlcore.optim import Optimizer
from mlcore.progress import StepDone
from mlcore.train import fit

Data = tuple[np.ndarray, np.ndarray]
Meddle = Callable[[Sequential, Optimizer, CrossEntropyLoss], Any]


@pytest.fixture
def data() -> Data:
    rng = np.random.default_rng(1)
    return rng.normal(size=(60, 4)), rng.integers(0, 3, 60)


def network(dtype: type = np.float64) -> Sequential:
    rng = np.random.default_rng(2)
    return Sequential(Linear(4, 8, rng=rng, dtype=dtype), Tanh(), Linear(8, 3, rng=rng, dtype=dtype))


def sgd(net: Sequential) -> Optimizer:
    return SGD(net.parameters(), lr=0.1, momentum=0.5)


def train(
    data: Data,
    meddle: Meddle,
    *,
    fast: bool,
    make: Callable[[Sequential], Optimizer] = sgd,
    when: tuple[type, int, int] = (StepDone, 1, 2),
    batch_size: int | str = 10,
    stride: int = 2,
) -> tuple[list[float], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Three epochs; at this event somebody meddles."""
    net, loss = network(), CrossEntropyLoss()
    optimizer = make(net)
    kind, epoch, batch = when
    losses = []
    options: dict[str, Any] = {"stride": lambda: stride} if fast else {}
    for event in fit(
        net,
        loss,
        optimizer,
        data,
        epochs=3,
        batch_size=batch_size,
        rng=np.random.default_rng(3),
        fast=fast,
        **options,
    ):
        if isinstance(event, kind) and event.epoch == epoch and getattr(event, "batch", batch) == batch:
            meddle(net, optimizer, loss)
        if isinstance(event, EpochDone):
            losses.append(event.train_loss)
    return losses, net.state_dict(), optimizer.state_dict()


def assert_both_see_it(data: Data, meddle: Meddle, **options: Any) -> None:
    slow, fast = (train(data, meddle, fast=fast, **options) for fast in (False, True))
    np.testing.assert_allclose(fast[0], slow[0], rtol=1e-12)
    for ours, theirs in zip(fast[1:], slow[1:], strict=True):
        assert list(ours) == list(theirs)
        for name, array in theirs.items():
            np.testing.assert_allclose(ours[name], array, rtol=0, atol=1e-12)


def other_weights(net: Sequential, optimizer: Optimizer, loss: Any) -> None:
    for parameter in net.parameters():
        parameter.data = np.full_like(parameter.data, 0.1)


def other_momentum(net: Sequential, optimizer: Optimizer, loss: Any) -> None:
    optimizer.state["momentum"] = [np.ones_like(p.data) for p in optimizer.params]


def another_state(net: Sequential, optimizer: Optimizer, loss: Any) -> None:
    optimizer.state = {"momentum": [np.ones_like(p.data) for p in optimizer.params]}


def look_for_a_rate(net: Sequential, optimizer: Optimizer, loss: CrossEntropyLoss) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 4)), rng.integers(0, 3, 30)
    find_lr(net, loss, optimizer, (X, y), batch_size=5, rng=rng, iterations=10)


def another_layer(net: Sequential, optimizer: Optimizer, loss: Any) -> None:
    net.layers[1] = Sigmoid()


def other_layers(net: Sequential, optimizer: Optimizer, loss: Any) -> None:
    net.layers = [net[0], Sigmoid(), net[2]]


def a_layer_more(net: Sequential, optimizer: Optimizer, loss: Any) -> None:
    net.layers.append(Tanh())


def a_backward_of_its_own(net: Sequential, optimizer: Optimizer, loss: Any) -> None:
    net[1].backward = lambda grad: 0.5 * grad  # type: ignore[method-assign]


def option(name: str, value: Any) -> Meddle:
    return lambda net, optimizer, loss: setattr(optimizer, name, value)


def option_of_the_loss(name: str, value: Any) -> Meddle:
    return lambda net, optimizer, loss: setattr(loss, name, value)


CHANGES: dict[str, Meddle] = {
    "weights": other_weights,
    "momentum's arrays": other_momentum,
    "another state": another_state,
    "a search for the rate": look_for_a_rate,
    "a layer": another_layer,
    "other layers": other_layers,
    "one layer more": a_layer_more,
    "a backward of its own": a_backward_of_its_own,
    "weight_decay": option("weight_decay", 0.1),
    "no momentum": option("momentum", 0.0),
    "more momentum": option("momentum", 0.9),
    "nesterov": option("nesterov", True),
    "label smoothing": option_of_the_loss("label_smoothing", 0.3),
    "class weights": option_of_the_loss("weight", np.array([1.0, 5.0, 0.1])),
}


@pytest.mark.parametrize("when", [(StepDone, 1, 2), (StepDone, 2, 6), (EpochDone, 1, 0)])
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_holds_from_the_next_step(change: str, when: tuple[type, int, int], data: Data) -> None:
    assert_both_see_it(data, CHANGES[change], when=when)
    unchanged = train(data, lambda *_: None, fast=True)
    changed = train(data, CHANGES[change], fast=True, when=when)
    assert (unchanged[0] == changed[0]) == (change == "a search for the rate")


@pytest.mark.parametrize("change", ["weights", "a layer", "weight_decay"])
def test_also_where_all_is_one_batch(change: str, data: Data) -> None:
    assert_both_see_it(data, CHANGES[change], batch_size="full", when=(StepDone, 1, 1))


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda net: SGD(net.parameters(), lr=0.1), "momentum"),
        (lambda net: RMSprop(net.parameters(), lr=0.01), "momentum"),
        (lambda net: RMSprop(net.parameters(), lr=0.01), "centered"),
        (lambda net: Adam(net.parameters(), lr=0.01), "amsgrad"),
    ],
)
def test_what_was_off_when_the_optimizer_was_made(
    make: Callable[[Sequential], Optimizer], name: str, data: Data
) -> None:
    assert_both_see_it(data, option(name, 0.5 if name == "momentum" else True), make=make)


def test_a_patched_class(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    backward = Linear.backward

    def smaller(self: Linear, grad: np.ndarray) -> np.ndarray:
        return 0.5 * backward(self, grad)

    def patch(*_: Any) -> None:
        monkeypatch.setattr(Linear, "backward", smaller)

    results = []
    for fast in (False, True):
        results.append(train(data, patch, fast=fast))
        monkeypatch.undo()
    np.testing.assert_allclose(results[1][0], results[0][0], rtol=1e-12)
    net = network()
    monkeypatch.setattr(Linear, "backward", smaller)
    assert "other methods" in why_not(net, CrossEntropyLoss(), sgd(net))


def test_weights_of_another_type(data: Data) -> None:
    def in_float32(net: Sequential, optimizer: Optimizer, loss: Any) -> None:
        for parameter in net.parameters():
            parameter.data, parameter.grad = parameter.data.astype(np.float32), parameter.grad.astype(np.float32)

    results = [train(data, in_float32, fast=fast) for fast in (False, True)]
    np.testing.assert_allclose(results[1][0], results[0][0], rtol=1e-5)
    assert {array.dtype for array in results[1][1].values()} == {np.dtype(np.float32)}


# --- what stands in two places ---


def two_places() -> Iterator[tuple[str, Sequential]]:
    net = network()
    net.layers.insert(2, net[1])
    yield "a layer is used twice", net
    square = Sequential(Linear(3, 3), Linear(3, 3))
    square[1].weight = square[0].weight
    yield "two layers share their weights", square
    arrays = Sequential(Linear(3, 3), Linear(3, 3))
    arrays[1].weight.data = arrays[0].weight.data
    yield "two layers share their weights", arrays
    larger = Sequential(Linear(3, 3))
    larger[0].weight.data = np.zeros((3, 4), np.float32)
    yield "another shape", larger


@pytest.mark.parametrize(("reason", "net"), list(two_places()))
def test_the_fast_form_leaves_it_to_the_layers(reason: str, net: Sequential) -> None:
    assert reason in why_not(net, CrossEntropyLoss(), SGD(net.parameters()))


@pytest.mark.parametrize("fast", [False, True])
def test_shared_weights_move_once(fast: bool) -> None:
    rng = np.random.default_rng(0)
    net = Sequential(Linear(3, 3, rng=rng), Linear(3, 3, rng=rng))
    net[1].weight = net[0].weight
    X, y = rng.normal(size=(20, 3)), rng.integers(0, 3, 20)
    before = net[0].weight.data.copy()
    options: dict[str, Any] = {"epochs": 1, "batch_size": "full", "rng": rng, "fast": fast}
    list(fit(net, CrossEntropyLoss(), SGD(net.parameters(), lr=0.1), (X, y), **options))
    assert net[1].weight is net[0].weight
    np.testing.assert_allclose(net[0].weight.data, before - 0.1 * net[0].weight.grad, rtol=1e-6)


def test_a_changed_dropout(data: Data) -> None:
    """Its masks are other random numbers in the fast form: with p 1 all are the same."""
    results = []
    for fast in (False, True):
        net = network()
        net.layers.insert(2, Dropout(0.0, rng=np.random.default_rng(0)))
        optimizer, rng = SGD(net.parameters(), lr=0.1), np.random.default_rng(3)
        for event in fit(net, CrossEntropyLoss(), optimizer, data, epochs=2, batch_size=10, rng=rng, fast=fast):
            if isinstance(event, StepDone) and (event.epoch, event.batch) == (1, 3):
                net[2].p = 1.0  # type: ignore[attr-defined]
        results.append(net.state_dict())
    for name, array in results[0].items():
        np.testing.assert_allclose(results[1][name], array, rtol=0, atol=1e-12)
