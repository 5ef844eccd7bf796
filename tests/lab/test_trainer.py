"""The trainer as a process of its own: launched, steered, killed, starved."""

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.support import (
    assert_same_training,
    new_run,
    read_events,
    small_spec,
    train_here,
    wait_for,
    wait_for_event,
)
from tui.lab import events, status, steering
from tui.lab.checkpoints import load
from tui.lab.errors import LabError, RunError
from tui.lab.follow import follow
from tui.lab.runs import RunFolder, launch

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def trainers():
    """Launches that are not left behind."""
    started: list[subprocess.Popen] = []

    def start(folder: RunFolder, **options) -> subprocess.Popen:
        started.append(launch(folder, **options))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


def kinds(folder: RunFolder) -> list[str]:
    return [type(event).__name__ for event in read_events(folder)]


def test_killed_and_resumed_it_is_the_run_that_was_not(tmp_path, trainers) -> None:
    spec = small_spec("training.epochs=200")
    straight = new_run(spec, tmp_path, "straight")
    train_here(straight)
    folder = new_run(spec, tmp_path, "killed")
    process = trainers(folder, pace=50)
    wait_for_event(folder, events.Epoch, epoch=20)
    process.kill()
    process.wait()
    assert folder.state() == "crashed"
    assert 1 <= load(folder.last_path).state["completed"] < 200
    list(follow(folder, again := trainers(folder)))
    assert again.returncode == 0
    assert_same_training(folder.last_path, straight.last_path)
    assert folder.state() == "finished"
    assert not folder.lock_path.exists()


def test_pause_step_epoch_resume_stop(tmp_path, trainers) -> None:
    folder = new_run(small_spec("training.epochs=1000"), tmp_path)
    process = trainers(folder, start="step", pace=50)
    wait_for_event(folder, events.Paused, epoch=0, batch=1)
    wait_for(lambda: folder.state() == "paused")
    assert folder.live_path.exists()
    folder.send("step")
    wait_for_event(folder, events.Paused, epoch=0, batch=2)
    steps = [event for event in read_events(folder) if isinstance(event, events.Step)]
    assert [(step.epoch, step.batch, step.batches) for step in steps] == [(1, 1, 6), (1, 2, 6)]
    wait_for(lambda: load(folder.live_path).state == {"epoch": 0, "batch": 2})
    folder.send("epoch")
    wait_for_event(folder, events.Paused, epoch=1, batch=0)
    folder.send("lr", 0.125)
    assert wait_for_event(folder, events.Changed).lr == 0.125
    folder.send("resume")
    assert wait_for_event(folder, events.Epoch, epoch=3).lr == 0.125
    folder.send("pause")
    wait_for(lambda: folder.state() == "paused")
    folder.send("stop")
    stopped = wait_for_event(folder, events.Stopped)
    assert process.wait(10) == 0
    assert stopped.reason == "stop"
    assert folder.state() == "stopped"
    assert load(folder.last_path).state["completed"] == stopped.epochs
    assert os.listdir(folder.control_path) == []


def test_an_old_stop_does_not_stop_a_resumed_run(tmp_path, trainers) -> None:
    folder = new_run(small_spec("training.epochs=3"), tmp_path)
    folder.send("stop")
    list(follow(folder, trainers(folder)))
    assert kinds(folder)[-1] == "Finished"


def test_the_pace_is_kept_and_not_reported(tmp_path, trainers) -> None:
    folder = new_run(small_spec("training.epochs=1000"), tmp_path)
    trainers(folder, pace=10)
    fifth = wait_for_event(folder, events.Epoch, epoch=5)
    first = wait_for_event(folder, events.Epoch, epoch=1)
    assert 0.38 <= fifth.time - first.time < 4
    assert fifth.seconds < 0.05
    folder.send("pace", 0)
    assert wait_for_event(folder, events.Finished).seconds < 10


def test_sigterm_writes_a_checkpoint_and_a_hangup_is_nothing(tmp_path, trainers) -> None:
    folder = new_run(small_spec("training.epochs=1000000"), tmp_path)
    process = trainers(folder)
    wait_for_event(folder, events.Epoch, epoch=2)
    process.send_signal(signal.SIGHUP)
    wait_for_event(folder, events.Epoch, epoch=50)
    process.terminate()
    assert process.wait(10) == 0
    stopped = read_events(folder)[-1]
    assert isinstance(stopped, events.Stopped)
    assert stopped.reason == "SIGTERM"
    assert load(folder.last_path).state["completed"] == stopped.epochs


def test_a_second_trainer_leaves_the_run_alone(tmp_path, trainers) -> None:
    folder = new_run(small_spec("training.epochs=1000"), tmp_path)
    first = trainers(folder, start="epoch")
    wait_for(lambda: folder.state() == "paused")
    second = trainers(folder)
    assert second.wait(20) == 2
    assert first.poll() is None
    assert kinds(folder)[-1] != "Failed"
    assert f"by process {first.pid}" in folder.log_path.read_text()
    with pytest.raises(RunError, match=f"status 2: .*by process {first.pid}"):
        list(follow(folder, second))


def test_a_finished_run_changes_nothing_and_more_epochs_go_on(tmp_path, trainers) -> None:
    folder = new_run(small_spec("training.epochs=3"), tmp_path)
    list(follow(folder, trainers(folder)))
    before = {path: path.stat().st_mtime_ns for path in folder.path.rglob("*") if path.is_file()}
    del before[folder.log_path]
    for epochs in (None, 2):
        assert trainers(folder, epochs=epochs).wait(20) == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before
    # Killed between its last event and its last status: that is made up for, and nothing else.
    said = json.loads(folder.status_path.read_text())
    folder.status_path.write_text(json.dumps({**said, "state": "running", "pid": 2**30}))
    assert folder.state() == "crashed"
    assert trainers(folder).wait(20) == 0
    assert (folder.state(), folder.status().epoch) == ("finished", 3)
    assert kinds(folder).count("Finished") == 1
    assert trainers(folder, epochs=5).wait(20) == 0
    assert read_events(folder)[-1].epochs == 5
    assert folder.read_spec().training.epochs == 5
    assert "data_sha256" in folder.read_record()


