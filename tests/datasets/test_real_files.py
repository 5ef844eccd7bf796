"""Every file of other people that is at hand, and what comes out: samples, features, classes, or the refusal."""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from datasets import DataError, kind_of, load

SHARED = os.environ.get("MLP_TUI_TEST_DATA")
pytestmark = pytest.mark.skipif(not SHARED, reason="MLP_TUI_TEST_DATA is not set")


class Good(NamedTuple):
    """What is read: counts is None where it says little."""

    kind: str
    samples: int
    features: int
    classes: str
    counts: list[int] | None = None
    parts: tuple[int, ...] = ()
    options: dict[str, str] = {}


IRIS = Good("csv", 150, 4, "Setosa Versicolor Virginica", [50] * 3)
TP4 = Good("pickle", 200, 10, "0 1 2 3")
PAIR = Good("pickle", 2, 3, "0 1", [1, 1])
DIGITS = "0 1 2 3 4 5 6 7 8 9"
ANIMALS = "airplane automobile bird cat deer dog frog horse ship truck"
MNIST_TRAIN = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
MNIST_TEST = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]

GOOD: dict[str, Good] = {
    "iris/iris.csv": IRIS,
    "wine/wine.csv": Good("csv", 178, 13, "1 2 3", [59, 71, 48]),
    "wine/winequality-red.csv": Good("csv", 1599, 11, "3 4 5 6 7 8"),
    "pima/pima-indians-diabetes.csv": Good("csv", 768, 8, "0 1", [500, 268]),
    "pima/pima-indians-diabetes.data.csv": Good("csv", 768, 8, "0 1", [500, 268]),
    "banknote/banknote_authentication.csv": Good("csv", 1372, 4, "0 1", [762, 610]),
    "banknote/data_banknote_authentication.txt": Good("csv", 1372, 4, "0 1", [762, 610]),
    "moons/moons_100_noise0.1_seed42.csv": Good("csv", 100, 2, "0 1", [50, 50]),
    "playground/circle_noise0_seed0.12345.csv": Good("csv", 500, 2, "-1 1"),
    "playground/gauss_noise0_seed0.12345.csv": Good("csv", 500, 2, "-1 1"),
    "playground/spiral_noise0_seed0.12345.csv": Good("csv", 500, 2, "-1 1"),
    "playground/xor_noise0_seed0.12345.csv": Good("csv", 500, 2, "-1 1"),
    "digits178/digits178_from_mnist.npz": Good("npz", 4500, 784, "1 7 8", None, (3000, 1500)),
    "tp4/tp4_data.pkl": Good("pickle", 10000, 10, "0 1 2 3", [2500] * 4),
    "mnist_lyon/mnist_light.pkl.gz": Good("pickle", 7000, 784, DIGITS, None, (6300, 700)),
    "mnist_idx": Good("idx", 70000, 784, DIGITS, np.add(MNIST_TRAIN, MNIST_TEST).tolist(), (60000, 10000)),
    "mnist_idx/train-images-idx3-ubyte.gz": Good("idx", 60000, 784, DIGITS, MNIST_TRAIN),
    "mnist_idx/t10k-images-idx3-ubyte.gz": Good("idx", 10000, 784, DIGITS, MNIST_TEST),
    "fashion_mnist": Good("idx", 70000, 784, DIGITS, [7000] * 10, (60000, 10000)),
    "fashion_mnist/train-images-idx3-ubyte.gz": Good("idx", 60000, 784, DIGITS, [6000] * 10),
    "fashion_mnist/t10k-images-idx3-ubyte.gz": Good("idx", 10000, 784, DIGITS, [1000] * 10),
    "cifar-10-batches-py": Good("cifar", 3000, 3072, ANIMALS, None, (2000, 1000)),
    "cifar-10-batches-py/data_batch_1": Good("pickle", 1000, 3072, ANIMALS),
    "cifar-10-batches-py/data_batch_2": Good("pickle", 1000, 3072, ANIMALS),
    "cifar-10-batches-py/test_batch": Good(
        "pickle", 1000, 3072, ANIMALS, [103, 89, 100, 103, 90, 86, 112, 102, 106, 109]
    ),
    "bad/gap_labels.csv": Good("csv", 4, 2, "1 7 8", [1, 2, 1]),
    "bad/iris_utf16.csv": IRIS,
    "bad/iris_fr_latin1_semicolon.csv": IRIS,
    "bad/breast-cancer-wisconsin.csv": Good("csv", 699, 9, "2 4"),
    "bad/horse-colic.csv": Good("csv", 300, 27, "1 2"),
    "bad/titanic.csv": Good("csv", 891, 8, "0 1", [549, 342]),
    "bad/airquality_semicolon_decimal_comma.csv": Good("csv", 299, 13, ""),
    "bad/march_madness_latin1.txt": Good("csv", 363, 31, ""),
    "bad/4d_x_onehot_y.npz": Good("npz", 5, 8, "0 1 2 3 4", [1] * 5),
    "bad/fixed_width_str_y.pkl": TP4._replace(classes="a b c d"),
    **{f"bad/{name}.pkl": TP4 for name in ("dict_xy", "onehot_y", "y_column")},
    **{f"bad/xy_tuple_protocol{p}.pkl": TP4 for p in range(6)},
    **{f"bad/xy_{made}.pkl": PAIR for made in ("py27np116_protocol2", "py311np126_protocol2", "py311np126_protocol5")},
}

