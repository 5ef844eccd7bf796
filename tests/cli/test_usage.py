import os
import pty
import subprocess
import sys

import pytest

from tests.cli.support import QUICK, ROOT, assert_one_error_line, environment, mlp_tui
from tests.lab.support import wait_for
from tui.cli import main
from tui.installed import foreign_datasets
from tui.lab.runs import RunFolder

NORMAL = ("--set", "model.init=normal")
DEEP = ("--set", "model.hidden=" + ",".join(["9"] * 60))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train", "--bogus"], ["--bogus", "mlp-tui train --help"]),
        (["train", "--set", "training.lr=fast"], ["training.lr: expected a number above 0", '"fast"']),
        (["train", "--set", "training.ly=1"], ["did you mean training.lr?"]),
        (["train", "--set", "training.momentum=.9"], ["training.momentum", "adam"]),
        (["train", "--recipe", "tp5"], ["tp4, lyon-deep", "mnist-mlp"]),
        (["train", "--recipe", "mnist-mlp"], ["--data FOLDER"]),
        (["train", "--data", "/nowhere/wine.csv"], ["/nowhere/wine.csv"]),
        (["train", "--set", "data.options.noise=99"], ["noise"]),
        (["trian"], ["trian", "neither a command nor a spec file"]),
        (["absent.toml"], ["absent.toml"]),
        (["pyproject.toml", "--recipe", "tp4"], ["name one"]),
        (["LICENSE"], ["--data LICENSE"]),
        (["--glyphs", "sixel"], ["braille, block or ascii"]),
        (["gradcheck", "--data", "/nowhere.npz"], ["/nowhere.npz"]),
        (["gradcheck", "--file", "theirs.py"], ["--file"]),
        (["gradcheck", *NORMAL, "--set", "model.init_options.foo=1"], ["model.init_options.foo", "does not take foo"]),
        (["train", *NORMAL, "--set", "model.init_options.rng=1"], ["model.init_options.rng", "does not take rng"]),
        (["gradcheck", *NORMAL, "--set", "model.init_options.std=1e6", *DEEP], ["cannot be checked", "the loss is"]),
        (["data"], ["mlp-tui data --help"]),
        (["data", "inspect"], ["PATH"]),
        (["data", "inspect", "/nowhere.csv"], ["/nowhere.csv"]),
        (["data", "make", "moon", "-o", "x.csv"], ["moons"]),
        (["data", "make", "moons", "-o", "x.xls"], [".csv or .npz"]),
        (["data", "make", "moons", "-o", "/nowhere/x.csv"], ["/nowhere/x.csv"]),
        (["data", "make", "moons", "-o", "x.csv", "--option", "noise"], ["NAME=VALUE"]),
        (["data", "make", "moons", "-o", "x.csv", "--option", "nois=1"], ["nois"]),
        (["recipes", "show", "nothing"], ["nothing"]),
        (["recipes", "check", "mnist-mlp"], ["--data FOLDER"]),
    ],
)
def test_bad_usage_is_one_line_and_status_2(tmp_path, capsys, monkeypatch, words, said) -> None:
    """In this process, for speed; `test_a_wrong_word_in_a_process_of_its_own` does it whole."""
    monkeypatch.setenv("MLP_TUI_RUNS_DIR", str(tmp_path))
    monkeypatch.chdir(ROOT)
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1, captured.err
    for part in said:
        assert part in captured.err
    assert captured.out == ""
    assert list(tmp_path.iterdir()) == []  # no run is left of what could not begin


def test_a_wrong_word_in_a_process_of_its_own(tmp_path) -> None:
    assert_one_error_line(mlp_tui(tmp_path, "train", "--recipe", "tp5"), "tp5")


def test_a_wrong_spec_is_named_with_its_line(tmp_path) -> None:
    spec = tmp_path / "mine.toml"
    spec.write_text("seed = 1\n\n[training]\nepochs = -1\n")
    assert_one_error_line(mlp_tui(tmp_path, "train", str(spec)), f"{spec}:4: training.epochs: expected")


