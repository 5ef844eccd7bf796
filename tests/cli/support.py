"""`mlp-tui` as a person runs it: a process of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
QUICK = ("--set", "data.options.n_samples=100", "--set", "model.hidden=8", "--set", "training.epochs=3")


@dataclass
class Result:
    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


def environment(runs: Path) -> dict[str, str]:
    return {**os.environ, "MLP_TUI_RUNS_DIR": str(runs), "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}


def mlp_tui(runs: Path, *words: str, cwd: Path = ROOT, **variables: str) -> Result:
    """Runs the command without a terminal."""
    done = subprocess.run(
        [sys.executable, "-m", "tui", *words],
        cwd=cwd,
        env={**environment(runs), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def assert_one_error_line(result: Result, *words: str) -> None:
    assert result.status == 2, result
    assert result.err.startswith("error: "), result.err
    assert result.err.count("\n") == 1, result.err
    for word in words:
        assert word in result.err
