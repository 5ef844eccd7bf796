"""`load` itself: names, paths, kinds; and the files of other people, where they are at hand."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from datasets import KINDS, DataError, kind_of, load, make_moons, make_tp4
from datasets.base import MAX_MESSAGE

SHARED = os.environ.get("MLP_TUI_TEST_DATA")
needs_data = pytest.mark.skipif(not SHARED, reason="MLP_TUI_TEST_DATA is not set")


def refusal(source, **options):
    with pytest.raises(DataError) as caught:
        load(source, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_unknown_names_list_the_built_in_sets():
    message = refusal("mons")
    assert message.startswith("mons: no such file; did you mean moons? The built-in sets are moons, circles")
    assert refusal("no/such.csv") == "no/such.csv: no such file or folder"


def test_a_name_means_the_built_in_set_and_a_path_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "moons").write_text("a,y\n1,0\n2,1\n")
    assert load("moons").n_samples == 1000
    assert load("./moons").n_samples == 2
    assert load(Path("moons")).n_samples == 2


@pytest.mark.parametrize("name", ["a\0b", "./a\0b", "~nobody-of-this-name/x.csv", "x" * 5000, "./" + "x" * 5000])
def test_impossible_names(name):
    assert refusal(name).isprintable()


def test_devices_and_fifos_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "fifo.csv")
    assert "is not a file" in refusal(tmp_path / "fifo.csv")
    assert "is not a file" in refusal("/dev/zero")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.npz", b"a,b\n1,2\n", "is text, though its name promises a NumPy archive"),
        ("a.npy", b"a,b\n1,2\n", "is text, though its name promises a NumPy array (.npy)"),
        (
            "a.pkl",
            b"a,b\n1,0\n2,1\n",
            "is a text table, though its name promises a pickle: rename it to .csv",
        ),
        (
            "a.csv",
            b"\x93NUMPY\1\0",
            "is a NumPy array (.npy), though its name promises a text table: rename",
        ),
        ("a.csv", b"\x80\4K\1.", "is a pickle, though"),
        ("a.csv", b"PK\3\4" + bytes(40), "export the sheet as CSV"),
        ("a.xlsx", b"PK\3\4" + bytes(40), "export the sheet as CSV"),
        ("a.csv.gz", b"a,b\n1,0\n", "is not gzip"),
        (
            "a.png",
            b"\x89PNG\r\n\x1a\n\0\0\0",
            "is of no kind this program reads (csv, npz, npy, pickle, idx, cifar, mat, safetensors)",
        ),
        ("notes.txt", b"Some\nwords.\n", "holds a single column"),
    ],
)
def test_content_that_is_not_what_the_name_promises(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    assert words in refusal(path)


def test_kinds_are_told_by_content(tmp_path):
    path = tmp_path / "data"
    for content, kind in (
        (b"1.5,2,0\n3,4,1\n", "csv"),
        (b"Some words\nand more of them.\n", ""),
        (b"\x93NUMPY\1\0", "npy"),
        (b"\x80\4K\1.", "pickle"),
        (b"\0\0\x08\3rest", "idx"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", ""),
        (b"", ""),
    ):
        path.write_bytes(content)
        assert kind_of(path) == kind
    assert kind_of(tmp_path / "none") == ""
    assert all(kind.title for kind in KINDS.values())


def test_errors_are_one_line_and_bounded():
    error = DataError("bad\x1b[31m\n" + "x" * 5000, source="f\n.csv", line=3)
    assert str(error).isprintable()
    assert str(error).startswith("f\\n.csv:3: bad\\x1b[31m\\n")
    assert len(str(error)) < MAX_MESSAGE + 100


def test_the_summary_is_plain():
    summary = json.loads(json.dumps(make_moons(50, random_state=1).summary()))
    assert summary["samples"] == 50
    assert summary["class_counts"] == [25, 25]
    assert set(summary) == {
        "samples", "features", "shape", "task", "classes", "class_names", "class_counts", "parts", "missing",
        "source", "sha256", "guessed", "X_dtype", "y_dtype", "constant_columns",
    }  # fmt: skip


def test_nothing_but_numpy_is_imported():
    code = (
        "import sys, numpy.random; before = set(sys.modules); import datasets; "
        "new = {m.split('.')[0] for m in set(sys.modules) - before}; "
        "print(sorted(new - set(sys.stdlib_module_names) - {'numpy', 'datasets'}))"
    )
    root = Path(__file__).parents[2]
    out = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


@needs_data
def test_the_lyon_pickle():
    data = load(Path(SHARED, "mnist_lyon/mnist_light.pkl.gz"))
    assert data.parts == {"train": range(6300), "test": range(6300, 7000)}
    assert (data.shape, data.n_classes) == ((784,), 10)
    assert data.X.max() == 0.99609375


@needs_data
def test_generated_points_are_the_genuine_ones():
    tp4 = load(Path(SHARED, "tp4/tp4_data.pkl"))
    np.testing.assert_allclose(make_tp4(random_state=42).X, tp4.X, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(make_tp4(random_state=42).y, tp4.y)
    moons = load(Path(SHARED, "moons/moons_100_noise0.1_seed42.csv"))
    np.testing.assert_allclose(make_moons(100, noise=0.1, random_state=42).X, moons.X, rtol=0, atol=1e-12)


@needs_data
@pytest.mark.parametrize(
    ("name", "options", "shape", "missing"),
    [
        ("titanic.csv", {"target": "Survived", "drop": "Name,Sex,Ticket,Cabin,Embarked"}, (891, 6), 177),
        ("breast-cancer-wisconsin.csv", {}, (699, 9), 16),
        ("airquality_semicolon_decimal_comma.csv", {"drop": "Date,Time"}, (299, 12), 0),
        ("march_madness_latin1.txt", {"drop": "School", "target": "G"}, (363, 31), 4),
    ],
)
def test_with_the_options_the_errors_name(name, options, shape, missing):
    data = load(Path(SHARED, "bad", name), **options)
    assert data.X.shape == shape
    assert data.missing == missing
