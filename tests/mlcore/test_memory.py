"""What training takes of the memory: nothing anew once it runs, and no second copy of the data."""

import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from mlcore import CrossEntropyLoss, EpochDone, MSELoss, StepDone, build_mlp, evaluate, fit
from mlcore.losses import Loss
from mlcore.optim import OPTIMIZERS

SMALLEST = 2000
"""Bytes. Events, views and lists of figures take less; what grows with a batch or a layer, takes more."""


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def largest_allocation_in_steps(events: Iterator[Any], warm: int, epochs: int) -> int:
    """The most that was ever held, during one of the steps of some epochs, on top of what was held before it.

    Steps lie between two StepDone of an epoch: what is between epochs, such as the next order, does not count.
    """
    largest = before = 0
    inside = False
    for event in events:
        if isinstance(event, StepDone):
            if inside and event.epoch > warm:
                largest = max(largest, tracemalloc.get_traced_memory()[1] - before)
            inside = True
        elif isinstance(event, EpochDone):
            inside = False
            if event.epoch == warm + epochs:
                break
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
    return largest


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize(("batch_size", "stride"), [(64, 1), (64, 8), (1024, 1)])
def test_a_step_allocates_no_array_after_the_first_epochs(name: str, batch_size: int, stride: int) -> None:
    largest = largest_allocation_in_steps(training(CrossEntropyLoss(), name, batch_size, stride), 2, 2)
    assert 0 < largest < SMALLEST


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("batch_size", [64, 1024])
@pytest.mark.parametrize("kind", ["weights", "regression", "gelu", "penalties", "input dropout", "scales"])
def test_no_option_makes_a_step_allocate(kind: str, batch_size: int) -> None:
    loss = {"weights": CrossEntropyLoss(weight=[1, 2, 3], epsilon=1e-9), "regression": MSELoss(task="regression")}
    options: dict[str, Any] = {"weight_decay": 0.1, "l1": 0.1, "amsgrad": True} if kind == "penalties" else {}
    events = training(
        loss.get(kind, CrossEntropyLoss()),
        "adam",
        batch_size,
        1,
        activation="gelu" if kind == "gelu" else "relu",
        front=kind == "input dropout",
        scale=np.full(100, 1 / 255) if kind == "scales" else 1 / 255,
        **options,
    )
    assert 0 < largest_allocation_in_steps(events, 2, 2) < SMALLEST


@pytest.mark.usefixtures("traced")
def test_the_readable_layers_do_allocate() -> None:
    """The measure sees what it is there to see."""
    events = training(CrossEntropyLoss(), "adam", 64, 1, fast=False)
    assert largest_allocation_in_steps(events, 1, 1) > 64 * 520 * 4


def training(
    loss: Loss,
    name: str,
    batch_size: int,
    stride: int,
    *,
    activation: str = "relu",
    front: bool = False,
    scale: Any = 1 / 255,
    fast: bool = True,
    **options: Any,
) -> Iterator[Any]:
    """Endless training on 2,048 rows of 100 bytes. The biases of the wide layer take 2,080 bytes, a batch of outputs of
    the narrow one 2,048 at least.
    """
    from mlcore import Dropout, Sequential

    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (2048, 100), dtype=np.uint8)
    regression = loss.task == "regression"
    y = rng.normal(size=2048) if regression else rng.integers(0, 3, 2048)
    built = build_mlp(100, [520, 8], 1 if regression else 3, activation=activation, dropout=0.2, rng=rng)
    net = Sequential(Dropout(0.1, rng=np.random.default_rng(1)), *built) if front else built
    made: Any = OPTIMIZERS[name]
    return fit(
        net,
        loss,
        made(net.parameters(), lr=1e-4, **options),
        (X, y),
        epochs=10**6,
        batch_size=batch_size,
        rng=rng,
        fast=fast,
        stride=lambda: stride,
        scale=scale,
        shift=scale,
    )


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("fast", [True, False])
def test_bytes_stay_bytes(fast: bool) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (40_000, 400), dtype=np.uint8), rng.integers(0, 3, 40_000)
    net = build_mlp(400, [20], 3, rng=rng)
    optimizer = OPTIMIZERS["adam"](net.parameters(), lr=1e-3)
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    options: dict[str, Any] = {"scale": 2 / 255, "shift": -1.0}
    events = fit(net, CrossEntropyLoss(), optimizer, (X, y), epochs=2, batch_size=64, rng=rng, fast=fast, **options)
    assert sum(isinstance(event, EpochDone) for event in events) == 2
    training_peak = tracemalloc.get_traced_memory()[1] - before
    assert training_peak < X.nbytes / 4  # in float32 they would take four times their bytes
    evaluate(net, CrossEntropyLoss(), X, y, **options)
    assert tracemalloc.get_traced_memory()[1] - before < 2 * X.nbytes
