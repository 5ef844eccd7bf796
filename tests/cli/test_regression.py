"""A table with a number to predict, by the command line alone."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from datasets import make_reg_gauss
from tests.cli.support import ROOT, assert_one_error_line, environment, mlp_tui

SHORT = ("--set", "training.epochs=5", "--set", "model.hidden=8")
SAID = "the targets of housing.csv are numbers: the loss is the squared error (training.loss=mse)\n"


@pytest.fixture
def housing(tmp_path) -> Path:
    rng = np.random.RandomState(0)
    X = rng.normal(size=(90, 3))
    price = 200_000 + 30_000 * X @ [1.0, -2.0, 0.5] + rng.normal(scale=1000, size=90)
    path = tmp_path / "housing.csv"
    rows = [",".join(map(repr, row)) for row in np.column_stack([X, price]).tolist()]
    path.write_text("\n".join(["rooms,age,tax,price", *rows]) + "\n")
    return path


def test_inspect_says_what_the_target_is(housing, tmp_path) -> None:
    table = mlp_tui(tmp_path, "data", "inspect", str(housing), "--json").lines[-1]
    assert (table["task"], table["classes"], table["samples"]) == ("regression", 0, 90)
    assert table["guessed"]["task"] == "regression: real numbers"
    (target,) = table["targets"]
    assert target["name"] == "price"
    assert target["min"] < target["mean"] < target["max"]
    shown = mlp_tui(tmp_path, "data", "inspect", str(housing)).out
    assert "target price" in shown
    assert "mean " in shown
    assert "classes" not in shown


def test_the_task_can_be_said(tmp_path) -> None:
    path = tmp_path / "grades.csv"
    path.write_text("x,grade\n" + "".join(f"{i / 7},{1 + i % 10}\n" for i in range(60)))
    assert mlp_tui(tmp_path, "data", "inspect", str(path), "--json").lines[-1]["classes"] == 10
    options = ("--option", "task=regression")
    table = mlp_tui(tmp_path, "data", "inspect", str(path), *options, "--json").lines[-1]
    assert (table["task"], table["targets"][0]["max"]) == ("regression", 10.0)
    done = mlp_tui(tmp_path, "train", "--data", str(path), "--set", "data.options.task=regression", *SHORT, "--json")
    assert done.status == 0
    assert done.lines[0]["task"] == "regression"
    refused = mlp_tui(tmp_path, "train", "--data", str(path), "--set", "data.options.task=both", *SHORT)
    assert_one_error_line(refused, "task: expected one of auto, classification, regression")


def test_trained_stopped_and_trained_on(housing, tmp_path) -> None:
    runs = tmp_path / "runs"
    done = mlp_tui(runs, "train", "--data", str(housing), *SHORT, "--json")
    assert done.status == 0, done.err
    assert done.err == SAID
    started, last = done.lines[0], done.lines[-1]
    assert (started["event"], started["task"], started["classes"]) == ("started", "regression", 0)
    assert last["event"] == "finished"
    assert last["train_accuracy"] is last["val_accuracy"] is last["test_accuracy"] is None
    assert all(isinstance(last[f"{part}_r2"], float) for part in ("train", "val", "test"))
    more = [sys.executable, "-m", "tui.lab.trainer", last["run"], "--epochs", "60"]
    subprocess.run(more, cwd=ROOT, env=environment(runs), check=True, timeout=60, stdin=subprocess.DEVNULL)
    lines = [json.loads(line) for line in Path(last["run"], "events.jsonl").read_text().splitlines()]
    assert (lines[-1]["event"], lines[-1]["epochs"]) == ("finished", 60)
    assert lines[-1]["test_r2"] > 0.9
    assert 'loss = "mse"' in Path(last["run"], "spec.toml").read_text()


def test_the_lines_show_r2(housing, tmp_path) -> None:
    done = mlp_tui(tmp_path, "train", "--data", str(housing), *SHORT)
    assert "numbers to predict" in done.out
    assert "accuracy" not in done.out
    assert "0 classes" not in done.out
    epoch = next(line for line in done.out.splitlines() if line.startswith("epoch 5/5"))
    assert "  R² " in epoch
    assert "  val_R² " in epoch
    assert next(line for line in done.out.splitlines() if line.startswith("test")).startswith("test        R² ")


@pytest.mark.parametrize("words", [["--data", "plane"], ["--set", "data.source=reg-gauss"]])
def test_a_set_made_on_the_spot(words, tmp_path) -> None:
    done = mlp_tui(tmp_path, "train", *words, *SHORT, "--json")
    assert done.status == 0, done.err
    assert "are numbers: the loss is the squared error" in done.err
    assert done.lines[-1]["test_r2"] is not None


def test_a_loss_that_somebody_set_is_refused(housing, tmp_path) -> None:
    refused = mlp_tui(tmp_path, "train", "--data", str(housing), "--set", "training.loss=cross_entropy")
    assert_one_error_line(
        refused,
        "training.loss: cross_entropy tells classes apart, the targets of housing.csv are real numbers: set mse",
    )
    spec = tmp_path / "spec.toml"
    spec.write_text('[data]\nsource = "plane"\n')
    assert_one_error_line(mlp_tui(tmp_path, "train", str(spec)), "training.loss: ")
    spec.write_text('[data]\nsource = "plane"\n[training]\nloss = "mse"\nepochs = 2\n')
    assert mlp_tui(tmp_path, "train", str(spec)).err == ""


def test_a_missing_target_is_named_with_its_line(housing, tmp_path) -> None:
    lines = housing.read_text().splitlines()
    lines[5] = lines[5].rpartition(",")[0] + ","
    housing.write_text("\n".join(lines))
    refused = mlp_tui(tmp_path, "train", "--data", str(housing), *SHORT)
    assert_one_error_line(refused, "housing.csv:6: column 'price' has no number here")


@pytest.mark.parametrize(
    "command", [["gradcheck"], ["find-lr", "--iterations", "20"], ["time"], ["iterate"], ["stability"]]
)
def test_the_commands_that_look_inside(command, housing, tmp_path) -> None:
    done = mlp_tui(tmp_path, *command, "--data", str(housing), "--set", "model.hidden=4")
    assert done.status == 0, done
    assert done.err == SAID


def test_a_set_written_to_a_file_reads_as_the_same_numbers(tmp_path) -> None:
    for name in ("bumps.csv", "bumps.npz"):
        path = tmp_path / name
        done = mlp_tui(tmp_path, "data", "make", "reg-gauss", "-o", str(path), "--option", "n_samples=40", "--json")
        assert done.status == 0, done.err
        from datasets import load

        made = make_reg_gauss(40, random_state=42)
        assert load(path).y.tolist() == made.y.tolist()
        assert load(path).task == "regression"
    assert (tmp_path / "bumps.csv").read_text().startswith("x0,x1,y\n")
