"""The one registry of actions: key bindings, the key line, the help screen and the palette are made from it.

An action's id names its scope and its method: ``train.stop`` is `action_train_stop` of whatever widget,
screen or application has the scope ``train``. To add one, add a row here and write that method.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from textual.binding import Binding, BindingType
from textual.keys import key_to_character

DIGITS = {"data": "1", "model": "2", "gradients": "3", "train": "4", "runs": "6"}
SCREENS = tuple(DIGITS)
"""The screens in the order of their digits."""

SCOPES = {
    "app": "everywhere",
    "data": "data",
    "model": "model",
    "gradients": "gradients",
    "train": "train",
    "runs": "runs",
    "form": "rows of a form (focused)",
    "list": "list (focused)",
    "table": "table (focused)",
    "curves": "curves (focused)",
    "chart": "chart or map (focused)",
    "images": "images (focused)",
}

FOCUSED = {
    "data": ("form", "table", "chart", "images"),
    "model": ("form",),
    "gradients": ("table",),
    "train": ("curves",),
    "runs": ("list", "curves"),
}
"""The scopes that can have the focus on a screen: their keys work together with the screen's."""


@dataclass(frozen=True)
class Action:
    """``keys`` as Textual names them, the first is the one shown; ``label`` is empty where the key line is silent."""

    id: str
    keys: str
    label: str
    help: str
    palette: bool = True

    @property
    def scope(self) -> str:
        return self.id.partition(".")[0]

    @property
    def method(self) -> str:
        return self.id.replace(".", "_")


