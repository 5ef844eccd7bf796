import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import datasets as judge

from datasets import (
    GENERATORS,
    DataError,
    load,
    make_blobs,
    make_checkerboard,
    make_circles,
    make_moons,
    make_spirals,
    make_tp4,
    make_xor,
)

seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(2, 300)
noises = st.none() | st.floats(0, 2)


@settings(max_examples=25, deadline=None)
@given(n=sizes, noise=noises, seed=seeds, shuffle=st.booleans())
def test_moons_are_those_of_scikit_learn(n, noise, seed, shuffle):
    X, y = judge.make_moons(n, noise=noise, random_state=seed, shuffle=shuffle)
    ours = make_moons(n, noise=noise, random_state=seed, shuffle=shuffle)
    np.testing.assert_allclose(ours.X, X, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(ours.y, y)


@settings(max_examples=25, deadline=None)
@given(n=sizes, noise=noises, seed=seeds, factor=st.floats(0, 0.99))
def test_circles_are_those_of_scikit_learn(n, noise, seed, factor):
    X, y = judge.make_circles(n, noise=noise, random_state=seed, factor=factor)
    ours = make_circles(n, noise=noise, random_state=seed, factor=factor)
    np.testing.assert_allclose(ours.X, X, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(ours.y, y)


@settings(max_examples=25, deadline=None)
@given(n=st.integers(10, 300), seed=seeds, centers=st.integers(1, 10), std=st.floats(0, 5), d=st.integers(1, 4))
def test_blobs_are_those_of_scikit_learn(n, seed, centers, std, d):
    X, y = judge.make_blobs(n, d, centers=centers, cluster_std=std, random_state=seed)
    ours = make_blobs(n, d, centers=centers, cluster_std=std, random_state=seed)
    np.testing.assert_allclose(ours.X, X, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(ours.y, y)


def test_defaults_of_the_functions_are_scikit_learns():
    for make, theirs in (
        (make_moons, judge.make_moons),
        (make_circles, judge.make_circles),
        (make_blobs, judge.make_blobs),
    ):
        X, _ = theirs(random_state=3)
        np.testing.assert_allclose(make(random_state=3).X, X, rtol=0, atol=1e-12)


def test_without_a_seed_numpys_own_is_used():
    np.random.seed(42)
    under_global_seed = make_moons(n_samples=100, noise=0.1)
    assert (under_global_seed.X == make_moons(n_samples=100, noise=0.1, random_state=42).X).all()
    rng = np.random.RandomState(42)
    assert (under_global_seed.X == make_moons(n_samples=100, noise=0.1, random_state=rng).X).all()


@pytest.mark.parametrize("name", list(GENERATORS))
def test_every_listed_set_loads_with_its_defaults(name):
    entry = GENERATORS[name]
    data = load(name)
    assert (data.n_features, data.n_classes) == (entry.features, entry.classes)
    assert data.X.dtype == np.float64
    assert data.y.dtype == (np.int64 if entry.task == "classification" else np.float64)
    assert data.class_counts.min(initial=1) > 0
    assert data.source == name
    assert data.sha256 == hashlib.sha256(data.X.tobytes() + data.y.tobytes()).hexdigest() == load(name).sha256
    for option in entry.options:
        assert option.low <= option.default <= option.high
        assert option.help


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (lambda: make_xor(200, noise=0.1, random_state=1), "2398ff97a302440e"),
        (lambda: make_spirals(200, noise=0.02, random_state=1, classes=3), "64f2d1782b8da182"),
        (lambda: make_checkerboard(200, noise=0.01, random_state=1), "46b55778da085a0f"),
    ],
)
def test_own_sets_stay_as_they_are(data, digest):
    made = data()
    rounded = np.round(made.X, 9) + 0.0  # the last bits of sin and cos are the machine's
    assert hashlib.sha256(rounded.tobytes() + made.y.tobytes()).hexdigest()[:16] == digest


@settings(max_examples=25, deadline=None)
@given(n=sizes, seed=seeds, squares=st.integers(2, 9))
def test_own_sets_without_noise_are_what_they_say(n, seed, squares):
    xor = make_xor(n, random_state=seed)
    assert (xor.y == ((xor.X[:, 0] > 0) ^ (xor.X[:, 1] > 0))).all()
    assert abs(xor.X).min() >= 0.05
    board = make_checkerboard(n, random_state=seed, squares=squares)
    assert (board.y == np.floor((board.X + 1) * squares / 2).sum(axis=1) % 2).all()
    for data in (xor, board, make_spirals(n, random_state=seed)):
        assert np.ptp(data.class_counts) <= max(1, n // squares**2 + 1)
        assert abs(data.X).max() <= 1


def test_tp4_starts_with_the_genuine_points():
    data = make_tp4(random_state=42)
    assert data.X.shape == (10000, 10)
    assert data.class_counts.tolist() == [2500] * 4


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        (
            "moons",
            {"n_samples": 1},
            "moons: n_samples: expected a whole number from 2 to 1,000,000, received '1'",
        ),
        ("moons", {"n_samples": 10.5}, "whole number"),
        ("moons", {"n_samples": True}, "received 'True'"),
        ("moons", {"noise": -0.1}, "noise: expected a number from 0.0 to 10.0, received '-0.1'"),
        ("moons", {"noise": float("nan")}, "received 'nan'"),
        ("moons", {"noise": "much"}, "received 'much'"),
        ("moons", {"random_state": -1}, "random_state"),
        ("moons", {"turns": 2}, "no option 'turns': expected one of n_samples, noise, random_state"),
        ("blobs", {"n_samples": 2, "centers": 3}, "at least one point a blob"),
        ("spirals", {"n_samples": 2, "classes": 3}, "at least one point an arm"),
        ("spirals", {"classes": 1}, "classes"),
        ("checkerboard", {"squares": 1}, "squares"),
        ("circles", {"factor": 1.0}, "factor"),
        ("tp4", {"random_state": "x"}, "random_state"),
    ],
)
def test_options_out_of_range_are_named(name, options, words):
    with pytest.raises(DataError) as caught:
        load(name, **options)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
