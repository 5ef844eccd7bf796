"""The data that a spec names: generated, published, a file or a folder, or the few numbers a sheet writes down."""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from datasets import Dataset, load
from datasets.base import array_sha256
from datasets.published import PUBLISHED, cached_path
from tui.lab.cache import cache_dir
from tui.lab.classes import chosen_classes
from tui.lab.errors import LabError
from tui.lab.spec import SHEET_SOURCES, Spec, is_published


def load_data(spec: Spec) -> Dataset:
    """The data set that the spec names, with the classes that it asks for.

    Raises DataError, or LabError where it is nowhere yet or lacks a class.
    """
    dataset = load_source(spec.data.source, spec.data.options)
    classes = spec.data.classes.strip()
    return chosen_classes(dataset, classes) if classes and dataset.task == "classification" else dataset


def is_absent(source: str) -> bool:
    """Whether a published set is named that has not been fetched."""
    return is_published(source) and cached_path(PUBLISHED[source], cache_dir()) is None


def load_source(source: str, options: Mapping[str, Any]) -> Dataset:
    """The data set under a name or a path, with its reader's options.

    Raises DataError, or LabError for a published set that has not been fetched yet.
    """
    if source in SHEET_SOURCES:
        return neuron(source)
    if not is_published(source):
        return load(os.path.expanduser(source), **options)
    published = PUBLISHED[source]
    path = cached_path(published, cache_dir())
    if path is None:
        raise LabError(
            f"{source}: the files are not here: get them with `mlp-tui data fetch {source}` "
            f"({published.bytes / 1e6:,.1f} MB), name their folder with --data FOLDER, or open it with o"
        )
    return replace(load(path, **{**published.options, **options}), source=source)


def neuron(source: str) -> Dataset:
    """The one sample of the micrograd sheet: x = (0.888, 0.777), target 1."""
    X, y = np.array([[0.888, 0.777]]), np.array([1], dtype=np.int64)
    return Dataset(X, y, ("x1", "x2"), ("0", "1"), source, array_sha256(X, y))
