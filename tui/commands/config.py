"""`mlp-tui config`: the file of somebody's own settings."""

from pathlib import Path
from typing import Annotated

import typer

from tui.commands.output import columns, error_line, print_json

app = typer.Typer(
    help="Your settings: keys, themes, glyphs. docs/configuration.md tells of them.", rich_markup_mode=None
)


@app.command("path")
def path() -> int:
    """Where the file is looked for, whether it is there or not."""
    from tui.app.config import config_path

    print(config_path())
    return 0


@app.command("show")
def show() -> int:
    """A complete file with every default, all of it commented out: a beginning for one of your own."""
    from tui.app.config_text import whole_file

    print(whole_file(), end="")
    return 0


@app.command("check")
def check(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Another file than `config path` says.")] = None,
) -> int:
    """Every mistake in the file, each with its line. Exit status 2 where there is one."""
    from tui.app.config import read_config

    config = read_config(file=file)
    for mistake in config.mistakes:
        typer.echo(error_line(mistake.say()), err=True)
    if config.mistakes:
        return 2
    assert config.file is not None
    typer.echo(f"{config.file}: {'no mistakes' if config.file.exists() else 'no such file, everything is as it comes'}")
    return 0


@app.command("keys")
def keys(json: Annotated[bool, typer.Option("--json", help="An object an action.")] = False) -> int:
    """Every action, its keys as they are with your file, and what it does."""
    from tui.app.config import read_config
    from tui.app.config_text import key_rows

    config = read_config()
    rows = key_rows(config)
    for mistake in config.mistakes:
        typer.echo(f"warning: {mistake.say()}", err=True)
    if json:
        from tui.app.actions import by_id

        for action_id, *_ in rows:
            print_json(
                {"action": action_id, "keys": list(config.keyboard.keys(action_id)), "help": by_id(action_id).help}
            )
        return 0
    for line in columns(rows):
        print(line)
    return 0
