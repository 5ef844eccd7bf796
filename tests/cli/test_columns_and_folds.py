"""Tables with gaps and text on the command line; cross-validation."""

from statistics import mean, stdev

import pytest

from tests.cli.support import QUICK, assert_one_error_line, mlp_tui

FIGURES = {"train_loss", "train_accuracy", "val_loss", "val_accuracy", "test_loss", "test_accuracy"}


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "people.csv"
    rows = (f"{'' if k % 9 == 4 else 20 + k},{('red', 'green')[k % 2]},p{k},{k % 3}" for k in range(90))
    path.write_text("age,colour,name,y\n" + "\n".join(rows) + "\n")
    return str(path)


def test_inspect_tells_each_column(tmp_path, table) -> None:
    shown = mlp_tui(tmp_path, "data", "inspect", table).out
    assert "  age     whole numbers  20 to 109" in shown
    assert "10 missing" in shown
    assert "  colour  text           green 45, red 45" in shown
    facts = mlp_tui(tmp_path, "data", "inspect", table, "--json").lines[-1]
    assert (facts["samples"], facts["features"], facts["missing"]) == (90, 2, 10)
    assert facts["categories"] == {"colour": ["green", "red"]}
    assert facts["columns"][1]["texts"] == {"green": 45, "red": 45}
    refused = mlp_tui(tmp_path, "data", "inspect", table, "--option", "text=refuse")
    assert_one_error_line(refused, "columns 'colour', 'name' hold text")


def test_a_table_with_gaps_and_text_is_trained_on_and_checked(tmp_path, table) -> None:
    words = (
        "--data",
        table,
        "--set",
        "data.missing=median",
        "--set",
        "data.expand=square",
        "--set",
        "training.epochs=2",
    )
    result = mlp_tui(tmp_path, "train", *words, "--json")
    assert result.status == 0, result.err
    assert result.lines[0]["features"] == 4
    checked = mlp_tui(tmp_path, "gradcheck", *words)
    assert checked.status == 0, checked.err


def test_the_old_name_of_missing_is_told_where_it_went(tmp_path, table) -> None:
    result = mlp_tui(tmp_path, "train", "--data", table, "--set", "data.options.missing=drop")
    assert_one_error_line(result, "data.options.missing: no such setting; did you mean data.missing?")


def test_one_fold_by_hand(tmp_path) -> None:
    result = mlp_tui(tmp_path, "train", *QUICK, "--set", "data.folds=5", "--set", "data.fold=2", "--json")
    assert result.status == 0, result.err
    assert (result.lines[0]["validation_samples"], result.lines[0]["test_samples"]) == (16, 20)


def test_all_folds_in_turn(tmp_path) -> None:
    result = mlp_tui(tmp_path, "train", *QUICK, "--folds", "3", "--json", "--name", "cv")
    assert result.status == 0, result.err
    ends = [line for line in result.lines if line["event"] == "finished"]
    last = result.lines[-1]
    assert (last["event"], last["folds"], last["runs"]) == ("folds", 3, [end["run"] for end in ends])
    assert last.keys() >= FIGURES
    values = [end["val_loss"] for end in ends]
    assert last["val_loss"] == {"mean": pytest.approx(mean(values)), "deviation": pytest.approx(stdev(values))}
    assert len(set(values)) == 3
    assert [end["run"].partition("-cv-")[2] for end in ends] == ["fold-1", "fold-2", "fold-3"]


def test_all_folds_in_words_and_what_cannot_be(tmp_path) -> None:
    result = mlp_tui(tmp_path, "train", *QUICK, "--folds", "2")
    assert "fold 1 of 2\n" in result.out
    assert "2 folds: mean ± deviation\n" in result.out
    assert "  val accuracy    0." in result.out
    assert_one_error_line(mlp_tui(tmp_path, "train", *QUICK, "--folds", "2", "--detach"), "leave --detach out")
    assert mlp_tui(tmp_path, "train", *QUICK, "--folds", "1").status == 2
    assert_one_error_line(
        mlp_tui(tmp_path, "train", *QUICK, "--folds", "81"), "folds: expected a whole number from 2 to 80"
    )
    assert result.err == ""
