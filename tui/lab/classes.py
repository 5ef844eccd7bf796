"""Some classes of a data set: kept, merged, renamed."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from datasets import Dataset
from datasets.base import quote, some_of
from tui.lab.errors import LabError

KEY = "data.classes"
REST = "*"


class Item(NamedTuple):
    """One class to be: its name, and the classes whose samples it takes; () for all that no other item takes."""

    name: str
    labels: tuple[str, ...]


def chosen_classes(dataset: Dataset, text: str) -> Dataset:
    """The samples of the classes that `text` asks for, numbered 0, 1, 2, ... in this order; given parts stay apart.

    Items with commas between: ``1, 7`` keeps these two; ``3+8`` makes one class of two; ``3+8:round`` names it;
    ``*`` is all other classes, ``*:rest`` under a name. A class whose own name has such marks is that class.
    Raises LabError for what this data set does not have.
    """
    items = read_items(text, dataset.class_names, dataset.source)
    taken = {label for item in items for label in item.labels}
    new = np.full(dataset.n_classes, -1, dtype=np.int64)
    for number, item in enumerate(items):
        labels = item.labels or [name for name in dataset.class_names if name not in taken]
        new[[dataset.class_names.index(label) for label in labels]] = number
    kept = dataset.take(new[dataset.y] >= 0)
    return replace(kept, y=new[kept.y], class_names=tuple(item.name for item in items))


def read_items(text: str, class_names: tuple[str, ...], source: str) -> list[Item]:
    """The items of such a text for these classes. Raises LabError."""
    items = [_item(word.strip(), class_names, source) for word in text.split(",") if word.strip()]
    labels = [label for item in items for label in item.labels]
    for label in labels:
        if labels.count(label) > 1:
            raise LabError(f"{KEY}: {quote(label)} stands there twice: a sample is of one class")
    names = [item.name for item in items]
    for name in names:
        if names.count(name) > 1:
            raise LabError(f"{KEY}: two classes would be called {quote(name)}: write + between what is to be one class")
    if not all(item.labels for item in items) and len(labels) == len(class_names):
        raise LabError(f"{KEY}: {REST} is all other classes, and there are none: leave it out")
    if len(items) < 2:
        raise LabError(f"{KEY}: expected two classes or more, as 1, 7 or 3+8, {REST}; received {quote(text)}")
    return items


def _item(word: str, class_names: tuple[str, ...], source: str) -> Item:
    if word in class_names:
        return Item(word, (word,))
    written, colon, name = word.rpartition(":") if ":" in word else (word, "", "")
    written, name = written.strip(), name.strip()
    if colon and not name:
        raise LabError(f"{KEY}: {quote(word)} has no name behind the colon")
    if written == REST:
        return Item(name or "rest", ())
    labels = [written] if written in class_names else [label.strip() for label in written.split("+")]
    for label in labels:
        if label not in class_names:
            what = f"no class {quote(label)}" if label else f"an empty place in {quote(word)}"
            raise LabError(f"{KEY}: {source} has {what}: its classes are {some_of(list(class_names), 20)}")
    return Item(name or "+".join(labels), tuple(labels))
