"""A training and the screens that watch it: a screen may end in any way, the training does not notice.

pytest -m slow tests/terminal/test_survival.py --kills 20
"""

import os
import random
import signal
from pathlib import Path

import pytest

from tests.lab.support import assert_same_training, train_here
from tests.terminal.terminal import Terminal
from tests.terminal.test_program import PROGRAM, environ, events, has_finished, program, the_run, wait
from tui.lab.events import Epoch, Resumed
from tui.lab.runs import RunFolder, create_run, launch
from tui.lab.spec import Spec, set_values

LONG = ("--data", "moons", "--set", "training.epochs=500", "--set", "model.dropout=0.1")


def hang_up(terminal) -> None:
    os.killpg(terminal.process.pid, signal.SIGHUP)


def kill(terminal) -> None:
    os.killpg(terminal.process.pid, signal.SIGKILL)


def close(terminal) -> None:
    """The window is gone: the kernel tells whoever stands on it."""
    terminal.close()


ENDS = (hang_up, close, kill)


def survives(runs_dir: Path, end, chance: random.Random) -> RunFolder:
    """Trains on a screen that ends at some moment; the run, once it has finished."""
    with program(runs_dir, *LONG) as terminal:
        terminal.wait_for("moons is ready")
        terminal.send("4", "space")
        terminal.wait_for("● training")
        run = the_run(runs_dir)
        upto = chance.randrange(1, 40)
        wait(lambda: sum(isinstance(event, Epoch) for event in events(run)) > upto)
        assert run.status().pid != terminal.process.pid
        end(terminal)
        wait(lambda: terminal.process.poll() is not None)
    assert run.state() == "running"
    run.send("pace", 0)
    wait(lambda: has_finished(run))
    wait(lambda: run.state() == "finished")
    return run


@pytest.fixture(scope="module")
def unwatched(tmp_path_factory) -> dict[str, RunFolder]:
    return {}


def check(run: RunFolder, unwatched: dict[str, RunFolder], where: Path) -> None:
    """It is the run that nobody watched, bit for bit, and says every epoch once."""
    if not unwatched:
        unwatched["run"] = create_run(run.read_spec(), where)
        train_here(unwatched["run"])
    said = events(run)
    assert [event.epoch for event in said if isinstance(event, Epoch)] == list(range(1, 501))
    assert not any(isinstance(event, Resumed) for event in said)
    assert_same_training(run.last_path, unwatched["run"].last_path)


@pytest.mark.parametrize("end", ENDS)
def test_the_training_does_not_notice(runs_dir: Path, tmp_path_factory, unwatched, end) -> None:
    run = survives(runs_dir, end, random.Random(end.__name__))
    check(run, unwatched, tmp_path_factory.mktemp("unwatched"))


@pytest.mark.slow
def test_the_training_never_notices(tmp_path: Path, tmp_path_factory, unwatched, kills: int) -> None:
    chance = random.Random("screens")
    for number in range(kills):
        run = survives(tmp_path / f"runs-{number}", ENDS[number % len(ENDS)], chance)
        check(run, unwatched, tmp_path_factory.mktemp("unwatched"))
    print(f"{kills} of {kills} unaffected")


def test_a_run_that_trains_is_attached_to_from_two_terminals(runs_dir: Path) -> None:
    run = create_run(set_values(Spec(), ["training.epochs=400"]), runs_dir, "shown")
    with launch(run, pace=20):
        wait(lambda: any(isinstance(event, Epoch) for event in events(run)))
        attach = ("runs", "attach", "last", "--runs-dir", str(runs_dir))
        with attached(*attach) as one, attached(*attach) as other:
            for terminal in (one, other):
                terminal.wait_for("● training")
            one.send("space")  # each of them commands the run, and both see it
            for terminal in (one, other):
                terminal.wait_for("paused")
            assert run.state() == "paused"
            other.send("space")
            for terminal in (one, other):
                terminal.wait_for("● training")
            for terminal in (one, other):
                terminal.send("ctrl+q")
                assert terminal.wait_exit() == 0
        assert run.state() == "running"
        run.send("pace", 0)
        wait(lambda: has_finished(run))
    assert [event.epoch for event in events(run) if isinstance(event, Epoch)] == list(range(1, 401))


def attached(*words: str) -> Terminal:
    return Terminal([*PROGRAM, *words], environ=environ())
