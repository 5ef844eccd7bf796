"""Run folders: one folder of plain files for each run, made, followed and steered through them.

spec.toml  events.jsonl  control/  status.json  checkpoints/  snapshots/  trainer.log
"""

import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
import tomli_w

from tui.lab.control import clear_commands, send_command
from tui.lab.errors import LabError
from tui.lab.files import os_error_text, write_atomic
from tui.lab.processes import host_name, is_alive
from tui.lab.spec import MADE_WITH, Spec, SpecError, looks_like_path, read_spec_file

State = Literal["queued", "running", "paused", "finished", "stopped", "diverged", "failed", "crashed"]
"""Where a run stands. The trainer writes all of them but two: "queued" is a run whose trainer has said nothing yet,
"crashed" one whose trainer is gone without a last word."""
LIVE_STATES = ("running", "paused")
RUN_FORMAT = 1
"""Of the run folder, in `spec.toml` and `status.json`: a folder with a higher number is left alone."""
Start = Literal["run", "epoch", "step"]
"""How a training begins: it goes on, or stands still after an epoch or a step."""
BAD_INPUT = 2
"""A trainer's exit status where spec or data cannot be used, or another trainer has the run."""
SILENT_SECONDS = 60.0
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
    format: int = RUN_FORMAT


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
        """The experiment. Raises SpecError with file and line, LabError for a run of a newer version."""
        return self._read()[0]

    def read_record(self) -> dict[str, Any]:
        """What the run was made with: versions, and the data's sha256 once it has been read. Raises as `read_spec`."""
        return self._read()[1]

    def _read(self) -> tuple[Spec, dict[str, Any]]:
        try:
            spec, record = read_spec_file(self.spec_path)
        except SpecError:
            refuse_newer(self)
            raise
        refuse_newer(self, record)
        return spec, record

    def write_spec(self, spec: Spec, record: Mapping[str, Any]) -> None:
        table = {**spec.to_table(), MADE_WITH: dict(record)}
        write_atomic(self.spec_path, tomli_w.dumps(table).encode())

    def write_queued(self) -> None:
        """The first status, before there is a trainer. Raises OSError."""
        from tui.lab.status import StatusFile

        StatusFile(self.status_path, pid=0).write("queued", 0)

    def status(self) -> Status | None:
        """What the trainer last said; None before it has said anything, and where that cannot be read."""
        try:
            return msgspec.json.decode(self.status_path.read_bytes(), type=Status)
        except (OSError, ValueError, RecursionError):
            return None

    def state(self) -> State:
        """Where the run stands, with a trainer that died without a word as "crashed"."""
        return self.state_of(self.status())

    def state_of(self, status: Status | None) -> State:
        """The same of a status that was read already.

        On this host the process counts, by its pid and when it began: it may be busy with one long step. Of another
        host only the heartbeat is known, and neither its clock nor the file server's need agree with ours: both the
        beat and the file must be old.
        """
        if status is None:
            return "crashed" if self._has_begun() else "queued"
        if status.state == "queued":
            return "stopped" if self._is_called_off() else "queued"
        if status.state not in LIVE_STATES:
            return status.state
        if status.host == host_name():
            gone = not is_alive(status.pid, status.process_start)
        else:
            gone = self.silence(status) > SILENT_SECONDS
        return "crashed" if gone else status.state

    def _has_begun(self) -> bool:
        try:
            return self.events_path.stat().st_size > 0
        except OSError:
            return False

    def _is_called_off(self) -> bool:
        """Whether somebody has said `stop` before a trainer has taken the run up."""
        if self.lock_path.exists():
            return False  # a trainer is about to read it
        try:
            return any(name.endswith("stop") for name in os.listdir(self.control_path))
        except OSError:
            return False

    def silence(self, status: Status) -> float:
        """Seconds since the trainer gave a sign, by its clock or by the file's, whichever is less."""
        try:
            written = self.status_path.stat().st_mtime
        except OSError:
            written = 0.0
        return max(0.0, time.time() - max(status.heartbeat, written))

    def send(self, command: str, value: float | None = None) -> None:
        """A command: pause, resume, stop, epoch, step, lr VALUE, pace VALUE. Raises LabError."""
        send_command(self.control_path, command, value)


def newer_version(record: Mapping[str, Any]) -> str:
    """In words, that a version newer than this one made a run with this record; "" where it did not."""
    number = record.get("format", RUN_FORMAT)
    if isinstance(number, int) and number <= RUN_FORMAT:
        return ""
    made = f"mlp-tui {record['mlp-tui']}" if isinstance(record.get("mlp-tui"), str) else "a newer mlp-tui"
    return f"made by {made} (run format {number}, this one reads up to {RUN_FORMAT}): install a newer one"


def refuse_newer(folder: RunFolder, record: Mapping[str, Any] | None = None) -> None:
    """Raises LabError for a run that this version must leave alone."""
    if record is None:
        try:
            record = tomllib.loads(folder.spec_path.read_text(encoding="utf-8")).get(MADE_WITH, {})
        except (OSError, ValueError, RecursionError):
            return
    if isinstance(record, Mapping) and (words := newer_version(record)):
        raise LabError(f"{folder.path}: {words}")


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
    title = f"{time.strftime('%m%d-%H%M')}-{slug(name or spec.name or Path(source).stem)}"
    # Filled under another name first: nobody ever finds a run without its spec.
    making = runs_dir / f".making-{os.getpid()}-{time.time_ns()}"
    try:
        for part in ("control", "checkpoints", "snapshots"):
            (making / part).mkdir(parents=True)
        RunFolder(making).write_spec(spec, _versions())
        RunFolder(making).write_queued()
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
    force: bool = False,
) -> "subprocess.Popen[bytes]":
    """Starts or resumes the training in a process and a session of its own, which outlives this one.

    ``epochs`` is how many the run shall have in all; ``pace`` is in epochs a second; ``force`` goes on though spec or
    data has changed since the checkpoint, or another host's lock is in the way of a run whose trainer is silent.
    Raises LabError.
    """
    # -P: a datasets.py in the folder one stands in must not be taken for ours.
    command = [sys.executable, "-P", "-m", "tui.lab.trainer", str(folder.path.absolute()), "--start", start]
    if epochs is not None:
        command += ["--epochs", str(epochs)]
    if pace is not None:
        command += ["--pace", repr(float(pace))]
    if force:
        command.append("--force")
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

    versions: dict[str, Any] = {
        "format": RUN_FORMAT,
        "created": round(time.time(), 3),
        "python": sys.version.split()[0],
    }
    for package in ("mlp-tui", "numpy"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:  # a checkout that is not installed
            continue
    return versions


def slug(name: str, instead: str = "run") -> str:
    """A folder's name that every file system and shell takes: letters, digits, dots and dashes."""
    return re.sub(r"[^\w.]+", "-", name).strip("-.")[:40] or instead
