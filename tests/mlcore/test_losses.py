"""Losses, what outputs mean, and metrics."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mlcore import (
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    MSELoss,
    NLLLoss,
    accuracy,
    check_gradient,
    confusion_matrix,
    log_softmax,
    one_hot,
    r2_score,
    softmax,
)
from mlcore.layers import Identity

logits = hnp.arrays(np.float64, (5, 3), elements=st.floats(-1e4, 1e4))


@given(logits)
def test_softmax_rows_sum_to_one_and_ignore_a_shift(x: np.ndarray) -> None:
    p = softmax(x)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_allclose(softmax(x + 100), p, atol=1e-9)
    np.testing.assert_allclose(np.exp(log_softmax(x)), p, atol=1e-12)
    np.testing.assert_allclose(softmax(x.T, axis=0), p.T)


def test_figures_of_the_sheet() -> None:
    x = np.array([[5.0] + [1.0] * 9])
    p = softmax(x)
    assert p[0, 0] == pytest.approx(0.8585, abs=5e-5)
    assert CrossEntropyLoss()(x, [0]) == pytest.approx(0.153, abs=5e-4)
    assert CrossEntropyLoss()(x, [5]) == pytest.approx(4.15258, abs=5e-6)


@given(logits)
def test_probabilities_and_predictions_agree(output: np.ndarray) -> None:
    for loss in (CrossEntropyLoss(), MSELoss()):
        p = loss.probabilities(output)
        np.testing.assert_allclose(p.sum(axis=1), 1)
        assert (p >= 0).all()
        predicted = loss.predict(output)
        assert predicted.dtype == np.int64
        np.testing.assert_allclose(p[np.arange(5), predicted], p.max(axis=1))
    for one_column in (BCEWithLogitsLoss(), MSELoss()):
        p = one_column.probabilities(output[:, :1])
        assert p.shape == (5, 2)
        np.testing.assert_allclose(p.sum(axis=1), 1)
        np.testing.assert_array_equal(one_column.predict(output[:, :1]), p[:, 1] > 0.5)


def test_labels_may_be_integers_a_column_or_one_hot() -> None:
    output = np.random.default_rng(0).normal(size=(6, 3))
    y = np.array([0, 2, 1, 1, 0, 2])
    for loss in (CrossEntropyLoss(), MSELoss()):
        values = [loss(output, target) for target in (y, y[:, None], one_hot(y, 3), y.astype(float))]
        assert values == [values[0]] * 4
    binary = y % 2
    assert BCEWithLogitsLoss()(output[:, :1], binary) == BCEWithLogitsLoss()(output[:, :1], binary[:, None])


@pytest.mark.parametrize(
    ("loss", "y", "message"),
    [
        (CrossEntropyLoss(), [0, 1, 3], "label 3 is out of range: with 3 classes, labels lie in 0..2"),
        (CrossEntropyLoss(), [0, -1, 2], "label -1 is out of range"),
        (CrossEntropyLoss(), [0, 1], "the output has 3 rows, y has 2"),
        (CrossEntropyLoss(), [0.5, 1, 2], "whole numbers"),
        (MSELoss(), np.zeros((3, 2)), r"the output has 3 columns, y has shape \(3, 2\)"),
        (BCEWithLogitsLoss(), [0, 1, 1], "one output column"),
    ],
)
def test_what_does_not_fit_is_said_in_words(loss: CrossEntropyLoss, y: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        loss(np.zeros((3, 3)), y)


def test_unknown_reduction() -> None:
    with pytest.raises(ValueError, match="reduction must be one of mean, sum; received 'average'"):
        CrossEntropyLoss("average")


@pytest.mark.parametrize("reduction", ["mean", "sum", "per_sample", "half_sum"])
def test_mse_reductions(reduction: str) -> None:
    output, y = np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([[0.0, 0.0], [0.0, 1.0]])
    assert MSELoss(reduction)(output, y) == {"mean": 7.5, "sum": 30, "per_sample": 15, "half_sum": 15}[reduction]


@pytest.mark.parametrize(
    "loss",
    [
        CrossEntropyLoss(),
        CrossEntropyLoss("sum"),
        CrossEntropyLoss(epsilon=0.1),
        CrossEntropyLoss(epsilon=0.1, weight=[0.2, 1, 3], label_smoothing=0.3),
        CrossEntropyLoss("sum", weight=[0.2, 1, 3]),
        NLLLoss(weight=[0.2, 1, 3]),
        *(MSELoss(reduction) for reduction in MSELoss.REDUCTIONS),
        BCEWithLogitsLoss(),
    ],
    ids=repr,
)
def test_gradient_is_the_derivative_of_the_value(loss: CrossEntropyLoss) -> None:
    rng = np.random.default_rng(3)
    columns = 1 if isinstance(loss, BCEWithLogitsLoss) else 3
    report = check_gradient(Identity(), rng.normal(size=(7, columns)), rng.integers(0, 2, 7), loss=loss)
    assert report.ok, report


@pytest.mark.parametrize("kind", [CrossEntropyLoss, MSELoss])
def test_gradient_sum_is_n_times_too_large(kind: type[CrossEntropyLoss]) -> None:
    output, y = np.random.default_rng(0).normal(size=(8, 3)), np.arange(8) % 3
    right, sheet = kind(), kind(gradient="sum")
    assert right(output, y) == sheet(output, y)
    np.testing.assert_allclose(sheet.backward(), 8 * right.backward())


def test_epsilon_of_the_sheet_bounds_the_loss() -> None:
    output, y = np.array([[1000.0, 0.0]]), [1]
    assert CrossEntropyLoss()(output, y) == 1000
    assert CrossEntropyLoss(epsilon=1e-16)(output, y) == pytest.approx(-np.log(1e-16))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
def test_confusion_matrix(pairs: list[tuple[int, int]]) -> None:
    y, predicted = np.array(pairs).T
    C = confusion_matrix(y, predicted, 4)
    assert C.shape == (4, 4)
    assert C.sum() == len(pairs)
    assert np.trace(C) / C.sum() == pytest.approx(accuracy(y, predicted))
    for true, guess in pairs:
        assert C[true, guess] == pairs.count((true, guess))


def test_one_hot() -> None:
    np.testing.assert_array_equal(one_hot([1, 0], 3, np.float32), np.float32([[0, 1, 0], [1, 0, 0]]))
    assert one_hot([1], 2, np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="out of range"):
        one_hot([3], 3)


def test_class_weights_and_smoothing_by_hand() -> None:
    output, y = np.log([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]]), [0, 2]
    weighted = CrossEntropyLoss(weight=[1, 1, 3])
    assert weighted(output, y) == pytest.approx((-np.log(0.5) - 3 * np.log(0.8)) / 4)
    smoothed = CrossEntropyLoss(label_smoothing=0.3)
    rows = [0.8 * np.log(0.5) + 0.2 * np.log(0.25), 0.2 * np.log(0.1) + 0.8 * np.log(0.8)]
    assert smoothed(output, y) == pytest.approx(-np.mean(rows))
    for loss in (weighted, smoothed, NLLLoss(weight=[1, 1, 3])):
        assert loss(output, one_hot(y, 3)) == loss(output, y)
        assert loss.predict(output).tolist() == y
    assert weighted.total_weight(y) == weighted.total_weight(one_hot(y, 3)) == 4
    assert CrossEntropyLoss().total_weight(y) == 2


def test_weights_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="weight has 2 classes, the output 3 columns"):
        CrossEntropyLoss(weight=[1, 2])(np.zeros((1, 3)), [0])
    with pytest.raises(ValueError, match="one number >= 0 a class"):
        NLLLoss(weight=[-1, 2])
    with pytest.raises(ValueError, match=r"label_smoothing must lie in 0\.\.1, received 2"):
        CrossEntropyLoss(label_smoothing=2)


@pytest.mark.parametrize("kind", [CrossEntropyLoss, NLLLoss])
def test_gradient_sum_leaves_the_weights_undivided(kind: type[CrossEntropyLoss]) -> None:
    output, y, weight = np.random.default_rng(0).normal(size=(8, 3)), np.arange(8) % 3, [1.0, 2.0, 5.0]
    mean, undivided, total = kind(weight=weight), kind(weight=weight, gradient="sum"), kind("sum", weight=weight)
    assert mean(output, y) == undivided(output, y)
    total(output, y)
    np.testing.assert_allclose(undivided.backward(), total.backward())


@pytest.mark.parametrize("shape", [(6,), (6, 1), (6, 3)])
def test_regression(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(2)
    y = rng.normal(0, 10, shape)
    output = rng.normal(0, 10, (6, y.size // 6))
    loss = MSELoss(task="regression")
    assert loss(output, y) == pytest.approx(np.mean((output - y.reshape(output.shape)) ** 2))
    np.testing.assert_array_equal(loss.predict(output), output[:, 0] if output.shape[1] == 1 else output)
    with pytest.raises(ValueError, match="no classes"):
        loss.probabilities(output)
    with pytest.raises(ValueError, match="one number an output"):
        loss(np.zeros((6, 5)), y)
    with pytest.raises(ValueError, match="task must be"):
        MSELoss(task="ranking")


@pytest.mark.parametrize("columns", [1, 3])
def test_r2_is_that_of_scikit_learn(columns: int) -> None:
    from sklearn.metrics import r2_score as reference

    rng = np.random.default_rng(columns)
    y = rng.normal(3, 10, (20, columns))
    guess = y + rng.normal(0, 4, y.shape)
    assert r2_score(y, guess) == pytest.approx(reference(y, guess))
    assert r2_score(y[:, 0], guess[:, :1]) == pytest.approx(reference(y[:, 0], guess[:, 0]))
    assert r2_score(y, y) == 1
    assert r2_score(y, np.tile(y.mean(axis=0), (20, 1))) == pytest.approx(0, abs=1e-12)
    constant = np.ones((20, columns))
    assert r2_score(constant, constant) == reference(constant, constant) == 1
    assert r2_score(constant, guess) == reference(constant, guess) == 0
    assert np.isnan(r2_score([1.0], [1.0]))
    with pytest.raises(ValueError, match="y has shape"):
        r2_score(y, guess[:3])


# --- rows that are no labels, batches that count for nothing, and numbers far out ---


@pytest.mark.parametrize("rows", [[[1, 1, 0]] * 4, [[0.5, 0.5, 1.0]] * 4, [[0, 0, 0]] * 4, [[0.2, 0.3, 0.5]] * 4])
@pytest.mark.parametrize(
    "loss",
    [
        CrossEntropyLoss(),
        CrossEntropyLoss("sum", label_smoothing=0.2),
        CrossEntropyLoss(weight=[1, 2, 5]),
        CrossEntropyLoss(epsilon=0.1),
        NLLLoss(weight=[1, 2, 5]),
    ],
    ids=repr,
)
def test_gradient_for_rows_with_any_sum(loss: CrossEntropyLoss, rows: list[list[float]]) -> None:
    report = check_gradient(Identity(), np.random.default_rng(0).normal(size=(4, 3)), np.array(rows), loss=loss)
    assert report.ok, report


def test_class_probabilities_are_divided_by_the_samples() -> None:
    output, weight = np.random.default_rng(0).normal(size=(6, 3)), [1.0, 2.0, 4.0]
    soft = np.random.default_rng(1).dirichlet(np.ones(3), 6)
    for kind, log_p in ((CrossEntropyLoss, output), (NLLLoss, log_softmax(output))):
        loss = kind(weight=weight)
        assert loss(log_p, soft) == pytest.approx(-(soft * weight * log_softmax(output)).sum() / 6)
        assert loss.total_weight(soft) == 6
        assert loss.total_weight(one_hot([0, 2, 2], 3)) == loss.total_weight([0, 2, 2]) == 9


@pytest.mark.parametrize(
    "loss",
    [
        CrossEntropyLoss(weight=[0, 1, 1]),
        CrossEntropyLoss(weight=[0, 1, 1], label_smoothing=0.1),
        CrossEntropyLoss(weight=[0, 1, 1], epsilon=0.1),
        NLLLoss(weight=[0, 1, 1]),
    ],
    ids=repr,
)
def test_a_batch_without_weight_has_no_mean(loss: CrossEntropyLoss) -> None:
    output = log_softmax(np.random.default_rng(0).normal(size=(2, 3)))
    assert np.isnan(loss(output, [0, 0]))  # as PyTorch's
    assert np.isnan(loss.backward()).all()
    assert loss.total_weight([0, 0]) == 0
    assert np.isfinite(loss(output, [0, 1]))


@pytest.mark.parametrize(
    "loss", [CrossEntropyLoss(), MSELoss(), MSELoss("per_sample"), BCEWithLogitsLoss(), NLLLoss()], ids=repr
)
def test_an_empty_batch_has_no_mean(loss: CrossEntropyLoss) -> None:
    output = np.zeros((0, 1 if isinstance(loss, BCEWithLogitsLoss) else 3))
    assert np.isnan(loss(output, np.zeros(0, dtype=int)))
    assert loss.backward().shape == output.shape


def test_a_logit_of_minus_infinity_elsewhere_does_not_count() -> None:
    output = np.array([[1.0, 2.0, -np.inf], [0.5, 0.0, 3.0]])
    loss = CrossEntropyLoss()
    with np.errstate(all="raise"):
        assert loss(output, [0, 2]) == pytest.approx(
            (CrossEntropyLoss()(output[:1, :2], [0]) + CrossEntropyLoss()(output[1:], [2])) / 2
        )
        assert np.isfinite(loss.backward()).all()
    assert loss(output, [2, 2]) == np.inf


@pytest.mark.parametrize(
    "loss", [CrossEntropyLoss(label_smoothing=np.float64(0.1)), CrossEntropyLoss(epsilon=np.float64(1e-16))], ids=repr
)
def test_options_of_numpy_change_no_dtype(loss: CrossEntropyLoss) -> None:
    loss(np.zeros((2, 3), np.float32), [0, 1])
    assert loss.backward().dtype == np.float32


def test_an_epsilon_below_float32() -> None:
    output = np.array([[1000, 0, 0]], np.float32)
    with np.errstate(divide="raise", invalid="raise", over="raise"):
        loss = CrossEntropyLoss(epsilon=1e-50)
        assert loss(output, [1]) == pytest.approx(50 * np.log(10))
        assert np.isfinite(loss.backward()).all()
    with pytest.raises(ValueError, match="epsilon must be >= 0, received -1"):
        CrossEntropyLoss(epsilon=-1)


def test_outputs_may_be_a_list_and_a_lone_label_is_refused() -> None:
    assert CrossEntropyLoss()([[0.0, 0.0]], [1]) == pytest.approx(np.log(2))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="the output has 1 rows, y has none"):
        MSELoss()(np.zeros((1, 1)), 3.0)
