"""`mlp-tui train`: a run without a screen."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.commands.experiment import Data, Plain, RecipeName, RunsDir, Settings, SpecFile, read_experiment
from tui.commands.output import bad_input, error_line, print_json

if TYPE_CHECKING:
    from tui.lab.events import EventReader
    from tui.lab.runs import RunFolder
    from tui.lab.spec import Spec

MOST_LINES = 100
"""Of epochs in a pipe, however many there are."""


def train(
    spec_file: SpecFile = None,
    recipe: RecipeName = None,
    data: Data = None,
    settings: Settings = None,
    json: Annotated[bool, typer.Option("--json", help="Every event as a JSON line.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Print the run's folder and leave it training.")] = False,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="A name for the run's folder."),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option("--folds", metavar="K", min=2, help="Train K times, each time another fold validates."),
    ] = None,
    plain: Plain = False,
    runs_dir: RunsDir = None,
) -> int:
    """Train without a screen. ctrl+c writes a checkpoint and stops; a hang-up does not stop it."""
    with bad_input():
        from tui.lab.errors import LabError
        from tui.lab.spec import Spec

        if folds and detach:
            raise LabError("--folds trains one run after the other and waits for each: leave --detach out")
        spec = read_experiment(spec_file, recipe, data, settings) or Spec()
    if folds:
        from tui.commands.folds import train_folds

        return train_folds(spec, folds, runs_dir, name, json=json, plain=plain)
    if detach:
        return leave(*_begin(spec, runs_dir, name), json=json)
    return train_one(spec, runs_dir, name, json=json, plain=plain)[0]


def train_one(
    spec: "Spec", runs_dir: Path | None, name: str | None, *, json: bool, plain: bool = False
) -> tuple[int, Any]:
    """(exit status, last event) of a run, shown while it trains."""
    folder, process = _begin(spec, runs_dir, name)
    previous = stop_on_interrupt(folder)
    try:
        return listen(folder, process, printer_for(json, plain, spec, folder))
    except BrokenPipeError:  # `| head` has seen enough
        typer.echo(f"nobody reads on, the training goes on: {folder.path}", err=True)
        raise
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _begin(spec: "Spec", runs_dir: Path | None, name: str | None) -> tuple["RunFolder", "subprocess.Popen[bytes]"]:
    with bad_input():
        from tui.lab.runs import create_run, launch
        from tui.lab.runs import runs_dir as choose_runs_dir

        folder = create_run(spec, choose_runs_dir(runs_dir), name)
        return folder, launch(folder)


def listen(
    folder: "RunFolder",
    process: "subprocess.Popen[bytes]",
    printer: "Printer",
    reader: "EventReader | None" = None,
) -> tuple[int, Any]:
    """Shows what a trainer says until it ends; ``reader`` stands where to begin. Returns (exit status, last event)."""
    from tui.lab.errors import LabError
    from tui.lab.events import Failed, Finished, Started, Stopped
    from tui.lab.follow import follow, last_line
    from tui.lab.runs import BAD_INPUT

    last: Any = None
    began = reader is not None
    try:
        for chunk in follow(folder, process, reader=reader):
            for event in chunk:
                printer.show(event)
                last = event
                began = began or isinstance(event, Started)
    except LabError as error:
        printer.close()
        if process.returncode == 0:  # killed after its last word and before its last status: nothing was left to do
            typer.echo(last_line(folder), err=True)
            return 0, last
        refused = process.returncode == BAD_INPUT
        typer.echo(error_line((refused and last_line(folder)) or str(error)), err=True)
        return (2 if refused else 1), last
    finally:
        printer.close()
    if isinstance(last, Failed):
        typer.echo(error_line(last.message), err=True)
        if process.returncode == BAD_INPUT:
            _forget(folder, began)
        if folder.path.exists():
            typer.echo(f"run: {folder.path}", err=True)
        if process.returncode == BAD_INPUT:
            return 2, last
    if isinstance(last, Finished):
        return 0, last
    return 130 if isinstance(last, Stopped) else 1, last


def leave(
    folder: "RunFolder", process: "subprocess.Popen[bytes]", reader: "EventReader | None" = None, *, json: bool = False
) -> int:
    """Waits for the first event only: bad input is said here and now, or nobody would see it."""
    from tui.lab.errors import LabError
    from tui.lab.events import Failed
    from tui.lab.follow import follow, last_line
    from tui.lab.runs import BAD_INPUT

    try:
        first = next(follow(folder, process, reader=reader))[0]
    except LabError as error:
        refused = process.returncode == BAD_INPUT
        typer.echo(error_line((refused and last_line(folder)) or str(error)), err=True)
        return 2 if refused else 1
    if isinstance(first, Failed):
        status = 2 if process.wait() == BAD_INPUT else 1
        _forget(folder, began=reader is not None)
        typer.echo(error_line(first.message), err=True)
        return status
    process.returncode = 0  # it outlives us, and is not ours to wait for
    if json:
        print_json({"run": str(folder.path), "pid": process.pid})
    else:
        print(folder.path)
    return 0


def _forget(folder: "RunFolder", began: bool) -> None:
    """A run that bad input kept from beginning leaves no folder behind."""
    if not began:
        shutil.rmtree(folder.path, ignore_errors=True)


def stop_on_interrupt(folder: "RunFolder") -> dict[int, Any]:
    """ctrl+c asks the trainer to stop and goes on listening; a second one leaves at once."""
    from tui.lab.errors import LabError

    asked = False

    def interrupt(number: int, frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        try:
            folder.send("stop")
        except LabError as error:
            typer.echo(error_line(str(error)), err=True)
            raise KeyboardInterrupt from None
        typer.echo(f"stopping after a checkpoint: {folder.path}", err=True)

    return {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}


class Printer:
    """Shows a run's events. This one prints every line as it stands in `events.jsonl`."""

    def show(self, event: Any) -> None:
        from tui.lab.events import encode

        sys.stdout.write(encode(event).decode())
        sys.stdout.flush()

    def close(self) -> None:
        """Leaves the terminal in order."""


