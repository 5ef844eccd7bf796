"""NumPy files and pickles: forms of X and y, and what is refused."""

import gzip
import io
import pickle
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

from datasets import DataError, kind_of, load

X = np.arange(24.0).reshape(12, 2)
y = np.arange(12) % 3


def npz(tmp_path, **arrays):
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)
    return path


def pkl(tmp_path, value, protocol=pickle.DEFAULT_PROTOCOL, name="a.pkl"):
    path = tmp_path / name
    path.write_bytes(pickle.dumps(value, protocol))
    return path


def refusal(path, **options):
    with pytest.raises(DataError) as caught:
        load(path, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    "labels",
    [
        y,
        y.astype(np.uint8),
        y.astype(np.float32),
        y[:, None],
        y.astype(">i4"),
        np.eye(3)[y],
        np.eye(3, dtype=bool)[y],
        y.astype(str),
        y.astype("S1"),
    ],
)
@pytest.mark.parametrize("save", [lambda p, a: npz(p, X=X, y=a), lambda p, a: pkl(p, (X, a))])
def test_every_form_of_labels(tmp_path, labels, save):
    data = load(save(tmp_path, labels))
    assert data.y.tolist() == y.tolist()
    assert data.y.dtype == np.int64
    assert data.class_names == ("0", "1", "2")


def test_plus_and_minus_one(tmp_path):
    data = load(npz(tmp_path, X=X, y=np.where(y == 0, -1, 1)))
    assert data.class_names == ("-1", "1")


@pytest.mark.parametrize(
    "names",
    [
        ("X", "y"),
        ("x", "labels"),
        ("data", "target"),
        ("x_train", "y_train"),
        ("images", "labels"),
        ("foo", "bar"),
    ],
)
def test_names_of_the_two(tmp_path, names):
    data = load(npz(tmp_path, **dict(zip(names, (X, y), strict=True))))
    assert data.X.tolist() == X.tolist()
    assert not data.parts


@pytest.mark.parametrize(
    "names",
    [
        ("x", "y", "xt", "yt"),
        ("x_train", "y_train", "x_test", "y_test"),
        ("X_train", "Y_train", "X_test", "Y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
        ("trainX", "trainy", "testX", "testy"),
    ],
)
def test_train_and_test_become_parts(tmp_path, names):
    data = load(npz(tmp_path, **dict(zip(names, (X, y, X[:5] + 100, y[:5]), strict=True))))
    assert data.parts == {"train": range(12), "test": range(12, 17)}
    assert data.X[12:].tolist() == (X[:5] + 100).tolist()


def test_images_stay_uint8_and_keep_their_shape(tmp_path):
    images = np.random.RandomState(0).randint(0, 256, (12, 4, 5)).astype(np.uint8)
    data = load(npz(tmp_path, x=images, y=y))
    assert data.X.dtype == np.uint8
    assert (data.shape, data.n_features) == ((4, 5), 20)
    flat = load(npz(tmp_path, x=images.reshape(12, -1), y=y))
    assert flat.X.dtype == np.float64


def test_missing_and_infinite_values(tmp_path):
    holes = X.copy()
    holes[3, 1] = np.nan
    data = load(npz(tmp_path, X=holes, y=y))
    assert (data.missing, data.guessed["missing"], data.constant_columns) == (1, "1 cell: nan", 0)
    np.testing.assert_array_equal(data.X, holes)
    both = load(npz(tmp_path, x=holes, y=y, xt=X, yt=y))
    fewer = both.take(~np.isnan(both.X).any(axis=1))
    assert fewer.parts == {"train": range(11), "test": range(11, 23)}
    assert (fewer.missing, len(fewer.y)) == (0, 23)
    holes[4, 0] = np.inf
    assert "'x0' holds inf, or a number too large for float64, in row 4" in refusal(npz(tmp_path, X=holes, y=y))


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"X": X, "y": y[:-1]}, "X has 12 rows, y has 11 labels"),
        ({"X": X, "y": np.where(y == 0, np.nan, y + 0.5)}, "y holds nan or inf in row"),
        ({"X": X, "y": y * 0 + 0.5}, "y has the same number in all 12 rows"),
        ({"X": X, "y": y * 0}, "the same label in all 12 rows"),
        ({"X": X, "y": np.eye(3)[y] * 2}, "expected one-hot rows"),
        ({"X": X, "y": np.zeros((12, 2, 2))}, "expected labels of shape (n,)"),
        ({"X": X, "y": np.where(y == 0, np.nan, y)}, "holds nan or inf among its labels"),
        ({"X": X}, "X stands alone"),
        ({"X": X, "y": y, "X_test": X}, "X stands alone"),
        ({"a": X, "b": y, "c": y}, "expected pairs named X and y"),
        ({"x": X, "y": y, "xt": X[:, :1], "yt": y}, "the parts do not fit together"),
        ({"X": X[:, 0], "y": y}, "expected shape (n, features)"),
        ({"X": X.astype(complex), "y": y}, "'complex128'"),
        ({"X": X.astype(str), "y": y}, "not numbers"),
        ({"X": X.astype(object), "y": y}, "holds Python objects"),
        ({"X": np.empty((0, 2)), "y": np.empty(0)}, "is empty"),
    ],
)
def test_archives_that_are_refused_in_words(tmp_path, arrays, words):
    assert words in refusal(npz(tmp_path, **arrays))


