"""Numbers to predict, from the spec to the last event: refusals, scaled targets, an exact resume."""

import msgspec
import numpy as np
import pytest

from datasets import load
from mlcore.metrics import r2_score
from tests.lab.support import (
    assert_same_arrays,
    assert_same_training,
    new_run,
    read_events,
    small_spec,
    train_here,
)
from tui.lab import events
from tui.lab.build import make_loss, network, prepare, split_and_scale, targets
from tui.lab.checkpoints import load as load_checkpoint
from tui.lab.gradients import check
from tui.lab.runs import RunFolder
from tui.lab.spec import Spec, SpecError, for_file, set_values
from tui.lab.tasks import for_task, loss_was_set, refuse_task

REAL = ("data.source=reg-gauss", "data.options.n_samples=120", "training.loss=mse")


def real_spec(*settings: str) -> Spec:
    return set_values(small_spec(), [*REAL, "training.epochs=6", *settings])


@pytest.fixture(scope="module")
def straight(tmp_path_factory) -> RunFolder:
    folder = new_run(real_spec("data.scale_target=standard"), tmp_path_factory.mktemp("real"))
    assert train_here(folder) == 0
    return folder


def test_the_events_carry_r2_and_no_accuracy(straight) -> None:
    seen = read_events(straight)
    started, last = seen[0], seen[-1]
    assert (started.task, started.classes, started.features) == ("regression", 0, 2)
    epochs = [event for event in seen if isinstance(event, events.Epoch)]
    for event in (*epochs, last):
        assert event.train_accuracy is None
        assert event.val_accuracy is None
        assert event.train_r2 <= 1
        assert event.val_r2 <= 1
    assert last.test_accuracy is None
    assert last.val_r2 == epochs[-1].val_r2
    # In squared deviations of the training part the loss of the mean is near 1, and R² is one less the loss.
    assert epochs[-1].train_r2 == pytest.approx(1 - epochs[-1].train_loss, abs=1e-4)


def test_r2_of_the_test_part_is_that_of_the_weights(straight) -> None:
    spec, last = straight.read_spec(), read_events(straight)[-1]
    data = prepare(spec)
    net = network(spec, data.in_features, data.answers)
    net.load_state_dict(load_checkpoint(straight.last_path).weights)
    net.eval()
    X, y = data.test
    assert last.test_r2 == pytest.approx(r2_score(y, net.forward(X)[:, 0]), abs=1e-5)
    raw = data.dataset.y[data.split.test]
    predicted = data.target_scale.inverse(net.forward(X))[:, 0]
    assert last.test_r2 == pytest.approx(r2_score(raw, predicted), abs=1e-5)


def test_a_classification_has_no_r2(tmp_path) -> None:
    folder = new_run(small_spec("training.epochs=1"), tmp_path)
    train_here(folder)
    seen = read_events(folder)
    assert seen[0].task == "classification"
    assert (seen[-1].train_r2, seen[-1].val_r2, seen[-1].test_r2) == (None, None, None)


def test_resumed_bit_for_bit(straight, tmp_path) -> None:
    folder = new_run(real_spec("data.scale_target=standard", "training.epochs=3"), tmp_path)
    train_here(folder)
    train_here(folder, folder.read_spec().with_value("training.epochs", 6))
    assert_same_training(folder.last_path, straight.last_path)
    assert_same_arrays(load_checkpoint(folder.best_path), load_checkpoint(straight.best_path))
    ours, theirs = ([e.train_r2 for e in read_events(f) if isinstance(e, events.Epoch)] for f in (folder, straight))
    assert ours == theirs


@pytest.mark.parametrize("steps", [1, 9, 20])
def test_stopped_in_the_middle_of_an_epoch(straight, tmp_path, monkeypatch, steps) -> None:
    from tui.lab import steering, training

    monkeypatch.setattr(steering, "LOOK_SECONDS", 0)
    monkeypatch.setattr(training, "STRIDE", 1)
    folder = new_run(real_spec("data.scale_target=standard"), tmp_path)
    looks = iter(range(10**9))
    train_here(folder, signal=lambda: "SIGTERM" if next(looks) >= steps else "")
    assert folder.state() == "stopped"
    train_here(folder)
    assert_same_training(folder.last_path, straight.last_path)
    ours, theirs = ([e.train_r2 for e in read_events(f) if isinstance(e, events.Epoch)] for f in (folder, straight))
    assert ours == theirs


