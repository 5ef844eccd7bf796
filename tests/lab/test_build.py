import numpy as np
import pytest

from mlcore.gradcheck import GradientReport
from mlcore.layers import Dropout, Linear
from tests.lab.support import small_spec, write_images
from tui.lab import gradients, recipes
from tui.lab.build import (
    USER_ERRORS,
    make_early_stopping,
    make_loss,
    make_optimizer,
    make_schedule,
    network,
    order_rng,
    out_features,
    prepare,
    refusal,
    targets,
)
from tui.lab.errors import LabError
from tui.lab.outline import count_parameters, outline
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
    assert make_loss(set_values(spec, ["training.gradient=sum"]), prepare(spec)).gradient == "sum"


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
    words = "mnist: the files are not here: get them with `mlp-tui data fetch mnist` (11.6 MB), name their folder"
    assert str(error.value) == f"{words} with --data FOLDER, or open it with o"
    write_images(tmp_path / "mnist")
    recipe = recipes.load("mnist-mlp").spec
    assert prepare(recipe).in_features == 12
    assert create_run(recipe, tmp_path / "runs").read_spec().data.source == str(tmp_path / "mnist")


def test_a_network_that_no_bench_holds_is_refused_in_words() -> None:
    with pytest.raises(SpecError, match=r"model\.hidden: .* choose smaller layers"):
        network(small_spec("model.hidden=" + ",".join(["65536"] * 40)), 2, 2)


def test_the_bias_as_a_further_input_is_the_same_network() -> None:
    spec = small_spec("training.dtype=float64", "model.dropout=0")
    plain, augmented = network(spec, 2, 2), network(set_values(spec, ["model.bias=input"]), 2, 2)
    X, _ = prepare(spec).train
    np.testing.assert_allclose(augmented.forward(X), plain.forward(X), rtol=1e-12)
    assert augmented[0].augmented.shape == (8, 3)


def test_the_biases_have_an_initialisation_of_their_own() -> None:
    spec = small_spec("model.bias_init=playground")
    assert (network(spec, 2, 2)[0].bias.data == np.float32(0.1)).all()
    assert (network(small_spec("model.init=tp4"), 2, 2)[0].bias.data != 0).any()
    assert (network(small_spec("model.init=tp4", "model.bias_init=zeros"), 2, 2)[0].bias.data == 0).all()


def test_dropout_with_and_without_scaling() -> None:
    scales = {
        scaling: [
            layer.scale
            for layer in network(small_spec(f"model.dropout_scaling={scaling}", "model.dropout=.5"), 2, 2)
            if isinstance(layer, Dropout)
        ]
        for scaling in ("inverted", "none")
    }
    assert scales == {"inverted": [2.0], "none": [1.0]}


def test_losses_as_the_sheets_write_them() -> None:
    output, y = np.array([[0.0, 2.0], [1.0, 0.0]]), np.array([1, 1])  # errors 0, 1 and 1, -1
    data = prepare(small_spec())
    values = {
        kind: make_loss(small_spec("training.loss=mse", f"training.mse={kind}"), data).forward(output, y)
        for kind in ("mean", "per_sample", "half_sum")
    }
    assert values == {"mean": 0.75, "per_sample": 1.5, "half_sum": 1.5}
    certain = np.array([[0.0, 2000.0]])
    with_epsilon = make_loss(small_spec("training.epsilon=1e-16"), data)
    assert with_epsilon.forward(certain, [0]) == pytest.approx(16 * np.log(10))
    X, rows = targets(small_spec("training.labels=one_hot"), (output, y), 3)
    assert rows.tolist() == [[0, 1, 0], [0, 1, 0]]
    assert targets(small_spec(), (X, y), 3)[1] is y


def test_one_output_takes_no_one_hot_rows() -> None:
    spec = small_spec("training.loss=mse", "model.output=sigmoid", "training.labels=one_hot")
    assert refusal(spec, 2, 2)[0] == "training.labels"
    assert refusal(spec, 2, 3) is None


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [
        ("sgd", "momentum", 0.5),
        ("sgd", "nesterov", True),
        ("adam", "amsgrad", True),
        ("adamw", "amsgrad", True),
        ("rmsprop", "centered", True),
        ("adagrad", "l1", 0.25),
    ],
)
def test_options_reach_the_optimiser(name, option, value) -> None:
    spec = small_spec(f"training.optimizer={name}", f"training.{option}={value}")
    if option == "nesterov":
        spec = set_values(spec, ["training.momentum=.9"])
    assert spec.problems() == []
    assert getattr(make_optimizer(spec, network(spec, 2, 2)), option) == value


def test_schedule_and_patience_come_from_the_spec() -> None:
    spec = small_spec("training.schedule=step", "training.schedule_options.step_size=2", "training.epochs=9")
    assert [make_schedule(spec).factor(epoch) for epoch in (1, 2, 3)] == [1, 1, pytest.approx(0.1)]
    assert make_early_stopping(spec, validation=True) is None
    stopping = make_early_stopping(set_values(spec, ["training.patience=4", "training.min_delta=.5"]), validation=False)
    assert (stopping.monitor, stopping.patience, stopping.min_delta) == ("train_loss", 4, 0.5)


def test_a_convolutional_network(tmp_path) -> None:
    source = write_images(tmp_path / "images", 9, 9).parent
    spec = small_spec(f"data.source={source}", "data.scale=unit", "model.channels=4,6", "model.hidden=5")
    data = prepare(spec)
    built = network(spec, data.in_features, len(data.class_names))
    kinds = ["Unflatten", *["Conv2d", "ReLU", "MaxPool2d"] * 2, "Flatten", "Linear", "ReLU", "Dropout", "Linear"]
    assert [type(layer).__name__ for layer in built] == kinds
    rows = outline(spec, data.in_features, 3)
    assert [row.name for row in rows if row.index is not None] == kinds
    assert [row.index for row in rows if row.index is not None] == list(range(len(kinds)))
    total = sum(parameter.data.size for parameter in built.parameters())
    assert count_parameters(spec, data.in_features, 3) == sum(row.parameters for row in rows) == total
    assert [row.output for row in rows if row.name == "MaxPool2d"] == ["(n, 4, 4, 4)", "(n, 6, 2, 2)"]
    assert [layer.in_features for layer in built if isinstance(layer, Linear)] == [24, 5]
    *_, report = gradients.check(spec, data, samples=4, max_entries=20)
    assert report.ok


def test_colours_are_channels(tmp_path) -> None:
    from datasets import Dataset

    X = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 3), dtype=np.uint8)
    dataset = Dataset(X, np.arange(20) % 2, (), ("a", "b"), "", "")
    spec = small_spec("model.channels=2", "data.scale=none", "data.stratify=no")
    data = prepare(spec, dataset)
    first = network(spec, data.in_features, 2)[0].forward(data.ready(data.train[0]))
    assert first.shape[1:] == (3, 8, 8)
    np.testing.assert_array_equal(first[0], X[data.split.train[0]].transpose(2, 0, 1))


@pytest.mark.parametrize(
    ("settings", "features"),
    [(("model.channels=4",), 13), (("model.channels=4",), 49), (("model.channels=2,2,2,2",), 64)],
)
def test_convolutions_that_do_not_fit_are_refused(settings, features) -> None:
    key, words = refusal(small_spec(*settings), features, 2)
    assert key == "model.channels"
    assert "\n" not in words
    assert outline(small_spec(*settings), features, 2)
