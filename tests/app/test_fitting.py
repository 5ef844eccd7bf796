"""Words in so many cells."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.app.fitting import KEY_MARKS, cut, cut_middle, names_in, sentence_in, width_of
from tui.app.widgets.run_cells import SHORT_NAME, fitted, run_columns

letters = st.text(st.sampled_from("abc def.;:, ‹›漢字ü"), max_size=80)
words = st.lists(st.text(st.sampled_from("abcdefü漢"), min_size=1, max_size=9), min_size=1, max_size=20)
ellipses = st.sampled_from(["…", "..."])


@given(letters, st.integers(0, 90), ellipses)
def test_nothing_is_wider_than_its_room(text: str, room: int, ellipsis: str) -> None:
    plain = text.translate(KEY_MARKS)
    assert cell_len(cut(plain, room, ellipsis)) <= max(room, 0) or not room
    assert cell_len(cut_middle(plain, room, ellipsis)) <= max(room, 0) or not room
    assert width_of(sentence_in(text, room, ellipsis)) <= room


@given(letters, ellipses)
def test_what_fits_is_left_as_it_is(text: str, ellipsis: str) -> None:
    plain = text.translate(KEY_MARKS)
    room = cell_len(plain)
    assert cut(plain, room, ellipsis) == cut_middle(plain, room, ellipsis) == plain
    assert sentence_in(text, room, ellipsis) == text


@given(words, st.integers(10, 90))
def test_a_sentence_ends_with_a_whole_word(parts: list[str], room: int) -> None:
    text = " ".join(parts)
    shown = sentence_in(text, room, "…")
    if shown != text:
        kept = shown.removesuffix("…").split()
        assert kept == parts[: len(kept)] or len(kept) == 1
        assert shown.endswith("…")


def test_a_sentence_that_ends_is_not_marked_and_half_a_sentence_is() -> None:
    text = "1431-tp4 is training: ‹Enter› shows it live. Nothing is lost if you close this."
    assert sentence_in(text, 60, "…") == "1431-tp4 is training: ‹Enter› shows it live."
    assert sentence_in(text, 30, "…") == "1431-tp4 is training: ‹Enter›…"
    assert sentence_in("at lr 0.5 it diverged again and again", 20, "…") == "at lr 0.5 it…"


def test_names_that_begin_alike_end_apart() -> None:
    assert cut_middle("a long feature 1", 10, "…") != cut_middle("a long feature 2", 10, "…")
    assert cut_middle("a long feature 1", 10, "...")[-2:] == " 1"


@given(
    st.lists(st.tuples(st.sampled_from("●▲■◆"), st.text(st.sampled_from("abc 漢"), max_size=20)), max_size=12),
    st.integers(0, 80),
    ellipses,
)
def test_a_legend_fits(entries: list[tuple[str, str]], room: int, ellipsis: str) -> None:
    assert cell_len(names_in(entries, room, ellipsis)) <= room


def test_a_legend_gives_up_letters_before_names_and_names_before_glyphs() -> None:
    entries = [("●", "setosa"), ("▲", "versicolor")]
    assert names_in(entries, 40, "…") == "● setosa  ▲ versicolor"
    assert names_in(entries, 20, "…") == "● setosa  ▲ versi…or"
    assert names_in([("●", "0"), ("▲", "1")], 20, "…") == "● 0  ▲ 1"
    assert names_in(entries, 5, "…") == "●  ▲"


@given(st.integers(20, 250), st.booleans(), st.sampled_from(["acc", "R²", "score"]), st.integers(0, 80))
def test_the_columns_of_runs_fit_and_their_heads_are_whole(width: int, folded: bool, task: str, longest: int) -> None:
    columns = run_columns(width, folded=folded, task=task, longest=longest)
    assert columns[0].name == "name" and columns[0].width >= SHORT_NAME  # noqa: PT018
    if width >= 56:
        assert sum(column.width for column in columns) <= width - 6 + 1
    for column in columns:
        assert column.head.strip() in fitted(column.head, column, "…")


@given(st.text(st.sampled_from("abc-漢字"), max_size=70), st.integers(30, 200))
def test_a_name_takes_its_column_whatever_it_is_written_in(name: str, width: int) -> None:
    column = run_columns(width, longest=cell_len(name))[0]
    assert cell_len(fitted(name, column, "…")) == column.width
