"""`mlp-tui data fetch`, `list` and `--data NAME`, with a server on loopback in the place of the net's."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from datasets.fetch import fetch
from datasets.published import PUBLISHED
from tests.cli.support import ROOT, assert_one_error_line, mlp_tui
from tests.datasets.server import BODY, Server, published, serving, wait_until
from tui.cli import main
from tui.lab.cache import cache_dir

TABLE = "".join(f"{k % 3},{k * 7 % 50},{k % 5 + k % 3}\n" for k in range(60)).encode()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as server:
        yield server


@pytest.fixture
def toy(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A published set "toy" whose class stands first, and a cache of its own."""
    server.gives(body=TABLE)
    one = published(server.url("/a.bin"), body=TABLE, name="toy.data", options={"target": "first"})
    monkeypatch.setitem(PUBLISHED, "toy", replace(one, title="a toy"))
    monkeypatch.setenv("MLP_TUI_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return server


def row(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert main(["data", "list", "--json"]) == 0
    rows = map(json.loads, capsys.readouterr().out.splitlines())
    return next(row for row in rows if row["name"] == "toy")


def test_a_set_is_fetched_listed_and_read(toy, tmp_path, capsys) -> None:
    listed = row(capsys)
    assert (listed["kind"], listed["bytes"], listed["cached"], listed["path"]) == ("published", len(TABLE), False, None)
    assert main(["data", "inspect", "toy"]) == 2
    assert "get them with `mlp-tui data fetch toy` (0.0 MB)" in capsys.readouterr().err
    assert main(["data", "fetch", "TOY"]) == 0
    said = capsys.readouterr()
    path = tmp_path / "cache" / "toy" / "toy.data"
    assert said.out == f"{path}\n"
    assert "toy.data  0.0 of 0.0 MB\ntoy: fetched, and as published; use it with --data toy\n" in said.err
    assert "nobody (free)" in said.err
    assert path.read_bytes() == TABLE
    listed = row(capsys)
    assert (listed["cached"], listed["path"]) == (True, str(path))
    assert main(["data", "list"]) == 0
    assert str(path) in capsys.readouterr().out
    assert main(["data", "fetch", "toy", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["path"], made["cached"], made["files"][0]["bytes"]) == (str(path), True, len(TABLE))
    assert main(["data", "fetch", "toy", "--force", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cached"] is False
    # The options that its form needs are known; others can be given.
    assert main(["data", "inspect", "toy", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["source"], facts["samples"], facts["class_names"]) == ("toy", 60, ["0", "1", "2"])
    assert main(["data", "inspect", "toy", "--option", "target=last", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["classes"] == 7


def test_another_cache_is_named(toy, tmp_path, capsys) -> None:
    assert main(["data", "fetch", "toy", "--cache", "elsewhere"]) == 0
    assert capsys.readouterr().out == f"{tmp_path}/elsewhere/toy/toy.data\n"
    assert not (tmp_path / "cache").exists()


def test_a_set_that_cannot_be_fetched_exits_1_in_one_line(toy, capsys) -> None:
    toy.paths.clear()
    assert main(["data", "fetch", "toy"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    last = said.err.splitlines()[-1]
    assert last.startswith("error: toy: toy.data did not come: 127.0.0.1: 404 Not Found. Or put toy.data (http://page)")


def test_a_name_that_is_not_published_exits_2(tmp_path) -> None:
    assert_one_error_line(mlp_tui(tmp_path, "data", "fetch", "mnits"), "did you mean mnist? There are mnist, ")
    assert_one_error_line(mlp_tui(tmp_path, "data", "fetch", "moons"), "made on the spot", "--data moons")
    assert_one_error_line(mlp_tui(tmp_path, "data", "fetch"), "NAME")


def test_the_trainer_looks_into_the_cache(tmp_path) -> None:
    """A process of its own, as `train` starts one, finds the cache by the environment."""
    cache = tmp_path / "cache"
    (cache / "kmnist").mkdir(parents=True)
    absent = mlp_tui(tmp_path / "runs", "train", "--data", "kmnist", MLP_TUI_CACHE_DIR=str(cache))
    assert_one_error_line(absent, "kmnist: the files are not here", "mlp-tui data fetch kmnist", "--data FOLDER")
    assert list((tmp_path / "runs").glob("*")) == []
    # As long as published, as the cache is asked for; what is in it is the reader's affair.
    for file in PUBLISHED["kmnist"].files:
        with (cache / "kmnist" / file.name).open("wb") as made:
            made.truncate(file.bytes)
    refused = mlp_tui(tmp_path / "runs", "train", "--data", "kmnist", MLP_TUI_CACHE_DIR=str(cache))
    assert_one_error_line(refused, f"{cache}/kmnist", "is not gzip")


def test_real_digits_are_trained_on(tmp_path, test_data) -> None:
    (tmp_path / "mnist").symlink_to(test_data / "mnist_idx")
    words = ("train", "--data", "mnist", "--set", "training.epochs=1", "--set", "model.hidden=8", "--json")
    result = mlp_tui(tmp_path / "runs", *words, MLP_TUI_CACHE_DIR=str(tmp_path))
    assert (result.status, result.lines[0]["samples"]) == (0, 48_000), result


def test_where_the_cache_is(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert cache_dir(Path("here"), {"MLP_TUI_CACHE_DIR": "/there"}) == tmp_path / "here"
    assert cache_dir(None, {"MLP_TUI_CACHE_DIR": "~/there"}) == Path.home() / "there"
    assert cache_dir(None, {}).parts[-2:] == ("mlp-tui", "data")


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to a process there")
def test_ctrl_c_keeps_what_has_come_and_exits_130(server, tmp_path) -> None:
    server.gives(trickle=0.001)
    program = (
        "import sys, datasets.published as p; from tests.datasets.server import published;"
        f"p.PUBLISHED['iris'] = published({server.url('/a.bin')!r});"
        f"from tui.cli import main; sys.exit(main(['data', 'fetch', 'iris', '--cache', {str(tmp_path)!r}]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "NO_PROXY": "127.0.0.1", "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    part = tmp_path / "toy" / "a.bin.part"
    wait_until(lambda: part.exists() and part.stat().st_size > 100)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, "")
    assert "stopped: what has come is kept, the same command goes on from there" in err
    assert "Traceback" not in err
    kept = part.stat().st_size
    asked = server.gives().asked
    assert fetch(published(server.url("/a.bin")), tmp_path).path.read_bytes() == BODY
    assert asked == [(f"bytes={kept}-", '"one"')]
