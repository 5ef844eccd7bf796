"""Taking a run along: the run that a person means, and its weights in a file."""

from pathlib import Path

from tui.lab.checkpoints import load
from tui.lab.errors import LabError
from tui.lab.files import os_error_text, write_atomic
from tui.lab.runs import RunFolder
from tui.lab.weights import weights_bytes

LAST = "last"
MOST_NAMED = 8


def find_run(named: str, runs_dir: Path) -> RunFolder:
    """The run of this folder name, of a beginning of it that no other has, or in this path; "last" is the newest.

    Raises LabError that names what there is.
    """
    if not named:
        raise LabError("RUN: expected a run's name, the beginning of one, its path, or last")
    runs = all_runs(runs_dir)
    if named == LAST:
        if not runs:
            raise LabError(f"{runs_dir}: no runs there yet: mlp-tui train makes one")
        return runs[-1]
    path = Path(named).expanduser()
    if _is_run(path):
        return RunFolder(path.absolute())
    for run in runs:
        if run.name == named:
            return run
    found = [run for run in runs if run.name.startswith(named)]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(run.name for run in (found or runs)[-MOST_NAMED:])
    if found:
        raise LabError(f"{named}: the beginning of {len(found)} runs: {listed}")
    there = f"the newest there are {listed}" if runs else "there are none yet"
    raise LabError(f"{named}: no such run in {runs_dir}; {there}")


def all_runs(runs_dir: Path) -> list[RunFolder]:
    """Those in a folder, by when their trainer was started last, the newest at the end."""
    try:
        runs = [RunFolder(path) for path in runs_dir.iterdir() if not path.name.startswith(".") and _is_run(path)]
    except OSError:
        return []
    return sorted(runs, key=lambda run: (_started(run), run.name))


def export_safetensors(run: RunFolder, file: Path, *, which: str = "last") -> int:
    """Writes the run's ``which`` ("last" or "best") weights as a PyTorch network takes them; the epoch they are of.

    Raises LabError.
    """
    source = run.last_path if which == "last" else run.best_path
    if not source.exists():
        raise LabError(f"{run.name}: no {which} weights are kept yet")
    checkpoint = load(source)
    epoch = checkpoint.state["completed" if which == "last" else "epoch"]
    try:
        write_atomic(file, weights_bytes(checkpoint.weights, run.read_spec()))
    except OSError as error:
        raise LabError(os_error_text(error, file)) from None
    return int(epoch)


def _is_run(path: Path) -> bool:
    return (path / "spec.toml").is_file()


def _started(run: RunFolder) -> float:
    status = run.status()
    if status is not None:
        return status.started
    try:
        return run.spec_path.stat().st_mtime
    except OSError:
        return 0.0
