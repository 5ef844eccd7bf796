"""Expansions, principal components, one-hot text, imputation and their composition; scikit-learn is the judge."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

from datasets import DataError, fit_scale
from datasets.components import fit_components
from datasets.encoding import fit_encoding
from datasets.expansions import EXPANSIONS, Expansion, Term, fit_expansion
from datasets.imputation import IMPUTATIONS, complete_rows, fit_imputation
from datasets.one_hot import fit_one_hot
from datasets.pipeline import fit_pipeline

numbers = st.floats(-1e6, 1e6).map(lambda x: round(x, 3))


def tables(least_rows=1, elements=numbers):
    shapes = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9)
    return hnp.arrays(np.float64, shapes.filter(lambda s: s[0] >= least_rows), elements=elements)


def refusal(do, *arguments, **options):
    with pytest.raises(DataError) as caught:
        do(*arguments, **options)
    return str(caught.value)


# Expansions


def test_the_features_of_playground():
    x, y = X = np.random.RandomState(0).uniform(-6, 6, (2, 50))
    expansion = fit_expansion(["sin", "product", "square"], ["x0", "x1"])
    assert expansion.feature_names == ("x0", "x1", "x0^2", "x1^2", "x0*x1", "sin(x0)", "sin(x1)")
    np.testing.assert_array_equal(expansion(X.T), np.column_stack([x, y, x**2, y**2, x * y, np.sin(x), np.sin(y)]))
    assert expansion(X.T, np.float32).dtype == np.float32
    one = Expansion(2, (Term("product", (1, 0)),), ("yx",))
    np.testing.assert_array_equal(one(X.T)[:, 0], x * y)


@given(X=tables())
def test_squares_and_products_are_scikit_learns(X):
    names = [f"x{j}" for j in range(X.shape[1])]
    ours = fit_expansion(["square", "product"], names)
    theirs = PolynomialFeatures(2, include_bias=False).fit(X)
    columns = {name.replace(" ", "*"): j for j, name in enumerate(theirs.get_feature_names_out(names))}
    assert set(ours.feature_names) == set(columns)
    np.testing.assert_allclose(ours(X), theirs.transform(X)[:, [columns[name] for name in ours.feature_names]])


def test_some_features_only():
    expansion = fit_expansion(["square", "product"], ["a", "b", "c"], features=[2, 0])
    assert expansion.feature_names == ("a", "b", "c", "a^2", "c^2", "a*c")
    assert fit_expansion([], ["a"]).feature_names == ("a",)
    assert fit_expansion(["product"], ["a"]).feature_names == ("a",)


def test_what_cannot_be_expanded_is_refused_in_words():
    assert "expected some of square, product, sin; received 'cube'" in refusal(fit_expansion, ["cube"], ["a"])
    assert "expected features from 0 to 0" in refusal(fit_expansion, ["sin"], ["a"], [1])
    names = [f"x{j}" for j in range(784)]
    assert "784 features give 307,720, more than 1,000" in refusal(fit_expansion, ["product"], names)
    assert "'a^2' is too large for float64" in refusal(fit_expansion(["square"], ["a"]), [[1e200]])
    assert "'a' is too large for float32" in refusal(fit_expansion([], ["a"]), [[1e200]], np.float32)
    assert "expected shape (n, 1), received (2, 2)" in refusal(fit_expansion([], ["a"]), np.ones((2, 2)))
    assert all(EXPANSIONS.values())


# Principal components


@given(X=tables(least_rows=2), data=st.data())
def test_components_are_those_of_scikit_learn(X, data):
    k = data.draw(st.integers(1, min(X.shape)))
    X[0, 0] = X[:, 0].max() + 1  # scikit-learn divides by the variance, whatever it is
    ours, theirs = fit_components(X, k), PCA(k, svd_solver="full").fit(X)
    scale = np.abs(X).max() + 1
    np.testing.assert_allclose(ours.variance, theirs.explained_variance_, rtol=1e-9, atol=1e-9 * scale**2)
    if np.var(X, axis=0).any():
        np.testing.assert_allclose(ours.share, theirs.explained_variance_ratio_, atol=1e-9)
    gaps = np.diff(np.append(np.sqrt(np.append(theirs.explained_variance_, 0)), 0))
    for j in range(k):  # a direction is determined where its variance is not that of a neighbour
        alone = min(-gaps[j], -gaps[j - 1] if j else np.inf) > 1e-4 * scale
        if alone and j < k - 1:
            along = ours.directions[j] @ theirs.components_[j]
            np.testing.assert_allclose(np.abs(along), 1, atol=1e-6)
    np.testing.assert_allclose(ours.directions @ ours.directions.T, np.eye(k), atol=1e-9)
    largest = np.abs(ours.directions).round(8).argmax(axis=1)
    assert (ours.directions[np.arange(k), largest] > 0).all()


def test_components_and_signs_agree_on_real_data(test_data):
    from datasets import load

    X = load(test_data / "wine" / "wine.csv").X
    ours, theirs = fit_components(X, 13), PCA(13, svd_solver="full").fit(X)
    np.testing.assert_allclose(ours.directions, theirs.components_, atol=1e-9)
    np.testing.assert_allclose(ours(X), theirs.transform(X), atol=1e-8)
    np.testing.assert_allclose(ours.inverse(ours(X)), X, atol=1e-8)
    assert ours.feature_names[:2] == ("pc1", "pc2")


def test_many_rows_are_taken_in_pieces():
    rng = np.random.RandomState(0)
    X = rng.normal(size=(10_000, 7)) @ rng.normal(size=(7, 7)) + 100
    ours, theirs = fit_components(X, 3), PCA(3, svd_solver="full").fit(X)
    np.testing.assert_allclose(ours.directions, theirs.components_, atol=1e-10)
    np.testing.assert_allclose(ours.variance, theirs.explained_variance_)
    pixels = rng.randint(0, 256, (60, 8, 8)).astype(np.uint8)
    seen = fit_components(pixels)
    np.testing.assert_allclose(seen(pixels), fit_components(pixels.reshape(60, 64).astype(float))(pixels))
    assert seen(pixels, np.float32).dtype == np.float32


def test_only_the_training_rows_count_and_the_rest_is_projected():
    train = np.array([[0.0, 0.0], [2.0, 2.0], [4.0, 4.0]])
    plane = fit_components(train, 1)
    np.testing.assert_allclose(plane.share, [1])
    np.testing.assert_allclose(plane([[3.0, 1.0]]), 0, atol=1e-12)
    np.testing.assert_allclose(plane.inverse(plane([[3.0, 1.0]])), [[2.0, 2.0]])


def test_what_has_no_components_is_refused_in_words():
    X = np.arange(6.0).reshape(3, 2)
    assert "two training rows or more, received 1" in refusal(fit_components, X[:1])
    for k in (0, 3, True, 1.0):
        assert f"from 1 to 2, received '{k}'" in refusal(fit_components, X, k)
    for bad in (np.nan, np.inf, 1e200):
        assert "missing or too large" in refusal(fit_components, [[0.0, bad], [1.0, -1.0], [2.0, 2.0]])
    many = np.zeros((5000, 2))
    many[17, 1] = np.nan
    assert "missing or too large" in refusal(fit_components, many)
    assert "fitted on 2 features, received 3" in refusal(fit_components(X), np.ones((1, 3)))
    same = fit_components(np.ones((3, 2)))
    assert same.share.tolist() == [0, 0]


# One-hot text

words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=3)


def coded(cells, texts):
    return np.array([[np.nan if cell == "" else texts.index(cell) for cell in row] for row in cells])


@given(
    train=st.lists(st.tuples(words, words), min_size=1, max_size=12),
    other=st.lists(st.tuples(words, words), min_size=1, max_size=12),
)
def test_one_hot_is_scikit_learns(train, other):
    texts = sorted({cell for row in (*train, *other) for cell in row} - {""})
    ours = fit_one_hot(coded(train, texts), ["a", "b"], [texts, texts])
    known = [sorted({row[j] for row in train} - {""}) for j in (0, 1)]
    names = [f"{name}={text}" for name, of in zip("ab", known, strict=True) for text in of]
    assert list(ours.feature_names) == names
    if not all(known):
        return
    theirs = OneHotEncoder(categories=known, handle_unknown="ignore", sparse_output=False)
    theirs.fit([[of[0] for of in known]])
    for cells in (train, other):
        expected = theirs.transform(np.array(cells, dtype=object))
        np.testing.assert_array_equal(ours(coded(cells, texts)), expected)


def test_one_hot_names_and_refusals():
    ours = fit_one_hot([[0, 1], [1, 0], [np.nan, 1]], ["sex", "mark"], [["f", "m", "x"], ["p", "q"]])
    assert ours.feature_names == ("sex=f", "sex=m", "mark=p", "mark=q")
    assert ours([[1, 7], [2, 0], [np.nan, -1], [0.6, 0]], np.float32).tolist() == [
        [0, 1, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 0],
        [0, 1, 1, 0],
    ]
    many = np.arange(1001.0).reshape(-1, 1)
    texts = [str(k) for k in range(1001)]
    assert "'name' alone has 1,001 different texts" in refusal(fit_one_hot, many, ["name"], [texts])
    assert "no training rows" in refusal(fit_one_hot, many[:0], ["name"], [texts])
    assert "2 names and 1 lists of texts" in refusal(fit_one_hot, [[0.0]], ["a", "b"], [texts])
    assert "expected shape (n, 2), received (1, 1)" in refusal(ours, [[1]])


# Encoding: missing numbers and text together


def test_an_encoding_fills_numbers_and_spreads_text_in_its_place():
    X = np.array([[0, 1, 1], [np.nan, 3, 0], [1, np.nan, 1], [2, 9, 9]])
    ours = fit_encoding("mean", X[:3], ["colour", "size", "kind"], {0: ("b", "g", "r"), 2: ("p", "q")})
    assert ours.feature_names == ("colour=b", "colour=g", "size", "kind=p", "kind=q")
    assert ours.numbers.tolist() == [2]
    expected = [[1, 0, 1, 0, 1], [0, 0, 3, 1, 0], [0, 1, 2, 0, 1], [0, 0, 9, 0, 0]]
    assert ours(X).tolist() == expected
    assert ours(X, np.float32).dtype == np.float32
    assert "expected shape (n, 3), received (4, 2)" in refusal(ours, X[:, :2])


def test_an_encoding_of_numbers_or_of_text_alone():
    numbers = fit_encoding("median", [[1.0], [np.nan], [3.0]], ["a"], {})
    assert numbers([[np.nan]]).tolist() == [[2.0]]
    text = fit_encoding("mean", [[0.0], [1.0]], ["t"], {0: ("u", "v")})
    assert text([[1.0], [np.nan]]).tolist() == [[0, 1], [0, 0]]
    assert "'a' has no value in any training row" in refusal(fit_encoding, "mean", [[np.nan]], ["a"], {})


# Imputation


@given(
    train=tables(elements=st.one_of(numbers, st.just(np.nan))),
    how=st.sampled_from(["mean", "median"]),
    seed=st.integers(0, 99),
)
def test_imputation_is_scikit_learns(train, how, seed):
    assume(not np.isnan(train).all(axis=0).any())
    other = np.where(np.random.RandomState(seed).uniform(size=train.shape) < 0.5, np.nan, train)
    ours, theirs = fit_imputation(how, train), SimpleImputer(strategy=how).fit(train)
    for X in (train, other):
        before = X.copy()
        np.testing.assert_allclose(ours(X), theirs.transform(X), rtol=1e-12, atol=1e-9)
        np.testing.assert_array_equal(X, before)
    assert complete_rows(train).tolist() == [i for i, row in enumerate(train) if not np.isnan(row).any()]


def test_imputation_refusals():
    assert "expected mean or median, received 'drop'" in refusal(fit_imputation, "drop", [[1.0]])
    nothing = [[1.0, np.nan], [2.0, np.nan]]
    assert "'age' has no value in any training row" in refusal(fit_imputation, "mean", nothing, ["id", "age"])
    assert "'x1' has no value" in refusal(fit_imputation, "median", nothing)
    assert "received (0, 2)" in refusal(fit_imputation, "mean", np.empty((0, 2)))
    assert "too large for float64" in refusal(fit_imputation, "mean", [[1.7e308], [1.7e308]])
    assert "expected shape (n, 1), received (1, 2)" in refusal(fit_imputation("mean", [[1.0]]), [[1.0, 2.0]])
    assert list(IMPUTATIONS) == ["drop", "mean", "median"]


# All of it


def test_a_pipeline_fits_each_step_on_the_training_rows():
    rng = np.random.RandomState(0)
    X = rng.normal(size=(80, 6)) * [1, 10, 100, 1, 2, 3]
    X[rng.uniform(size=X.shape) < 0.1] = np.nan
    train, test = X[:60], X[60:]
    ours = fit_pipeline(
        [
            lambda X: fit_imputation("median", X),
            lambda X: fit_scale("standard", X),
            lambda X: fit_components(X, 3),
        ],
        train,
    )
    theirs = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), PCA(3, svd_solver="full")).fit(train)
    for part in (train, test):
        np.testing.assert_allclose(ours(part), theirs.transform(part), atol=1e-9)
    assert ours(test, np.float32).dtype == np.float32
    assert "imputation: cannot be undone" in refusal(ours.inverse, ours(test))


def test_a_pipeline_that_can_be_undone():
    X = np.random.RandomState(0).normal(size=(30, 4))
    both = fit_pipeline([lambda X: fit_scale("minmax", X), lambda X: fit_components(X, 4)], X)
    np.testing.assert_allclose(both.inverse(both(X)), X)
    many = np.tile(X, (300, 1))
    np.testing.assert_allclose(both(many), np.tile(both(X), (300, 1)))
    assert both(many, np.float32).dtype == np.float32
    nothing = fit_pipeline([], X)
    np.testing.assert_array_equal(nothing(X, np.float32), X.astype(np.float32))
