"""The curve that `train` ends with: from any losses, at any size, in any alphabet."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.app.support import diverged, epoch, started
from tui.app.capabilities import Capabilities
from tui.commands.curve import HEIGHT, LEAST_WIDTH, MOST_WIDTH, Course, curve_lines
from tui.lab.events import Resumed

ALL = [
    Capabilities(unicode=glyphs != "ascii", colors=colors, glyphs=glyphs)  # type: ignore[arg-type]
    for colors in ("truecolor", "256", "16", "none")
    for glyphs in ("braille", "block", "ascii")
]
PLAIN = Capabilities(colors="none", glyphs="ascii", unicode=False)
losses = st.one_of(
    st.none(),
    st.floats(0, 10),
    st.sampled_from([0.0, -1.0, 1e-300, 1e308, math.inf, -math.inf, math.nan]),
)


def course_of(train: list[Any], validation: list[Any] | None = None, **changes: Any) -> Course:
    course = Course("epoch_mean")
    course.hear(started())
    for number, loss in enumerate(train, start=1):
        val = validation[number - 1] if validation else None
        course.hear(epoch(number, train_loss=loss, val_loss=val, best_epoch=1, **changes))
    return course


@given(
    pairs=st.lists(st.tuples(losses, losses), max_size=120),
    look=st.sampled_from(ALL),
    width=st.integers(1, 250),
    height=st.integers(1, 60),
    wild=st.booleans(),
)
def test_any_losses_at_any_size(
    pairs: list[tuple[Any, Any]], look: Capabilities, width: int, height: int, wild: bool
) -> None:
    course = course_of([train for train, _ in pairs], [val for _, val in pairs])
    if wild:
        course.hear(diverged(len(pairs) + 1))
    lines = list(curve_lines(course, look, (width, height)))
    assert all(line.isascii() for line in lines) or look.glyphs != "ascii"
    if lines:
        assert len(lines) <= HEIGHT
        assert width >= LEAST_WIDTH
    if look.colors == "none":
        assert all(len(line) < width for line in lines)
        assert all(len(line) <= MOST_WIDTH for line in lines)
        assert "\x1b" not in "".join(lines)


def test_a_line_that_falls_goes_from_the_top_left_to_the_bottom_right() -> None:
    lines = list(curve_lines(course_of([float(101 - n) for n in range(1, 101)]), PLAIN, (60, 30)))
    rows = [line.partition("|")[2] or line.partition("+")[2] for line in lines[1:-2]]
    assert rows[0].startswith("*")
    assert rows[-1].rstrip().endswith("*")
    where = [row.index("*") for row in rows]
    assert where == sorted(where)
    assert lines[1].split("+")[0].strip() == "100"
    assert lines[-3].split("+")[0].strip() == "1"
    assert lines[-1].split() == ["1", "epoch", "100"]


def test_what_is_no_number_is_a_gap() -> None:
    train = [1.0] * 20 + [None] * 60 + [1.0] * 20
    lines = list(curve_lines(course_of(train), PLAIN, (110, 30)))
    (row,) = [line for line in lines[1:-2] if "*" in line]
    assert "**" in row
    assert " " * 40 in row[row.index("*") : row.rindex("*")]


def test_the_last_steps_of_a_run_that_diverged_do_not_dwarf_all_others() -> None:
    course = course_of([1.0 - n / 50 for n in range(30)] + [1e30])
    course.hear(diverged(32))
    assert "e+30" not in "\n".join(curve_lines(course, PLAIN, (80, 30)))


def test_a_resumed_run_drops_what_it_trains_again() -> None:
    course = course_of([1.0, 2.0, 3.0, 4.0])
    course.hear(Resumed(epoch=2, batch=0, epochs=4))
    assert list(course.epochs) == [1, 2]
    course.hear(epoch(3, train_loss=0.5))
    assert list(course.train) == [1.0, 2.0, 0.5]


def test_the_loss_that_the_sheet_prints_is_the_one_that_is_drawn() -> None:
    course = Course("last_batch")
    course.hear(epoch(1, train_loss=1.0, last_batch_loss=2.0))
    course.hear(epoch(2, train_loss=1.0, last_batch_loss=3.0))
    assert list(course.train) == [2.0, 3.0]
    assert "last batch" in next(iter(curve_lines(course, PLAIN, (80, 30))))


@pytest.mark.parametrize("train", [[], [1.0], [None, None], [math.nan, math.inf]])
def test_nothing_is_drawn_of_nothing(train: list[Any]) -> None:
    assert list(curve_lines(course_of(train), PLAIN, (80, 30))) == []
