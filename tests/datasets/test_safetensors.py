"""safetensors, as the library of that name writes them and as nobody should."""

import json
import struct

import numpy as np
import pytest

from datasets import DataError, kind_of, load

X = np.random.RandomState(0).rand(20, 3).astype(np.float32)
y = np.arange(20) % 4


def craft(path, header, values=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + values)
    return path


def refusal(path):
    with pytest.raises(DataError) as caught:
        load(path)
    assert str(caught.value).isprintable()
    return str(caught.value)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "u1", "i2", "i4", "i8", "u8", "bool"])
def test_files_of_the_library(tmp_path, dtype):
    library = pytest.importorskip("safetensors.numpy")
    path = tmp_path / "a.safetensors"
    table = (X * 100).astype(dtype)
    library.save_file({"X_train": table, "y_train": y, "X_test": table[:8], "y_test": y[:8]}, path, {"by": "me"})
    data = load(path)
    assert kind_of(path) == "safetensors"
    assert data.parts == {"train": range(20), "test": range(20, 28)}
    np.testing.assert_array_equal(data.X[:20], table.astype(float))
    library.save_file({"images": (X * 100).astype("u1").reshape(20, 3, 1), "labels": y}, path)
    assert load(path).X.dtype == np.uint8


def test_bfloat16_is_widened(tmp_path):
    values = np.array([[1.0, -2.5], [0.15625, 3.0]], dtype=np.float32)
    half = (values.view(np.uint32) >> 16).astype("<u2")
    entries = {
        "X": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]},
        "y": {"dtype": "U8", "shape": [2], "data_offsets": [8, 10]},
    }
    assert load(craft(tmp_path / "a.safetensors", entries, half.tobytes() + b"\0\1")).X.tolist() == values.tolist()


def entry(**changes):
    return {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16], **changes}


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (b"{ ", "is not JSON"),
        (b'{"X": 1, "X": 2}', "a name twice"),
        (b"[" * 50_000, "is not JSON"),
        (b'{"X":' + b"[" * 50_000, "is not JSON"),
        (b'{"X": {"dtype": "F32", "shape": [' + b"9" * 5000 + b'], "data_offsets": [0, 16]}}', "is not JSON"),
        ({"X": 5}, "tensor 'X' is damaged: expected dtype, shape and data_offsets"),
        ({"X": {}}, "tensor 'X' is damaged"),
        ({"X": entry(data_offsets=[0])}, "tensor 'X' is damaged"),
        ({"X": entry(data_offsets=[16, 0])}, "tensor 'X' is cut short or damaged"),
        ({"X": entry(data_offsets=[0, 1 << 50])}, "its header promises bytes 0 to 1,125,899,906,842,624, 16 follow"),
        ({"X": entry(shape=[1 << 30, 1 << 30])}, "its header promises shape (1073741824, 1073741824)"),
        ({"X": entry(shape=[1 << 62])}, "impossible shape"),
        ({"X": entry(shape=[-2, -2])}, "its type, shape or place is none"),
        ({"X": entry(shape=[True, 2])}, "its type, shape or place is none"),
        ({"X": entry(shape=[1.5])}, "its type, shape or place is none"),
        ({"X": entry(shape="ab")}, "its type, shape or place is none"),
        ({"X": entry(shape=[1, 2])}, "16 bytes for shape (1, 2)"),
        ({"X": entry(dtype="F8_E4M3")}, "holds values of type 'F8_E4M3'"),
        ({"X": entry(dtype=[])}, "its type, shape or place is none"),
        ({"\x1b]0;x\x07": entry()}, r"holds '\x1b]0;x\x07'"),
        ({}, "holds no arrays"),
        ({"fc.weight": entry(), "fc.bias": entry(shape=[4])}, "expected pairs named X and y"),
    ],
)
def test_crafted_headers_are_refused_in_words(tmp_path, header, words):
    assert words in refusal(craft(tmp_path / "a.safetensors", header, bytes(16)))


def test_lengths_that_claim_terabytes(tmp_path):
    path = tmp_path / "a.safetensors"
    for length in (1 << 20, 1 << 26, 1 << 40, (1 << 64) - 1):
        path.write_bytes(struct.pack("<Q", length) + b'{"X": 1}' + bytes(100))
        assert f"damaged: its header claims {length:,} bytes of 116" in refusal(path)
