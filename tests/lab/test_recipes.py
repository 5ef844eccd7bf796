import os
import tomllib
from pathlib import Path

import pytest

from tests.lab.support import small_spec, train_here
from tui.lab import recipes
from tui.lab.errors import LabError, RunError
from tui.lab.events import Finished
from tui.lab.fields import FIELDS
from tui.lab.recipes import FigureSpec
from tui.lab.recipes.checking import check, compare, train
from tui.lab.recipes.measures import MEASURES, Outcome
from tui.lab.runs import create_run
from tui.lab.spec import set_values

DATA = os.environ.get("MLP_TUI_TEST_DATA", "")
needs_data = pytest.mark.skipif(not DATA, reason="MLP_TUI_TEST_DATA names no folder of real data")


def test_the_recipes() -> None:
    assert recipes.names() == [
        "tp4",
        "lyon-deep",
        "lyon-perceptron",
        "lyon-shallow",
        "mnist-cnn",
        "micrograd-neuron",
        "moons-16",
        "moons-2",
        "digits-mlp",
        "digits-sgd",
        "digits-softmax",
        "mnist-mlp",
    ]
    with pytest.raises(LabError, match="there are tp4, lyon-deep, "):
        recipes.load("tp5")


@pytest.mark.parametrize("name", recipes.names())
def test_a_recipe_is_whole(name) -> None:
    recipe = recipes.load(name)
    assert recipe.spec.name == recipe.name == name
    assert recipe.spec.problems() == []
    assert recipe.tasks
    assert recipe.questions
    for figure in recipe.figures:
        assert figure.measure in MEASURES
        assert sum(value is not None for value in (figure.expected, figure.at_least, figure.at_most)) == 1
    assert len({task.id for task in recipe.tasks}) == len(recipe.tasks)


@pytest.mark.parametrize("name", recipes.names())
def test_every_switch_of_the_sheets_is_written_down(name) -> None:
    """None is a default that a student would have to look up; those of another loss are left out."""
    path = Path(recipes.__file__).parent / f"{name}.toml"
    table = tomllib.loads(path.read_text(encoding="utf-8"))["spec"]
    written = {f"{part}.{key}" for part in ("data", "model", "training") for key in table[part]}
    switches = {field.key for field in FIELDS.values() if field.group == "switches of the lab sheets"}
    switches |= {"model.init", "training.dtype", "training.batch_size"}
    loss = table["training"]["loss"]
    others = {"mse": "training.epsilon", "cross_entropy": "training.mse"}
    assert switches - {others[loss]} <= written


def test_moons_2_gives_the_printed_figures() -> None:
    figures = list(check("moons-2"))
    assert len(figures) == 21
    assert [figure.figure for figure in figures if not figure.ok] == []
    assert figures[0].tolerance == 1e-12


@pytest.mark.parametrize(("name", "count"), [("micrograd-neuron", 6), ("moons-16", 3)])
def test_the_other_figures_of_the_micrograd_sheet(name, count) -> None:
    figures = list(check(name))
    assert [figure.ok for figure in figures] == [True] * count


def test_tp4_clears_its_figures(tmp_path) -> None:
    figures = list(check("tp4", runs_dir=tmp_path))
    assert [figure for figure in figures if not figure.ok] == []
    assert len(list(tmp_path.iterdir())) == 1


@needs_data
@pytest.mark.slow
def test_mnist_mlp_clears_its_figures() -> None:
    figures = list(check("mnist-mlp", f"{DATA}/mnist_idx"))
    assert [figure for figure in figures if not figure.ok] == []


@needs_data
@pytest.mark.slow
def test_the_genuine_tp4_file_clears_them_too() -> None:
    figures = list(check("tp4", f"{DATA}/tp4/tp4_data.pkl"))
    assert [figure for figure in figures if not figure.ok] == []


LYON, DIGITS = "mnist_lyon/mnist_light.pkl.gz", "digits178/digits178_from_mnist.npz"


@needs_data
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "file", "count"),
    [
        ("lyon-perceptron", LYON, 7),
        ("lyon-shallow", LYON, 4),
        ("lyon-deep", LYON, 4),
        ("digits-softmax", DIGITS, 6),
        ("digits-mlp", DIGITS, 5),
        ("digits-sgd", DIGITS, 5),
        ("mnist-cnn", "mnist_idx", 2),
    ],
)
def test_the_measured_figures_come_out_again(name, file, count) -> None:
    figures = list(check(name, f"{DATA}/{file}"))
    assert len(figures) == count
    assert [figure for figure in figures if not figure.ok] == []


