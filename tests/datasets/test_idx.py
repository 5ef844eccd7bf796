"""IDX: MNIST's own format, alone or in a folder."""

import gzip
import hashlib
import struct

import numpy as np
import pytest

from datasets import DataError, kind_of, load

RNG = np.random.RandomState(0)
IMAGES = RNG.randint(0, 256, (30, 4, 3)).astype(np.uint8)
LABELS = (np.arange(30) % 3).astype(np.uint8)


def idx(values, magic=None):
    magic = 2048 + values.ndim if magic is None else magic
    return struct.pack(f">{1 + values.ndim}I", magic, *values.shape) + values.tobytes()


def write(folder, prefix, images=IMAGES, labels=LABELS, pack=gzip.compress, suffix=".gz", dot="-"):
    (folder / f"{prefix}-images{dot}idx3-ubyte{suffix}").write_bytes(pack(idx(images)))
    (folder / f"{prefix}-labels{dot}idx1-ubyte{suffix}").write_bytes(pack(idx(labels)))


def plain(data):
    return data


def refusal(path):
    with pytest.raises(DataError) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(("pack", "suffix"), [(gzip.compress, ".gz"), (plain, "")])
@pytest.mark.parametrize("dot", ["-", "."])
def test_a_folder_with_train_and_test(tmp_path, pack, suffix, dot):
    write(tmp_path, "t10k", IMAGES[:6], LABELS[:6], pack, suffix, dot)
    write(tmp_path, "train", pack=pack, suffix=suffix, dot=dot)
    data = load(tmp_path)
    assert data.parts == {"train": range(30), "test": range(30, 36)}
    assert data.X.dtype == np.uint8
    assert (np.concatenate([IMAGES, IMAGES[:6]]) == data.X).all()
    assert (data.y == np.concatenate([LABELS, LABELS[:6]])).all()
    assert data.shape == (4, 3)
    assert data.n_features == 12
    assert kind_of(tmp_path) == "idx"
    names = [
        f"{part}-{what}{dot}{n}-ubyte{suffix}"
        for part in ("train", "t10k")
        for what, n in (("images", "idx3"), ("labels", "idx1"))
    ]
    digests = b"".join(hashlib.sha256((tmp_path / name).read_bytes()).digest() for name in names)
    assert data.sha256 == hashlib.sha256(digests).hexdigest()


def test_an_images_file_finds_its_labels(tmp_path):
    write(tmp_path, "train")
    write(tmp_path, "t10k", IMAGES[:6], LABELS[:6], plain, "")
    data = load(tmp_path / "t10k-images-idx3-ubyte")
    assert data.n_samples == 6
    assert data.parts == {}
    assert data.sha256 == hashlib.sha256((tmp_path / "t10k-images-idx3-ubyte").read_bytes()).hexdigest()


def test_one_pair_under_any_names_and_the_same_twice(tmp_path):
    (tmp_path / "pictures.idx3-ubyte").write_bytes(idx(IMAGES))
    (tmp_path / "answers.idx1-ubyte").write_bytes(idx(LABELS))
    assert load(tmp_path).n_samples == 30
    twice = tmp_path / "twice"
    twice.mkdir()
    write(twice, "train")
    write(twice, "train", pack=plain, suffix="")
    assert load(twice).n_samples == 30


def damaged(data, change):
    return change(bytearray(data))


def wrong_crc(data):
    data[-8] ^= 1
    return data


