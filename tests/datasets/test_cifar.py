"""CIFAR's batches: a folder of them, and one alone."""

import hashlib
import os
import pickle

import numpy as np
import pytest

from datasets import DataError, kind_of, load

PLANES = np.random.RandomState(0).randint(0, 256, (12, 3072)).astype(np.uint8)
LABELS = [k % 3 for k in range(12)]


def batch(path, planes=PLANES, protocol=2, **labels):
    path.write_bytes(pickle.dumps({"batch_label": "b", "data": planes, **(labels or {"labels": LABELS})}, protocol))


def cifar10(folder, names=("data_batch_1", "data_batch_2", "test_batch")):
    for k, name in enumerate(names):
        batch(folder / name, PLANES + np.uint8(k), protocol=k)
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": ["plane", "car", "\x1b[1mbird"]}))
    return folder


def refusal(source, **options):
    with pytest.raises(DataError) as caught:
        load(source, **options)
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_a_folder_of_batches(tmp_path):
    data = load(cifar10(tmp_path))
    assert kind_of(tmp_path) == "cifar"
    assert data.X.shape == (36, 32, 32, 3)
    assert data.X.dtype == np.uint8
    assert data.parts == {"train": range(24), "test": range(24, 36)}
    assert data.class_names == ("plane", "car", r"\x1b[1mbird")
    # Red first, row by row.
    assert data.X[0, 0, :5, 0].tolist() == PLANES[0, :5].tolist()
    assert data.X[1, 1, 0].tolist() == [PLANES[1, 32], PLANES[1, 1024 + 32], PLANES[1, 2048 + 32]]
    assert data.X[24].tolist() == (PLANES + np.uint8(2))[0].reshape(3, 32, 32).transpose(1, 2, 0).tolist()
    assert data.guessed["batches"] == (
        "data_batch_1, data_batch_2, test_batch; not there: 'data_batch_3', 'data_batch_4', 'data_batch_5'"
    )
    digests = [hashlib.sha256((tmp_path / n).read_bytes()) for n in ("data_batch_1", "data_batch_2", "test_batch")]
    assert data.sha256 == hashlib.sha256(b"".join(d.digest() for d in digests)).hexdigest()


def test_all_batches_and_one_alone(tmp_path):
    data = load(cifar10(tmp_path, [*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"]))
    assert "not there" not in data.guessed["batches"]
    alone = load(tmp_path / "data_batch_1")
    assert alone.parts == {}
    assert alone.class_names == data.class_names
    assert (data.X[:12] == alone.X).all()
    (tmp_path / "batches.meta").unlink()
    assert load(tmp_path / "data_batch_1").class_names == ("0", "1", "2")
    assert load(tmp_path).class_names == ("0", "1", "2")


def test_the_fine_and_the_coarse_labels_of_cifar_100(tmp_path):
    for name in ("train", "test"):
        batch(tmp_path / name, fine_labels=LABELS, coarse_labels=[k % 2 for k in range(12)])
    names = {"fine_label_names": ["a", "b", "c"], "coarse_label_names": ["u", "v"]}
    (tmp_path / "meta").write_bytes(pickle.dumps(names))
    assert kind_of(tmp_path) == "cifar"
    data = load(tmp_path)
    assert data.parts == {"train": range(12), "test": range(12, 24)}
    assert data.class_names == ("a", "b", "c")
    assert load(tmp_path, labels="coarse").class_names == ("u", "v")
    assert "labels: expected fine or coarse" in refusal(tmp_path, labels="rough")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"data": PLANES}, "is no batch of CIFAR"),
        ({"data": PLANES[:, :10], "labels": LABELS}, "is no batch of CIFAR"),
        ({"data": PLANES.astype(np.uint16), "labels": LABELS}, "12 images of uint16"),
        ({"data": PLANES, "labels": LABELS[:5]}, "'labels' of shape (5,)"),
        ({"data": PLANES, "labels": ["a"] * 11 + [3]}, "a list of other things than numbers"),
        ({"data": PLANES.tolist(), "labels": LABELS}, "is no batch of CIFAR"),
        ([1, 2], "is no batch of CIFAR"),
    ],
)
def test_batches_that_are_none(tmp_path, content, words):
    cifar10(tmp_path)
    (tmp_path / "data_batch_2").write_bytes(pickle.dumps(content))
    message = refusal(tmp_path)
    assert words in message
    assert "data_batch_2: " in message


def test_a_batch_that_calls_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "marker"),)

    cifar10(tmp_path)
    for name in ("data_batch_2", "batches.meta"):
        kept = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(pickle.dumps({"data": PLANES, "labels": LABELS, "more": [[Evil()]]}))
        assert "refused: it asks for" in refusal(tmp_path)
        (tmp_path / name).write_bytes(kept)
    assert not (tmp_path / "marker").exists()


def test_odd_names_of_classes_are_left_alone(tmp_path):
    cifar10(tmp_path)
    for names in (["one"], ["a", "a", "a"], 5, [1, 2, 3]):
        (tmp_path / "batches.meta").write_bytes(pickle.dumps({"label_names": names}))
        assert load(tmp_path).class_names == ("0", "1", "2")
