import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.cli.support import QUICK, ROOT, assert_one_error_line, environment, mlp_tui
from tui.cli import main
from tui.commands.experiment import read_experiment
from tui.lab import events
from tui.lab.checkpoints import load
from tui.lab.events import EventReader
from tui.lab.runs import RunFolder
from tui.lab.spec import Spec, for_file, load_spec, set_values

DATA = os.environ.get("MLP_TUI_TEST_DATA", "")

EPOCH_KEYS = {
    "event",
    "seq",
    "time",
    "epoch",
    "train_loss",
    "train_accuracy",
    "val_loss",
    "val_accuracy",
    "last_batch_loss",
    "lr",
    "seconds",
    "validation_seconds",
    "samples_per_second",
    "best_epoch",
    "train_r2",
    "val_r2",
}
FINISHED_KEYS = {
    "event",
    "seq",
    "time",
    "run",
    "reason",
    "epochs",
    "seconds",
    "train_loss",
    "train_accuracy",
    "val_loss",
    "val_accuracy",
    "test_loss",
    "test_accuracy",
    "last_batch_loss",
    "best_epoch",
    "train_r2",
    "val_r2",
    "test_r2",
}


def only_run(runs: Path) -> RunFolder:
    (path,) = runs.iterdir()
    return RunFolder(path)


def test_train_json_is_the_run_s_own_stream(tmp_path) -> None:
    result = mlp_tui(tmp_path, "train", *QUICK, "--json", "--name", "mine")
    assert result.status == 0
    assert result.err == ""
    folder = only_run(tmp_path)
    assert folder.name.endswith("-mine")
    assert result.out == folder.events_path.read_text()
    assert result.lines[0]["event"] == "started"
    assert [line["epoch"] for line in result.lines if line["event"] == "epoch"] == [1, 2, 3]
    assert next(line for line in result.lines if line["event"] == "epoch").keys() == EPOCH_KEYS
    last = result.lines[-1]
    assert last.keys() == FINISHED_KEYS
    assert (last["event"], last["run"], last["epochs"]) == ("finished", str(folder.path), 3)


def test_the_same_seed_gives_the_same_figures(tmp_path) -> None:
    ends = [mlp_tui(tmp_path, "train", *QUICK, "--json").lines[-1] for _ in range(2)]
    for key in FINISHED_KEYS - {"run", "time", "seconds", "seq"}:
        assert ends[0][key] == ends[1][key]


def test_a_data_file_trains_with_its_defaults(tmp_path) -> None:
    assert mlp_tui(tmp_path, "data", "make", "blobs", "-o", "b.csv", cwd=tmp_path).status == 0
    result = mlp_tui(
        tmp_path / "runs", "train", "--data", "b.csv", "--set", "training.epochs=2", "--json", cwd=tmp_path
    )
    assert result.status == 0
    spec = only_run(tmp_path / "runs").read_spec()
    assert (spec.data.source, spec.data.scale, spec.model.hidden) == (
        str(tmp_path / "b.csv"),
        "standard",
        (32, 32),
    )


def test_a_data_file_set_as_a_value_has_the_same_defaults(tmp_path, monkeypatch) -> None:
    file = tmp_path / "b.csv"
    file.write_text("a,b\n1,0\n2,1\n")
    more = ["training.epochs=2"]
    named = read_experiment(None, None, str(file), more)
    assert named == set_values(for_file(str(file)), more)
    assert read_experiment(None, None, None, [f"data.source={file}", *more]) == named
    assert read_experiment(None, None, "moons", [f"data.source={file}", *more]) == named
    options = ["data.options.target=first", f"data.source={file}"]
    assert read_experiment(None, None, None, options).data.options == {"target": "first"}
    assert read_experiment(None, None, None, ["data.source=circles"]).model == Spec().model
    recipe = read_experiment(None, "tp4", None, [f"data.source={file}"])
    assert (recipe.data.source, recipe.model.hidden) == (str(file), (64, 64))