def test_events_of_before_are_read() -> None:
    old = {
        "event": "epoch", "seq": 2, "time": 1.0, "epoch": 1, "train_loss": 0.5, "train_accuracy": 0.7, "val_loss": None,
        "val_accuracy": None, "last_batch_loss": 0.4, "lr": 0.1, "seconds": 0.1, "validation_seconds": 0.0,
        "samples_per_second": 10.0, "best_epoch": 1,
    }  # fmt: skip
    event = events.decode(msgspec.json.encode(old))
    assert isinstance(event, events.Epoch)
    assert event.train_r2 is None


@pytest.mark.parametrize(
    ("settings", "key", "words"),
    [
        (["training.loss=cross_entropy"], "training.loss", "cross_entropy tells classes apart"),
        (["training.loss=bce"], "training.loss", "bce tells two classes apart"),
        (["model.output=sigmoid"], "model.output", "set linear"),
        (["training.labels=one_hot"], "training.labels", "set integers"),
        (["data.classes=0,1"], "data.classes", "leave it empty"),
    ],
)
def test_what_is_for_classes_is_refused(settings, key, words) -> None:
    spec = real_spec(*settings)
    refused = refuse_task(spec, load("reg-gauss"))
    assert refused is not None
    assert refused[0] == key
    assert "the targets of reg-gauss are real numbers" in refused[1]
    with pytest.raises(SpecError, match=words):
        prepare(spec)
    assert refuse_task(spec, load("moons")) is None
    split_and_scale(spec, load("reg-gauss"))  # to be looked at all the same


def test_the_loss_follows_the_targets() -> None:
    file = for_file("a/housing.csv")
    assert for_task(file, "regression").training.loss == "mse"
    assert for_task(file, "classification") == file
    assert loss_was_set("a/housing.csv").startswith("the targets of housing.csv are numbers")
    assert file.data.scale_target == "standard"
    assert Spec().data.scale_target == "none"


def test_targets_are_scaled_by_the_training_part() -> None:
    plain, scaled = prepare(real_spec()), prepare(real_spec("data.scale_target=standard"))
    raw = plain.dataset.y
    np.testing.assert_array_equal(plain.train[1], raw[plain.split.train])
    train = raw[scaled.split.train]
    np.testing.assert_allclose(scaled.train[1], (train - train.mean()) / train.std(), atol=1e-12)
    np.testing.assert_allclose(scaled.test[1], (raw[scaled.split.test] - train.mean()) / train.std(), atol=1e-12)
    assert scaled.dataset.y is not scaled.train[1]
    assert (scaled.task, scaled.answers) == ("regression", 1)
    classes = prepare(small_spec("data.scale_target=standard"))
    assert classes.target_scale is None
    assert classes.train[1].dtype == np.int64


def several(tmp_path):
    X = np.random.RandomState(0).normal(size=(80, 3))
    np.savez(tmp_path / "several.npz", X=X, y=np.column_stack([X.sum(axis=1), 1000 * X[:, 0] ** 2]))
    return for_task(for_file(str(tmp_path / "several.npz")), "regression").with_value("training.epochs", 40)


def test_several_numbers_a_sample(tmp_path) -> None:
    spec = several(tmp_path)
    data = prepare(spec)
    assert data.answers == 2
    assert data.train[1].shape == (48, 2)
    np.testing.assert_allclose(data.train[1].std(axis=0), 1)
    assert network(spec, 3, data.answers).forward(data.train[0]).shape == (48, 2)
    folder = new_run(spec, tmp_path)
    assert train_here(folder) == 0
    assert read_events(folder)[-1].train_r2 > 0.8


@pytest.mark.parametrize("settings", [[], ["data.scale_target=standard", "training.mse=half_sum"]])
def test_gradients_are_right(settings) -> None:
    spec = real_spec("model.dropout=0", *settings)
    report = list(check(spec, prepare(spec)))[-1]
    assert report.ok
    assert report.max_relative_error < 1e-6


def test_the_loss_takes_numbers() -> None:
    spec = real_spec("training.batch_size=full")
    data = prepare(spec)
    loss = make_loss(spec, data)
    assert loss.task == "regression"
    X, y = targets(spec, data.train, data.answers)
    output = network(spec, data.in_features, data.answers).eval().forward(X)
    assert loss.forward(output, y) == pytest.approx(float(np.mean((output[:, 0] - y) ** 2)), rel=1e-6)
