"""`mlp-tui iterate`, `stability`, `gradcheck --curve` and `export`, as a person runs them."""

import json
import os
import pty
import select
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.cli.support import QUICK, ROOT, assert_one_error_line, environment, mlp_tui
from tui.cli import main
from tui.lab.checkpoints import load
from tui.lab.runs import RunFolder

STEPS = ["batch", "zero_grad", "forward", "loss", "backward", "step"]


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_iterate_prints_the_six_steps_in_80_columns(capsys) -> None:
    assert main(["iterate", *QUICK]) == 0
    out = lines(capsys)
    assert [line.split()[1] for line in out if line[:1].isdigit()] == STEPS
    assert max(map(len, out)) <= 80
    assert "    z = x W^T + b  (32,2) x (2,8) + (8,) = (32,8)" in out


def test_iterate_prints_small_arrays_in_full(capsys) -> None:
    assert main(["iterate", "--recipe", "micrograd-neuron"]) == 0
    out = lines(capsys)
    assert "      dW (1,2): -1.102 -0.9638" in out
    assert main(["iterate", "--recipe", "moons-2", "--step", "step"]) == 0
    out = lines(capsys)
    heading = out.index("    0.weight.update (2,2):")
    rows = [[float(word) for word in line.split()] for line in out[heading + 1 : heading + 3]]
    assert np.shape(rows) == (2, 2)
    assert "x (100,2): norm" not in "\n".join(out)  # another step's


def test_iterate_shows_the_first_numbers_of_large_arrays(capsys) -> None:
    assert main(["iterate", *QUICK, "--set", "model.hidden=30"]) == 0
    out = lines(capsys)
    assert max(map(len, out)) <= 80
    heading = next(k for k, line in enumerate(out) if line.startswith("      z (32,30): norm "))
    rows = [line.split() for line in out[heading + 1 : heading + 4]]
    assert all(row[-1] == "..." and 5 <= len(row) <= 9 for row in rows)
    assert out[heading + 4].strip() == "..."
    labels = next(line.split() for line in out if line.startswith("    y (32,): "))
    assert labels[-1] == "..."
    assert set(labels[2:-1]) <= {"0", "1"}


@pytest.mark.parametrize("step", ["4", "loss"])
def test_iterate_shows_one_step(capsys, step) -> None:
    assert main(["iterate", *QUICK, "--step", step, "--json"]) == 0
    (line,) = map(json.loads, lines(capsys))
    assert (line["number"], line["name"]) == (4, "loss")
    arrays = {array["name"]: array for array in line["arrays"]}
    assert arrays["L"]["shape"] == []
    assert arrays["L"]["values"] > 0
    assert arrays["z"].keys() == {"name", "shape", "norm", "values"}  # 32 x 2 numbers


def test_iterate_gives_a_json_line_a_step(capsys) -> None:
    assert main(["iterate", *QUICK, "--json"]) == 0
    steps = [json.loads(line) for line in lines(capsys)]
    assert [step["name"] for step in steps] == STEPS
    first, *_ = steps[4]["layers"]
    assert first.keys() == {"layer", "name", "formulas", "arrays"}
    assert first["name"] == "Linear(8, 2)"
    arrays = {array["name"]: array for array in first["arrays"]}
    assert "values" not in arrays["h"]  # 32 x 8 are too many
    assert np.shape(arrays["h"]["first_rows"]) == (3, 8)
    assert np.linalg.norm(arrays["dW"]["values"]) == pytest.approx(arrays["dW"]["norm"], rel=1e-6)


def test_iterate_waits_only_on_a_terminal(tmp_path) -> None:
    assert_one_error_line(mlp_tui(tmp_path, "iterate", *QUICK, "--pause"), "--pause", "no terminal")
    assert_one_error_line(mlp_tui(tmp_path, "iterate", *QUICK, "--pause", "--json"), "--pause")
    assert_one_error_line(mlp_tui(tmp_path, "iterate", *QUICK, "--step", "9"), "--step", "1 batch, 2 zero_grad")


@pytest.mark.parametrize(("keys", "shown"), [("\n" * 5, 6), ("\nq\n", 2), ("\x04", 1)])
def test_iterate_waits_for_enter(tmp_path, keys, shown) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "tui", "iterate", *QUICK, "--pause"],
        cwd=ROOT,
        env=environment(tmp_path),
        stdin=slave,
        stdout=slave,
        stderr=subprocess.PIPE,
    )
    os.close(slave)
    seen, asked = "", 0
    while select.select([master], [], [], 30)[0]:
        try:
            chunk = os.read(master, 4096)
        except OSError:
            break
        if not chunk:
            break
        seen += chunk.decode()
        while asked < seen.count("end -- ") and keys:
            line, newline, keys = keys.partition("\n")
            os.write(master, (line + newline).encode())
            asked += 1
    os.close(master)
    _, error = process.communicate(timeout=30)
    assert (process.returncode, error) == (0, b"")
    assert sum(f"{number} {name}   " in seen for number, name in enumerate(STEPS, start=1)) == shown


