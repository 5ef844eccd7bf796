"""When a frame may be sent: nobody holds back what a program writes, so the program has to.

A terminal takes what it is sent, however long the line to it is: the kernel, sshd and the sockets keep megabytes, and
a key that is pressed meanwhile is answered behind all of it. So whoever draws asks the terminal after a frame where
its cursor stands (``ESC[6n``): the answer comes when everything before the question has been drawn. No Textual and no
clock in here: the time is handed in, in seconds from anywhere.
"""

from collections import deque
from dataclasses import dataclass

QUESTION = "\x1b[6n"

BUDGET, LOW_BUDGET = 30_000.0, 6_500.0
"""Bytes a second for what nobody has asked for by a key; the second with ``--low-bandwidth``."""
FALLBACK_BUDGET, FALLBACK_SECONDS = 8_000.0, 0.5
"""For a terminal that gives no answer: so much, and a frame so often at most."""
TIMEOUT = 5.0
"""An answer that has not come by then does not come, or the line stands still."""
ASK_AGAIN = 10.0
"""How often a terminal that gave no answer is asked again."""
HEAVY = 512
"""Bytes after which an answer is wanted, whatever drew them."""
MOST_DEBT = 3.0
"""Seconds that a large frame holds the next one back at most."""
SHARE = 0.5
"""Of what the line was seen to carry."""
LEAST_RATE = 500.0
AHEAD_SECONDS, LEAST_AHEAD, MOST_AHEAD = 0.25, 6_000, 32_000
"""So far frames of keys may run ahead of the terminal, in seconds of the line and in bytes."""
KEY_SECONDS, MOST_KEYS_SECONDS = 0.12, 1.0
"""After a key news rest for a moment, so that the processor has nothing else to do; keys that follow each other hold
them back no longer than the second."""
SAMPLES = 10
MEASURED = 1_500
"""Bytes between two answers from which the line's rate is read."""


@dataclass(frozen=True)
class _Question:
    asked: float
    total: int
    keyed: int


class Pacer:
    """Knows what is on its way to the terminal, and how soon the next frame may follow.

    Attributes:
        budget: Bytes a second for frames that no key has asked for.
        answering: Whether the terminal gives answers, as far as is known.
        round_trip: Seconds there and back, the least of the last ones; None before the first.
        throughput: Bytes a second that the line was seen to carry; None where it has not been felt.
        total: Bytes sent.
    """

    def __init__(self, budget: float = BUDGET) -> None:
        self.budget = budget
        self.answering = True
        self.round_trip: float | None = None
        self.throughput: float | None = None
        self.total = 0
        self._keyed = 0
        self._questions: deque[_Question] = deque()
        self._asked_total = self._answered_total = self._answered_keyed = 0
        self._asked_at = self._answered_at = float("-inf")
        self._free_at = float("-inf")
        self._quiet_until = self._key_at = self._keys_since = float("-inf")
        self._late = False
        self._samples: deque[float] = deque(maxlen=SAMPLES)

    @property
    def waiting(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._questions)

    @property
    def unanswered(self) -> int:
        """Bytes of which it is not known that the terminal has drawn them."""
        return self.total - self._answered_total

    @property
    def rate(self) -> float:
        """Bytes a second for frames that no key has asked for, on the line as it is."""
        if not self.answering:
            return min(self.budget, FALLBACK_BUDGET)
        if self.throughput is None:
            return self.budget
        return max(LEAST_RATE, min(self.budget, SHARE * self.throughput))

    def sent(self, size: int, now: float, *, news: bool = False) -> bool:
        """So many bytes go out now; whether the question shall follow them.

        news: no key has asked for them.
        """
        self._expire(now)
        self.total += size
        if not news:
            self._keyed += size
        held = size / self.rate if self.answering else max(FALLBACK_SECONDS, size / self.rate)
        self._free_at = min(max(self._free_at, now) + held, now + MOST_DEBT)
        if not (news or self.total - self._asked_total >= HEAVY):
            return False
        if not self.answering and now - self._asked_at < ASK_AGAIN:
            return False
        self._questions.append(_Question(now, self.total, self._keyed))
        self._asked_at, self._asked_total = now, self.total
        return True

    def answered(self, now: float) -> None:
        """An answer has come."""
        self._expire(now)
        self.answering = True
        if self._late:  # to a question that was given up; it is not known to which
            self._late = False
            self._questions.clear()
            self._answered_total, self._answered_keyed = self._asked_total, self._keyed
            self._answered_at = now
            return
        if not self._questions:  # nobody has asked
            return
        question = self._questions.popleft()
        self._measure(question, now)
        self._answered_total, self._answered_keyed, self._answered_at = question.total, question.keyed, now

    def lost(self) -> None:
        """The terminal was somebody else's for a while: what it was asked before will not be answered here."""
        self._questions.clear()
        self._answered_total, self._answered_keyed = self._asked_total, self._keyed

    def key(self, now: float) -> None:
        """A key has been pressed: what it causes is drawn before anything else."""
        if now - self._key_at > 2 * KEY_SECONDS or now - self._keys_since > MOST_KEYS_SECONDS + 2 * KEY_SECONDS:
            self._keys_since = now
        self._key_at = now
        if now - self._keys_since <= MOST_KEYS_SECONDS:
            self._quiet_until = now + KEY_SECONDS

    def wait(self, now: float) -> float:
        """Seconds until a frame may be drawn that no key has asked for; 0 where it may be now.

        While an answer is awaited these are the seconds until it is given up: look again when it comes.
        """
        self._expire(now)
        if self._questions and self.answering:
            # An answer that comes too late ends the waiting as none does.
            return max(1e-3, self._questions[0].asked + TIMEOUT - now)
        return max(0.0, self._free_at - now, self._quiet_until - now)

    def behind(self, now: float) -> bool:
        """Whether frames of keys have run so far ahead of the terminal that a further one has to wait."""
        self._expire(now)
        if not (self._questions and self.answering):
            return False
        ahead = float(MOST_AHEAD)
        if self.throughput is not None:
            ahead = min(ahead, max(LEAST_AHEAD, self.throughput * ((self.round_trip or 0.0) + AHEAD_SECONDS)))
        return self._keyed - self._answered_keyed > ahead

    def _measure(self, question: _Question, now: float) -> None:
        elapsed, before = max(0.0, now - question.asked), self.round_trip
        self._samples.append(elapsed)
        self.round_trip = min(self._samples)
        size = question.total - self._answered_total
        if size < MEASURED or before is None or elapsed <= self.round_trip:
            return  # what the quickest answer took was not felt to be the line's width
        # On their way alone: not before the terminal had done with what came before, nor before a round trip.
        seconds = now - max(self._answered_at, question.asked + self.round_trip)
        rate = size / max(seconds, 0.005)
        self.throughput = rate if self.throughput is None else 0.6 * self.throughput + 0.4 * rate

    def _expire(self, now: float) -> None:
        if self._questions and now - self._questions[0].asked >= TIMEOUT:
            self._questions.clear()
            self._answered_total, self._answered_keyed = self._asked_total, self._keyed
            self.answering, self._late = False, True


def steady(shown: int | None, seconds: float) -> int:
    """Milliseconds to show, in two digits; those that are shown stay unless they are a quarter and 10 ms off."""
    exact = 1000 * seconds
    if shown is not None and abs(exact - shown) <= max(10.0, 0.25 * shown):
        return shown
    digits = 0 if exact < 100 else -1 if exact < 1000 else -2
    return min(9999, max(1, int(round(exact, digits))))
