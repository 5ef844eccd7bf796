"""Starts trainers, sends them commands, and turns what their run folders say into facts.

The trainer is a process of its own: nothing here trains, and closing the application leaves it alone.
"""

import asyncio
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tui.app.facts import Noticed, RunAsked, RunLost, RunOpened, RunPaced, RunRefused, RunSaid
from tui.app.services.data import Poster
from tui.lab.spec import Spec

if TYPE_CHECKING:  # the first picture need not wait for them
    from tui.lab.events import EventReader
    from tui.lab.runs import RunFolder, Start

POLL_SECONDS = 0.1
WATCHED_SECONDS = 10.0
"""A run started here is paced to last about so long, so that the eye sees it learn."""


def first_pace(epochs: int) -> float:
    """Epochs a second at which a run lasts about ten seconds; one that is slower by itself does not notice."""
    return epochs / WATCHED_SECONDS


class RunService:
    def __init__(self, app: Poster) -> None:
        self._app = app
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._reader: EventReader | None = None

    # Deeds, awaited by the screen; what comes of them is said as facts.

    async def start(self, spec: Spec, runs_dir: Path, *, recipe: str = "", start: "Start" = "run") -> None:
        """A new run of this spec, followed from its first line."""
        from tui.lab.runs import create_run, launch

        pace = first_pace(spec.training.epochs)

        def begin() -> "RunFolder":
            folder = create_run(spec, runs_dir, spec.name or recipe or None)
            self._process = launch(folder, pace=pace, start=start)
            return folder

        await self._launch(begin, spec, pace)

    async def go_on(self, path: Path, spec: Spec, epochs: int, *, pace: float, start: "Start" = "run") -> None:
        """The same run up to ``epochs`` in all, from its last checkpoint."""
        from tui.lab.runs import RunFolder, launch

        def begin() -> "RunFolder":
            self._wait_for_the_last()
            folder = RunFolder(path)
            self._process = launch(folder, epochs=epochs, pace=pace, start=start)
            return folder

        await self._launch(begin, spec.with_value("training.epochs", epochs), pace)

    def _wait_for_the_last(self) -> None:
        """A trainer that has said its last word holds the run's lock for a moment longer."""
        if self._process is not None:
            self._process.wait(5)
        if self._thread is not None:
            self._thread.join(5)

    async def _launch(self, begin: Callable[[], "RunFolder"], spec: Spec, pace: float) -> None:
        from tui.lab.build import USER_ERRORS

        self._app.dispatch(RunAsked())
        try:
            folder = await asyncio.to_thread(begin)
        except (*USER_ERRORS, subprocess.TimeoutExpired) as error:
            self._app.dispatch(RunRefused(f"the run cannot start: {error}"))
            return
        self._app.dispatch(RunOpened(folder.path, spec, pace))
        self.follow(folder)

    async def send(self, path: Path, command: str, value: float | None = None) -> None:
        from tui.lab.build import USER_ERRORS
        from tui.lab.runs import RunFolder

        try:
            await asyncio.to_thread(RunFolder(path).send, command, value)
        except USER_ERRORS as error:
            self._app.post_fact(Noticed(str(error)))
            return
        if command == "pace" and value is not None:
            self._app.post_fact(RunPaced(value))

    async def snapshots(self, path: Path) -> list[int]:
        """The epochs whose weights are kept, ascending."""
        from tui.lab.runs import RunFolder

        kept = await asyncio.to_thread(RunFolder(path).snapshots)
        return [epoch for epoch, _ in kept]

    # Following

    def follow(self, folder: "RunFolder") -> None:
        """Says what a run says until its trainer is gone, from a thread of its own: a slow disk holds nothing up."""
        from tui.lab.events import EventReader

        # A run that goes on is read on: what it said before is on the screen already.
        if self._reader is None or self._reader.path != folder.events_path:
            self._reader = EventReader(folder.events_path)
        self._thread = threading.Thread(
            target=self._follow, args=(folder, self._process, self._reader), daemon=True, name="follow run"
        )
        self._thread.start()

    def _follow(self, folder: "RunFolder", process: "subprocess.Popen[bytes]", reader: "EventReader") -> None:
        from tui.lab.errors import LabError
        from tui.lab.follow import follow

        try:
            for events in follow(folder, process, reader=reader, poll=POLL_SECONDS):
                self._app.post_fact(RunSaid(folder.path, events))
        except LabError as error:
            self._app.post_fact(RunLost(folder.path, str(error)))
