"""Text tables: what is guessed, what is refused, and that numbers come back as they were written."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets import DataError, load


def table(tmp_path, content, name="t.csv", **options):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load(path, **options)


def refused(tmp_path, content, name="t.csv", **options):
    with pytest.raises(DataError) as caught:
        table(tmp_path, content, name, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(str(tmp_path) + "/", "")


numbers = st.floats(allow_nan=False, allow_infinity=False, width=64)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(numbers, numbers, st.sampled_from(["a", "b;c", 'd"e', "é f"])), min_size=2, max_size=20),
    separator=st.sampled_from([",", ";", "\t"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    header=st.booleans(),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_numbers_come_back_as_they_were_written(tmp_path_factory, rows, separator, encoding, header, line_end):
    labels = [row[-1] for row in rows]
    if len(set(labels)) < 2:
        return
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator=line_end)
    if header:
        writer.writerow(["one", "two", "class"])
    writer.writerows([repr(a), repr(b), label] for a, b, label in rows)
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_bytes(out.getvalue().encode(encoding))
    data = load(path, delimiter=separator, header=header)
    np.testing.assert_array_equal(data.X, [row[:-1] for row in rows])
    assert [data.class_names[k] for k in data.y] == labels
    assert data.feature_names == (("one", "two") if header else ("x0", "x1"))


@pytest.mark.parametrize(
    ("text", "separator", "decimal", "header"),
    [
        ("a,b,y\n1.5,2,0\n3,4,1\n", "comma", "point", "first line"),
        ("1.5,2,0\n3,4,1\n", "comma", "point", "none: columns x0 … x2"),
        ("1,5;2;0\n3,25;4;1\n", "semicolon", "comma", "none: columns x0 … x2"),
        ("a\tb\ty\n1,5\t2\t0\n3\t4,5\t1\n", "tab", "comma", "first line"),
        ("  1.5   2  0\n 3     4  1\n", "space", "point", "none: columns x0 … x2"),
        ("a;b;y\n,2;1;0\n,3;1;1\n", "semicolon", "comma", "first line"),
        ("1.5,2,yes\n3,4,no\n5,6,no\n", "comma", "point", "none: columns x0 … x2"),
        ("0,1,2,label\n1.5,2,9,0\n3,4,9,1\n", "comma", "point", "first line"),
        ("0,1,2,3\n5.5,2,9,0\n3,4,9,1\n", "comma", "point", "first line"),
        ('"a, b","c","y"\n"1.5","2","u, v"\n"3","4","w"\n', "comma", "point", "first line"),
    ],
)
def test_guesses(tmp_path, text, separator, decimal, header):
    data = table(tmp_path, text)
    assert data.guessed["separator"] == separator
    assert data.guessed["decimal"] == decimal
    assert data.guessed["header"] == header
    assert data.X.dtype == np.float64
    assert data.y.dtype == np.int64


def test_options_stand_in_for_guesses(tmp_path):
    data = table(tmp_path, "1;2;0\n3;4;1\n5;6;1\n", delimiter="semicolon", decimal="point", header=True, target="first")
    assert data.X.tolist() == [[4, 1], [6, 1]]
    assert data.class_names == ("3", "5")
    assert data.feature_names == ("2", "0")
    assert not {"separator", "decimal", "header", "target"} & set(data.guessed)


@pytest.mark.parametrize(("target", "drop"), [("y", "a"), (1, "a"), ("1", 0), (-2, ["a"]), ("y", ["a"])])
def test_target_and_drop_by_name_or_index(tmp_path, target, drop):
    data = table(tmp_path, "a,y,b\nu,0,1.5\nv,1,2.5\n", target=target, drop=drop)
    assert data.feature_names == ("b",)
    assert data.class_names == ("0", "1")


def test_names_with_commas_empty_names_and_twice_the_same(tmp_path):
    data = table(tmp_path, '"p,q",,W,W,W,y\n7,1,2,3,4,a\n8,2,3,4,5,b\n', drop="p,q")
    assert data.feature_names == ("x1", "W", "W.1", "W.2")


def test_missing_cells_stay_missing(tmp_path):
    data = table(tmp_path, "a,b,y\n1,10,u\n2,NA,v\n6,30,v\n?,,v\n")
    np.testing.assert_array_equal(data.X, [[1, 10], [2, np.nan], [6, 30], [np.nan, np.nan]])
    assert data.missing == 3
    assert data.guessed["missing"] == "3 cells: ?, NA, empty"
    assert table(tmp_path, "a,b,y\n1,nan,u\n2,1,v\n").guessed["missing"] == "1 cell: nan"


def test_old_ways_to_fill_are_told_where_they_went(tmp_path):
    message = refused(tmp_path, "a,y\n1,0\n,1\n", missing="mean")
    assert "no option 'missing' for csv files" in message
    assert "filled by the training rows" in message


def test_rows_without_a_class_and_columns_without_a_value_are_left_out(tmp_path):
    data = table(tmp_path, "a,b,c,y\n1,,10,u\n2,,20,\n3,,30,v\n")
    assert data.X.tolist() == [[1, 10], [3, 30]]
    assert data.feature_names == ("a", "c")
    assert data.missing == 0
    assert "'b'" in data.guessed["left out"]
    assert data.guessed["rows"].startswith("1 rows without a class")


def test_empty_cells_at_the_end_of_lines_are_no_columns(tmp_path):
    data = table(tmp_path, "a;y;;\n1,5;u;;\n2,5;v;;\n;;;\n\n")
    assert data.X.tolist() == [[1.5], [2.5]]
    assert data.class_names == ("u", "v")


def test_whole_numbers_are_classes_however_written(tmp_path):
    data = table(tmp_path, "x,y\n.5,1.0\n1e3,-1\n-2,+1\n")
    assert data.X.ravel().tolist() == [0.5, 1000, -2]
    assert data.class_names == ("-1", "1")
    assert data.y.tolist() == [1, 0, 1]


def test_more_different_numbers_than_are_kept(tmp_path):
    values = np.random.RandomState(0).normal(size=(3000, 3))
    lines = "".join(f"{a!r},{b!r},{c!r},{k % 2}\n" for k, (a, b, c) in enumerate(values.tolist()))
    np.testing.assert_array_equal(table(tmp_path, lines).X, values)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b,y\n1,2,0\n3,4\n5,6,1,9\n", "t.csv:3: 2 values, where the first line has 3"),
        ("a,b,y\n1,2,0\n\n3,inf,1\n", "t.csv:4: 'b' holds inf"),
        ("a,b,y\n1,2,0\n1e400,3,1\n", "t.csv:3: 'a' holds inf"),
        (
            "a,b,y\n" + "1,2,0\n" * 20 + "1,oops,1\n" + "1,2,1\n" * 20,
            "t.csv:22: 'oops' in column 'b' is not a number",
        ),
        ("a,b,y\n" + "1,2,0\n" * 20 + "1,1_000,1\n" + "1,2,1\n" * 20, "t.csv:22: '1_000' in column 'b'"),
        ("a,b,y\nu,p,0\nv,q,1\n", "no column of numbers (text: 'a' (2), 'b' (2) different): columns of text are taken"),
        ("x,y\n1,.5\n2,.5\n", "t.csv: column 'y' has the same number in all 2 rows"),
        ("x,y\n1,.5\n2,\n3,.25\n", "t.csv:3: column 'y' has no number here"),
        ("x,y\n1,.5\n2,1e999\n3,.25\n", "t.csv:3: column 'y' holds '1e999', or a number too large"),
        ("x,y\n" + "1,.5\n2,.7\n" * 20 + "1,oops\n", "t.csv:42: 'oops' in column 'y' is not a number"),
        ("x,y\n1,0\n2,0\n", "column 'y' has the same label in all 2 rows"),
        ("x,y\n" + "".join(f"{i},v{i}\n" for i in range(30)), "column 'y' has 30 different values in 30 rows"),
        ("x,y\n" + "".join(f"1,v{i % 1001}\n" for i in range(4004)), "1,001 different values"),
        ("x,y\n1,\n2,\n", "column 'y' has no class in any row"),
        ("a,b\n", "has a header but no row below it"),
        ("1\n2\n3\n", "holds a single column"),
        ("\n\n \n", "there is nothing in it"),
        ("", "is empty (0 bytes)"),
        ('a,b,y\n1,2,0\n"3,4,1\n' + "5,6,1\n" * 40000, "is a quote left open?"),
        (b"a,b\n1,\0\n", "t.csv:2: holds binary data (a NUL byte), not a text table"),
        ("a,b,\x1b[31my\n1,2,.5\n3,4,.5\n", r"\x1b[31my"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(tmp_path, text, words):
    assert words in refused(tmp_path, text)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"target": "nope"}, "target: no column 'nope'; the columns are 'a', 'b', 'y'"),
        ({"target": 3}, "target: no column '3'"),
        ({"drop": "nope"}, "drop: no column 'nope'"),
        ({"drop": "a,b"}, "has 1 of 3 columns left"),
        ({"drop": "b", "target": "b"}, "is left out by drop"),
        ({"task": "both"}, "task: expected one of auto, classification, regression; received 'both'"),
        ({"text": "yes"}, "text: expected one of auto, one-hot, drop, refuse; received 'yes'"),
        ({"delimiter": "bar"}, "delimiter: expected one of tab, semicolon, comma, space"),
        ({"decimal": "dot"}, "decimal: expected point or comma"),
        ({"header": "maybe"}, "header: expected true or false"),
        ({"noise": 1}, "no option 'noise' for csv files: expected target, drop, text"),
    ],
)
def test_wrong_options_are_named(tmp_path, options, words):
    assert words in refused(tmp_path, "a,b,y\n1,2,0\n3,4,1\n", **options)


def test_decimal_commas_read_as_separators_are_refused_with_the_line(tmp_path):
    text = "T,AH,col1,col2\n13,6,0,7578\n13,0,7255,\n11,9,0,7502\n"
    assert ":3: this row ends early" in refused(tmp_path, text)
    assert table(tmp_path, text, decimal="point", target="T").n_samples == 3


def test_a_point_is_no_decimal_mark_where_the_comma_is_one(tmp_path):
    text = "a;y\n" + "1,5;0\n" * 20 + "1.500,5;1\n" + "2,5;1\n" * 20
    assert "t.csv:22: '1.500,5'" in refused(tmp_path, text)


def test_an_error_from_a_hostile_file_is_one_short_line(tmp_path):
    message = refused(tmp_path, "a,y\n" + "1,0\n" * 20 + "\x1b]0;" + "z" * 10000 + "\u202e,1\n" + "2,1\n" * 20)
    assert message.isprintable()
    assert len(message) < 700


@pytest.mark.parametrize("marks", ["-999, none", ["-999", "None"]])
def test_marks_of_missing_cells_can_be_said(tmp_path, marks):
    path = tmp_path / "t.csv"
    path.write_text("a,b,y\n-999,1,0\n2,none,1\n-999.0,?,0\n4,-99,1\n5,3,0\n")
    data = load(path, na_values=marks)
    assert np.isnan(data.X).tolist() == [[True, False], [False, True], [True, True], [False, False], [False, False]]
    assert data.X[3, 1] == -99
    assert "none" in refused(tmp_path, path.read_text(), text="refuse")


def test_the_encoding_can_be_said(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("a,b,y\n1,2,é\n3,4,à\n5,6,é\n".encode())
    assert load(path).class_names == ("à", "é")
    assert load(path, encoding="utf-8").class_names == ("à", "é")
    assert load(path, encoding="latin-1").class_names == ("Ã", "Ã©")
    assert "encoding" not in load(path, encoding="latin-1").guessed
    path.write_bytes("a,b,y\n1,2,é\n3,4,à\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"t.csv:2: is no text in utf-8"):
        load(path, encoding="utf-8")
    with pytest.raises(DataError, match="encoding: expected one of auto, utf-8"):
        load(path, encoding="ebcdic")
