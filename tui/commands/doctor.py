"""`mlp-tui doctor`: what this terminal and machine can do."""

import os
import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui.commands.experiment import RunsDir
from tui.commands.output import columns, print_json

if TYPE_CHECKING:
    from tui.app.doctor import Found


def doctor(
    runs_dir: RunsDir = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> int:
    """What this terminal and machine can do, and what to set.

    What is drawn follows from it: UTF-8 is taken for granted unless the first of LC_ALL, LC_CTYPE and LANG that is
    set says otherwise. Exit status 1 where the application cannot open.
    """
    from tui.app.doctor import advice, as_table, cannot_open, rows
    from tui.app.samples import samples

    found = look(runs_dir)
    if json:
        print_json(as_table(found))
        return 1 if cannot_open(found) else 0
    _say([list(row) for row in rows(found)])
    print()
    for line in samples(found.capabilities, colors=sys.stdout.isatty()):
        print(line)
    print()
    wanting = [[f"! {about}", words] for about, words in advice(found)]
    _say(wanting)
    if why := cannot_open(found):
        print(f"The application cannot open: {why}.")
        return 1
    if not wanting:
        print("All is well.")
    return 0


def _say(rows: list[list[str]]) -> None:
    """Two columns; on a terminal the second goes on below itself, between words."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 10_000
    indent = " " * (max((len(row[0]) for row in rows), default=0) + 2)
    for line in columns(rows):
        print(textwrap.fill(line, max(width - 1, 40), subsequent_indent=indent, break_on_hyphens=False))


def look(runs_dir: Path | None) -> "Found":
    """Asks the terminal, then looks at the machine while nobody waits for an answer."""
    from tui.app.asking import Answers, ask
    from tui.app.config import read_config
    from tui.app.doctor import Found
    from tui.app.plain import encoding_of
    from tui.installed import foreign_datasets
    from tui.lab.machine import look_at_folder, look_at_machine
    from tui.lab.runs import runs_dir as choose_runs_dir

    talks = sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")
    answers = ask(sys.stdin.fileno(), sys.stdout.fileno()) if talks else Answers()
    config = read_config(os.environ)
    return Found(
        environ=dict(os.environ),
        terminal=sys.stdin.isatty() or sys.stdout.isatty(),
        size=_size(),
        stream=encoding_of(sys.__stderr__),
        answers=answers,
        machine=look_at_machine(),
        runs=look_at_folder(choose_runs_dir(runs_dir)),
        config=config,
        has_config=config.file is not None and config.file.is_file(),
        foreign=foreign_datasets(),
    )


def _size() -> tuple[int, int] | None:
    for stream in (sys.stdout, sys.stdin, sys.stderr):
        try:
            size = os.get_terminal_size(stream.fileno())
        except (OSError, ValueError, AttributeError):
            continue
        if size.columns and size.lines:
            return size.columns, size.lines
    return None
