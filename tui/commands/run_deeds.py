"""The commands of `mlp-tui runs` that do something with a run."""

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui.commands.experiment import Plain, RunsDir
from tui.commands.output import bad_input, error_line, print_json

if TYPE_CHECKING:
    from tui.lab.marks import Marks
    from tui.lab.runs import RunFolder

Run = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's name, the beginning of one, its path, or last for the newest.")
]
Runs = Annotated[list[str], typer.Argument(metavar="RUN...", help="Runs, each by name, beginning, path, or last.")]
Json = Annotated[bool, typer.Option("--json", help="JSON lines.")]
STOP_SECONDS = 30.0
LOOK_SECONDS = 0.05


def attach(
    run: Run = "last",
    glyphs: Annotated[
        str | None,
        typer.Option("--glyphs", metavar="braille|block|ascii", help="What curves and maps are drawn with."),
    ] = None,
    mouse: Annotated[
        bool | None,
        typer.Option("--mouse/--no-mouse", help="Whether the application takes the mouse.", show_default=False),
    ] = None,
    low_bandwidth: Annotated[
        bool | None,
        typer.Option("--low-bandwidth", help="For a narrow line: 8 KB/s at most while it trains, fewer colours."),
    ] = None,
    runs_dir: RunsDir = None,
) -> int:
    """Open the application on a run: from its first epoch, then live where it trains."""
    from tui.app.capabilities import usable

    if glyphs not in (None, "braille", "block", "ascii"):
        raise typer.BadParameter(f"expected braille, block or ascii, received {glyphs}", param_hint="--glyphs")
    with bad_input():
        from tui.lab.errors import LabError

        folder, where = _find(run, runs_dir)
        folder.read_spec()  # what cannot be read is said here, on a line of its own
        if reason := usable(os.environ, sys.stdin.isatty(), sys.stdout.isatty()):
            raise LabError(f"no terminal to attach in ({reason}): mlp-tui runs follow {folder.name}")
    from tui.app.launch import run as open_application

    return open_application(
        None, runs_dir=where, glyphs=glyphs, mouse=mouse, low_bandwidth=low_bandwidth, run=folder.path
    )


def follow(run: Run = "last", json: Json = False, plain: Plain = False, runs_dir: RunsDir = None) -> int:
    """Print a run's events from its first line and as they come, every epoch once, until it ends.

    ctrl+c leaves the run alone. Exit status: 0 finished or stopped, 1 diverged, failed or its trainer is gone.
    """
    from tui.commands.train import printer_for

    with bad_input():
        from tui.lab.errors import RunError
        from tui.lab.events import Diverged, Failed
        from tui.lab.follow import Once
        from tui.lab.follow import follow as listen

        folder, _ = _find(run, runs_dir)
        spec = folder.read_spec()
        printer = printer_for(json, plain, spec, folder)
        once = Once(folder.events_path)
        last = None
        try:
            for chunk in listen(folder):
                for event in once(chunk):
                    printer.show(event)
                    last = event
        except RunError as error:
            printer.close()
            typer.echo(error_line(str(error)), err=True)
            return 1
        except KeyboardInterrupt:
            printer.close()
            typer.echo(f"left alone, it goes on: {folder.path}", err=True)
            return 130
        finally:
            printer.close()
    if isinstance(last, Failed):
        typer.echo(error_line(last.message), err=True)
    return 1 if isinstance(last, Failed | Diverged) else 0


def resume(
    run: Run = "last",
    epochs: Annotated[
        int | None, typer.Option("--epochs", metavar="N", min=1, help="Train on to so many epochs in all.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also where spec or data has changed since, or another host holds the lock.")
    ] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Print the run's folder and leave it training.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Every new event as a JSON line.")] = False,
    plain: Plain = False,
    runs_dir: RunsDir = None,
) -> int:
    """Go on from the last checkpoint, bit for bit. Of a finished run --epochs says how far."""
    from tui.commands.train import leave, listen, printer_for, stop_on_interrupt

    with bad_input():
        from tui.lab.errors import LabError
        from tui.lab.events import EventReader
        from tui.lab.runs import launch

        folder, _ = _find(run, runs_dir)
        spec = folder.read_spec()
        state = folder.state()
        if state == "running":
            raise LabError(f"{folder.name}: is training: mlp-tui runs follow {folder.name}")
        if state == "paused":
            return _wake(folder, json=json)
        done = folder.status()
        enough = epochs is None or epochs < spec.training.epochs  # patience may have ended it before them
        if state == "finished" and done is not None and (enough or done.epoch >= (epochs or 0)):
            after = f"{folder.name}: finished after {done.epoch} epochs"
            typer.echo(f"{after}: nothing is left to do; --epochs N trains on", err=True)
            return 0
        reader = EventReader(folder.events_path)
        reader.skip()
        process = launch(folder, epochs=epochs, force=force)
    if detach:
        return leave(folder, process, reader, json=json)
    previous = stop_on_interrupt(folder)
    try:
        total = max(epochs or 0, spec.training.epochs)
        return listen(folder, process, printer_for(json, plain, spec, folder, total), reader)[0]
    except BrokenPipeError:
        typer.echo(f"nobody reads on, the training goes on: {folder.path}", err=True)
        raise
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _wake(folder: "RunFolder", *, json: bool) -> int:
    """A paused run has its trainer still."""
    folder.send("resume")
    if not _wait(folder, lambda state: state != "paused", STOP_SECONDS):
        typer.echo(error_line(f"{folder.name}: paused still; {_in_its_folder('resume')}"), err=True)
        return 1
    if json:
        print_json({"run": str(folder.path), "state": folder.state()})
    else:
        print(f"{folder.name} goes on: mlp-tui runs follow {folder.name}")
    return 0


