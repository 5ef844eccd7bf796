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
        self._app.post_fact(CheckStarted())
        threading.Thread(
            target=self._check, args=(spec, prepared, self._number), daemon=True, name="gradient check"
        ).start()

    def cancel(self) -> None:
        """What is done stays on the screen."""
        self._number += 1

    def _check(self, spec: Spec, prepared: "Prepared", number: int) -> None:
        from mlcore.gradreport import CheckProgress, GradientReport, TensorCheck
        from tui.lab.build import USER_ERRORS
        from tui.lab.gradients import check

        began, said = time.perf_counter(), 0.0
        ended = CheckEnded()
        try:
            steps: Any = check(spec, prepared)
            for step in steps:
                if number != self._number:
                    steps.close()
                    break
                now = time.perf_counter()
                match step:
                    case CheckProgress() if now - said >= SAY_EVERY:
                        said = now
                        self._app.post_fact(CheckMoved(step.done, step.total))
                    case TensorCheck():
                        self._app.post_fact(TensorDone(step))
                    case GradientReport():
                        ended = CheckEnded(step, now - began)
        except USER_ERRORS as error:
            ended = CheckEnded(error=str(error))
        except (ValueError, FloatingPointError, MemoryError) as error:
            ended = CheckEnded(error=f"the check could not be done: {error}")
        self._app.post_fact(ended)
