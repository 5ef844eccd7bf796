"""Training sample by sample in blocks, interrupted and resumed: bit for bit the training that was not."""

from pathlib import Path

import pytest

from mlcore.engine import BLOCK_SIZE
from tests.lab.support import (
    ONLY_FIRST,
    assert_same_training,
    new_run,
    read_events,
    small_spec,
    train_here,
    write_images,
)
from tui.lab import events, keeper, steering, training
from tui.lab.checkpoints import load
from tui.lab.runs import RunFolder
from tui.lab.spec import Spec, SpecError


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Spec:
    """240 images to train on, 256 features: three blocks and a part of one in an epoch."""
    monkeypatch.setattr(steering, "LOOK_SECONDS", 0)
    source = write_images(tmp_path / "images", 16, 16, count=400).parent
    online = ("training.batch_size=1", "training.optimizer=sgd", "training.lr=.01", "training.epochs=3")
    return small_spec(f"data.source={source}", "data.scale=symmetric", "model.hidden=16", *online)


def signal_at(*, look: int, commands: dict[int, tuple[RunFolder, str, float]] | None = None):
    """SIGTERM at this look; at others, a command to the run."""
    looks = iter(range(10**9))

    def signal() -> str:
        now = next(looks)
        if commands and now in commands:
            folder, command, value = commands[now]
            folder.send(command, value)
        return "SIGTERM" if now >= look else ""

    return signal


def steps_of(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many batches came at once, in all epochs."""
    seen: list[int] = []
    after_step = training.Training._after_step
    before = [0]

    def note(self: training.Training, step) -> None:
        seen.append(step.batch - (before[0] if step.batch > before[0] else 0))
        before[0] = step.batch
        after_step(self, step)

    with monkeypatch.context() as patch:
        patch.setattr(training.Training, "_after_step", note)
        assert train_here(folder) == 0
    return seen


def test_samples_are_trained_in_blocks(spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert steps_of(new_run(spec, tmp_path), monkeypatch) == [BLOCK_SIZE, BLOCK_SIZE, BLOCK_SIZE, 48] * 3


@pytest.mark.parametrize("look", [1, 2, 3, 6, 9])
def test_stopped_in_an_epoch_and_resumed(spec: Spec, tmp_path: Path, look: int) -> None:
    whole, parted = new_run(spec, tmp_path, "whole"), new_run(spec, tmp_path, "parted")
    train_here(whole)
    train_here(parted, signal=signal_at(look=look))
    stopped = read_events(parted)[-1]
    assert isinstance(stopped, events.Stopped)
    assert stopped.batch % BLOCK_SIZE == 0
    train_here(parted)
    assert_same_training(parted.last_path, whole.last_path)


@pytest.mark.parametrize("stop", [6, 9])
@pytest.mark.parametrize("checkpoint", [True, False])
def test_with_an_lr_command_before_the_crash(
    spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int, checkpoint: bool
) -> None:
    """What the checkpoint does not know of is in the events, and obeyed again at its step."""
    whole, parted = new_run(spec, tmp_path, "whole"), new_run(spec, tmp_path, "parted")
    train_here(whole, signal=signal_at(look=10**9, commands={3: (whole, "lr", 0.05), 5: (whole, "lr", 0.002)}))
    commands = {3: (parted, "lr", 0.05), 5: (parted, "lr", 0.002)}
    if checkpoint:  # of the second block, before the commands
        train_here(parted, signal=signal_at(look=2))
        early = parted.last_path.read_bytes()
        assert load(parted.last_path).state["position"]["batch"] == 2 * BLOCK_SIZE
        commands = {look - 2: command for look, command in commands.items()}
        stop -= 2
    train_here(parted, signal=signal_at(look=stop, commands=commands))
    if checkpoint:
        parted.last_path.write_bytes(early)
    else:
        parted.last_path.unlink()
    train_here(parted)
    changed = [(e.epoch, e.batch, e.lr) for e in read_events(parted) if isinstance(e, events.Changed)]
    assert changed == [(e.epoch, e.batch, e.lr) for e in read_events(whole) if isinstance(e, events.Changed)]
    assert changed[0][:2] == (1, 3 * BLOCK_SIZE)
    assert_same_training(parted.last_path, whole.last_path)


def test_a_stride_ends_where_a_command_is_to_be_obeyed_again(
    spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a command in the middle of a block, between two single steps."""
    folder = new_run(spec, tmp_path)
    resumed = training.resume

    def with_changes(*arguments, **options):
        progress = resumed(*arguments, **options)
        progress.changes = [(1, 100, 0.05), (1, 228, 0.01), (3, 7, 0.02)]
        return progress

    monkeypatch.setattr(training, "resume", with_changes)
    third = [7, 57, 64, 64, 48]
    assert steps_of(folder, monkeypatch) == [64, 36, 28, 64, 36, 12, 64, 64, 64, 48, *third]
    assert load(folder.last_path).state["position"]["lr"] == 0.02


def test_batches_need_no_short_strides_for_a_command_that_is_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper.Keeper, "old", ONLY_FIRST)
    folder = new_run(small_spec("training.epochs=4"), tmp_path)
    resumed = training.resume

    def with_changes(*arguments, **options):
        progress = resumed(*arguments, **options)
        progress.changes = [(3, 2, 0.05)]
        return progress

    monkeypatch.setattr(training, "resume", with_changes)
    assert steps_of(folder, monkeypatch) == [6, 6, 2, 4, 6]


def test_a_schedule_that_watches_what_there_is_not(tmp_path: Path) -> None:
    plateau = ("training.schedule=reduce_on_plateau", "training.schedule_options.monitor=val_accuracy")
    folder = new_run(small_spec("data.validation=0", *plateau), tmp_path)
    with pytest.raises(SpecError, match=r"training.schedule_options.monitor: the schedule watches val_accuracy: give"):
        train_here(folder)
