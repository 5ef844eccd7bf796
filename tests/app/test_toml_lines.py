"""Where keys stand in a TOML document, held against what `tomllib` reads."""

import tomllib
from typing import Any

import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from tui.app.toml_lines import key_lines

DOCUMENT = '''\
# a comment with a = sign and a [header]
theme = "nord"          # 2
"quoted key" = 1
a.b."c.d" = """
[not.a.header]
x = 1
"""
list = [ # 8
  "one",
  """two
  lines""", { inner = 3 },
]

[keys]
"train.stop" = 'x'
train.log = ["y",
  "z"]

[themes.mine]
dark = true
colours = { accent = "#fff", error = "red" }

[[runs]]
name = "first"
[[runs]]
name = "second"
[runs.more]
deep = 1
'''


def test_lines_of_a_document_with_everything_in_it() -> None:
    lines = key_lines(DOCUMENT)
    tomllib.loads(DOCUMENT)
    wanted: dict[tuple[str | int, ...], int] = {
        ("theme",): 2,
        ("quoted key",): 3,
        ("a",): 4,
        ("a", "b", "c.d"): 4,
        ("list",): 8,
        ("list", 0): 9,
        ("list", 1): 10,
        ("list", 2, "inner"): 11,
        ("keys",): 14,
        ("keys", "train.stop"): 15,
        ("keys", "train", "log"): 16,
        ("keys", "train", "log", 1): 17,
        ("themes", "mine"): 19,
        ("themes", "mine", "dark"): 20,
        ("themes", "mine", "colours", "error"): 21,
        ("runs", 0): 23,
        ("runs", 0, "name"): 24,
        ("runs", 1, "name"): 26,
        ("runs", 1, "more", "deep"): 28,
    }
    assert {path: lines.get(path) for path in wanted} == wanted


def paths(value: Any, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        found += [(*above, key), *paths(item, (*above, key))]
    return found


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=12)
scalars = st.integers(-9, 9) | st.booleans() | words | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3), max_leaves=12
)


@given(st.dictionaries(words, values, max_size=5), st.booleans())
def test_every_key_of_any_document_has_the_line_it_stands_in(table: dict[str, Any], multiline: bool) -> None:
    text = tomli_w.dumps(table, multiline_strings=multiline)
    read, lines = tomllib.loads(text), key_lines(text)
    rows = text.split("\n")
    for path in paths(read):
        assert path in lines, path
        last = next(part for part in reversed(path) if isinstance(part, str))
        row = rows[lines[path] - 1]
        if isinstance(path[-1], str):
            bare = last if last and all(c.isascii() and (c.isalnum() or c in "-_") for c in last) else None
            assert bare is None or bare in row
    assert set(lines) == set(paths(read))


@given(st.text(max_size=60))
def test_it_ends_on_what_is_no_toml(text: str) -> None:
    try:
        key_lines(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return
