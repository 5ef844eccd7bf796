"""What the command palette offers: everything that a key does, on whatever screen, and all that has a name."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.binding import Binding
from textual.screen import Screen
from textual.widget import Widget

from tui.app.actions import ACTIONS, FOCUSED, SCREENS, Action
from tui.app.fitting import cut
from tui.app.literal import literal
from tui.app.reasons import why_not
from tui.app.screens.base import BenchScreen, scope_of

if TYPE_CHECKING:
    from tui.app.app import BenchApp

RECENT = 10
"""So many of the newest runs are offered."""
AT_ONCE = ("runs.filter", "runs.sort", "runs.figure", "runs.log", "runs.unmark")
"""What on Runs needs no run under a cursor that nobody has seen yet."""


@dataclass(frozen=True)
class Entry:
    """A line of the palette.

    Attributes:
        title: What it does.
        run: Does it.
        where: On which screen, or its state; right of the title.
        key: Its key, as it is printed.
        idle: Why it would do nothing now; "" where it does something.
        words: Other words by which it is found.
    """

    title: str
    run: Callable[[], Any]
    where: str = ""
    key: str = ""
    idle: str = ""
    words: str = ""


def entries(app: "BenchApp", screen: Screen, runs: list[Path] | None = None) -> list[Entry]:
    """All entries for a screen: what works on it first. ``runs`` are the folders of the newest runs."""
    return [
        *_actions(app, screen),
        *_settings(app),
        *_runs(app, runs or []),
        *_exports(app),
        *_files(app),
        *_recipes(app),
        *_themes(app),
        *_pictures(app),
    ]


# Actions


def _actions(app: "BenchApp", screen: Screen) -> Iterator[Entry]:
    here = screen.NAME if isinstance(screen, BenchScreen) else ""
    order = [here, *FOCUSED.get(here, ()), "app", *SCREENS, *{s for scopes in FOCUSED.values() for s in scopes}]
    rank = {scope: at for at, scope in reversed([*enumerate(order)])}
    for action in sorted(ACTIONS, key=lambda action: rank.get(action.scope, len(order))):
        if action.palette:
            yield _action(app, screen, action, here)


def _action(app: "BenchApp", screen: Screen, action: Action, here: str) -> Entry:
    idle = why_not(action.id, app.session)
    run: Callable[[], Any] | None
    if action.scope == "app":
        where, run = "everywhere", _deed(app, app, action)
    elif action.scope in SCREENS:
        where = f"on {action.scope.capitalize()}"
        run = _deed(app, screen, action) if action.scope == here else None
        if run is not None:
            if not idle and isinstance(screen, BenchScreen) and action.id in screen.idle_actions(app.session):
                idle = "nothing to do here now"
        else:  # another screen, or the card of the first launch
            run = _elsewhere(app, action)
    else:
        widget = _focused(screen, action.scope)
        where = "what has the focus"
        run = _deed(app, widget, action) if widget is not None else None
        idle = "" if run is not None else f"no {action.scope} has the focus"
    return Entry(
        action.help,
        run or app.action_app_back,
        where,
        app.keyboard.shown(action.id),
        idle,
        f"{action.label} {action.id}",
    )


def _deed(app: "BenchApp", target: Screen | Widget | App, action: Action) -> Callable[[], Any] | None:
    """What the action's key does to a target; None where it binds no such action."""
    for kind in type(target).__mro__:
        for binding in vars(kind).get("BINDINGS", ()):
            if isinstance(binding, Binding) and binding.id == action.id:
                return partial(app.run_action, binding.action, target)
    return None


def _focused(screen: Screen, scope: str) -> Widget | None:
    """What takes the keys of a scope now."""
    widget = screen.focused
    if widget is None or scope_of(widget) != scope:
        return None
    while getattr(widget, "SCOPE", "") != scope and isinstance(widget.parent, Widget):
        widget = widget.parent
    return widget


def _elsewhere(app: "BenchApp", action: Action) -> Callable[[], Any]:
    """Goes to the action's screen and does it there, unless it is meant for a run that one must see first."""

    def go() -> None:
        app.action_go(action.scope)
        if action.scope == "runs" and action.id not in AT_ONCE:
            app.notice(f"‹{action.id}› does it to the run under the cursor: {action.help[:1].lower()}{action.help[1:]}")
        else:
            app.screen.call_after_refresh(_do, app, action)

    return go


async def _do(app: "BenchApp", action: Action) -> None:
    deed = _deed(app, app.screen, action)
    if deed is not None:
        await deed()


# What has a name


def _settings(app: "BenchApp") -> Iterator[Entry]:
    from tui.app.widgets.settings import option_fields_of, screen_of, show, value_of
    from tui.lab.fields import FIELDS

    spec = app.session.spec
    fields = {**FIELDS, **{field.key: field for field, _ in option_fields_of(spec)}}
    for key, field in fields.items():
        if field.group == "experiment":  # its name is no row
            continue
        label = field.label.removeprefix("... ")
        title = f"{label[:1].upper()}{label[1:]}: set a value"
        now = cut(literal(show(field, value_of(key, spec)) or "none"), 16, app.glyphs.ellipsis)
        yield Entry(title, partial(app.go_to_setting, key), f"now {now}, on {screen_of(key).capitalize()}", words=key)


def _runs(app: "BenchApp", runs: list[Path]) -> Iterator[Entry]:
    shown = app.session.run.path if app.session.run is not None else None
    for path in runs:
        here = path == shown and app.session.run_is_of_this
        yield Entry(
            f"Run: {literal(path.name)}",
            partial(app.open_run, path),
            "open on Train",
            idle="it is open" if here and app.current_mode == "train" else "",
        )


def _exports(app: "BenchApp") -> Iterator[Entry]:
    from tui.app.services.run_deeds import EXPORTS

    run = app.session.run
    for what, label, words in EXPORTS:
        yield Entry(
            f"Export: {label}",
            partial(app.export_run, what),
            f"of {literal(run.name)}" if run is not None else "of the run at hand",
            idle="" if run is not None else "no run is open",
            words=words,
        )


def _files(app: "BenchApp") -> Iterator[Entry]:
    for path in app.session.files:
        name = literal(Path(path).name)
        here = path == app.session.spec.data.source and not app.session.data.error
        yield Entry(
            f"File: {name}",
            partial(_open_file, app, path),
            literal(str(Path(path).parent)),
            idle="it is open" if here else "",
        )


def _open_file(app: "BenchApp", path: str) -> None:
    from tui.lab.spec import for_file

    app.open_experiment(for_file(path))


def _recipes(app: "BenchApp") -> Iterator[Entry]:
    from tui.lab import recipes

    for recipe in recipes.load_all():
        run = partial(app.open_recipe, recipe)
        yield Entry(f"Recipe: {recipe.name}", run, recipe.title, words=f"lab sheet {recipe.sheet}")


def _pictures(app: "BenchApp") -> Iterator[Entry]:
    for suffix, words in ((".svg", "SVG"), (".txt", "plain text")):
        run = partial(app.action_app_picture, suffix)
        yield Entry(f"Picture of the screen as {words} alone", run, "everywhere", words="screenshot")


def _themes(app: "BenchApp") -> Iterator[Entry]:
    for name, theme in sorted(app.available_themes.items()):
        yield Entry(
            f"Theme: {literal(name)}",
            partial(setattr, app, "theme", name),
            "dark" if theme.dark else "light",
            idle="it is on" if name == app.theme else "",
            words="colours",
        )
