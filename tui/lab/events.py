"""What a run says while it goes on: one vocabulary, one encoder, one tolerant reader.

`events.jsonl` holds one event a line, appended whole. A number that is not finite is written as
`null`. The live screen, a screen opened later, `train --json` and scripts all read this one stream.
"""

import contextlib
import math
import os
from pathlib import Path
from typing import Any

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag=str.lower, omit_defaults=False):
    """``seq`` counts the run's events from 1; ``time`` is seconds since 1970."""

    seq: int = 0
    time: float = 0.0


class Started(Event, frozen=True):
    """First line. ``engine`` is what trains: ``layers`` for the readable path.

    ``task`` is "classification" or "regression", which has no ``classes``.
    """

    run: str
    engine: str
    epochs: int
    samples: int
    validation_samples: int
    test_samples: int
    features: int
    classes: int
    parameters: int
    batch_size: int
    batches: int
    threads: int
    host: str
    pid: int
    data_sha256: str
    initial_loss: float | None = None
    task: str = "classification"


class Epoch(Event, frozen=True):
    """One epoch is over. ``seconds`` is the training alone; accuracies lie in 0..1.

    Of a regression the accuracies are null, and R² (``train_r2``, ``val_r2``) stands in their place; it is null of
    classes.

    The train figures are means over the epoch as its batches were met; ``last_batch_loss`` is what many
    sheets print instead.
    """

    epoch: int
    train_loss: float | None
    train_accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None
    last_batch_loss: float | None
    lr: float
    seconds: float
    validation_seconds: float
    samples_per_second: float
    best_epoch: int
    train_r2: float | None = None
    val_r2: float | None = None


class Step(Event, frozen=True):
    """One optimiser step, said only when a single step was asked for."""

    epoch: int
    batch: int
    batches: int
    loss: float | None
    lr: float


class LayerHealth(msgspec.Struct, frozen=True, kw_only=True):
    """``dead``: share of units that no sample turns on; ``saturated``: share of outputs at a flat end; null where
    the layer has no such thing. ``mean`` and ``std`` are those of its outputs."""

    layer: str
    name: str
    dead: float | None
    saturated: float | None
    mean: float | None
    std: float | None


class Probe(Event, frozen=True):
    """The network's health after an epoch, at growing distances; ``dead`` is the share in all layers together.

    ``update_ratios``: |change| / |weights| of one step, about 1e-3 where learning goes well.
    """

    epoch: int
    dead: float | None
    layers: list[LayerHealth]
    gradient_norms: dict[str, float | None]
    update_ratios: dict[str, float | None]


class Checkpoint(Event, frozen=True):
    """Weights and state are on the disk up to this ``epoch`` and ``batch`` of the next one."""

    epoch: int
    batch: int
    best: bool


class Paused(Event, frozen=True):
    epoch: int
    batch: int


class Resumed(Event, frozen=True):
    """Goes on after ``epoch`` complete ones: a reader drops later epochs that it saw before."""

    epoch: int
    batch: int
    epochs: int


class Changed(Event, frozen=True):
    """A new base learning rate, in force from this step on."""

    lr: float
    epoch: int
    batch: int


class Diverged(Event, frozen=True):
    """The loss or a tensor left the numbers, or the loss grew beyond reason; ``epoch`` and ``batch`` count from 1.

    ``lr_limit``: 2 / lambda_max at the last good weights, above which plain gradient descent runs away; null for other
    optimisers and where it was not measured.
    """

    epoch: int
    batch: int
    tensor: str
    loss: float | None
    lr: float
    message: str
    lr_limit: float | None = None


EARLY_STOPPING = "early stopping"
"""How the reason of a run begins that patience ended before its last epoch."""


