"""Playground's sets against points that its own code made, and against the rules themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets import DataError, load
from datasets.playground import (
    make_playground_circle,
    make_playground_gauss,
    make_playground_spiral,
    make_playground_xor,
)

MAKE = {
    "circle": make_playground_circle,
    "xor": make_playground_xor,
    "gauss": make_playground_gauss,
    "spiral": make_playground_spiral,
}
KINDS = sorted(MAKE)


def radius(X):
    return np.hypot(*X.T)


@pytest.mark.parametrize("kind", KINDS)
@given(n=st.integers(2, 300), noise=st.floats(0, 0.5), seed=st.integers(0, 2**32 - 1))
def test_every_argument_gives_points_and_two_labels(kind, n, noise, seed):
    data = MAKE[kind](n, noise=noise, random_state=seed)
    assert data.X.shape == (n, 2)
    assert data.X.dtype == np.float64
    assert data.class_names == ("-1", "1")
    assert set(data.y) <= {0, 1}
    assert np.isfinite(data.X).all()
    assert data.sha256 == MAKE[kind](n, noise=noise, random_state=seed).sha256
    if kind in ("gauss", "spiral"):
        assert data.class_counts.tolist() == [n // 2, n - n // 2]


def test_labels_follow_the_rule_without_noise():
    circle = make_playground_circle(5000)
    r = radius(circle.X)
    assert (circle.y == (r < 2.5)).all()
    assert ((r < 2.5) | (r >= 3.5)).all()
    assert r.max() <= 5
    assert circle.class_counts.tolist() == [2500, 2500]
    xor = make_playground_xor(5000)
    assert (xor.y == (xor.X.prod(axis=1) >= 0)).all()
    assert (np.abs(xor.X) >= 0.3).all()
    assert (np.abs(xor.X) <= 5.3).all()
    spiral = make_playground_spiral(5000)
    # Turned back by its own angle, each arm is a ray: the label is known from the point alone.
    back = np.arctan2(spiral.X[:, 0], spiral.X[:, 1]) - 1.75 * 2 * np.pi * radius(spiral.X) / 5
    off = np.abs((back + np.pi) % (2 * np.pi) - np.pi)
    moved = radius(spiral.X) > 0  # both arms begin at the centre
    assert (spiral.y[moved] == (off[moved] < 1)).all()
    assert np.minimum(off[moved], np.pi - off[moved]).max() < 1e-9


def test_noise_moves_what_it_moves_in_playground():
    for make in (make_playground_circle, make_playground_xor):
        calm, noisy = make(2000), make(2000, noise=0.5)
        assert radius(noisy.X).max() <= radius(calm.X).max() + 0.5  # the points stay where they would be
        wrong = noisy.y != (radius(noisy.X) < 2.5 if make is make_playground_circle else noisy.X.prod(axis=1) >= 0)
        assert 0.05 < wrong.mean() < 0.5
    for noise in (0.0, 0.25, 0.5):
        gauss = make_playground_gauss(20_000, noise=noise)
        around = gauss.X - np.where(gauss.y == 1, 2.0, -2.0)[:, None]
        np.testing.assert_allclose(around.var(axis=0), 0.5 + 7 * noise, rtol=0.05)
        np.testing.assert_allclose(around.mean(axis=0), 0, atol=0.06)
        # The same seed winds the same arms: what noise adds is uniform over [-noise, noise].
        moved = make_playground_spiral(4000, noise=noise).X - make_playground_spiral(4000).X
        assert np.abs(moved).max() <= noise
        np.testing.assert_allclose(moved.std(), noise / np.sqrt(3), rtol=0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_the_points_are_spread_as_playgrounds_own(test_data, kind):
    theirs = load(test_data / "playground" / f"{kind}_noise0_seed0.12345.csv")
    ours = MAKE[kind]()
    assert (ours.n_samples, ours.class_names) == (theirs.n_samples, theirs.class_names)
    if kind == "xor":
        assert abs(ours.class_counts[0] - theirs.class_counts[0]) < 80
    else:
        assert ours.class_counts.tolist() == theirs.class_counts.tolist()
    if kind == "spiral":  # no chance in it: the very points, in another order
        order = [np.lexsort((data.X[:, 1].round(9), data.X[:, 0].round(9), data.y)) for data in (ours, theirs)]
        np.testing.assert_allclose(ours.X[order[0]], theirs.X[order[1]], atol=1e-9)
        return
    from scipy.stats import ks_2samp

    for label in (0, 1):
        for of in (lambda X: X[:, 0], lambda X: X[:, 1], radius):
            assert ks_2samp(of(ours.X[ours.y == label]), of(theirs.X[theirs.y == label])).pvalue > 0.001


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"noise": 0.6}, "noise: expected a number from 0.0 to 0.5"),
        ({"noise": float("nan")}, "noise: expected"),
        ({"n_samples": 1}, "n_samples: expected a whole number from 2"),
        ({"random_state": -1}, "random_state: expected"),
    ],
)
def test_what_is_out_of_range_is_refused_in_words(options, words):
    for kind, make in MAKE.items():
        with pytest.raises(DataError) as caught:
            make(**options)
        assert str(caught.value).startswith(f"pg-{kind}: {words}")


def test_the_points_of_a_seed_stay_the_same():
    sums = {kind: MAKE[kind](noise=0.1, random_state=7).X.sum() for kind in KINDS}
    assert {kind: round(float(value), 9) for kind, value in sums.items()} == GOLDEN


GOLDEN = {"circle": -46.937817589, "gauss": -31.192828757, "spiral": -0.580546992, "xor": -36.227349581}