@needs_data
def test_the_switches_of_the_digits_come_through() -> None:
    spec = recipes.load("digits-softmax").spec.with_value("data.source", f"{DATA}/{DIGITS}")
    figures = list(compare(recipes.load("digits-softmax"), train_briefly(spec, epochs=5)))
    assert next(figure for figure in figures if figure.figure.startswith("J as the formulas")).ok


def train_briefly(spec, *, epochs: int) -> Outcome:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return train(spec.with_value("training.epochs", epochs), Path(folder))


def test_figures_of_other_data_are_not_asked(tmp_path) -> None:
    outcome = train(small_spec("training.epochs=1"), tmp_path)
    rows = (FigureSpec("a", "seconds", at_most=60, samples=60), FigureSpec("b", "seconds", at_most=60, samples=61))
    recipe = recipes.load("tp4")
    recipe = recipes.Recipe("r", "", "", outcome.spec, rows, recipe.tasks, recipe.questions)
    assert [figure.figure for figure in compare(recipe, outcome)] == ["a"]


@pytest.mark.parametrize("block", [7, 1000])
def test_formulas_by_hand_are_the_run(tmp_path, monkeypatch, block) -> None:
    monkeypatch.setattr("tui.lab.recipes.by_hand.BLOCK", block)
    spec = small_spec(
        "model.hidden=",
        "model.bias=input",
        "model.dropout=0",
        "training.loss=mse",
        "training.mse=half_sum",
        "training.labels=one_hot",
        "training.optimizer=sgd",
        "training.batch_size=1",
        "training.epochs=2",
        "training.dtype=float64",
    )
    outcome = train(spec, tmp_path)
    assert MEASURES["difference_from_delta_rule"](outcome) < 1e-12
    assert MEASURES["runs_away_below"](outcome) is False
    assert 0 <= MEASURES["delta_rule_large_start"](outcome) <= 1
    losses = set_values(spec, ["training.loss=cross_entropy", "training.mse=mean", "training.batch_size=full"])
    softmax = train(set_values(losses, ["training.epsilon=1e-16", "training.sampling=sequential"]), tmp_path)
    assert MEASURES["difference_by_hand"](softmax) < 1e-12
    assert MEASURES["peak_train_loss"](softmax) == max(epoch.train_loss for epoch in softmax.epochs)


@pytest.mark.parametrize("name", ["mnist-mlp", "mnist-cnn", "lyon-deep", "digits-sgd"])
def test_a_recipe_without_its_data_names_the_option(name) -> None:
    with pytest.raises(LabError, match="--data"):
        list(check(name))


def test_a_run_that_diverges_is_no_bad_input(tmp_path) -> None:
    with pytest.raises(RunError, match="learning rate"):
        train(small_spec("training.lr=1e30", "training.optimizer=sgd", "training.loss=mse"), tmp_path)
    with pytest.raises(LabError) as error:
        train(small_spec("data.options.noise=99"), tmp_path)
    assert not isinstance(error.value, RunError)


def test_what_the_sheets_ask_for_in_words_is_a_figure() -> None:
    slowest = {
        figure.measure: figure.at_most for figure in recipes.load("mnist-mlp").figures if figure.at_most is not None
    }
    assert slowest == {"slowest_epoch_seconds": 2.0}


def test_a_missed_figure_is_not_ok() -> None:
    finished = Finished(
        run="",
        epochs=0,
        seconds=1.0,
        train_loss=None,
        train_accuracy=None,
        val_loss=None,
        val_accuracy=None,
        test_loss=0.5,
        test_accuracy=None,
        last_batch_loss=None,
        best_epoch=0,
    )
    recipe = recipes.load("tp4")
    rows = (
        FigureSpec("a", "test_accuracy", at_least=0.85),
        FigureSpec("b", "test_loss", at_most=0.4),
        FigureSpec("c", "epoch_train_loss", expected=(0.1, 0.2), tolerance=1.0),
        FigureSpec("d", "test_loss", expected=0.5),
    )
    recipe = recipes.Recipe(recipe.name, "", "", recipe.spec, rows, (), ())
    figures = list(compare(recipe, Outcome(recipe.spec, finished)))
    assert [figure.ok for figure in figures] == [False, False, False, False, True]
    assert [figure.figure for figure in figures] == ["a", "b", "c 0", "c 1", "d"]


def test_a_recipe_survives_its_run_folder(tmp_path: Path) -> None:
    spec = recipes.load("moons-2").spec
    folder = create_run(spec, tmp_path)
    assert folder.read_spec() == spec
    train_here(folder)
    assert folder.read_spec() == spec
    assert small_spec() != spec
