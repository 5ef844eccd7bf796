"""Which array is X, which y, and for which part: by name, else by shape."""

import pickle

import numpy as np
import pytest

from datasets import DataError, load
from datasets.readers.named import Form, choose, role_of

X = np.arange(60.0).reshape(20, 3)
y = np.arange(20) % 2


def npz(tmp_path, *unnamed, **named):
    path = tmp_path / "a.npz"
    np.savez(path, *unnamed, **named)
    return path


@pytest.mark.parametrize(
    ("name", "role", "part"),
    [
        *((name, "X", "") for name in ("X", "x", "xs", "data", "images", "features", "inputs", "X_all", "x_orig")),
        *((name, "y", "") for name in ("y", "Y", "labels", "label", "target", "targets", "t", "classes", "outputs")),
        *(
            (name, "X", "train")
            for name in ("x_train", "X_train", "trainX", "xtrain", "Xtrain", "XTrain", "X_TRAIN", "train-images", "xtr")
        ),
        *(
            (name, "y", "test")
            for name in ("yt", "y_test", "testY", "ytest", "test.labels", "labels_test", "test_targets", "t_test")
        ),
        *((name, "X", "validation") for name in ("xv", "x_val", "X_valid", "valX", "X_dev", "val_images")),
        *((name, "X", "test") for name in ("xt", "x_t", "Xte", "X_tst", "test_data", "data_test", "test_set_x_orig")),
        *((name, "y", "train") for name in ("train_set_y", "ytrain", "y_tr", "train labels", "t_train")),
        *((name, "", "") for name in ("names", "x1", "arr_0", "batch_label", "X_y", "DESCR", "train", "é", "", "w")),
    ],
)
def test_what_a_name_says(name, role, part):
    assert role_of(name)[:2] == (role, part)


@pytest.mark.parametrize("part", ["val", "valid", "validation", "dev"])
def test_validation_parts_by_any_name(tmp_path, part):
    arrays = {f"{role}_{word}": a for word in ("test", part, "train") for role, a in (("x", X), ("y", y))}
    assert load(npz(tmp_path, **arrays)).parts == {
        "train": range(20),
        "validation": range(20, 40),
        "test": range(40, 60),
    }


def test_two_arrays_of_any_names_and_four_without(tmp_path):
    data = load(npz(tmp_path, X, y))
    assert data.X.tolist() == X.tolist()
    assert data.guessed == {
        "X and y": "told by their shapes",
        "X": "arr_0",
        "y": "arr_1",
        "task": "classification: 2 whole numbers",
    }
    for arrays in ((X, y, X[:5], y[:5]), (X[:5], X, y[:5], y), (X, y[:, None], X[:5], y[:5, None])):
        data = load(npz(tmp_path, *arrays))
        assert data.parts == {"train": range(20), "test": range(20, 25)}
        assert data.y.tolist() == [*y.tolist(), *y[:5].tolist()]


@pytest.mark.parametrize("arrays", [(X, X), (X, y, y), (X, y, X, y), (y, y), (X,), (X, y[:5])])
def test_what_may_be_read_in_two_ways_is_refused(tmp_path, arrays):
    with pytest.raises(DataError, match="expected pairs named X and y"):
        load(npz(tmp_path, *arrays))


def test_the_plainer_of_two_names_and_what_is_not_used(tmp_path):
    data = load(npz(tmp_path, features=X + 1, X=X, label=1 - y, y=y, seed=np.array(3)))
    assert data.X.tolist() == X.tolist()
    assert data.y.tolist() == y.tolist()
    assert data.guessed == {
        "X": "X",
        "y": "y",
        "not used": "'features', 'label', 'seed'",
        "task": "classification: 2 whole numbers",
    }


def test_names_of_classes_and_features(tmp_path):
    names, columns = np.array(["no", "yes"]), np.array(["a", "b", "c"])
    content = {"data": X, "target": y, "target_names": names, "feature_names": columns, "DESCR": "words", "frame": None}
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps({**content, "feature_names": columns.tolist()}))
    for source in (npz(tmp_path, data=X, target=y + 1, target_names=names, feature_names=columns), path):
        data = load(source)
        assert data.class_names == ("no", "yes")
        assert data.feature_names == ("a", "b", "c")
        assert "not used" not in data.guessed
    data = load(npz(tmp_path, X=X, y=y, label_names=np.array(["same", "same"]), feature_names=columns[:2]))
    assert data.class_names == ("0", "1")
    assert data.feature_names == ("x0", "x1", "x2")


@pytest.mark.parametrize("channels", [1, 3])
def test_channels_first_are_turned_to_last(tmp_path, channels):
    images = np.random.RandomState(0).randint(0, 256, (20, channels, 8, 6)).astype(np.uint8)
    data = load(npz(tmp_path, X=images, y=y))
    expected = images[:, 0] if channels == 1 else images.transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(data.X, expected)
    assert data.X.dtype == np.uint8
    assert "turned to last" in data.guessed["channels"]


@pytest.mark.parametrize("shape", [(20, 8, 6), (20, 8, 6, 3), (20, 8, 6, 1), (20, 3, 8, 3), (20, 2, 2, 2)])
def test_other_images_keep_their_shape(tmp_path, shape):
    data = load(npz(tmp_path, X=np.arange(np.prod(shape)).reshape(shape) % 250, y=y))
    assert data.shape == shape[1:]
    assert "channels" not in data.guessed


@pytest.mark.parametrize("labels", [y, y[:, None], y[None], np.eye(2)[y].T])
def test_samples_that_stand_last_are_turned_to_the_front(tmp_path, labels):
    data = load(npz(tmp_path, X=X.T, y=labels))
    assert data.X.tolist() == X.tolist()
    assert data.y.tolist() == y.tolist()
    assert "turned" in data.guessed["axes"]


def test_labels_in_a_row(tmp_path):
    data = load(npz(tmp_path, X=X, y=y[None]))
    assert data.X.tolist() == X.tolist()
    assert data.y.tolist() == y.tolist()


def test_names_from_a_file_are_shown_literally(tmp_path):
    with pytest.raises(DataError) as caught:
        choose({"a\x1b]0;title\x07": Form((3, 2), "f"), "[red]b": Form((3, 2), "f")}, "f\x1b[2J.npz")
    assert str(caught.value).isprintable()
    assert r"a\x1b]0;title\x07" in str(caught.value)
    assert "[red]b" in str(caught.value)
    path = tmp_path / "a.npz"
    np.savez(path, **{"o\x1b[31m": X, "p\n": y, "q\x07": X[:1, 0]})
    with pytest.raises(DataError):
        load(path)
    np.savez(path, **{"o\x1b[31m": X, "p\n": y})
    data = load(path)
    assert data.guessed["X"] == r"o\x1b[31m"
    assert data.guessed["y"] == r"p\n"
    np.savez(
        path, X=X, y=y, class_names=np.array(["\x1b[31mred", "[b]old"]), feature_names=np.array(["\n", "[u]", "c"])
    )
    data = load(path)
    assert data.class_names == (r"\x1b[31mred", "[b]old")
    assert data.feature_names == (r"\n", "[u]", "c")
