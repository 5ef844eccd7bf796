"""Columns of text in a table: which ones they are, which are taken, and what is said of the others."""

import numpy as np
import pytest

from datasets import DataError, load
from tests.datasets.test_table import refused, table

COLOURS = ["red", "green", "blue", "green"]
SIZES = "".join(f"{k},{COLOURS[k % 4]},person {k},{k % 3}\n" for k in range(40))
PEOPLE = f"age,colour,name,y\n{SIZES}"


def test_a_few_different_texts_are_categories_and_many_are_left_out(tmp_path):
    data = table(tmp_path, PEOPLE)
    assert data.feature_names == ("age", "colour")
    assert data.categories == {1: ("blue", "green", "red")}
    assert data.X[:4, 1].tolist() == [2, 1, 0, 1]
    assert data.X.dtype == np.float64
    assert data.guessed["one-hot"] == "'colour' (3)"
    assert data.guessed["left out"] == "text: 'name' (40) different"
    assert data.summary()["categories"] == {"colour": ["blue", "green", "red"]}


def test_what_becomes_of_text_can_be_said(tmp_path):
    everything = table(tmp_path, PEOPLE, text="one-hot")
    assert list(everything.categories) == [1, 2]
    assert "left out" not in everything.guessed
    numbers = table(tmp_path, PEOPLE, text="drop")
    assert numbers.feature_names == ("age",)
    assert not numbers.categories
    assert numbers.guessed["left out"] == "text: 'colour' (3), 'name' (40) different"
    assert (
        "t.csv:2: columns 'colour', 'name' hold text, not numbers: leave them out with drop=colour,name, or take "
        "them with text=one-hot" in refused(tmp_path, PEOPLE, text="refuse")
    )


@pytest.mark.parametrize(("different", "rows", "taken"), [(20, 41, True), (20, 40, False), (21, 100, False)])
def test_how_few_are_few(tmp_path, different, rows, taken):
    text = "x,t,y\n" + "".join(f"{k},v{k % different},{k % 2}\n" for k in range(rows))
    assert table(tmp_path, text).feature_names == (("x", "t") if taken else ("x",))


def test_columns_keep_their_order_and_a_missing_text_is_missing(tmp_path):
    text = "t,x,u,y\n" + "a,1,p,0\nb,2,,1\nNA,?,q,0\n" * 5
    data = table(tmp_path, text)
    assert data.feature_names == ("t", "x", "u")
    np.testing.assert_array_equal(data.X[:3], [[0, 1, 0], [1, 2, np.nan], [np.nan, np.nan, 1]])
    assert (data.missing, data.guessed["missing"]) == (15, "15 cells: ?, NA, empty")


def test_text_that_begins_late_is_found(tmp_path):
    lines = [f"{k},{k},{k % 2}" for k in range(300)] + [f"{k},w{k % 2},{k % 2}" for k in range(60)]
    data = table(tmp_path, "x,t,y\n" + "\n".join(lines) + "\n", text="drop")
    assert data.feature_names == ("x",)
    assert len(data.y) == 360


def test_numbers_that_begin_late_are_found_too(tmp_path):
    lines = [f"{k},w{k % 2},{k % 2}" for k in range(30)] + [f"{k},{k},{k % 2}" for k in range(600)]
    assert "t.csv:2: 'w0' in column 't' is not a number" in refused(tmp_path, "x,t,y\n" + "\n".join(lines) + "\n")


def test_one_slip_of_the_pen_is_no_column_of_text(tmp_path):
    assert "t.csv:3: 'l2' in column 'b'" in refused(tmp_path, "a,b,y\n1,5,0\n2,l2,1\n3,6,1\n")


def test_blank_lines_among_text_alone(tmp_path):
    data = table(tmp_path, "t,u,y\n" + "a,p,0\n, ,\nb,p,1\n\n" * 3)
    assert (data.X.shape, data.n_features) == ((6, 2), 2)


def test_more_texts_than_columns_may_become(tmp_path):
    text = "x,t,y\n" + "".join(f"{k},v{k},{k % 2}\n" for k in range(1200))
    assert table(tmp_path, text).guessed["left out"] == "text: 't' (more than 1,000) different"
    assert "'t' has more than 1,000 different texts: leave it out with drop=t" in refused(
        tmp_path, text, text="one-hot"
    )


def test_texts_with_escape_codes_are_literal(tmp_path):
    data = table(tmp_path, "x,t,y\n" + "1,\x1b[31mred,0\n2,[b]bold[/b],1\n" * 3)
    assert data.categories[1] == ("\\x1b[31mred", "[b]bold[/b]")


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("label,a,b", "label"),
        ("a,Class,b", "Class"),
        ("a,b,TARGET", "TARGET"),
        ("a,class,label", "label"),  # two names say it: the last column then
        ("a,classes,b", "b"),
    ],
)
def test_the_target_by_its_name(tmp_path, header, target):
    data = table(tmp_path, f"{header}\n0,1,0\n1,0,1\n2,1,1\n")
    assert data.guessed["target"].split(",")[0].endswith(target) or data.guessed["target"].endswith(f", {target}")
    assert target not in data.feature_names
    last = table(tmp_path, f"{header}\n0,1,0\n1,0,1\n2,1,1\n", target="last")
    assert header.split(",")[-1] not in last.feature_names
    assert "target" not in last.guessed


def test_small_letters_will_do_for_a_name(tmp_path):
    text = "Age,Height,height,y\n1,2,3,0\n4,5,6,1\n"
    assert table(tmp_path, text, drop="age").feature_names == ("Height", "height")
    assert table(tmp_path, text, drop="height").feature_names == ("Age", "Height")
    with pytest.raises(DataError, match="no column 'HEIGHT'"):
        load(tmp_path / "t.csv", drop="HEIGHT")
