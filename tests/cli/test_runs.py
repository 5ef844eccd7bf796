"""`mlp-tui runs`: listed, looked at, followed, steered, put away."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.support import QUICK, ROOT, assert_one_error_line, environment, mlp_tui
from tests.lab.support import (
    assert_same_training,
    new_run,
    read_events,
    small_spec,
    train_here,
    wait_for,
    wait_for_event,
)
from tui.cli import main
from tui.lab import events
from tui.lab.processes import host_name
from tui.lab.runs import RunFolder, launch

ENDLESS = ("--set", "training.epochs=1000000")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Two finished runs, the later with another learning rate and a wider layer."""
    folder = tmp_path_factory.mktemp("made")
    for name, settings in (("a", ()), ("b", ("training.lr=0.002", "model.hidden=16,4"))):
        train_here(new_run(small_spec("training.epochs=6", *settings), folder, name))
    return folder / "runs"


@pytest.fixture
def runs(made, tmp_path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "runs"))


@pytest.fixture
def say(runs, capsys):
    """Runs a command in this process: (status, stdout, stderr)."""

    def command(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main(["runs", words[0], "--runs-dir", str(runs), *words[1:]])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return command


def the(runs: Path, letter: str) -> RunFolder:
    (path,) = runs.glob(f"*-{letter}")
    return RunFolder(path)


def test_list_names_the_newest_first_with_state_and_figures(say, runs) -> None:
    status, out, err = say("list")
    head, first, second = out.splitlines()
    assert (status, err) == (0, "")
    assert head.split()[:3] == ["name", "state", "epoch"]
    assert first.split()[:3] == [the(runs, "b").name, "finished", "6"]
    assert "16-4" in first
    assert second.startswith(the(runs, "a").name)
    assert any(bar in second for bar in "▁▂▃▄▅▆▇█")


def test_list_json_filter_state_and_sort(say, runs) -> None:
    rows = [json.loads(line) for line in say("list", "--json")[1].splitlines()]
    assert [row["name"][-1] for row in rows] == ["b", "a"]
    assert {"run", "state", "epochs", "val_loss", "test_accuracy", "lr", "data", "hidden", "seed"} <= rows[0].keys()
    assert {"seconds", "tags", "note", "problem", "host"} <= rows[0].keys()

    def names(*words: str) -> str:
        return "".join(json.loads(line)["name"][-1] for line in say("list", "--json", *words)[1].splitlines())

    assert names("lr>=0.01") == "a"
    assert names("lr<0.01", "data:moons") == "b"
    assert names("hidden:16,4") == names("hidden=16-4") == "b"
    assert names("state!=finished") == ""
    assert names("--state", "finished", "--state", "crashed", "--sort", "lr") == "ba"
    assert names("--sort", "-lr") == "ab"
    assert names("--sort", "name") == "ab"
    assert names("moons") == "ba"
    assert names("test_accuracy>=0%", "seed=42") == "ba"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["list", "nonsense=3"], "no such key: there are activation, batch"),
        (["list", "lr>=many"], "expected a number after >="),
        (["list", "state:happy"], "there are queued, running"),
        (["list", "--state", "happy"], "expected one of queued, running"),
        (["list", "--sort", "beauty"], "expected one of activation"),
        (["show", "nothing"], "no such run"),
        (["diff", "last"], "name another run"),
        (["export", "last", "--to", "xls"], "csv or json"),
        (["attach", "last"], "no terminal to attach in"),
        (["delete", "last"], "--yes deletes for good"),
        (["rename", "last", "///"], "is no name for a run"),
        (["tag", "last", "two words"], "is no tag"),
        (["show"], "RUN"),
    ],
)
def test_bad_input_is_one_line(say, words, said) -> None:
    status, out, err = say(*words)
    assert (status, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert said in err


def test_an_ambiguous_name_lists_the_candidates(say, runs) -> None:
    date = the(runs, "a").name[:4]
    status, _, err = say("show", date)
    assert status == 2
    assert f"the beginning of 2 runs: {the(runs, 'a').name}, {the(runs, 'b').name}" in err


def test_no_runs_is_said(tmp_path, capsys) -> None:
    assert main(["runs", "list", "--runs-dir", str(tmp_path / "none")]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "no runs yet" in captured.err


def test_show(say, runs) -> None:
    run = the(runs, "b")
    status, out, _ = say("show", run.name)
    assert status == 0
    for words in ("finished: all 6 epochs done", "training.lr", "0.002", "16, 4", "val loss", "6 epoch", "snapshots"):
        assert words in out, words
    assert "training.optimizer" not in out  # a default
    (row,) = [json.loads(line) for line in say("show", run.name, "--json")[1].splitlines()]
    assert row["settings"]["training.lr"] == 0.002
    assert "training.optimizer" not in row["settings"]
    assert row["events"]["epoch"] == 6
    assert row["unread"] == 0
    assert {"name": "spec.toml", "bytes": run.spec_path.stat().st_size} in row["files"]


def test_show_csv_and_export(say, runs, tmp_path) -> None:
    run = the(runs, "a")
    out = say("show", run.name, "--csv")[1]
    rows = list(csv.DictReader(io.StringIO(out)))
    said = [event for event in read_events(run) if isinstance(event, events.Epoch)]
    assert [int(row["epoch"]) for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [float(row["val_loss"]) for row in rows] == [event.val_loss for event in said]
    assert rows[0]["val_r2"] == ""
    assert say("export", run.name)[1] == out
    lines = [json.loads(line) for line in say("export", run.name, "--to", "json")[1].splitlines()]
    assert [line["train_loss"] for line in lines] == [event.train_loss for event in said]
    assert lines[0]["val_r2"] is None
    file = tmp_path / "a.csv"
    assert say("export", run.name, "-o", str(file))[1] == f"{file}\n"
    assert file.read_text() == out
    status, _, err = say("export", run.name, "-o", str(file))
    assert status == 2
    assert "--force" in err
    assert json.loads(say("export", run.name, "-o", str(file), "--force", "--json")[1])["epochs"] == 6


def test_diff(say, runs) -> None:
    a, b = the(runs, "a").name, the(runs, "b").name
    status, out, _ = say("diff", a, b)
    assert status == 0
    table = {line.split()[0]: line for line in out.splitlines() if line}
    assert table["training.lr"].split() == ["training.lr", "0.01", "0.002"]
    assert "training.optimizer" not in table
    assert "val loss" in out
    (found,) = [json.loads(line) for line in say("diff", a, b, "--json")[1].splitlines()]
    assert found["settings"] == {"model.hidden": [[8], [16, 4]], "training.lr": [0.01, 0.002]}
    assert found["figures"]["state"] == ["finished", "finished"]
    assert len(found["figures"]["test_loss"]) == 2
    assert "the same settings" in say("diff", a, a)[1]


def test_tag_note_and_rename(say, runs) -> None:
    name = the(runs, "a").name
    assert say("tag", name, "good", "for-class")[1] == "good for-class\n"
    assert say("tag", name, "--remove", "good")[1] == "for-class\n"
    assert say("tag", name)[1] == "for-class\n"
    assert say("note", name, "second", "try")[1] == "second try\n"
    assert json.loads(say("note", name, "--json")[1])["note"] == "second try"
    assert [json.loads(line)["name"] for line in say("list", "tag:for-class", "--json")[1].splitlines()] == [name]
    now = say("rename", name, "the best/é")[1].strip()
    assert now == f"{name[:9]}-the-best-é"
    assert "second try" in say("show", now)[1]
    status, _, err = say("rename", now, "b")
    assert status == 2
    assert "there is such a run already" in err
    assert say("note", now, "")[1] == "\n"


def test_delete(say, runs) -> None:
    a, b = the(runs, "a"), the(runs, "b")
    status, out, _ = say("delete", a.name, b.name, "--yes", "--json")
    assert status == 0
    assert [json.loads(line)["deleted"] for line in out.splitlines()] == [str(a.path), str(b.path)]
    assert os.listdir(runs) == []


def test_damaged_runs_keep_their_place_and_can_be_deleted(say, runs) -> None:
    a, b = the(runs, "a"), the(runs, "b")
    a.spec_path.unlink()
    b.events_path.write_bytes(b.events_path.read_bytes()[:-9])
    status, out, err = say("list")
    assert (status, err) == (0, "")
    assert "unreadable" in out
    assert "? no spec.toml" in out
    assert "? torn: " in out
    for words in (["show", a.name], ["show", a.name, "--json"], ["show", b.name], ["show", b.name, "--csv"]):
        assert say(*words)[0] == 0
    for words in (["follow", a.name], ["resume", a.name], ["diff", a.name, b.name]):
        status, _, err = say(*words)
        assert status == 2
        assert err.count("\n") == 1
    assert say("delete", a.name, "--yes")[0] == 0
    assert say("follow", b.name)[0] == 0


def test_follow_replays_a_run_that_has_ended(say, runs) -> None:
    run = the(runs, "a")
    status, out, _ = say("follow", run.name, "--json")
    assert status == 0
    assert out == run.events_path.read_text()
    assert "epoch 6/6" in say("follow", run.name)[1]


def test_resuming_a_finished_run_changes_nothing_and_more_epochs_go_on(say, runs) -> None:
    run = the(runs, "a")
    before = run.events_path.read_bytes()
    status, out, err = say("resume", run.name)
    assert (status, out) == (0, "")
    assert "finished after 6 epochs: nothing is left to do" in err
    assert run.events_path.read_bytes() == before
    status, out, _ = say("resume", run.name, "--epochs", "8", "--json")
    said = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert (said[0]["event"], said[0]["epoch"]) == ("resumed", 6)
    assert [line["epoch"] for line in said if line["event"] == "epoch"] == [7, 8]
    assert said[-1]["event"] == "finished"


def test_what_has_changed_since_is_named_and_force_goes_on(say, runs) -> None:
    run = the(runs, "a")
    text = run.spec_path.read_text()
    run.spec_path.write_text(text.replace("lr = 0.01", "lr = 0.05"))
    state, said = run.status_path.read_bytes(), run.events_path.read_bytes()
    status, out, err = say("resume", run.name, "--epochs", "7")
    assert (status, out) == (2, "")
    assert "spec.toml: changed since the checkpoint: training.lr 0.01 -> 0.05" in err
    assert err.count("\n") == 1
    assert run.events_path.read_bytes() == said
    assert json.loads(run.status_path.read_bytes()) == json.loads(state)
    status, out, _ = say("resume", run.name, "--epochs", "7", "--force", "--json")
    assert status == 0
    assert json.loads(out.splitlines()[1])["lr"] == 0.05
    # From now on this is what it was trained with.
    assert say("resume", run.name, "--epochs", "8")[0] == 0
    record = run.read_record()
    run.write_spec(run.read_spec(), {**record, "data_sha256": "0" * 64})
    status, _, err = say("resume", run.name, "--epochs", "9", "--detach")
    assert status == 2
    assert "not the data that this run began with (sha256 000000000000 -> " in err
    assert say("resume", run.name, "--epochs", "9", "--force")[0] == 0


def test_a_run_of_a_newer_version_is_left_alone(say, runs) -> None:
    run = the(runs, "a")
    run.spec_path.write_text("brand_new = 1\n" + run.spec_path.read_text().replace("format = 1", "format = 2"))
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    for words in (
        ["resume", run.name],
        ["follow", run.name],
        ["diff", run.name, "last"],
        ["resume", run.name, "--force"],
    ):
        status, out, err = say(*words)
        assert (status, out) == (2, ""), words
        assert err.count("\n") == 1
        assert "run format 2, this one reads up to 1): install a newer one" in err
    assert "unreadable" in say("list", run.name)[1]
    assert say("show", run.name)[0] == 0
    assert {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()} == before


@pytest.fixture
def running(tmp_path):
    """A run that trains on and on, and its process."""
    folder = new_run(small_spec("training.epochs=1000000"), tmp_path, "long")
    process = launch(folder)
    wait_for_event(folder, events.Epoch, epoch=3)
    yield folder, process
    process.kill()
    process.wait()


def test_stop_waits_and_a_live_run_is_not_deleted(running, capsys) -> None:
    folder, process = running
    where = ["--runs-dir", str(folder.path.parent)]
    for words in (["delete", "last", "--yes"], ["rename", "last", "x"], ["resume", "last"]):
        assert main(["runs", *words, *where]) == 2
    err = capsys.readouterr().err
    assert err.count("stop it before") == 2
    assert "is training: mlp-tui runs follow" in err
    folder.send("pause")
    wait_for(lambda: folder.state() == "paused")
    assert main(["runs", "resume", "last", *where]) == 0
    assert folder.state() == "running"
    assert main(["runs", "stop", "last", "--json", *where]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"run": str(folder.path), "state": "stopped"}
    assert process.wait(10) == 0
    assert main(["runs", "stop", "last", *where]) == 0
    assert "no trainer is at work" in capsys.readouterr().err


def test_a_trainer_that_does_not_answer_is_said_in_words(running, capsys) -> None:
    folder, process = running
    process.send_signal(signal.SIGSTOP)
    try:
        assert main(["runs", "stop", "last", "--timeout", "0.2", "--runs-dir", str(folder.path.parent)]) == 1
    finally:
        process.send_signal(signal.SIGCONT)
    assert "not stopped within 0.2 s; it is in a long step, or hangs" in capsys.readouterr().err
    assert process.wait(10) == 0


def test_follow_leaves_the_run_alone_on_interrupt(running) -> None:
    folder, process = running
    command = [sys.executable, "-m", "tui", "runs", "follow", "--json"]
    follower = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(folder.path.parent),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert json.loads(follower.stdout.readline())["event"] == "started"
    follower.send_signal(signal.SIGINT)
    _, err = follower.communicate(timeout=20)
    assert follower.returncode == 130
    assert err == f"left alone, it goes on: {folder.path}\n"
    assert process.poll() is None
    assert folder.state() == "running"


def test_a_killed_trainer_is_followed_to_its_end_and_resumed(running, capsys) -> None:
    folder, process = running
    process.kill()
    process.wait()
    where = ["--runs-dir", str(folder.path.parent)]
    assert main(["runs", "follow", "last", "--json", *where]) == 1
    assert f"mlp-tui runs resume {folder.name}" in capsys.readouterr().err
    assert main(["runs", "resume", "last", "--detach", "--json", *where]) == 0
    assert json.loads(capsys.readouterr().out)["run"] == str(folder.path)
    assert folder.state() == "running"
    assert main(["runs", "stop", "last", *where]) == 0


def test_a_run_killed_after_its_last_word_has_finished(say, runs) -> None:
    run = the(runs, "a")
    said = json.loads(run.status_path.read_text())
    run.status_path.write_text(json.dumps({**said, "state": "running", "pid": 2**22 + 1}))
    assert run.state() == "crashed"
    status, out, err = say("resume", run.name)
    assert (status, out) == (0, "")
    assert "finished after 6 epochs already" in err
    assert run.state() == "finished"


def test_ctrl_c_on_resume_stops_after_a_checkpoint(runs) -> None:
    run = the(runs, "a")
    words = ["runs", "resume", run.name, "--epochs", "1000000", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tui", *words],
        cwd=ROOT,
        env=environment(runs),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert json.loads(process.stdout.readline())["event"] == "resumed"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert json.loads(out.splitlines()[-1])["event"] == "stopped"
    assert err == f"stopping after a checkpoint: {run.path}\n"


def test_a_run_of_another_host_is_shown_as_its(say, runs) -> None:
    run = the(runs, "a")
    said = json.loads(run.status_path.read_text())
    run.status_path.write_text(json.dumps({**said, "state": "running", "host": "lab-03", "heartbeat": time.time()}))
    assert "running on lab-03" in say("list")[1]
    old = time.time() - 600
    run.status_path.write_text(json.dumps({**said, "state": "running", "host": "lab-03", "heartbeat": old}))
    os.utime(run.status_path, (old, old))
    assert "crashed" in say("list")[1]
    run.lock_path.write_text(json.dumps({"host": "lab-03", "pid": 7, "start": "1"}))
    status, _, err = say("resume", run.name, "--epochs", "7")
    assert status == 2
    assert "being trained on lab-03 by process 7; if that machine is off, take the run over with --force" in err
    assert say("resume", run.name, "--epochs", "7", "--force")[0] == 0
    assert run.status().host == host_name()


def test_through_the_real_program(tmp_path) -> None:
    mlp_tui(tmp_path, "train", *QUICK, "--name", "one")
    assert len(mlp_tui(tmp_path, "runs", "list", "--json").lines) == 1
    assert_one_error_line(mlp_tui(tmp_path, "runs", "show", "nothing"), "no such run")
    plain = mlp_tui(tmp_path, "runs", "list", PYTHONIOENCODING="ascii")
    assert plain.status == 0
    straight = new_run(small_spec("training.epochs=5"), tmp_path / "x", "straight")
    train_here(straight)
    parted = new_run(small_spec("training.epochs=3"), tmp_path / "x", "parted")
    train_here(parted)
    assert mlp_tui(tmp_path, "runs", "resume", str(parted.path), "--epochs", "5").status == 0
    assert_same_training(parted.last_path, straight.last_path)
