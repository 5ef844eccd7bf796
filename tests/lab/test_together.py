"""Many trainers at once: on twenty runs, and on one."""

import json
import re
import threading
from collections.abc import Iterator

import pytest

from tests.lab.support import assert_same_arrays, assert_same_training, new_run, read_events, small_spec
from tui.lab import events
from tui.lab.checkpoints import load
from tui.lab.processes import host_name
from tui.lab.runlist import list_runs
from tui.lab.runs import RunFolder, create_run, launch

TRAINERS = 20


@pytest.fixture
def processes() -> Iterator[list]:
    started: list = []
    yield started
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


def test_twenty_runs_by_twenty_trainers(tmp_path, processes) -> None:
    runs: list[RunFolder] = []
    lock = threading.Lock()

    def begin(number: int) -> None:
        folder = create_run(small_spec("training.epochs=30", f"seed={number % 4}"), tmp_path, "same")
        with lock:
            runs.append(folder)
            processes.append(launch(folder))

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(TRAINERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while any(process.poll() is None for process in processes):
        for row in list_runs(tmp_path):  # whoever looks on reads whole files at any moment
            assert row.problem == ""
            assert row.state in ("queued", "running", "finished")
    assert [process.returncode for process in processes] == [0] * TRAINERS
    assert len({run.path for run in runs}) == TRAINERS
    rows = list_runs(tmp_path)
    assert [row.state for row in rows] == ["finished"] * TRAINERS
    assert {row.epochs for row in rows} == {30}
    by_seed: dict[int, RunFolder] = {}
    for run in runs:
        said = read_events(run)
        assert [event.epoch for event in said if isinstance(event, events.Epoch)] == list(range(1, 31))
        assert [event.seq for event in said] == list(range(1, len(said) + 1))
        assert isinstance(said[-1], events.Finished)
        reference = by_seed.setdefault(run.read_spec().seed, run)
        assert_same_training(run.last_path, reference.last_path)
        assert_same_arrays(load(run.best_path), load(reference.best_path))
    assert len(by_seed) == 4


def test_of_many_trainers_of_one_run_one_trains(tmp_path, processes) -> None:
    folder = new_run(small_spec("training.epochs=2000"), tmp_path)
    # The lock of a trainer that is gone: all of them find it at once.
    folder.lock_path.write_text(json.dumps({"host": host_name(), "pid": 2**22 + 1, "start": "1"}))
    processes += [launch(folder) for _ in range(8)]
    for process in processes:
        process.wait(60)
    statuses = sorted(process.returncode for process in processes)
    assert set(statuses) <= {0, 2}
    assert statuses[0] == 0
    said = read_events(folder)
    assert sum(isinstance(event, events.Started) for event in said) == 1
    assert [event.epoch for event in said if isinstance(event, events.Epoch)] == list(range(1, 2001))
    assert isinstance(said[-1], events.Finished)
    for line in folder.log_path.read_text().splitlines():
        assert re.search(r"being trained already|just starting|just taken|fought over|finished after 2000", line), line
    assert not folder.lock_path.exists()
