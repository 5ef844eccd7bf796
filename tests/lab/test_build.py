import numpy as np
import pytest

from mlcore.gradreport import GradientReport
from mlcore.layers import Dropout
from tests.lab.support import small_spec, write_images
from tui.lab import gradients, recipes
from tui.lab.build import (
    USER_ERRORS,
    make_loss,
    make_optimizer,
    network,
    order_rng,
    out_features,
    prepare,
    refusal,
)
from tui.lab.errors import LabError
from tui.lab.outline import outline
from tui.lab.runs import create_run
from tui.lab.spec import SpecError, set_values


def test_parts_are_scaled_by_the_training_part() -> None:
    data = prepare(small_spec("data.scale=standard", "training.dtype=float64"))
    X, y = data.train
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(X.std(axis=0), 1)
    assert (len(X), len(data.validation[0]), len(data.test[0])) == (60, 20, 20)
    assert (data.in_features, y.dtype) == (2, np.int64)
    assert prepare(small_spec()).train[0].dtype == np.float32


def test_no_part_where_none_is_asked_for() -> None:
    data = prepare(small_spec("data.test=0", "data.validation=0"))
    assert data.test is None
    assert data.validation is None


@pytest.mark.parametrize(
    ("settings", "classes", "outputs"),
    [
        ((), 4, 4),
        (("training.loss=mse",), 2, 2),
        (("training.loss=mse", "model.output=sigmoid"), 2, 1),
        (("training.loss=mse", "model.output=detached_sigmoid"), 3, 3),
        (("training.loss=bce",), 2, 1),
    ],
)
def test_outputs(settings, classes, outputs) -> None:
    assert out_features(small_spec(*settings), classes) == outputs
    assert network(small_spec(*settings), 5, classes).state_dict()["3.bias"].shape == (outputs,)


def test_bce_with_more_than_two_classes_is_refused() -> None:
    with pytest.raises(SpecError, match="set cross_entropy"):
        network(small_spec("training.loss=bce"), 2, 3)


def test_the_seed_gives_the_weights_and_nothing_else_shifts_them() -> None:
    first = network(small_spec("model.hidden=8,8"), 2, 2)
    without = network(small_spec("model.hidden=8,8", "model.dropout=0"), 2, 2)
    other = network(small_spec("model.hidden=8,8", "seed=1"), 2, 2)
    weights, others = first.state_dict(), other.state_dict()
    for mine, theirs in zip(weights.values(), without.state_dict().values(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert not np.array_equal(weights["0.weight"], others["0.weight"])
    masks = [layer.rng.random() for layer in first.modules() if isinstance(layer, Dropout)]
    assert len(set(masks)) == 2
    assert order_rng(small_spec()).random() not in masks


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw", "rmsprop", "adagrad"])
def test_optimisers_take_what_the_spec_says(name) -> None:
    spec = small_spec(f"training.optimizer={name}", "training.lr=0.5", "training.weight_decay=0.25")
    optimizer = make_optimizer(spec, network(spec, 2, 2))
    assert (optimizer.lr, optimizer.weight_decay) == (0.5, 0.25)
    assert make_loss(set_values(spec, ["training.gradient=sum"])).gradient == "sum"


@pytest.mark.parametrize(
    "setting",
    ["data.source=mnist", "data.source=nowhere.csv", "data.options.nonsense=1", "data.options.noise=-1"],
)
def test_what_a_person_can_put_right_is_one_line(setting) -> None:
    with pytest.raises(USER_ERRORS) as error:
        prepare(small_spec(setting))
    assert "\n" not in str(error.value)


def test_a_gradient_check_follows_the_spec() -> None:
    spec = small_spec("model.dropout=0.5", "model.hidden=8,4", "model.activation=tanh")
    *steps, report = gradients.check(spec, prepare(spec))
    assert isinstance(report, GradientReport)
    assert report.ok
    assert report.batch_size == 32
    assert report.max_relative_error < 1e-6
    assert len(steps) >= 7


def test_a_gradient_check_of_a_full_batch_takes_all_of_it() -> None:
    spec = small_spec("training.batch_size=full", "training.gradient=sum")
    *_, report = gradients.check(spec, prepare(spec))
    assert report.batch_size == 60
    assert not report.ok
    assert "60" in report.diagnosis


@pytest.mark.parametrize(
    ("init", "option", "value", "words"),
    [
        ("normal", "foo", 1, "'normal' does not take foo: its options are std"),
        ("normal", "rng", 1, "does not take rng"),
        ("normal", "fan_in", 3, "does not take fan_in"),
        ("normal", "std", 1e200, "takes std as a number from 0 to 1,000,000, received 1e+200"),
        ("micrograd", "draws_before", "x", "takes draws_before as a whole number"),
        ("tp4", "activation", "tanh", "'tp4' does not take activation: it has no options"),
    ],
)
def test_an_option_that_the_initialisation_does_not_take_is_refused(init, option, value, words) -> None:
    spec = small_spec(f"model.init={init}").with_value(f"model.init_options.{option}", value)
    key, said = refusal(spec, 2, 2)
    assert key == f"model.init_options.{option}"
    assert words in said
    with pytest.raises(SpecError) as error:
        network(spec, 2, 2)
    assert str(error.value) == f"{key}: {said}"
    assert [row.std for row in outline(spec, 2, 2) if row.name == "Linear"] == [None, None]


def test_a_gradient_check_without_a_finite_loss_is_said_in_words() -> None:
    spec = small_spec("model.init=normal", "model.init_options.std=1e6", "model.hidden=" + ",".join(["9"] * 60))
    with pytest.raises(LabError, match="the gradients cannot be checked: the loss is"):
        list(gradients.check(spec, prepare(spec)))


def test_a_folder_that_is_really_called_mnist_is_opened(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LabError) as error:
        prepare(small_spec("data.source=mnist"))
    words = "mnist: the files are not here: name their folder with --data FOLDER, or open it with o"
    assert str(error.value) == words
    write_images(tmp_path / "mnist")
    recipe = recipes.load("mnist-mlp").spec
    assert prepare(recipe).in_features == 12
    assert create_run(recipe, tmp_path / "runs").read_spec().data.source == str(tmp_path / "mnist")


def test_a_network_that_no_bench_holds_is_refused_in_words() -> None:
    with pytest.raises(SpecError, match=r"model\.hidden: .* choose smaller layers"):
        network(small_spec("model.hidden=" + ",".join(["65536"] * 40)), 2, 2)
