"""Pickles of (X, y), read by the restricted unpickler: from its plain values to a Dataset."""

from pathlib import Path
from typing import Any

from ..base import DataError, Dataset
from .arrays import dataset_of
from .cifar import dataset_of_batch, is_batch
from .named import Chosen, choose
from .pickled import as_array, as_text, axes_of, form_of, is_array, load_plain
from .stand_ins import PickledArray, Refused


def read_pickle(path: Path, source: str, **how: Any) -> Dataset:
    """Load (X, y), ((X, y), (X_test, y_test)), three such pairs, or a dict with X and y; .gz too.

    A batch of CIFAR-10 is such a dict. Raises DataError for anything else, and for a file that names
    anything but arrays and plain values.
    """
    content, digest = load_plain(path, source)
    try:
        if is_batch(content):
            return dataset_of_batch(content, path, source, digest)
        chosen, arrays = _chosen(content, source)
        return dataset_of(chosen, lambda name: as_array(arrays[name]), source=source, sha256=digest, **how)
    except Refused as refused:
        raise DataError(str(refused), source=source) from None


def _chosen(content: Any, source: str) -> tuple[Chosen, dict[str, Any]]:
    """Which arrays are X and y, and the arrays by the names that this gives them."""
    if isinstance(content, dict):
        arrays = {as_text(name): value for name, value in content.items() if isinstance(name, str | bytes)}
        arrays = {name: value for name, value in arrays.items() if is_array(value)}
        # A list that is no array (of names of files and the like) is none of those looked for.
        forms = {name: form for name, value in arrays.items() if (form := form_of(value))}
        return choose(forms, source), arrays
    if not isinstance(content, tuple | list) or not 2 <= len(content) <= 3:
        raise DataError(
            f"holds {_in_words(content)}: expected a tuple (X, y), pairs ((X, y), (X_test, y_test)), "
            "or a dict with X and y",
            source=source,
        )
    names = ("train", "test") if len(content) == 2 else ("train", "validation", "test")
    if all(isinstance(pair, tuple | list) and len(pair) == 2 and all(map(is_array, pair)) for pair in content):
        # A list of two lists may also be X with two rows; then its "X" are flat.
        arrays = {f"{role}{k}": pair[j] for k, pair in enumerate(content) for j, role in enumerate("Xy")}
        if all(axes_of(arrays[f"X{k}"]) > 1 for k in range(len(content))):
            return Chosen({name: (f"X{k}", f"y{k}") for k, name in enumerate(names)}, {}), arrays
    if len(content) == 2 and all(map(is_array, content)):
        return Chosen({"train": ("X", "y")}, {}), {"X": content[0], "y": content[1]}
    raise DataError(f"holds {_in_words(content)}: expected (X, y) or ((X, y), (X_test, y_test))", source=source)


def _in_words(content: Any) -> str:
    if isinstance(content, PickledArray):
        return "one array"
    if isinstance(content, tuple | list):
        return f"a {type(content).__name__} of {len(content)}"
    return f"a value of type {type(content).__name__.lower().strip('_')}"
