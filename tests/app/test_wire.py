"""Differences between pictures, drawn by a terminal: it shows what Textual's whole picture would show."""

import io
from typing import Any

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import Color, ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region, Size
from textual.strip import Strip

from tui.app.wire import Wire

WIDTH, HEIGHT = 12, 3
SIZE = Size(WIDTH, HEIGHT)
TRUE = ColorSystem.TRUECOLOR

STYLES = (
    None,
    Style(color="red"),
    Style(color="red", bgcolor="blue"),
    Style(bgcolor=Color.from_rgb(20, 30, 40)),
    Style(bold=True, color=Color.from_rgb(1, 2, 3)),
    Style(underline=True),
    Style(reverse=True, color="green"),
)


@st.composite
def rows(draw: Any, alphabet: str = "ab ·⣿▀ 世界é") -> Strip:
    """A row of cells in a few styles, wide characters among them, exactly as wide as the screen."""
    segments: list[Segment] = []
    width = 0
    while width < WIDTH:
        text = ""
        for character in draw(st.text(alphabet, min_size=1, max_size=5)):
            if width + cell_len(character) <= WIDTH:
                text += character
                width += cell_len(character)
        if not text:
            text = " "
            width += 1
        segments.append(Segment(text, draw(st.sampled_from(STYLES))))
    return Strip(segments, WIDTH)


pictures = st.lists(rows(), min_size=HEIGHT, max_size=HEIGHT)


def whole(picture: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[strip] for strip in picture], SIZE.region)


class Cells(pyte.Screen):
    """As terminals do and pyte does not: half a wide character that is written over leaves a blank."""

    def draw(self, data: str) -> None:
        for character in data:
            super().draw(character)
            row = self.buffer[self.cursor.y]
            for x in range(WIDTH):
                first = cell_len(row[x].data) == 2 and x + 1 < WIDTH and row[x + 1].data
                second = not row[x].data and (x == 0 or cell_len(row[x - 1].data) < 2)
                if first or second:
                    row[x] = row[x]._replace(data=" ")


class Terminal:
    def __init__(self) -> None:
        self.screen = Cells(WIDTH, HEIGHT)
        self.screen.reset_mode(pyte.modes.DECAWM)
        self._stream = pyte.Stream(self.screen)

    def feed(self, text: str) -> "Terminal":
        # Textual's newlines end rows that the terminal need not end.
        self._stream.feed(text.replace("\n", "\r\n"))
        return self

    def cells(self) -> list[Any]:
        def seen(cell: Any) -> Any:
            blank = not cell.data.strip() and not cell.reverse and not cell.underscore
            return (" ", cell.bg) if blank else (cell.data, cell.fg, cell.bg, cell.bold, cell.underscore, cell.reverse)

        return [[seen(self.screen.buffer[y][x]) for x in range(WIDTH)] for y in range(HEIGHT)]


def shown_by_textual(picture: list[Strip]) -> list[Any]:
    console = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor")
    copies = [Strip(list(strip), WIDTH) for strip in picture]
    return Terminal().feed(whole(copies).render_segments(console)).cells()


@given(st.lists(pictures, min_size=1, max_size=5))
def test_after_every_difference_the_terminal_shows_the_whole_picture(course: list[list[Strip]]) -> None:
    wire, terminal = Wire(), Terminal()
    for picture in course:
        terminal.feed(wire.difference(whole(picture), SIZE, TRUE))
        assert terminal.cells() == shown_by_textual(picture)


@given(
    st.tuples(pictures, pictures),
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(1, WIDTH - 1), st.sampled_from(["left", "right", "whole"])),
        min_size=2,
        max_size=8,
    ),
)
def test_halves_of_rows_are_as_if_they_were_drawn_whole(
    pair: tuple[list[Strip], list[Strip]], course: list[tuple[int, int, str]]
) -> None:
    """Two widgets side by side, one drawn anew, now here, now there: wide characters lie across where they meet."""
    wire, terminal, picture = Wire(), Terminal(), pair[0]
    terminal.feed(wire.difference(whole(picture), SIZE, TRUE))
    for which, cut, part in course:
        new = pair[which]  # one of two, so that what was cut in halves comes back
        if part == "whole":
            picture = new
            update: Any = whole(new)
        else:
            left, right = (new, picture) if part == "left" else (picture, new)
            chops = [{0: a.crop(0, cut), cut: b.crop(cut)} for a, b in zip(left, right, strict=True)]
            picture = [Strip.join(chop.values()) for chop in chops]
            span = (0, cut) if part == "left" else (cut, WIDTH)
            update = ChopsUpdate(chops, [(y, *span) for y in range(HEIGHT)], [[cut, WIDTH]] * HEIGHT)
        terminal.feed(wire.difference(update, SIZE, TRUE))
        assert terminal.cells() == shown_by_textual(picture)