BAD = {
    "bad/airquality_ragged_unquoted_decimal_comma.csv": ".csv:3: this row ends early",
    "bad/bad_crc_labels-idx1-ubyte.gz": "checksum does not match",
    "bad/empty.csv": "is empty",
    "bad/header_only.csv": "no row below it",
    "bad/length_mismatch.npz": "X has 4 rows, y has 3",
    "bad/nan_inf.csv": ".csv:3: 'x2' holds inf",
    "bad/not_gzip-idx1-ubyte.gz": "is not gzip",
    "bad/object_arrays.npz": "holds Python objects",
    "bad/one_class.csv": "the same label in all 20 rows",
    "bad/ragged.csv": ".csv:3: 2 values",
    "bad/truncated.npz": "cut short",
    "bad/truncated.pkl": "cut short",
    "bad/truncated_labels-idx1-ubyte.gz": "cut short",
    "bad/wrong_magic-idx3-ubyte.gz": "received 2052",
    "bad/evil_os_system.pkl": "asks for 'posix.system'",
    "bad/evil_builtins_exec.pkl": "asks for 'builtins.exec'",
    "cifar-10-batches-py/batches.meta": "holds 'label_names'",
    **{
        f"{folder}/{part}-labels-idx1-ubyte.gz": "holds labels only"
        for folder in ("mnist_idx", "fashion_mnist")
        for part in ("train", "t10k")
    },
}

# Whether a column of real numbers is refused or learnt is not said here.
OTHER = {"README.md", "playground/reg-plane_noise0_seed0.12345.csv"}


def at_hand(name: str) -> Path:
    path = Path(SHARED, name)
    if not path.exists():
        pytest.skip(f"{name} is not at hand")
    return path


def test_every_file_is_in_the_tables():
    files = {str(path.relative_to(SHARED)) for path in Path(SHARED).rglob("*") if path.is_file()}
    assert files <= GOOD.keys() | BAD.keys() | OTHER


@pytest.mark.parametrize("name", GOOD)
def test_what_is_read(name):
    path, good = at_hand(name), GOOD[name]
    data = load(path, **good.options)
    assert kind_of(path) == good.kind
    assert (data.n_samples, data.n_features, " ".join(data.class_names)) == (good.samples, good.features, good.classes)
    assert good.counts is None or data.class_counts.tolist() == good.counts
    assert tuple(map(len, data.parts.values())) == good.parts
    assert data.X.dtype == (np.uint8 if good.kind == "idx" or "cifar" in name else np.float64)
    assert data.shape == {784: (28, 28), 3072: (32, 32, 3)}.get(good.features) or data.X.dtype != np.uint8
    assert data.missing == np.count_nonzero(~np.isfinite(data.X))


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("titanic.csv", "columns 'Name', 'Sex', 'Ticket', 'Cabin', 'Embarked' hold text"),
        ("airquality_semicolon_decimal_comma.csv", "columns 'Date', 'Time' hold text"),
        ("march_madness_latin1.txt", "column 'School' holds text"),
    ],
)
def test_text_is_refused_where_it_shall_be(name, columns):
    with pytest.raises(DataError, match=columns):
        load(at_hand(f"bad/{name}"), text="refuse")


def test_titanic_without_a_word():
    data = load(at_hand("bad/titanic.csv"))
    assert data.feature_names == ("PassengerId", "Pclass", "Sex", "Age", "SibSp", "Parch", "Fare", "Embarked")
    assert data.categories == {2: ("female", "male"), 7: ("C", "Q", "S")}
    assert data.missing == 177 + 2
    assert data.guessed["target"] == "column Survived, by its name"
    assert data.guessed["one-hot"] == "'Sex' (2), 'Embarked' (3)"
    assert data.guessed["left out"] == "text: 'Name' (891), 'Ticket' (681), 'Cabin' (147) different"
    assert load(at_hand("bad/titanic.csv"), target="survived").y.tolist() == data.y.tolist()


@pytest.mark.parametrize("name", BAD)
def test_what_is_refused(name, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with pytest.raises(DataError) as caught:
        load(at_hand(name))
    assert BAD[name] in str(caught.value)
    assert str(caught.value).isprintable()
    assert not list(tmp_path.iterdir())  # where the evil ones would leave their mark
