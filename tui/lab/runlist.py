"""The runs there are: a row for each, read from the ends of its files, and the run that a person means.

Nothing is read through: 1,200 runs are listed in about a second. A run that cannot be read keeps its place, with words
that say what is wrong.
"""

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tui.lab.errors import LabError
from tui.lab.events import Diverged, Failed, Finished, Stopped
from tui.lab.files import os_error_text
from tui.lab.marks import Marks, read_marks
from tui.lab.processes import host_name
from tui.lab.runs import LIVE_STATES, RunFolder, State, Status, newer_version
from tui.lab.spec import MADE_WITH, Spec
from tui.lab.tail import Tail, count_lines, course, read_tail

LAST = "last"
MOST_NAMED = 8
QUIET_SECONDS = 10.0
"""A live run that gave no sign for longer is said to be silent: its heart beats every two seconds."""
RunState = State | Literal["unreadable"]
DATED = re.compile(r"^\d{4}-\d{4}-")
"""What `create_run` puts before a run's name."""
_FILES = ("spec.toml", "events.jsonl", "status.json")
_DEFAULTS: Mapping[str, Any] = Spec().to_table()


@dataclass(frozen=True)
class RunRow:
    """A run at a glance. Losses and accuracies are those of the last epoch that is over; None where there is none.

    ``epochs`` counts the complete ones of ``total``. ``seconds`` is the training alone, known at the end; ``created``
    and ``started`` (the trainer's last start) are seconds since 1970. ``problem`` says in words what could not be read,
    ``message`` why a run ended. ``silent``: seconds without a sign from a trainer that should give one. ``host`` and
    ``pid`` are the last trainer's, ``here`` whether it is on this host.
    """

    path: Path
    state: RunState
    epochs: int = 0
    total: int | None = None
    train_loss: float | None = None
    val_loss: float | None = None
    test_loss: float | None = None
    train_accuracy: float | None = None
    val_accuracy: float | None = None
    test_accuracy: float | None = None
    train_r2: float | None = None
    val_r2: float | None = None
    test_r2: float | None = None
    best_epoch: int = 0
    data: str = ""
    hidden: tuple[int, ...] = ()
    activation: str = ""
    dropout: float | None = None
    loss: str = ""
    optimizer: str = ""
    lr: float | None = None
    batch_size: int | str | None = None
    seed: int | None = None
    seconds: float | None = None
    created: float = 0.0
    started: float | None = None
    host: str = ""
    pid: int = 0
    here: bool = True
    silent: float | None = None
    message: str = ""
    problem: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    group: str = ""

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def live(self) -> bool:
        """Whether a trainer is at work for it."""
        return self.state in LIVE_STATES

    @property
    def folder(self) -> RunFolder:
        return RunFolder(self.path)

    def spark(self, points: int = 30) -> list[float | None]:
        """The validation loss (without one: the training loss) through the run, read now."""
        return course(self.folder.events_path, points)


def run_folders(runs_dir: Path) -> list[RunFolder]:
    """Those in a folder, the newest first by when they were changed last; also those that cannot be read.

    Raises LabError for a folder that cannot be read; one that is not there holds none.
    """
    found: list[tuple[float, str, RunFolder]] = []
    try:
        with os.scandir(runs_dir) as entries:
            for entry in entries:
                if not entry.name.startswith(".") and entry.is_dir() and is_run(Path(entry.path)):
                    found.append((entry.stat().st_mtime, entry.name, RunFolder(Path(entry.path))))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise LabError(os_error_text(error, runs_dir)) from None
    return [folder for *_, folder in sorted(found, key=lambda item: item[:2], reverse=True)]


def list_runs(runs_dir: Path) -> list[RunRow]:
    """A row for each run of a folder, the newest first. Raises LabError as `run_folders`."""
    rows = [read_row(folder) for folder in run_folders(runs_dir)]
    return sorted(rows, key=lambda row: (row.created, row.name), reverse=True)


