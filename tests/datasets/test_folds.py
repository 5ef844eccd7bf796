import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.model_selection import KFold, StratifiedKFold

from datasets import DataError, Dataset, load
from datasets.folds import k_fold

seeds = st.integers(0, 2**32 - 1)


@given(n=st.integers(2, 200), k=st.integers(2, 20), seed=seeds)
def test_unstratified_folds_are_those_of_scikit_learn(n, k, seed):
    assume(k <= n)
    folds = k_fold(np.zeros(n, dtype=int), k, stratify=False, seed=seed)
    theirs = list(KFold(k, shuffle=True, random_state=seed).split(np.arange(n)))
    assert len(folds) == k
    for ours, (train, test) in zip(folds, theirs, strict=True):
        np.testing.assert_array_equal(ours.test, test)
        np.testing.assert_array_equal(ours.train, train)
        assert len(ours.validation) == 0
        assert ours.train.dtype == ours.test.dtype == ours.validation.dtype == np.int64


@given(k=st.integers(2, 8), more=st.lists(st.integers(0, 30), min_size=1, max_size=6), seed=seeds)
def test_stratified_folds_test_each_row_once_and_each_class_alike(k, more, seed):
    y = np.random.RandomState(seed).permutation(np.repeat(np.arange(len(more)) - 2, np.array(more) + k))
    labels, counts = np.unique(y, return_counts=True)
    folds = k_fold(y, k, seed=seed)
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(len(y)))
    sizes = [len(fold.test) for fold in folds]
    assert max(sizes) - min(sizes) <= 1
    table = np.array([[np.count_nonzero(y[fold.test] == label) for label in labels] for fold in folds])
    assert (table >= counts // k).all()
    assert (table <= -(-counts // k)).all()
    for fold in folds:
        assert sorted([*fold.train, *fold.test]) == list(range(len(y)))
    theirs = StratifiedKFold(k, shuffle=True, random_state=0).split(y[:, None], y)
    assert sorted(sizes) == sorted(len(test) for _, test in theirs)
    again = k_fold(y, k, seed=seed)
    assert all((a.test == b.test).all() for a, b in zip(folds, again, strict=True))


def test_another_seed_gives_other_folds():
    y = np.arange(100) % 3
    assert (k_fold(y, 5, seed=1)[0].test != k_fold(y, 5, seed=2)[0].test).any()


def test_the_folds_of_a_seed_stay_the_same():
    y = np.array([0, 1, 1, 0, 2, 2, 1, 0, 2, 1, 1])
    assert [fold.test.tolist() for fold in k_fold(y, 3, seed=7)] == GOLDEN_STRATIFIED
    assert [fold.test.tolist() for fold in k_fold(y, 3, seed=7, stratify=False)] == GOLDEN_PLAIN


GOLDEN_STRATIFIED = [[0, 2, 5, 6], [1, 4, 7, 9], [3, 8, 10]]
GOLDEN_PLAIN = [[0, 2, 5, 8], [1, 3, 7, 10], [4, 6, 9]]


def test_a_test_part_that_the_data_brings_stays_out():
    X = np.arange(200.0).reshape(100, 2)
    parts = {"train": range(80), "test": range(80, 100)}
    data = Dataset(X, np.arange(100) % 2, ("a", "b"), ("0", "1"), "given", "", parts)
    for stratify in (True, False):
        tested = np.concatenate([fold.test for fold in k_fold(data, 4, stratify=stratify)])
        assert sorted(tested) == list(range(80))


def test_a_dataset_and_its_labels_give_the_same_folds():
    data = load("moons", n_samples=60)
    for ours, theirs in zip(k_fold(data, 6), k_fold(data.y, 6), strict=True):
        np.testing.assert_array_equal(ours.test, theirs.test)


def test_real_targets_are_not_stratified():
    y = np.linspace(0, 1, 30)
    assert all((a.test == b.test).all() for a, b in zip(k_fold(y, 3), k_fold(y, 3, stratify=False), strict=True))


@pytest.mark.parametrize(
    ("y", "options", "words"),
    [
        ([0, 1] * 10, {"k": 1}, "folds: expected a whole number from 2 to 20, the rows; received '1'"),
        ([0, 1] * 10, {"k": 21}, "received '21'"),
        ([0, 1] * 10, {"k": 2.0}, "received '2.0'"),
        ([0, 1] * 10, {"k": True}, "received 'True'"),
        ([0, 1] * 10, {"seed": -1}, "seed: expected a whole number"),
        ([0] * 9 + [1], {"k": 2}, "class '1' has 1 sample, too few for 2 folds"),
        ([0] * 9 + [1] * 2, {"k": 3}, "class '1' has 2 samples, too few for 3 folds"),
        ([[0, 1]], {}, "expected labels of shape (n,)"),
        (3, {}, "expected labels of shape (n,)"),
        ([], {}, "folds: expected"),
    ],
)
def test_what_cannot_be_folded_is_refused_in_words(y, options, words):
    with pytest.raises(DataError) as caught:
        k_fold(y, **options)
    assert words in str(caught.value)


def test_the_class_too_small_is_named_as_the_file_names_it():
    data = Dataset(np.zeros((9, 1)), np.array([0] * 8 + [1]), ("x0",), ("cat", "dog"), "pets.csv", "")
    with pytest.raises(DataError, match=r"pets\.csv: class 'dog' has 1 sample, .*stratify=false"):
        k_fold(data, 3)


def test_some_rows_only_and_targets_of_several_numbers():
    y = np.arange(40) % 2
    rows = np.arange(5, 35)
    parts = k_fold(y, 3, rows=rows)
    assert sorted(np.concatenate([part.test for part in parts])) == rows.tolist()
    assert all(len(part.train) == 20 for part in parts)
    X = np.zeros((40, 2))
    numbers = Dataset(X, np.random.RandomState(0).normal(size=(40, 2)), ("a", "b"), (), "t", "", task="regression")
    assert [len(part.test) for part in k_fold(numbers, 4)] == [10] * 4
