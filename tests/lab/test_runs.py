import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.lab.support import small_spec
from tui.lab.errors import LabError
from tui.lab.processes import RunLock, host_name, is_alive, process_start
from tui.lab.runs import RunFolder, create_run, runs_dir
from tui.lab.spec import Spec, for_file


def test_a_run_is_called_by_date_and_name(tmp_path) -> None:
    folders = [create_run(small_spec(), tmp_path, "my run/é") for _ in range(3)]
    assert re.fullmatch(r"\d{4}-\d{4}-my-run-é", folders[0].name)
    if folders[1].name.startswith(folders[0].name):  # the minute has not changed in between
        assert folders[1].name == folders[0].name + "-2"
    assert len({folder.name for folder in folders}) == 3
    assert sorted(os.listdir(tmp_path)) == sorted(folder.name for folder in folders)
    assert folders[0].read_spec() == small_spec()
    assert "python" in folders[0].read_record()
    assert folders[0].state() == "queued"
    assert folders[0].snapshots() == []


@pytest.mark.parametrize(
    ("spec", "name"), [(Spec(name="tp4"), "tp4"), (Spec(), "moons"), (for_file("a/wine.csv"), "wine")]
)
def test_a_run_is_named_after_its_spec_or_its_data(tmp_path, spec, name) -> None:
    assert create_run(spec, tmp_path).name.endswith(f"-{name}")


def test_the_path_of_the_data_is_made_absolute(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    spec = for_file("wine.csv").with_value("data.options.target", "first")
    kept = create_run(spec, Path("runs").absolute()).read_spec()
    assert kept.data.source == str(tmp_path / "wine.csv")
    assert kept.data.options == {"target": "first"}


def test_a_folder_that_cannot_be_written_is_said_in_words(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match="--runs-dir"):
        create_run(Spec(), tmp_path / "file" / "runs")


def test_where_runs_are_kept(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert runs_dir(Path("here"), {"MLP_TUI_RUNS_DIR": "/there"}) == tmp_path / "here"
    assert runs_dir(None, {"MLP_TUI_RUNS_DIR": "/there"}) == Path("/there")
    assert runs_dir(None, {}).name == "runs"


def status(folder: RunFolder, **changes: object) -> None:
    table = {
        "host": host_name(),
        "pid": os.getpid(),
        "started": 1.0,
        "state": "running",
        "heartbeat": time.time(),
        "epoch": 3,
    }
    folder.status_path.write_text(json.dumps({**table, "process_start": process_start(os.getpid()), **changes}))


def test_states(tmp_path) -> None:
    folder = create_run(Spec(), tmp_path)
    status(folder)
    assert folder.state() == "running"
    assert folder.status().epoch == 3
    status(folder, state="paused", heartbeat=0)
    assert folder.state() == "paused"  # its process is there: that counts for more
    status(folder, process_start="of another process with the same number")
    assert folder.state() == "crashed"
    status(folder, state="finished", pid=2**30)
    assert folder.state() == "finished"
    status(folder, host="elsewhere", pid=2**30)
    assert folder.state() == "running"
    status(folder, host="elsewhere", heartbeat=time.time() - 120)
    assert folder.state() == "running"  # its clock may be slow: the file is fresh
    os.utime(folder.status_path, (1, time.time() - 120))
    assert folder.state() == "crashed"
    status(folder, host="elsewhere", heartbeat=time.time() + 3600)
    os.utime(folder.status_path, (1, 1))
    assert folder.state() == "running"  # its clock may be fast
    folder.status_path.write_text("{")
    assert folder.state() == "queued"


def test_a_process_that_is_gone_is_not_alive() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    start = process_start(process.pid)
    assert is_alive(process.pid, start)
    process.kill()
    deadline = time.monotonic() + 10
    while is_alive(process.pid, start) and time.monotonic() < deadline:  # a zombie until it is waited for
        time.sleep(0.005)
    assert not is_alive(process.pid, start)
    process.communicate()
    assert process_start(process.pid) == ""


def test_one_trainer_a_run(tmp_path) -> None:
    path = tmp_path / "trainer.lock"
    with RunLock(path):
        assert json.loads(path.read_text())["pid"] == os.getpid()
        with pytest.raises(LabError, match=f"process {os.getpid()}"), RunLock(path):
            pass
        assert path.exists()
    assert not path.exists()


def test_the_lock_of_a_dead_process_is_taken_over(tmp_path) -> None:
    path = tmp_path / "trainer.lock"
    path.write_text(json.dumps({"host": host_name(), "pid": os.getpid(), "start": "before"}))
    with RunLock(path):
        assert json.loads(path.read_text())["start"] == process_start(os.getpid())
    assert os.listdir(tmp_path) == []


def test_a_lock_from_elsewhere_is_believed(tmp_path) -> None:
    path = tmp_path / "trainer.lock"
    path.write_text(json.dumps({"host": "elsewhere", "pid": 1, "start": "1"}))
    with pytest.raises(LabError, match="elsewhere"), RunLock(path):
        pass


def test_a_lock_that_was_never_filled_is_taken_over_when_it_is_old(tmp_path) -> None:
    path = tmp_path / "trainer.lock"
    path.write_text("")
    with pytest.raises(LabError, match="just starting"), RunLock(path):
        pass
    os.utime(path, (1, 1))
    with RunLock(path):
        pass


def test_nothing_is_left_of_a_run_that_could_not_be_made(tmp_path, monkeypatch) -> None:
    def full(*words: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tui.lab.runs.write_atomic", full)
    with pytest.raises(LabError, match="No space left"):
        create_run(Spec(), tmp_path)
    assert list(tmp_path.iterdir()) == []
