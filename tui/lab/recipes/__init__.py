"""The lab sheets: each a spec, the figures that the sheet prints, its tasks and its why-questions."""

import tomllib
from collections.abc import Iterable
from importlib import resources
from typing import Any

import msgspec

from tui.lab.errors import LabError
from tui.lab.spec import Spec, spec_from_table


class FigureSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A printed figure: one of ``expected`` (a list has one for each epoch), ``at_least``, ``at_most``.

    ``measure`` names the function of `tui.lab.recipes.measures` that gets it from a run. ``samples``: it was
    measured with a training part of that size, and is not asked of another; None where it holds for all.
    """

    figure: str
    measure: str
    expected: float | bool | tuple[float, ...] | None = None
    at_least: float | None = None
    at_most: float | None = None
    tolerance: float = 0.0
    samples: int | None = None


class Task(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the sheet asks; ``where`` is the screen, the command or the import that does it."""

    id: str
    text: str
    where: str


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    question: str
    answer: str


class Recipe(msgspec.Struct, frozen=True):
    name: str
    sheet: str
    title: str
    spec: Spec
    figures: tuple[FigureSpec, ...]
    tasks: tuple[Task, ...]
    questions: tuple[Question, ...]


def names() -> list[str]:
    """The recipes there are, in the order of their sheets."""
    return [recipe.name for recipe in load_all()]


def load_all() -> list[Recipe]:
    files = [file.name for file in resources.files(__name__).iterdir() if file.name.endswith(".toml")]
    recipes = [_read(file.removesuffix(".toml")) for file in files]
    return sorted(recipes, key=lambda recipe: (recipe.sheet, recipe.name))


def load(name: str) -> Recipe:
    """The recipe of this name. Raises LabError that lists those there are."""
    known = names()
    if name not in known:
        raise LabError(f"{name}: no such recipe; there are {', '.join(known)}")
    return _read(name)


def _read(name: str) -> Recipe:
    table = tomllib.loads(resources.files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))
    return Recipe(
        name=name,
        sheet=table["sheet"],
        title=table["title"],
        spec=spec_from_table(table["spec"]),
        figures=_convert(table["figures"], FigureSpec),
        tasks=_convert(table["tasks"], Task),
        questions=_convert(table["questions"], Question),
    )


def _convert(rows: Iterable[Any], kind: Any) -> Any:
    return tuple(msgspec.convert(row, kind) for row in rows)
