"""4 Train: each key sends the right command in each state, and each end is said in words."""

from pathlib import Path
from typing import Any

import pytest

from tests.app.support import (
    bench,
    diverged,
    epochs,
    finished,
    keys_of,
    line_of,
    on_screen,
    opened,
    runs_of,
    saying,
    small_spec,
    started,
    status_of,
    text_of,
    until,
)
from tui.app.app import BenchApp
from tui.app.facts import RunClosed
from tui.app.widgets.panel import Panel
from tui.lab import events as ev

pytestmark = pytest.mark.usefixtures("no_maps")

WIDE = (100, 30)
NARROW = (80, 24)
STOPPED = ev.Stopped(run="a", epochs=12, batch=0, seconds=0.1, reason="asked to stop")


async def trained(pilot: Any, *events: ev.Event) -> BenchApp:
    """A bench on Train whose run has said these events."""
    app: BenchApp = pilot.app
    await opened(pilot)
    await on_screen(pilot, "train")
    await pilot.press("space")
    await until(pilot, lambda: app.session.run is not None)
    runs_of(app).say(started(), *events)
    await until(pilot, lambda: app.session.run.started is not None)
    await pilot.pause()
    runs_of(app).asked.clear()
    return app


def state_of(app: BenchApp) -> str:
    return "" if app.session.run is None else app.session.run.state


async def test_before_a_run_the_screen_says_what_space_will_do() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await on_screen(pilot, "train")
        assert status_of(app) == "space trains 20 epochs. First loss should be 0.693"
        assert "untrained" in text_of(app)
        assert "space start" in keys_of(app)
        assert "stop" not in keys_of(app)


async def test_a_run_is_drawn_as_it_comes() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await trained(pilot, *epochs(1, 10))
        shown = text_of(app)
        assert "10 / 20" in shown
        assert "50 %" in shown
        assert "4 Train ●" in shown
        assert "best at 10" in shown
        assert "trainer 41207 on lab-07, goes on if you leave" in status_of(app)
        runs_of(app).say(*epochs(11, 20), finished())
        await saying(pilot, "✓ finished")
        assert "100 %" in text_of(app)
        assert "95.5 %" in text_of(app)
        assert "4 Train ✓" in text_of(app)


async def test_space_pauses_resumes_and_trains_on() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await trained(pilot, *epochs(1, 5))
        assert "space pause" in keys_of(app)
        await pilot.press("space")
        await until(pilot, lambda: runs_of(app).last == ("pause",))
        runs_of(app).say(ev.Paused(epoch=5, batch=0))
        await saying(pilot, "paused")
        assert "space resume" in keys_of(app)
        assert "4 Train ‖" in text_of(app)
        await pilot.press("space")
        await until(pilot, lambda: runs_of(app).last == ("resume",))
        runs_of(app).say(ev.Resumed(epoch=5, batch=0, epochs=20), *epochs(6, 20), finished())
        await until(pilot, lambda: state_of(app) == "finished")
        await pilot.pause()
        assert "train on" in keys_of(app)
        await pilot.press("space")
        await until(pilot, lambda: runs_of(app).last == ("go_on", 40, "run"))
        await until(pilot, lambda: app.session.run is not None and app.session.run.total_epochs == 40)
        await saying(pilot, "20 / 40")


async def test_a_key_is_a_command_to_the_trainer() -> None:
    commands = {"n": ("epoch",), "s": ("step",), "<": ("pace", 1.0), ">": ("pace", 3.0), "x": ("stop",)}
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await trained(pilot, *epochs(1, 5))
        for key, command in commands.items():
            await pilot.press(key)
            await until(pilot, lambda command=command: runs_of(app).last == command)  # type: ignore[misc]
            await pilot.pause()
        assert runs_of(app).asked == list(commands.values())


async def test_before_a_run_the_same_keys_start_one_and_then_wait_for_it() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await on_screen(pilot, "train")
        await pilot.press("x", "<", ">")
        await pilot.pause()
        assert not runs_of(app).asked, "there is nothing to command"
        for key, start in (("n", "epoch"), ("s", "step"), ("space", "run")):
            await pilot.press(key)
            await until(pilot, lambda: state_of(app) == "starting")
            await pilot.press("space", "n", "s")
            await pilot.pause()
            assert runs_of(app).asked == [("start", start)]
            runs_of(app).asked.clear()
            app.dispatch(RunClosed())


