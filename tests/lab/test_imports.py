"""What starting costs: nothing is imported that is not needed."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DRAWING = {"textual", "rich", "plotext", "textual_plotext", "typer"}


def modules_after(statement: str) -> set[str]:
    listing = "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    script = f"import sys\n{statement}\n{listing}"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "module", ["trainer", "training", "runs", "gradients", "recipes.checking", "events", "spec", "follow"]
)
def test_the_laboratory_draws_nothing(module) -> None:
    assert not modules_after(f"import tui.lab.{module}") & DRAWING


def test_run_folders_need_no_numpy() -> None:
    assert "numpy" not in modules_after("import tui.lab.runs, tui.lab.trainer, tui.lab.follow")


def test_help_needs_neither_numpy_nor_textual() -> None:
    modules = modules_after("from tui.cli import main\nassert main(['--help']) == 0")
    assert not modules & {"numpy", "textual", "rich", "msgspec", "safetensors"}
