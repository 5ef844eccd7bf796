"""A training that is interrupted and resumed is the training that was not."""

import pytest

from mlcore.train import Diverged as FitDiverged
from tests.lab.support import (
    ONLY_FIRST,
    assert_same_arrays,
    assert_same_training,
    new_run,
    read_events,
    small_spec,
    train_here,
    write_images,
)
from tui.lab import events, keeper, steering, training
from tui.lab.checkpoints import Checkpoint, load, save
from tui.lab.divergence import divergence_text
from tui.lab.errors import ChangedError, LabError
from tui.lab.runs import RunFolder


@pytest.fixture(scope="module")
def straight(tmp_path_factory) -> RunFolder:
    """Ten epochs without a break."""
    folder = new_run(small_spec("training.epochs=10"), tmp_path_factory.mktemp("straight"))
    assert train_here(folder) == 0
    return folder


def interrupt_after(steps: int):
    """A signal that comes when this many looks have been taken; with LOOK_SECONDS at 0, a look a step."""
    looks = iter(range(10**9))
    return lambda: "SIGTERM" if next(looks) >= steps else ""


def test_a_whole_run(straight) -> None:
    seen = read_events(straight)
    assert [event.seq for event in seen] == list(range(1, len(seen) + 1))
    started, last = seen[0], seen[-1]
    assert isinstance(started, events.Started)
    assert (started.samples, started.validation_samples, started.test_samples) == (60, 20, 20)
    assert (started.batch_size, started.batches, started.parameters) == (10, 6, 42)
    assert started.initial_loss > 0
    epochs = [event for event in seen if isinstance(event, events.Epoch)]
    assert [event.epoch for event in epochs] == list(range(1, 11))
    assert isinstance(last, events.Finished)
    assert (last.epochs, last.run) == (10, str(straight.path))
    assert last.seconds == pytest.approx(sum(event.seconds for event in epochs))
    assert last.val_loss == epochs[-1].val_loss
    assert 0 <= last.test_accuracy <= 1
    assert last.best_epoch == min(epochs, key=lambda event: event.val_loss).epoch
    assert straight.state() == "finished"
    assert straight.read_record()["data_sha256"] == started.data_sha256


def test_what_is_kept_of_the_weights(straight) -> None:
    last, best, live = load(straight.last_path), load(straight.best_path), load(straight.live_path)
    assert set(last.weights) == {"0.weight", "0.bias", "3.weight", "3.bias"}
    assert set(best.weights) == set(live.weights) == set(last.weights)
    assert best.state["epoch"] == last.state["best_epoch"]
    assert live.state == {"epoch": 10, "batch": 0}
    assert (live.weights["0.weight"] == last.weights["0.weight"]).all()
    assert [epoch for epoch, _ in straight.snapshots()] == [1, 2, 3, 4, 5, 6, 8, 10]


def test_five_epochs_and_five_more_are_ten(straight, tmp_path) -> None:
    folder = new_run(small_spec("training.epochs=5"), tmp_path)
    train_here(folder)
    train_here(folder, folder.read_spec().with_value("training.epochs", 10))
    assert_same_training(folder.last_path, straight.last_path)
    assert_same_arrays(load(folder.best_path), load(straight.best_path))
    resumed = [event for event in read_events(folder) if isinstance(event, events.Resumed)]
    assert [(event.epoch, event.batch, event.epochs) for event in resumed] == [(5, 0, 10)]
    ours, theirs = ([e.val_loss for e in read_events(f) if isinstance(e, events.Epoch)] for f in (folder, straight))
    assert ours == theirs


@pytest.mark.parametrize(
    ("steps", "stride"), [(0, 1), (1, 1), (3, 1), (6, 1), (7, 1), (29, 1), (40, 1), (5, 3), (11, 2)]
)
def test_stopped_at_any_step_and_resumed(straight, tmp_path, monkeypatch, steps, stride) -> None:
    monkeypatch.setattr(steering, "LOOK_SECONDS", 0)
    monkeypatch.setattr(training, "STRIDE", stride)
    folder = new_run(small_spec("training.epochs=10"), tmp_path)
    assert train_here(folder, signal=interrupt_after(steps)) == 0
    stopped = read_events(folder)[-1]
    assert isinstance(stopped, events.Stopped)
    assert folder.state() == "stopped"
    state = load(folder.last_path).state
    assert (state["completed"], state["position"]["batch"]) == (stopped.epochs, stopped.batch)
    train_here(folder)
    assert_same_training(folder.last_path, straight.last_path)
    assert isinstance(read_events(folder)[-1], events.Finished)


