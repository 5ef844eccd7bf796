"""Real numbers to predict: how they are told from classes, what is refused, and the sets made on the spot."""

import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets import GENERATORS, DataError, load, make_moons, make_plane, make_reg_gauss, split
from datasets.targets import guess_task

SHARED = os.environ.get("MLP_TUI_TEST_DATA")
X = np.random.RandomState(0).normal(size=(40, 3))


def table(tmp_path, targets, **options):
    path = tmp_path / "t.csv"
    rows = [f"{a!r},{b!r},{target}" for (a, b), target in zip(X[:, :2].tolist(), targets, strict=False)]
    path.write_text("\n".join(["a,b,price", *rows]) + "\n")
    return load(path, **options)


def archive(tmp_path, **arrays):
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)
    return path


def test_a_column_of_real_numbers_is_a_regression(tmp_path):
    targets = (X[:, 0] * 3).tolist()
    data = table(tmp_path, map(repr, targets))
    assert (data.task, data.n_classes, data.n_answers) == ("regression", 0, 1)
    assert data.y.dtype == np.float64
    assert data.y.tolist() == targets
    assert data.class_names == ()
    assert data.target_names == ("price",)
    assert data.guessed["task"] == "regression: real numbers"
    assert data.class_counts.size == 0


def test_the_summary_says_what_the_targets_are_like(tmp_path):
    data = table(tmp_path, [0.5, 1.5, 4.0])
    summary = json.loads(json.dumps(data.summary()))
    assert (summary["task"], summary["classes"], summary["class_counts"]) == ("regression", 0, [])
    (figures,) = summary["targets"]
    assert figures == {
        "name": "price",
        "min": 0.5,
        "max": 4.0,
        "mean": 2.0,
        "deviation": pytest.approx(np.std([0.5, 1.5, 4])),
    }
    assert "targets" not in make_moons(20).summary()


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (range(30), "regression"),  # each value once
        ([k % 10 for k in range(40)], "classification"),
        ([25 + 3 * (k % 30) for k in range(60)], "regression"),  # gaps between, and each value but twice
        ([k % 30 for k in range(59)], "regression"),  # not two of each
        ([k % 30 for k in range(60)], "classification"),  # without gaps they count classes
        ([7 * (k % 5) for k in range(20)], "classification"),
        ([0.5, 1.0, 2.0], "regression"),
        ([0.0, 1.0, 1.0], "classification"),
        (["a", "b"] * 20, "classification"),
        ([True, False] * 20, "classification"),
    ],
)
def test_what_the_values_look_like(values, task):
    assert guess_task(np.array(list(values)))[0] == task


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text("abc0123456789.", min_size=1, max_size=5), min_size=2, max_size=40))
def test_text_is_never_a_regression(values):
    assert guess_task(np.array(values))[0] == "classification"


@pytest.mark.parametrize(("task", "classes"), [("regression", 0), ("classification", 10), ("auto", 10)])
def test_grades_from_1_to_10_are_what_one_says(tmp_path, task, classes):
    data = table(tmp_path, [1 + k % 10 for k in range(40)], task=task)
    assert data.n_classes == classes
    assert data.task == ("regression" if classes == 0 else "classification")
    assert ("task" in data.guessed) == (task == "auto")
    if classes == 0:
        assert data.y[:3].tolist() == [1.0, 2.0, 3.0]


