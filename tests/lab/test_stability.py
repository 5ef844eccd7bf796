"""The longest stable step on an experiment's own data, held against algebra and against trainings."""

import numpy as np
import pytest

from tests.lab.support import new_run, read_events, small_spec, train_here
from tui.lab import recipes
from tui.lab.build import prepare
from tui.lab.errors import LabError
from tui.lab.events import Diverged
from tui.lab.spec import Spec
from tui.lab.stability import limit_at, limit_of_inputs, momentum_factor, rounded_down, stability

LINEAR = (
    "model.hidden=",
    "model.dropout=0",
    "training.loss=mse",
    "training.mse=half_sum",
    "training.optimizer=sgd",
    "training.dtype=float64",
)


def inputs_with_one(spec: Spec) -> np.ndarray:
    X = prepare(spec).train[0]
    return np.column_stack([X, np.ones(len(X))])


@pytest.mark.parametrize("batch", [1, 10, "full"])
def test_of_a_linear_network_it_is_the_eigenvalue(batch) -> None:
    spec = small_spec(*LINEAR, f"training.batch_size={batch}", "training.weight_decay=0.5")
    X = inputs_with_one(spec)
    size = len(X) if batch == "full" else batch
    # The gradient of half a sum of squares over a batch: X^T X of so many samples, and the decay.
    largest = np.linalg.eigvalsh(X.T @ X / len(X)).max() * size + 0.5
    found = stability(spec, prepare(spec))
    assert found.largest == pytest.approx(largest, rel=1e-3)
    assert found.lr_limit == pytest.approx(2 / largest, rel=1e-3)
    assert found.input_limit == pytest.approx(2 / (X**2).sum(axis=1).mean())
    assert (found.samples, found.of, found.converged) == (60, 60, True)


@pytest.mark.parametrize("gradient", ["mean", "sum"])
def test_a_gradient_without_its_division_needs_shorter_steps(gradient) -> None:
    spec = small_spec("model.hidden=", "training.optimizer=sgd", f"training.gradient={gradient}")
    mean = stability(small_spec("model.hidden=", "training.optimizer=sgd"), prepare(spec)).lr_limit
    factor = 10 if gradient == "sum" else 1
    assert stability(spec, prepare(spec)).lr_limit == pytest.approx(mean / factor, rel=1e-3)


@pytest.mark.parametrize(
    ("momentum", "dampening", "nesterov"),
    [(0.0, 0.0, False), (0.9, 0.0, False), (0.5, 0.3, False), (0.9, 0.0, True)],
)
def test_what_momentum_adds_is_where_the_step_s_eigenvalue_leaves_the_circle(momentum, dampening, nesterov) -> None:
    def radius(x: float) -> float:
        """Of one step of SGD on a bowl with lr lambda = x, as a map of (w, lr b)."""
        b = np.array([(1 - dampening) * x, momentum])
        step = np.array([x, 0]) + momentum * b if nesterov else b
        return np.abs(np.linalg.eigvals(np.array([np.array([1.0, 0]) - step, b]))).max()

    limit = 2 * momentum_factor(momentum, dampening, nesterov)
    assert radius(limit * 0.999) < 1
    assert radius(limit * 1.001) > 1


def test_dropout_is_off_and_nothing_is_left_changed() -> None:
    with_dropout, without = small_spec("model.dropout=0.5"), small_spec("model.dropout=0")
    assert stability(with_dropout, prepare(with_dropout)).largest == stability(without, prepare(without)).largest


def test_kinks_on_the_way_do_not_count_as_curvature() -> None:
    spec = recipes.load("tp4").spec
    found = stability(spec, prepare(spec))
    assert found.converged  # with longer steps of the difference it swings for ever between 20.1 and 20.4
    assert found.largest == pytest.approx(23.9, rel=0.01)


