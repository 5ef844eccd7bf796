"""`mlp-tui data fetch`: a published set brought into the cache."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui.commands.output import bad_input, error_line, print_json

if TYPE_CHECKING:
    from rich.progress import TaskID

    from datasets.published import PublishedSet


def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A published set; `mlp-tui data list` names them.")],
    force: Annotated[bool, typer.Option("--force", help="Fetch it again, though it is here.")] = False,
    cache: Annotated[
        Path | None,
        typer.Option("--cache", metavar="DIR", help="Where sets are kept (or MLP_TUI_CACHE_DIR)."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="What is there in the end, as a JSON line.")] = False,
) -> int:
    """Fetch a published data set and print where it is. What was cut goes on where it stopped."""
    with bad_input():
        from datasets.fetch import FetchError
        from datasets.fetch import fetch as fetch_set
        from tui.lab.cache import cache_dir

        published = _find(name)
        watch = _watcher()
        try:
            fetched = fetch_set(published, cache_dir(cache), force=force, watch=watch)
        except FetchError as error:
            watch.close()
            typer.echo(error_line(str(error)), err=True)
            return 1
        except KeyboardInterrupt:
            watch.close()
            typer.echo("stopped: what has come is kept, the same command goes on from there", err=True)
            raise
        finally:
            watch.close()
    if json:
        print_json(fetched.summary())
        return 0
    how = "was here already, and is as published" if fetched.cached else "fetched, and as published"
    typer.echo(f"{published.name}: {how}; use it with --data {published.name}", err=True)
    typer.echo(f"{published.citation} ({published.licence})", err=True)
    print(fetched.path)
    return 0


def _find(name: str) -> "PublishedSet":
    """Raises LabError for a set that is not published, or needs no fetching."""
    import difflib

    from datasets import GENERATORS
    from datasets.published import PUBLISHED, published_name
    from tui.lab.errors import LabError

    if known := published_name(name):
        return PUBLISHED[known]
    if name in GENERATORS:
        raise LabError(f"{name}: is made on the spot, there is nothing to fetch: use it with --data {name}")
    close = difflib.get_close_matches(name.lower(), PUBLISHED, n=1)
    hint = f"did you mean {close[0]}? There are" if close else "there are"
    raise LabError(f"{name}: no such published set; {hint} {', '.join(PUBLISHED)}")


def _watcher() -> "Lines | Bar":
    return Bar() if sys.stderr.isatty() else Lines()


class Lines:
    """For a pipe or a log: a line at each tenth of a file."""

    def __init__(self) -> None:
        self.told: dict[str, int] = {}

    def progress(self, name: str, done: int, total: int) -> None:
        tenth = 10 * done // total
        if tenth > self.told.get(name, 0):
            typer.echo(f"{name}  {done / 1e6:,.1f} of {total / 1e6:,.1f} MB", err=True)
        self.told[name] = tenth

    def note(self, words: str) -> None:
        typer.echo(words, err=True)

    def close(self) -> None:
        """Nothing to put in order."""


class Bar:
    """A bar for each file, on stderr."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

        self.bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            DownloadColumn(),
            TimeRemainingColumn(compact=True),
            console=Console(stderr=True, highlight=False, markup=False),
        )
        self.tasks: dict[str, TaskID] = {}

    def progress(self, name: str, done: int, total: int) -> None:
        if name not in self.tasks:
            self.bars.start()
            self.tasks[name] = self.bars.add_task(name, total=total)
        self.bars.update(self.tasks[name], completed=done)

    def note(self, words: str) -> None:
        self.bars.console.print(words)

    def close(self) -> None:
        self.bars.stop()
