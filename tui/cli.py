"""The command line: `mlp-tui`. Thin, and quick to start: each command imports what it needs when it runs."""

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tui.app.plain import fit_streams
from tui.commands import calc, config, data, doctor, export, gradcheck, iterate, looks, recipes, runs, stability
from tui.commands.open import open_application
from tui.commands.output import error_line
from tui.commands.train import train
from tui.installed import foreign_datasets

# typer has carried click inside itself for some versions and asked for it in others.
_ClickException: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


class OpenByDefault(TyperGroup):
    """Takes `open` for granted where the first word is no command: `mlp-tui moons.toml`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("--help", "--version")):
            args = ["open", *args]
        return super().parse_args(ctx, args)

    # typer would end without a word.

    def make_context(self, *words: Any, **more: Any) -> Any:
        with _interrupted_in_one_line():
            return super().make_context(*words, **more)

    def invoke(self, ctx: Any) -> Any:
        with _interrupted_in_one_line():
            return super().invoke(ctx)


@contextlib.contextmanager
def _interrupted_in_one_line() -> Iterator[None]:
    """For a command that says nothing of ctrl+c itself."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("interrupted", err=True)
        raise typer.Exit(130) from None


app = typer.Typer(
    cls=OpenByDefault,
    help="The lab bench for learning and teaching neural networks in a terminal.",
    epilog="EXPERIMENT is [SPEC.toml] [--recipe NAME] [--data X] [--set KEY=VALUE ...] everywhere.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("open")(open_application)
app.command("train")(train)
app.command("gradcheck")(gradcheck.gradcheck)
app.command("find-lr")(looks.find_lr)
app.command("trace")(looks.trace)
app.command("time")(looks.time)
app.command("iterate")(iterate.iterate)
app.command("stability")(stability.stability)
app.command("export")(export.export)
app.command("doctor")(doctor.doctor)
app.add_typer(calc.app, name="calc")
app.add_typer(config.app, name="config")
app.add_typer(data.app, name="data")
app.add_typer(recipes.app, name="recipes")
app.add_typer(runs.app, name="runs")


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"mlp-tui {version('mlp-tui')}")
        except PackageNotFoundError:
            typer.echo("mlp-tui (a checkout, not installed)")
        raise typer.Exit()


@app.callback()
def root(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    if ctx.invoked_subcommand != "doctor" and (other := foreign_datasets()):
        typer.echo(
            error_line(
                f'{other}: another package called "datasets" stands in the place of ours '
                "(Hugging Face's has the same name): install mlp-tui into an environment of its own"
            ),
            err=True,
        )
        raise typer.Exit(2)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command. Returns 0 done, 1 failed, 2 bad usage or bad input, 130 interrupted."""
    fit_streams(sys.stdout, sys.stderr)  # what a terminal lacks is shown in ASCII forms, never as a traceback
    command = typer.main.get_command(app)
    try:
        status = command.main(list(sys.argv[1:] if argv is None else argv), "mlp-tui", standalone_mode=False)
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except _ClickException as error:
        typer.echo(error_line(error.format_message() + _where_to_look(error)), err=True)
        return 2
    except (typer.Abort, KeyboardInterrupt):
        typer.echo("interrupted", err=True)
        return 130
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _where_to_look(error: Any) -> str:
    context = getattr(error, "ctx", None)
    return f" (see {context.command_path} --help)" if context is not None else ""
