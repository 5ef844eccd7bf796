"""What is done to runs from the Runs screen. These wait for the disk: never on the event loop.

Each raises LabError, SpecError or OSError in words for a person.
"""

import csv
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tui.lab.errors import LabError
from tui.lab.runs import LIVE_STATES, RunFolder, create_run, launch

QUEUE = "tui.app.services.queue"
MOST_SEEDS = 100
EXPORTS: tuple[tuple[str, str, str], ...] = (
    ("csv", "figures as CSV", "a line an epoch: pandas, a spreadsheet"),
    ("jsonl", "figures as JSON", "an object an epoch: jq, a script"),
    ("last", "weights, last", "safetensors: torch.nn.Sequential takes them"),
    ("best", "weights, best", "those with the least validation loss"),
    ("toml", "settings", "mlp-tui FILE opens them again"),
)
_started: list["subprocess.Popen[bytes]"] = []


def resume(run: RunFolder) -> str:
    """Takes a run up again in the background; says from where."""
    state = run.state()
    if state in LIVE_STATES:
        if state == "paused":
            run.send("resume")
            return f"{run.name} goes on"
        return f"{run.name} is training"
    if state == "finished":
        raise LabError(f"{run.name} has finished: ‹list.enter› opens it, there ‹train.toggle› trains on")
    run.read_spec()
    _keep(launch(run))
    status = run.status()
    return f"{run.name} goes on from epoch {status.epoch if status is not None else 0}"


def _keep(process: "subprocess.Popen[bytes]") -> None:
    """Until it ends: a child that is not asked for its end stays behind as a zombie."""
    _started[:] = [one for one in _started if one.poll() is None]
    _started.append(process)


def stop(run: RunFolder) -> str:
    state = run.state()
    if state not in (*LIVE_STATES, "queued"):
        return f"{run.name} does not train"
    run.send("stop")
    return f"{run.name} will not be started; ‹runs.resume› starts it" if state == "queued" else f"{run.name} stops"


def repeat(run: RunFolder, count: int, runs_dir: Path) -> tuple[str, list[RunFolder]]:
    """``count`` more runs of the same experiment, each with a seed of its own; trained as many at once as there are
    processors but one. Returns the group's name and the new runs."""
    from tui.lab.marks import Marks, read_marks, write_marks

    if not 1 <= count <= MOST_SEEDS:
        raise LabError(f"seeds: from 1 to {MOST_SEEDS}, received {count}")
    spec, marks = run.read_spec(), read_marks(run.path)
    group = marks.group or run.name
    taken = {spec.seed} | _seeds_of(group, runs_dir)
    bare = run.name.split("-", 2)[-1] if run.name[:4].isdigit() else run.name
    made: list[RunFolder] = []
    seed = spec.seed
    while len(made) < count:
        seed = (seed + 1) % 2**32
        if seed in taken:
            continue
        other = create_run(spec.with_value("seed", seed), runs_dir, f"{bare}-seed{seed}")
        write_marks(other.path, Marks(tags=marks.tags, group=group))
        made.append(other)
    if not marks.group:
        write_marks(run.path, Marks(tags=marks.tags, note=marks.note, group=group))
    start_queue(made)
    return group, made


def _seeds_of(group: str, runs_dir: Path) -> set[int]:
    from tui.lab.marks import read_marks
    from tui.lab.runlist import run_folders

    return {run.read_spec().seed for run in run_folders(runs_dir) if read_marks(run.path).group == group}


def start_queue(runs: Sequence[RunFolder]) -> None:
    """Has them trained in turn by a process that outlives this one."""
    jobs = max(1, (os.cpu_count() or 1) - 1)
    root = str(Path(__file__).resolve().parents[3])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))}
    command = [sys.executable, "-P", "-m", QUEUE, "--jobs", str(jobs), *(str(run.path.absolute()) for run in runs)]
    nothing = subprocess.DEVNULL
    try:
        process = subprocess.Popen(
            command, stdin=nothing, stdout=nothing, stderr=nothing, cwd="/", env=environment, start_new_session=True
        )
    except OSError as error:
        raise LabError(f"the runs cannot be started: {error.strerror}") from None
    _keep(process)


def export(run: RunFolder, what: str, folder: Path) -> Path:
    """Writes one of `EXPORTS` beside what is in the folder already; never over it."""
    if what in ("csv", "jsonl"):
        from tui.lab.metrics import csv_lines, json_lines

        lines = csv_lines(run) if what == "csv" else json_lines(run)
        return _write(folder / f"{run.name}.{what}", lambda file: _write_lines(file, lines))
    if what == "toml":
        text = run.read_spec().to_toml()
        return _write(folder / f"{run.name}.toml", lambda file: _write_lines(file, [text]))
    from tui.lab.export import export_safetensors

    name = f"{run.name}{'-best' if what == 'best' else ''}.safetensors"
    return _write(folder / name, lambda file: export_safetensors(run, file, which=what))


def export_table(rows: Sequence[Sequence[str]], folder: Path) -> Path:
    """A comparison as CSV."""

    def write(file: Path) -> None:
        with open(file, "w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows(rows)

    return _write(folder / "comparison.csv", write)


def _write_lines(file: Path, lines: Iterable[str]) -> None:
    with open(file, "w", encoding="utf-8", newline="") as out:
        out.writelines(lines)


def _write(path: Path, write: Callable[[Path], object]) -> Path:
    for number in range(1, 1000):
        file = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        if not file.exists():
            write(file)
            return file
    raise LabError(f"{path}: a thousand files are called so: remove some")


def size_of(run: RunFolder) -> int:
    """Bytes of all its files."""
    total = 0
    for folder, _, files in os.walk(run.path):
        for name in files:
            try:
                total += os.stat(os.path.join(folder, name)).st_size
            except OSError:
                continue
    return total