ACTIONS: tuple[Action, ...] = (
    # Everywhere
    Action("app.data", "1", "", "Go to Data: choose, look, split, normalise"),
    Action("app.model", "2", "", "Go to Model: layers, loss, optimiser"),
    Action("app.gradients", "3", "", "Go to Gradients: prove backpropagation by differences"),
    Action("app.train", "4", "", "Go to Train: watch it learn"),
    Action("app.runs", "6", "", "Go to Runs: every run there is, compared"),
    Action("app.previous_screen", "H", "", "Previous screen", palette=False),
    Action("app.next_screen", "L", "", "Next screen", palette=False),
    Action("app.open", "o", "file", "Open a data file or folder"),
    Action("app.recipes", "R", "recipes", "Lab sheets: load one whole"),
    Action("app.write_spec", "W", "", "Write this experiment as a TOML file in the current folder"),
    Action("app.undo", "u", "", "Undo the last change of a setting"),
    Action("app.redo", "ctrl+r", "", "Redo what was undone"),
    Action("app.expand", "e", "expand", "Give the focused panel the whole screen, or give it back"),
    Action("app.freeze", "f", "freeze", "Freeze the picture, or let it go on; training goes on"),
    Action("app.redraw", "ctrl+l", "", "Draw the whole screen again"),
    Action("app.jump", "ctrl+o", "", "Jump: a letter on each panel, which goes there"),
    Action("app.filter", "slash", "filter", "Filter the list, table or form by words"),
    Action("app.copy", "c", "", "Copy what the panel shows, to the clipboard and a file"),
    Action("app.picture", "P", "", "Picture of the screen, as SVG and as text, written here"),
    Action("app.suspend", "ctrl+z", "", "Suspend: back to the shell; fg comes back here"),
    Action("app.back", "escape", "", "One step out: list, expanded panel", palette=False),
    Action("app.help", "question_mark,f1", "help", "Every key of this screen, and its words"),
    Action("app.palette", "ctrl+p", "", "Command palette: every action by name", palette=False),
    Action("app.quit", "ctrl+q", "", "Quit at once; a training run goes on without the screen", palette=False),
    # Data
    Action("data.next_features", "v", "features", "Next two features in the scatter"),
    Action("data.previous_features", "V", "", "Previous two features in the scatter"),
    Action("data.draw", "d", "draw", "Draw your own points"),
    Action("data.cancel", "x", "cancel", "Give up the reading; the former data stays"),
    # Model
    Action("model.add_layer", "a", "add layer", "Add a hidden layer as wide as the last"),
    Action("model.remove_layer", "backspace", "", "Remove the last hidden layer"),
    # Gradients
    Action("gradients.check", "space", "check", "Check every parameter and the input by central differences"),
    Action("gradients.cancel", "x", "cancel", "Stop the check; what is done stays"),
    Action("gradients.worst", "w", "worst", "Go to the tensor with the worst entry"),
    # Train
    Action("train.toggle", "space", "start", "Start, pause, resume; after the end as many epochs again"),
    Action("train.epoch", "n", "epoch", "Train one epoch, then pause"),
    Action("train.step", "s", "step", "Train one step (one batch), then pause"),
    Action("train.stop", "x", "stop", "Stop; the run and its weights are kept"),
    Action("train.resume", "r", "resume", "Take an ended run up again from its last checkpoint"),
    Action("train.lr_down", "left_square_bracket,comma", "lr", "Learning rate down, along 1-2-5"),
    Action("train.lr_up", "right_square_bracket,semicolon", "lr", "Learning rate up, along 1-2-5"),
    Action("train.slower", "less_than_sign", "pace", "Slower; after the end one snapshot back"),
    Action("train.faster", "greater_than_sign", "pace", "Faster; after the end one snapshot on"),
    Action("train.new_weights", "w", "new weights", "New weights: a fresh run from epoch 0"),
    Action("train.log", "y", "log", "Loss on a log scale, or plain"),
    Action("train.smooth", "m", "", "Smoothing of the curves: off, 0.6, 0.9"),
    Action("train.best", "b", "", "The crosshair on the best epoch"),
    Action("train.map", "d", "map", "Decision map on or off"),
    Action("train.next_features", "v", "features", "Next two features in the map"),
    Action("train.previous_features", "V", "", "Previous two features in the map"),
    Action("train.points", "p", "", "Points on the map: held out, of training, none"),
    # Runs
    Action("runs.mark", "space", "mark", "Mark up to six runs to compare, or unmark"),
    Action("runs.compare", "equals_sign", "compare", "Compare what is marked, or this run with the last"),
    Action("runs.unmark", "backspace", "", "Take every mark away"),
    Action("runs.resume", "r", "resume", "Take it up again from its last checkpoint"),
    Action("runs.stop", "x", "stop", "Stop it; the run and its weights are kept"),
    Action("runs.seeds", "S", "seeds", "Repeat it with other seeds: mean and spread"),
    Action("runs.name", "N", "name", "Give it another name"),
    Action("runs.tag", "T", "tag", "Give it tags; -tag takes one away"),
    Action("runs.note", "n", "note", "Write a note on it"),
    Action("runs.export", "E", "export", "Export figures, weights, settings, the comparison"),
    Action("runs.delete", "D", "delete", "Delete what is marked, or this run; asks first"),
    Action("runs.sort", "s", "sort", "Sort by time, name, state, loss, accuracy, lr"),
    Action("runs.fold", "M", "", "A group of seeds as one line, or its runs one by one"),
    Action("runs.figure", "v", "", "Compare another figure: losses, accuracies"),
    Action("runs.log", "y", "", "The comparison on a log scale, or plain"),
    Action("runs.smooth", "m", "", "Smoothing of the comparison: off, 0.6, 0.9"),
    # Rows of a form
    Action("form.down", "j,down", "choose", "Next row", palette=False),
    Action("form.up", "k,up", "choose", "Previous row", palette=False),
    Action("form.less", "h,left", "change", "Previous value, where it stands", palette=False),
    Action("form.more", "l,right", "change", "Next value, where it stands", palette=False),
    Action("form.enter", "enter", "type", "Type a value, open its list, or load the marked set", palette=False),
    Action("form.reset", "delete", "", "Set it back to what was opened, else to its default"),
    Action("form.first", "g,home", "", "First row", palette=False),
    Action("form.last", "G,end", "", "Last row", palette=False),
    Action("form.page_down", "pagedown", "", "A page down", palette=False),
    Action("form.page_up", "pageup", "", "A page up", palette=False),
    # Lists
    Action("list.enter", "enter", "open", "Open the run on Train, from its first epoch", palette=False),
    Action("list.down", "j,down", "", "Next line", palette=False),
    Action("list.up", "k,up", "", "Previous line", palette=False),
    Action("list.first", "g,home", "", "First line", palette=False),
    Action("list.last", "G,end", "", "Last line", palette=False),
    Action("list.page_down", "pagedown", "", "A page down", palette=False),
    Action("list.page_up", "pageup", "", "A page up", palette=False),
    # Tables
    Action("table.cursor_down", "j,down", "row", "Next row", palette=False),
    Action("table.cursor_up", "k,up", "row", "Previous row", palette=False),
    Action("table.cursor_left", "h,left", "columns", "Columns to the left", palette=False),
    Action("table.cursor_right", "l,right", "columns", "Columns to the right", palette=False),
    Action("table.scroll_top", "g,home", "", "First row", palette=False),
    Action("table.scroll_bottom", "G,end", "", "Last row", palette=False),
    Action("table.page_down", "pagedown", "", "A page down", palette=False),
    Action("table.page_up", "pageup", "", "A page up", palette=False),
    # Curves: one crosshair and one window for all charts of the screen
    Action("curves.left", "h,left", "cursor", "The crosshair back, on all charts", palette=False),
    Action("curves.right", "l,right", "cursor", "The crosshair on; at the edge the window moves", palette=False),
    Action("curves.page_left", "pageup", "", "The crosshair half a window back", palette=False),
    Action("curves.page_right", "pagedown", "", "The crosshair half a window on", palette=False),
    Action("curves.first", "g,home", "", "The crosshair on the first epoch", palette=False),
    Action("curves.last", "G,end", "", "The crosshair on the newest epoch, and along with it", palette=False),
    Action("curves.zoom_in", "z,plus", "", "Zoom in, around the crosshair or to the newest", palette=False),
    Action("curves.zoom_out", "Z,minus", "", "Out again, to the whole run at last", palette=False),
    Action("curves.whole", "0", "", "The whole run", palette=False),
    Action("curves.down", "j,down", "", "The next chart", palette=False),
    Action("curves.up", "k,up", "", "The chart before", palette=False),
    # Charts
    Action("chart.left", "h,left", "cursor", "The cursor to the left; at the edge the plane moves", palette=False),
    Action("chart.down", "j,down", "cursor", "The cursor down", palette=False),
    Action("chart.up", "k,up", "cursor", "The cursor up", palette=False),
    Action("chart.right", "l,right", "cursor", "The cursor to the right", palette=False),
    Action("chart.zoom_in", "z,plus", "zoom", "Zoom in, around the cursor"),
    Action("chart.zoom_out", "Z,minus", "zoom", "Zoom out"),
    Action("chart.whole", "0", "whole", "All of the plane"),
    # Images
    Action("images.left", "h,left", "image", "The image to the left", palette=False),
    Action("images.down", "j,down", "image", "The image below", palette=False),
    Action("images.up", "k,up", "image", "The image above", palette=False),
    Action("images.right", "l,right", "image", "The image to the right", palette=False),
    Action("images.next_class", "J,pagedown", "class", "Next class", palette=False),
    Action("images.previous_class", "K,pageup", "class", "Previous class", palette=False),
    Action("images.zoom", "enter", "zoom", "One image as large as fits, or all of them again"),
    Action("images.first", "g,home", "", "First image of the class", palette=False),
    Action("images.last", "G,end", "", "Last image of the class", palette=False),
)