def test_decimal_commas_in_the_target(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a;y\n1,5;0,25\n2,5;1e1\n3;-0,5\n")
    assert load(path).y.tolist() == [0.25, 10.0, -0.5]


def test_rows_left_out_for_a_missing_feature_take_their_target_along(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,y\n1,.5\n,.75\n3,.25\n")
    data = load(path)
    assert data.y.tolist() == [0.5, 0.75, 0.25]
    assert data.take(~np.isnan(data.X).any(axis=1)).y.tolist() == [0.5, 0.25]


@pytest.mark.parametrize(
    ("targets", "options", "words"),
    [
        ([0.5, "", 0.75], {}, "t.csv:3: column 'price' has no number here"),
        ([0.5, "NA", 0.75], {}, "t.csv:3: column 'price' has no number here"),
        ([0.5, "inf", 0.75], {}, "t.csv:3: column 'price' holds 'inf'"),
        ([0.5, 0.5, 0.5], {}, "column 'price' has the same number in all 3 rows"),
        ([3, 3, 3], {"task": "regression"}, "column 'price' has the same number in all 3 rows"),
        (["a", "b", "b"], {"task": "regression"}, "t.csv:2: 'a' in column 'price' is not a number"),
        ([0.5, 0.75, 0.25], {"task": "classification"}, "real numbers (3 different), which are no classes: set task="),
        ([1, 2, 1], {"task": "numbers"}, "task: expected one of auto, classification, regression"),
    ],
)
def test_what_is_refused(tmp_path, targets, options, words):
    with pytest.raises(DataError) as caught:
        table(tmp_path, targets, **options)
    assert words in str(caught.value)


def test_archives_pickles_and_tables_of_numpy(tmp_path):
    y = X @ [1.0, 2.0, 3.0]
    assert load(archive(tmp_path, X=X, y=y)).y.tolist() == y.tolist()
    assert load(archive(tmp_path, X=X, y=y[:, None])).y.shape == (40,)
    halves = load(archive(tmp_path, x_train=X[:30], y_train=y[:30], x_test=X[30:], y_test=y[30:]))
    assert (halves.task, halves.parts) == ("regression", {"train": range(30), "test": range(30, 40)})
    (tmp_path / "a.pkl").write_bytes(pickle.dumps((X, y)))
    assert load(tmp_path / "a.pkl").task == "regression"
    np.save(tmp_path / "a.npy", np.column_stack([X, y]))
    assert load(tmp_path / "a.npy").target_names == ("column 3",)
    labels = archive(tmp_path, X=X, y=np.arange(40) % 4)
    assert load(labels).task == "classification"
    assert load(labels, task="regression").y.dtype == np.float64


def test_several_numbers_a_sample(tmp_path):
    Y = X @ np.random.RandomState(1).normal(size=(3, 2))
    data = load(archive(tmp_path, X=X, y=Y))
    assert (data.task, data.n_answers, data.target_names) == ("regression", 2, ("y0", "y1"))
    assert data.y.tolist() == Y.tolist()
    assert [figures["name"] for figures in data.summary()["targets"]] == ["y0", "y1"]
    Y[4, 1] = np.nan
    with pytest.raises(DataError, match="y holds nan or inf in row 4"):
        load(archive(tmp_path, X=X, y=Y))
    with pytest.raises(DataError, match="a regression needs numbers"):
        load(archive(tmp_path, X=X, y=np.array(["a", "b"] * 20)), task="regression")


def test_a_regression_is_split_as_scikit_learn_does_without_classes():
    from sklearn.model_selection import train_test_split

    data = make_plane(101, random_state=0)
    rows = split(data, test=0.2, validation=0.1, stratify=True, seed=5)
    expected = train_test_split(np.arange(101), test_size=0.2, random_state=5)[1]
    np.testing.assert_array_equal(rows.test, expected)
    assert len(rows.validation) == 11
    assert sorted(np.concatenate([rows.train, rows.validation, rows.test])) == list(range(101))


def test_a_split_of_several_numbers_a_sample(tmp_path):
    data = load(archive(tmp_path, X=X, y=X @ np.ones((3, 2)) * [1, 2]))
    assert len(split(data, test=0.25, validation=0).test) == 10


def test_the_plane_and_the_bumps():
    plane = make_plane(500, random_state=3)
    np.testing.assert_allclose(plane.y, plane.X.sum(axis=1) / 10, atol=1e-15)
    assert np.abs(plane.X).max() <= 6
    bumps = make_reg_gauss(4000, random_state=3)
    assert -1 <= bumps.y.min() < -0.9
    assert 0.9 < bumps.y.max() <= 1
    top = bumps.X[bumps.y > 0.8]
    centres = np.array([(-4, 2.5), (4, 2.5), (0, -2.5)])
    assert np.linalg.norm(top[:, None] - centres, axis=2).min(axis=1).max() < 0.4
    far = np.linalg.norm(bumps.X[:, None] - np.array([[x, y] for x in (-4, 0, 4) for y in (2.5, -2.5)]), axis=2)
    assert (bumps.y[far.min(axis=1) > 2] == 0).all()
    assert make_reg_gauss(50, random_state=1).sha256 == make_reg_gauss(50, random_state=1).sha256


@pytest.mark.parametrize("make", [make_plane, make_reg_gauss])
def test_noise_moves_the_place_at_which_the_target_is_read(make):
    still, moved = make(300, random_state=2), make(300, noise=0.2, random_state=2)
    np.testing.assert_array_equal(still.X, moved.X)
    assert not np.array_equal(still.y, moved.y)
    with pytest.raises(DataError, match="noise: expected a number from 0"):
        make(10, noise=0.6)


def test_the_catalogue_knows_what_is_a_regression():
    assert [name for name, made in GENERATORS.items() if made.task == "regression"] == ["plane", "reg-gauss"]
    for name, made in GENERATORS.items():
        data = load(name)
        assert (data.n_features, data.n_classes, data.task) == (made.features, made.classes, made.task)


@pytest.mark.skipif(not SHARED, reason="MLP_TUI_TEST_DATA is not set")
def test_the_playground_s_own_plane():
    data = load(Path(SHARED, "playground/reg-plane_noise0_seed0.12345.csv"))
    assert (data.n_samples, data.task) == (1200, "regression")
    np.testing.assert_allclose(data.y, data.X.sum(axis=1) / 10, atol=1e-12)
    assert load(Path(SHARED, "wine/winequality-red.csv"), task="regression").n_classes == 0
