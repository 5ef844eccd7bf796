"""Runs a gradient check off the event loop, in slices between which it can be cancelled."""

import threading
import time
from typing import TYPE_CHECKING, Any

from tui.app.facts import CheckEnded, CheckMoved, CheckStarted, TensorDone
from tui.app.services.data import Poster
from tui.lab.spec import Spec

if TYPE_CHECKING:
    from tui.lab.build import Prepared

SAY_EVERY = 0.1


class CheckService:
    def __init__(self, app: Poster) -> None:
        self._app = app
        self._number = 0

    def start(self, spec: Spec, prepared: "Prepared") -> None:
        self._number += 1
        self._app.dispatch(CheckStarted(self._number))
        threading.Thread(
            target=self._check, args=(spec, prepared, self._number), daemon=True, name="gradient check"
        ).start()

    def cancel(self) -> None:
        """What is done stays on the screen."""
        self._app.dispatch(CheckEnded(self._number))
        self._number += 1

    def _check(self, spec: Spec, prepared: "Prepared", number: int) -> None:
        from mlcore.gradcheck import CheckProgress, GradientReport, TensorCheck
        from tui.lab.build import USER_ERRORS
        from tui.lab.gradients import check

        began, said = time.perf_counter(), 0.0
        try:
            steps: Any = check(spec, prepared)
            for step in steps:
                if number != self._number:
                    steps.close()
                    return
                now = time.perf_counter()
                match step:
                    case CheckProgress() if now - said >= SAY_EVERY:
                        said = now
                        self._app.post_fact(CheckMoved(number, step.done, step.total))
                    case TensorCheck():
                        self._app.post_fact(TensorDone(number, step))
                    case GradientReport():
                        self._app.post_fact(CheckEnded(number, step, now - began))
        except USER_ERRORS as error:
            self._app.post_fact(CheckEnded(number, error=str(error)))
        except MemoryError:
            self._app.post_fact(CheckEnded(number, error="the check does not fit into memory: choose smaller layers"))
