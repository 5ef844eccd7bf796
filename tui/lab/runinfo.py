"""Everything about one run, for whoever looks at it: its settings, what its events say, the files it keeps."""

import os
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tui.lab.errors import LabError
from tui.lab.events import Event, EventReader, Started
from tui.lab.files import os_error_text
from tui.lab.runlist import RunRow, read_row
from tui.lab.runs import RunFolder
from tui.lab.settings import own
from tui.lab.spec import SpecError


@dataclass(frozen=True)
class RunInfo:
    """``settings``: those that are not the defaults. ``events``: how many of each kind; ``unread`` lines are none.
    ``files``: (name, bytes). ``snapshots``: the epochs whose weights are kept. ``record``: what it was made with."""

    row: RunRow
    settings: dict[str, Any] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    unread: int = 0
    started: Started | None = None
    files: tuple[tuple[str, int], ...] = ()
    snapshots: tuple[int, ...] = ()
    problems: tuple[str, ...] = ()

    def table(self) -> dict[str, Any]:
        """For JSON, beside the row's own fields."""
        return {
            "settings": self.settings,
            "record": self.record,
            "events": self.events,
            "unread": self.unread,
            "engine": self.started.engine if self.started else None,
            "parameters": self.started.parameters if self.started else None,
            "samples": self.started.samples if self.started else None,
            "snapshots": list(self.snapshots),
            "files": [{"name": name, "bytes": size} for name, size in self.files],
            "problems": list(self.problems),
        }


def describe(run: RunFolder) -> RunInfo:
    """Reads a run through. What cannot be read is in ``problems``, in words."""
    row = read_row(run)
    problems = [row.problem] if row.problem else []
    settings: dict[str, Any] = {}
    record: dict[str, Any] = {}
    try:
        settings, record = own(run.read_spec()), run.read_record()
    except (LabError, SpecError) as error:
        if row.state != "unreadable":
            problems.append(str(error))
    counts: Counter[str] = Counter()
    started = None
    reader = EventReader(run.events_path)
    try:
        while chunk := reader.poll():
            counts.update(_tag(event) for event in chunk)
            started = next((event for event in chunk if isinstance(event, Started)), started)
    except OSError as error:
        problems.append(os_error_text(error, run.events_path))
    return RunInfo(
        row=row,
        settings=settings,
        record=record,
        events=dict(counts),
        unread=reader.unread,
        started=started,
        files=tuple(_files(run)),
        snapshots=tuple(epoch for epoch, _ in run.snapshots()),
        problems=tuple(dict.fromkeys(problems)),
    )


def _tag(event: Event) -> str:
    return str(type(event).__struct_config__.tag)


def _files(run: RunFolder) -> list[tuple[str, int]]:
    found = []
    for folder, folders, names in os.walk(run.path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = os.path.join(folder, name)
            try:
                found.append((os.path.relpath(path, run.path), os.path.getsize(path)))
            except OSError:  # replaced in this moment
                continue
    return found
