"""The edges of `fit`: what counts for nothing, what cannot be watched, what comes back in the end."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from mlcore import (
    SGD,
    Adam,
    BatchNorm1d,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    Diverged,
    EarlyStopped,
    EarlyStopping,
    EpochDone,
    Flatten,
    Linear,
    MSELoss,
    NLLLoss,
    Position,
    ReLU,
    Rows,
    Sequential,
    StepDone,
    WeightsRestored,
    build_mlp,
    evaluate,
    find_lr,
    fit,
    schedule,
)
from mlcore.plateau import ReduceLROnPlateau

Data = tuple[np.ndarray, np.ndarray]


@pytest.fixture
def data() -> Data:
    rng = np.random.default_rng(1)
    y = rng.integers(0, 3, 50)
    return rng.normal(0, 3, (3, 4))[y] + rng.normal(size=(50, 4)), y


def network(outputs: int = 3, inputs: int = 4) -> Sequential:
    return build_mlp(inputs, [8], outputs, rng=np.random.default_rng(2), dtype=np.float64)


def start(net: Sequential, data: Any, **options: Any) -> list[Any]:
    settings: dict[str, Any] = {"epochs": 3, "batch_size": 16, "rng": np.random.default_rng(3)} | options
    optimizer = settings.pop("optimizer", None) or SGD(net.parameters(), lr=0.1)
    return list(fit(net, settings.pop("loss", CrossEntropyLoss()), optimizer, data, **settings))


# --- batches whose class weights are all 0 ---


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("gradient", ["mean", "sum"])
@pytest.mark.parametrize(("inputs", "batch_size"), [(4, 5), (4, 1), (600, 1)])  # the last: in blocks
@pytest.mark.parametrize("kind", [SGD, Adam])
def test_a_batch_without_weight_takes_no_part(
    kind: Any, inputs: int, batch_size: int, gradient: str, smoothing: float
) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(70, inputs)) / inputs**0.5, np.repeat([0, 1, 1, 2, 1, 0, 1], 10)
    results = []
    for fast, stride in ((False, 1), (True, 1), (True, 64)):
        net = network(inputs=inputs)
        optimizer = kind(net.parameters(), lr=0.01)
        loss = CrossEntropyLoss(weight=[1, 0, 2], label_smoothing=smoothing, gradient=gradient)
        events = start(
            net,
            (X, y),
            loss=loss,
            optimizer=optimizer,
            batch_size=batch_size,
            sampling="sequential",
            fast=fast,
            stride=lambda stride=stride: stride,
        )
        done = [event for event in events if isinstance(event, EpochDone)]
        steps = [event.loss for event in events if isinstance(event, StepDone)]
        if stride == 1:
            assert [np.isnan(value) for value in steps] == [label == 1 for label in y[::batch_size]] * 3
        assert optimizer.steps == 3 * 30 / batch_size
        results.append(([(e.train_loss, e.train_accuracy, e.last_batch_loss) for e in done], net.state_dict()))
        counted = y != 1
        if not smoothing:
            whole, some = evaluate(net, loss, X, y, batch_size=10), evaluate(net, loss, X[counted], y[counted])
            assert whole.loss == pytest.approx(some.loss)
    assert np.isfinite(results[0][0]).all()
    for figures, weights in results[1:]:
        np.testing.assert_allclose(figures, results[0][0], rtol=1e-11)
        for name, array in results[0][1].items():
            np.testing.assert_allclose(weights[name], array, rtol=0, atol=1e-11)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("fast", [False, True])
def test_where_no_batch_has_a_weight_there_is_no_loss(fast: bool, data: Data) -> None:
    net, loss = network(), CrossEntropyLoss(weight=[0, 0, 0])
    before = net.state_dict()
    events = start(net, data, loss=loss, fast=fast, validation=data, early_stopping=EarlyStopping(patience=9))
    done = events[-1]
    assert isinstance(done, EpochDone)
    assert np.isnan(done.train_loss)
    assert np.isnan(done.val_loss)  # type: ignore[arg-type]
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(array, before[name])
    curve = find_lr(net, loss, SGD(net.parameters()), data, batch_size=16, rng=np.random.default_rng(0), iterations=5)
    assert (curve.points, curve.suggestion) == ((), None)


@pytest.mark.parametrize("fast", [False, True])
def test_divergence_is_found_behind_a_batch_without_weight(fast: bool) -> None:
    X, y = np.ones((40, 4)), np.repeat([1, 0], 20)
    X[25] = np.inf
    options: dict[str, Any] = {"sampling": "sequential", "batch_size": 10, "stride": lambda: 64, "fast": fast}
    for loss in (CrossEntropyLoss(weight=[1, 0, 1]), CrossEntropyLoss(weight=[1, 0, 1], label_smoothing=0.1)):
        *_, last = start(network(), (X, y), loss=loss, **options)
        assert isinstance(last, Diverged)
        assert (last.tensor, last.batch) == ("input", 3)
        exploded = start(network(), (np.ones((40, 4)), y), loss=loss, explosion=1e-6, **options)[-1]
        assert (exploded.tensor, exploded.batch) == ("loss", 3)


def test_a_rate_is_found_though_some_batches_do_not_count(data: Data) -> None:
    net, loss = network(), CrossEntropyLoss(weight=[1, 0, 1])
    optimizer, rng = SGD(net.parameters()), np.random.default_rng(0)
    curve = find_lr(net, loss, optimizer, data, batch_size=1, rng=rng, iterations=30, end=1e-2)
    assert np.isfinite([(point.loss, point.smoothed) for point in curve.points]).all()
    assert len(curve.points) == 30


@pytest.mark.parametrize("fast", [False, True])
def test_a_loss_over_log_probabilities_too(fast: bool, data: Data) -> None:
    loss = NLLLoss(weight=[1, 0, 1])
    *_, last = start(network(), data, loss=loss, batch_size=1, fast=fast, optimizer=None, explosion=None, epochs=1)
    assert isinstance(last, EpochDone)


# --- targets between two classes ---


@pytest.mark.parametrize("shape", [(50,), (50, 1)])
def test_soft_targets_of_two_classes(shape: tuple[int, ...], data: Data) -> None:
    targets = np.where(data[1] == 0, 0.9, 0.2)
    net, loss = network(1), BCEWithLogitsLoss()
    last = start(net, (data[0], targets.reshape(shape)), loss=loss, validation=(data[0], targets), epochs=60)[-1]
    assert last.train_accuracy > 0.9
    assert last.val_accuracy == np.mean(loss.predict(net.eval()(data[0])) == (targets > 0.5))
    hard = start(network(1), (data[0], data[1] == 0), loss=loss)[-1]
    assert hard == start(network(1), (data[0], (data[1] == 0).astype(float)), loss=loss)[-1]


# --- the learning rate afterwards ---


@pytest.mark.parametrize("fast", [False, True])
def test_the_base_learning_rate_comes_back(fast: bool, data: Data) -> None:
    net = network()
    optimizer = SGD(net.parameters(), lr=0.1)
    start(net, data, optimizer=optimizer, schedule="exponential", fast=fast)
    assert optimizer.lr == 0.1
    for event in fit(
        net,
        CrossEntropyLoss(),
        optimizer,
        data,
        epochs=9,
        batch_size=16,
        schedule="exponential",
        rng=np.random.default_rng(0),
        fast=fast,
    ):
        if event.epoch == 3:
            assert optimizer.lr < 0.1
            break
    assert optimizer.lr == 0.1
    wild = SGD(net.parameters(), lr=1e30)
    assert isinstance(start(net, data, optimizer=wild, schedule="micrograd", epochs=50, fast=fast)[-1], Diverged)
    assert wild.lr == 1e30


def test_a_learning_rate_of_ones_own_stays(data: Data) -> None:
    net = network()
    optimizer = SGD(net.parameters(), lr=0.1)
    events = fit(net, CrossEntropyLoss(), optimizer, data, epochs=3, batch_size=16, rng=np.random.default_rng(0))
    next(events)
    optimizer.lr = 0.7
    events.close()  # type: ignore[attr-defined]
    assert optimizer.lr == 0.7


# --- watchers ---


def test_a_watcher_that_is_used_again_begins_anew(data: Data) -> None:
    def run(stopping: EarlyStopping, plan: ReduceLROnPlateau, position: Position | None = None) -> list[Any]:
        return start(
            network(), data, validation=data, epochs=30, early_stopping=stopping, schedule=plan, position=position
        )

    def watchers() -> tuple[EarlyStopping, ReduceLROnPlateau]:
        stopping = EarlyStopping(min_delta=0.05, patience=3, restore_best_weights=True)
        return stopping, ReduceLROnPlateau(30, patience=0, threshold=0.3)

    first, used = run(*watchers()), watchers()
    assert isinstance(first[-1], EarlyStopped)
    assert len({event.lr for event in first if isinstance(event, EpochDone)}) > 1
    for _ in range(3):
        assert run(*used) == first
    # Where a run is gone on with, so are they.
    position = Position()
    events = fit(
        (net := network()),
        CrossEntropyLoss(),
        SGD(net.parameters(), lr=0.1),
        data,
        data,
        epochs=30,
        batch_size=16,
        early_stopping=used[0],
        schedule=used[1],
        rng=np.random.default_rng(3),
        position=position,
    )
    seen = []
    for event in events:
        seen.append(event)
        if isinstance(event, EpochDone) and event.epoch == 3:
            break
    options: dict[str, Any] = {"validation": data, "epochs": 30, "early_stopping": used[0], "schedule": used[1]}
    assert seen + start(net, data, position=position, **options) == first


def test_it_is_said_that_weights_come_back(data: Data) -> None:
    rng = np.random.default_rng(5)
    other = rng.normal(size=(20, 4)), rng.integers(0, 3, 20)
    for restore in (True, False):
        stopping = EarlyStopping(patience=1000, restore_best_weights=restore)
        events = start(network(), data, validation=other, early_stopping=stopping, epochs=10)
        said = [event for event in events if isinstance(event, WeightsRestored)]
        assert said == ([WeightsRestored(stopping.best_epoch, stopping.best)] if restore else [])
        assert not said or events[-1] is said[0]


REGRESSION: dict[str, Any] = {"loss": MSELoss(task="regression")}


@pytest.mark.parametrize(
    ("monitor", "options", "message"),
    [
        ("val_r2", {}, "watches val_r2, and only a regression has one: watch val_accuracy"),
        ("train_r2", {}, "watches train_r2, and only a regression has one: watch train_accuracy"),
        ("val_accuracy", REGRESSION, "watches val_accuracy, and a regression has none: watch val_r2 or a loss"),
        ("val_accuracy", {"validation": None}, "watches val_accuracy: give validation data, or watch train_loss"),
    ],
)
@pytest.mark.parametrize("who", ["early stopping", "the schedule"])
def test_a_figure_that_there_is_not(who: str, monitor: str, options: dict[str, Any], message: str, data: Data) -> None:
    if who == "the schedule":
        watcher: dict[str, Any] = {"schedule": ReduceLROnPlateau(3, monitor=monitor, mode="max")}
    else:
        watcher = {"early_stopping": EarlyStopping(monitor)}
    with pytest.raises(ValueError, match=f"{who} {message}"):
        start(network(1 if options is REGRESSION else 3), data, **{"validation": data, **options, **watcher})


def test_without_validation_a_plateau_is_sought_in_the_training_loss(data: Data) -> None:
    plan = ReduceLROnPlateau(9, patience=0, threshold=0.9)
    done = [event for event in start(network(), data, schedule=plan, epochs=9) if isinstance(event, EpochDone)]
    assert done[-1].lr < done[0].lr


@pytest.mark.parametrize(
    ("monitor", "mode", "larger"),
    [("val_accuracy", "auto", True), ("val_loss", "auto", False), ("val_r2", "min", False)],
)
def test_which_way_is_better(monitor: str, mode: str, larger: bool) -> None:
    plan = schedule("reduce_on_plateau", 9, monitor=monitor, mode=mode, patience=1)
    assert isinstance(plan, ReduceLROnPlateau)
    for value in (0.1, 0.2, 0.3, 0.4, 0.5):
        plan.observe(value)
    assert (plan.factor(1) == 1) is larger
    with pytest.raises(ValueError, match='mode must be "auto", "min" or "max"'):
        ReduceLROnPlateau(9, mode="up")


# --- batches ---


def normalised() -> Sequential:
    rng = np.random.default_rng(0)
    return Sequential(Linear(4, 5, rng=rng), BatchNorm1d(5), ReLU(), Linear(5, 3, rng=rng))


@pytest.mark.parametrize(
    ("batch_size", "n", "which"), [(7, 50, "the last"), (1, 50, "every"), (49, 50, "the last"), ("full", 1, "every")]
)
def test_a_batch_of_one_sample_cannot_be_normalised(batch_size: Any, n: int, which: str, data: Data) -> None:
    net, position = normalised(), Position()
    before = net.state_dict()
    message = rf"{which} batch has one sample \({n} in batches of .*BatchNorm1d\(5\) cannot normalise"
    with pytest.raises(ValueError, match=message):
        start(net, (data[0][:n], data[1][:n]), batch_size=batch_size, position=position)
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(array, before[name])
    assert position == Position()


def test_where_a_sample_has_several_places_one_is_enough(data: Data) -> None:
    rng = np.random.default_rng(0)
    images = Sequential(BatchNorm1d(2), Flatten(), Linear(4, 3, rng=rng))
    assert isinstance(start(images, (data[0].reshape(50, 2, 2), data[1]), batch_size=7)[-1], EpochDone)
    assert isinstance(start(normalised(), data, batch_size=6)[-1], EpochDone)


@pytest.mark.parametrize("size", ["all", 8.9, 8.0, 0, -3, True, None, [8]])
def test_a_batch_size_that_is_none(size: Any, data: Data) -> None:
    with pytest.raises(ValueError, match=r'batch_size must be at least 1 and whole, or "full"; received'):
        start(network(), data, batch_size=size)
    if size is not None:
        with pytest.raises(ValueError, match="batch_size"):
            evaluate(network(), CrossEntropyLoss(), *data, batch_size=size)
    assert start(network(), data, batch_size=np.int64(8)) == start(network(), data, batch_size=8)


# --- rows of an array ---


@pytest.mark.parametrize(
    ("fast", "batch_size", "sampling"), list(product([False, True], [16, "full"], ["permuted", "sequential"]))
)
@pytest.mark.parametrize("shape", [(4,), (2, 2)])
def test_rows_of_an_array_are_those_rows(
    shape: tuple[int, ...], fast: bool, batch_size: Any, sampling: str, data: Data
) -> None:
    X = np.random.default_rng(0).integers(0, 256, (90, *shape), dtype=np.uint8)
    rows = np.random.default_rng(1).permutation(90)[:50]
    options: dict[str, Any] = {"batch_size": batch_size, "sampling": sampling, "fast": fast, "scale": 1 / 255}
    chosen = Rows(X, rows)
    assert (len(chosen), chosen.shape, chosen.dtype) == (50, (50, *shape), np.uint8)
    np.testing.assert_array_equal(chosen, X[rows])
    np.testing.assert_array_equal(chosen[3:7], X[rows[3:7]])
    nets = [network(), network()]
    results = [
        start(net, (given, data[1]), validation=(given, data[1]), **options)
        for net, given in zip(nets, (X[rows], chosen), strict=True)
    ]
    assert results[0] == results[1]
    curves = [
        find_lr(
            net,
            CrossEntropyLoss(),
            SGD(net.parameters()),
            (given, data[1]),
            batch_size=10,
            rng=np.random.default_rng(0),
            scale=1 / 255,
        )
        for net, given in zip(nets, (X[rows], chosen), strict=True)
    ]
    assert curves[0] == curves[1]
    with pytest.raises(ValueError, match="X has 50 rows, y has 49"):
        start(network(), (chosen, data[1][1:]))
