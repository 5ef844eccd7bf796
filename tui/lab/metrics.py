"""A run's epochs for other programs: every epoch once, as CSV or as JSON lines."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import msgspec

from tui.lab.errors import LabError
from tui.lab.events import Epoch, EventReader
from tui.lab.files import os_error_text
from tui.lab.follow import Once
from tui.lab.runs import RunFolder

COLUMNS = ("epoch", *(name for name in Epoch.__struct_fields__ if name not in ("epoch", "seq", "time")), "time")


def epochs(run: RunFolder) -> Iterator[Epoch]:
    """The run's epochs, ascending; of one that was trained twice the later. Raises LabError."""
    once, reader = Once(run.events_path), EventReader(run.events_path)
    try:
        while chunk := reader.poll():
            yield from (event for event in once(chunk) if isinstance(event, Epoch))
    except OSError as error:
        raise LabError(os_error_text(error, run.events_path)) from None


def csv_lines(run: RunFolder) -> Iterator[str]:
    """A header and a line an epoch; what there is not is empty. Raises LabError."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")

    def line(values: list[Any]) -> str:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow(values)
        return buffer.getvalue()

    yield line(list(COLUMNS))
    for epoch in epochs(run):
        yield line([getattr(epoch, name) for name in COLUMNS])


def json_lines(run: RunFolder) -> Iterator[str]:
    """An object an epoch; what there is not is null. Raises LabError."""
    for epoch in epochs(run):
        yield msgspec.json.encode({name: getattr(epoch, name) for name in COLUMNS}).decode() + "\n"
