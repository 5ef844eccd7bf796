"""What reading takes: never much more than the array it gives. benchmarks/data.py measures larger files, and tables."""

import gc
import gzip
import io
import pickle
import struct
import tracemalloc

import numpy as np
import pytest

from datasets import load

ROWS, FEATURES = 2000, 400
NUMBERS = np.random.RandomState(0).rand(ROWS, FEATURES)
PIXELS = np.random.RandomState(0).randint(0, 256, (10_000, 28, 28)).astype(np.uint8)
Y = np.arange(ROWS) % 3
LIMIT = 2.2  # times the array


def saved(save, *arrays, **named):
    file = io.BytesIO()
    save(file, *arrays, **named)
    return file.getvalue()


def matlab(pack):
    io_of_scipy = pytest.importorskip("scipy.io")
    return saved(lambda f, **arrays: io_of_scipy.savemat(f, arrays, do_compression=pack), X=NUMBERS, y=Y[:, None])


def tensors():
    header = (
        f'{{"X":{{"dtype":"F64","shape":[{ROWS},{FEATURES}],"data_offsets":[0,{NUMBERS.nbytes}]}},'
        f'"y":{{"dtype":"I64","shape":[{ROWS}],"data_offsets":[{NUMBERS.nbytes},{NUMBERS.nbytes + Y.nbytes}]}}}}'
    ).encode()
    return struct.pack("<Q", len(header)) + header + NUMBERS.tobytes() + Y.tobytes()


FILES = {
    "npz": ("a.npz", lambda: saved(np.savez, X=NUMBERS, y=Y)),
    "npz packed": ("a.npz", lambda: saved(np.savez_compressed, X=NUMBERS, y=Y)),
    "npz float32": ("a.npz", lambda: saved(np.savez, X=NUMBERS.astype(np.float32), y=Y)),
    "npz pixels": ("a.npz", lambda: saved(np.savez, X=PIXELS, y=np.arange(len(PIXELS)) % 3)),
    "npz of parts": ("a.npz", lambda: saved(np.savez, x=NUMBERS[:500], y=Y[:500], xt=NUMBERS[500:], yt=Y[500:])),
    "npz channels first": (
        "a.npz",
        lambda: saved(np.savez, X=PIXELS[:9999].reshape(3333, 3, 28, 28), y=np.arange(3333) % 3),
    ),
    "npy": ("a.npy", lambda: saved(np.save, np.column_stack([NUMBERS, Y]))),
    **{f"pickle {p}": ("a.pkl", lambda p=p: pickle.dumps((NUMBERS, Y), p)) for p in (3, 4, 5)},
    "safetensors": ("a.safetensors", tensors),
    "mat v7": ("a.mat", lambda: matlab(True)),
    "mat v6": ("a.mat", lambda: matlab(False)),
}


def times_the_array(path):
    load(path)  # what is imported and cached on first use is no part of it
    gc.collect()
    gc.disable()  # memory that only the collector would find counts
    tracemalloc.start()
    try:
        data = load(path)
        return tracemalloc.get_traced_memory()[1] / data.X.nbytes
    finally:
        tracemalloc.stop()
        gc.enable()


@pytest.mark.parametrize("name", FILES)
def test_memory_is_bounded(tmp_path, name):
    file, content = FILES[name]
    path = tmp_path / file
    path.write_bytes(content())
    assert times_the_array(path) < LIMIT


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_images_are_held_once(tmp_path, pack):
    suffix = "" if pack is bytes else ".gz"
    labels = struct.pack(">2I", 2049, len(PIXELS)) + (np.arange(len(PIXELS)) % 3).astype(np.uint8).tobytes()
    (tmp_path / f"a-images-idx3-ubyte{suffix}").write_bytes(
        pack(struct.pack(">4I", 2051, *PIXELS.shape) + PIXELS.tobytes())
    )
    (tmp_path / f"a-labels-idx1-ubyte{suffix}").write_bytes(pack(labels))
    assert times_the_array(tmp_path) < 1.3