_BY_ID = {action.id: action for action in ACTIONS}
_KEY_NAMES = {
    "question_mark": "?",
    "escape": "Esc",
    "enter": "Enter",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "comma": ",",
    "equals_sign": "=",
    "plus": "+",
    "minus": "-",
    "slash": "/",
    "semicolon": ";",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "home": "Home",
    "end": "End",
    "delete": "Delete",
    "insert": "Insert",
    "space": "space",
    "at": "@",
    "backslash": "\\",
    "underscore": "_",
}


def show_key(key: str) -> str:
    """A key as it is printed on a screen."""
    modifiers, plus, bare = key.rpartition("+")
    if bare in _KEY_NAMES:
        shown = _KEY_NAMES[bare]
    elif bare[:1] == "f" and bare[1:].isdigit():
        shown = bare.upper()
    else:
        character = key_to_character(bare) or ""
        shown = character if character.isprintable() and character else bare
    return f"{modifiers}{plus}{shown}"


def together(one: str, other: str) -> bool:
    """Whether the keys of two scopes can work at the same moment."""
    if one == other or "app" in (one, other):
        return True
    return other in FOCUSED.get(one, ()) or one in FOCUSED.get(other, ())


def in_scope(scope: str) -> Iterator[Action]:
    return (action for action in ACTIONS if action.scope == scope)


def by_id(action_id: str) -> Action:
    return _BY_ID[action_id]


def bindings(
    scope: str, *, namespace: str = "", methods: dict[str, str] | None = None, without: frozenset[str] = frozenset()
) -> list[BindingType]:
    """Textual's bindings of a scope. ``methods`` maps an id to a method that Textual already has, ``without`` are the
    ids that there is nothing to do for."""
    methods = methods or {}
    return [
        Binding(
            action.keys,
            namespace + methods.get(action.id, action.method),
            action.help,
            id=action.id,
            show=False,
            # A dialog takes every key but those that leave the application.
            priority=action.id in ("app.quit", "app.suspend"),
        )
        for action in in_scope(scope)
        if action.id not in without
    ]


def key_line(
    scopes: tuple[str, ...],
    *,
    without: frozenset[str] = frozenset(),
    shown: Callable[[Action], str],
) -> list[tuple[str, str]]:
    """(keys, label) pairs for the last row: neighbours with one label share it, as ``j k move``; help stands last.

    ``shown`` says how the key of an action is printed; an action without one is left out.
    """
    pairs: list[tuple[str, str]] = []
    for scope in scopes:
        for action in in_scope(scope):
            key = shown(action)
            if not action.label or not key or action.id in without or action.id == "app.help":
                continue
            if pairs and pairs[-1][1] == action.label:
                pairs[-1] = (f"{pairs[-1][0]} {key}", action.label)
            else:
                pairs.append((key, action.label))
    return pairs