def printer_for(json: bool, plain: bool, spec: "Spec", folder: "RunFolder", epochs: int = 0) -> Printer:
    """How a run is shown: as JSON, as plain lines, or on a terminal as a bar and a curve. ``epochs`` where the spec
    does not say how many they are."""
    if json:
        return Printer()
    epochs, reported = epochs or spec.training.epochs, spec.training.reported_loss
    if not plain:
        from tui.commands.curve import terminal

        if (look := terminal()) is not None:
            from tui.commands.progress import ProgressBar

            return ProgressBar(epochs, reported, folder, look)
    return Lines(epochs, reported, folder)


class Lines(Printer):
    """For a pipe or a log: a line for the start, for some epochs, and for the end; ``reported`` is which loss."""

    def __init__(self, epochs: int, reported: str, folder: "RunFolder") -> None:
        self.epochs, self.reported, self.folder = epochs, reported, folder
        self.every = max(1, epochs // MOST_LINES)

    def show(self, event: Any) -> None:
        from tui.lab import events

        match event:
            case events.Started():
                print(started_text(event), flush=True)
            case events.Epoch():
                if event.epoch % self.every == 0 or event.epoch == self.epochs:
                    print(f"epoch {event.epoch}/{self.epochs}  {epoch_text(event, self.reported)}", flush=True)
            case events.Diverged() | events.Finished() | events.Stopped():
                for line in ending_lines(event, self.reported, self.folder):
                    print(line, flush=True)


def started_text(event: Any) -> str:
    parts = [f"{event.samples:,} training"]
    if event.validation_samples:
        parts.append(f"{event.validation_samples:,} validation")
    if event.test_samples:
        parts.append(f"{event.test_samples:,} test")
    parts[-1] += " samples"
    target = f"{event.classes} classes" if event.task == "classification" else "numbers to predict"
    sizes = f"{event.features} features, {target}; {event.parameters:,} parameters"
    return f"{', '.join(parts)}; {sizes}"


def loss_text(event: Any, reported: str) -> str:
    """The training loss; where the sheet prints that of the last batch, that one, and the mean beside it."""
    from tui.lab.events import reported_loss

    if reported != "last_batch":
        return f"loss {number(event.train_loss)}"
    return f"last batch's loss {number(reported_loss(event, reported))}, mean {number(event.train_loss)}"


def epoch_text(event: Any, reported: str) -> str:
    parts = [loss_text(event, reported), score_text(event, "train")]
    if event.val_loss is not None or event.val_accuracy is not None:
        score = score_text(event, "val")
        parts += [f"val_loss {number(event.val_loss)}", f"val_{score}" if score else ""]
    return "  ".join([*filter(None, parts), f"{event.seconds:.3g} s"])


def score_text(event: Any, part: str) -> str:
    """``accuracy 97.0 %``, or of a regression ``R² 0.871``; "" where there is neither."""
    from tui.app.figures import r2

    accuracy, score = getattr(event, f"{part}_accuracy"), getattr(event, f"{part}_r2")
    if score is not None:
        return f"R² {r2(score)}"
    return "" if accuracy is None else f"accuracy {percent(accuracy)}"


def ending_lines(event: Any, reported: str, folder: "RunFolder") -> Iterator[str]:
    """All that a screen would say at a run's end; what a run failed of the caller says, on stderr."""
    from tui.lab.events import Diverged, Finished, Stopped

    if isinstance(event, Diverged):
        yield event.message
    elif isinstance(event, Stopped):
        yield f"stopped after {event.epochs} epochs, {event.seconds:.3g} s of training"
    elif isinstance(event, Finished):
        for part, name in (("train", "train"), ("val", "validation"), ("test", "test")):
            loss, score = getattr(event, f"{part}_loss"), score_text(event, part)
            words = loss_text(event, reported) if part == "train" else f"loss {number(loss)}"
            if score or loss is not None:
                yield "  ".join(filter(None, (f"{name:<10}", score, words)))
        if event.stopped_early:
            yield event.reason
        yield f"{event.epochs} epochs, {event.seconds:.3g} s of training; best epoch {event.best_epoch}"
    yield f"run: {folder.path}"


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}".replace("%", " %")
