"""Starts trainers, sends them commands, and turns what their run folders say into facts.

The trainer is a process of its own: nothing here trains, and closing the application leaves it alone.
"""

import asyncio
import math
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tui.app.facts import Noticed, RunAsked, RunLost, RunOpened, RunPaced, RunRefused, RunSaid, RunWaits
from tui.app.run_view import Said
from tui.app.services.data import Poster
from tui.lab.spec import Spec

if TYPE_CHECKING:  # the first picture need not wait for them
    from tui.lab.runs import RunFolder, Start

POLL_SECONDS, RESTING_POLL_SECONDS = 0.1, 1.0
"""Seconds between two looks at a run that trains, and at one that has ended."""
SHOW_SECONDS, POST_SECONDS, SLOWEST_SECONDS = 0.25, 0.5, 1.0
"""A screen that draws a run as it comes is told so often; while a long run is opened half as often."""
SHARE = 0.15
"""Of a processor: where drawing costs more, it is done less often, down to once in `SLOWEST_SECONDS`. On a busy machine
it would be taken from the training."""
LOOK_SECONDS = 1.0
"""How often a silent run is asked whether its trainer lives."""
WATCHED_SECONDS = 10.0
"""A run started here is paced to last about so long, so that the eye sees it learn."""


def first_pace(epochs: int) -> float:
    """Epochs a second at which a run lasts about ten seconds; one that is slower by itself does not notice."""
    return epochs / WATCHED_SECONDS


class RunService:
    def __init__(self, app: Poster) -> None:
        self._app = app
        self._process: subprocess.Popen[bytes] | None = None
        self._follower: _Follower | None = None

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
            folder = RunFolder(path)
            self._wait_for_the_last(folder)
            self._process = launch(folder, epochs=epochs, pace=pace, start=start)
            return folder

        await self._launch(begin, spec.with_value("training.epochs", epochs), pace)

    def _wait_for_the_last(self, folder: "RunFolder") -> None:
        """A trainer that has said its last word holds the run's lock for a moment longer."""
        if self._process is not None:
            self._process.wait(5)
            return
        from tui.lab.processes import host_name, is_alive

        status = folder.status()
        deadline = time.monotonic() + 5
        while (
            status is not None
            and status.host == host_name()
            and folder.lock_path.exists()
            and is_alive(status.pid, status.process_start)
            and time.monotonic() < deadline
        ):
            time.sleep(POLL_SECONDS / 2)

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

    def attach(self, folder: "RunFolder") -> None:
        """Follows a run that somebody else started, or that ended long ago, from its first line on."""
        self._process = None
        self.leave()
        self._follower = None
        self.follow(folder)

    def follow(self, folder: "RunFolder") -> None:
        """Says what a run says, from a thread of its own, until another run is followed: a slow disk holds nothing up.

        The end of a run ends nothing: another screen, or a shell, may take it up again.
        """
        self.leave()
        before = self._follower
        # A run that goes on is read on: what it said before is on the screen already.
        said = before.said if before is not None and before.folder.path == folder.path else 0
        self._follow(folder, said)

    def _follow(self, folder: "RunFolder", said: int) -> None:
        self._follower = _Follower(self._app, folder, self._process, said)
        threading.Thread(target=self._follower.work, daemon=True, name="follow run").start()

    def renamed(self, before: "RunFolder", after: "RunFolder") -> None:
        """Goes on following where the run lies now."""
        if self._follower is not None and self._follower.folder.path == before.path:
            self.leave()
            self._follow(after, self._follower.said)

    def leave(self) -> None:
        """Follows no run any more; the run itself is left alone."""
        if self._follower is not None:
            self._follower.leave()


class _Follower:
    """Reads one run until it is told to leave, and says nothing from then on: it is not waited for, as the disk that it
    waits for may be slow.

    Attributes:
        said: How much of the run's events has been said, in bytes. Whoever follows the run next begins there.
    """

    def __init__(self, app: Poster, folder: "RunFolder", process: "subprocess.Popen[bytes] | None", said: int) -> None:
        self.folder, self.said = folder, said
        self._app, self._process = app, process
        self._left = threading.Event()
        self._saying = threading.Lock()

    def leave(self) -> None:
        with self._saying:
            self._left.set()

    def _say(self, fact: object, said: int | None = None) -> None:
        with self._saying:
            if not self._left.is_set():
                self._app.post_fact(fact)
                self.said = self.said if said is None else said

    def work(self) -> None:
        from tui.app.services.backlog import RunReader, together
        from tui.lab.events import LAST
        from tui.lab.runs import LIVE_STATES

        folder, process = self.folder, self._process
        reader = RunReader(folder.events_path, self.said)
        ended = False  # whether it has said its last word, as far as read
        told = ""
        posted = looked = -math.inf
        spent = 0.0  # of the processor, when the screen was told last
        waiting: list[Said] = []
        while not self._left.is_set():
            now, lost = time.monotonic(), ""
            if not ended and now - looked >= LOOK_SECONDS:
                looked = now
                # Asked before the reading: what it wrote last is then read too.
                state = _state(folder, process)
                lost = "" if state in LIVE_STATES else state
            try:
                chunk = reader.poll()
            except OSError as error:
                self._say(Noticed(f"{folder.name} cannot be read: {error.strerror}"))
                self._left.wait(RESTING_POLL_SECONDS)
                continue
            if chunk:
                waiting += chunk
                ended, told = isinstance(chunk[-1], LAST), ""
            rest = min(max(SHOW_SECONDS, (time.process_time() - spent) / SHARE), SLOWEST_SECONDS)
            if waiting and (ended or (lost and not chunk) or now - posted >= (POST_SECONDS if chunk else rest)):
                self._say(RunSaid(folder.path, tuple(together(waiting))), reader.offset)
                waiting, posted, spent = [], now, time.process_time()
            if ended or lost:
                looked = -math.inf
            if chunk:
                continue
            if lost and lost != told:
                told = lost
                if lost in ("queued", "stopped"):  # a stop without a last word: no trainer has ever taken it up
                    self._say(RunWaits(folder.path, lost))
                else:
                    self._say(RunLost(folder.path, how_it_ended(folder, process)))
            if ended or told:
                process = None  # whoever takes it up again has another
            self._left.wait(RESTING_POLL_SECONDS if ended or told else POLL_SECONDS)


def _state(folder: "RunFolder", process: "subprocess.Popen[bytes] | None") -> str:
    if process is not None:
        return "running" if process.poll() is None else "crashed"
    return folder.state()


def how_it_ended(folder: "RunFolder", process: "subprocess.Popen[bytes] | None") -> str:
    """Why a trainer is gone without a last word, as far as it can be known."""
    from tui.lab.follow import last_line
    from tui.lab.processes import host_name
    from tui.lab.runs import LIVE_STATES

    status = folder.status()
    code = process.returncode if process is not None else None
    if (code is not None and code >= 0) or (status is not None and status.state not in (*LIVE_STATES, "crashed")):
        said = last_line(folder)
        return f"the trainer ended{f' with status {code}' if code else ''}{': ' + said if said else ''}"
    pid = process.pid if process is not None else status.pid if status is not None else None
    who = f"trainer {pid}" if pid is not None else "the trainer"
    if process is None and status is not None and status.host != host_name():
        return f"{who} on {status.host} gives no sign"
    return f"{who} is gone (killed)"
