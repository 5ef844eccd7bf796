"""MATLAB's files, level 5."""

import struct
import sys
import zlib

import numpy as np
import pytest

from datasets import DataError, kind_of, load

scipy_io = pytest.importorskip("scipy.io")

X = np.random.RandomState(0).rand(20, 3)
y = np.arange(20) % 4


@pytest.fixture(params=[True, False], ids=["v7", "v6"])
def mat(request, tmp_path):
    def save(**arrays):
        path = tmp_path / "a.mat"
        scipy_io.savemat(path, arrays, do_compression=request.param)
        return path

    return save


def refusal(path):
    with pytest.raises(DataError) as caught:
        load(path)
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_columns_of_labels_from_one(mat):
    path = mat(X=X, y=(y + 1)[:, None].astype(float))
    data = load(path)
    assert kind_of(path) == "mat"
    np.testing.assert_array_equal(data.X, X)
    assert data.y.tolist() == y.tolist()
    assert data.class_names == ("1", "2", "3", "4")


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "u4", "i8", "f4", "f8"])
def test_every_type_of_number(mat, dtype):
    table = (X * 100).astype(dtype)
    np.testing.assert_array_equal(load(mat(X=table, y=y[:, None])).X, table.astype(float))


def test_samples_that_stand_last_as_in_svhn(mat):
    images = np.random.RandomState(0).randint(0, 256, (32, 32, 3, 20)).astype(np.uint8)
    data = load(mat(X=images, y=(y + 1)[:, None].astype(np.uint8)))
    assert data.X.dtype == np.uint8
    np.testing.assert_array_equal(data.X, np.moveaxis(images, -1, 0))
    assert "turned to (n, ...)" in data.guessed["axes"]
    flat = load(mat(data=X.T, label=y[None].astype(float)))
    np.testing.assert_array_equal(flat.X, X)


def test_parts_one_hot_text_and_logical_labels(mat):
    data = load(mat(train_x=X, train_y=np.eye(4)[y], test_x=X[:8], test_y=np.eye(4)[y[:8]]))
    assert data.parts == {"train": range(20), "test": range(20, 28)}
    assert data.y.tolist() == [*y.tolist(), *y[:8].tolist()]
    assert load(mat(X=X, y=np.array(["a", "bb", "c", "d"])[y])).class_names == ("a", "bb", "c", "d")
    assert load(mat(X=X, y=(y > 1)[:, None])).n_classes == 2
    named = load(mat(X=X, y=(y + 1)[:, None], class_names=np.array(["un", "deux", "trois", "quatre"])))
    assert named.class_names == ("un", "deux", "trois", "quatre")


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"X": X, "y": np.array(["a", "bb", "c", "d"], dtype=object)[y]}, "not read: 'y' (a cell array)"),
        ({"data": {"X": X, "y": y}}, "not read: 'data' (a struct)"),
        ({"X": X + 1j, "y": y}, "not read: 'X' (complex numbers)"),
        ({"X": X}, "X stands alone"),
        ({"a": 3}, "holds 'a'"),
        ({"X": X, "y": y[:, None][:5]}, "X has 20 rows, y has 5 labels"),
    ],
)
def test_what_is_not_read(mat, arrays, words):
    assert words in refusal(mat(**arrays))


def test_sparse_and_objects_beside_are_passed_over(mat):
    sparse = pytest.importorskip("scipy.sparse")
    assert "not read: 'X' (a sparse array)" in refusal(mat(X=sparse.csr_matrix(np.round(X)), y=y[:, None]))
    data = load(mat(about={"who": "me"}, cells=np.array([1, "a"], dtype=object), X=X, y=y[:, None]))
    assert data.n_samples == 20


def test_without_scipy_one_sentence_says_what_to_install(mat, monkeypatch):
    path = mat(X=X, y=y[:, None])
    monkeypatch.setitem(sys.modules, "scipy.io", None)
    assert "SciPy, which reads them, is not installed: pip install 'mlp-tui[mat]'" in refusal(path)


def header(version=0x0100):
    return b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", version) + b"IM"


def element(kind, data):
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def matrix(name=b"X", shape=(2, 2), values=bytes(32), flags=6, stored=9, claims=None):
    size = len(values) if claims is None else claims
    return (
        element(6, struct.pack("<II", flags, 0))
        + element(5, struct.pack(f"<{len(shape)}i", *shape))
        + element(1, name)
        + struct.pack("<II", stored, size)
        + values
    )


def test_the_crafted_file_is_good_when_nothing_is_wrong(tmp_path):
    path = tmp_path / "a.mat"
    path.write_bytes(header() + element(14, matrix()) + element(14, matrix(b"y", (2, 1), struct.pack("<2d", 1, 2))))
    assert load(path).class_names == ("1", "2")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (header(0x0200) + bytes(400), "version 7.3 (HDF5), which is not read: save it with -v7"),
        (
            header() + element(14, matrix(shape=(1 << 30, 1 << 30))),
            "its header promises shape (1073741824, 1073741824)",
        ),
        (header() + element(14, matrix(shape=(-2, -2))), "impossible shape"),
        (header() + element(14, matrix(shape=(2, 2) * 20)), "impossible shape"),
        (header() + element(14, matrix(shape=())), "damaged"),
        (header() + element(14, matrix(claims=1 << 31)), "damaged"),
        (header() + element(14, matrix(shape=(2, 3))), "its header promises shape (2, 3)"),
        (header() + element(14, matrix(shape=(1, 2))), "damaged"),
        (header() + element(14, matrix(flags=99)), "damaged"),
        (header() + element(14, matrix(stored=99)), "damaged"),
        (header() + element(14, matrix()) * 2, "holds 'X' twice"),
        (header() + struct.pack("<II", 14, 1 << 31) + matrix(), "its elements do not fill the file"),
        (header() + b"\x0e\0", "its elements do not fill the file"),
        (header() + element(15, b"not zlib"), "cannot be unpacked"),
        (header() + element(15, zlib.compress(struct.pack("<II", 14, 1 << 31) + matrix())), "far too much"),
        (header() + element(15, zlib.compress(struct.pack("<II", 7, 8))), "unpacks to nothing"),
        (header() + element(14, matrix(name=b"\x1b[31mX")), r"holds '\x1b[31mX'"),
        (header(), "holds no arrays"),
    ],
)
def test_crafted_files_are_refused_in_words(tmp_path, content, words):
    path = tmp_path / "a.mat"
    path.write_bytes(content)
    assert words in refusal(path)