def test_wrong_data_is_named_with_its_line(tmp_path) -> None:
    (tmp_path / "wine.csv").write_text("a,b,c\n1,2,x\n3,4,y\n5,x\n")
    result = mlp_tui(tmp_path / "runs", "train", "--data", "wine.csv", cwd=tmp_path)
    assert_one_error_line(result, "wine.csv:4")


def test_help_and_version(capsys) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for command in ("open", "train", "gradcheck", "data", "recipes"):
        assert f"\n  {command} " in out
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("mlp-tui ")


@pytest.mark.parametrize("words", [["train"], ["open"], ["gradcheck"], ["data", "make"], ["recipes", "check"]])
def test_every_command_has_help(capsys, words) -> None:
    assert main([*words, "--help"]) == 0
    assert "Usage: mlp-tui" in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["open"]])
def test_without_a_terminal_it_says_so_and_trains(tmp_path, words) -> None:
    result = mlp_tui(tmp_path, *words, *QUICK)
    assert result.status == 0
    assert result.err.count("\n") == 1
    assert "no terminal" in result.err
    assert "epoch 3/3" in result.out
    assert len(list(tmp_path.iterdir())) == 1


def test_a_spec_alone_is_opened(tmp_path) -> None:
    spec = tmp_path / "mine.toml"
    spec.write_text('name = "mine"\n[data.options]\nn_samples = 50\n[training]\nepochs = 2\n')
    result = mlp_tui(tmp_path / "runs", str(spec))
    assert result.status == 0
    assert "epoch 2/2" in result.out
    assert next((tmp_path / "runs").iterdir()).name.endswith("-mine")


def test_a_dumb_terminal_trains(tmp_path) -> None:
    master, slave = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "tui", *QUICK],
        cwd=ROOT,
        env={**environment(tmp_path), "TERM": "dumb"},
        stdin=slave,
        stdout=slave,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    os.close(slave)
    os.close(master)
    assert done.returncode == 0
    assert "no terminal" in done.stderr


def test_another_datasets_is_said_in_one_line(tmp_path) -> None:
    assert foreign_datasets() == ""
    other = tmp_path / "datasets"
    other.mkdir()
    (other / "__init__.py").write_text("")
    script = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from tui.cli import main; exit(main(['train']))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "environment of its own" in done.stderr


def test_a_narrow_encoding_is_no_traceback(tmp_path) -> None:
    result = mlp_tui(tmp_path, "recipes", "list", PYTHONIOENCODING="ascii", LC_ALL="C")
    assert result.status == 0
    assert "Paris Cite" in result.out


def test_a_training_that_nobody_reads_goes_on_and_says_where(tmp_path) -> None:
    words = f"train {' '.join(QUICK)} --set training.epochs=400 --json"
    command = f"{sys.executable} -m tui {words} | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True)
    (folder,) = map(RunFolder, tmp_path.iterdir())
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert str(folder.path) in done.stderr
    wait_for(lambda: folder.state() == "finished")


def test_stdout_that_is_closed_early_is_no_traceback(tmp_path) -> None:
    command = f"{sys.executable} -m tui recipes show tp4 | head -1"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True)
    assert done.stdout.startswith("# tp4")
    assert done.stderr == ""


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["runs", "--help"], ["--version"]])
def test_what_only_talks_reads_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys\nfrom tui.entry import main\nmain(sys.argv[1:])\n"
        "heavy = {'textual', 'numpy', 'msgspec', 'plotext', 'textual_plotext', 'rich'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert "HEAVY []" in done.stdout, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_the_help_names_every_command() -> None:
    done = subprocess.run([sys.executable, "-m", "tui", "--help"], capture_output=True, text=True)
    named = {line.split()[0] for line in done.stdout.partition("Commands:")[2].splitlines() if line.startswith("  ")}
    assert named >= {"open", "train", "gradcheck", "find-lr", "iterate", "stability", "calc", "data", "recipes", "runs"}