async def test_brackets_change_the_learning_rate_along_one_two_five() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await on_screen(pilot, "train")
        await pilot.press("]")
        await until(pilot, lambda: app.session.spec.training.lr == 0.02)
        await pilot.press(",")
        await until(pilot, lambda: app.session.spec.training.lr == 0.01)
        await pilot.press("space")
        await until(pilot, lambda: app.session.run is not None)
        runs_of(app).say(started(), *epochs(1, 5))
        await until(pilot, lambda: state_of(app) == "training")
        await pilot.press("]", "]")
        await until(pilot, lambda: runs_of(app).asked[-2:] == [("lr", 0.02), ("lr", 0.05)])
        await pilot.press("[", "[", ";")
        await until(pilot, lambda: runs_of(app).asked[-3:] == [("lr", 0.02), ("lr", 0.01), ("lr", 0.02)])
        assert app.session.spec.training.lr == 0.01, "the run's rate is not the experiment's"


async def test_a_rate_chosen_after_the_end_goes_with_the_run_that_goes_on() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await trained(pilot, *epochs(1, 3), diverged())
        await pilot.press("[")
        await until(pilot, lambda: app.session.run is not None and app.session.run.next_lr == 0.005)
        assert not runs_of(app).asked
        await pilot.press("space")
        await until(pilot, lambda: ("lr", 0.005) in runs_of(app).asked)
        assert runs_of(app).asked[0] == ("go_on", 20, "run")


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_divergence_is_said_where_it_happened_and_ends_nothing(size: tuple[int, int]) -> None:
    app = bench(small_spec())
    async with app.run_test(size=size) as pilot:
        await trained(pilot, *epochs(1, 3), diverged())
        await saying(pilot, "diverged")
        long, short = "The loss left the numbers in epoch 4, batch 2", "diverged in epoch 4, batch 2: [ lowers lr"
        assert (long if size == WIDE else short) in text_of(app)
        assert "4 Train ✗" in text_of(app)
        assert "inf" in line_of(app, "3 / 20")
        await on_screen(pilot, "model")
        await on_screen(pilot, "train")
        await saying(pilot, "diverged")


async def test_losses_that_are_no_numbers_draw_gaps() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        said = epochs(1, 3, train_loss=None, val_loss=None, last_batch_loss=None)
        await trained(pilot, *said, *epochs(4, 5, train_loss=1e308, val_loss=1e-320), *epochs(6, 7, train_loss=0.0))
        await pilot.press("y")
        await saying(pilot, "cross-entropy · log")


async def test_failure_is_said_in_words() -> None:
    app = bench(small_spec())
    async with app.run_test(size=NARROW) as pilot:
        await trained(pilot, *epochs(1, 3), ev.Failed(message="no room left on the disk"))
        await saying(pilot, "failed")
        assert "no room left on the disk" in status_of(app)


async def test_a_trainer_that_is_gone_is_said_in_words_and_can_go_on() -> None:
    app = bench(small_spec())
    async with app.run_test(size=NARROW) as pilot:
        await trained(pilot, *epochs(1, 3))
        runs_of(app).lose("trainer 41207 is gone (killed)")
        await saying(pilot, "crashed")
        assert "trainer 41207 is gone (killed)" in status_of(app)
        await pilot.press("space")
        await until(pilot, lambda: runs_of(app).last == ("go_on", 20, "run"))


async def test_stopped_says_where_and_space_goes_on_to_the_same_end() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await trained(pilot, *epochs(1, 12), STOPPED)
        await saying(pilot, "stopped at epoch 12")
        await pilot.press("space")
        await until(pilot, lambda: runs_of(app).last == ("go_on", 20, "run"))


async def test_the_end_is_told_with_its_test_figures() -> None:
    app = bench(small_spec())
    async with app.run_test(size=NARROW) as pilot:
        await trained(pilot, *epochs(1, 20), finished())
        await saying(pilot, "finished, test accuracy 95.5 %. space trains 20 more")


async def test_a_run_that_learnt_by_heart_says_so_in_one_row_too() -> None:
    app = bench(small_spec("training.epochs=40"))
    async with app.run_test(size=NARROW) as pilot:
        await trained(pilot, *epochs(1, 40), finished(40))
        await saying(pilot, "finished, test accuracy 95.5 %, overfit since 24. space trains 40 more")
        await pilot.resize_terminal(*WIDE)
        await saying(pilot, "Validation loss rose from 0.1124 at 24")


async def test_without_a_test_part_the_end_has_no_test_figures() -> None:
    app = bench(small_spec("data.test=0"))
    async with app.run_test(size=NARROW) as pilot:
        await trained(pilot, *epochs(1, 20), finished(test_loss=None, test_accuracy=None))
        await saying(pilot, "finished. space trains 20 more")


async def test_after_the_end_the_pace_keys_walk_through_the_snapshots() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await trained(pilot, *epochs(1, 20), finished())
        await pilot.press("<")
        await saying(pilot, "epoch 16")
        assert "16 / 20" in text_of(app)
        await pilot.press("<", "<")
        await saying(pilot, "10 / 20")
        await pilot.press(">")
        await saying(pilot, "12 / 20")
        await pilot.press(">", ">")
        await saying(pilot, "✓ finished")
        assert not runs_of(app).asked
        await pilot.press(*["<"] * 30)
        await saying(pilot, "1 / 20")


