"""The one registry: every action can be pressed, is explained, and does something."""

import re
from itertools import combinations

import pytest
from textual.binding import Binding

from tui.app.actions import ACTIONS, DIGITS, SCOPES, SCREENS, bindings, by_id, in_scope, show_key
from tui.app.app import BenchApp
from tui.app.charts.image_sheet import ImageSheet
from tui.app.charts.scatter_cursor import ScatterCursor
from tui.app.keyboard import QWERTY
from tui.app.screens.data import DataScreen
from tui.app.screens.gradients import GradientsScreen
from tui.app.screens.looking import Looking
from tui.app.screens.model import ModelScreen
from tui.app.screens.runs import RunsScreen
from tui.app.screens.train import TrainScreen
from tui.app.widgets.curves_panel import CurvesPanel
from tui.app.widgets.form import FormRows
from tui.app.widgets.run_table import RunTable
from tui.app.widgets.table import Table

OWNERS: dict[str, type] = {
    "app": BenchApp,
    "data": DataScreen,
    "model": ModelScreen,
    "gradients": GradientsScreen,
    "train": TrainScreen,
    "runs": RunsScreen,
    "form": FormRows,
    "table": Table,
    "images": ImageSheet,
    "chart": ScatterCursor,
    "curves": CurvesPanel,
    "list": RunTable,
}
DOERS: dict[str, type] = {"curves": Looking}
"""Where the keys of a scope are those of one class and what they do is another's."""
LEANED_ON = {
    "app.data": "1",
    "app.model": "2",
    "app.gradients": "3",
    "app.train": "4",
    "app.runs": "6",
    "app.help": "question_mark,f1",
    "app.palette": "ctrl+p",
    "app.quit": "ctrl+q",
    "app.undo": "u",
    "app.redo": "ctrl+r",
    "app.open": "o",
    "app.recipes": "R",
    "app.write_spec": "W",
    "app.expand": "e",
    "app.previous_screen": "H",
    "app.next_screen": "L",
    "gradients.check": "space",
    "gradients.cancel": "x",
    "gradients.worst": "w",
    "train.toggle": "space",
    "train.epoch": "n",
    "train.step": "s",
    "train.stop": "x",
    "train.lr_down": "left_square_bracket,comma",
    "train.lr_up": "right_square_bracket,semicolon",
    "train.slower": "less_than_sign",
    "train.faster": "greater_than_sign",
    "train.new_weights": "w",
    "train.resume": "r",
    "list.enter": "enter",
    "runs.mark": "space",
    "runs.compare": "equals_sign",
    "runs.resume": "r",
    "runs.stop": "x",
    "runs.seeds": "S",
    "runs.name": "N",
    "runs.tag": "T",
    "runs.export": "E",
    "runs.delete": "D",
    "app.filter": "slash",
    "app.jump": "ctrl+o",
    "app.copy": "c",
    "app.picture": "P",
    "app.suspend": "ctrl+z",
    "train.log": "y",
    "train.map": "d",
    "data.next_features": "v",
    "data.previous_features": "V",
    "train.next_features": "v",
    "train.previous_features": "V",
    "model.add_layer": "a",
    "model.remove_layer": "backspace",
    "form.down": "j,down",
    "form.up": "k,up",
    "form.less": "h,left",
    "form.more": "l,right",
    "form.enter": "enter",
}
"""Keys that scripts and hands lean on."""
NEVER = {"ctrl+s", "ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m", "ctrl+a", "ctrl+b", "f11"}
"""Other keys in a terminal's eyes, or taken by screen, tmux and text fields."""


def keys(action_id: str) -> list[str]:
    return by_id(action_id).keys.split(",")


def test_ids_are_unique() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_action_has_a_key_a_line_of_help_and_a_method(action) -> None:  # type: ignore[no-untyped-def]
    assert all(action.keys.split(","))
    assert action.help
    assert "\n" not in action.help
    assert action.scope in SCOPES
    owner = DOERS.get(action.scope, OWNERS[action.scope])
    own = {"app.palette": "command_palette", "app.quit": "quit", "app.help": "app_help"}
    names = [action.method, own.get(action.id, ""), action.id.partition(".")[2]]
    assert any(callable(getattr(owner, f"action_{name}", None)) for name in names if name)


@pytest.mark.parametrize("scope", OWNERS)
def test_what_a_scope_binds_it_can_do(scope: str) -> None:
    """The method that each binding names exists, so that no key is silently dead."""
    owner = OWNERS[scope]
    bound = [binding for binding in owner.BINDINGS if isinstance(binding, Binding) and binding.id]
    # Charts and images have a way out of their own, by the key that comes out everywhere.
    out = {"app.back"} if scope in ("chart", "images") else set()
    assert {binding.id for binding in bound} == {action.id for action in in_scope(scope)} | out
    doer = DOERS.get(scope, owner)
    for binding in bound:
        name = binding.action.removeprefix("app.").removeprefix("screen.")
        assert hasattr(doer, f"action_{name}"), binding.action


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("focus", ["form", "list", "table", "curves", "chart", "images", ""])
def test_no_two_actions_that_work_together_share_a_key(screen: str, focus: str) -> None:
    together = [action for scope in (screen, focus, "app") if scope for action in in_scope(scope)]
    for one, other in combinations(together, 2):
        shared = set(one.keys.split(",")) & set(other.keys.split(","))
        assert not shared, f"{one.id} and {other.id} both take {shared}"


@pytest.mark.parametrize(("action_id", "wanted"), LEANED_ON.items())
def test_the_keys_that_scripts_lean_on(action_id: str, wanted: str) -> None:
    assert set(wanted.split(",")) <= set(keys(action_id))


def test_keys_that_terminals_give_another_meaning_are_never_bound() -> None:
    taken = {key for action in ACTIONS for key in action.keys.split(",")}
    assert not taken & NEVER
    assert not [key for key in taken if key.startswith("alt+") or re.fullmatch(r"(shift|ctrl)\+f3", key)]


def test_no_single_letter_quits() -> None:
    assert keys("app.quit") == ["ctrl+q"]


def test_only_screens_that_exist_have_a_digit() -> None:
    digits = {key for action in ACTIONS for key in action.keys.split(",") if key.isdigit() and key != "0"}
    assert digits == set(DIGITS.values())
    assert set(SCREENS) <= set(BenchApp.MODES)


def test_bindings_carry_the_ids_by_which_keys_can_be_changed() -> None:
    for binding in bindings("train"):
        assert isinstance(binding, Binding)
        assert binding.id is not None
        assert by_id(binding.id).help == binding.description


def test_the_key_line_joins_neighbours_and_leaves_out_what_is_idle() -> None:
    pairs = QWERTY.line(("form", "train", "app"), without=frozenset({"train.stop"}))
    assert pairs[0] == ("j k", "choose")
    assert ("< >", "pace") in pairs
    assert ("[ ]", "lr") in pairs
    assert not [label for _, label in pairs if label in ("stop", "help")]


@pytest.mark.parametrize(
    ("key", "shown"), [("question_mark", "?"), ("escape", "Esc"), ("ctrl+q", "ctrl+q"), ("j", "j")]
)
def test_keys_as_they_are_printed(key: str, shown: str) -> None:
    assert show_key(key) == shown


def test_every_key_is_printed_in_words_people_know() -> None:
    for action in ACTIONS:
        for key in action.keys.split(","):
            assert "_" not in show_key(key), key
