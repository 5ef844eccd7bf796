"""`mlp-tui [open]`: the application."""

import os
import sys
from typing import Annotated

import typer

from tui.app.capabilities import usable
from tui.commands.experiment import Data, RecipeName, RunsDir, Settings, SpecFile, read_experiment
from tui.commands.output import bad_input
from tui.commands.train import train


def open_application(
    spec_file: SpecFile = None,
    recipe: RecipeName = None,
    data: Data = None,
    settings: Settings = None,
    runs_dir: RunsDir = None,
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
) -> int:
    """The application, opened on that experiment."""
    if glyphs not in (None, "braille", "block", "ascii"):
        raise typer.BadParameter(f"expected braille, block or ascii, received {glyphs}", param_hint="--glyphs")
    with bad_input():
        from tui.lab.runs import runs_dir as choose_runs_dir

        spec = read_experiment(spec_file, recipe, data, settings, look=False)  # the application looks itself
        folder = choose_runs_dir(runs_dir)
    if reason := usable(os.environ, sys.stdin.isatty(), sys.stdout.isatty()):
        typer.echo(f"no terminal to open the application in ({reason}): training as `mlp-tui train` would", err=True)
        return train(spec_file, recipe, data, settings, runs_dir=runs_dir)
    from tui.app.launch import run

    return run(spec, recipe=recipe or "", runs_dir=folder, glyphs=glyphs, mouse=mouse, low_bandwidth=low_bandwidth)
