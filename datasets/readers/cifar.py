"""CIFAR-10 and CIFAR-100 as they are handed out for Python: a folder of pickled batches, or one batch.

Format: https://www.cs.toronto.edu/~kriz/cifar.html. A batch is a dict: "data" (n, 3072) uint8, a row the red,
then the green, then the blue plane of a 32 x 32 image, and "labels", or "fine_labels" and "coarse_labels".
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..assemble import Part, assemble
from ..base import DataError, Dataset, one_line, quote, some_of
from .arrays import MAX_NAMES, with_class_names
from .pickled import as_array, as_text, load_plain
from .stand_ins import PickledArray, Refused

SIDE, CHANNELS = 32, 3
LABELS = ("fine", "coarse")
FOLDERS: Mapping[str, Mapping[str, str]] = {  # the file of class names -> the batches and their parts
    "batches.meta": {**{f"data_batch_{k}": "train" for k in range(1, 6)}, "test_batch": "test"},
    "meta": {"train": "train", "test": "test"},
}


def names_in(folder: Path) -> tuple[str, list[str]]:
    """(the file of class names, the batches) that a folder's files are named as; ("", []) if they are none."""
    for meta, batches in FOLDERS.items():
        present = [name for name in batches if os.path.isfile(folder / name)]
        # "train" and "test" are said of many a folder's files; with "meta" they are CIFAR-100's.
        if present and (meta == "batches.meta" or os.path.isfile(folder / meta)):
            return meta, present
    return "", []


def read_cifar(folder: Path, source: str, *, labels: str = "fine") -> Dataset:
    """Load a folder of batches: X (n, 32, 32, 3) uint8, parts "train" and "test". Raises DataError.

    Batches that are not there are told in `guessed`. labels: CIFAR-100's "fine" (100) or "coarse" (20).
    """
    if labels not in LABELS:
        raise DataError(f"labels: expected fine or coarse, received {quote(labels)}", source=source)
    meta, present = names_in(folder)
    expected = FOLDERS.get(meta, {})
    if not present:
        raise DataError("holds no batches of CIFAR: expected files such as data_batch_1", source=source)
    digests: list[str] = []
    parts: dict[str, list[tuple[NDArray[np.uint8], NDArray[Any]]]] = {}
    for name in present:
        place = str(Path(source) / name)
        content, digest = load_plain(folder / name, place)
        parts.setdefault(expected[name], []).append(_batch(content, place, labels))
        digests.append(digest)
    names = _class_names(folder, source, labels)
    guessed = {"batches": ", ".join(present)}
    if absent := [name for name in expected if name not in present]:
        guessed["batches"] += f"; not there: {some_of(absent)}"
    return _dataset(parts, source, hashlib.sha256(b"".join(map(bytes.fromhex, digests))).hexdigest(), guessed, names)


def is_batch(content: Any) -> bool:
    """Whether the content of a pickle is one batch."""
    if not isinstance(content, dict):
        return False
    planes = content.get("data")
    if not isinstance(planes, PickledArray):
        return False
    shape, kind = planes.form()
    has_labels = any(name in content for name in ("labels", "fine_labels"))
    return len(shape) == 2 and shape[1] == CHANNELS * SIDE * SIDE and kind == "u" and has_labels


def dataset_of_batch(content: Any, path: Path, source: str, digest: str) -> Dataset:
    """The Dataset of one batch; the classes' names come from the file beside it. Raises DataError or Refused."""
    batch = _batch(content, source, "fine")
    guessed = {"form": "one batch of CIFAR"}
    return _dataset({"": [batch]}, source, digest, guessed, _class_names(path.parent, source, "fine"))


def _batch(content: Any, source: str, labels: str) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """(planes (n, 3, 32, 32), labels (n,)) of one batch. Raises DataError."""
    if not is_batch(content):
        raise DataError('is no batch of CIFAR: expected a dict with "data" (n, 3072) and "labels"', source=source)
    key = "labels" if "labels" in content else f"{labels}_labels"
    try:
        planes, y = as_array(content["data"]), as_array(content.get(key, []))
    except Refused as refused:
        raise DataError(str(refused), source=source) from None
    if planes.dtype != np.uint8 or y.shape != (len(planes),):
        raise DataError(
            f"is no whole batch of CIFAR: {len(planes):,} images of {planes.dtype}, {quote(key)} of shape {y.shape}",
            source=source,
        )
    return planes.reshape(-1, CHANNELS, SIDE, SIDE), y


def _class_names(folder: Path, source: str, labels: str) -> list[str]:
    """The names of the classes in order; [] without the file that holds them. Raises DataError if it is bad."""
    for meta in FOLDERS:
        path = folder / meta
        if os.path.isfile(path):
            content, _ = load_plain(path, one_line(str(path)))
            content = content if isinstance(content, dict) else {}
            names = content.get("label_names", content.get(f"{labels}_label_names"))
            if isinstance(names, list) and all(isinstance(name, str) for name in names[:MAX_NAMES]):
                return [as_text(name) for name in names[:MAX_NAMES]]
    return []


def _dataset(
    parts: dict[str, list[tuple[NDArray[np.uint8], NDArray[Any]]]],
    source: str,
    digest: str,
    guessed: dict[str, str],
    names: list[str],
) -> Dataset:
    n = sum(len(planes) for batches in parts.values() for planes, _ in batches)
    if not n:
        raise DataError("holds no image", source=source)
    X = np.empty((n, SIDE, SIDE, CHANNELS), dtype=np.uint8)
    y = np.concatenate([labels for batches in parts.values() for _, labels in batches])
    ranges: dict[str, range] = {}
    start = 0
    for part, batches in parts.items():
        first = start
        while batches:
            planes, _ = batches.pop(0)  # let go of, once it is copied
            X[start : start + len(planes)] = np.moveaxis(planes, 1, -1)
            start += len(planes)
        ranges[part] = range(first, start)
    data = assemble({"": Part(X, y)}, source=source, sha256=digest, task="classification", guessed=guessed)
    return with_class_names(replace(data, parts=ranges if len(ranges) > 1 else {}), names)
