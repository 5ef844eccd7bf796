"""`mlp-tui runs`: the runs that are kept, listed, looked at and compared."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.commands import run_deeds
from tui.commands.experiment import RunsDir
from tui.commands.output import bad_input, columns, print_json

if TYPE_CHECKING:
    from tui.lab.runlist import RunRow
    from tui.lab.runs import RunFolder

app = typer.Typer(help="Runs: what was trained here, and what is training.", rich_markup_mode=None)
app.command("attach")(run_deeds.attach)
app.command("follow")(run_deeds.follow)
app.command("resume")(run_deeds.resume)
app.command("stop")(run_deeds.stop)
app.command("delete")(run_deeds.delete)
app.command("rename")(run_deeds.rename)
app.command("tag")(run_deeds.tag)
app.command("note")(run_deeds.note)

Run = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's name, the beginning of one, its path, or last for the newest.")
]
Runs = Annotated[list[str], typer.Argument(metavar="RUN...", help="Runs, each by name, beginning, path, or last.")]
Json = Annotated[bool, typer.Option("--json", help="JSON lines.")]
FIGURES = (
    *("state", "epochs", "best_epoch", "train_loss", "val_loss", "test_loss"),
    *("train_accuracy", "val_accuracy", "test_accuracy", "train_r2", "val_r2", "test_r2", "seconds"),
)


@app.command("list")
def list_runs(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="WORDS", help="Only runs with these words, as tp4 state:finished lr>=0.01 tag:good."),
    ] = None,
    state: Annotated[
        list[str] | None, typer.Option("--state", metavar="STATE", help="Only runs in this state; repeat it for more.")
    ] = None,
    sort: Annotated[
        str, typer.Option("--sort", metavar="KEY", help="By val_loss, name, lr, ...; -KEY for descending.")
    ] = "-created",
    json: Json = False,
    runs_dir: RunsDir = None,
) -> int:
    """The runs there are, the newest first, with their state and last figures."""
    with bad_input():
        from tui.lab.errors import LabError
        from tui.lab.runfilter import STATES, chooser, sort_rows
        from tui.lab.runlist import list_runs as read_runs
        from tui.lab.runs import runs_dir as choose_runs_dir

        for named in state or []:
            if named not in STATES:
                raise LabError(f"--state {named}: expected one of {', '.join(STATES)}")
        chosen = chooser(words or [])
        folder = choose_runs_dir(runs_dir)
        every = read_runs(folder)
        rows = sort_rows([row for row in every if chosen(row) and (not state or row.state in state)], sort)
    if json:
        for row in rows:
            print_json(table_of(row))
        return 0
    if not every:
        typer.echo(f"{folder}: no runs yet: mlp-tui train makes one", err=True)
    elif not rows:
        typer.echo(f"none of the {len(every):,} runs in {folder} is meant by that", err=True)
    from tui.commands.run_table import lines

    for line in lines(rows):
        print(line)
    return 0


@app.command("show")
def show(
    run: Run,
    csv: Annotated[bool, typer.Option("--csv", help="The epochs as CSV, every epoch once.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    runs_dir: RunsDir = None,
) -> int:
    """A run: its figures, the settings that are no defaults, what its files hold."""
    with bad_input():
        folder = _find(run, runs_dir)
        if csv:
            from tui.lab.metrics import csv_lines

            for line in csv_lines(folder):
                sys.stdout.write(line)
            return 0
        from tui.lab.runinfo import describe

        about = describe(folder)
    if json:
        print_json({**table_of(about.row), **about.table()})
        return 0
    from tui.commands.run_table import about_lines

    for line in about_lines(about):
        print(line)
    _draw(folder)
    return 0


def _draw(folder: "RunFolder") -> None:
    """The run's course, where stdout is a terminal that can show it."""
    from tui.commands.curve import Course, curve_lines, terminal
    from tui.lab.build import USER_ERRORS

    if (look := terminal()) is None:
        return
    from tui.lab.events import Checkpoint, EventReader, Probe, Step

    try:
        course = Course(folder.read_spec().training.reported_loss)
        reader = EventReader(folder.events_path, without=(Step, Probe, Checkpoint))
        while chunk := reader.poll():
            for event in chunk:
                course.hear(event)
    except (*USER_ERRORS, OSError):  # said already, among its problems
        return
    lines = list(curve_lines(course, look))
    for line in ["", *lines] if lines else []:
        print(line)


@app.command("diff")
def diff(
    runs: Runs, json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False, runs_dir: RunsDir = None
) -> int:
    """Two runs or more side by side: the settings in which they differ, and their figures."""
    with bad_input():
        from tui.lab.errors import LabError
        from tui.lab.runlist import find_run, read_row
        from tui.lab.runs import runs_dir as choose_runs_dir
        from tui.lab.settings import differences

        folders = [find_run(named, choose_runs_dir(runs_dir)) for named in runs]
        if len(folders) < 2:
            raise LabError(f"{runs[0]}: name another run to compare it with")
        settings = differences([folder.read_spec() for folder in folders])
        rows = [read_row(folder) for folder in folders]
    figures = {name: [getattr(row, name) for row in rows] for name in FIGURES}
    if json:
        print_json({"runs": [str(row.path) for row in rows], "settings": settings, "figures": figures})
        return 0
    from tui.commands.run_table import figure_text
    from tui.lab.settings import shown

    table = [["", *(row.name for row in rows)]]
    table += [[key, *map(shown, values)] for key, values in settings.items()]
    if not settings:
        table.append(["the same settings", *[""] * len(rows)])
    table.append([""] * (len(rows) + 1))
    for name, values in figures.items():
        if any(value is not None for value in values):
            table.append([name.replace("_", " "), *(figure_text(name, value) for value in values)])
    for line in columns(table):
        print(line)
    return 0


@app.command("export")
def export(
    run: Run,
    to: Annotated[str, typer.Option("--to", metavar="csv|json", help="csv, or json: an object a line.")] = "csv",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to; stdout if not given.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    json: Json = False,
    runs_dir: RunsDir = None,
) -> int:
    """The figures of every epoch, for a spreadsheet or pandas. (Weights: mlp-tui export RUN --to safetensors.)"""
    if to not in ("csv", "json"):
        raise typer.BadParameter(f"expected csv or json, received {to}", param_hint="--to")
    with bad_input():
        from tui.lab.errors import LabError
        from tui.lab.files import os_error_text, write_atomic
        from tui.lab.metrics import csv_lines, json_lines

        folder = _find(run, runs_dir)
        lines = csv_lines(folder) if to == "csv" else json_lines(folder)
        if output is None:
            for line in lines:
                sys.stdout.write(line)
            return 0
        if output.exists() and not force:
            raise LabError(f"{output}: is there already: choose another name with -o, or write over it with --force")
        text = "".join(lines)
        try:
            write_atomic(output, text.encode())
        except OSError as error:
            raise LabError(os_error_text(error, output)) from None
    epochs = text.count("\n") - (to == "csv")
    if json:
        print_json({"file": str(output), "run": str(folder.path), "epochs": epochs})
    else:
        print(output)
    return 0


def table_of(row: "RunRow") -> dict[str, Any]:
    """A row for JSON: ``name`` and ``run`` (its folder), then its fields."""
    import dataclasses

    table = dataclasses.asdict(row)
    return {"name": row.name, "run": str(table.pop("path")), **table}


def _find(named: str, runs_dir: Path | None) -> "RunFolder":
    from tui.lab.runlist import find_run
    from tui.lab.runs import runs_dir as choose_runs_dir

    return find_run(named, choose_runs_dir(runs_dir))
