"""The data that a spec names: a generated set, a file or a folder, or the few numbers that a sheet writes down."""

import os
from dataclasses import replace

import numpy as np

from datasets import Dataset, load
from datasets.base import array_sha256
from tui.lab.errors import LabError
from tui.lab.spec import SHEET_SOURCES, Spec, is_absent_images


def load_data(spec: Spec) -> Dataset:
    """The data set that the spec names, with the classes that it asks for.

    Raises DataError, or LabError where it is nowhere yet or lacks a class.
    """
    source = spec.data.source
    if is_absent_images(source):
        raise LabError(f"{source}: the files are not here: name their folder with --data FOLDER, or open it with o")
    dataset = neuron(source) if source in SHEET_SOURCES else load(os.path.expanduser(source), **spec.data.options)
    names = [name.strip() for name in spec.data.classes.split(",") if name.strip()]
    return only_classes(dataset, names) if names and dataset.task == "classification" else dataset


def neuron(source: str) -> Dataset:
    """The one sample of the micrograd sheet: x = (0.888, 0.777), target 1."""
    X, y = np.array([[0.888, 0.777]]), np.array([1], dtype=np.int64)
    return Dataset(X, y, ("x1", "x2"), ("0", "1"), source, array_sha256(X, y))


def only_classes(dataset: Dataset, names: list[str]) -> Dataset:
    """The samples of these classes, renamed 0, 1, 2, ... in this order; given parts stay apart.

    Raises LabError for a class that the data does not have, and for fewer than two.
    """
    if absent := [name for name in names if name not in dataset.class_names]:
        has = ", ".join(dataset.class_names[:20])
        raise LabError(f"data.classes: {dataset.source} has no class {absent[0]}: its classes are {has}")
    if len(set(names)) < max(2, len(names)):
        raise LabError(f"data.classes: expected two or more different labels, received {', '.join(names)}")
    new = np.full(dataset.n_classes, -1, dtype=np.int64)
    new[[dataset.class_names.index(name) for name in names]] = np.arange(len(names))
    y = new[dataset.y]
    kept = y >= 0
    before = np.concatenate([[0], np.cumsum(kept)])
    parts = {part: range(int(before[rows.start]), int(before[rows.stop])) for part, rows in dataset.parts.items()}
    return replace(dataset, X=dataset.X[kept], y=y[kept], class_names=tuple(names), parts=parts)
