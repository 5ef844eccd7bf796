"""Classes kept, merged and renamed."""

import numpy as np
import pytest

from datasets import Dataset
from tui.lab.classes import chosen_classes
from tui.lab.errors import LabError

Y = np.array([3, 0, 1, 3, 0, 2, 3, 1], dtype=np.int64)
NAMES = ("0", "1", "7", "8")


def some(names: tuple[str, ...] = NAMES) -> Dataset:
    parts = {"train": range(0, 5), "test": range(5, 8)}
    return Dataset(np.arange(8.0).reshape(8, 1), Y, ("x",), names, "some.csv", "", parts)


def test_classes_are_kept_in_the_order_asked_for_and_parts_stay_apart() -> None:
    kept = chosen_classes(some(), "8, 1")
    assert kept.X.ravel().tolist() == [0, 2, 3, 6, 7]
    assert kept.y.tolist() == [0, 1, 0, 0, 1]
    assert kept.class_names == ("8", "1")
    assert kept.parts == {"train": range(0, 3), "test": range(3, 5)}


@pytest.mark.parametrize(
    ("text", "names", "y"),
    [
        ("0+8, 1+7", ("0+8", "1+7"), [0, 0, 1, 0, 0, 1, 0, 1]),
        ("0 + 8 : round, 1:one, 7", ("round", "one", "7"), [0, 0, 1, 0, 0, 2, 0, 1]),
        ("7, *", ("7", "rest"), [1, 1, 1, 1, 1, 0, 1, 1]),
        ("* : others, 8", ("others", "8"), [1, 0, 0, 1, 0, 0, 1, 0]),
        ("8:0, 0:8, *", ("0", "8", "rest"), [0, 1, 2, 0, 1, 2, 0, 2]),
    ],
)
def test_classes_are_merged_and_renamed(text, names, y) -> None:
    made = chosen_classes(some(), text)
    assert made.class_names == names
    assert made.y.tolist() == y


def test_a_class_whose_name_has_marks_is_that_class() -> None:
    names = ("a+b", "c:d", "*", "e")
    assert chosen_classes(some(names), "a+b, c:d").class_names == ("a+b", "c:d")
    assert chosen_classes(some(names), "*, a+b:x").y.tolist() == [1, 1, 0]
    assert chosen_classes(some(names), "c:d:k, e").class_names == ("k", "e")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0,9", "some.csv has no class '9': its classes are '0', '1', '7', '8'"),
        ("0+, 1", "some.csv has an empty place in '0+'"),
        ("0:, 1", "'0:' has no name behind the colon"),
        ("0, 0", "'0' stands there twice"),
        ("0+1, 1", "'1' stands there twice"),
        ("0:a, 1:a", "two classes would be called 'a'"),
        ("*, *", "two classes would be called 'rest'"),
        ("0,1,7,8,*", "all other classes, and there are none"),
        ("1", "expected two classes or more, as 1, 7 or 3+8, *; received '1'"),
        ("*", "expected two classes or more"),
        (" , ", "expected two classes or more"),
        ("\x1b[31m,0", r"no class '\x1b[31m'"),
    ],
)
def test_what_is_wrong_is_said_in_words(text, words) -> None:
    with pytest.raises(LabError) as caught:
        chosen_classes(some(), text)
    assert str(caught.value).startswith("data.classes: ")
    assert words in str(caught.value)
    assert str(caught.value).isprintable()
