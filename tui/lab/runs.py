"""Run folders: one folder of plain files for each run, made, followed and steered through them.

spec.toml  events.jsonl  control/  status.json  checkpoints/  snapshots/  trainer.log
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import tomli_w

from tui.lab.control import clear_commands, send_command
from tui.lab.errors import LabError
from tui.lab.files import os_error_text, write_atomic
from tui.lab.processes import host_name, is_alive
from tui.lab.spec import MADE_WITH, Spec, looks_like_path, read_spec_file

State = Literal["new", "running", "paused", "finished", "stopped", "diverged", "failed", "crashed"]
LIVE_STATES = ("running", "paused")
Start = Literal["run", "epoch", "step"]
"""How a training begins: it goes on, or stands still after an epoch or a step."""
BAD_INPUT = 2
"""A trainer's exit status where spec or data cannot be used, or another trainer has the run."""
SILENT_SECONDS = 30.0
"""Without a heartbeat for so long, a trainer on another host is taken for dead."""


@dataclass(frozen=True)
class Status:
    """What the trainer last said of itself; ``epoch`` counts the complete ones."""

    host: str
    pid: int
    started: float
    state: State
    heartbeat: float
    epoch: int
    process_start: str = ""


@dataclass(frozen=True)
class RunFolder:
    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def spec_path(self) -> Path:
        return self.path / "spec.toml"

    @property
    def events_path(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def status_path(self) -> Path:
        return self.path / "status.json"

    @property
    def control_path(self) -> Path:
        return self.path / "control"

    @property
    def lock_path(self) -> Path:
        return self.path / "trainer.lock"

    @property
    def log_path(self) -> Path:
        return self.path / "trainer.log"

    @property
    def last_path(self) -> Path:
        return self.path / "checkpoints" / "last.safetensors"

    @property
    def best_path(self) -> Path:
        return self.path / "checkpoints" / "best.safetensors"

    @property
    def live_path(self) -> Path:
        """The newest weights, for whoever draws them; they may be a fifth of a second old."""
        return self.path / "snapshots" / "live.safetensors"

    def snapshot_path(self, epoch: int) -> Path:
        return self.path / "snapshots" / f"epoch-{epoch:06d}.safetensors"

    def snapshots(self) -> list[tuple[int, Path]]:
        """(epoch, file) of the weights kept through time, oldest first."""
        found = []
        for path in (self.path / "snapshots").glob("epoch-*.safetensors"):
            if number := re.fullmatch(r"epoch-(\d+)", path.stem):
                found.append((int(number[1]), path))
        return sorted(found)

    def read_spec(self) -> Spec:
        """The experiment. Raises SpecError with file and line."""
        return read_spec_file(self.spec_path)[0]

    def read_record(self) -> dict[str, Any]:
        """What the run was made with: versions, and the data's sha256 once it has been read."""
        return read_spec_file(self.spec_path)[1]

    def write_spec(self, spec: Spec, record: Mapping[str, Any]) -> None:
        table = {**spec.to_table(), MADE_WITH: dict(record)}
        write_atomic(self.spec_path, tomli_w.dumps(table).encode())

    def status(self) -> Status | None:
        """None before the trainer has said anything."""
        try:
            table = json.loads(self.status_path.read_bytes())
            return Status(**{name: table[name] for name in Status.__dataclass_fields__ if name in table})
        except (OSError, ValueError, TypeError):
            return None

    def state(self) -> State:
        """Where the run stands, with a trainer that died without a word as "crashed"."""
        status = self.status()
        if status is None:
            return "new"
        if status.state not in LIVE_STATES:
            return status.state
        if status.host == host_name():
            gone = not is_alive(status.pid, status.process_start)
        else:
            gone = time.time() - status.heartbeat > SILENT_SECONDS
        return "crashed" if gone else status.state

    def send(self, command: str, value: float | None = None) -> None:
        """A command: pause, resume, stop, epoch, step, lr VALUE, pace VALUE. Raises LabError."""
        send_command(self.control_path, command, value)


def runs_dir(option: Path | None = None, environ: Mapping[str, str] = os.environ) -> Path:
    """Where runs are kept: the option, else MLP_TUI_RUNS_DIR, else the user's data folder; absolute."""
    if option is not None:
        return Path(os.path.abspath(option))
    if named := environ.get("MLP_TUI_RUNS_DIR"):
        return Path(os.path.abspath(os.path.expanduser(named)))
    import platformdirs

    return Path(platformdirs.user_data_dir("mlp-tui", appauthor=False)) / "runs"


def create_run(spec: Spec, runs_dir: Path, name: str | None = None) -> RunFolder:
    """A new folder `<MMDD-HHMM>-<name>` with the spec in it, its data's path made absolute.

    Raises LabError where the folder cannot be written.
    """
    source = spec.data.source
    path_of_data = os.path.abspath(os.path.expanduser(source))
    # A bare word that is no file is a set's name; to ask which ones there are brings NumPy, 0.1 s.
    if (os.path.exists(path_of_data) or "." in source or os.sep in source) and looks_like_path(source):
        spec = spec.with_source(path_of_data)
    if spec.model.weights:
        spec = spec.with_value("model.weights", os.path.abspath(os.path.expanduser(spec.model.weights)))
    title = f"{time.strftime('%m%d-%H%M')}-{_slug(name or spec.name or Path(source).stem)}"
    # Filled under another name first: nobody ever finds a run without its spec.
    making = runs_dir / f".making-{os.getpid()}-{time.time_ns()}"
    try:
        for part in ("control", "checkpoints", "snapshots"):
            (making / part).mkdir(parents=True)
        RunFolder(making).write_spec(spec, _versions())
        for number in range(1, 10_000):
            path = runs_dir / (title if number == 1 else f"{title}-{number}")
            if path.exists():
                continue
            try:
                os.rename(making, path)
            except OSError:
                if not path.exists():
                    raise
                continue  # somebody else took the name in between
            return RunFolder(path)
    except OSError as error:
        shutil.rmtree(making, ignore_errors=True)
        raise LabError(
            f"{runs_dir}: no run can be kept there ({os_error_text(error)}): choose another --runs-dir"
        ) from None
    shutil.rmtree(making, ignore_errors=True)
    raise LabError(f"{runs_dir}: ten thousand runs are called {title}: choose another name")


def launch(
    folder: RunFolder,
    *,
    epochs: int | None = None,
    pace: float | None = None,
    start: Start = "run",
) -> "subprocess.Popen[bytes]":
    """Starts or resumes the training in a process and a session of its own, which outlives this one.

    ``epochs`` is how many the run shall have in all; ``pace`` is in epochs a second. Raises LabError.
    """
    # -P: a datasets.py in the folder one stands in must not be taken for ours.
    command = [sys.executable, "-P", "-m", "tui.lab.trainer", str(folder.path.absolute()), "--start", start]
    if epochs is not None:
        command += ["--epochs", str(epochs)]
    if pace is not None:
        command += ["--pace", repr(float(pace))]
    try:
        if folder.state() not in LIVE_STATES:
            clear_commands(folder.control_path)
        with open(folder.log_path, "ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",  # whatever folder one stood in can be unmounted or removed
                env=_environment(),
                start_new_session=True,
            )
    except OSError as error:
        raise LabError(f"the trainer cannot be started: {os_error_text(error)}") from None


def _environment() -> dict[str, str]:
    """The trainer's environment: our packages are found first, also from a checkout that is not installed."""
    environment = dict(os.environ)
    root = Path(__file__).resolve().parents[2]
    if root.name not in ("site-packages", "dist-packages"):
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), environment.get("PYTHONPATH")]))
    return environment


def _versions() -> dict[str, Any]:
    from importlib.metadata import PackageNotFoundError, version

    versions = {"python": sys.version.split()[0]}
    for package in ("mlp-tui", "numpy"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:  # a checkout that is not installed
            continue
    return versions


def _slug(name: str) -> str:
    """A folder's name that every file system and shell takes: letters, digits, dots and dashes."""
    return re.sub(r"[^\w.]+", "-", name).strip("-.")[:40] or "run"
