"""Runs put away: renamed, deleted. One that trains is left alone."""

import os
import shutil
import time

from tui.lab.errors import LabError
from tui.lab.files import os_error_text
from tui.lab.processes import held_by
from tui.lab.runlist import DATED
from tui.lab.runs import LIVE_STATES, RunFolder, slug


def refuse_live(run: RunFolder, doing: str) -> None:
    """Raises LabError for a run that a trainer is at work on."""
    state = run.state()
    if state in LIVE_STATES:
        raise LabError(f"{run.name}: {state}: stop it before {doing} it (mlp-tui runs stop {run.name})")
    if state == "queued" and (holder := held_by(run.lock_path)):
        raise LabError(f"{run.name}: {holder} is just starting it: stop it before {doing} it")


def delete_run(run: RunFolder) -> None:
    """Deletes a run's folder for good. Raises LabError for a live one, and where it cannot be removed."""
    refuse_live(run, "deleting")
    # Out of the way in one step first: half a run is never listed.
    aside = run.path.with_name(f".deleting-{run.name}-{time.time_ns()}")
    try:
        os.rename(run.path, aside)
    except OSError as error:
        raise LabError(f"{run.name}: cannot be deleted: {os_error_text(error, run.path)}") from None
    try:
        shutil.rmtree(aside)
    except OSError as error:
        raise LabError(f"{run.name}: not all of it could be deleted: {os_error_text(error, aside)}") from None


def rename_run(run: RunFolder, name: str) -> RunFolder:
    """Calls a run otherwise: the date before its name stays, unless ``name`` brings one. Returns where it is now.

    Raises LabError for a live run, a name that is taken, or one without a letter or digit.
    """
    refuse_live(run, "renaming")
    word = slug(name, instead="")
    if not word:
        raise LabError(f"{name!r} is no name for a run: it takes letters, digits, dots and dashes")
    date = DATED.match(run.name)
    title = word if date is None or DATED.match(word) else date[0] + word
    path = run.path.with_name(title)
    if path == run.path:
        return run
    if os.path.lexists(path):
        raise LabError(f"{title}: there is such a run already")
    try:
        os.rename(run.path, path)
    except OSError as error:
        raise LabError(f"{run.name}: cannot be renamed: {os_error_text(error, run.path)}") from None
    return RunFolder(path)