class Finished(Event, frozen=True):
    """The last epoch is done, or patience is at its end: ``reason`` says which, in words."""

    run: str
    epochs: int
    seconds: float
    train_loss: float | None
    train_accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None
    test_loss: float | None
    test_accuracy: float | None
    last_batch_loss: float | None
    best_epoch: int
    reason: str = ""
    train_r2: float | None = None
    val_r2: float | None = None
    test_r2: float | None = None

    @property
    def stopped_early(self) -> bool:
        return self.reason.startswith(EARLY_STOPPING)


class Stopped(Event, frozen=True):
    """Somebody stopped it; the checkpoint holds this point."""

    run: str
    epochs: int
    batch: int
    seconds: float
    reason: str


class Failed(Event, frozen=True):
    message: str


AnyEvent = (
    Started | Epoch | Step | Probe | Checkpoint | Paused | Resumed | Changed | Diverged | Finished | Stopped | Failed
)
LAST = (Finished, Stopped, Diverged, Failed)
"""One of these is the last line of a run that was not killed."""


def reported_loss(event: Epoch | Finished, which: str) -> float | None:
    """The training loss that a sheet prints: ``which`` is "epoch_mean" or "last_batch"."""
    return event.last_batch_loss if which == "last_batch" else event.train_loss


NO_EVENT = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding a line raises that is torn, garbage, or nested without end."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(AnyEvent)


def encode(event: Event) -> bytes:
    """One line with its newline. msgspec writes nan and inf as null."""
    return _encoder.encode(event) + b"\n"


def finite(value: float | None) -> float | None:
    """None for what is no number: a reader never has to ask twice."""
    return float(value) if value is not None and math.isfinite(value) else None


def decode(line: bytes) -> Event | None:
    """The event on a line; None where it is torn, garbage, or a word this version does not know."""
    try:
        event: Event = _decoder.decode(line)
        return event
    except NO_EVENT:
        return None


class EventReader:
    """Reads an `events.jsonl` from its start and then what is appended, a poll at a time.

    A last line without its newline is not an event yet and waits for the next poll. ``unread`` counts
    the lines that were no events. Lines of the kinds in ``without`` are passed over, unread: a long run is then
    gone through in a fifth of the time.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, chunk: int = 4_000_000, without: tuple[type[Event], ...] = ()
    ) -> None:
        self.path = Path(path)
        self._passed = tuple(b'{"event":"%b",' % str(kind.__struct_config__.tag).encode() for kind in without)
        self.unread = 0
        self._offset = 0
        self._chunk = chunk

    def skip(self) -> None:
        """Passes over what is there now: the next poll gives what comes after it."""
        with contextlib.suppress(FileNotFoundError), open(self.path, "rb") as file:
            start = size = file.seek(0, os.SEEK_END)
            while start > 0:
                start = max(0, size - 65_536)
                file.seek(start)
                at = file.read(size - start).rfind(b"\n")
                if at >= 0:
                    self._offset = start + at + 1
                    return
                size = start

    def poll(self) -> list[Any]:
        """The complete events since the last poll, oldest first, of at most one chunk; [] where there are none.

        Raises OSError for a file that is there and cannot be read.
        """
        while True:
            try:
                with open(self.path, "rb") as file:
                    file.seek(self._offset)
                    data = file.read(self._chunk)
            except FileNotFoundError:
                return []
            end = data.rfind(b"\n") + 1
            if not end and len(data) < self._chunk:
                return []
            # A line longer than a chunk is no event: it is passed over, piece by piece.
            self._offset += end or len(data)
            if events := self._decode(data[:end]):
                return events

    def _decode(self, data: bytes) -> list[Any]:
        if self._passed:
            data = b"\n".join(line for line in data.split(b"\n") if not line.startswith(self._passed))
        try:
            events: list[Any] = _decoder.decode_lines(data)
            return events
        except NO_EVENT:
            pass
        events = []
        for line in data.split(b"\n"):
            event = decode(line) if line else None
            if event is not None:
                events.append(event)
            elif line:
                self.unread += 1
        return events
