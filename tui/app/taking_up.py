"""Between the first picture and the first screen: the rest is read, and the bench goes on where it was left."""

import gc
from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.app.bench import Bench
from tui.app.facts import ExperimentOpened, Noticed
from tui.app.services.last import Last, look_back, running

if TYPE_CHECKING:
    from tui.lab.runlist import RunRow

DIALOG_SECONDS = 0.1
"""How often it is asked whether the dialog that somebody has opened meanwhile is closed."""


class TakingUp(Bench):
    """The bench as it opens."""

    def open_bench(self) -> None:
        """After the first picture: the rest is read beside the loop, and the Data screen comes up."""
        if self.asked_for:
            self.data.ask(self.session.spec)
        if self.first_launch:
            self._complain()
        self.run_worker(self._preload, thread=True, exit_on_error=False)

    def _complain(self) -> None:
        """Says what is wrong in the file of settings; it stays until another screen comes or something else is said."""
        if self.config.complaint:
            self.dispatch(Noticed(f"{self.glyphs.wrong} {self.config.complaint}"))

    def _preload(self) -> None:
        import tui.app.screens.data

        if self.asked_for:
            self.call_from_thread(self._leave_opening)
        elif not self.first_launch:
            last = look_back(self.runs_dir, self.wanted_run)
            self.call_from_thread(self._take_up, last)
        import tui.app.screens.gradients
        import tui.app.screens.model
        import tui.app.screens.runs
        import tui.app.screens.train  # noqa: F401

        # What has been read stays: a collection that looked through all of it would hold a key up for 80 ms.
        gc.freeze()
        if self.asked_for and (going := running(self.runs_dir)):
            self.call_from_thread(self._tell_of, going[0])

    def _tell_of(self, row: "RunRow") -> None:
        """For a while: another run goes on. What is wrong with the file of settings or the data is said first."""
        if not (self.config.complaint or self.session.data.error or self.current_mode == "runs"):
            what = "is paused" if row.state == "paused" else "is training"
            self.notice(f"{row.name} {what}: ‹app.runs› then ‹list.enter› shows it")

    def _leave_opening(self) -> None:
        if self._in_dialog(self._leave_opening):
            return
        if self.current_mode == "opening" and not self._exit:
            self.switch_mode("data")  # what the data has said meanwhile stays on the status line
        self._complain()

    def _in_dialog(self, then: Callable[[], None]) -> bool:
        """Whether somebody has opened a dialog already, which must not be left behind; ``then`` is done after it."""
        if self.current_mode == "opening" and len(self.screen_stack) > 1:
            self.set_timer(DIALOG_SECONDS, then)
            return True
        return False

    def _take_up(self, last: Last) -> None:
        """Goes on where the bench was left, or follows what trains."""
        if self._in_dialog(lambda: self._take_up(last)):
            return
        if self.current_mode != "opening":  # somebody was quicker
            return
        if last.spec is None:
            self.action_go("runs" if last.words else "data")
            self.data.ask(self.session.spec)
            if last.words:
                self.notice(f"{self.glyphs.wrong} {last.words}")
            self._complain()
            return
        same_data = last.spec.data == self.session.spec.data
        self.dispatch(ExperimentOpened(last.spec, last.recipe))
        if same_data:
            self.data.ask(self.session.spec)
        if last.run is not None:
            self._show_run(last.run, last.spec)
        self.action_go(last.screen)
        if last.words:
            self.notice(last.words)
        self._complain()