def test_a_diverged_run_has_status_1(tmp_path) -> None:
    result = mlp_tui(
        tmp_path, "train", *QUICK, "--set", "training.optimizer=sgd", "--set", "training.lr=1e30", "--json"
    )
    assert result.status == 1
    assert result.lines[-1]["event"] == "diverged"
    assert "learning rate" in result.lines[-1]["message"]
    again = mlp_tui(tmp_path, "train", *QUICK, "--set", "training.optimizer=sgd", "--set", "training.lr=1e30")
    assert again.status == 1
    assert "learning rate" in again.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_writes_a_checkpoint_and_stops(tmp_path, number) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tui", "train", "--set", "training.epochs=1000000", "--json"],
        cwd=ROOT,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while json.loads(process.stdout.readline())["event"] != "epoch":
        pass
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    last = json.loads(out.splitlines()[-1])
    assert last["event"] == "stopped"
    folder = only_run(tmp_path)
    assert err == f"stopping after a checkpoint: {folder.path}\n"
    assert load(folder.last_path).state["completed"] == last["epochs"]
    assert folder.state() == "stopped"


def test_detach_prints_the_folder_and_leaves_it_training(tmp_path) -> None:
    result = mlp_tui(tmp_path, "train", "--set", "training.epochs=1000000", "--detach")
    assert result.status == 0
    folder = RunFolder(Path(result.out.strip()))
    assert folder.path == only_run(tmp_path).path
    assert folder.state() == "running"
    folder.send("stop")
    deadline = time.monotonic() + 20
    while folder.state() == "running" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert folder.state() == "stopped"


def test_detached_bad_input_is_still_said(tmp_path) -> None:
    assert_one_error_line(mlp_tui(tmp_path, "train", "--data", "/nowhere.csv", "--detach"), "/nowhere.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_killed_trainer_is_said_in_one_line(tmp_path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tui", "train", "--set", "training.epochs=1000000"],
        cwd=ROOT,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdout.readline()
    folder = only_run(tmp_path)
    os.kill(folder.status().pid, signal.SIGKILL)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert err.count("\n") == 1
    assert str(folder.log_path) in err
    assert folder.state() == "crashed"


