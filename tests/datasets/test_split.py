import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from datasets import DataError, Dataset, load, split

shares = st.floats(0, 0.45)


@settings(max_examples=150, deadline=None)
@given(
    y=st.lists(st.integers(0, 4), min_size=3, max_size=120),
    test=shares,
    validation=shares,
    stratify=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_split_deals_out_every_row_once(y, test, validation, stratify, seed):
    n = len(y)
    sizes = math.ceil(test * n), math.ceil(validation * n)
    assume(sum(sizes) < n)
    counts = np.bincount(y)
    assume(not stratify or counts[counts > 0].min() >= 3)
    parts = split(y, test=test, validation=validation, stratify=stratify, seed=seed)
    everything = np.concatenate([parts.train, parts.validation, parts.test])
    assert everything.dtype == np.int64
    assert sorted(everything) == list(range(n))
    assert (len(parts.test), len(parts.validation)) == sizes
    again = split(y, test=test, validation=validation, stratify=stratify, seed=seed)
    assert (again.train == parts.train).all()
    if stratify:
        for rows in (parts.test, parts.validation):
            share = counts * (len(rows) / n)
            assert (abs(np.bincount(np.take(y, rows), minlength=len(counts)) - share) <= 1 + 1e-9).all()


@settings(max_examples=50, deadline=None)
@given(n=st.integers(2, 200), test=st.floats(0.01, 0.9), seed=st.integers(0, 2**32 - 1))
def test_unstratified_rows_are_those_of_scikit_learn(n, test, seed):
    assume(math.ceil(test * n) < n)
    train, rest = train_test_split(np.arange(n), test_size=test, random_state=seed)
    ours = split(np.zeros(n, dtype=int), test=test, validation=0, stratify=False, seed=seed)
    np.testing.assert_array_equal(ours.test, rest)
    np.testing.assert_array_equal(ours.train, train)
    assert len(ours.validation) == 0


def test_tp4_shares_of_the_lab_sheet():
    parts = split(load("tp4"), test=0.1, validation=0.2)
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (7000, 2000, 1000)


def _with_parts(parts, n=100):
    X = np.arange(2.0 * n).reshape(n, 2)
    return Dataset(X, np.arange(n) % 2, ("a", "b"), ("0", "1"), "given", "", parts)


def test_given_parts_are_kept():
    data = _with_parts({"train": range(80), "test": range(80, 100)})
    parts = split(data, test=0.5, validation=0.25)
    assert parts.test.tolist() == list(range(80, 100))
    assert len(parts.validation) == 20
    assert sorted([*parts.train, *parts.validation]) == list(range(80))
    data = _with_parts({"train": range(60), "validation": range(60, 80), "test": range(80, 100)})
    parts = split(data)
    assert sorted(parts.train) == list(range(60))
    assert parts.validation.tolist() == list(range(60, 80))


@pytest.mark.parametrize(
    ("y", "options", "words"),
    [
        ([0, 1] * 50, {"test": -0.1}, "test: expected a share from 0 to less than 1"),
        ([0, 1] * 50, {"validation": 1}, "validation: expected a share"),
        ([0, 1] * 50, {"test": "a"}, "received 'a'"),
        ([0, 1] * 50, {"test": float("nan")}, "test: expected a share"),
        ([0, 1] * 50, {"test": 0.6, "validation": 0.5}, "leave nothing for training"),
        ([0, 1], {"test": 0.4, "validation": 0.4, "stratify": False}, "none for training"),
        ([0, 1, 1, 1, 1, 1, 1, 1], {}, "class '0' has 1 sample, too few for 3 parts"),
        ([0, 1] * 50, {"seed": -1}, "seed: expected a whole number"),
        ([[0, 1]], {}, "expected labels of shape (n,)"),
        ([], {}, "none for training"),
    ],
)
def test_what_cannot_be_split_is_refused_in_words(y, options, words):
    with pytest.raises(DataError) as caught:
        split(y, **options)
    assert words in str(caught.value)


def test_the_class_too_small_is_named_as_the_file_names_it():
    data = Dataset(np.zeros((9, 1)), np.array([0] * 8 + [1]), ("x0",), ("cat", "dog"), "pets.csv", "")
    with pytest.raises(DataError, match=r"pets\.csv: class 'dog' has 1 sample, .*stratify=false"):
        split(data)