def test_large_data_is_sampled() -> None:
    spec = small_spec("data.options.n_samples=10000")
    found = stability(spec, prepare(spec))
    assert (found.samples, found.of) == (4000, 6000)
    wide = small_spec("data.options.n_samples=10000", "model.hidden=400,400")
    assert stability(wide, prepare(wide)).samples < 2000


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (("training.optimizer=sgd", "training.lr=1e-4"), "is below 2/lambda_max = "),
        (("training.optimizer=sgd", "training.lr=50"), "is above 2/lambda_max = "),
        (("training.lr=50",), "; adam scales its own steps, so this limit is only for sgd"),
        (("training.optimizer=sgd", "training.momentum=0.9"), "2/lambda_max x 1.9 (momentum 0.9)"),
        ((*LINEAR, "training.batch_size=1", "training.lr=1e-3"), "one sample at a time, it is below 2/E|x|²"),
        ((*LINEAR, "training.batch_size=1", "training.lr=9"), "one sample at a time, it is above 2/E|x|²"),
    ],
)
def test_one_sentence_says_which_side_the_rate_is_on(settings, words) -> None:
    spec = small_spec(*settings)
    found = stability(spec, prepare(spec))
    assert words in found.sentence
    assert "\n" not in found.sentence


def test_what_cannot_be_measured_is_said_in_words() -> None:
    spec = small_spec("model.init=normal", "model.init_options.std=1e6", "model.hidden=" + ",".join(["9"] * 60))
    with pytest.raises(LabError, match="the curvature cannot be measured"):
        stability(spec, prepare(spec))
    assert limit_at(spec.with_value("training.optimizer", "sgd"), prepare(spec), None) is None


def test_full_steps_above_the_limit_run_away_and_below_it_do_not(tmp_path) -> None:
    plain = small_spec(*LINEAR, "training.batch_size=full", "training.epochs=1200")
    limit = stability(plain, prepare(plain)).lr_limit
    for factor, status in ((0.95, 0), (1.5, 1)):
        folder = new_run(plain.with_value("training.lr", factor * limit), tmp_path)
        assert train_here(folder) == status, factor
    said = read_events(folder)[-1]
    assert isinstance(said, Diverged)
    assert said.lr_limit == pytest.approx(limit, rel=0.02)
    digit = rounded_down(limit / 2)
    assert f"is above 2/lambda_max = {said.lr_limit:.2g} at the last good weights: try {digit:g}." in said.message


def test_a_run_that_leaves_in_its_first_epoch_is_measured_at_its_first_weights(tmp_path) -> None:
    folder = new_run(small_spec("training.optimizer=sgd", "training.lr=1e30"), tmp_path)
    assert train_here(folder) == 1
    said = read_events(folder)[-1]
    assert said.lr_limit < 100
    assert "2/lambda_max" in said.message
    assert "at the first weights" in said.message


@pytest.mark.parametrize("setting", ["training.optimizer=adam", "training.momentum=0.9"])
def test_no_limit_is_given_for_other_steps(setting) -> None:
    spec = small_spec("training.optimizer=sgd", setting)
    assert limit_at(spec, prepare(spec), None) is None


def test_a_network_too_large_for_a_quick_look_has_none() -> None:
    spec = small_spec("training.optimizer=sgd", "model.hidden=2000,2000")
    assert limit_at(spec, prepare(spec), None) is None


def test_one_digit_downwards() -> None:
    assert [rounded_down(value) for value in (0.0215, 0.02, 9.99, 123.0, 3e-7)] == [0.02, 0.02, 9, 100, 3e-7]


def test_the_limit_of_the_inputs_is_put_together_from_blocks(monkeypatch) -> None:
    spec = small_spec()
    data = prepare(spec)
    at_once = limit_of_inputs(data)
    monkeypatch.setattr("tui.lab.stability.BLOCK_ROWS", 7)
    assert limit_of_inputs(data) == pytest.approx(at_once, rel=1e-6)
    assert at_once == pytest.approx(2 / np.square(inputs_with_one(spec), dtype=np.float64).sum(axis=1).mean(), rel=1e-6)
