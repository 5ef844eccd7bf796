"""Taking a run along: its weights in a file."""

from pathlib import Path

from tui.lab.checkpoints import load
from tui.lab.errors import LabError
from tui.lab.files import os_error_text, write_atomic
from tui.lab.runs import RunFolder
from tui.lab.weights import weights_bytes


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