def read_row(folder: RunFolder) -> RunRow:
    """What a run's files say in short. Never raises: what cannot be read is in ``problem``."""
    found = _Found()
    try:
        table = tomllib.loads(folder.spec_path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        found.wrong("no spec.toml")
    except OSError as error:
        found.wrong(os_error_text(error, folder.spec_path))
    except (ValueError, RecursionError):
        found.wrong("spec.toml is damaged")
    else:
        _read_spec(found, table)
    status = folder.status()
    state: RunState = "unreadable" if found.problems else folder.state_of(status)
    tail = Tail()
    try:
        tail = read_tail(folder.events_path)
        # A trainer at work may be writing its next line.
        if tail.torn and state not in LIVE_STATES:
            found.problems.append("torn: {:,} of {:,} lines read".format(*count_lines(folder.events_path)))
    except OSError as error:
        found.problems.append(os_error_text(error, folder.events_path))
    _read_events(found, tail)
    _read_status(found, folder, state, status)
    if not found.fields.get("created"):
        found.fields["created"] = _created(folder, status)
    marks = read_marks(folder.path)
    found.fields |= {name: getattr(marks, name) for name in Marks.__struct_fields__}
    return RunRow(path=folder.path, state=state, problem="; ".join(found.problems), **found.fields)


@dataclass
class _Found:
    fields: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def wrong(self, words: str) -> None:
        self.problems.append(words)


def _read_spec(found: _Found, table: Mapping[str, Any]) -> None:
    record = table.get(MADE_WITH)
    record = record if isinstance(record, Mapping) else {}
    if words := newer_version(record):
        found.wrong(words)
    created = record.get("created")
    if isinstance(created, int | float):
        found.fields["created"] = float(created)

    def setting(table_name: str, key: str) -> Any:
        """The value in the file, or the default where it is missing or of another type."""
        default = _DEFAULTS[table_name][key]
        inner = table.get(table_name)
        value = inner.get(key, default) if isinstance(inner, Mapping) else default
        return value if isinstance(value, type(default) | (int if isinstance(default, float) else str)) else default

    model = table.get("model")
    hidden = model.get("hidden", _DEFAULTS["model"]["hidden"]) if isinstance(model, Mapping) else ()
    seed = table.get("seed")
    found.fields |= {
        "total": setting("training", "epochs"),
        "data": _short(str(setting("data", "source"))),
        "hidden": tuple(hidden) if isinstance(hidden, list | tuple) else (),
        "activation": setting("model", "activation"),
        "dropout": setting("model", "dropout"),
        "loss": setting("training", "loss"),
        "optimizer": setting("training", "optimizer"),
        "lr": setting("training", "lr"),
        "batch_size": setting("training", "batch_size"),
        "seed": seed if isinstance(seed, int) else None,
    }


def _read_events(found: _Found, tail: Tail) -> None:
    fields = found.fields
    if tail.epoch is not None:
        fields["epochs"] = tail.epoch.epoch
        fields["best_epoch"] = tail.epoch.best_epoch
        for part in ("train", "val"):
            for figure in ("loss", "accuracy", "r2"):
                fields[f"{part}_{figure}"] = getattr(tail.epoch, f"{part}_{figure}")
    last = tail.last
    match last:
        case Finished():
            fields |= {"epochs": last.epochs, "seconds": last.seconds, "message": last.reason}
            fields |= {name: getattr(last, name) for name in ("test_loss", "test_accuracy", "test_r2", "best_epoch")}
        case Stopped():
            fields |= {"epochs": last.epochs, "seconds": last.seconds, "message": last.reason}
        case Diverged() | Failed():
            fields["message"] = last.message


def _read_status(found: _Found, folder: RunFolder, state: RunState, status: Status | None) -> None:
    if status is None:
        return
    silent = folder.silence(status) if state in LIVE_STATES else 0.0
    found.fields |= {
        "started": status.started,
        "host": status.host,
        "pid": status.pid,
        "here": status.host == host_name(),
        "silent": silent if silent > QUIET_SECONDS else None,
    }
    if "epochs" not in found.fields:
        found.fields["epochs"] = status.epoch


def _created(folder: RunFolder, status: Status | None) -> float:
    """Of a run that does not say it: when its oldest file, or its folder, was written."""
    if status is not None:
        return status.started
    for path in (folder.spec_path, folder.path):
        try:
            return path.stat().st_mtime
        except OSError:
            continue
    return 0.0


def _short(source: str) -> str:
    return os.path.basename(source.rstrip("/")) if "/" in source else source


def is_run(path: Path) -> bool:
    """Whether a folder holds a run, if a damaged one."""
    return any(os.path.isfile(path / name) for name in _FILES)


def find_run(named: str, runs_dir: Path) -> RunFolder:
    """The run of this folder name, of a beginning of it that no other has, or in this path; "last" is the newest.

    The date before the name may be left out.     Raises LabError that names what there is.
    """
    if not named:
        raise LabError("RUN: expected a run's name, the beginning of one, its path, or last")
    if named == LAST:
        if (newest := _newest(runs_dir)) is None:
            raise LabError(f"{runs_dir}: no runs there yet: mlp-tui train makes one")
        return newest
    for path in (runs_dir / named, Path(named).expanduser()):
        if is_run(path := Path(os.path.abspath(path))):
            return RunFolder(path)
    runs = run_folders(runs_dir)
    found = [run for run in runs if run.name.startswith(named)]
    found = found or [run for run in runs if DATED.sub("", run.name) == named]
    found = found or [run for run in runs if DATED.sub("", run.name).startswith(named)]
    if len(found) == 1:
        return found[0]
    if found:
        raise LabError(f"{named}: the beginning of {len(found)} runs: {_listed(sorted(run.name for run in found))}")
    there = f"the newest there are {_listed([run.name for run in runs])}" if runs else "there are none yet"
    raise LabError(f"{named}: no such run in {runs_dir}; {there}")


def _listed(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _newest(runs_dir: Path) -> RunFolder | None:
    """The run whose trainer was started last, or that was made last and waits for its own."""
    return max(run_folders(runs_dir), key=lambda run: (_started(run), run.name), default=None)


def _started(run: RunFolder) -> float:
    status = run.status()
    return _created(run, status)


def find_runs(names: Iterable[str], runs_dir: Path) -> list[RunFolder]:
    """Several runs, each as `find_run`; a run named twice is there once."""
    return list(dict.fromkeys(find_run(named, runs_dir) for named in names))
