"""A run's epochs for other programs: every epoch once, as CSV or as JSON lines."""

import csv
import io
from collections.abc import Iterator
from operator import attrgetter

import msgspec

from tui.lab.errors import LabError
from tui.lab.events import Epoch, EventReader
from tui.lab.files import os_error_text
from tui.lab.follow import Once
from tui.lab.runs import RunFolder

COLUMNS = ("epoch", *(name for name in Epoch.__struct_fields__ if name not in ("epoch", "seq", "time")), "time")
_values = attrgetter(*COLUMNS)


def epochs(run: RunFolder) -> Iterator[list[Epoch]]:
    """The run's epochs, ascending, many at a time; of one that was trained twice the later. Raises LabError."""
    once, reader = Once(run.events_path), EventReader(run.events_path)
    try:
        while chunk := reader.poll():
            yield [event for event in once(chunk) if isinstance(event, Epoch)]
    except OSError as error:
        raise LabError(os_error_text(error, run.events_path)) from None


def csv_lines(run: RunFolder) -> Iterator[str]:
    """A header and a line an epoch, many at a time; what there is not is empty. Raises LabError."""
    yield ",".join(COLUMNS) + "\n"
    for some in epochs(run):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(map(_values, some))
        yield text.getvalue()


def json_lines(run: RunFolder) -> Iterator[str]:
    """An object an epoch, many lines at a time; what there is not is null. Raises LabError."""
    for some in epochs(run):
        yield (
            msgspec.json.Encoder()
            .encode_lines([dict(zip(COLUMNS, _values(epoch), strict=True)) for epoch in some])
            .decode()
        )
