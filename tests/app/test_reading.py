"""The sentence under a run: what its figures mean, and what to try."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.app.support import NO_RUNS, diverged, epoch, epochs, finished, small_spec, started
from tui.app.facts import RunOpened, RunSaid
from tui.app.reading import read_run
from tui.app.reducers import apply
from tui.app.run_view import RunView
from tui.app.session import Session
from tui.lab import events as ev

PATH = NO_RUNS / "a"


def run(*events: ev.Event) -> RunView:
    session = apply(RunOpened(PATH, small_spec()), Session())
    found = apply(RunSaid(PATH, events), session).run
    assert found is not None
    return found


def test_before_the_first_event() -> None:
    assert read_run(run(), 2).sentence == "The first epoch is on its way."


def test_the_first_loss_beside_chance() -> None:
    reading = read_run(run(started()), 2)
    assert reading.state == "ok"
    assert "0.721" in reading.sentence
    assert "ln 2 = 0.693" in reading.sentence


def test_a_first_loss_far_above_chance_is_a_warning() -> None:
    reading = read_run(run(started(initial_loss=4.2)), 4)
    assert reading.state == "warn"
    assert "too large" in reading.advice


def test_the_squared_error_has_no_chance_to_name() -> None:
    assert "ln" not in read_run(run(started()), 2, loss="mse").sentence


def test_a_validation_loss_that_improves() -> None:
    reading = read_run(run(started(), *epochs(1, 10)), 2)
    assert (reading.state, reading.sentence) == ("ok", "Validation loss improves (best 0.2662 at 10).")


def test_learning_by_heart() -> None:
    said = [epoch(n, best_epoch=4, train_loss=1 / n, val_loss=0.2 + abs(n - 4) / 10) for n in range(1, 9)]
    reading = read_run(run(started(), *said), 2)
    assert reading.state == "warn"
    assert "has not improved for 4 epochs (best 0.2000 at 4)" in reading.sentence
    assert "learning by heart" in reading.sentence
    assert "dropout" in reading.advice


def test_neither_loss_falls() -> None:
    said = [epoch(n, best_epoch=1, train_loss=0.7, val_loss=0.7) for n in range(1, 9)]
    reading = read_run(run(started(), *said), 2)
    assert reading.state == "warn"
    assert "Neither loss" in reading.sentence


def test_without_a_validation_part() -> None:
    said = epochs(1, 5, val_loss=None, val_accuracy=None)
    assert "Training loss still falls" in read_run(run(started(), *said), 2).sentence
    flat = epochs(1, 5, val_loss=None, val_accuracy=None, train_loss=0.5)
    assert "stands still" in read_run(run(started(), *flat), 2).sentence


def test_training_far_ahead_of_validation_brings_advice() -> None:
    reading = read_run(run(started(), *epochs(1, 5, train_accuracy=0.99, val_accuracy=0.8)), 2)
    assert "19 points ahead" in reading.advice


def test_the_end_is_the_test_part() -> None:
    reading = read_run(run(started(), *epochs(1, 20), finished()), 2)
    assert reading.sentence == "On the test part: accuracy 95.5 %, loss 0.1277."


def test_a_run_that_learnt_by_heart_is_not_praised_at_its_end() -> None:
    said = [epoch(n, best_epoch=4, train_loss=1 / n, val_loss=0.2 + abs(n - 4) / 10) for n in range(1, 21)]
    reading = read_run(run(started(), *said, finished()), 2)
    assert reading.state == "warn"
    assert reading.sentence.startswith("On the test part: accuracy 95.5 %, loss 0.1277.")
    assert "rose from 0.2000 at 4 to 1.8000: learnt by heart" in reading.sentence
    assert "dropout" in reading.advice
    near = [epoch(n, best_epoch=4, train_loss=1 / n, val_loss=0.2 + 0.0001 * abs(n - 4)) for n in range(1, 21)]
    assert read_run(run(started(), *near, finished()), 2).state == "ok"


@pytest.mark.parametrize(("kept", "advice"), [(3, "Epoch 3 is kept"), (0, "starts again")])
def test_where_it_diverged_and_what_is_kept(kept: int, advice: str) -> None:
    saved = [ev.Checkpoint(epoch=kept, batch=0, best=True)] if kept else []
    reading = read_run(run(started(), *epochs(1, 3), *saved, diverged()), 2)
    assert reading.state == "wrong"
    assert "epoch 4, batch 2" in reading.sentence
    assert advice in reading.advice


def test_a_failure_keeps_its_own_words() -> None:
    reading = read_run(run(started(), ev.Failed(message="no room on the disk")), 2)
    assert (reading.state, reading.sentence) == ("wrong", "no room on the disk.")


figure = st.one_of(st.none(), st.floats(0, 1e6))


@given(
    st.lists(st.tuples(figure, figure, figure, figure), max_size=10),
    st.integers(1, 10),
    st.sampled_from(("", "finished", "diverged", "stopped")),
)
def test_any_figures_give_one_sentence(rows: list[tuple[float | None, ...]], best: int, last: str) -> None:
    said: list[ev.Event] = [started(initial_loss=None)]
    for number, (train, val, train_accuracy, val_accuracy) in enumerate(rows, start=1):
        said.append(
            epoch(
                number,
                train_loss=train,
                val_loss=val,
                train_accuracy=train_accuracy,
                val_accuracy=val_accuracy,
                best_epoch=min(best, number),
            )
        )
    ends: dict[str, ev.Event] = {
        "finished": finished(test_loss=None),
        "diverged": diverged(),
        "stopped": ev.Stopped(run="a", epochs=1, batch=0, seconds=0, reason="asked"),
    }
    if last:
        said.append(ends[last])
    reading = read_run(run(*said), 3)
    assert reading.state in ("ok", "warn", "wrong")
    assert reading.sentence.endswith(".")
    assert "\n" not in reading.sentence + reading.advice


def probed(dead: float | None, after: int) -> ev.Probe:
    return ev.Probe(epoch=after, dead=dead, layers=[], gradient_norms={}, update_ratios={})


def test_many_dead_units_are_named() -> None:
    reading = read_run(run(started(), *epochs(1, 4), probed(0.61, 4)), 2)
    assert (reading.state, reading.sentence[:40]) == ("warn", "61 % of the units are dead after epoch 4")
    assert read_run(run(started(), *epochs(1, 4), probed(0.1, 4)), 2).state == "ok"
    assert read_run(run(started(), *epochs(1, 4), probed(None, 4)), 2).state == "ok"


def test_a_probe_of_a_future_that_is_not_lived_is_forgotten() -> None:
    there = run(started(), *epochs(1, 8), probed(0.9, 8), ev.Resumed(epoch=3, batch=0, epochs=20))
    assert there.probe is None


def test_a_validation_loss_near_its_best_is_no_learning_by_heart() -> None:
    said = [epoch(n, best_epoch=4, train_loss=1 / n, val_loss=0.2 + abs(n - 4) / 1000) for n in range(1, 9)]
    reading = read_run(run(started(), *said), 2)
    assert reading.state == "ok"
    assert "stands near its best" in reading.sentence