def test_stability(capsys) -> None:
    assert main(["stability", *QUICK]) == 0
    out = lines(capsys)
    assert max(map(len, out)) <= 80
    assert out[0].startswith("2/E|x|²")
    assert "all 60 samples;" in "\n".join(out)
    assert "adam scales its own steps" in " ".join(out)
    assert "at the first weights" in out[-1]
    assert main(["stability", *QUICK, "--set", "training.optimizer=sgd", "--set", "training.lr=99", "--json"]) == 0
    (line,) = map(json.loads, lines(capsys))
    assert "is above 2/lambda_max" in line["sentence"]
    assert line["lr_limit"] == pytest.approx(2 / line["largest"])
    assert (line["at"], line["samples"], line["of"], line["lr"]) == ("first weights", 60, 60, 99)


def test_the_error_curve_points_out_the_best_eps(capsys) -> None:
    assert main(["gradcheck", "--curve", *QUICK]) == 0
    out = lines(capsys)
    assert max(map(len, out)) <= 80
    assert out[0].split() == ["eps", "input", "0.weight", "0.bias", "2.weight", "2.bias"]
    assert len([line for line in out if line[:1].isdigit() and "*" not in line[:9]]) >= 15
    best = [line for line in out if "best eps" in line]
    assert any(line.startswith("0.weight  best eps ") for line in best)
    assert sum(line.count("*") for line in out[1:16]) == 5


def test_the_error_curve_in_json_is_a_v(capsys) -> None:
    assert main(["gradcheck", "--curve", "--tensor", "0.weight", *QUICK, "--json"]) == 0
    rows = [json.loads(line) for line in lines(capsys)]
    assert {row["tensor"] for row in rows} == {"0.weight"}
    assert rows[0].keys() == {"tensor", "eps", "error", "max_relative_error", "kinks", "entries", "best"}
    (best,) = [row for row in rows if row["best"]]
    assert 1e-7 < best["eps"] < 1e-3
    assert best["error"] < 1e-8
    assert rows[0]["error"] > 10 * best["error"]


def test_a_wrong_gradient_is_flat(capsys) -> None:
    assert main(["gradcheck", "--curve", "--recipe", "moons-2"]) == 1
    out = capsys.readouterr().out
    assert "whatever eps is: this gradient is wrong" in out
    assert "best eps 0" not in out


def test_export(tmp_path) -> None:
    for name in ("first", "second"):
        mlp_tui(tmp_path, "train", *QUICK, "--name", name)
    run = next(RunFolder(path) for path in tmp_path.iterdir() if path.name.endswith("second"))
    result = mlp_tui(tmp_path, "export", "last", "--to", "safetensors", cwd=tmp_path, PYTHONPATH=str(ROOT))
    file = tmp_path / f"{run.name}.safetensors"
    assert (result.status, result.out) == (0, f"{file.name}\n")
    assert "the last weights of" in result.err
    assert "after epoch 3" in result.err
    for name, array in load(run.last_path).weights.items():
        np.testing.assert_array_equal(load_file(file)[name], array)
    assert not any(name.startswith("optimizer") for name in load_file(file))
    other = tmp_path / "best.safetensors"
    words = ("export", str(run.path), "--to", "safetensors", "-o", str(other), "--weights", "best")
    made = mlp_tui(tmp_path, *words, "--json")
    assert made.lines[0].keys() == {"file", "run", "weights", "epoch"}
    assert_one_error_line(mlp_tui(tmp_path, *words), "is there already", "--force")
    assert mlp_tui(tmp_path, *words, "--force").status == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["1120", "--to", "safetensors"], ["the beginning of 2 runs", "1120-0900-a, 1120-0901-b"]),
        (["nothing", "--to", "safetensors"], ["nothing: no such run", "1120-0901-b"]),
        (["1120-0900", "--to", "safetensors"], ["1120-0900-a: no last weights are kept yet"]),
        (["last", "--to", "safetensors", "--weights", "best"], ["1120-0901-b: no best weights"]),
        (["last", "--to", "onnx"], ["--to", "there is safetensors, received onnx"]),
        (["last", "--to", "safetensors", "--weights", "worst"], ["--weights", "last or best"]),
        (["last"], ["--to"]),
        ([], ["RUN"]),
    ],
)
def test_export_says_which_runs_there_are(tmp_path, capsys, words, said) -> None:
    for number, name in enumerate(("1120-0900-a", "1120-0901-b")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "spec.toml").write_text("seed = 1\n")
        os.utime(tmp_path / name / "spec.toml", (number, number))
    assert main(["export", *words, "--runs-dir", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    for part in said:
        assert part in captured.err


def test_export_without_runs(tmp_path, capsys) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        assert main(["export", "last", "--to", "safetensors", "--runs-dir", str(folder)]) == 2
        assert "no runs there yet" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gradcheck", *QUICK], ["reading the data", "50 of "]),
        (["recipes", "check", "moons-16"], ["reading the data", "epoch ", "gradient check: "]),
        (["gradcheck", "--recipe", "nothing"], ["error: "]),
    ],
)
def test_on_a_terminal_one_line_says_how_far_it_is(monkeypatch, capsys, words, said) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    main(words)
    captured = capsys.readouterr()
    assert "\x1b" not in captured.out
    places = [captured.err.index(f"\r\x1b[K{part}") for part in said]
    assert places == sorted(places)
    last = captured.err.rpartition("\x1b[K")[2]
    assert last == "" or last.startswith("error: ")


def test_no_zero_has_a_sign(capsys) -> None:
    assert main(["calc", "softmax", "1000", "-1000", "0"]) == 0
    assert lines(capsys)[1].split() == ["0", "1000", "1", "0"]
