"""Epochs in columns: they read as a list of events would, whatever is appended and cut."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.app.support import NO_RUNS, epoch, epochs, finished, small_spec, started
from tui.app.history import BLOCK, COLUMNS, SKETCHED, History, block_of
from tui.app.run_view import RunView, hear_all
from tui.app.services.backlog import IN_COLUMNS, RunReader, together
from tui.lab import events as ev

numbers = st.lists(st.integers(1, 12), max_size=12)


def wanted(said: list[int]) -> list[int]:
    """Those that go on."""
    kept: list[int] = []
    for number in said:
        if not kept or number > kept[-1]:
            kept.append(number)
    return kept


@given(numbers, numbers)
def test_a_history_is_the_epochs_that_go_on_however_they_come(first: list[int], second: list[int]) -> None:
    history = History().with_epochs([epoch(n) for n in first])
    longer = history.with_epochs([epoch(n) for n in second])
    assert [e.epoch for e in history] == wanted(first), "a history never changes"
    assert [e.epoch for e in longer] == wanted(first + second)
    assert list(longer) == [epoch(n) for n in wanted(first + second)]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 40)), max_size=8))
def test_cut_and_grown_it_never_disturbs_those_before(turns: list[tuple[int, int]]) -> None:
    history, model, kept = History(), [], []
    for cut, grow in turns:
        history, model = history.until(cut), [n for n in model if n <= cut]
        start = model[-1] + 1 if model else 1
        fresh = list(range(start, start + grow))
        history, model = history.with_epochs([epoch(n) for n in fresh]), model + fresh
        kept.append((history, list(model)))
    for one, numbers_of_it in kept:
        assert one.column("epoch").tolist() == numbers_of_it


def test_an_epoch_comes_back_as_it_was_said() -> None:
    said = [epoch(1), epoch(2, val_loss=None, val_accuracy=None), epoch(5, train_r2=0.5)]
    history = History().with_epochs(said)
    assert list(history) == said
    assert history[-1] == said[-1]
    assert history[:2] == tuple(said[:2])
    assert history.at(5) == said[2]
    assert history.at(3) is None
    with pytest.raises(IndexError):
        history[3]
    assert not History()


def test_columns_are_read_only() -> None:
    column = History().with_epochs([epoch(1)]).column("lr")
    with pytest.raises(ValueError, match="read-only"):
        column[0] = 1.0


@pytest.mark.parametrize("count", [10, SKETCHED, SKETCHED + 1, 3 * SKETCHED + 5])
def test_a_sketch_keeps_every_peak(count: int) -> None:
    rng = np.random.default_rng(count)
    losses = rng.random(count)
    losses[count // 2] = 9.0
    losses[:2] = np.nan
    block = block_of(epochs(1, count))
    block.columns["val_loss"][:] = losses  # type: ignore[index]
    history = History().with_epochs(block)
    x, y = history.sketch("val_loss")
    assert np.nanmax(y) == 9.0
    assert np.nanmin(y) == np.nanmin(losses)
    assert x[np.nanargmax(y)] == count // 2 + 1
    assert (np.diff(x) >= 0).all()
    if count > SKETCHED:
        assert len(x) <= 2 * count // BLOCK + BLOCK
    assert x[-1] == count or count > SKETCHED


def test_a_sketch_of_a_growing_run_is_that_of_the_whole() -> None:
    whole = History().with_epochs(epochs(1, SKETCHED + 500))
    growing = History()
    for start in range(1, SKETCHED + 500, 37):
        growing = growing.with_epochs(epochs(start, min(start + 36, SKETCHED + 500)))
        growing.sketch("train_loss")
    for one, other in zip(growing.sketch("train_loss"), whole.sketch("train_loss"), strict=True):
        assert np.array_equal(one, other)


# Reading


def written(path: Path, *lines: bytes) -> RunReader:
    path.write_bytes(b"".join(lines))
    return RunReader(path)


def view(said: list[object]) -> RunView:
    return hear_all(said, RunView(NO_RUNS / "a", small_spec()))  # type: ignore[arg-type]


def read_all(reader: RunReader) -> list[object]:
    said: list[object] = []
    while chunk := reader.poll():
        said += chunk
    return said


def test_what_is_read_in_columns_is_what_was_said(tmp_path: Path) -> None:
    said = [started(200), *epochs(1, 90), ev.Checkpoint(epoch=90, batch=0, best=True), *epochs(91, 200), finished(200)]
    reader = written(tmp_path / "events.jsonl", *map(ev.encode, said))
    read = read_all(reader)
    assert len(read) < 10, "long stretches come as blocks"
    assert list(view(read).epochs) == list(view(list(said)).epochs)
    assert view(read).best == view(list(said)).best
    assert math.isclose(view(read).seconds, view(list(said)).seconds)


def test_a_resume_takes_back_what_came_after_it(tmp_path: Path) -> None:
    said = [started(200), *epochs(1, 100), ev.Resumed(epoch=70, batch=0, epochs=200), *epochs(71, 200)]
    run = view(read_all(written(tmp_path / "events.jsonl", *map(ev.encode, said))))
    assert run.epochs.column("epoch").tolist() == list(range(1, 201))


def test_garbage_is_counted_and_a_torn_line_waits(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    whole = b"".join(map(ev.encode, epochs(1, IN_COLUMNS + 3)))
    reader = written(path, b"\x00\xffgarbage\n", whole, b'{"event":"ep')
    assert view(read_all(reader)).epochs[-1].epoch == IN_COLUMNS + 3
    assert reader.unread == 1
    with path.open("ab") as file:
        file.write(b'och"}\n' + ev.encode(epoch(IN_COLUMNS + 4)))
    assert view(read_all(reader)).epochs[-1].epoch == IN_COLUMNS + 4
    assert reader.unread == 2


def test_no_file_is_nothing_said_yet(tmp_path: Path) -> None:
    assert RunReader(tmp_path / "events.jsonl").poll() == ()


def test_neighbouring_blocks_become_one() -> None:
    blocks = [block_of(epochs(1, 70)), block_of(epochs(71, 140)), epoch(141), block_of(epochs(142, 150))]
    joined = together(blocks)  # type: ignore[arg-type]
    assert [type(event).__name__ for event in joined] == ["EpochBlock", "Epoch", "EpochBlock"]
    assert view(list(joined)).epochs.column("epoch").tolist() == list(range(1, 151))
    assert set(joined[0].columns) == set(COLUMNS)  # type: ignore[union-attr]