def test_the_second_half_of_a_wide_character_is_never_written_alone() -> None:
    wire, terminal = Wire(), Terminal()
    size = Size(WIDTH, 1)

    def row(text: str, x: int = 0) -> LayoutUpdate:
        strip = Strip([Segment(text.ljust(WIDTH - x - text.count("世")))])
        return LayoutUpdate([[strip]], Region(x, 0, strip.cell_length, 1))

    for update in (row("a世b"), row("x", 2), row("a世b")):
        terminal.feed(wire.difference(update, size, TRUE))
    assert terminal.screen.display[0].rstrip() == "a世b"


@given(pictures)
def test_the_same_picture_costs_nothing(picture: list[Strip]) -> None:
    wire = Wire()
    assert wire.difference(whole(picture), SIZE, TRUE)
    assert wire.difference(whole([Strip(list(strip), WIDTH) for strip in picture]), SIZE, TRUE) == ""


@given(pictures, pictures)
def test_forgotten_it_is_sent_whole(first: list[Strip], second: list[Strip]) -> None:
    wire = Wire()
    wire.difference(whole(first), SIZE, TRUE)
    wire.forget()
    sent = wire.difference(whole(second), SIZE, TRUE)
    assert Terminal().feed(sent).cells() == shown_by_textual(second)


@given(st.integers(0, HEIGHT - 1), st.integers(0, WIDTH - 1), st.integers(1, WIDTH))
def test_outside_its_spans_an_update_changes_nothing(y: int, x: int, width: int) -> None:
    """Chops hold the background where a widget that was not drawn lies."""
    cut = min(x, 6)
    first = [Strip([Segment("x" * WIDTH)], WIDTH)] * HEIGHT
    end = min(WIDTH, x + width)
    parts = {column: n for column, n in ((0, cut), (cut, WIDTH - cut)) if n}
    chops = [{column: Strip([Segment("o" * n)], n) for column, n in parts.items()} for _ in range(HEIGHT)]
    ends = [[cut, WIDTH] if cut else [WIDTH]] * HEIGHT
    wire, terminal = Wire(), Terminal()
    terminal.feed(wire.difference(whole(first), SIZE, TRUE))
    terminal.feed(wire.difference(ChopsUpdate(chops, [(y, x, end)], ends), SIZE, TRUE))
    lines = terminal.screen.display
    assert [line for row, line in enumerate(lines) if row != y] == ["x" * WIDTH] * (HEIGHT - 1)
    assert set(lines[y][end:]) <= {"x"}
    assert set(lines[y][x:end]) == {"o"}


def test_a_digit_that_changes_costs_little_more_than_itself() -> None:
    wire = Wire()
    size = Size(120, 1)

    def line(digit: str) -> LayoutUpdate:
        text = f"epoch {digit}".rjust(60) + "of 100".rjust(60)
        return LayoutUpdate([[Strip([Segment(text, Style(color="red", bold=True))], 120)]], size.region)

    wire.difference(line("1"), size, TRUE)
    sent = wire.difference(line("2"), size, TRUE)
    assert "2" in sent
    assert len(sent) < 30


def test_colours_that_a_terminal_cannot_tell_apart_are_one() -> None:
    size = Size(4, 1)

    def line(blue: int) -> LayoutUpdate:
        style = Style(bgcolor=Color.from_rgb(10, 20, blue))
        return LayoutUpdate([[Strip([Segment("    ", style)], 4)]], size.region)

    for system, same in ((ColorSystem.EIGHT_BIT, True), (ColorSystem.TRUECOLOR, False)):
        wire = Wire()
        wire.difference(line(30), size, system)
        assert (wire.difference(line(31), size, system) == "") is same


@pytest.mark.parametrize("text", ["世" * 6, "e\u0301" * 12, "👩‍👧" * 3, "\u200b" * 3 + "ab"])
def test_characters_of_every_width_leave_their_neighbours_in_place(text: str) -> None:
    wire = Wire()
    strip = Strip([Segment(text), Segment("|")])
    sent = wire.difference(LayoutUpdate([[strip, Strip([Segment("end")])]], SIZE.region), Size(30, 1), TRUE)
    assert sent.count("|") == 1
    assert sent.endswith("end")
    assert wire._characters[0][cell_len(text)] == "|"
