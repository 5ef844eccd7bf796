"""What a person wants of a running training: go on, stand still, stop, how fast."""

import time
from collections.abc import Callable
from typing import Literal

from tui.lab.control import Command, Inbox
from tui.lab.files import log_line
from tui.lab.runs import Start

LOOK_SECONDS = 0.05
"""Between two looks into the control folder."""


class Steering:
    """Keeps the wishes that came through the control folder or as a signal.

    ``signal`` gives the name of one that asks for the end, or "". ``on_lr`` is called with each new base
    learning rate: that is the training's own to apply and to record.
    """

    def __init__(self, inbox: Inbox, on_lr: Callable[[float], None], signal: Callable[[], str]) -> None:
        self.inbox, self._on_lr, self._signal = inbox, on_lr, signal
        self.paused = False
        self.pause_after: Literal["", "epoch", "step"] = ""
        self.pace = 0.0
        self.stop_reason = ""
        self.checkpoint_asked = False
        self._looked = 0.0

    def begin(self, start: Start, pace: float) -> None:
        self.pace = max(0.0, pace)
        self.pause_after = "" if start == "run" else start

    def look(self) -> bool:
        """Obeys what has come. False where the last look is too recent for another."""
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return False
        self._looked = now
        self.stop_reason = self._signal() or self.stop_reason
        commands, refused = self.inbox.take()
        for line in refused:
            log_line(line)
        for command in commands:
            self._obey(command)
        return True

    def step_done(self, *, last_of_epoch: bool) -> None:
        """After a single step stand still; an epoch's last step ends the epoch too."""
        if self.pause_after == "step":
            self.paused, self.pause_after = not last_of_epoch, "epoch" if last_of_epoch else ""

    def epoch_done(self) -> None:
        if self.pause_after == "epoch":
            self.paused, self.pause_after = True, ""

    def wait_left(self, began: float) -> float:
        """Seconds until an epoch that began then (monotonic) may be followed by the next."""
        if not self.pace or self.paused or self.stop_reason:
            return 0.0
        return max(0.0, began + 1 / self.pace - time.monotonic())

    def _obey(self, command: Command) -> None:
        match command.name:
            case "pause":
                self.paused, self.pause_after = True, ""
            case "resume":
                self.paused, self.pause_after = False, ""
            case "epoch" | "step" as until:
                self.paused, self.pause_after = False, until
            case "stop":
                self.stop_reason = "stop"
            case "checkpoint":
                self.checkpoint_asked = True
            case "pace":
                self.pace = command.value or 0.0
            case "lr" if command.value:
                self._on_lr(command.value)
