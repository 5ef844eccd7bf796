"""Reads a run's events for the screens: short ones as events, long stretches of epochs straight into columns."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Union, get_args

import msgspec

from tui.app.history import COLUMNS, EpochBlock, block_of
from tui.app.run_view import Said
from tui.lab.events import AnyEvent, Epoch, decode

FIRST_BYTES, MOST_BYTES = 262_144, 1_000_000
"""The first picture waits for the first bytes alone; the rest is read in larger pieces, none of which holds the
interpreter for longer than a key press is felt."""
IN_COLUMNS = 64
"""From so many epochs in a row on they are read into columns."""

# An epoch without its number and time, which no screen shows: a third less to make of each line.
_Quick: Any = msgspec.defstruct(
    "_Quick",
    [
        (field.name, field.type) if field.required else (field.name, field.type, field.default)
        for field in msgspec.structs.fields(Epoch)
        if field.name in COLUMNS
    ],
    frozen=True,
    gc=False,
    kw_only=True,
    tag_field="event",
    tag="epoch",
)
_Line: Any = Union[_Quick, *(kind for kind in get_args(AnyEvent) if kind is not Epoch)]
_decoder = msgspec.json.Decoder(_Line)


class RunReader:
    """What a run has said since the last `poll`, from its first line on.

    A last line without its newline is not an event yet. ``unread`` counts the lines that were no events, ``offset`` the
    bytes that have been read; a reader that goes on where another was begins there.
    """

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.path = path
        self.unread = 0
        self.offset = offset

    def poll(self) -> tuple[Said, ...]:
        """The complete events that are new, oldest first, at most a piece of them; () where there are none."""
        size = FIRST_BYTES if not self.offset else MOST_BYTES
        try:
            with open(self.path, "rb") as file:
                if os.fstat(file.fileno()).st_size <= self.offset:
                    return ()
                file.seek(self.offset)
                data = file.read(size)
        except FileNotFoundError:
            return ()
        end = data.rfind(b"\n") + 1
        if not end and len(data) == size:  # a line longer than any event is none
            self.offset += len(data)
            self.unread += 1
            return self.poll()
        self.offset += end
        return tuple(_gathered(self._lines(data[:end])))

    def _lines(self, data: bytes) -> list[Any]:
        try:
            found: list[Any] = _decoder.decode_lines(data)
            return found
        except (msgspec.MsgspecError, UnicodeDecodeError):
            events = []
            for line in data.split(b"\n"):
                event = decode(line)
                if event is not None:
                    events.append(event)
                elif line.strip():
                    self.unread += 1
            return events


def _gathered(events: list[Any]) -> Iterator[Said]:
    """Long stretches of epochs as blocks, all else as it is."""
    stretch: list[Any] = []
    for event in events:
        if isinstance(event, _EPOCHS):
            stretch.append(event)
            continue
        if stretch:
            yield from _stretch(stretch)
            stretch = []
        yield event
    if stretch:
        yield from _stretch(stretch)


_EPOCHS = (_Quick, Epoch)


def _stretch(epochs: list[Any]) -> Iterator[Said]:
    if len(epochs) >= IN_COLUMNS:
        yield block_of(epochs)
    else:
        for epoch in epochs:
            yield epoch if isinstance(epoch, Epoch) else Epoch(**msgspec.structs.asdict(epoch))


def together(said: list[Said]) -> list[Said]:
    """Neighbouring blocks as one: a screen takes a few large ones sooner than many small ones."""
    import numpy as np

    joined: list[Said] = []
    blocks: list[EpochBlock] = []

    def close() -> None:
        if len(blocks) == 1:
            joined.append(blocks[0])
        elif blocks:
            joined.append(EpochBlock({n: np.concatenate([block.columns[n] for block in blocks]) for n in COLUMNS}))
        blocks.clear()

    for event in said:
        if isinstance(event, EpochBlock):
            blocks.append(event)
        else:
            close()
            joined.append(event)
    close()
    return joined