def test_an_early_checkpoint_is_gone_on_from_after_a_crash(straight, tmp_path, monkeypatch) -> None:
    """As after a kill: events and snapshots are further than the checkpoint."""
    monkeypatch.setattr(keeper.Keeper, "old", ONLY_FIRST)
    folder = new_run(small_spec("training.epochs=10"), tmp_path)

    class Killed(BaseException):
        pass

    def kill() -> str:
        if any(isinstance(event, events.Epoch) and event.epoch == 7 for event in read_events(folder)):
            raise Killed
        return ""

    monkeypatch.setattr(steering, "LOOK_SECONDS", 0)
    monkeypatch.setattr(training, "STRIDE", 1)
    monkeypatch.setattr("tui.lab.eventlog.FLUSH_SECONDS", 0)
    with pytest.raises(Killed):
        train_here(folder, signal=kill)
    assert load(folder.last_path).state["completed"] == 1  # the first epoch's end always writes one
    assert len(folder.snapshots()) > 1
    train_here(folder)
    assert_same_training(folder.last_path, straight.last_path)
    assert [epoch for epoch, _ in folder.snapshots()] == [1, 2, 3, 4, 5, 6, 8, 10]
    resumed = next(event for event in read_events(folder) if isinstance(event, events.Resumed))
    assert resumed.epoch == 1


class KilledError(BaseException):
    pass


@pytest.mark.parametrize("looks", [3, 4, 5, 8, 11])
def test_a_checkpoint_in_the_middle_of_an_epoch(straight, tmp_path, monkeypatch, looks) -> None:
    """Asked for, or because the last one is old; then the machine goes down."""
    monkeypatch.setattr(steering, "LOOK_SECONDS", 0)
    monkeypatch.setattr(training, "STRIDE", 1)
    monkeypatch.setattr(keeper.Keeper, "old", ONLY_FIRST)
    places = []
    for overdue in (0, 10**9):
        monkeypatch.setattr(keeper, "OVERDUE_SECONDS", overdue)
        folder = new_run(small_spec("training.epochs=10"), tmp_path, f"overdue-{overdue}")
        count = iter(range(10**9))

        def look(folder=folder, overdue=overdue, count=count) -> str:
            at = next(count)
            if at == looks and overdue:
                folder.send("checkpoint")
            if at == looks + 1:
                raise KilledError
            return ""

        with pytest.raises(KilledError):
            train_here(folder, signal=look)
        state = load(folder.last_path).state
        places.append((state["completed"], state["position"]["batch"]))
        train_here(folder)
        assert_same_training(folder.last_path, straight.last_path)
    assert places[0] == places[1]
    assert places[0][0] == looks // 8  # six steps, the end of training and that of the validation


def test_a_run_without_a_checkpoint_starts_from_its_seed(straight, tmp_path) -> None:
    folder = new_run(small_spec("training.epochs=10"), tmp_path)
    train_here(folder, signal=interrupt_after(0))
    folder.last_path.unlink()
    train_here(folder)
    assert_same_training(folder.last_path, straight.last_path)
    assert [type(event).__name__ for event in read_events(folder)].count("Started") == 1


