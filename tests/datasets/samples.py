"""Small good files of every kind, to be damaged."""

import contextlib
import gzip
import io
import json
import pickle
import struct
from collections.abc import Callable
from functools import cache

import numpy as np

X = np.arange(24.0).reshape(8, 3)
Y = np.array([0, 1, 1, 0, 2, 2, 1, 0])
IMAGES = np.arange(8 * 3072, dtype=np.uint32).reshape(8, 3072).astype(np.uint8)


def npz(save: Callable[..., None], **arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def idx(array: np.ndarray, kind: int = 8) -> bytes:
    return struct.pack(f">{1 + array.ndim}I", kind << 8 | array.ndim, *array.shape) + array.tobytes()


def safetensors() -> bytes:
    entries = {
        "X": {"dtype": "F64", "shape": X.shape, "data_offsets": [0, X.nbytes]},
        "y": {"dtype": "I64", "shape": Y.shape, "data_offsets": [X.nbytes, X.nbytes + Y.nbytes]},
    }
    text = json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text + X.tobytes() + Y.tobytes()


def mat(pack: bool) -> bytes:
    from scipy.io import savemat

    file = io.BytesIO()
    savemat(file, {"X": X, "y": Y[:, None] + 1, "about": {"who": "me"}, "s": np.array(["ab"])}, do_compression=pack)
    return file.getvalue()


def table(separator: str = ",", decimal: str = ".") -> str:
    rows = [[str(v).replace(".", decimal) for v in row] + ["abç"[k]] for row, k in zip(X.tolist(), Y, strict=True)]
    return "\n".join(separator.join(row) for row in [["u", "v", "w", "class"], *rows]) + "\n"


@cache
def samples() -> dict[str, tuple[str, bytes]]:
    """{name: (file name, bytes)}."""
    batch = {"batch_label": "b", "data": IMAGES, "labels": Y.tolist()}
    made = {
        "csv": ("a.csv", table().encode()),
        "csv quoted": ("a.csv", table().replace("a\n", '"a"\r\n').encode()),
        "csv semicolons": ("a.txt", table(";", ",").encode("cp1252")),
        "csv utf-16": ("a.csv", table("\t").encode("utf-16")),
        "csv packed": ("a.csv.gz", gzip.compress(table().encode(), mtime=0)),
        "npz": ("a.npz", npz(np.savez, X=X, y=Y)),
        "npz packed": ("a.npz", npz(np.savez_compressed, x_train=X, y_train=Y, x_test=X[:3], y_test=Y[:3])),
        "npz text": ("a.npz", npz(np.savez, images=IMAGES.reshape(8, 3, 32, 32), labels=np.array(["a", "b", "é"])[Y])),
        "npy": ("a.npy", npy(np.column_stack([X, Y]))),
        **{f"pickle {p}": ("a.pkl", pickle.dumps((X, Y), p)) for p in range(6)},
        "pickle packed": ("a.pkl.gz", gzip.compress(pickle.dumps(((X, np.eye(3)[Y]), (X, np.eye(3)[Y]))), mtime=0)),
        "pickle lists": ("a.pkl", pickle.dumps({"data": X.tolist(), "target": list("abbaccba"), "names": {"u", "v"}})),
        "pickle scalars": ("a.pkl", pickle.dumps({"X": list(X), "y": Y, "k": np.float64(3), "d": {1: b"x"}}, 2)),
        "cifar": ("data_batch_1", pickle.dumps(batch, 2)),
        "idx": ("a-images-idx3-ubyte", idx(IMAGES[:, :20].reshape(8, 4, 5))),
        "idx packed": ("a-images-idx3-ubyte.gz", gzip.compress(idx(IMAGES[:, :20].reshape(8, 4, 5)), mtime=0)),
        "idx floats": ("a-images", idx(X.astype(">f4"), 13)),
        "safetensors": ("a.safetensors", safetensors()),
    }
    with contextlib.suppress(ImportError):
        made |= {"mat": ("a.mat", mat(False)), "mat packed": ("a.mat", mat(True))}
    return made


LABELS = idx(Y.astype(np.uint8))
"""The labels file that stands beside the images."""
