"""The fast form against the readable layers: same numbers, same order, and nothing allocated."""

import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore import (
    SGD,
    AdamW,
    BatchNorm1d,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    Dropout,
    Linear,
    MSELoss,
    NLLLoss,
    ReLU,
    RMSprop,
    Sequential,
    Softmax,
    build_mlp,
    clip_grad_norm_,
    clip_grad_value_,
    inference_mode,
)
from mlcore.engine import Engine, compile_network, why_not
from mlcore.losses import Loss, as_labels
from mlcore.optim import OPTIMIZERS, Optimizer
from mlcore.random_state import generators_of, get_rng_state, set_rng_state

ACTIVATIONS = ("relu", "leaky_relu", "elu", "gelu", "silu", "sigmoid", "tanh", "softplus", "identity")


def compiled(network: Sequential, loss: Loss, optimizer: Optimizer, **options: Any) -> Engine:
    engine = compile_network(network, loss, optimizer, **options)
    assert engine is not None, why_not(network, loss, optimizer)
    network.train()
    return engine


def readable_epoch(
    network: Sequential,
    loss: Loss,
    optimizer: Optimizer,
    X: np.ndarray,
    y: np.ndarray,
    order: Any,
    size: int,
    **clip: Any,
) -> tuple[list[float], int]:
    """What `fit` does in an epoch: the loss of each batch, and the hits."""
    losses, hits = [], 0
    order = np.arange(len(X)) if order is None else order
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        optimizer.zero_grad()
        output = network.forward(X[rows].astype(network.parameters()[0].data.dtype))
        losses.append(loss.forward(output, y[rows]))
        network.backward(loss.backward())
        if "clip_value" in clip:
            clip_grad_value_(optimizer.params, clip["clip_value"])
        if "clip_norm" in clip:
            clip_grad_norm_(optimizer.params, clip["clip_norm"])
        optimizer.step()
        if loss.task == "classification":
            hits += int(np.count_nonzero(loss.predict(output) == as_labels(y[rows])))
    return losses, hits


def fast_epoch(engine: Engine, *arguments: Any, **options: Any) -> tuple[list[float], int]:
    done = list(engine.epoch(*arguments, **options))
    return [value for progress in done for value in progress.losses], sum(progress.correct for progress in done)


@st.composite
def works(draw: st.DrawFn) -> dict[str, Any]:
    loss = draw(st.sampled_from(["cross_entropy", "mse", "bce"]))
    outputs = 1 if loss == "bce" else draw(st.integers(2 if loss == "cross_entropy" else 1, 4))
    return {
        "loss": loss,
        "reduction": draw(st.sampled_from(["mean", "sum"])),
        "gradient": draw(st.sampled_from(["mean", "sum"])),
        "sizes": [draw(st.integers(1, 6)), draw(st.lists(st.integers(1, 9), max_size=3)), outputs],
        "activation": draw(st.sampled_from(ACTIVATIONS)),
        "output": draw(st.sampled_from(["linear", "sigmoid", "detached_sigmoid"])) if loss == "mse" else "linear",
        "bias": draw(st.sampled_from([True, "input", False])),
        "optimizer": draw(st.sampled_from(sorted(OPTIMIZERS))),
        "weight_decay": draw(st.sampled_from([0.0, 0.01])),
        "batch_size": draw(st.integers(1, 23)),
        "samples": draw(st.integers(1, 40)),
        "stride": draw(st.sampled_from([1, 3, 64])),
        "seed": draw(st.integers(0, 2**32)),
    }


def built(work: dict[str, Any], dtype: type = np.float64, **network: Any) -> tuple[Sequential, Loss, Optimizer]:
    inputs, hidden, outputs = work["sizes"]
    net = build_mlp(
        inputs,
        hidden,
        outputs,
        activation=work["activation"],
        output=work["output"],
        bias=work["bias"],
        rng=np.random.default_rng(work["seed"]),
        dtype=dtype,
        **network,
    )
    kind = {"cross_entropy": CrossEntropyLoss, "mse": MSELoss, "bce": BCEWithLogitsLoss}[work["loss"]]
    loss = kind(work["reduction"], gradient=work["gradient"])
    lr = 0.01 / work["batch_size"]
    return net, loss, OPTIMIZERS[work["optimizer"]](net.parameters(), lr=lr, weight_decay=work["weight_decay"])