def test_an_lr_command_is_applied_again_at_its_step(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(steering, "LOOK_SECONDS", 0)
    monkeypatch.setattr(training, "STRIDE", 1)
    spec = small_spec("training.epochs=6")
    # The commands came, then the machine went down: nothing is left but the events.
    folder = new_run(spec, tmp_path)
    looks = iter(range(10**9))

    def command() -> str:
        look = next(looks)
        if look == 9:
            folder.send("lr", 0.05)
        if look == 18:
            folder.send("lr", 0.001)
        return "SIGTERM" if look == 25 else ""

    train_here(folder, signal=command)
    changed = [(e.epoch, e.batch, e.lr) for e in read_events(folder) if isinstance(e, events.Changed)]
    assert changed == [(2, 1, 0.05), (3, 2, 0.001)]
    folder.last_path.unlink()
    reference = new_run(spec, tmp_path, "reference")
    train_here(reference, changes=changed)
    train_here(folder)
    assert_same_training(folder.last_path, reference.last_path)
    assert load(folder.last_path).state["position"]["lr"] == 0.001


def test_a_changed_spec_or_changed_data_is_not_resumed(tmp_path) -> None:
    folder = new_run(small_spec("training.epochs=2"), tmp_path)
    train_here(folder)
    with pytest.raises(LabError, match="changed since the checkpoint"):
        train_here(folder, small_spec("training.epochs=4", "training.lr=.5"))
    with pytest.raises(LabError, match="not the data that this run began with"):
        train_here(folder, small_spec("training.epochs=4", "data.options.noise=.3"))


def test_what_has_changed_is_named_and_may_be_forced(tmp_path) -> None:
    folder = new_run(small_spec("training.epochs=2"), tmp_path)
    train_here(folder)
    other = small_spec("training.epochs=4", "training.lr=.5", "training.weight_decay=.1", "name=renamed")
    with pytest.raises(ChangedError) as error:
        train_here(folder, other)
    words = "changed since the checkpoint: training.lr 0.01 -> 0.5, training.weight_decay 0.0 -> 0.1: put it back"
    assert words in str(error.value)
    train_here(folder, other, force=True)
    epochs = [event for event in read_events(folder) if isinstance(event, events.Epoch)]
    assert [event.lr for event in epochs] == [0.01, 0.01, 0.5, 0.5]
    with pytest.raises(LabError, match="does not fit this run"):
        train_here(folder, small_spec("training.epochs=5", "model.hidden=9"), force=True)


def test_a_run_from_before_a_setting_existed_goes_on(straight, tmp_path) -> None:
    folder = new_run(small_spec("training.epochs=10"), tmp_path)
    train_here(folder, folder.read_spec().with_value("training.epochs", 5))
    kept = load(folder.last_path)
    settings = {key: value for key, value in kept.state["settings"].items() if key != "training.label_smoothing"}
    save(folder.last_path, Checkpoint(kept.weights, kept.optimizer, {**kept.state, "settings": settings}))
    lines = folder.spec_path.read_text().splitlines(keepends=True)
    folder.spec_path.write_text("".join(line for line in lines if not line.startswith("label_smoothing")))
    with pytest.raises(ChangedError, match=r"training\.label_smoothing 0\.0 -> 0\.1"):
        train_here(folder, folder.read_spec().with_value("training.label_smoothing", 0.1))
    train_here(folder, folder.read_spec().with_value("training.epochs", 10))
    assert_same_training(folder.last_path, straight.last_path)


def test_divergence_is_said_in_one_sentence(tmp_path) -> None:
    folder = new_run(small_spec("training.lr=1e30", "training.optimizer=sgd", "training.loss=mse"), tmp_path)
    assert train_here(folder) == 1
    last = read_events(folder)[-1]
    assert isinstance(last, events.Diverged)
    assert folder.state() == "diverged"
    assert "the learning rate 1e+30 is above 2/lambda_max = " in last.message
    assert last.epoch >= 1
    assert last.batch >= 1


def diverging(tmp_path) -> RunFolder:
    """A run whose learning rate becomes absurd in its sixth epoch."""
    folder = new_run(small_spec("training.epochs=10", "training.optimizer=sgd", "training.loss=mse"), tmp_path)
    assert train_here(folder, changes=[(6, 2, 1e30)]) == 1
    return folder


@pytest.mark.parametrize("seconds", [0, 10**9])
def test_a_diverged_run_keeps_its_last_epoch(tmp_path, monkeypatch, seconds) -> None:
    monkeypatch.setattr(keeper.Keeper, "old", True if seconds == 0 else ONLY_FIRST)
    folder = diverging(tmp_path)
    *_, kept, diverged = (
        event for event in read_events(folder) if isinstance(event, events.Checkpoint | events.Diverged)
    )
    assert isinstance(diverged, events.Diverged)
    assert (kept.epoch, kept.batch) == (diverged.epoch - 1, 0)
    last = load(folder.last_path)
    assert last.state["completed"] == kept.epoch
    assert load(folder.best_path).state["epoch"] == last.state["best_epoch"]
    straight = new_run(folder.read_spec().with_value("training.epochs", kept.epoch), tmp_path, "straight")
    train_here(straight, changes=[(6, 2, 1e30)])
    assert_same_training(folder.last_path, straight.last_path)


def test_a_best_that_was_not_lived_yet_is_taken_back(straight, tmp_path) -> None:
    """As after a kill between the writing of best and the writing of last."""
    folder = new_run(small_spec("training.epochs=4"), tmp_path)
    train_here(folder)
    ours = load(folder.last_path).state
    best = load(folder.best_path)
    folder.best_path.write_bytes(straight.best_path.read_bytes())
    assert load(folder.best_path).state["epoch"] > 4
    train_here(folder, folder.read_spec().with_value("training.epochs", 5), signal=lambda: "SIGTERM")
    again = load(folder.best_path)
    assert again.state == {"epoch": ours["best_epoch"], "loss": ours["best_score"]}
    assert_same_arrays(again, best)


def test_without_a_checkpoint_there_is_no_best(straight, tmp_path, monkeypatch) -> None:
    folder = new_run(small_spec("training.epochs=4"), tmp_path)
    folder.best_path.write_bytes(straight.best_path.read_bytes())
    monkeypatch.setattr(steering, "LOOK_SECONDS", 0)
    monkeypatch.setattr(training, "STRIDE", 1)
    train_here(folder, signal=lambda: "SIGTERM")
    assert not folder.best_path.exists()


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
def test_the_first_loss_is_not_blamed_on_the_step(tmp_path, loss) -> None:
    deep = "model.hidden=" + ",".join(["9"] * 60)
    spec = small_spec("model.init=normal", "model.init_options.std=1e6", deep, f"training.loss={loss}")
    folder = new_run(spec, tmp_path)
    assert train_here(folder) == 1
    last = read_events(folder)[-1]
    assert (last.epoch, last.batch) == (1, 1)
    assert "learning rate" not in last.message
    assert "the first weights are too large" in last.message
    assert not folder.last_path.exists()


@pytest.mark.parametrize("tensor", ["output", "loss", "0.weight", "0.weight.grad"])
def test_what_is_to_blame_in_the_first_step(tensor) -> None:
    def text(loss: float) -> str:
        return divergence_text(FitDiverged(epoch=1, batch=1, tensor=tensor, loss=loss, lr=0.5))

    assert "the first weights are too large" in text(float("inf"))
    if tensor == "0.weight":  # the loss was finite, the step was not
        assert "learning rate below 0.5" in text(0.7)


@pytest.mark.parametrize("tensor", ["input", "output", "loss", "3.weight", "3.weight.grad"])
def test_every_kind_of_divergence_has_words(tensor) -> None:
    text = divergence_text(FitDiverged(epoch=2, batch=3, tensor=tensor, loss=float("nan"), lr=0.5))
    assert "epoch 2, batch 3" in text
    assert text.endswith(".")


def test_no_parts_but_training(tmp_path) -> None:
    folder = new_run(small_spec("data.test=0", "data.validation=0", "training.epochs=3"), tmp_path)
    train_here(folder)
    last = read_events(folder)[-1]
    assert (last.val_loss, last.test_loss, last.test_accuracy) == (None, None, None)
    assert last.best_epoch >= 1


def test_snapshots_stop_at_their_cap(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(keeper, "SNAPSHOT_BYTES", 1200)
    folder = new_run(small_spec("training.epochs=10"), tmp_path)
    train_here(folder)
    assert 1 <= len(folder.snapshots()) <= 3


@pytest.mark.parametrize(
    "settings",
    [
        ("training.batch_size=full", "training.sampling=sequential"),
        ("training.sampling=replacement", "training.optimizer=rmsprop", "training.momentum=.5"),
        (
            "training.schedule=cosine",
            "training.optimizer=sgd",
            "training.momentum=.9",
            "training.dtype=float64",
        ),
        ("training.loss=bce", "training.optimizer=adamw", "training.weight_decay=.1", "model.hidden="),
        ("training.loss=mse", "model.output=sigmoid", "training.gradient=sum", "training.optimizer=adagrad"),
        (
            "training.optimizer=sgd",
            "training.momentum=.9",
            "training.nesterov=true",
            "training.clip_norm=.5",
            "training.l1=1e-3",
            "training.schedule=reduce_on_plateau",
            "training.schedule_options.patience=0",
            "training.schedule_options.threshold=.5",
        ),
        (
            "training.optimizer=sgd",
            "training.momentum=.9",
            "training.dampening=.3",
            "training.clip_value=.01",
            "model.bias=input",
            "model.bias_init=tp4",
        ),
        (
            "training.optimizer=rmsprop",
            "training.centered=true",
            "training.schedule=multistep",
            "training.schedule_options.milestones=1,3",
            "training.mse=half_sum",
            "training.loss=mse",
            "training.labels=one_hot",
        ),
        ("training.amsgrad=true", "training.epsilon=1e-16", "model.dropout_scaling=none", "training.patience=1"),
        ("training.schedule=warmup", "training.schedule_options.then=cosine", "training.batch_size=1"),
        ("data.source=", "model.channels=3", "training.epochs=2"),
    ],
)
def test_every_kind_of_run_resumes_exactly(tmp_path, monkeypatch, settings) -> None:
    monkeypatch.setattr(steering, "LOOK_SECONDS", 0)
    monkeypatch.setattr(training, "STRIDE", 1)
    if settings[0] == "data.source=":
        settings = (f"data.source={write_images(tmp_path / 'images', 8, 8).parent}", *settings[1:])
    spec = small_spec("training.epochs=4", *settings)
    whole, parted = new_run(spec, tmp_path, "whole"), new_run(spec, tmp_path, "parted")
    train_here(whole)
    train_here(parted, signal=interrupt_after(3))
    train_here(parted)
    assert_same_training(parted.last_path, whole.last_path)


EARLY = ("training.epochs=40", "training.patience=3", "training.min_delta=.01", "training.lr=.05")


def test_patience_ends_a_run(tmp_path) -> None:
    folder = new_run(small_spec(*EARLY), tmp_path)
    assert train_here(folder) == 0
    last = read_events(folder)[-1]
    assert isinstance(last, events.Finished)
    assert last.stopped_early
    assert last.reason.startswith("early stopping: val_loss did not improve by more than 0.01 for 3 epochs: best ")
    assert last.epochs < 40
    assert folder.state() == "finished"
    straight = new_run(small_spec("training.epochs=3"), tmp_path, "straight")
    train_here(straight)
    assert read_events(straight)[-1].reason == "all 3 epochs done"
    assert not read_events(straight)[-1].stopped_early


def test_without_validation_patience_watches_the_training_loss(tmp_path) -> None:
    folder = new_run(small_spec(*EARLY, "data.validation=0"), tmp_path)
    train_here(folder)
    assert read_events(folder)[-1].reason.startswith("early stopping: train_loss")


@pytest.mark.parametrize("steps", [5, 17, 31])
def test_patience_is_resumed_exactly(tmp_path, monkeypatch, steps) -> None:
    monkeypatch.setattr(steering, "LOOK_SECONDS", 0)
    monkeypatch.setattr(training, "STRIDE", 1)
    whole, parted = new_run(small_spec(*EARLY), tmp_path, "whole"), new_run(small_spec(*EARLY), tmp_path, "parted")
    train_here(whole)
    train_here(parted, signal=interrupt_after(steps))
    train_here(parted)
    assert_same_training(parted.last_path, whole.last_path)
    ours, theirs = read_events(parted)[-1], read_events(whole)[-1]
    assert (ours.epochs, ours.reason) == (theirs.epochs, theirs.reason)


def test_who_asks_for_more_epochs_than_patience_allowed_gets_them(tmp_path) -> None:
    folder = new_run(small_spec(*EARLY), tmp_path)
    train_here(folder)
    ended = read_events(folder)[-1]
    train_here(folder, small_spec(*EARLY, "training.epochs=60"))
    again = read_events(folder)[-1]
    assert isinstance(again, events.Finished)
    assert again.epochs > ended.epochs


def test_a_run_killed_before_its_last_word_says_it_when_it_is_resumed(tmp_path) -> None:
    folder = new_run(small_spec(*EARLY), tmp_path)
    train_here(folder)
    *before, last = folder.events_path.read_bytes().splitlines(keepends=True)
    folder.events_path.write_bytes(b"".join(before))
    ended = events.decode(last)
    train_here(folder)
    again = read_events(folder)[-1]
    assert (again.epochs, again.reason) == (ended.epochs, ended.reason)


def test_one_hot_labels_train_the_same_network(tmp_path) -> None:
    one, other = (
        new_run(small_spec("training.epochs=3", f"training.labels={labels}"), tmp_path, labels)
        for labels in ("integers", "one_hot")
    )
    train_here(one)
    train_here(other)
    assert_same_training(one.last_path, other.last_path)
    assert [e.val_loss for e in read_events(one) if isinstance(e, events.Epoch)] == [
        e.val_loss for e in read_events(other) if isinstance(e, events.Epoch)
    ]
    last = read_events(one)[-1]
    assert events.reported_loss(last, "epoch_mean") == last.train_loss
    assert events.reported_loss(last, "last_batch") == last.last_batch_loss


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (("training.checkpoint_epochs=3",), [3, 6, 9, 10]),
        (("training.checkpoint_seconds=1e9",), [1, 10]),  # the first is never too early
        (("training.checkpoint_seconds=0",), list(range(1, 11))),
    ],
)
def test_checkpoints_come_every_n_epochs_or_t_seconds(tmp_path, settings, expected) -> None:
    folder = new_run(small_spec("training.epochs=10", *settings), tmp_path)
    assert train_here(folder) == 0
    assert [event.epoch for event in read_events(folder) if isinstance(event, events.Checkpoint)] == expected