@pytest.mark.parametrize("which", ["images-idx3", "labels-idx1"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data[: len(data) // 2], "cut short"),
        (lambda data: data[:-9], "cut short"),
        (wrong_crc, "checksum"),
        (lambda data: gzip.decompress(data), "is not gzip"),
        (lambda data: gzip.compress(gzip.decompress(data)[:-5]), "cut short"),
        (lambda data: gzip.compress(gzip.decompress(data) + b"more"), "holds more than its header promises"),
        (lambda data: gzip.compress(b"\0\0\x08\x04" + gzip.decompress(data)[4:]), "received 2052"),
        (lambda data: gzip.compress(gzip.decompress(data)[:6]), "within its header"),
        (lambda data: gzip.compress(b""), "less than four bytes"),
        (lambda data: b"", "is empty"),
    ],
)
def test_damage_is_told_in_words_and_by_file(tmp_path, which, change, words):
    write(tmp_path, "train")
    path = tmp_path / f"train-{which}-ubyte.gz"
    path.write_bytes(change(bytearray(path.read_bytes())))
    for named in (tmp_path, tmp_path / "train-images-idx3-ubyte.gz"):
        message = refusal(named)
        assert words in message
        assert path.name in message
    assert words in refusal(path)


def test_a_header_that_claims_terabytes_is_refused(tmp_path):
    write(tmp_path, "train", suffix="", pack=plain)
    path = tmp_path / "train-images-idx3-ubyte"
    header = struct.pack(">4I", 2051, 2**31, 2**15, 2**15)
    for data in (header, gzip.compress(header)):
        path.write_bytes(data)
        for named in (path, tmp_path):
            assert "train-images-idx3-ubyte: is cut short or damaged: its header promises 2,305," in refusal(named)


def test_what_does_not_belong_together(tmp_path):
    write(tmp_path, "train", labels=LABELS[:-1])
    assert "holds 30 images, train-labels-idx1-ubyte.gz holds 29 labels" in refusal(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").unlink()
    assert "no labels file for" in refusal(tmp_path)
    assert "expected one named 'train-labels-idx1-ubyte.gz'" in refusal(tmp_path / "train-images-idx3-ubyte.gz")


def test_labels_alone_and_folders_without_data(tmp_path):
    assert "holds no data this program reads" in refusal(tmp_path)
    assert kind_of(tmp_path) == ""
    write(tmp_path, "train")
    assert "holds labels only" in refusal(tmp_path / "train-labels-idx1-ubyte.gz")
    write(tmp_path, "extra")
    assert "holds 2 pairs of images and labels" in refusal(tmp_path)


@pytest.mark.parametrize(("code", "dtype"), [(8, "u1"), (9, "i1"), (11, ">i2"), (12, ">i4"), (13, ">f4"), (14, ">f8")])
@pytest.mark.parametrize("shape", [(30, 12), (30, 4, 3), (30, 4, 3, 1)])
@pytest.mark.parametrize("labels", [LABELS, LABELS.astype(">i4")])
def test_every_type_and_number_of_axes(tmp_path, code, dtype, shape, labels):
    values = (IMAGES % 100).reshape(shape).astype(dtype)
    (tmp_path / f"a-images-idx{len(shape)}").write_bytes(idx(values, code << 8 | len(shape)))
    kind = 12 if labels.dtype.itemsize == 4 else 8
    (tmp_path / "a-labels-idx1").write_bytes(idx(labels, kind << 8 | 1))
    for source in (tmp_path, tmp_path / f"a-images-idx{len(shape)}"):
        data = load(source)
        np.testing.assert_array_equal(data.X, values.astype(float))
        assert data.X.dtype == (np.uint8 if code == 8 and len(shape) > 2 else np.float64)
        assert data.y.tolist() == LABELS.tolist()
        assert kind_of(tmp_path / f"a-images-idx{len(shape)}") == "idx"


def test_parts_of_different_types_become_numbers(tmp_path):
    write(tmp_path, "train", pack=plain, suffix="")
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx((IMAGES / 2).astype(">f4"), 0x0D03))
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx(LABELS))
    data = load(tmp_path)
    assert data.parts == {"train": range(30), "test": range(30, 60)}
    np.testing.assert_array_equal(data.X, np.concatenate([IMAGES, IMAGES / 2]))


def test_names_of_files_are_shown_literally(tmp_path):
    write(tmp_path, "a\x1b]0;x\x07[red]")
    data = load(tmp_path)
    assert data.guessed["files"].startswith(r"a\x1b]0;x\x07[red]-images")
    (tmp_path / "a\x1b]0;x\x07[red]-labels-idx1-ubyte.gz").write_bytes(b"")
    assert r"a\x1b]0;x\x07[red]-labels-idx1-ubyte.gz: is empty" in refusal(tmp_path)