def data(work: dict[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(work["seed"] + 1)
    inputs, _, outputs = work["sizes"]
    X, y = rng.normal(size=(work["samples"], inputs)), rng.integers(0, max(2, outputs), work["samples"])
    return X, y, rng.permutation(work["samples"])


@settings(deadline=None, max_examples=150)
@given(works())
def test_an_epoch_equals_that_of_the_readable_layers(work: dict[str, Any]) -> None:
    X, y, order = data(work)
    slow, fast = built(work), built(work)
    expected, hits = readable_epoch(*slow, X, y, order, work["batch_size"])
    losses, correct = fast_epoch(compiled(*fast), X, y, order, batch_size=work["batch_size"], stride=work["stride"])
    np.testing.assert_allclose(losses, expected, rtol=1e-12, atol=1e-12)
    assert correct == hits
    for a, b in zip(slow[0].parameters(), fast[0].parameters(), strict=True):
        np.testing.assert_allclose(b.data, a.data, rtol=0, atol=1e-12)
        np.testing.assert_allclose(b.grad, a.grad, rtol=1e-12, atol=1e-12)
    state = fast[2].state_dict()
    for key, array in slow[2].state_dict().items():
        np.testing.assert_allclose(state[key], array, rtol=1e-12, atol=1e-12)


@settings(deadline=None, max_examples=40)
@given(works(), st.integers(0, 20), st.sampled_from([1, 2, 64]))
def test_going_on_at_any_batch_is_bit_for_bit(work: dict[str, Any], stop: int, stride: int) -> None:
    X, y, order = data(work)
    if work["batch_size"] == 1:
        stride = work["stride"] = 1
    parts, whole = built(work, dropout=0.3), built(work, dropout=0.3)
    expected = list(compiled(*whole).epoch(X, y, order, batch_size=work["batch_size"], stride=work["stride"]))

    losses: list[float] = []
    first = compiled(*parts)
    for progress in first.epoch(X, y, order, batch_size=work["batch_size"]):
        losses += progress.losses
        if len(losses) >= stop:
            break
    resumed = built(work, dropout=0.3)
    resumed[0].load_state_dict(parts[0].state_dict())
    resumed[2].load_state_dict(parts[2].state_dict())
    for mine, saved in zip(generators_of(resumed[0]), generators_of(parts[0]), strict=True):
        set_rng_state(mine, get_rng_state(saved))
    rest = compiled(*resumed).epoch(X, y, order, len(losses), batch_size=work["batch_size"], stride=stride)
    losses += [value for progress in rest for value in progress.losses]
    assert losses == [value for progress in expected for value in progress.losses]
    for a, b in zip(whole[0].parameters(), resumed[0].parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
@pytest.mark.parametrize(("batch_size", "features"), [(8, 5), (30, 5), (8, 600), (1, 600)])
def test_a_step_allocates_nothing(name: str, batch_size: int, features: int) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (60, features), dtype=np.uint8), rng.integers(0, 3, 60)
    net = build_mlp(features, [70, 50], 3, dropout=0.2, rng=rng)
    engine = compiled(net, CrossEntropyLoss(), OPTIMIZERS[name](net.parameters(), lr=1e-4), scale=1 / 255)
    order = rng.permutation(60)
    fast_epoch(engine, X, y, order, batch_size=batch_size, stride=8)
    tracemalloc.start()
    steps = engine.epoch(X, y, order, batch_size=batch_size, stride=8)
    next(steps)
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    for _ in steps:
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - before < 4000  # views, floats and the list of losses; the smallest activation has 6,000 bytes or more


def test_nothing_is_allocated_that_grows_with_a_batch() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(4096, 20)), rng.integers(0, 3, 4096)
    net = build_mlp(20, [100], 3, dropout=0.2, rng=rng)
    engine = compiled(net, CrossEntropyLoss(), AdamW(net.parameters()))
    order = rng.permutation(4096)
    fast_epoch(engine, X, y, order, batch_size=1024)
    tracemalloc.start()
    fast_epoch(engine, X, y, order, batch_size=1024)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000  # a column of one feature alone has 4,096 bytes, a layer's output 400,000


def test_parameters_gradients_and_state_are_views_that_others_may_use() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 4)), rng.integers(0, 3, 30)
    net = build_mlp(4, [6], 3, rng=rng, dtype=np.float64)
    optimizer = RMSprop(net.parameters(), lr=0.01)
    engine = compiled(net, CrossEntropyLoss(), optimizer)
    bases = {id(parameter.data.base) for parameter in net.parameters()}
    assert len(bases) == 1
    assert not any(optimizer.state["square_avg"][0] is array for array in optimizer.state["square_avg"][1:])
    fast_epoch(engine, X, y, None, batch_size=30)
    loss = CrossEntropyLoss()
    kept = [parameter.grad.copy() for parameter in net.parameters()]
    assert all(gradient.any() for gradient in kept)

    # Somebody puts another array in place of a view, and a step of the readable layers in between.
    net.parameters()[0].data = np.full((6, 4), 0.25)
    optimizer.state["square_avg"][0] = np.ones((6, 4))
    with inference_mode(net):
        value = loss.forward(net.forward(X), y)
    (progress,) = engine.epoch(X, y, None, batch_size=30)
    assert progress.losses[0] == pytest.approx(value, rel=1e-12)
    assert {id(parameter.data.base) for parameter in net.parameters()} == bases
    assert optimizer.steps == 2
    np.testing.assert_allclose(optimizer.state["square_avg"][0], 0.99 + 0.01 * net.parameters()[0].grad ** 2)


