"""`mlp-tui export`: a run's network for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from tui.commands.experiment import RunsDir
from tui.commands.output import bad_input, print_json

FORMATS = ("safetensors",)
WEIGHTS = ("last", "best")


def export(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A run's name, the beginning of one, its path, or last for the newest.")
    ],
    to: Annotated[str, typer.Option("--to", metavar="FORMAT", help="safetensors: the weights, as PyTorch takes them.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to; RUN.safetensors here if not given.")
    ] = None,
    weights: Annotated[
        str,
        typer.Option(
            "--weights",
            metavar="last|best",
            help="Those at the end, which the run's test figures are of, or those of the best epoch.",
        ),
    ] = "last",
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    runs_dir: RunsDir = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> int:
    """Write a run's weights into a file for PyTorch: torch.nn.Sequential(...).load_state_dict takes it."""
    if to not in FORMATS:
        raise typer.BadParameter(f"there is {', '.join(FORMATS)}, received {to}", param_hint="--to")
    if weights not in WEIGHTS:
        raise typer.BadParameter(f"expected last or best, received {weights}", param_hint="--weights")
    with bad_input():
        from tui.lab.errors import LabError
        from tui.lab.export import export_safetensors
        from tui.lab.runlist import find_run
        from tui.lab.runs import runs_dir as choose_runs_dir

        folder = find_run(run, choose_runs_dir(runs_dir))
        file = output or Path(f"{folder.name}.safetensors")
        if file.exists() and not force:
            raise LabError(f"{file}: is there already: choose another name with -o, or write over it with --force")
        epoch = export_safetensors(folder, file, which=weights)
    if json:
        print_json({"file": str(file), "run": str(folder.path), "weights": weights, "epoch": epoch})
    else:
        print(file)
        typer.echo(f"the {weights} weights of {folder.name}, after epoch {epoch}", err=True)
    return 0
