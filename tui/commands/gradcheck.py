"""`mlp-tui gradcheck`: an experiment's backward pass against central differences."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.commands.experiment import Data, RecipeName, Settings, SpecFile, read_experiment
from tui.commands.output import bad_input, print_json

if TYPE_CHECKING:
    from mlcore.gradcheck import TensorCheck


def gradcheck(
    spec_file: SpecFile = None,
    recipe: RecipeName = None,
    data: Data = None,
    settings: Settings = None,
    curve: Annotated[
        bool, typer.Option("--curve", help="The error of each gradient against the step eps of the differences.")
    ] = False,
    tensor: Annotated[
        str | None, typer.Option("--tensor", metavar="NAME", help="With --curve: of one tensor, as 0.weight.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="A JSON line for each tensor (--curve: for each eps).")] = False,
) -> int:
    """Hold every gradient against central differences. Exit status 1 where one is wrong."""
    if tensor is not None and not curve:
        raise typer.BadParameter("it names the tensor of --curve", param_hint="--tensor")
    if curve:
        from tui.commands.error_curve import show_curves

        with bad_input(), progress_line():
            return show_curves(read_experiment(spec_file, recipe, data, settings), tensor, json=json)
    with bad_input(), progress_line():
        show_progress("reading the data")  # before the imports, which are the first second of it
        from mlcore.gradcheck import CheckProgress, GradientReport, TensorCheck
        from tui.lab.build import prepare
        from tui.lab.gradients import check
        from tui.lab.spec import Spec

        spec = read_experiment(spec_file, recipe, data, settings) or Spec()
        ok = False
        prepared = prepare(spec)
        show_progress("the gradients that backward gives")
        for step in check(spec, prepared):
            match step:
                case CheckProgress():
                    show_progress(f"{step.done:,} of {step.total:,} entries  {step.tensor}")
                case TensorCheck():
                    if json:
                        show_progress("")
                        print_json(_line(step))
                case GradientReport():
                    ok = bool(step.ok)
                    show_progress("")
                    if not json:
                        print(step)
    return 0 if ok else 1


def _line(tensor: "TensorCheck") -> dict[str, Any]:
    return {
        "layer": tensor.layer,
        "tensor": tensor.name,
        "max_relative_error": float(tensor.max_relative_error),
        "worst_index": [int(index) for index in tensor.worst_index],
        "analytic": float(tensor.analytic),
        "numeric": float(tensor.numeric),
        "kinks": int(tensor.kinks),
        "ok": bool(tensor.ok),
        "diagnosis": tensor.diagnosis,
    }


@contextmanager
def progress_line() -> Iterator[None]:
    """Takes the line of `show_progress` away at the end, also before the line of an error."""
    try:
        yield
    finally:
        show_progress("")


def show_progress(text: str) -> None:
    """One line on stderr, rewritten in place; nothing where nobody watches."""
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns - 1  # a line that wraps is not rewritten
        sys.stderr.write(f"\r\x1b[K{text[:width]}")
        sys.stderr.flush()