def test_a_run_that_patience_ended_changes_nothing_unless_more_is_asked(tmp_path, trainers) -> None:
    folder = new_run(small_spec("training.epochs=30", "training.patience=1", "training.min_delta=9"), tmp_path)
    list(follow(folder, trainers(folder)))
    before = folder.events_path.read_bytes()
    ended = read_events(folder)[-1]
    assert ended.stopped_early
    for epochs in (None, 2):
        assert trainers(folder, epochs=epochs).wait(20) == 0
    assert folder.events_path.read_bytes() == before
    assert trainers(folder, epochs=60).wait(20) == 0
    assert read_events(folder)[-1].epochs > ended.epochs


def test_a_full_disk_fails_in_one_line_and_keeps_the_checkpoint(tmp_path) -> None:
    folder = new_run(small_spec("training.epochs=5"), tmp_path)
    train_here(folder)
    limit = folder.events_path.stat().st_size + 4096

    def starve() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command = [sys.executable, "-m", "tui.lab.trainer", str(folder.path), "--epochs", "300"]
    done = subprocess.run(command, cwd=ROOT, preexec_fn=starve, capture_output=True, text=True)
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert folder.state() == "failed"
    assert load(folder.last_path).state["completed"] >= 5
    last = read_events(folder)[-1]
    assert isinstance(last, events.Epoch | events.Checkpoint | events.Failed)
    # With room again it goes on from there.
    assert subprocess.run(command, cwd=ROOT, capture_output=True).returncode == 0
    assert isinstance(read_events(folder)[-1], events.Finished)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("data.source=/nowhere/x.csv", "/nowhere/x.csv"),
        ("data.source=mnist", "--data FOLDER"),
        ("data.options.noise=99", "noise"),
        ("model.init_options.std=3", "model.init_options.std: initialisation 'kaiming_normal' does not take std"),
        ("data.options.n_samples=4", ""),
    ],
)
def test_bad_input_fails_with_status_2_and_one_line(tmp_path, trainers, setting, words) -> None:
    folder = new_run(small_spec(setting), tmp_path)
    assert trainers(folder).wait(20) == 2
    failed = read_events(folder)[-1]
    assert isinstance(failed, events.Failed)
    assert words in failed.message
    assert "\n" not in failed.message
    assert "Traceback" not in folder.log_path.read_text()
    assert folder.state() == "failed"


def test_the_trainer_outlives_who_launched_it(tmp_path) -> None:
    folder = new_run(small_spec("training.epochs=1000000"), tmp_path)
    script = (
        "import sys; from pathlib import Path; from tui.lab.runs import RunFolder, launch; "
        "print(launch(RunFolder(Path(sys.argv[1]))).pid, flush=True); input()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(folder.path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    pid = int(parent.stdout.readline())
    try:
        wait_for_event(folder, events.Epoch)
        os.killpg(parent.pid, signal.SIGKILL)
        parent.communicate()
        seen = len(read_events(folder))
        wait_for(lambda: len(read_events(folder)) > seen + 10)
        assert folder.state() == "running"
        assert folder.status().pid == pid
        folder.send("stop")
        wait_for_event(folder, events.Stopped)
    finally:
        if folder.state() == "running":
            os.kill(pid, signal.SIGKILL)


def test_a_datasets_py_in_the_folder_one_stands_in_is_not_ours(tmp_path, trainers, monkeypatch) -> None:
    (tmp_path / "datasets.py").write_text("raise SystemExit('the wrong one')")
    monkeypatch.chdir(tmp_path)
    folder = new_run(small_spec("training.epochs=2"), tmp_path)
    assert trainers(folder).wait(20) == 0


def test_the_heartbeat_goes_on_while_it_stands_still(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(status, "HEARTBEAT_SECONDS", 0)
    monkeypatch.setattr(steering, "LOOK_SECONDS", 0)
    folder = new_run(small_spec(), tmp_path)
    folder.send("pause")
    beats: list[float] = []

    def signal_after_three_beats() -> str:
        now = folder.status()
        if now is not None and now.state == "paused" and now.heartbeat not in beats:
            beats.append(now.heartbeat)
        return "SIGTERM" if len(beats) > 3 else ""

    train_here(folder, signal=signal_after_three_beats)
    assert beats == sorted(beats)
    assert kinds(folder)[:2] == ["Started", "Paused"]
    assert folder.status().epoch == 0


def test_what_lies_in_the_way_is_said_in_one_line(tmp_path) -> None:
    folder = new_run(small_spec(), tmp_path)
    (folder.control_path / "stop").mkdir()
    with pytest.raises(LabError, match="control/stop"):
        launch(folder)


def test_what_a_kill_left_half_written_is_swept_away(tmp_path, trainers) -> None:
    folder = new_run(small_spec("training.epochs=2"), tmp_path)
    litter = [
        folder.path / ".status.json-abc",
        folder.last_path.with_name(".last.safetensors-x_1"),
        folder.live_path.with_name(".epoch-000001.safetensors-1"),
    ]
    others = [folder.path / ".marks.json-abc", folder.path / ".notes"]
    for path in (*litter, *others):
        path.write_text("half")
    assert trainers(folder).wait(20) == 0
    assert not any(path.exists() for path in litter)
    assert all(path.exists() for path in others)
