"""Text of every encoding a table may come in; and bytes that are no text."""

import gzip

import numpy as np
import pytest

from datasets import DataError, kind_of, load

TABLE = "longueur;libellé\n" + "".join(
    f"{k},5;{label}\n" for k, label in enumerate(["été", "hiver", "été", "août"] * 30)
)


def read(tmp_path, content, name="t.csv"):
    path = tmp_path / name
    path.write_bytes(content)
    return load(path)


def refusal(tmp_path, content, name="t.csv"):
    with pytest.raises(DataError) as caught:
        read(tmp_path, content, name)
    assert str(caught.value).isprintable()
    return str(caught.value)


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("latin-1", "cp1252"),
        ("cp1252", "cp1252"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_encoding_gives_the_same_table(tmp_path, encoding, told, pack, end):
    suffix = ".csv" if pack is bytes else ".csv.gz"
    data = read(tmp_path, pack(TABLE.replace("\n", end).encode(encoding)), f"t{suffix}")
    assert data.X.ravel().tolist() == [k + 0.5 for k in range(120)]
    assert data.class_names == ("août", "hiver", "été")
    assert data.feature_names == ("longueur",)
    assert data.guessed["encoding"] == told
    assert data.guessed["separator"] == "semicolon"
    assert kind_of(tmp_path / f"t{suffix}") == "csv"


@pytest.mark.parametrize("order", ["le", "be"])
def test_utf_16_by_its_byte_order_mark(tmp_path, order):
    mark = "\ufeff".encode(f"utf-16-{order}")
    assert read(tmp_path, mark + TABLE.encode(f"utf-16-{order}")).n_samples == 120


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8"])
def test_words_beyond_latin_1_and_characters_on_the_border_of_what_is_sniffed(tmp_path, encoding):
    for label in ("Œuvre – “€”", "Ελλάδα", "日本", "\U0001f600"):
        table = "a,b\n" + "".join(f"{k},{label if k % 2 else 'x'}\n" for k in range(2000))
        for shift in range(4):
            assert set(read(tmp_path, ("c" * shift + table).encode(encoding)).class_names) == {label, "x"}


LONG = TABLE * 20  # beyond the first bytes, by which a file's kind is told


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(LONG.encode("utf-32"), "UTF-32, which is not read: save it as UTF-8", id="utf-32"),
        pytest.param(b"\xff\xfe" + LONG.encode("utf-16-le")[:-1], "not whole UTF-16 text", id="half a character"),
        pytest.param(b"\xff\xfe" + LONG.encode("utf-16-le") + b"\0\xd8", "not whole UTF-16 text", id="half a pair"),
        pytest.param(b"\xff\xfe" + LONG.encode("utf-16-le") + b"\0\0", "NUL characters", id="NUL in UTF-16"),
        pytest.param(LONG.encode() + b"1;\0\n", "t.csv:2421: holds binary data (a NUL byte)", id="NUL"),
        pytest.param(
            b"\xef\xbb\xbf" + LONG.encode() + b"1,5;\xe9\n",
            "t.csv:2421: is damaged: not whole UTF-8 text",
            id="not UTF-8",
        ),
        pytest.param(bytes(5000), "t.csv:1: holds binary data (a NUL byte)", id="zeros"),
        pytest.param(bytes(range(256)) * 40, "t.csv:1: holds binary data (a NUL byte)", id="all bytes"),
        pytest.param(np.arange(1000.0).tobytes(), "t.csv:1: holds binary data", id="floats"),
        pytest.param(bytes(range(1, 20)) * 40, "though its name promises a text table", id="control characters"),
    ],
)
def test_what_is_no_whole_text_is_refused(tmp_path, content, words):
    assert words in refusal(tmp_path, content)


def test_nul_bytes_are_refused_wherever_they_stand(tmp_path):
    table = b"a,b\n" + b"1,2\n2,1\n" * 3000
    for place in (0, 1, 5, 4000, 8191, 8192, 20000, len(table) - 1):
        line = table.count(b"\n", 0, place) + 1
        message = refusal(tmp_path, table[:place] + b"\0" + table[place:])
        assert f"t.csv:{line}: holds binary data (a NUL byte), not a text table" in message


def test_a_wide_table_is_no_open_quote(tmp_path):
    rows = [",".join(f"{j}.25" for j in range(30_000)) + f",{k}" for k in range(2)]
    assert read(tmp_path, "\n".join(rows).encode()).X.shape == (2, 30_000)


def test_escape_codes_and_markup_are_shown_literally(tmp_path):
    title = "\x1b]0;own\x07"
    table = f"a{title},[red]b[/red],y\n" + "".join(f"1,{k},{('[b]x', title, 'é')[k % 3]}\n" for k in range(30))
    for name in ("t.csv", f"{title}[red].csv"):
        data = read(tmp_path, table.encode(), name)
        assert data.feature_names == (r"a\x1b]0;own\x07", "[red]b[/red]")
        assert data.class_names == (r"\x1b]0;own\x07", "[b]x", "é")
        assert all(value.isprintable() for value in data.guessed.values())
    message = refusal(tmp_path, (table + f"{title},2,é\n").encode(), f"{title}[red].csv")
    assert r"\x1b]0;own\x07[red].csv:32: '\x1b]0;own\x07' in column" in message
