"""The end of a run's events, and a look at their whole course, without reading the file through."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tui.lab.events import NO_EVENT, Epoch, Event, decode

TAIL_BYTES = 16_384
WHOLE_BYTES = 262_144
"""Up to so many the file is simply read."""
_LONGEST_LINE = 4096


@dataclass(frozen=True)
class Tail:
    """``last``: the last event; ``epoch``: the last epoch that is over. ``torn``: a line without its end, or one that
    is no event."""

    last: Event | None = None
    epoch: Epoch | None = None
    torn: bool = False


def read_tail(path: Path) -> Tail:
    """The last events of a file, from its end. Raises OSError, but not for a file that is not there."""
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            want = TAIL_BYTES
            while True:
                start = max(0, size - want)
                file.seek(start)
                tail = _tail_of(file.read(size - start), whole=start == 0)
                # Many steps, or a long probe, may stand behind the last epoch.
                if tail.epoch is not None or start == 0 or want >= WHOLE_BYTES:
                    return tail
                want *= 4
    except FileNotFoundError:
        return Tail()


def _tail_of(data: bytes, *, whole: bool) -> Tail:
    lines = data.split(b"\n")
    torn = bool(lines.pop())
    if not whole:
        lines = lines[1:]  # its beginning was not read
    last = epoch = None
    for line in reversed(lines):
        if not line:
            continue
        event = decode(line)
        if event is None:
            torn = torn or not _is_object(line)
            continue
        last = last or event
        if isinstance(event, Epoch):
            epoch = event
            break
    return Tail(last, epoch, torn)


def count_lines(path: Path) -> tuple[int, int]:
    """(lines that are events, all lines), a torn last one among them. Raises OSError."""
    good = every = 0
    with open(path, "rb") as file:
        for line in file:
            if line.strip():
                every += 1
                good += line.endswith(b"\n") and (decode(line) is not None or _is_object(line))
    return good, every


class _Named(msgspec.Struct):
    event: str


_named = msgspec.json.Decoder(_Named)


def _is_object(line: bytes) -> bool:
    """Whether it is an event, if of a word that this version does not know."""
    try:
        _named.decode(line)
    except NO_EVENT:
        return False
    return True


class _Point(msgspec.Struct, gc=False):
    event: str
    epoch: int = 0
    train_loss: float | None = None
    val_loss: float | None = None


_points = msgspec.json.Decoder(_Point)


def course(path: Path, points: int = 30) -> list[float | None]:
    """The validation loss (without one: the training loss) at about so many epochs, evenly through the run.

    Of a long file only a line here and there is read. What a resume took back is left out as far as it is seen.
    """
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            if size <= WHOLE_BYTES:
                file.seek(0)
                lines = file.read().split(b"\n")[:-1]
            else:
                lines = []
                for index in range(points):
                    file.seek(index * (size - _LONGEST_LINE) // (points - 1))
                    lines += file.read(_LONGEST_LINE).split(b"\n")[1:-1]
    except OSError:
        return []
    return _thinned(_losses(lines), points)


def _losses(lines: list[bytes]) -> list[tuple[int, float | None]]:
    found: list[tuple[int, float | None]] = []
    for line in lines:
        try:
            point = _points.decode(line)
        except NO_EVENT:
            continue
        if point.event != "epoch":
            continue
        while found and found[-1][0] >= point.epoch:
            found.pop()
        found.append((point.epoch, point.train_loss if point.val_loss is None else point.val_loss))
    return found


def _thinned(found: list[tuple[int, Any]], points: int) -> list[float | None]:
    """One value of each stretch of epochs, the last of them always."""
    if len(found) <= points:
        return [loss for _, loss in found]
    first, last = found[0][0], found[-1][0]
    kept: dict[int, float | None] = {}
    for epoch, loss in found:
        kept[(epoch - first) * (points - 1) // max(1, last - first)] = loss
    return list(kept.values())
