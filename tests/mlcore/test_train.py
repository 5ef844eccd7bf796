"""Training: figures, order, divergence, and going on exactly where one stopped."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import make_moons

from mlcore import (
    SGD,
    BatchNorm1d,
    CrossEntropyLoss,
    Diverged,
    EarlyStopping,
    EpochDone,
    EpochTrained,
    Layer,
    LayerNorm,
    Linear,
    MSELoss,
    Position,
    ReLU,
    Sequential,
    StepDone,
    accuracy,
    build_mlp,
    check_gradient,
    evaluate,
    fit,
    inference_mode,
    r2_score,
    schedule,
)
from mlcore.layers import Dropout
from mlcore.optim import OPTIMIZERS, Optimizer
from mlcore.random_state import generators_of, get_rng_state, set_rng_state

Data = tuple[np.ndarray, np.ndarray]


@pytest.fixture
def data() -> Data:
    rng = np.random.default_rng(1)
    y = rng.integers(0, 3, 50)
    return rng.normal(0, 3, (3, 4))[y] + rng.normal(size=(50, 4)), y


def network(dropout: float = 0.0, dtype: type = np.float32) -> Sequential:
    return build_mlp(4, [8], 3, dropout=dropout, rng=np.random.default_rng(2), dtype=dtype)


def start(net: Sequential, data: Data, **options: Any) -> Iterator[Any]:
    settings: dict[str, Any] = {"epochs": 3, "batch_size": 16, "rng": np.random.default_rng(3)} | options
    optimizer = settings.pop("optimizer", None) or SGD(net.parameters(), lr=0.1)
    return fit(net, settings.pop("loss", CrossEntropyLoss()), optimizer, data, **settings)


# --- the lab sheet's figures ---

SHEET_LOSSES = [
    0.24932434841760936,
    0.22098897218974045,
    0.1963744546993089,
    0.1736782052148665,
    0.1550638946177969,
    0.14091364956889652,
    0.12992480209746776,
    0.12150999835687959,
    0.11498508333360369,
    0.10970825565014697,
]
SHEET_ACCURACIES = [0.50, 0.83, 0.86, 0.86, 0.84, 0.85, 0.84, 0.86, 0.87, 0.87]


def moons_2(output: str) -> tuple[Sequential, Data, list[EpochDone]]:
    np.random.seed(42)
    X, y = make_moons(100, noise=0.1)
    rng = np.random.default_rng()
    net = build_mlp(
        2,
        [2],
        1,
        init="micrograd",
        init_options={"seed": 42, "draws_before": 54},
        output=output,
        rng=rng,
        dtype=float,
    )
    events = fit(
        net,
        MSELoss(),
        SGD(net.parameters(), lr=1.0),
        (X, y),
        epochs=10,
        batch_size="full",
        schedule="micrograd",
        rng=rng,
    )
    return net, (X, y), [event for event in events if isinstance(event, EpochDone)]


def test_moons_2_gives_the_sheets_log() -> None:
    net, (X, y), epochs = moons_2("detached_sigmoid")
    np.testing.assert_allclose([e.train_loss for e in epochs], SHEET_LOSSES, rtol=0, atol=1e-12)
    np.testing.assert_allclose([e.train_accuracy for e in epochs], SHEET_ACCURACIES, rtol=0, atol=1e-12)
    np.testing.assert_allclose([e.lr for e in epochs], 1 - 0.9 * np.arange(10) / 100)
    report = check_gradient(net, X, y, loss=MSELoss())
    assert not report.ok
    assert "missing derivative of the sigmoid" in report.diagnosis


def test_moons_2_with_the_true_derivative() -> None:
    net, (X, y), epochs = moons_2("sigmoid")
    assert epochs[9].train_loss == pytest.approx(0.1863, abs=5e-5)
    assert check_gradient(net, X, y, loss=MSELoss()).ok


# --- events ---


def test_order_and_contents_of_events(data: Data) -> None:
    events = list(start(network(), data, epochs=2, validation=data))
    kinds = [*[StepDone] * 4, EpochTrained, EpochDone]
    assert [type(event) for event in events] == kinds * 2
    steps = events[:4]
    assert [(s.epoch, s.batch, s.batches, s.samples) for s in steps] == [
        (1, 1, 4, 16),
        (1, 2, 4, 16),
        (1, 3, 4, 16),
        (1, 4, 4, 2),
    ]
    done = events[5]
    assert done.train_loss == pytest.approx(np.average([s.loss for s in steps], weights=[s.samples for s in steps]))
    assert done.last_batch_loss == steps[-1].loss
    assert 0 <= done.train_accuracy <= 1
    assert done.val_loss is not None
    assert done.val_loss < done.train_loss
    assert done.lr == 0.1


def test_it_learns_with_every_optimizer(data: Data) -> None:
    for kind in OPTIMIZERS.values():
        net = network()
        made: Any = kind
        last = list(start(net, data, epochs=60, optimizer=made(net.parameters(), lr=0.02)))[-1]
        assert last.train_accuracy > 0.9, kind


def test_evaluate_in_batches_is_evaluate_at_once(data: Data) -> None:
    net = network(dropout=0.5, dtype=np.float64)
    net[0].eval()
    whole, parts = (evaluate(net, CrossEntropyLoss(), *data, batch_size=size) for size in (4096, 7))
    assert whole.loss == pytest.approx(parts.loss)
    assert whole.accuracy == parts.accuracy
    assert whole.samples == 50
    assert [layer.training for layer in net] == [False, True, True, True]
    with inference_mode(net):
        assert whole.accuracy == accuracy(data[1], net(data[0]).argmax(axis=1))


def test_any_number_type_and_more_axes(data: Data) -> None:
    images = np.arange(50 * 4, dtype=np.uint8).reshape(50, 2, 2)
    net = network()
    last = list(start(net, (images, data[1]), optimizer=SGD(net.parameters(), lr=1e-4), validation=(images, data[1])))
    assert isinstance(last[-1], EpochDone)
    assert net.parameters()[0].data.dtype == np.float32
    one_hot = np.eye(3)[data[1]]
    a, b = (list(start(network(), (data[0], y)))[-1] for y in (data[1], one_hot))
    assert a == b


def test_full_batch_is_one_step_in_the_order_of_the_rows(data: Data) -> None:
    events = list(start(network(), data, epochs=2, batch_size="full"))
    assert [type(e) for e in events] == [StepDone, EpochTrained, EpochDone] * 2
    assert events[0].samples == 50
    assert events == list(start(network(), data, epochs=2, batch_size=50, sampling="sequential"))


@pytest.mark.parametrize("sampling", ["permuted", "replacement", "sequential"])
def test_samples_of_an_epoch(sampling: str) -> None:
    seen: list[np.ndarray] = []

    class Spy(CrossEntropyLoss):
        def forward(self, output: np.ndarray, y: Any) -> float:
            seen.append(np.asarray(y))
            return super().forward(output, np.zeros(len(output), int))

    net = build_mlp(1, [], 2, rng=np.random.default_rng())
    list(start(net, (np.zeros((10, 1)), np.arange(10)), epochs=2, batch_size=3, sampling=sampling, loss=Spy()))
    first, second = np.concatenate(seen[:4]), np.concatenate(seen[4:])
    assert [len(y) for y in seen] == [3, 3, 3, 1] * 2
    if sampling == "sequential":
        np.testing.assert_array_equal(first, range(10))
    elif sampling == "permuted":
        np.testing.assert_array_equal(np.sort(first), range(10))
        assert not np.array_equal(first, second)
    else:
        assert len(set(first)) < 10


def test_lr_assigned_between_steps_holds_from_the_next(data: Data) -> None:
    net, position = network(), Position()
    optimizer = SGD(net.parameters(), lr=0.1)
    used = []
    for event in start(net, data, epochs=2, optimizer=optimizer, position=position, schedule="exponential"):
        if isinstance(event, StepDone):
            used.append(optimizer.lr)
            if event.epoch == 1 and event.batch == 2:
                position.lr = 0.01
    np.testing.assert_allclose(used, [0.1, 0.1, 0.01, 0.01, *[0.0095] * 4])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampling": "odd"}, "unknown sampling 'odd': choose one of permuted, replacement, sequential"),
        ({"schedule": "odd"}, "unknown schedule 'odd'"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"data": (np.zeros((3, 4)), np.zeros(2))}, "X has 3 rows, y has 2"),
        ({"data": (np.zeros((0, 4)), np.zeros(0))}, "no samples"),
    ],
)
def test_wrong_settings(options: dict[str, Any], message: str, data: Data) -> None:
    with pytest.raises(ValueError, match=message):
        list(start(network(), options.pop("data", data), **options))


# --- divergence ---


@pytest.mark.filterwarnings("error")
def test_a_huge_learning_rate_diverges_and_says_where(data: Data) -> None:
    net = network()
    *_, last = start(net, data, loss=MSELoss(), optimizer=SGD(net.parameters(), lr=1e30), epochs=50)
    assert isinstance(last, Diverged)
    assert last.tensor in {"0.weight", "0.bias", "2.weight", "2.bias", "output", "loss", "0.weight.grad"}
    assert last.lr == 1e30


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["input", "0.bias", "2.weight"])
def test_the_first_tensor_that_is_not_finite_is_named(bad: float, name: str, data: Data) -> None:
    net = network()
    X = data[0].copy()
    if name == "input":
        X[20, 1] = bad  # in the second batch of rows as they stand
    else:
        dict(net.named_parameters())[name].data.flat[0] = bad
        net.parameters()[-1].data[:] = np.nan
    events = list(start(net, (X, data[1]), sampling="sequential"))
    assert events[-1] == Diverged(1, 2 if name == "input" else 1, name, events[-1].loss, 0.1)
    assert not np.isfinite(events[-1].loss)


@pytest.mark.filterwarnings("error")
def test_a_gradient_that_is_not_finite_is_not_applied(data: Data) -> None:
    class Overflowing(CrossEntropyLoss):
        def backward(self) -> np.ndarray:
            return super().backward() * np.float32(np.inf)

    net = network()
    before = net.state_dict()
    events = list(start(net, data, loss=Overflowing()))
    assert [type(event) for event in events] == [Diverged]
    assert events[0].tensor == "0.weight.grad"
    assert np.isfinite(events[0].loss)
    for name, weights in net.state_dict().items():
        np.testing.assert_array_equal(weights, before[name])


def test_numpy_warnings_of_the_caller_are_its_own(data: Data) -> None:
    with np.errstate(all="raise"):
        for _ in start(network(), data, epochs=1):
            assert set(np.geterr().values()) == {"raise"}


# --- a loss beyond reason ---


@pytest.mark.parametrize("stride", [1, 64])
@pytest.mark.parametrize("kind", ["sgd", "adam"])
@pytest.mark.parametrize("reduction", MSELoss.REDUCTIONS)
def test_a_loss_that_has_exploded_ends_the_run_though_it_is_finite(
    kind: str, reduction: str, stride: int, data: Data
) -> None:
    lr = 300.0 if kind == "sgd" else 1e6
    ends = []
    for fast in (False, True):
        net = network(dtype=np.float64)
        made: Any = OPTIMIZERS[kind]
        options = {"loss": MSELoss(reduction), "fast": fast, "stride": lambda: stride}
        *before, last = start(net, data, optimizer=made(net.parameters(), lr=lr), epochs=50, **options)
        assert isinstance(last, Diverged)
        assert (last.tensor, last.lr, last.exploded) == ("loss", lr, True)
        samples = 1 if MSELoss(reduction).averages else 16 if last.batch < 4 else 2
        assert 1e8 * samples < last.loss < np.inf
        assert all(event.loss <= 1e8 * 16 for event in before if isinstance(event, StepDone))
        ends.append((last.epoch, last.batch, pytest.approx(last.loss, rel=1e-9)))
    assert ends[0] == ends[1]


@pytest.mark.parametrize("fast", [False, True])
def test_a_sum_is_judged_by_its_mean(fast: bool, data: Data) -> None:
    options: dict[str, Any] = {"loss": MSELoss("sum"), "explosion": 5.0, "fast": fast, "epochs": 1}
    net = network()
    events = list(start(net, data, optimizer=SGD(net.parameters(), lr=1e-4), **options))
    assert events[0].loss > 5
    assert isinstance(events[-1], EpochDone)
    *_, last = start(network(), data, **options | {"explosion": 0.1})
    assert (last.tensor, last.batch) == ("loss", 1)


@pytest.mark.parametrize("fast", [False, True])
def test_an_explosion_can_be_let_go_on(fast: bool, data: Data) -> None:
    net = network(dtype=np.float64)
    options: dict[str, Any] = {"loss": MSELoss(), "optimizer": SGD(net.parameters(), lr=0.5), "fast": fast, "epochs": 1}
    wild = data[0] * 1e6, data[1]
    *_, last = start(net, wild, **options)
    assert last.exploded
    assert last.batch == 1
    events = list(start(network(dtype=np.float64), wild, **options | {"explosion": 1e30}))
    assert events[0].loss > 1e8
    *_, last = start(net, wild, **options | {"explosion": None, "epochs": 20})
    assert isinstance(last, Diverged)
    assert not last.exploded


@pytest.mark.parametrize("fast", [False, True])
def test_what_is_beyond_reason_grows_with_the_numbers_of_a_regression(fast: bool) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 4))
    prices = 300_000 + 50_000 * X[:, 0]
    options: dict[str, Any] = {"loss": MSELoss(task="regression"), "fast": fast, "epochs": 2}
    *_, last = start(build_mlp(4, [8], 1, rng=rng), (X, prices), **options)
    assert isinstance(last, EpochDone | Diverged)
    first, *_ = start(build_mlp(4, [8], 1, rng=rng), (X, prices), **options)
    assert isinstance(first, StepDone)
    assert first.loss > 1e10
    *_, last = start(build_mlp(4, [8], 1, rng=rng), (X, prices), **options | {"explosion": 0.5})
    assert isinstance(last, Diverged)


def test_a_resumed_run_explodes_where_it_would_have(data: Data) -> None:
    def run(net: Sequential, position: Position) -> Iterator[Any]:
        options = {"loss": MSELoss(), "optimizer": SGD(net.parameters(), lr=0.5), "epochs": 50}
        return start(net, data, position=position, **options)

    net, position = network(dtype=np.float64), Position()
    events = []
    for event in run(net, position):
        events.append(event)
        if len(events) == 2:
            saved = Saved(net, SGD(net.parameters()), position)
    again = network(dtype=np.float64)
    rest = list(run(again, saved.restore(again, SGD(again.parameters()))))
    assert rest == events[2:]
    assert rest[-1].exploded


# --- numbers scaled on their way in ---


SCALES: list[tuple[Any, Any]] = [(1 / 255, 0.0), (2 / 255, -1.0), (np.linspace(0.01, 0.02, 4), np.linspace(-1, 1, 4))]


@pytest.mark.parametrize(("scale", "shift"), SCALES)
@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bytes_that_are_scaled_batch_by_batch_train_as_if_scaled_before(
    dtype: type, fast: bool, scale: Any, shift: Any, data: Data
) -> None:
    X = np.random.default_rng(0).integers(0, 256, (50, 2, 2), dtype=np.uint8)
    flat = X.reshape(50, 4)
    ready = (flat.astype(dtype) * np.asarray(scale, dtype) + np.asarray(shift, dtype), data[1])
    exact = (scale * flat + shift, data[1])
    results = []
    for train, options in (
        (ready, {}),
        ((X, data[1]), {"scale": scale, "shift": shift}),
        (exact, {}),
    ):
        net = network(dtype=dtype)
        events = list(start(net, train, validation=train, fast=fast, **options))
        results.append((events, [p.data for p in net.parameters()]))
    # The same product and sum in the network's dtype: every bit.
    assert results[0][0] == results[1][0]
    for a, b, c in zip(*(weights for _, weights in results), strict=True):
        np.testing.assert_array_equal(a, b)
        # Scaled in float64 and rounded afterwards: to rounding.
        np.testing.assert_allclose(b, c, rtol=0, atol=1e-5 if dtype is np.float32 else 1e-14)


def test_scaled_images_keep_their_shape(data: Data) -> None:
    X = np.random.default_rng(0).integers(0, 256, (50, 1, 4, 4), dtype=np.uint8)

    class Seen(Layer):
        takes_images = True

        def forward(self, x: np.ndarray) -> np.ndarray:
            assert (x.shape[1:], x.dtype) == ((1, 4, 4), np.float32)
            self.largest = float(x.max())
            return x.reshape(len(x), -1)

        def backward(self, grad: np.ndarray) -> np.ndarray:
            return grad

    seen = Seen()
    net = Sequential(seen, Linear(16, 3, rng=np.random.default_rng(0)))
    list(start(net, (X, data[1]), epochs=1, scale=np.full((4, 4), 1 / 255)))
    assert 0.9 < seen.largest <= 1
    assert X.dtype == np.uint8
    assert X.max() > 200


@pytest.mark.parametrize("fast", [False, True])
def test_scaling_leaves_the_data_alone(fast: bool, data: Data) -> None:
    X = data[0].astype(np.float32)
    before = X.copy()
    options: dict[str, Any] = {"scale": 2.0, "shift": 1.0, "sampling": "sequential", "fast": fast}
    list(start(network(), (X, data[1]), validation=(X, data[1]), **options))
    list(start(network(), (X, data[1]), batch_size="full", **options))
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("name", ["scale", "shift"])
def test_as_many_scales_as_features(name: str, data: Data) -> None:
    with pytest.raises(ValueError, match=f"{name} has 3 numbers: give one, or one for each of 4 features"):
        list(start(network(), data, **{name: [1, 2, 3]}))
    with pytest.raises(ValueError, match=f"{name} has 3 numbers"):
        evaluate(network(), CrossEntropyLoss(), *data, **{name: [1, 2, 3]})


# --- both forms say the same ---


@pytest.mark.parametrize("batch_size", [16, "full", 1])
@pytest.mark.parametrize("kind", ["weights", "smoothing", "epsilon", "mse", "numbers", "two numbers"])
def test_the_fast_form_says_what_the_layers_say(kind: str, batch_size: Any, data: Data) -> None:
    X, y = data
    losses = {
        "weights": CrossEntropyLoss(weight=[1, 5, 0.1]),
        "smoothing": CrossEntropyLoss(label_smoothing=0.1),
        "epsilon": CrossEntropyLoss("sum", 1e-3),
        "mse": MSELoss("half_sum"),
    }
    loss = losses.get(kind, MSELoss(task="regression"))
    targets = {"numbers": X[:, 0] - X[:, 1] ** 2, "two numbers": X[:, :2] ** 2}.get(kind, y)
    outputs = {"numbers": 1, "two numbers": 2}.get(kind, 3)
    results = []
    for fast, stride in ((False, 1), (True, 1), (True, 3)):
        net = build_mlp(4, [8], outputs, rng=np.random.default_rng(2), dtype=np.float64)
        options = {"loss": loss, "batch_size": batch_size, "validation": (X, targets), "fast": fast}
        optimizer = SGD(net.parameters(), lr=1e-3)
        events = start(net, (X, targets), optimizer=optimizer, stride=lambda stride=stride: stride, **options)
        results.append([event for event in events if isinstance(event, EpochDone)])
    assert results[1] == results[2]
    for slow, quick in zip(*results[:2], strict=True):
        assert slow == pytest.approx(quick, rel=1e-10, nan_ok=True)
    assert (results[0][-1].train_r2 is None) == (loss.task == "classification")


# --- going on ---


class Saved:
    """What a checkpoint holds, as JSON and arrays."""

    def __init__(self, net: Sequential, optimizer: Optimizer, position: Position) -> None:
        self.weights, self.optimizer = net.state_dict(), optimizer.state_dict()
        self.text = json.dumps([position.to_dict(), [get_rng_state(g) for g in generators_of(net)]])

    def restore(self, net: Sequential, optimizer: Optimizer) -> Position:
        position, generators = json.loads(self.text)
        net.load_state_dict(self.weights)
        optimizer.load_state_dict(self.optimizer)
        for generator, state in zip(generators_of(net), generators, strict=True):
            set_rng_state(generator, state)
        return Position.from_dict(position)


# --- clipping, weights, regression ---


def largest_step(data: Data, **options: Any) -> float:
    """The longest step that plain descent with lr 1 takes in an epoch, as the norm over all weights."""
    net = network(dtype=np.float64)
    before = np.concatenate([w.ravel() for w in net.state_dict().values()])
    longest = 0.0
    for event in start(net, data, epochs=1, optimizer=SGD(net.parameters(), lr=1.0), **options):
        if isinstance(event, StepDone):
            after = np.concatenate([w.ravel() for w in net.state_dict().values()])
            longest, before = max(longest, float(np.linalg.norm(after - before))), after
    return longest


def test_clipping(data: Data) -> None:
    assert largest_step(data) > 0.5
    assert largest_step(data, clip_norm=0.1) == pytest.approx(0.1, rel=1e-4)
    weights = sum(p.data.size for p in network().parameters())
    assert largest_step(data, clip_value=0.01) <= 0.01 * np.sqrt(weights)
    assert largest_step(data, clip_value=0.01, clip_norm=0.02) == pytest.approx(0.02, rel=1e-3)


def test_class_weights_make_a_mean_over_weights(data: Data) -> None:
    net, loss = network(dtype=np.float64), CrossEntropyLoss(weight=[1, 5, 0.1])
    whole, parts = (evaluate(net, loss, *data, batch_size=size) for size in (4096, 7))
    assert whole.loss == pytest.approx(parts.loss, rel=1e-12)
    assert whole.loss == pytest.approx(loss(net.eval()(data[0]), data[1]), rel=1e-12)


@pytest.mark.parametrize("columns", [None, 1, 2])
@pytest.mark.parametrize("reduction", MSELoss.REDUCTIONS)
def test_regression(reduction: str, columns: int | None) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    y = X @ rng.normal(size=(3, columns or 1)) + 4 + rng.normal(0, 0.1, (60, columns or 1))
    y = y[:, 0] if columns is None else y
    net = build_mlp(3, [], columns or 1, rng=rng, dtype=np.float64)
    lr = {"mean": 0.1, "per_sample": 0.1, "sum": 0.01, "half_sum": 0.01}[reduction]
    loss = MSELoss(reduction, task="regression")
    *_, last = start(net, (X, y), epochs=60, loss=loss, optimizer=SGD(net.parameters(), lr=lr), validation=(X, y))
    assert isinstance(last, EpochDone)
    assert np.isnan(last.train_accuracy)
    assert last.val_accuracy is not None
    assert np.isnan(last.val_accuracy)
    assert last.val_r2 == pytest.approx(r2_score(y, loss.predict(net(X))))
    assert last.val_r2 > 0.95
    assert last.train_r2 == pytest.approx(last.val_r2, abs=0.01)
    scores = evaluate(net, loss, X, y, batch_size=7)
    assert scores.r2 == pytest.approx(last.val_r2)


@pytest.mark.parametrize("sampling", ["permuted", "replacement", "sequential"])
def test_batches_of_one(sampling: str, data: Data) -> None:
    events = list(start(network(), data, epochs=1, batch_size=1, sampling=sampling))
    assert [type(event) for event in events] == [StepDone] * 50 + [EpochTrained, EpochDone]


def test_a_schedule_with_options(data: Data) -> None:
    lrs = [
        event.lr
        for event in start(network(), data, epochs=6, schedule=schedule("step", 6, step_size=2, gamma=0.5))
        if isinstance(event, EpochDone)
    ]
    np.testing.assert_allclose(lrs, [0.1, 0.1, 0.05, 0.05, 0.025, 0.025])


def test_a_plateau_in_training_lowers_the_lr(data: Data) -> None:
    plan = schedule("reduce_on_plateau", 40, factor=0.5, patience=1, threshold=0.5)
    lrs = [event.lr for event in start(network(), data, epochs=40, schedule=plan) if isinstance(event, EpochDone)]
    assert lrs[0] == 0.1
    assert lrs[-1] < 0.01
    assert all(a >= b for a, b in pairwise(lrs))


# --- all of it, interrupted ---


@settings(max_examples=60, deadline=None)
@given(
    layers=st.sampled_from(["dropout", "batch_norm", "layer_norm", "input_bias"]),
    optimizer_name=st.sampled_from(list(OPTIMIZERS)),
    plan=st.sampled_from(["reduce_on_plateau", "one_cycle", "warmup", "step"]),
    sampling=st.sampled_from(["permuted", "replacement", "sequential"]),
    batch_size=st.sampled_from([16, 1, "full"]),
    clip=st.sampled_from([{}, {"clip_norm": 0.5}, {"clip_value": 0.05}]),
    patience=st.integers(0, 3),
    cut=st.integers(0, 400),
)
def test_interrupted_anywhere_it_ends_as_if_it_had_not_been(
    layers: str,
    optimizer_name: str,
    plan: str,
    sampling: str,
    batch_size: Any,
    clip: dict[str, float],
    patience: int,
    cut: int,
) -> None:
    rng = np.random.default_rng(1)
    y = rng.integers(0, 3, 32)
    data = rng.normal(0, 1, (3, 4))[y] + rng.normal(size=(32, 4)), y
    other = data[0] + rng.normal(0, 1, data[0].shape), y

    def parts() -> tuple[Sequential, Optimizer, EarlyStopping]:
        rng = np.random.default_rng(4)
        middle: dict[str, list[Layer]] = {
            "dropout": [Dropout(0.3, rng=np.random.default_rng(6))],
            # Not with one sample a batch, which batch normalisation refuses.
            "batch_norm": [BatchNorm1d(6) if batch_size != 1 else LayerNorm(6)],
            "layer_norm": [LayerNorm(6)],
            "input_bias": [Linear(6, 6, bias="input", rng=rng)],
        }
        net = Sequential(Linear(4, 6, rng=rng), *middle[layers], ReLU(), Linear(6, 3, rng=rng))
        kind: Any = OPTIMIZERS[optimizer_name]
        options: dict[str, Any] = {"momentum": 0.9} if optimizer_name in ("sgd", "rmsprop") else {}
        stopping = EarlyStopping(patience=patience, restore_best_weights=True)
        return net, kind(net.parameters(), lr=0.02, **options), stopping

    def run(net: Sequential, optimizer: Optimizer, stopping: EarlyStopping, position: Position, seed: int) -> Any:
        options: dict[str, Any] = {"patience": 1} if plan == "reduce_on_plateau" else {}
        return start(
            net,
            data,
            epochs=6,
            optimizer=optimizer,
            position=position,
            rng=np.random.default_rng(seed),
            batch_size=batch_size,
            sampling=sampling,
            schedule=schedule(plan, 6, **options),
            early_stopping=stopping,
            validation=other,
            **clip,
        )

    net, optimizer, stopping = parts()
    position, events, saved, weights = Position(), [], None, None
    for event in run(net, optimizer, stopping, position, seed=3):
        events.append(event)
        if len(events) - 1 == cut or saved is None:
            saved, weights, at = Saved(net, optimizer, position), stopping.best_weights, len(events) - 1
    assert saved is not None

    again, its_optimizer, its_stopping = parts()
    its_position = saved.restore(again, its_optimizer)
    its_stopping.best_weights = weights
    rest = list(run(again, its_optimizer, its_stopping, its_position, seed=999))
    assert rest == events[at + (not isinstance(events[at], EpochTrained)) :]
    for name, array in again.state_dict().items():
        np.testing.assert_array_equal(array, net.state_dict()[name])
    for name, array in its_optimizer.state_dict().items():
        np.testing.assert_array_equal(array, optimizer.state_dict()[name])


@pytest.mark.parametrize("optimizer_name", ["sgd", "adam"])
@pytest.mark.parametrize("sampling", ["permuted", "replacement"])
def test_going_on_is_bit_for_bit_at_every_event(optimizer_name: str, sampling: str, data: Data) -> None:
    options = {"momentum": 0.9} if optimizer_name == "sgd" else {}

    def parts() -> tuple[Sequential, Optimizer]:
        net = network(dropout=0.3)
        kind: Any = OPTIMIZERS[optimizer_name]
        return net, kind(net.parameters(), lr=0.05, **options)

    def run(net: Sequential, optimizer: Optimizer, position: Position, seed: int) -> Iterator[Any]:
        return start(
            net,
            data,
            optimizer=optimizer,
            position=position,
            rng=np.random.default_rng(seed),
            sampling=sampling,
            schedule="cosine",
            validation=data,
        )

    net, optimizer = parts()
    position = Position()
    events, saves = [], []
    for event in run(net, optimizer, position, seed=3):
        events.append(event)
        saves.append(Saved(net, optimizer, position))
    assert len(events) == 18

    for index, saved in enumerate(saves):
        again, its_optimizer = parts()
        its_position = saved.restore(again, its_optimizer)
        rest = list(run(again, its_optimizer, its_position, seed=999))
        # Saved at EpochTrained, the epoch is still to be validated: that event comes once more.
        assert rest == events[index + (not isinstance(events[index], EpochTrained)) :]
        for name, weights in again.state_dict().items():
            np.testing.assert_array_equal(weights, net.state_dict()[name])
        for name, array in its_optimizer.state_dict().items():
            np.testing.assert_array_equal(array, optimizer.state_dict()[name])


def test_a_finished_run_is_left_alone(data: Data) -> None:
    net, position = network(), Position()
    list(start(net, data, position=position))
    before = net.state_dict()
    assert position.epoch == 4
    assert list(start(net, data, position=position)) == []
    for name, weights in net.state_dict().items():
        np.testing.assert_array_equal(weights, before[name])


@pytest.mark.parametrize("kind", ["PCG64", "PCG64DXSM", "MT19937", "SFC64", "Philox"])
def test_rng_state_survives_json(kind: str) -> None:
    rng = np.random.Generator(getattr(np.random, kind)(1))
    rng.random(3, dtype=np.float32)
    state = json.loads(json.dumps(get_rng_state(rng)))
    expected = rng.random(5), rng.random(5, dtype=np.float32)
    other = np.random.Generator(getattr(np.random, kind)(2))
    set_rng_state(other, state)
    np.testing.assert_array_equal(other.random(5), expected[0])
    np.testing.assert_array_equal(other.random(5, dtype=np.float32), expected[1])
    with pytest.raises(ValueError, match="the generator is"):
        set_rng_state(rng, state | {"bit_generator": "dice"})


def test_generators_of_a_network() -> None:
    net = network(dropout=0.3)
    dropout = next(layer for layer in net if isinstance(layer, Dropout))
    assert generators_of(net) == [dropout.rng]
