"""What stands in the place of characters that a terminal lacks."""

import ast
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.app.glyphs import CLASS_STYLES, GLYPHS
from tui.app.plain import ascii_only, fit_streams, plain

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("tui", "mlcore", "datasets")


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"))))
def test_ascii_and_as_wide_as_before(text: str) -> None:
    # Character by character: a terminal in ASCII knows nothing of characters that join.
    found = plain(text)
    assert found.isascii()
    assert len(found) == sum(cell_len(character) for character in text)


@given(st.text(st.characters(max_codepoint=0x7F)))
def test_ascii_stays_as_it_is(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("moons · 2 × 3", "moons - 2 x 3"),
        ("0.93 ± 0.01", "0.93 + 0.01"),
        ("Paris Cité, façade, Ærø", "Paris Cite, facade, Aro"),
        ("σ Ω Ж µs m²", "s O Z ms m2"),
        ("╭─╮│╰ ┏━┃ ┊ ┤┬", "+-+|+ +-| | ++"),
        ("カ猫", "ka??"),
        ("e\u0301", "e"),
        ("\udcff", "?"),
    ],
)
def test_words(text: str, wanted: str) -> None:
    assert plain(text) == wanted


def our_words() -> Iterator[tuple[str, str]]:
    """Every string of the program that may be shown, and where it stands."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value, f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / package).rglob("*.toml")):
            yield path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))


def test_every_character_of_our_own_words_has_a_form() -> None:
    lost = {
        character: where
        for text, where in our_words()
        if not text.isascii()
        for character in text
        if plain(character) == "?" != character
    }
    assert not lost


def test_every_glyph_has_a_form_too() -> None:
    for glyphs in GLYPHS.values():
        for value in vars(glyphs).values():
            assert "?" not in plain("".join(map(str, value)))
    for style in CLASS_STYLES:
        assert plain(style.glyph) not in ("?", " ")


class Stream(io.TextIOWrapper):
    """A terminal, or none."""

    def __init__(self, *, tty: bool, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty

    def said(self) -> bytes:
        self.flush()
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue()


def test_a_stream_that_takes_ascii_alone() -> None:
    stream = Stream(tty=True)
    ascii_only(stream, None)
    stream.write("loss ≤ 0.5 … ⣿ 猫")
    assert stream.said() == b"loss < 0.5 ~ : ??"


@pytest.mark.parametrize(
    ("tty", "encoding", "locale", "said"),
    [
        (True, "utf-8", "C.UTF-8", "±é".encode()),
        (True, "utf-8", "C", b"+e"),
        # What goes into a file or a pipe is data, and stays what it is.
        (False, "utf-8", "C", "±é".encode()),
        (True, "latin-1", "C.UTF-8", b"+e"),
        (False, "latin-1", "C.UTF-8", "±é".encode("latin-1")),
    ],
)
def test_commands_write_what_their_reader_takes(tty: bool, encoding: str, locale: str, said: bytes) -> None:
    stream = Stream(tty=tty, encoding=encoding)
    fit_streams(stream, object(), environ={"LANG": locale})
    stream.write("±é")
    assert stream.said() == said


def test_typer_writes_through_it() -> None:
    stream = Stream(tty=True)
    ascii_only(stream)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", stream)
        typer.echo("0.93 ± 0.01")
    assert stream.said() == b"0.93 + 0.01\n"


def test_what_an_encoding_lacks_is_never_a_traceback() -> None:
    stream = Stream(tty=False, encoding="latin-1")
    fit_streams(stream, environ={})
    stream.write("a → b, é")
    assert stream.said() == "a > b, é".encode("latin-1")
