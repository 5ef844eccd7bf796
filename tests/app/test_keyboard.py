"""Which key does what: names of keys, the French profile, keys that were changed, and what is printed of them."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs
from textual.keys import _character_to_key as character_to_key

from tests.app.support import bench, on_screen, opened, saying, small_spec, text_of
from tests.app.test_actions import NEVER
from tests.app.test_runs import make_run, whole
from tui.app.actions import ACTIONS, FOCUSED, SCOPES, SCREENS, by_id, in_scope, show_key
from tui.app.config import Config
from tui.app.key_names import read_key, refusal
from tui.app.keyboard import AZERTY, LAYOUTS, NO_KEY, QWERTY, Keyboard, is_action, layout_of, shared_keys
from tui.app.session import DataState

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "tui" / "app"
FIXED = {"Enter", "Esc", "tab"}
"""Keys of fields and dialogs, which nobody can change."""


# Names


@pytest.mark.parametrize("character", [*string.ascii_letters, *string.digits, *string.punctuation, *"éèçà"])
def test_what_is_printed_of_a_key_names_it(character: str) -> None:
    assert read_key(character) == character_to_key(character)
    assert show_key(read_key(character)) == character
    assert read_key(f"ctrl+{character.lower()}") == f"ctrl+{character_to_key(character.lower())}"


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_key_of_the_registry_can_be_written_as_it_is_printed(action) -> None:  # type: ignore[no-untyped-def]
    for key in action.keys.split(","):
        assert read_key(key) == key
        assert read_key(show_key(key)) == key
        assert show_key(key).isprintable()


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("questionmark", "did you mean question_mark?"),
        ("spcae", "did you mean space?"),
        ("R,x", "several keys are a list"),
        ("shift+r", 'with shift a letter is written large: "R"'),
        ("crtl+x", "no such key"),
        ("ctrl+", "no such key"),
        ("nonsense", "no such key"),
        ("", "no such key"),
    ],
)
def test_what_names_no_key_is_refused_in_words(written: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        read_key(written)


@pytest.mark.parametrize(
    "key", [*sorted(NEVER), "alt+x", "ctrl+f3", "shift+f3", "tab", "shift+tab", "ctrl+c", "super+x"]
)
def test_keys_that_mean_something_else_are_refused_with_the_reason(key: str) -> None:
    assert refusal(key)


def test_the_registry_binds_nothing_that_it_refuses_to_others() -> None:
    assert not [action.id for action in ACTIONS for key in action.keys.split(",") if refusal(key)]


# Profiles


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, "qwerty"),
        ({"LANG": "fr_FR.UTF-8"}, "azerty"),
        ({"LANG": "fr_FR@euro"}, "azerty"),
        ({"LANG": "fr_BE"}, "azerty"),
        ({"LANG": "fr_CA.UTF-8"}, "qwerty"),
        ({"LANG": "fr_CH.UTF-8"}, "qwerty"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "fr_FR.UTF-8"}, "qwerty"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "C"}, "qwerty"),
        ({"LANG": "C", "LC_ALL": "fr_FR.UTF-8"}, "azerty"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": ""}, "azerty"),
    ],
)
def test_the_profile_that_a_locale_asks_for(environ: dict[str, str], wanted: str) -> None:
    assert layout_of(environ) == wanted


@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_two_actions_that_work_together_share_a_key_in_any_profile(layout) -> None:  # type: ignore[no-untyped-def]
    assert list(shared_keys(Keyboard(layout))) == []


def test_in_france_no_screen_needs_shift() -> None:
    keyboard = Keyboard("azerty")
    row = dict(zip("123456", "&é\"'(-", strict=True))
    for name in SCREENS:
        digit = QWERTY.shown(f"app.{name}")
        assert keyboard.all_shown(f"app.{name}") == f"{digit} {row[digit]}"
        assert keyboard.tab(f"app.{name}") == digit
    assert keyboard.shown("train.lr_down") + keyboard.shown("train.lr_up") == ",;"
    assert keyboard.keys("chart.zoom_out") == ("Z",)


def test_a_profile_takes_no_key_away_but_that_of_another() -> None:
    taken = {key for keys in AZERTY.values() for key in keys}
    for action_id, keys in AZERTY.items():
        assert set(QWERTY.keys(action_id)) - set(keys) <= taken, action_id


# Keys that were changed


def test_a_changed_key_is_shown_wherever_the_key_was() -> None:
    keyboard = Keyboard(changed={"train.toggle": ("b",), "app.help": ("f2",), "train.stop": ()})
    assert keyboard.shown("train.toggle") == "b"
    assert ("b", "start") in keyboard.line(("train", "app"))
    assert "stop" not in [label for _, label in keyboard.line(("train",))]
    assert keyboard.plain("‹train.toggle› trains, ‹app.help› helps, Enter enters") == "b trains, F2 helps, Enter enters"
    assert keyboard.resolve("‹train.toggle› or ‹Esc›") == "‹b› or ‹Esc›"
    assert keyboard.plain("‹train.stop› stops it") == "ctrl+p stop stops it"
    assert keyboard.keymap == {"train.toggle": "b", "app.help": "f2", "train.stop": NO_KEY}


def test_nothing_is_told_to_textual_where_nothing_is_changed() -> None:
    assert QWERTY.keymap == {}
    assert set(Keyboard("azerty").keymap) == set(AZERTY)


def test_the_scopes_that_meet_are_scopes() -> None:
    assert set(FOCUSED) == set(SCREENS)
    assert {scope for scopes in FOCUSED.values() for scope in scopes} <= set(SCOPES)


# Sentences


def sentences() -> Iterator[tuple[str, str]]:
    """Every string in the sources of the application that is no docstring: (file, words)."""
    for path in sorted(APP.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
                yield path.name, node.value


def marked() -> list[tuple[str, str]]:
    """What stands between ‹ and › in them."""
    return [(f"{file}: {words}", words) for file, text in sentences() for words in re.findall("‹([^‹›]+)›", text)]


@pytest.mark.parametrize(("where", "words"), marked())
def test_a_sentence_names_an_action_not_its_key(where: str, words: str) -> None:
    assert is_action(words) or words in FIXED, where


def test_there_are_sentences_to_look_at() -> None:
    assert len(marked()) > 40


def test_no_sentence_says_without_a_mark_what_a_key_does() -> None:
    naming = re.compile(r"\b(?:space|ctrl\+[a-z]|Delete) [a-z]+s\b")
    for file, words in sentences():
        assert not naming.search(words), (file, words)


@pytest.mark.parametrize("action_id", sorted({words for _, words in marked() if is_action(words)}))
def test_what_a_sentence_names_has_a_key_in_every_profile(action_id: str) -> None:
    assert by_id(action_id)
    for layout in LAYOUTS:
        assert Keyboard(layout).shown(action_id)


async def test_borders_and_panels_name_the_keys_that_work_now(no_maps: None, runs_dir: Path) -> None:
    make_run(runs_dir, "1120-1402-moons", *whole())
    changed = {"app.data": ("f2",), "runs.figure": ("f3",), "runs.log": ("f4",)}
    app = bench(small_spec(), runs_dir=runs_dir, config=Config(keyboard=Keyboard(changed=changed)))
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        app.session = structs.replace(app.session, data=DataState())
        await pilot.press("2")
        await saying(pilot, "from the data: F2 chooses some")
        assert "1 chooses" not in text_of(app)
        await on_screen(pilot, "runs")
        await saying(pilot, "F3 figure   F4 log")


# What is written outside the program


def test_every_key_in_the_readme_is_one_of_the_registry() -> None:
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Keys")[2].partition("\n## ")[0]
    rows = [line.split(" | ") for line in section.splitlines() if line.startswith("| ") and "---" not in line][1:]
    assert len(rows) > 8
    bound = {show_key(key) for action in ACTIONS for key in action.keys.split(",")} | FIXED
    for row in rows:
        scope = row[0].partition(":")[0].removeprefix("| on ").lower() if " on " in f" {row[0]}" else ""
        for key in re.findall("`([^`]+)`", row[0]):
            assert key in bound, row
            if scope in SCREENS:
                assert any(key in QWERTY.all_shown(action.id).split(" ") for action in in_scope(scope)), row


@pytest.mark.parametrize("path", sorted(path.name for path in (ROOT / "docs").glob("*.md")))
def test_every_action_that_the_docs_name_exists(path: str) -> None:
    text = (ROOT / "docs" / path).read_text(encoding="utf-8")
    named = re.findall(rf"\b((?:{'|'.join(SCOPES)})\.[a-z_]+)\b", "".join(re.findall(r"`[^`\n]+`", text)))
    meant = [name for name in named if name.partition(".")[0] not in ("data", "model", "runs")]
    assert not [name for name in meant if not is_action(name)]
