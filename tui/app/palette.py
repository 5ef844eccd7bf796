"""What the command palette offers: every action that a key does here, and every lab sheet."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult, SystemCommand
from textual.command import CommandList, CommandPalette
from textual.screen import Screen

from tui.app.actions import ACTIONS
from tui.app.screens.base import BenchScreen
from tui.app.screens.closing import ClosesOnce
from tui.app.widgets.options import Options

if TYPE_CHECKING:
    from tui.app.app import BenchApp


class Commands(CommandList, Options):
    """The rows of the palette."""


class Palette(ClosesOnce, CommandPalette):
    """Textual's, which several keys in one moment do not break."""

    def compose(self) -> ComposeResult:
        for widget in super().compose():
            yield Commands() if isinstance(widget, CommandList) else widget

    def _refresh_command_list(self, *rows: Any) -> None:
        """What was looked for comes after the palette has gone."""
        if not self._dismissed and self.query(CommandList):
            super()._refresh_command_list(*rows)


def commands(app: "BenchApp", screen: Screen) -> Iterator[SystemCommand]:
    """The entries for a screen, in the order of the registry."""
    current = screen.NAME if isinstance(screen, BenchScreen) else ""
    for action in ACTIONS:
        if not action.palette or action.scope not in ("app", current):
            continue
        target: Any = app if action.scope == "app" else screen
        method = getattr(target, f"action_{action.method}", None)
        if method is not None:
            # In round brackets: square ones are markup to the palette, and [/] ends what was never begun.
            yield SystemCommand(f"{action.help}  ({action.shown_key})", _where(action.scope), method)
    from tui.lab import recipes

    for name in recipes.names():
        yield SystemCommand(
            f"Recipe: {name}", "load this lab sheet", lambda name=name: app.open_recipe(recipes.load(name))
        )


def _where(scope: str) -> str:
    return "everywhere" if scope == "app" else f"on {scope.capitalize()}"
