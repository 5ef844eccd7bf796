"""A line a column of a table."""

import json

import numpy as np

from datasets import load
from tui.lab.columns import MOST, column_words, describe_columns


def test_numbers_texts_and_what_is_missing(tmp_path) -> None:
    path = tmp_path / "t.csv"
    rows = "".join(
        f"{k / 4},{'?' if k == 3 else k},{k % 2},7,{'uvw'[k % 3] if k % 5 else ''},{k % 2}\n" for k in range(20)
    )
    path.write_text(f"real,whole,two,same,text,y\n{rows}")
    described = describe_columns(load(path))
    json.dumps(described, allow_nan=False)
    assert [row["type"] for row in described] == ["float", "int", "binary", "constant", "text"]
    assert [row["missing"] for row in described] == [0, 1, 0, 0, 4]
    assert described[1]["max"] == 19
    assert described[4]["texts"] == {"u": 5, "v": 6, "w": 5}
    words = [column_words(row) for row in described]
    assert words[0] == ["real", "real numbers", "0 to 4.75, mean 2.375, deviation 1.442", ""]
    assert words[1][3] == "1 missing"
    assert words[3][1:3] == ["one value", "7"]
    assert words[4] == ["text", "text", "v 6, u 5, w 5", "4 missing"]


def test_images_and_wide_tables_have_no_lines(tmp_path) -> None:
    y = np.arange(12) % 2
    np.savez(tmp_path / "wide.npz", X=np.random.default_rng(0).normal(size=(12, MOST + 1)), y=y)
    np.savez(tmp_path / "images.npz", X=np.zeros((12, 4, 4)) + y[:, None, None], y=y)
    assert describe_columns(load(tmp_path / "wide.npz")) == []
    assert describe_columns(load(tmp_path / "images.npz")) == []
