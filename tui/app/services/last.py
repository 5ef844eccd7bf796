"""What the bench was left with, and what trains: read when it is opened again.

`.bench.json` beside the runs holds the experiment, the screen and the run that were open when somebody quit.
"""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from tui.app.actions import SCREENS
from tui.app.session import Session
from tui.lab.spec import Spec, SpecError, spec_from_table

if TYPE_CHECKING:  # the first picture need not wait for them
    from tui.lab.runlist import RunRow
    from tui.lab.runs import RunFolder

FILE = ".bench.json"
MOST_ASKED = 50
"""Of so many of the newest runs it is asked whether they train."""


class Last(Struct, frozen=True):
    """``words`` say what else trains, or why ``spec`` could not be read."""

    spec: Spec | None = None
    recipe: str = ""
    screen: str = "data"
    run: Path | None = None
    words: str = ""


def any_run(runs_dir: Path) -> bool:
    """Whether there is a run at all."""
    try:
        with os.scandir(runs_dir) as entries:
            return any(
                not entry.name.startswith(".") and os.path.isfile(os.path.join(entry.path, "spec.toml"))
                for entry in entries
            )
    except OSError:
        return False


def look_back(runs_dir: Path, wanted: Path | None = None) -> Last:
    """The ``wanted`` run; else one that trains; else what was open last; else the newest run."""
    from tui.lab.errors import LabError
    from tui.lab.runlist import LAST, find_run, run_folders
    from tui.lab.runs import RunFolder

    if wanted is not None:
        return _of_run(RunFolder(wanted))
    going = running(runs_dir)
    if going:
        last = _of_run(RunFolder(going[0].path))
        if last.spec is not None:
            others = f"{going[1].name} is training too: ‹app.runs› shows it" if len(going) > 1 else ""
            return Last(last.spec, run=last.run, screen="train", words=others)
    if (kept := _kept(runs_dir)) is not None:
        return kept
    try:
        folders = [find_run(LAST, runs_dir), *run_folders(runs_dir)[:MOST_ASKED]]
    except LabError as error:
        return Last(words=str(error))
    for folder in folders:
        last = _of_run(folder)
        if last.spec is not None:
            return Last(last.spec, run=last.run, screen="train")
    return Last()


def running(runs_dir: Path) -> "list[RunRow]":
    """The runs that train or stand paused, the newest first."""
    from tui.lab.errors import LabError
    from tui.lab.runlist import read_row, run_folders
    from tui.lab.runs import LIVE_STATES

    try:
        folders = run_folders(runs_dir)[:MOST_ASKED]
    except LabError:
        return []
    rows = [read_row(folder) for folder in folders if folder.state() in LIVE_STATES]
    return sorted(rows, key=lambda row: row.started or 0.0, reverse=True)


def _of_run(folder: "RunFolder") -> Last:
    from tui.lab.errors import LabError

    try:
        return Last(folder.read_spec(), run=folder.path, screen="train")
    except (LabError, SpecError, OSError) as error:
        return Last(words=str(error))


def keep_place(runs_dir: Path, session: Session, screen: str) -> None:
    """Remembers what is open. Where there are no runs yet, or they cannot be written beside, nothing is kept."""
    from tui.lab.files import write_atomic

    run = session.run
    place: dict[str, Any] = {
        "screen": screen if screen in SCREENS else "data",
        "recipe": session.recipe,
        "run": run.name if run is not None and run.path.parent == runs_dir and session.run_is_of_this else "",
        "spec": session.spec.to_table(),
    }
    if not runs_dir.is_dir():
        return
    try:
        write_atomic(runs_dir / FILE, json.dumps(place, indent=1).encode(), sync=False)
    except OSError:
        return


def _kept(runs_dir: Path) -> Last | None:
    """What `keep_place` wrote; None where it is missing or cannot be used."""
    try:
        place = json.loads((runs_dir / FILE).read_bytes())
        spec = spec_from_table(place["spec"])
        run = runs_dir / place["run"] if place["run"] else None
        if run is not None and not (run / "spec.toml").is_file():
            run = None
        screen = place["screen"] if place["screen"] in SCREENS else "data"
        return Last(spec, str(place["recipe"]), screen, run)
    except (OSError, ValueError, TypeError, KeyError, SpecError):
        return None