def test_full_batches_in_one_go_are_as_many_epochs() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(12, 2)), rng.integers(0, 2, 12)
    results = []
    for orders in ([None] * 6, [np.arange(12), np.tile(np.arange(12), 5)]):
        net = build_mlp(2, [6], 1, rng=np.random.default_rng(1), dtype=np.float64)
        engine = compiled(net, BCEWithLogitsLoss(), SGD(net.parameters(), lr=0.5))
        done = [fast_epoch(engine, X, y, order, batch_size=12, stride=3) for order in orders]
        losses = [value for values, _ in done for value in values]
        results.append((losses, sum(correct for _, correct in done), net.parameters()[0].data.tolist()))
    assert len(results[0][0]) == 6
    assert results[0] == results[1]


def test_a_wide_network_yields_after_each_step() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 2)), rng.integers(0, 2, 40)
    net = build_mlp(2, [1000, 1000], 2, rng=rng)
    engine = compiled(net, CrossEntropyLoss(), SGD(net.parameters()))
    assert [len(done.losses) for done in engine.epoch(X, y, batch_size=20, stride=64)] == [1, 1]


def test_bytes_are_scaled_on_their_way_in() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (50, 7), dtype=np.uint8), rng.integers(0, 3, 50)
    order = rng.permutation(50)
    nets = [build_mlp(7, [6], 3, rng=np.random.default_rng(1), dtype=np.float64) for _ in range(2)]
    optimizers = [SGD(net.parameters(), lr=0.1) for net in nets]
    expected, hits = readable_epoch(nets[0], CrossEntropyLoss(), optimizers[0], X * (2 / 255) - 1, y, order, 16)
    engine = compiled(nets[1], CrossEntropyLoss(), optimizers[1], scale=2 / 255, shift=-1)
    losses, correct = fast_epoch(engine, X, np.eye(3)[y], order, batch_size=16, stride=3)
    np.testing.assert_allclose(losses, expected, rtol=1e-12)
    assert correct == hits


@pytest.mark.parametrize("features", [100, 600])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_one_by_one_in_blocks(features: int, dropout: float) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(150, features)) / features**0.5, rng.integers(0, 5, 150)
    order = rng.permutation(150)
    results = []
    for stride in (1, 10, 64):
        net = build_mlp(
            features, [50, 9], 5, activation="sigmoid", dropout=dropout, rng=np.random.default_rng(1), dtype=float
        )
        engine = compiled(net, MSELoss("half_sum"), SGD(net.parameters(), lr=0.3))
        losses, correct = fast_epoch(engine, X, y, order, batch_size=1, stride=stride)
        assert engine.optimizer.steps == 150
        results.append(
            (losses, correct, [p.data.copy() for p in net.parameters()], [p.grad.copy() for p in net.parameters()])
        )
    for losses, correct, weights, gradients in results[1:]:
        np.testing.assert_allclose(losses, results[0][0], rtol=1e-11)
        assert correct == results[0][1]
        for a, b in zip(weights + gradients, results[0][2] + results[0][3], strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)


