"""Bars, meters and spark lines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.app.charts.bars import bar, meter, progress, spark, stacked
from tui.app.glyphs import GLYPHS

BRAILLE, ASCII = GLYPHS["braille"], GLYPHS["ascii"]
ANY = st.floats(allow_nan=True, allow_infinity=True)
SETS = st.sampled_from(list(GLYPHS.values()))


def test_a_bar_counts_eighths() -> None:
    assert bar(1.0, 4, BRAILLE) == "████"
    assert bar(0.5, 3, BRAILLE) == "█▌"
    assert bar(0.0, 3, BRAILLE) == ""
    assert bar(0.5, 4, ASCII) == "##"


def test_progress_is_full_only_at_the_end() -> None:
    assert progress(0.68, 10, BRAILLE) == "━━━━━━────"
    assert progress(0.999, 10, ASCII) == "#########-"
    assert progress(1.0, 3, ASCII) == "###"
    assert meter(0.6, 5, BRAILLE) == "▰▰▰▱▱"


def test_shares_of_one_bar() -> None:
    assert stacked([0.7, 0.2, 0.1], 10, BRAILLE) == "███████▓▓▒"
    assert stacked([0.98, 0.01, 0.01], 10, BRAILLE) == "████████▓▒"
    assert stacked([0, 0], 10, BRAILLE) == ""


def test_a_spark_line() -> None:
    assert spark([0, 1, 2, 3, 4, 5, 6, 7], 8, BRAILLE) == "▁▂▃▄▅▆▇█"
    assert spark([2, 2], 8, BRAILLE) == "▁▁"
    assert spark([1, np.nan, 2], 8, BRAILLE) == "▁ █"
    assert spark([2.5, 1, 0.25], 20, ASCII) == "2.5 > 0.25"
    assert spark([np.nan], 8, BRAILLE) == ""


@given(values=st.lists(ANY, max_size=50), width=st.integers(0, 20), glyphs=SETS)
@pytest.mark.filterwarnings("error")
def test_any_values(values: list[float], width: int, glyphs) -> None:  # type: ignore[no-untyped-def]
    assert len(spark(values, width, glyphs)) <= width
    assert len(stacked(values, width, glyphs)) in (0, width)
    for value in values:
        assert len(bar(value, width, glyphs)) <= width
        assert len(progress(value, width, glyphs)) == width
        assert len(meter(value, width, glyphs)) == width


@pytest.mark.parametrize(
    ("width", "words"), [(20, "0.693 > 0.107"), (13, "0.693 > 0.107"), (9, "0.69>0.11"), (8, "0.11"), (4, "0.11")]
)
def test_a_spark_line_of_two_figures_is_not_cut(width: int, words: str) -> None:
    assert spark([0.6931, 0.4, 0.1072], width, GLYPHS["ascii"]) == words
