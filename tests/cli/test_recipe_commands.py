"""Every command, setting and import that a lab sheet's recipe names is one that there is."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from tui.cli import app
from tui.commands.experiment import read_experiment
from tui.lab import recipes
from tui.lab.spec import set_values

ENDS = r"(?=[;,:.)](?:\s|$)|$)"
COMMAND, PYTHON = re.compile(rf"mlp-tui (.+?){ENDS}"), re.compile(r"from [\w.]+ import [\w, ]+")
SETTING = re.compile(rf"--set (\S+?)(?:{ENDS}|\s)")


def texts(recipe: recipes.Recipe) -> Iterator[str]:
    yield from (part for task in recipe.tasks for part in task.where.split("; "))
    yield from (question.answer for question in recipe.questions)


def found(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    return [
        (recipe.name, match)
        for recipe in recipes.load_all()
        for text in texts(recipe)
        for match in pattern.findall(text)
    ]


def parsed(words: list[str]) -> dict[str, Any]:
    """The options of a command line, read by the command itself; raises where it does not take them."""
    command: Any = typer.main.get_command(app)
    context = None
    while hasattr(command, "commands"):
        context = command.context_class(command, parent=context, info_name=words[0])
        assert words[0] in command.commands, words
        command, words = command.commands[words[0]], words[1:]
    options: dict[str, Any] = command.make_context("mlp-tui", words, parent=context).params
    return options


@pytest.mark.parametrize(("recipe", "command"), found(COMMAND))
def test_a_command_is_one_that_there_is(recipe, command) -> None:
    options = parsed(shlex.split(command))
    named = options.get("recipe") or options.get("name")
    if "settings" in options:
        assert named, "an experiment without --recipe is not the sheet's"
        read_experiment(None, named, options["data"], options["settings"])
    if named and not command.startswith("data make"):
        spec = recipes.load(named).spec
        # Their images are no part of the program: the command does not run without them.
        assert (spec.data.source == "mnist") == bool(options.get("data")) or command.startswith("recipes show")


@pytest.mark.parametrize(("recipe", "line"), found(PYTHON))
def test_an_import_is_one_that_there_is(recipe, line) -> None:
    exec(line, {})


@pytest.mark.parametrize("recipe", recipes.names())
def test_settings_fit_the_recipe(recipe) -> None:
    loaded = recipes.load(recipe)
    for text in texts(loaded):
        settings = SETTING.findall(text)
        if settings and "mlp-tui" not in text:
            assert set_values(loaded.spec, settings).problems() == []


def test_the_patterns_find_what_is_written() -> None:
    text = "3 Gradients, or mlp-tui gradcheck --recipe tp4 --set model.hidden=64,32, then more: mlp-tui x; y"
    assert COMMAND.findall(text) == ["gradcheck --recipe tp4 --set model.hidden=64,32", "x"]
    assert SETTING.findall("--set model.hidden=64,32,16, then --set data.classes= --set seed=1") == [
        "model.hidden=64,32,16",
        "data.classes=",
        "seed=1",
    ]
    assert len(found(COMMAND)) > 40
    assert {"iterate", "stability", "export", "gradcheck"} <= {command.split()[0] for _, command in found(COMMAND)}
    with pytest.raises(AssertionError):
        parsed(["nothing"])
    with pytest.raises(Exception, match="--bogus"):
        parsed(["train", "--bogus"])