@pytest.mark.parametrize("stop", [1, 63, 64, 128, 130])
def test_blocks_lie_where_they_lie_wherever_one_goes_on(stop: int) -> None:
    """Their borders are multiples of the block's size, so that a resumed epoch is rounded as one that was not."""
    rng = np.random.default_rng(0)
    X, y, order = rng.normal(size=(150, 600)).astype(np.float32) / 25, rng.integers(0, 5, 150), rng.permutation(150)
    results = []
    for parts in ([150], [stop, 150 - stop]):
        net = build_mlp(600, [50, 9], 5, rng=np.random.default_rng(1))
        at = 0
        for stride in parts:
            # A stride ends at a border at the latest, so that it can take more than one to get to `stop`.
            engine, end = compiled(net, CrossEntropyLoss(), SGD(net.parameters(), lr=0.3)), at + stride
            while at < end:
                done = next(engine.epoch(X, y, order, at, batch_size=1, stride=end - at))
                assert len(done.losses) == min(64 - at % 64, end - at)
                at += len(done.losses)
        results.append([parameter.data.copy() for parameter in net.parameters()])
    for a, b in zip(*results, strict=True):
        if stop % 64 == 0:
            np.testing.assert_array_equal(a, b)
        else:
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "options", [{"clip_norm": 0.05}, {"clip_value": 0.01}, {"clip_norm": 0.05, "clip_value": 0.02}]
)
def test_clipping(options: dict[str, float]) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 7)), rng.integers(0, 3, 50)
    nets = [build_mlp(7, [6], 3, rng=np.random.default_rng(1), dtype=np.float64) for _ in range(2)]
    optimizers = [SGD(net.parameters(), lr=0.1) for net in nets]
    readable_epoch(nets[0], CrossEntropyLoss(), optimizers[0], X, y, None, 16, **options)
    fast_epoch(compiled(nets[1], CrossEntropyLoss(), optimizers[1], **options), X, y, batch_size=16)
    for a, b in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        np.testing.assert_allclose(b.data, a.data, rtol=0, atol=1e-13)


def test_float32_stays_float32_and_close() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 7)), rng.integers(0, 3, 50)
    nets = [build_mlp(7, [6], 3, rng=np.random.default_rng(1), dtype=np.float32) for _ in range(2)]
    optimizers = [AdamW(net.parameters()) for net in nets]
    readable_epoch(nets[0], CrossEntropyLoss(), optimizers[0], X, y, None, 16)
    fast_epoch(compiled(nets[1], CrossEntropyLoss(), optimizers[1]), X, y, batch_size=16)
    for a, b in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        assert b.data.dtype == b.grad.dtype == np.float32
        np.testing.assert_allclose(b.data, a.data, rtol=1e-4, atol=1e-5)


# --- what is not finite ---


def diverging(X: np.ndarray, lr: float, **options: Any) -> tuple[Sequential, Engine, np.ndarray]:
    net = build_mlp(X.shape[1], [8], 3, rng=np.random.default_rng(0))
    engine = compiled(net, options.pop("loss", CrossEntropyLoss()), SGD(net.parameters(), lr=lr, **options))
    return net, engine, np.arange(len(X)) % 3


@pytest.mark.parametrize("stride", [1, 3, 64])
def test_a_number_in_the_data_that_is_not_finite(stride: int) -> None:
    X = np.random.default_rng(0).normal(size=(40, 4))
    X[21, 2] = np.inf
    net, engine, y = diverging(X, 0.1)
    losses, _ = fast_epoch(engine, X, y, batch_size=8, stride=stride)
    assert (len(losses), engine.culprit) == (3, "input")
    assert all(np.isfinite(parameter.data).all() for parameter in net.parameters())
    losses, _ = fast_epoch(engine, np.nan_to_num(X, posinf=0.0), y, batch_size=8, stride=stride)
    assert (len(losses), engine.culprit) == (5, "")