def test_a_header_that_claims_terabytes_is_refused(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**6, 10**6)})
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("X.npy", header.getvalue())
        archive.writestr("y.npy", header.getvalue())
    assert "its header promises shape (1000000, 1000000)" in refusal(path)


def test_text_labels_of_either_byte_order_and_damaged_ones(tmp_path):
    names = np.array(["b", "a", "é"])[y]
    assert load(npz(tmp_path, X=X, y=names.astype(">U1"))).class_names == ("a", "b", "é")
    damaged = np.full(12, 0x7FFFFFFF, dtype=np.uint32).view("<U1")
    assert "no such characters" in refusal(npz(tmp_path, X=X, y=damaged))


def test_an_npy_table(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.column_stack([X, y]))
    assert load(path).X.tolist() == X.tolist()
    np.save(path, X[:, 0])
    assert "expected a table of numbers" in refusal(path)
    np.save(path, np.asfortranarray(np.column_stack([y, X])))
    assert load(path, target="first").X.tolist() == X.tolist()


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "value",
    [
        (X, y),
        [X, y],
        {"X": X, "y": y},
        OrderedDict(data=X, labels=y),
        (np.asfortranarray(X), y),
        (X.tolist(), y.tolist()),
        (list(X), [str(k) for k in y]),
        {"X": X, "y": y, "about": {"of": b"bytes", "n": {1, 2}, "k": np.float64(3)}, "more": bytearray(b"z")},
    ],
)
def test_every_protocol_and_form_of_pickle(tmp_path, protocol, value):
    data = load(pkl(tmp_path, value, protocol))
    assert data.X.tolist() == X.tolist()
    assert data.y.tolist() == y.tolist()


def test_pairs_threes_and_gzip(tmp_path):
    path = tmp_path / "mnist.pkl.gz"
    path.write_bytes(gzip.compress(pickle.dumps(((X, np.eye(3)[y]), (X, np.eye(3)[y])))))
    assert load(path).parts == {"train": range(12), "test": range(12, 24)}
    assert kind_of(path) == "pickle"
    path.write_bytes(gzip.compress(pickle.dumps(((X, y), (X, y), (X, y)))))
    assert list(load(path).parts) == ["train", "validation", "test"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (X, "holds one array"),
        (5, "holds a value of type int"),
        ((X, y, y), "a tuple of 3"),
        ((X.astype(object), y), "'O8'; only numbers and strings are read"),
        ((X, [1.5, "a"] * 6), "a list of other things than numbers"),
        (([[1, 2], [3]], [0, 1]), "rows of different lengths"),
        ((X, [2**70] * 12), "beyond 64 bits"),
        ((X.astype("M8[s]"), y), "only numbers and strings are read"),
        (np.zeros(3, dtype=[("a", "f8")]), "only numbers and strings are read"),
        ((range(3), y), "asks for 'builtins.range'"),
    ],
)
def test_pickles_that_are_refused_in_words(tmp_path, value, words):
    assert words in refusal(pkl(tmp_path, value))
