"""What a terminal answers: how far away it is, whether it draws UTF-8, whether it holds back half-drawn pictures."""

import os
import re
import select
import time
from dataclasses import dataclass

CURSOR = b"\x1b[6n"
_SYNCHRONIZED = b"\x1b[?2026$p"
_PLACE = re.compile(rb"\x1b\[(\d+);(\d+)R")
_MODE = re.compile(rb"\x1b\[\?2026;(\d)\$y")
_BRAILLE = "⣿"


@dataclass(frozen=True)
class Answers:
    """What was learnt.

    Attributes:
        asked: Whether there was a terminal to ask.
        round_trip: Seconds from a question to its answer; None where none came.
        cells: How many cells a character of braille takes: 1 as it should, 3 where the terminal takes its bytes for
            characters; None where that is not known.
        synchronized: Whether the terminal holds back a half-drawn picture; None where that is not known.
    """

    asked: bool = False
    round_trip: float | None = None
    cells: int | None = None
    synchronized: bool | None = None


def ask(keyboard: int, screen: int, *, seconds: float = 5.0) -> Answers:
    """Asks the terminal behind two file descriptors. What is typed meanwhile is lost.

    The terminal's mode is put back in any case, and an answer that is still on its way is waited for, up to
    ``seconds`` in all, so that it does not land in the shell.
    """
    try:
        import termios
    except ImportError:  # not a Unix
        return Answers()
    try:
        before = termios.tcgetattr(keyboard)
        if os.tcgetpgrp(keyboard) != os.getpgrp():  # in the background: to ask would stop us
            return Answers()
    except (OSError, termios.error):
        return Answers()
    silent = [*before[:3], before[3] & ~(termios.ECHO | termios.ICANON), *before[4:]]
    line = _Line(keyboard, screen, time.monotonic() + seconds)
    termios.tcsetattr(keyboard, termios.TCSANOW, silent)
    try:
        return line.answers()
    finally:
        try:
            line.wait()
        finally:
            # In one breath the rest is thrown away and the mode put back.
            termios.tcsetattr(keyboard, termios.TCSAFLUSH, before)


class _Line:
    """The way to the terminal and back."""

    def __init__(self, keyboard: int, screen: int, deadline: float) -> None:
        self._keyboard, self._screen, self._deadline = keyboard, screen, deadline
        self._received = b""
        self.asked = 0

    def answers(self) -> Answers:
        began = time.monotonic()
        self._write(CURSOR)
        if not self.wait():
            return Answers(asked=True)
        round_trip = time.monotonic() - began
        # A question that some do not know comes before one that all do. What it may leave on the line is wiped out.
        self._write(_SYNCHRONIZED, b"\r" + _BRAILLE.encode() + CURSOR, b"\r\x1b[K" + CURSOR)
        if not self.wait():
            return Answers(asked=True, round_trip=round_trip)
        cells = int(_PLACE.findall(self._received)[1][1]) - 1
        mode = _MODE.search(self._received)
        return Answers(True, round_trip, cells if cells > 0 else None, bool(mode and mode[1] in b"12"))

    def _write(self, *questions: bytes) -> None:
        self.asked += sum(CURSOR in question for question in questions)
        left = b"".join(questions)
        while left:
            left = left[os.write(self._screen, left) :]

    def wait(self) -> bool:
        """Until all questions are answered, or the time is over; whether they are."""
        while len(_PLACE.findall(self._received)) < self.asked:
            left = self._deadline - time.monotonic()
            if left <= 0 or not select.select([self._keyboard], [], [], left)[0]:
                return False
            read = os.read(self._keyboard, 1024)
            if not read:
                return False
            self._received += read
        return True
