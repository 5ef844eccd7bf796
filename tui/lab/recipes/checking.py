"""A run of a recipe held against the figures that its sheet prints."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tui.lab.errors import LabError, RunError
from tui.lab.events import Diverged, Epoch, Event, Failed, Finished
from tui.lab.follow import follow
from tui.lab.recipes import FigureSpec, Recipe, load
from tui.lab.recipes.measures import MEASURES, Outcome, Value, silent
from tui.lab.runs import BAD_INPUT, create_run, launch
from tui.lab.spec import Spec
from tui.lab.threads import blas_threads


@dataclass(frozen=True)
class Figure:
    """One printed figure and what a run gave. ``relation`` says how they are compared."""

    figure: str
    expected: float | bool
    got: Value
    tolerance: float
    ok: bool
    relation: Literal["=", ">=", "<="]


def check(
    name: str, data: str | None = None, runs_dir: Path | None = None, *, say: Callable[[str], None] = silent
) -> Iterator[Figure]:
    """Trains the recipe and yields its figures, in the sheet's order.

    ``data`` stands in for the recipe's source. The run is kept in ``runs_dir``, or thrown away where that
    is None. ``say`` is told, in a few words, what goes on meanwhile. Raises one of USER_ERRORS: RunError where the
    run does not get to its end.
    """
    recipe = load(name)
    spec = recipe.spec if data is None else recipe.spec.with_value("data.source", data)
    if runs_dir is not None:
        yield from compare(recipe, train(spec, runs_dir, say=say))
        return
    with tempfile.TemporaryDirectory(prefix="mlp-tui-") as folder:
        yield from compare(recipe, train(spec, Path(folder), say=say))


def train(spec: Spec, runs_dir: Path, *, say: Callable[[str], None] = silent) -> Outcome:
    """The spec trained to its end in a process of its own.

    Raises LabError for bad input, RunError where the run begins and does not get to its end.
    """
    folder = create_run(spec, runs_dir)
    say("reading the data")
    seen: list[Event] = []
    with launch(folder) as process:
        try:
            for chunk in follow(folder, process):
                seen += chunk
                done = sum(isinstance(event, Epoch) for event in seen)
                say(f"epoch {done:,}/{spec.training.epochs:,}")
        except BaseException:
            process.terminate()
            raise
    last = seen[-1]
    if isinstance(last, Finished):
        return Outcome(spec, last, [event for event in seen if isinstance(event, Epoch)], say)
    if isinstance(last, Failed) and process.returncode == BAD_INPUT:
        raise LabError(last.message)
    if isinstance(last, Failed | Diverged):
        raise RunError(last.message)
    raise RunError("the run was stopped before it was done")


def compare(recipe: Recipe, outcome: Outcome) -> Iterator[Figure]:
    for row in recipe.figures:
        outcome.say(row.figure)
        if row.samples is not None and row.samples != len(outcome.prepared.train[0]):
            continue
        with blas_threads(outcome.spec):
            got: Any = MEASURES[row.measure](outcome)
        if not isinstance(row.expected, tuple):
            yield _figure(row, row.figure, row.expected, got)
            continue
        for step, expected in enumerate(row.expected):
            value = got[step] if step < len(got) else None
            yield _figure(row, f"{row.figure} {step}", expected, value)


def _figure(row: FigureSpec, name: str, expected: float | bool | None, got: Value) -> Figure:
    if row.at_least is not None:
        return Figure(name, row.at_least, got, 0.0, got is not None and got >= row.at_least, ">=")
    if row.at_most is not None:
        return Figure(name, row.at_most, got, 0.0, got is not None and got <= row.at_most, "<=")
    assert expected is not None
    ok = got is not None and abs(got - expected) <= row.tolerance
    return Figure(name, expected, got, row.tolerance, ok, "=")
