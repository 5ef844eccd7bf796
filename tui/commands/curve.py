"""The course of a run as a chart of characters, for a terminal that has just seen it train.

Without NumPy and without the application's charts, which bring Textual: nothing is read before the run has ended.
"""

import math
import os
import re
import shutil
import statistics
import sys
from array import array
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tui.app.plain import plain

if TYPE_CHECKING:
    from tui.app.capabilities import Capabilities

HEIGHT, LEAST_WIDTH, MOST_WIDTH, LEAST_HEIGHT = 15, 40, 100, 10
"""Rows of the chart with its axis; narrower or lower terminals get none."""
TRAIN, VALIDATION, BEST = 1, 2, 3
DASH, GAP = 3, 2
"""Cells of the validation curve that are drawn and left out where colours do not tell it."""

_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_COLORS = {
    "truecolor": {TRAIN: "38;2;95;175;255", VALIDATION: "38;2;255;175;0", BEST: "2"},
    "256": {TRAIN: "38;5;75", VALIDATION: "38;5;214", BEST: "2"},
    "16": {TRAIN: "94", VALIDATION: "33", BEST: "2"},
    "none": {},
}


class Course:
    """The losses of a run's epochs as its events tell them; ``reported`` is which training loss."""

    def __init__(self, reported: str) -> None:
        self._reported = reported
        self.name = "last batch" if reported == "last_batch" else "train"
        self.epochs, self.train, self.validation = array("d"), array("d"), array("d")
        self.best = 0
        self.diverged = False

    def hear(self, event: Any) -> None:
        from tui.lab import events

        match event:
            case events.Epoch():
                self._cut(event.epoch - 1)
                self.epochs.append(event.epoch)
                self.train.append(_number(events.reported_loss(event, self._reported)))
                self.validation.append(_number(event.val_loss))
                self.best = event.best_epoch
            case events.Started() | events.Resumed():
                self._cut(event.epoch if isinstance(event, events.Resumed) else 0)
                self.diverged = False
            case events.Diverged():
                self.diverged = True

    def _cut(self, epoch: int) -> None:
        while self.epochs and self.epochs[-1] > epoch:
            for column in (self.epochs, self.train, self.validation):
                column.pop()


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def terminal() -> "Capabilities | None":
    """What the terminal on stdout can show; None where there is none to draw on."""
    from tui.app.capabilities import detect, usable

    if usable(os.environ, True, sys.stdout.isatty()):
        return None
    return detect(os.environ, sys.stdout.encoding)


