import os
from pathlib import Path

import pytest

from tests.lab.support import small_spec, train_here
from tui.lab import recipes
from tui.lab.errors import LabError, RunError
from tui.lab.events import Finished
from tui.lab.recipes import FigureSpec
from tui.lab.recipes.checking import check, compare, train
from tui.lab.recipes.measures import MEASURES, Outcome
from tui.lab.runs import create_run

DATA = os.environ.get("MLP_TUI_TEST_DATA", "")
needs_data = pytest.mark.skipif(not DATA, reason="MLP_TUI_TEST_DATA names no folder of real data")


def test_the_recipes() -> None:
    assert recipes.names() == ["tp4", "moons-2", "mnist-mlp"]
    with pytest.raises(LabError, match="there are tp4, moons-2, mnist-mlp"):
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


def test_moons_2_gives_the_printed_figures() -> None:
    figures = list(check("moons-2"))
    assert len(figures) == 21
    assert [figure.figure for figure in figures if not figure.ok] == []
    assert figures[0].tolerance == 1e-12


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


def test_a_recipe_without_its_data_names_the_option() -> None:
    with pytest.raises(LabError, match="--data"):
        list(check("mnist-mlp"))


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
