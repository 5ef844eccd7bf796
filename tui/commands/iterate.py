"""`mlp-tui iterate`: the six steps of a training iteration, one at a time."""

import shutil
import sys
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.commands.experiment import Data, RecipeName, Settings, SpecFile, read_experiment
from tui.commands.output import bad_input, columns, print_json

if TYPE_CHECKING:
    from mlcore.iteration import IterationStep, NamedArray

WIDTH = 80
MOST_ROWS, MOST_COLUMNS = 8, 6
"""Of a matrix that is printed in full."""
FIRST_ROWS, FIRST_COLUMNS = 3, 8
"""Of a larger one."""
MOST_VALUES = 64
"""Of an array whose values stand in a JSON line."""


def iterate(
    spec_file: SpecFile = None,
    recipe: RecipeName = None,
    data: Data = None,
    settings: Settings = None,
    pause: Annotated[
        bool, typer.Option("--pause", help="Wait for Enter between two steps; q and Enter ends it.")
    ] = False,
    step: Annotated[
        str | None,
        typer.Option("--step", metavar="NAME|NUMBER", help="Only batch, zero_grad, forward, loss, backward or step."),
    ] = None,
    json: Annotated[
        bool,
        typer.Option("--json", help="A JSON line for each step; of more than 64 numbers the first rows, 3 x 8."),
    ] = False,
) -> int:
    """The six steps of the first training iteration: formulas, and every array with its shape and first numbers."""
    if pause and (json or step is not None):
        raise typer.BadParameter("it waits between all steps: leave out --json and --step", param_hint="--pause")
    if pause and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise typer.BadParameter("nobody can press Enter where there is no terminal", param_hint="--pause")
    with bad_input():
        from tui.lab.build import prepare
        from tui.lab.iteration import first_iteration, step_number
        from tui.lab.spec import Spec

        only = 0 if step is None else step_number(step)
        spec = read_experiment(spec_file, recipe, data, settings) or Spec()
        for done in first_iteration(spec, prepare(spec)):
            if only and done.number != only:
                continue
            if json:
                print_json(_table(done))
                continue
            for line in _lines(done):
                print(line)
            if done.number == only:
                break
            if pause and done.name != "step" and not _go_on():
                break
            if not only and done.name != "step":
                print()
    return 0


def _go_on() -> bool:
    """Whether Enter was pressed, rather than q and Enter or the end of input."""
    print("-- Enter: the next step, q and Enter: end -- ", end="", flush=True)
    line = sys.stdin.readline()
    if not line:
        print()
    return bool(line) and line.strip().lower() not in ("q", "quit")


def _lines(step: "IterationStep") -> Iterator[str]:
    yield f"{step.number} {step.name}   {step.code}"
    yield from _wrapped(step.text, 2)
    yield from _formulas_and_arrays(step, 2)
    for layer in step.layers:
        yield from _wrapped(f"{layer.index} {layer.layer}", 2)
        yield from _formulas_and_arrays(layer, 4)


def _formulas_and_arrays(part: Any, indent: int) -> Iterator[str]:
    for formula in part.formulas:
        yield from _wrapped(formula, indent)
    for array in part.arrays:
        yield from _array_lines(array, indent + 2)


def _wrapped(words: str, indent: int) -> list[str]:
    return textwrap.wrap(
        words, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2), break_on_hyphens=False
    )


def _array_lines(array: "NamedArray", indent: int) -> Iterator[str]:
    """A small matrix row by row, a few numbers on one line; of what is larger the norm and the first rows."""
    shape = array.shape
    small = len(shape) == 2 and 1 < shape[0] <= MOST_ROWS and 1 < shape[1] <= MOST_COLUMNS
    heading, _, words = str(array).partition(":")
    if not small and not words.startswith(" norm"):  # a few numbers, or labels
        yield from _wrapped(str(array), indent)
        return
    yield f"{' ' * indent}{heading}:{'' if small else words}"
    if small:
        rows = [[f"{value + 0.0: .4g}" for value in row] for row in array.array.tolist()]  # + 0.0: no -0
        width = shape[1]
    else:
        firsts = array.first_rows(FIRST_ROWS, FIRST_COLUMNS)
        rows = [[f"{value + 0.0: .3g}" for value in row] for row in firsts]
        width = shape[-1]
    for line in _fitting(rows, _width() - indent - 1, width):
        yield " " * (indent + 1) + line
    if not small and array.array.size > len(rows) * shape[-1]:
        yield " " * (indent + 2) + "..."


def _fitting(rows: list[list[str]], space: int, width: int) -> Iterator[str]:
    """Aligned lines of as many columns as there is space for, with an ellipsis where there are more."""
    for shown in range(len(rows[0]), 0, -1):
        more = [" ..."] if shown < width else []
        lines = list(columns([row[:shown] + more for row in rows]))
        if shown == 1 or max(map(len, lines)) <= space:
            yield from lines
            return


def _width() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH


def _table(step: "IterationStep") -> dict[str, Any]:
    return {
        "number": step.number,
        "name": step.name,
        "code": step.code,
        "text": step.text,
        "formulas": step.formulas,
        "arrays": [_array_table(array) for array in step.arrays],
        "layers": [
            {
                "layer": layer.index,
                "name": layer.layer,
                "formulas": layer.formulas,
                "arrays": [_array_table(array) for array in layer.arrays],
            }
            for layer in step.layers
        ],
    }


def _array_table(array: "NamedArray") -> dict[str, Any]:
    table: dict[str, Any] = {"name": array.name, "shape": array.shape}
    if not array.is_labels:
        table["norm"] = array.norm
    if array.array.size <= MOST_VALUES:
        table["values"] = array.array.tolist()
    else:
        table["first_rows"] = array.first_rows(FIRST_ROWS, FIRST_COLUMNS)
    return table