def curve_lines(course: Course, look: "Capabilities", size: tuple[int, int] | None = None) -> Iterator[str]:
    """The lines of a chart of training and validation loss; none where two points or the room for them are missing.

    ``size`` is the terminal's, (columns, rows); asked for where it is None.
    """
    width, height = size or shutil.get_terminal_size()
    width, height = min(width - 1, MOST_WIDTH), min(HEIGHT, height - 8)
    limits = _limits(course)
    if width + 1 < LEAST_WIDTH or height < LEAST_HEIGHT or len(course.epochs) < 2 or limits is None:
        return
    labels = [f"{limits[1]:.3g}", f"{(limits[0] + limits[1]) / 2:.3g}", f"{limits[0]:.3g}"]
    left = max(map(len, labels))
    columns, rows = width - left - 1, height - 3
    cells = _canvas(course, limits, columns, rows, look)
    has_validation = any(value == value for value in course.validation)
    colors = _COLORS[look.colors]

    def shown(text: str, role: int) -> str:
        text = text if look.unicode and look.glyphs != "ascii" else plain(text.replace("┊", ":"))
        return f"\x1b[{colors[role]}m{text}\x1b[0m" if role in colors else text

    ascii = look.glyphs == "ascii"
    names = [(f"{'***' if ascii else '───'} {course.name}", TRAIN)]
    if has_validation:
        names.append((f"{'...' if ascii else '───' if colors else '─ ─'} validation", VALIDATION))
        names.append((f"┊ best epoch {course.best}", BEST))
    heading = " loss   "
    while len(heading) + sum(len(name) + 3 for name, _ in names) - 3 > columns + 1:
        names.pop()
    yield " " * left + heading + "   ".join(shown(*name) for name in names)
    for row in range(rows):
        label = {0: labels[0], rows // 2: labels[1], rows - 1: labels[2]}.get(row, "")
        line = "".join(shown("".join(text), role) for text, role in _runs(cells[row]))
        yield f"{label:>{left}}" + shown("┤" if label else "│", 0) + line.rstrip()
    yield " " * left + shown("╰" + "─" * columns, 0)
    first, last = f"{course.epochs[0]:.0f}", f"epoch {course.epochs[-1]:.0f}"
    yield " " * (left + 1) + first + last.rjust(columns - len(first))


def _runs(row: list[tuple[str, int]]) -> Iterator[tuple[list[str], int]]:
    """Neighbours that look alike together."""
    text: list[str] = []
    for at, (character, role) in enumerate(row):
        text.append(character)
        if at + 1 == len(row) or row[at + 1][1] != role:
            yield text, role
            text = []


def _limits(course: Course) -> tuple[float, float] | None:
    """The least and the greatest loss; of a run that diverged the last steps do not dwarf all others."""
    known = [v for column in (course.train, course.validation) for v in column if math.isfinite(v) and abs(v) < 1e100]
    if not known:
        return None
    low, high = min(known), max(known)
    if course.diverged and (usual := 10 * statistics.median(map(abs, known))) > 0:
        low, high = max(low, -usual), min(high, usual)
    if not low < high:
        low, high = low - 0.5 * abs(low or 1), high + 0.5 * abs(high or 1)
    return low, high


def _canvas(
    course: Course, limits: tuple[float, float], columns: int, rows: int, look: "Capabilities"
) -> list[list[tuple[str, int]]]:
    """Each cell's character and whose it is, drawn by plotext."""
    from plotext._figure import _figure_class  # the one that `plotext` has is everybody's

    first, last = course.epochs[0], course.epochs[-1]
    ascii = look.glyphs == "ascii"
    markers = ("*", ".") if ascii else ("braille", "braille") if look.glyphs == "braille" else ("hd", "hd")
    figure = _figure_class()
    # Without this plotext asks the process's own terminal for its size and stays within it.
    figure._set_size(columns, rows)
    figure.frame(False)
    figure.xticks([])
    figure.yticks([])
    figure.canvas_color("default")
    figure.axes_color("default")
    figure.xlim(first, last)
    figure.ylim(*limits)
    for role, column, marker in ((TRAIN, course.train, markers[0]), (VALIDATION, course.validation, markers[1])):
        pieces = _thinned(zip(course.epochs, column, strict=True), first, last, columns)
        if role == VALIDATION and look.colors == "none" and not ascii:
            step = (last - first) / columns
            pieces = _dashed(pieces, DASH * step, GAP * step, first)
        for piece in pieces:
            x, y = zip(*piece, strict=True)
            inside = [min(max(value, limits[0]), limits[1]) for value in y]
            figure.plot(list(x), inside, marker=marker, color=role)
    cells = [[(" ", 0)] * columns for _ in range(rows)]
    if any(value == value for value in course.validation) and first <= course.best <= last:
        at = min(int((course.best - first) / (last - first) * columns), columns - 1)
        for row in cells:
            row[at] = ("┊", BEST)
    for row, line in zip(cells, figure.build().split("\n"), strict=False):
        at, role = 0, 0
        for position, part in enumerate(_SGR.split(line)):
            if position % 2:
                codes = part.split(";")
                role = int(codes[2]) if codes[:2] == ["38", "5"] and len(codes) == 3 else 0
                continue
            for character in part:
                if role and character not in " \u2800" and at < columns:
                    row[at] = (character, role)
                at += 1
    return cells


Piece = list[tuple[float, float]]


def _thinned(points: Iterable[tuple[float, float]], first: float, last: float, columns: int) -> list[Piece]:
    """Unbroken pieces with each column's least and greatest value, in their order; what is no number is a gap."""
    pieces: list[Piece] = []
    extremes: dict[str, tuple[float, float]] = {}
    here, broken = -1, True

    def close() -> None:
        if extremes:
            pieces[-1] += sorted(set(extremes.values()))
        extremes.clear()

    for x, y in points:
        column = int((x - first) / (last - first) * columns)
        finite = math.isfinite(y)
        if column != here or not finite:
            close()
            here = column
        if not finite:
            broken = True
            continue
        if broken:
            pieces.append([])
            broken = False
        if not extremes or y < extremes["low"][1]:
            extremes["low"] = (x, y)
        if y > extremes.get("high", (0.0, -math.inf))[1]:
            extremes["high"] = (x, y)
    close()
    return [piece for piece in pieces if piece]


def _dashed(pieces: list[Piece], on: float, off: float, origin: float) -> list[Piece]:
    """The pieces cut into dashes along x."""
    dashes: list[Piece] = []
    for piece in pieces:
        before = -1
        for x, y in _between(piece, on / 4):
            number, along = divmod(x - origin, on + off)
            if along < on:
                if number != before:
                    dashes.append([])
                dashes[-1].append((x, y))
                before = int(number)
    return dashes


def _between(piece: Piece, step: float) -> Iterator[tuple[float, float]]:
    """The points with others on the straight lines between them, at most ``step`` apart."""
    for (x, y), (next_x, next_y) in pairwise(piece):
        parts = max(1, math.ceil((next_x - x) / step)) if step > 0 else 1
        for part in range(parts):
            yield x + (next_x - x) * part / parts, y + (next_y - y) * part / parts
    yield piece[-1]
