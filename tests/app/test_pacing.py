"""When a frame may be sent, with a clock of our own; and that frames never fill the line, whatever it is like."""

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.app.pacing import (
    ASK_AGAIN,
    BUDGET,
    FALLBACK_BUDGET,
    FALLBACK_SECONDS,
    HEAVY,
    LOW_BUDGET,
    MOST_AHEAD,
    MOST_DEBT,
    TIMEOUT,
    Pacer,
    steady,
)

LITTLE = 1e-6


def test_nothing_is_waited_for_at_first() -> None:
    pacer = Pacer()
    assert pacer.wait(0.0) == 0
    assert not pacer.behind(0.0)
    assert pacer.round_trip is None


def test_after_news_the_terminal_is_asked_and_no_more_news_until_it_has_answered() -> None:
    pacer = Pacer()
    assert pacer.sent(100, 1.0, news=True), "the question follows"
    assert pacer.wait(1.0) == pytest.approx(TIMEOUT)
    assert pacer.wait(3.0) == pytest.approx(TIMEOUT - 2.0)
    pacer.answered(3.0)
    assert pacer.wait(3.0) == 0
    assert pacer.round_trip == pytest.approx(2.0)
    assert pacer.unanswered == 0


def test_small_frames_of_keys_ask_only_when_they_have_come_to_something() -> None:
    pacer = Pacer()
    asked = [pacer.sent(HEAVY // 4, 0.01 * at) for at in range(8)]
    assert asked == [False, False, False, True] * 2


def test_news_wait_for_the_answer_to_what_a_key_has_drawn() -> None:
    pacer = Pacer()
    assert pacer.sent(10_000, 0.0)
    assert pacer.wait(0.1) > 0
    pacer.answered(0.2)
    assert pacer.wait(0.2 + 10_000 / BUDGET) == 0


@pytest.mark.parametrize("budget", [BUDGET, LOW_BUDGET])
def test_the_budget_holds_on_a_line_without_end(budget: float) -> None:
    pacer, now, sent = Pacer(budget), 0.0, 0
    while now < 20.0:
        if pacer.wait(now) == 0 and pacer.sent(2_000, now, news=True):
            sent += 2_000
            pacer.answered(now + 0.0005)
        now += 0.01
    assert 0.8 * budget <= sent / 20 <= budget + 2_000 / 20


def test_a_frame_beyond_all_measure_does_not_hold_the_next_one_back_for_ever() -> None:
    pacer = Pacer(LOW_BUDGET)
    pacer.sent(1_000_000, 0.0, news=True)
    pacer.answered(0.5)
    assert pacer.wait(0.5) <= MOST_DEBT


def test_a_terminal_that_never_answers_gets_frames_at_a_modest_rate() -> None:
    pacer, now = Pacer(), 0.0
    frames: list[float] = []
    questions = sent = 0
    while now < 60.0:
        if pacer.wait(now) <= LITTLE:
            questions += pacer.sent(3_000, now, news=True)
            frames.append(now)
            sent += 3_000
        now += 0.05
    assert frames[1] == pytest.approx(TIMEOUT, abs=0.1)
    later = [b - a for a, b in pairwise(frames[1:])]
    assert max(later) <= 1.0, "no standstill after the first"
    assert min(later) >= min(FALLBACK_SECONDS, 3_000 / FALLBACK_BUDGET) - 0.06
    assert sent / 60 <= FALLBACK_BUDGET
    assert questions <= 2 + 60 / ASK_AGAIN, "and is not asked all the time"
    assert not pacer.answering


def test_an_answer_brings_the_questions_back() -> None:
    pacer = Pacer()
    pacer.sent(3_000, 0.0, news=True)
    assert pacer.wait(TIMEOUT) == 0
    assert not pacer.answering
    pacer.answered(TIMEOUT + 0.7)  # it was only late
    assert pacer.answering
    assert pacer.round_trip is None, "it is not known how long it was on its way"
    assert pacer.sent(3_000, 8.0, news=True)
    pacer.answered(8.1)
    assert pacer.round_trip == pytest.approx(0.1)


def test_answers_that_nobody_asked_for_do_no_harm() -> None:
    pacer = Pacer()
    pacer.answered(0.0)
    assert pacer.wait(0.0) == 0
    pacer.sent(600, 1.0, news=True)
    pacer.answered(1.1)
    pacer.answered(1.2)
    assert pacer.wait(1.2) == 0


def test_what_was_asked_before_a_pause_of_the_program_is_not_waited_for() -> None:
    pacer = Pacer()
    pacer.sent(3_000, 0.0, news=True)
    pacer.lost()
    assert pacer.wait(0.2) == 0
    assert pacer.answering


def test_a_held_key_leaves_frames_out_when_the_line_cannot_keep_up() -> None:
    pacer, drawn = Pacer(), 0
    for at in range(100):
        now = at / 30
        if not pacer.behind(now):
            pacer.sent(4_000, now)
            drawn += 1
    assert drawn * 4_000 <= MOST_AHEAD + 4_000
    for _ in range(drawn):
        pacer.answered(3.5)
    assert not pacer.behind(3.5)


def test_news_rest_for_a_moment_after_a_key_but_not_for_ever() -> None:
    pacer = Pacer()
    pacer.key(10.0)
    assert 0 < pacer.wait(10.0) < 0.2
    assert pacer.wait(10.2) == 0
    turns = [20 + at / 30 for at in range(150)]  # a key that is held for five seconds
    drawn = 0
    for now in turns:
        pacer.key(now)
        if pacer.wait(now) == 0:
            pacer.sent(300, now, news=True)
            pacer.answered(now)
            drawn += 1
    assert 3 <= drawn <= 30


def test_a_key_is_never_behind_news() -> None:
    pacer = Pacer()
    pacer.sent(10 * MOST_AHEAD, 0.0, news=True)
    assert not pacer.behind(0.01)


# Against a line


@dataclass
class Line:
    """A line of so many bytes a second, and a terminal at its end that answers."""

    rate: float
    delay: float
    free: float = 0.0

    def answer_at(self, size: int, now: float) -> float:
        self.free = max(self.free, now) + size / self.rate
        return self.free + self.delay


@given(
    rate=st.floats(5_000, 2_000_000),
    delay=st.floats(0.0, 1.0),
    sizes=st.lists(st.integers(1, 20_000), min_size=1, max_size=60),
    keys=st.sets(st.integers(0, 400), max_size=20),
    budget=st.sampled_from([BUDGET, LOW_BUDGET]),
)
def test_news_keep_the_line_free(rate: float, delay: float, sizes: list[int], keys: set[int], budget: float) -> None:
    """Whatever the line: one frame of news is on its way at most, and time goes on."""
    pacer, line = Pacer(budget), Line(rate, delay)
    answers: list[float] = []
    frames, gave_up = 0, False
    for turn in range(401):
        now = turn * 0.05
        while answers and answers[0] <= now:
            pacer.answered(answers.pop(0))
        if turn in keys and not pacer.behind(now):
            size = sizes[turn % len(sizes)]
            done = line.answer_at(size, now)
            if pacer.sent(size, now):
                answers.append(done)
        wait = pacer.wait(now)
        gave_up |= not pacer.answering
        if wait == 0:
            assert not answers or gave_up
            size = sizes[frames % len(sizes)]
            done = line.answer_at(size, now)
            if pacer.sent(size, now, news=True):
                answers.append(done)
            frames += 1
        assert pacer.unanswered >= 0
        assert pacer.throughput is None or pacer.throughput > 0
        assert pacer.rate <= budget
        assert gave_up or pacer.round_trip is None or pacer.round_trip >= delay - LITTLE
    assert frames >= 2, "it goes on"


@given(st.floats(5_000, 60_000), st.floats(0.01, 0.3))
def test_the_line_is_measured(rate: float, delay: float) -> None:
    pacer, line, now = Pacer(), Line(rate, delay), 0.0
    for turn in range(60):
        size = 300 if turn % 3 else 6_000
        done = line.answer_at(size, now)
        assert pacer.sent(size, now, news=True)
        pacer.answered(done)
        now = done + 0.05
    assert pacer.round_trip == pytest.approx(delay + 300 / rate, rel=0.05)
    assert pacer.throughput == pytest.approx(rate, rel=0.2)


# What is shown of it


def test_the_link_is_shown_in_two_digits_and_seldom_changes() -> None:
    assert steady(None, 0.0382) == 38
    assert steady(None, 0.2149) == 210
    assert steady(None, 2.345) == 2300
    assert steady(None, 1e9) == 9999
    assert steady(None, 0.0) == 1
    assert steady(38, 0.045) == 38
    assert steady(38, 0.052) == 52
    assert steady(200, 0.23) == 200
    assert steady(200, 0.31) == 310


@given(st.lists(st.floats(0.09, 0.11), min_size=1, max_size=50))
def test_a_link_that_trembles_stands_still(samples: list[float]) -> None:
    shown = None
    seen = set()
    for seconds in samples:
        shown = steady(shown, seconds)
        seen.add(shown)
    assert len(seen) == 1
