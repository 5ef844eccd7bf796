"""Why an action would do nothing now, in words. Pure: what the palette says of it can be tested without a screen."""

from tui.app.session import Session

RESUMABLE = ("crashed", "failed", "stopped", "diverged", "queued")
NO_DATA = "no data has been read"


def why_not(action_id: str, session: Session) -> str:
    """In a few words; "" where the action does something."""
    scope, _, name = action_id.partition(".")
    reason = {"app": _app, "data": _data, "model": _model, "gradients": _gradients, "train": _train, "runs": _runs}
    return reason[scope](name, session) if scope in reason else ""


def _app(name: str, session: Session) -> str:
    if name == "undo" and not session.past and not session.wrong:
        return "nothing has been changed"
    if name == "redo" and not session.future:
        return "nothing has been undone"
    return ""


def _data(name: str, session: Session) -> str:
    if name in ("next_features", "previous_features"):
        return "" if session.data.prepared is not None else NO_DATA
    if name == "cancel":
        return "" if session.data.loading else "nothing is being read"
    return ""


def _model(name: str, session: Session) -> str:
    if name == "remove_layer" and not session.spec.model.hidden:
        return "there is no hidden layer"
    return ""


def _gradients(name: str, session: Session) -> str:
    check = session.check
    if name == "check":
        if check.running:
            return "a check is running"
        return "" if session.data.prepared is not None else NO_DATA
    if name == "cancel":
        return "" if check.running else "no check is running"
    return "" if check.tensors else "nothing has been checked yet"


def _train(name: str, session: Session) -> str:
    run = session.shown_run
    if name in ("toggle", "epoch", "step"):
        return "" if run is not None or session.data.prepared is not None else NO_DATA
    if name == "stop":
        return "" if run is not None and run.alive else "no run is training"
    if name == "resume":
        return "" if run is not None and run.state in RESUMABLE else "no run has stopped before its end"
    if name in ("slower", "faster"):
        return "" if run is not None else "no run has been started"
    if name == "new_weights":
        if run is None:
            return "no run has been started"
        return "the run must be stopped first" if run.alive else ""
    if name in ("map", "next_features", "previous_features"):
        return "" if session.data.prepared is not None else NO_DATA
    return ""


def _runs(name: str, session: Session) -> str:
    runs = session.runs
    if not runs.looked:  # nobody knows yet
        return ""
    if not runs.total:
        return "there are no runs yet"
    if name == "stop" and not any(row.state in ("running", "paused", "queued") for row in runs.rows):
        return "no run is training"
    if name == "resume" and not any(row.state in (*RESUMABLE, "paused") for row in runs.rows):
        return "no run has stopped before its end"
    if name == "unmark" and not runs.marked:
        return "no run is marked"
    if name == "fold" and not any(row.group for row in runs.rows):
        return "no run has been repeated"
    return ""