@pytest.mark.parametrize("stride", [1, 3, 64])
@pytest.mark.parametrize("lr", [1e39, 1e30, 1e20])
def test_steps_that_are_too_long_are_found_in_the_batch_where_the_readable_layers_find_them(
    stride: int, lr: float
) -> None:
    from mlcore import Diverged, fit

    X = np.random.default_rng(0).normal(size=(40, 4))
    _, engine, y = diverging(X, lr, loss=MSELoss())
    slow = build_mlp(4, [8], 3, rng=np.random.default_rng(0))
    rng = np.random.default_rng(0)
    optimizer = SGD(slow.parameters(), lr=lr)
    options: dict[str, Any] = {"sampling": "sequential", "explosion": None, "fast": False}
    *_, last = fit(slow, MSELoss(), optimizer, (X, y), epochs=1, batch_size=8, rng=rng, **options)
    assert isinstance(last, Diverged)
    losses, _ = fast_epoch(engine, X, y, batch_size=8, stride=stride)
    assert (len(losses), engine.culprit) == (last.batch, last.tensor)


# --- what it leaves to the readable layers ---


class Doubled(ReLU):
    def forward(self, x: np.ndarray) -> np.ndarray:
        return 2 * super().forward(x)


def refusals() -> Iterator[tuple[str, Sequential, Loss, dict[str, Any]]]:
    mean = CrossEntropyLoss()
    yield "Doubled has no fast form", Sequential(Linear(4, 3), Doubled(), Linear(3, 3)), mean, {}
    yield "Softmax has no fast form", Sequential(Linear(4, 3), Softmax()), mean, {}
    yield "BatchNorm1d has no fast form", Sequential(Linear(4, 3), BatchNorm1d(3), Linear(3, 3)), mean, {}
    scaled = Sequential(Linear(4, 3))
    scaled[0].weight.data = scaled[0].weight.data.astype(np.float16)
    yield "not all float32", scaled, mean, {}
    shared = Linear(4, 4)
    twice = Sequential(shared, ReLU())
    twice.layers.append(shared)
    yield "a layer is used twice", twice, mean, {}
    yield "not all float32", Sequential(Linear(4, 3), Linear(3, 3, dtype=np.float64)), mean, {}
    frozen = Dropout(0.5)
    frozen.frozen = True
    yield "a Dropout is frozen", Sequential(Linear(4, 3), frozen), mean, {}
    watched = Linear(4, 3)
    watched.forward = lambda x: x  # type: ignore[method-assign]
    yield "a forward of its own", Sequential(watched), mean, {}
    net = Sequential(Linear(4, 3))
    yield "weight has 2 classes", net, CrossEntropyLoss(weight=[1, 2]), {}
    yield "NLLLoss has no fast form", net, NLLLoss(), {}
    yield "does not go with 3 outputs", net, BCEWithLogitsLoss(), {}


@pytest.mark.parametrize(("reason", "network", "loss", "options"), list(refusals()))
def test_what_it_does_not_know(reason: str, network: Sequential, loss: Loss, options: dict[str, Any]) -> None:
    optimizer = SGD({id(p): p for p in network.parameters()}.values(), **options)
    assert reason in why_not(network, loss, optimizer)
    before = [parameter.data for parameter in network.parameters()]
    assert compile_network(network, loss, optimizer) is None
    assert all(parameter.data is data for parameter, data in zip(network.parameters(), before, strict=True))


def test_an_optimizer_of_something_else() -> None:
    net, other = Sequential(Linear(4, 3)), Sequential(Linear(4, 3))
    assert "other parameters" in why_not(net, CrossEntropyLoss(), SGD(other.parameters()))
    assert "other parameters" in why_not(net, CrossEntropyLoss(), SGD(net.parameters()[:1]))


def test_data_that_it_does_not_take() -> None:
    net = Sequential(Linear(4, 3))
    engine = compiled(net, CrossEntropyLoss(), SGD(net.parameters()))
    X, y = np.zeros((6, 4)), np.arange(6) % 3
    assert engine.why_not(X, y) == ""
    assert engine.why_not(X.reshape(6, 2, 2), np.eye(3)[y]) == ""
    assert "one-hot" in engine.why_not(X, np.full((6, 3), 1 / 3))
    assert "4 features" in engine.why_not(X[:, :3], y)
    assert "out of range" in engine.why_not(X, y + 1)
