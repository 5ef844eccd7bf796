"""What every command says in the same way: data on stdout, messages and errors on stderr."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer


def error_line(message: str) -> str:
    """``error: <message>`` on one line, whatever the message holds."""
    return "error: " + " ".join(message.split())


def print_json(table: Mapping[str, Any]) -> None:
    """One JSON line; a number that is not finite is null."""
    print(json.dumps(_finite(table), ensure_ascii=False), flush=True)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value


@contextmanager
def bad_input() -> Iterator[None]:
    """Turns what a person can put right into one line on stderr and exit status 2."""
    try:
        yield
    except Exception as error:
        from tui.lab.build import USER_ERRORS  # not above: it brings NumPy, and most commands go well

        if not isinstance(error, USER_ERRORS):
            raise
        typer.echo(error_line(str(error)), err=True)
        raise typer.Exit(2) from None


def columns(rows: list[list[str]], gap: int = 2) -> Iterator[str]:
    """Rows of text as aligned lines; the last column runs on."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    for row in rows:
        cells = [cell.ljust(width + gap) for cell, width in zip(row[:-1], widths, strict=False)]
        yield "".join([*cells, row[-1]]).rstrip()
