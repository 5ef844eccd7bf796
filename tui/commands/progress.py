"""A run as a progress bar on a terminal, with its course as a curve at the end."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tui.app.plain import plain
from tui.commands.curve import Course, curve_lines
from tui.commands.train import Printer, ending_lines, epoch_text, started_text
from tui.lab import events

if TYPE_CHECKING:
    from tui.app.capabilities import Capabilities
    from tui.lab.runs import RunFolder


BAR, LEAST_FOR_BAR = 24, 60
"""Columns of the bar, and of the terminal that has room for it beside the figures."""


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """A ctrl+c meanwhile counts afterwards: a bar that has half begun, or half ended, cannot be ended any more."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            signal.raise_signal(signal.SIGINT)


class _Console(Console):
    """Rich draws a bar in ASCII where the encoding says so; a locale may say less than Python's streams do."""

    ascii = False

    @property
    def encoding(self) -> str:
        return "ascii" if self.ascii else super().encoding


class ProgressBar(Printer):
    """The bar goes to stderr and away; the curve and the figures stay on stdout, the same figures as in a pipe."""

    def __init__(self, epochs: int, reported: str, folder: "RunFolder", look: "Capabilities") -> None:
        self.reported, self.folder, self.look = reported, folder, look
        self.course = Course(reported)
        console = _Console(stderr=True)
        console.ascii = not look.unicode
        bar = [BarColumn(bar_width=BAR), TimeRemainingColumn(compact=True)] if console.width >= LEAST_FOR_BAR else []
        # Beside the figures: "epoch 3/100", the bar, the time that is left, and blanks between them.
        self._beside = len(f"epoch {epochs}/{epochs}") + (BAR + 9 if bar else 0) + 2
        self.progress = Progress(
            TextColumn("epoch"),
            MofNCompleteColumn(),
            *bar,
            # Rich would read what stands in square brackets as a style.
            TextColumn("{task.description}", markup=False),
            console=console,
            transient=True,
        )
        self.task = self.progress.add_task("", total=epochs)

    def show(self, event: Any) -> None:
        self.course.hear(event)
        match event:
            case events.Started():
                with uninterrupted():
                    self._say(started_text(event))
                    self.progress.start()
            case events.Epoch():
                words = self._cut(self._sent(epoch_text(event, self.reported)))
                self.progress.update(self.task, completed=event.epoch, description=words)
            case events.Diverged() | events.Finished() | events.Stopped():
                self.close()
                for line in curve_lines(self.course, self.look):
                    print(line)
                for line in ending_lines(event, self.reported, self.folder):
                    self._say(line)

    def close(self) -> None:
        with uninterrupted():
            self.progress.stop()

    def _say(self, line: str) -> None:
        print(self._sent(line), flush=True)

    def _cut(self, words: str) -> str:
        """At a blank: half a figure is none."""
        room = max(self.progress.console.width - self._beside, 0)
        return words if len(words) <= room else words[: room + 1].rpartition("  ")[0]

    def _sent(self, words: str) -> str:
        return words if self.look.unicode else plain(words)
