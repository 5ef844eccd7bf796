"""`mlp-tui recipes`: the lab sheets."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.commands.experiment import Data
from tui.commands.gradcheck import progress_line, show_progress
from tui.commands.output import bad_input, columns, error_line, print_json

if TYPE_CHECKING:
    from tui.lab.recipes import Recipe
    from tui.lab.recipes.checking import Figure

app = typer.Typer(help="Lab sheets: their experiments, figures and tasks.", rich_markup_mode=None)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A recipe; `mlp-tui recipes list` names them.")]
Json = Annotated[bool, typer.Option("--json", help="JSON lines.")]


@app.command("list")
def list_recipes(json: Json = False) -> int:
    """The lab sheets there are."""
    from tui.lab.recipes import load_all

    rows = [{"name": recipe.name, "sheet": recipe.sheet, "title": recipe.title} for recipe in load_all()]
    if json:
        for row in rows:
            print_json(row)
    else:
        for line in columns([list(row.values()) for row in rows]):
            print(line)
    return 0


@app.command("show")
def show(name: Name, json: Json = False) -> int:
    """A sheet's figures, tasks and why-questions as comments, and its experiment: together a spec file."""
    with bad_input():
        from tui.lab.recipes import load

        recipe = load(name)
    if json:
        print_json(_table(recipe))
        return 0
    for line in _comments(recipe):
        print(f"# {line}".rstrip())
    print()
    print(recipe.spec.to_toml(), end="")
    return 0


@app.command("check")
def check(name: Name, data: Data = None, json: Json = False) -> int:
    """Train it, and hold what comes out against the printed figures. Exit status 1 where one is missed."""
    all_ok = True
    with bad_input(), progress_line():
        import dataclasses

        from tui.lab.errors import RunError
        from tui.lab.recipes.checking import check as check_recipe

        try:
            for figure in check_recipe(name, data, say=show_progress):
                show_progress("")
                all_ok = all_ok and figure.ok
                if json:
                    print_json(dataclasses.asdict(figure))
                else:
                    typer.echo(_compared(figure))
        except RunError as error:
            show_progress("")
            typer.echo(error_line(str(error)), err=True)
            return 1
    return 0 if all_ok else 1


def _compared(figure: "Figure") -> str:
    mark = typer.style("ok   ", fg="green") if figure.ok else typer.style("wrong", fg="red")
    within = f" within {figure.tolerance:g}" if figure.tolerance else ""
    asked = f"{figure.relation} {_plain(figure.expected)}{within}"
    return f"{mark}  {figure.figure}: {_plain(figure.got)}  ({asked})"


def _comments(recipe: "Recipe") -> list[str]:
    import textwrap

    lines = [f"{recipe.name}: {recipe.title}", f"sheet {recipe.sheet}", "", "FIGURES"]
    for figure in recipe.figures:
        values = figure.expected if isinstance(figure.expected, tuple) else (figure.expected,)
        expected = ", ".join(map(_plain, values))
        if figure.at_least is not None:
            expected = f"at least {figure.at_least:g}"
        elif figure.at_most is not None:
            expected = f"at most {figure.at_most:g}"
        elif figure.tolerance:
            expected += f" within {figure.tolerance:g}"
        if figure.samples is not None:
            expected += f" (with {figure.samples:,} training samples)"
        lines += textwrap.wrap(f"{figure.figure}: {expected}", 100, initial_indent="  ", subsequent_indent="    ")
    lines += ["", "TASKS"]
    for number, task in enumerate(recipe.tasks, start=1):
        lines.append(f"  {number}  {task.text}")
        lines += [f"     {place}" for place in task.where.split("; ")]  # one a line: commands are copied
    lines += ["", "WHY"]
    for question in recipe.questions:
        lines.append(f"  {question.question}")
        lines += textwrap.wrap(question.answer, 100, initial_indent="     ", subsequent_indent="     ")
    return lines


def _table(recipe: "Recipe") -> dict[str, Any]:
    import msgspec

    table: dict[str, Any] = msgspec.to_builtins(recipe)
    table["spec"] = recipe.spec.to_table()
    return table


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "nothing" if value is None else f"{value:.12g}"