async def test_walking_before_the_first_epoch_does_nothing() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await trained(pilot, diverged(1))
        await pilot.press("<", ">")
        await pilot.pause()
        assert app.session.run is not None
        assert app.session.run.snapshot is None


async def test_new_weights_are_another_seed_of_the_same_experiment() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await trained(pilot, *epochs(1, 5))
        await pilot.press("w")
        await saying(pilot, "x stops the run first")
        runs_of(app).say(STOPPED)
        await until(pilot, lambda: state_of(app) == "stopped")
        await pilot.press("w")
        await saying(pilot, "new weights. space trains them")
        assert app.session.run is None
        assert app.session.spec.seed == 43
        await pilot.press("space")
        await until(pilot, lambda: runs_of(app).last == ("start", "run"))


async def test_another_experiment_starts_another_run() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await trained(pilot, *epochs(1, 20), finished())
        app.change("model.hidden", (8,))
        await until(pilot, lambda: "start" in keys_of(app))
        await pilot.press("space")
        await until(pilot, lambda: runs_of(app).last == ("start", "run"))


async def test_a_single_step_shows_its_own_loss() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await trained(pilot, *epochs(1, 1), ev.Step(epoch=2, batch=1, batches=2, loss=0.5123, lr=0.01))
        await saying(pilot, "step loss")
        assert "0.5123" in text_of(app)


async def test_the_map_can_be_put_away_and_taken_back() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await trained(pilot, *epochs(1, 5))
        assert "decision map" in text_of(app)
        width = app.screen.query_one("#loss", Panel).size.width
        await pilot.press("d")
        await until(pilot, lambda: "decision map" not in text_of(app))
        await until(pilot, lambda: app.screen.query_one("#loss", Panel).size.width > 1.5 * width)
        await pilot.press("d")
        await saying(pilot, "decision map")


async def test_v_turns_to_the_next_two_features() -> None:
    app = bench(small_spec("data.source=tp4"))
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await on_screen(pilot, "train")
        await saying(pilot, "x0 × x1")
        await pilot.press("v")
        await saying(pilot, "x0 × x2")
        await pilot.press("V", "V")
        await saying(pilot, "x8 × x9")


async def test_a_run_goes_on_being_heard_on_other_screens() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await trained(pilot, *epochs(1, 5))
        await on_screen(pilot, "data")
        runs_of(app).say(*epochs(6, 20), finished())
        await saying(pilot, "4 Train ✓")
        await on_screen(pilot, "train")
        await saying(pilot, "20 / 20")


async def test_quitting_while_it_trains_says_that_it_goes_on() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await trained(pilot, *epochs(1, 5))
        await pilot.press("escape")
        await saying(pilot, "ctrl+q quits, training goes on")
        await pilot.press("ctrl+q")
        await pilot.pause()
    assert app.return_value == 0
    assert not runs_of(app).asked, "the trainer is left alone"


async def test_without_data_nothing_is_trained(tmp_path: Path) -> None:
    app = bench(small_spec(f"data.source={tmp_path / 'none.csv'}"))
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: app.session.data.error)
        await on_screen(pilot, "train")
        await pilot.press("space")
        await until(pilot, lambda: app.current_mode == "data")
        assert not runs_of(app).asked


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_the_advice_stands_where_there_is_room(size: tuple[int, int]) -> None:
    app = bench(small_spec("training.epochs=40"))
    async with app.run_test(size=size) as pilot:
        await trained(pilot, *epochs(1, 30))
        # Where there is no room for it the status line says what to do, in words that fit.
        await saying(pilot, "has not improved for 6 epochs" if size == WIDE else "since epoch 24: try dropout 0.2 (2)")
        assert app.screen.query_one("#reading", Panel).display == (size == WIDE)


async def test_a_diverged_run_is_not_sent_the_same_way_again() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await trained(pilot, *epochs(1, 3), diverged())
        await pilot.press("space")
        await saying(pilot, "it would diverge again at lr 0.01")
        assert not runs_of(app).asked


async def test_new_weights_keep_the_rate_that_was_chosen() -> None:
    app = bench(small_spec())
    async with app.run_test(size=WIDE) as pilot:
        await trained(pilot, *epochs(1, 3), diverged())
        await pilot.press("[")
        await until(pilot, lambda: app.session.run is not None and app.session.run.next_lr == 0.005)
        await pilot.press("w")
        await until(pilot, lambda: app.session.run is None)
        assert app.session.spec.training.lr == 0.005
        assert app.session.spec.seed == 43
