"""Reads the folder of runs for the Runs screen, off the event loop, while that screen is up.

The laboratory's names for rows, marks and filters are used here, in `tui.app.runs_state` and in `run_deeds` alone.
"""

import threading
import time
from collections.abc import Iterable
from pathlib import Path

from tui.app.run_view import RunView, hear_all
from tui.app.runs_state import READING, RunsRead, RunsSparked, RunsViewed
from tui.app.services.backlog import RunReader
from tui.app.services.data import Poster
from tui.lab.errors import LabError
from tui.lab.runlist import RunRow, read_row, run_folders
from tui.lab.runs import RunFolder
from tui.lab.spec import Spec, SpecError

LOOK_SECONDS = 2.0
"""Between two looks at the folder: one of a thousand runs costs some ten milliseconds where nothing has changed."""
FIRST_ROWS, POST_SECONDS = 40, 0.2
"""The first rows are read before anything is shown, the rest is said so often while it is read."""
SPARK_POINTS = 30

Stamp = tuple[tuple[int, int], ...]


class RunList:
    """Looks at the folder while it is asked to; says `RunsRead`, `RunsSparked` and `RunsViewed`."""

    def __init__(self, app: Poster, runs_dir: Path, *, every: float = LOOK_SECONDS) -> None:
        self._app, self._runs_dir, self._every = app, runs_dir, every
        self._wake = threading.Event()
        self._active = threading.Event()
        self._thread: threading.Thread | None = None
        self._rows: dict[str, tuple[Stamp, RunRow]] = {}
        self._sparks: dict[str, Stamp] = {}
        self._spark_names: tuple[str, ...] = ()
        self._view_names: tuple[str, ...] = ()
        self._views: dict[str, tuple[RunReader, RunView]] = {}
        self._said: tuple[RunRow, ...] | None = None

    def look(self) -> None:
        """Begins to look, or looks again at once."""
        self._active.set()
        self._wake.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True, name="list runs")
            self._thread.start()

    def rest(self) -> None:
        """Looks no more until asked again."""
        self._active.clear()

    def want(self, *, sparks: Iterable[str], views: Iterable[str]) -> None:
        """The names of the runs whose course is shown in the list, and of those that are read through."""
        wanted = tuple(sparks), tuple(views)
        if wanted != (self._spark_names, self._view_names):
            self._spark_names, self._view_names = wanted
            self._wake.set()

    # In the thread

    def _work(self) -> None:
        looked = -self._every
        while True:
            self._active.wait()
            self._wake.clear()
            if time.monotonic() - looked >= self._every or self._said is None:
                self._read_rows()
                looked = time.monotonic()
            self._read_views()
            self._read_sparks()
            self._wake.wait(self._every)

    def again(self) -> None:
        """Forgets when it looked last: something has been changed from here."""
        self._said = None
        self.look()

    def _read_rows(self) -> None:
        try:
            folders = run_folders(self._runs_dir)
        except LabError as error:
            self._said = ()
            self._app.post_fact(RunsRead((), 0, str(error)))
            return
        stamps = {folder.name: stamp_of(folder) for folder in folders}
        for gone in self._rows.keys() - stamps.keys():
            del self._rows[gone]

        def is_old(folder: RunFolder) -> bool:
            known = self._rows.get(folder.name)
            # A trainer that is killed changes no file.
            return known is None or known[0] != stamps[folder.name] or known[1].live

        changed = [folder for folder in folders if is_old(folder)]
        said = time.monotonic()
        for count, folder in enumerate(changed, start=1):
            self._rows[folder.name] = stamps[folder.name], read_row(folder)
            first = count == FIRST_ROWS and self._said is None
            if count < len(changed) and (first or time.monotonic() - said >= POST_SECONDS):
                self._say(folders)
                said = time.monotonic()
        self._say(folders)

    def _say(self, folders: list[RunFolder]) -> None:
        rows, unread = [], 0
        for folder in folders:
            known = self._rows.get(folder.name)
            unread += known is None
            rows.append(known[1] if known is not None else _to_come(folder))
        rows.sort(key=lambda row: (row.created, row.name), reverse=True)
        if tuple(rows) != self._said:
            self._said = tuple(rows)
            self._app.post_fact(RunsRead(self._said, unread))

    def _read_sparks(self) -> None:
        found = {}
        for name in self._spark_names:
            known = self._rows.get(name)
            if known is not None and self._sparks.get(name) != known[0]:
                self._sparks[name] = known[0]
                found[name] = tuple(known[1].spark(SPARK_POINTS))
        if found:
            self._app.post_fact(RunsSparked(found))

    def _read_views(self) -> None:
        """Reads on in the runs that are wanted; a long one is said a few times on the way."""
        wanted = self._view_names
        new = self._views.keys() != set(wanted)
        for name in self._views.keys() - set(wanted):
            del self._views[name]
        posted = time.monotonic()
        for name in wanted:
            if name not in self._views:
                folder = RunFolder(self._runs_dir / name)
                self._views[name] = RunReader(folder.events_path), RunView(folder.path, _spec(folder))
            while self._view_names == wanted:
                reader, view = self._views[name]
                try:
                    said = reader.poll()
                except OSError:
                    break
                if not said:
                    break
                self._views[name] = reader, hear_all(said, view)
                new = True
                if time.monotonic() - posted > POST_SECONDS:
                    self._say_views()
                    posted = time.monotonic()
        if new:
            self._say_views()

    def _say_views(self) -> None:
        self._app.post_fact(RunsViewed({name: view for name, (_, view) in self._views.items()}))


def stamp_of(folder: RunFolder) -> Stamp:
    """Changes whenever something in the run's own files does."""
    stamps = []
    # The folder of commands too: a stop ends a run that no trainer has taken up.
    marks = folder.path / "marks.json"
    for path in (folder.status_path, folder.events_path, folder.spec_path, marks, folder.control_path):
        try:
            found = path.stat()
        except OSError:
            stamps.append((0, 0))
        else:
            stamps.append((found.st_mtime_ns, found.st_size))
    return tuple(stamps)


def _to_come(folder: RunFolder) -> RunRow:
    try:
        created = folder.path.stat().st_mtime
    except OSError:
        created = 0.0
    return RunRow(folder.path, "unreadable", created=created, problem=READING)


def _spec(folder: RunFolder) -> Spec:
    """The run's experiment; the defaults where it cannot be read: its row says so."""
    try:
        return folder.read_spec()
    except (LabError, SpecError):
        return Spec()
