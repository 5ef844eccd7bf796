"""A run as a progress bar on a terminal."""

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tui.commands.train import Printer, ending_lines, epoch_text, started_text
from tui.lab import events


class ProgressBar(Printer):
    """The bar goes to stderr and away; the figures stay on stdout."""

    def __init__(self, epochs: int, reported: str) -> None:
        self.reported = reported
        self.progress = Progress(
            TextColumn("epoch"),
            MofNCompleteColumn(),
            BarColumn(bar_width=24),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.description}"),
            console=Console(stderr=True),
            transient=True,
        )
        self.task = self.progress.add_task("", total=epochs)

    def show(self, event: Any) -> None:
        match event:
            case events.Started():
                print(started_text(event), flush=True)
                self.progress.start()
            case events.Epoch():
                self.progress.update(self.task, completed=event.epoch, description=epoch_text(event, self.reported))
            case events.Diverged():
                self.close()
                print(event.message)
            case events.Finished() | events.Stopped():
                self.close()
                for line in ending_lines(event, self.reported):
                    print(line)

    def close(self) -> None:
        self.progress.stop()