def stop(
    runs: Runs,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=0, help="How long to wait for each.")
    ] = STOP_SECONDS,
    json: Json = False,
    runs_dir: RunsDir = None,
) -> int:
    """Ask runs to write a checkpoint and end, and wait until they have."""
    status = 0
    with bad_input():
        for folder in _find_all(runs, runs_dir):
            state = folder.state()
            if state in ("running", "paused"):
                folder.send("stop")
                in_time = _wait(folder, lambda state: state not in ("running", "paused"), timeout)
                state = folder.state()
                if not in_time:
                    status = 1
                    words = f"{folder.name}: not stopped within {timeout:g} s; {_in_its_folder('stop')}"
                    typer.echo(error_line(words), err=True)
            elif not json:
                typer.echo(f"{folder.name}: no trainer is at work for it ({state})", err=True)
            if json:
                print_json({"run": str(folder.path), "state": state})
            elif state not in ("running", "paused"):
                print(f"{folder.name}  {state}")
    return status


def _in_its_folder(command: str) -> str:
    return f"it is in a long step, or hangs: the {command} lies in its control folder and holds when it comes to it"


def delete(
    runs: Runs,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: Json = False,
    runs_dir: RunsDir = None,
) -> int:
    """Delete runs for good. Asks first, on a terminal."""
    with bad_input():
        from tui.lab.errors import LabError
        from tui.lab.runadmin import delete_run, refuse_live

        folders = _find_all(runs, runs_dir)
        for folder in folders:
            refuse_live(folder, "deleting")
        if not yes:
            names = ", ".join(folder.name for folder in folders)
            if not sys.stdin.isatty():
                raise LabError(f"{names}: nobody to ask: --yes deletes for good")
            if not typer.confirm(f"delete {names} for good?", err=True):
                return 1
        for folder in folders:
            delete_run(folder)
            if json:
                print_json({"deleted": str(folder.path)})
            else:
                print(f"deleted {folder.name}")
    return 0


def rename(
    run: Run,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its new name; the date before it stays.")],
    json: Json = False,
    runs_dir: RunsDir = None,
) -> int:
    """Call a run otherwise."""
    with bad_input():
        from tui.lab.runadmin import rename_run

        folder, _ = _find(run, runs_dir)
        now = rename_run(folder, name)
    if json:
        print_json({"was": str(folder.path), "run": str(now.path)})
    else:
        print(now.name)
    return 0


def tag(
    run: Run,
    tags: Annotated[list[str] | None, typer.Argument(metavar="TAG...", help="Tags to add.")] = None,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", metavar="TAG", help="A tag to take away; repeat it for more.")
    ] = None,
    json: Json = False,
    runs_dir: RunsDir = None,
) -> int:
    """Put words on a run by which it is found again (runs list tag:good); without any, print those it has."""
    with bad_input():
        from tui.lab.marks import change_tags, read_marks

        folder, _ = _find(run, runs_dir)
        words = [*(tags or []), *(f"-{word}" for word in remove or [])]
        marks = change_tags(folder.path, words) if words else read_marks(folder.path)
    return _say(folder, marks, " ".join(marks.tags), json=json)


def note(
    run: Run,
    text: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT", help='The note; "" takes it away. Without it, print it.')
    ] = None,
    json: Json = False,
    runs_dir: RunsDir = None,
) -> int:
    """Write a line about a run."""
    with bad_input():
        from tui.lab.marks import change_note, read_marks

        folder, _ = _find(run, runs_dir)
        marks = read_marks(folder.path) if text is None else change_note(folder.path, " ".join(text))
    return _say(folder, marks, marks.note, json=json)


def _say(folder: "RunFolder", marks: "Marks", words: str, *, json: bool) -> int:
    if json:
        print_json({"run": str(folder.path), "tags": marks.tags, "note": marks.note, "group": marks.group})
    else:
        print(words)
    return 0


def _wait(folder: "RunFolder", done: Callable[[str], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not done(folder.state()):
        if time.monotonic() >= deadline:
            return False
        time.sleep(LOOK_SECONDS)
    return True


def _find(named: str, runs_dir: Path | None) -> tuple["RunFolder", Path]:
    """The run, and where runs are kept."""
    from tui.lab.runlist import find_run
    from tui.lab.runs import runs_dir as choose_runs_dir

    where = choose_runs_dir(runs_dir)
    return find_run(named, where), where


def _find_all(named: Sequence[str], runs_dir: Path | None) -> list["RunFolder"]:
    from tui.lab.runlist import find_runs
    from tui.lab.runs import runs_dir as choose_runs_dir

    return find_runs(named, choose_runs_dir(runs_dir))
