"""Starts trainers, sends them commands, and turns what their run folders say into facts.

The trainer is a process of its own: nothing here trains, and closing the application leaves it alone.
"""

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tui.app.facts import Noticed, RunLost, RunOpened, RunPaced, RunSaid
from tui.app.services.data import Poster
from tui.lab.events import LAST, EventReader
from tui.lab.spec import Spec

if TYPE_CHECKING:
    from tui.lab.runs import RunFolder

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
        self._following: asyncio.Task[None] | None = None
        self._reader: EventReader | None = None

    # Deeds. Each is awaited by a worker of the screen and says what came of it as facts.

    async def start(self, spec: Spec, runs_dir: Path, *, recipe: str = "", start: str = "run") -> None:
        """A new run of this spec, followed from its first line."""
        from tui.lab.runs import create_run, launch

        pace = first_pace(spec.training.epochs)

        def begin() -> "RunFolder":
            folder = create_run(spec, runs_dir, spec.name or recipe or None)
            self._process = launch(folder, pace=pace, start=start)  # type: ignore[arg-type]
            return folder

        await self._launch(begin, spec, pace)

    async def go_on(self, path: Path, spec: Spec, epochs: int, *, pace: float, start: str = "run") -> None:
        """The same run up to ``epochs`` in all, from its last checkpoint."""
        from tui.lab.runs import RunFolder, launch

        spec = msgspec.structs.replace(spec, training=msgspec.structs.replace(spec.training, epochs=epochs))

        def begin() -> "RunFolder":
            folder = RunFolder(path)
            self._process = launch(folder, epochs=epochs, pace=pace, start=start)  # type: ignore[arg-type]
            return folder

        await self._launch(begin, spec, pace)

    async def _launch(self, begin: Callable[[], "RunFolder"], spec: Spec, pace: float) -> None:
        from tui.lab.build import USER_ERRORS

        try:
            folder = await asyncio.to_thread(begin)
        except USER_ERRORS as error:
            self._app.post_fact(Noticed(f"the run cannot start: {error}"))
            return
        self._app.post_fact(RunOpened(folder.path, spec, pace))
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

    # Following

    def follow(self, folder: "RunFolder") -> None:
        if self._following is not None and not self._following.done():
            self._following.cancel()
        self._following = asyncio.get_running_loop().create_task(self._follow(folder))

    async def _follow(self, folder: "RunFolder") -> None:
        # A run that goes on is read on: what it said before is on the screen already.
        if self._reader is None or self._reader.path != folder.events_path:
            self._reader = EventReader(folder.events_path)
        reader, process = self._reader, self._process
        events = await asyncio.to_thread(reader.poll)
        quiet = 0
        while True:
            if events:
                quiet = 0
                self._app.post_fact(RunSaid(folder.path, tuple(events)))
            ended = bool(events) and isinstance(events[-1], LAST)
            gone = process is not None and process.poll() is not None
            if gone and not events:
                # It ended without a last word, unless that is on its way from a slow disk.
                quiet += 1
                if quiet > 3:
                    await self._say_lost(folder)
                    return
            elif gone and ended:
                return
            await asyncio.sleep(POLL_SECONDS)
            events = await asyncio.to_thread(reader.poll)

    async def _say_lost(self, folder: "RunFolder") -> None:
        state = await asyncio.to_thread(folder.state)
        if state in ("finished", "stopped", "diverged", "failed"):
            return
        status = await asyncio.to_thread(folder.status)
        who = f"trainer {status.pid}" if status is not None else "the trainer"
        self._app.post_fact(RunLost(folder.path, f"{who} is gone (killed); its log is {folder.log_path}"))