def test_closing_the_follower_leaves_the_trainer(tmp_path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tui", "train", "--set", "training.epochs=1000000"],
        cwd=ROOT,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    process.stdout.readline()
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=30)
    folder = only_run(tmp_path)
    assert folder.state() == "running"
    folder.send("stop")
    deadline = time.monotonic() + 20
    while not any(isinstance(event, events.Stopped) for event in EventReader(folder.events_path).poll()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_gradcheck(tmp_path) -> None:
    right = mlp_tui(tmp_path, "gradcheck", *QUICK, "--json")
    assert right.status == 0
    assert right.err == ""
    assert [line["tensor"] for line in right.lines] == ["input", "0.weight", "0.bias", "2.weight", "2.bias"]
    assert right.lines[1].keys() == {
        "layer",
        "tensor",
        "max_relative_error",
        "worst_index",
        "analytic",
        "numeric",
        "kinks",
        "ok",
        "diagnosis",
    }
    assert max(line["max_relative_error"] for line in right.lines) < 1e-6
    wrong = mlp_tui(tmp_path, "gradcheck", "--recipe", "moons-2")
    assert wrong.status == 1
    assert "sigmoid" in wrong.out
    assert list(tmp_path.iterdir()) == []


def test_data(tmp_path, capsys) -> None:
    assert main(["data", "list", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    names = {kind: [row["name"] for row in rows if row["kind"] == kind] for kind in ("set", "file")}
    playground = [f"pg-{name}" for name in ("circle", "xor", "gauss", "spiral")]
    sets = ["moons", "circles", "blobs", "xor", "spirals", "checkerboard", *playground, "plane", "reg-gauss", "tp4"]
    assert names["set"] == sets
    assert names["file"] == ["csv", "npz", "npy", "pickle", "idx", "cifar", "mat", "safetensors"]
    assert next(row for row in rows if row["name"] == "npz")["suffixes"] == [".npz"]
    assert main(["data", "list"]) == 0
    out = capsys.readouterr().out
    assert "n_samples=1000" in out
    assert ".csv .tsv .txt" in out
    options = ["--option", "n_samples=50", "--option", "noise=.1"]
    for suffix in ("csv", "npz"):
        file = str(tmp_path / f"moons.{suffix}")
        assert main(["data", "make", "moons", "-o", file, *options]) == 0
        captured = capsys.readouterr()
        assert (captured.out, captured.err) == ("", f"{file}: 50 samples, 2 features\n")
        assert main(["data", "make", "moons", "-o", file, *options, "--force", "--json"]) == 0
        captured = capsys.readouterr()
        assert captured.err == ""
        made = json.loads(captured.out)
        assert (made["file"], made["samples"], made["class_counts"]) == (file, 50, [25, 25])
        assert main(["data", "inspect", file, "--json"]) == 0
        facts = json.loads(capsys.readouterr().out)
        assert (facts["samples"], facts["features"], facts["classes"], facts["missing"]) == (50, 2, 2, 0)
        assert facts["class_counts"] == [25, 25]
    assert main(["data", "inspect", file]) == 0
    assert "class_counts" in capsys.readouterr().out


def test_a_made_file_holds_the_very_points(tmp_path) -> None:
    from datasets import load as load_data

    file = tmp_path / "tp4.csv"
    assert main(["data", "make", "tp4", "-o", str(file)]) == 0
    made, read = load_data("tp4"), load_data(str(file))
    np.testing.assert_array_equal(made.X, read.X)
    np.testing.assert_array_equal(made.y, read.y)


def test_recipes(tmp_path, capsys) -> None:
    assert main(["recipes", "list", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == 12
    assert [rows[0]["name"], rows[-1]["name"]] == ["tp4", "mnist-mlp"]
    assert rows[0].keys() == {"name", "sheet", "title"}
    assert main(["recipes", "show", "tp4", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["spec"]["training"]["epochs"] == 40
    assert main(["recipes", "show", "moons-2"]) == 0
    file = tmp_path / "moons-2.toml"
    file.write_text(capsys.readouterr().out)
    from tui.lab.recipes import load as load_recipe

    assert load_spec(file) == load_recipe("moons-2").spec


def test_recipes_show_says_how_a_figure_is_compared(capsys) -> None:
    assert main(["recipes", "show", "digits-softmax"]) == 0
    shown = capsys.readouterr().out
    assert "J at the end, five seeds: 0.0367 within 0.0004 (with 3,000 training samples)" in shown
    assert "test accuracy: at least 0.97" in shown


def test_recipes_check(capsys) -> None:
    assert main(["recipes", "check", "moons-2", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"figure", "expected", "got", "tolerance", "ok"} <= lines[0].keys()
    assert lines[0]["got"] == pytest.approx(0.24932434841760936, abs=1e-12)
    # The true points of another seed do not give the printed losses.
    assert main(["recipes", "check", "moons-2", "--data", "circles"]) == 1
    assert "wrong  loss, step 0" in capsys.readouterr().out


def test_a_recipe_s_run_that_diverges_has_status_1(tmp_path, capsys) -> None:
    far = tmp_path / "far.csv"
    far.write_text("a,b,c\n" + "".join(f"{x % 3}e38,{-(x % 3)}e38,{x % 2}\n" for x in range(1, 40)))
    assert main(["recipes", "check", "tp4", "--data", str(far)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: The first loss")
    assert captured.err.count("\n") == 1


@pytest.mark.skipif(not DATA, reason="MLP_TUI_TEST_DATA names no folder of real data")
def test_the_genuine_tp4_file(tmp_path) -> None:
    result = mlp_tui(tmp_path, "train", "--recipe", "tp4", "--data", f"{DATA}/tp4/tp4_data.pkl", "--json")
    assert result.status == 0
    assert result.lines[-1]["test_accuracy"] >= 0.85


def test_a_terminal_gets_a_bar(tmp_path) -> None:
    import pty

    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "tui", "train", *QUICK],
        cwd=ROOT,
        env={**environment(tmp_path), "TERM": "xterm-256color"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    shown = b""
    while True:
        try:
            chunk = os.read(master, 4096)
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
    assert process.wait(30) == 0
    assert b"60 training, 20 validation, 20 test samples" in shown
    assert str(tmp_path).encode() in shown.replace(b"\r\n", b"")


def test_making_data_never_writes_over_a_file_unasked(tmp_path) -> None:
    kept = tmp_path / "mine.csv"
    kept.write_text("a,b\n1,2\n")
    refused = mlp_tui(tmp_path, "data", "make", "moons", "-o", str(kept))
    assert refused.status == 2
    assert "--force" in refused.err
    assert kept.read_text() == "a,b\n1,2\n"
    assert mlp_tui(tmp_path, "data", "make", "moons", "-o", str(kept), "--force").status == 0
    assert len(kept.read_text().splitlines()) == 1001


def test_an_option_without_its_table_is_pointed_there(tmp_path) -> None:
    assert "did you mean data.options.drop?" in mlp_tui(tmp_path, "train", "--set", "drop=Name").err


def test_calc_softmax(tmp_path) -> None:
    result = mlp_tui(tmp_path, "calc", "softmax", "5", "1", "1", "--json")
    assert result.status == 0
    assert [line["class"] for line in result.lines] == [0, 1, 2]
    assert result.lines[0].keys() == {"class", "logit", "probability", "nll"}
    assert "NLL" in mlp_tui(tmp_path, "calc", "softmax", "-5", "1").out
    assert_one_error_line(mlp_tui(tmp_path, "calc", "softmax", "5"), "two numbers or more")
    assert_one_error_line(mlp_tui(tmp_path, "calc", "softmax", "5", "five"), "LOGIT")


def test_find_lr(tmp_path) -> None:
    result = mlp_tui(tmp_path, "find-lr", *QUICK, "--json")
    assert result.status == 0
    *points, last = result.lines
    assert points[0]["lr"] == pytest.approx(1e-7)
    assert last.keys() == {"suggestion", "reason"}
    assert "--set training.lr=" in mlp_tui(tmp_path, "find-lr", *QUICK).out
    assert mlp_tui(tmp_path, "find-lr", *QUICK, "--iterations", "2").status == 1


def test_trace(tmp_path) -> None:
    words = ("trace", "--recipe", "micrograd-neuron")
    assert mlp_tui(tmp_path, *words, "--dot").out.startswith("digraph")
    assert mlp_tui(tmp_path, *words, "--json").lines[-1]["label"] == "loss"
    assert "0.weight[0, 1]" in mlp_tui(tmp_path, *words).out
    assert_one_error_line(mlp_tui(tmp_path, *words, "--dot", "--json"), "--dot")
    assert_one_error_line(mlp_tui(tmp_path, *words, "--sample", "3"), "sample 3")


def test_time(tmp_path) -> None:
    result = mlp_tui(tmp_path, "time", *QUICK, "--json")
    *layers, step = result.lines
    assert [line["layer"] for line in layers][-1] == "loss"
    assert sum(line["share"] for line in layers) == pytest.approx(1)
    assert step.keys() == {"step", "steps", "form"}
    said = mlp_tui(tmp_path, "time", *QUICK).out
    assert "bottleneck" in said
    assert "the run itself trains with the fast form: " in said


def test_train_prints_the_loss_that_the_sheet_prints(tmp_path) -> None:
    result = mlp_tui(tmp_path, "train", *QUICK, "--set", "training.reported_loss=last_batch")
    assert "last batch's loss" in result.out
    assert "last batch's loss" not in mlp_tui(tmp_path, "train", *QUICK).out
    early = mlp_tui(tmp_path, "train", *QUICK, "--set", "training.patience=1", "--set", "training.min_delta=9")
    assert early.status == 0
    assert "early stopping: val_loss" in early.out
