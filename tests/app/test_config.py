"""The file of settings: what is right in it is kept, what is wrong is named by its line."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.color import Color

from tests.app.support import bench, keys_of, on_screen, opened, runs_of, saying, small_spec, status_of, text_of, until
from tui.app.actions import ACTIONS, show_key
from tui.app.config import CHOICES, COLOURS, NAMES, VARIABLE, Config, config_path, read_config
from tui.app.config_text import SETTINGS, whole_file
from tui.app.key_names import TAKEN, read_key
from tui.app.keyboard import AZERTY, QWERTY, Keyboard, shared_keys
from tui.app.theme import BENCH, BENCH_LIGHT

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
WIDE = (120, 36)
GOOD = """
theme = "evening"
glyphs = "block"
keyboard = "azerty"
mouse = false
low_bandwidth = true

[keys]
"train.toggle" = "B"
train.stop = ["ctrl+x", "?"]
"train.log" = []
"app.help" = "F2"

[themes.evening]
dark = false
accent = "#ff8700"
background = "white"
"""


def read(tmp_path: Path, text: str | bytes, **environ: str) -> Config:
    file = tmp_path / "config.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_config(environ, file)


def said(config: Config) -> list[str]:
    return [mistake.say("config.toml") for mistake in config.mistakes]


# Where it is


def test_where_the_file_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config_path({}) == tmp_path / "mlp-tui" / "config.toml"
    assert config_path({"MLP_TUI_CONFIG": str(tmp_path / "mine.toml")}) == tmp_path / "mine.toml"
    assert config_path({"MLP_TUI_CONFIG": ""}) == tmp_path / "mlp-tui" / "config.toml"
    assert read_config({}).mistakes == ()  # nobody needs one
    (mistake,) = read_config({"MLP_TUI_CONFIG": str(tmp_path / "mine.toml")}).mistakes
    assert mistake.say() == f"{tmp_path / 'mine.toml'}: no such file"


def test_no_file_is_as_it_comes() -> None:
    config = read_config({})
    assert (config.theme, config.glyphs, config.mouse, config.low_bandwidth) == ("", "", None, None)
    assert config.keyboard == QWERTY
    assert config.complaint == ""


# What is right


def test_everything_it_can_say(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD)
    assert said(config) == []
    assert (config.theme, config.glyphs, config.mouse, config.low_bandwidth) == ("evening", "block", False, True)
    assert config.keyboard.layout == "azerty"
    assert config.keyboard.changed == {
        "train.toggle": ("B",),
        "train.stop": ("ctrl+x", "question_mark"),
        "train.log": (),
        "app.help": ("f2",),
    }
    (theme,) = config.themes
    assert (theme.name, theme.dark, theme.accent, theme.background) == ("evening", False, "#ff8700", "white")
    assert theme.error == BENCH_LIGHT.error  # what it leaves out


def test_the_locale_decides_where_the_file_does_not(tmp_path: Path) -> None:
    assert read(tmp_path, "", LANG="fr_FR.UTF-8").keyboard.layout == "azerty"
    assert read(tmp_path, 'keyboard = "auto"', LANG="fr_FR.UTF-8").keyboard.layout == "azerty"
    assert read(tmp_path, 'keyboard = "qwerty"', LANG="fr_FR.UTF-8").keyboard.layout == "qwerty"
    assert read_config({"LANG": "fr_BE.UTF-8"}).keyboard.layout == "azerty"


def test_keys_may_change_places(tmp_path: Path) -> None:
    config = read(
        tmp_path, '[keys]\n"app.quit" = "ctrl+r"\n"app.redo" = "ctrl+q"\n"train.epoch" = "s"\n"train.step" = "n"'
    )
    assert said(config) == []
    assert config.keyboard.shown("app.quit") == "ctrl+r"
    assert config.keyboard.shown("train.step") == "n"


def test_the_printed_file_is_complete_and_changes_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, whole_file()) == Config(file=tmp_path / "config.toml")
    bare = re.sub(r'(?m)^# (?=[\["]|theme = |[a-z_]+ = (?:["t]|f))', "", whole_file())
    config = read(tmp_path, bare)
    assert said(config) == []
    assert {action.id for action in ACTIONS} == set(config.keyboard.changed)
    assert all(config.keyboard.keys(action.id) == QWERTY.keys(action.id) for action in ACTIONS)
    assert [theme.accent for theme in config.themes] == [BENCH.accent]
    assert {name for name, *_ in SETTINGS} | {"keys", "themes"} == set(NAMES)
    assert max(map(len, whole_file().splitlines())) <= 120


# What is wrong


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('theem = "nord"', "config.toml:1: theem: no such setting; did you mean theme?"),
        (
            '\ntheme = "nordd"',
            'config.toml:2: theme: expected the name of a theme, received "nordd"; did you mean nord?',
        ),
        ("theme = 3", "config.toml:1: theme: expected the name of a theme, received 3"),
        (
            'glyphs = "brail"',
            'config.toml:1: glyphs: expected auto, braille, block or ascii, received "brail"; did you mean braille?',
        ),
        ('mouse = "no"', 'config.toml:1: mouse: expected true or false, received "no"'),
        ("low_bandwidth = 1", "config.toml:1: low_bandwidth: expected true or false, received 1"),
        ("keys = 3", "config.toml:1: keys: expected a table, [keys], received 3"),
        (
            '[keys]\n\n"train.stpo" = "x"',
            'config.toml:3: keys."train.stpo": no such action; did you mean train.stop?',
        ),
        (
            '[keys]\nstop = "k"',
            "config.toml:2: keys.stop: no such action; did you mean train.stop or runs.stop?",
        ),
        (
            '[keys]\ntrain.stop = [\n"x",\n"spcae"]',
            'config.toml:4: keys."train.stop": "spcae": no such key; did you mean space?',
        ),
        (
            '[keys]\n"train.stop" = 3',
            'config.toml:2: keys."train.stop": expected a key, as "x" or "ctrl+x", received 3',
        ),
        (
            '[keys]\n"train.stop" = "ctrl+m"',
            'config.toml:2: keys."train.stop": "ctrl+m" cannot be given to an action: to a terminal it is Enter',
        ),
        (
            '[keys]\n"train.stop" = "up"',
            'config.toml:2: keys."train.stop": "up" cannot be given to an action: it moves in what has the focus',
        ),
        ('[keys]\n"app.quit" = []', 'config.toml:2: keys."app.quit": quitting needs a key'),
        (
            "[themes.mine]\naccent = 3",
            'config.toml:2: themes.mine.accent: expected a colour, as "#0e1116" or "navy", received 3',
        ),
        (
            '[themes.mine]\nacent = "red"',
            "config.toml:2: themes.mine.acent: no such colour of a theme; did you mean accent?",
        ),
        (
            "[themes.nord]\ndark = true",
            "config.toml:1: themes.nord: there is a theme of this name: choose another name",
        ),
        ("a = = 1", "config.toml:1: no TOML: invalid value"),
        ('theme = "nord"\n\n[keys', "config.toml:3: no TOML: expected ']' at the end of a table declaration"),
        (b'theme = "nord"\n# caf\xe9', "config.toml:2: expected text in UTF-8"),
        (b'theme = "nord"\r\nmouse = 2\r\n', "config.toml:2: mouse: expected true or false, received 2"),
    ],
)
def test_a_mistake_is_named_by_its_line(tmp_path: Path, text: str, wanted: str) -> None:
    assert said(read(tmp_path, text)) == [wanted]


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (mistake,) = read_config({}, tmp_path).mistakes
    assert mistake.words == "Is a directory"


def test_an_escape_in_the_file_does_not_reach_the_terminal(tmp_path: Path) -> None:
    (words,) = said(read(tmp_path, 'theme = "\\u001b[2J"'))
    assert "\x1b" not in words


@pytest.mark.parametrize("key", ["q", "Q", "space", "?", "é"])
def test_no_single_character_quits(tmp_path: Path, key: str) -> None:
    config = read(tmp_path, f'[keys]\n"app.quit" = "{key}"')
    assert "must not be typed by chance" in said(config)[0]
    assert config.keyboard.keys("app.quit") == ("ctrl+q",)


def test_a_key_that_two_would_take_names_both_and_keeps_the_first(tmp_path: Path) -> None:
    config = read(tmp_path, '[keys]\n"train.log" = "B"\n"train.map" = "B"\n"train.stop" = "ctrl+q"\n"app.redo" = "j"')
    clashes = said(config)
    assert clashes[0].startswith('config.toml:3: keys."train.map": "B" is the key of train.log')
    assert clashes[1].startswith('config.toml:4: keys."train.stop": "ctrl+q" is the key of app.quit')
    assert clashes[2].startswith('config.toml:5: keys."app.redo": "j" is the key of')
    assert dict(config.keyboard.changed) == {"train.log": ("B",)}


def test_screens_that_are_never_up_together_may_share_a_key(tmp_path: Path) -> None:
    config = read(tmp_path, '[keys]\n"train.stop" = "B"\n"gradients.cancel" = "B"\n"model.add_layer" = "v"')
    assert said(config) == []


def test_the_first_mistake_and_how_many_more(tmp_path: Path) -> None:
    assert read(tmp_path, "mouse = 1").complaint == "config.toml:1: mouse: expected true or false, received 1"
    many = read(tmp_path, 'mouse = 1\ntheme = 2\n[keys]\nx = "y"')
    assert many.complaint.endswith("received 1 (2 more: mlp-tui config check)")


ids = st.sampled_from([action.id for action in ACTIONS])
written = st.sampled_from(
    ["x", "b", "ctrl+x", "F2", "?", "é", "&", "Esc", "Enter", "up", "ctrl+q", "j", "z", "-", "nonsense"]
)


@given(st.dictionaries(ids, st.lists(written, max_size=3), max_size=12), st.sampled_from(["qwerty", "azerty"]))
def test_whatever_is_asked_for_what_is_left_works(
    tmp_path_factory: pytest.TempPathFactory, keys: dict[str, list[str]], layout: str
) -> None:
    lines = [
        f'keyboard = "{layout}"',
        "[keys]",
        *(f'"{name}" = {value!r}'.replace("'", '"') for name, value in keys.items()),
    ]
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    config = read_config({}, file)
    assert list(shared_keys(config.keyboard)) == []
    assert config.keyboard.keys("app.quit")
    for name, value in keys.items():
        if name not in config.keyboard.changed:
            assert any(f'"{name}"' in mistake.words for mistake in config.mistakes), name
        elif not value:
            assert config.keyboard.shown(name) == ""
    assert all(3 <= mistake.line <= len(lines) for mistake in config.mistakes)


@given(st.binary(max_size=80))
def test_no_file_ends_in_a_traceback(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "bytes.toml"
    file.write_bytes(content)
    for mistake in read_config({}, file).mistakes:
        assert mistake.say().isprintable()


# In the application


def configured(**changes: Any) -> Config:
    return Config(keyboard=Keyboard("qwerty", changes.pop("keys", {})), **changes)


async def test_a_changed_key_does_it_and_is_shown_everywhere(no_maps: None) -> None:
    keys = {
        "train.toggle": ("B",),
        "app.train": ("f4",),
        "app.help": ("f2",),
        "form.down": ("n", "down"),
        "train.stop": ("ctrl+x",),
        "table.cursor_down": ("n",),
    }
    app = bench(small_spec(), config=configured(keys=keys))
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        assert "F4 then B trains it" in status_of(app)
        assert "F4 Train" in text_of(app).splitlines()[0]
        assert keys_of(app).endswith("F2 help")
        assert keys_of(app).startswith("n k choose")
        before = app.focused.cursor  # type: ignore[union-attr]
        await pilot.press("j")
        await pilot.pause()
        assert app.focused.cursor == before  # type: ignore[union-attr]
        await pilot.press("n")
        await until(pilot, lambda: app.focused.cursor == before + 1)  # type: ignore[union-attr]
        await pilot.press("4", "question_mark")
        await pilot.pause()
        assert app.current_mode == "data"
        assert len(app.screen_stack) == 1
        await pilot.press("f4")
        await until(pilot, lambda: app.current_mode == "train" and "B trains 20 epochs" in status_of(app))
        assert "  B start  " in keys_of(app)
        assert text_of(app).count("B trains 20 epochs") == 2  # the reading's panel, the status line
        await pilot.press("space")
        await pilot.pause()
        assert runs_of(app).asked == []
        await pilot.press("B")
        await until(pilot, lambda: runs_of(app).asked == [("start", "run")])
        await pilot.press("f2")
        await saying(pilot, "CURVES (FOCUSED)")
        assert re.search(r"B +Start, pause, resume", text_of(app))
        await pilot.press("G")
        await saying(pilot, "THIS KEYBOARD")
        await pilot.press("f2")
        await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_an_action_without_a_key_is_left_to_the_palette(no_maps: None) -> None:
    app = bench(small_spec(), config=configured(keys={"train.log": (), "app.expand": ()}))
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        screen = await on_screen(pilot, "train")
        assert "expand" not in keys_of(app)
        await pilot.press("y", "e")
        await pilot.pause()
        assert not screen.query_one("#body").has_class("-expanded")


async def test_quitting_by_another_key() -> None:
    app = bench(small_spec(), config=configured(keys={"app.quit": ("f10",)}))
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("escape")
        await saying(pilot, "F10 quits")
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert app.is_running
        await pilot.press("question_mark")
        await saying(pilot, "EVERYWHERE")
        await pilot.press("f10")  # in a dialog too
        await until(pilot, lambda: not app.is_running)


async def test_keys_of_the_french_profile() -> None:
    app = bench(small_spec(), config=Config(keyboard=Keyboard("azerty")))
    async with app.run_test(size=(120, 80)) as pilot:
        await opened(pilot)
        for key, name in (("é", "model"), ("quotation_mark", "gradients"), ("apostrophe", "train"), ("minus", "runs")):
            await pilot.press(key)
            await until(pilot, lambda name=name: app.current_mode == name)
        await pilot.press("ampersand")
        await until(pilot, lambda: app.current_mode == "data")
        await pilot.press("4")  # with shift, as before
        await until(pilot, lambda: app.current_mode == "train")
        assert ", ; lr" in keys_of(app)
        await pilot.press("question_mark")
        await saying(pilot, "EVERYWHERE")  # below the keys of curves
        assert re.search(r"4 ' +Go to Train", text_of(app))
        await pilot.press("G")
        await saying(pilot, "THIS KEYBOARD")


async def test_a_theme_of_ones_own(tmp_path: Path) -> None:
    config = read(tmp_path, '[themes.mine]\naccent = "#ff8700"\n')
    app = bench(small_spec(), config=Config(theme="mine", themes=config.themes))
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        assert app.theme == "mine"
        accent = Color.parse(app.theme_variables["accent"])  # Textual rounds on its way through HSL
        assert max(abs(a - b) for a, b in zip(accent.rgb, (0xFF, 0x87, 0), strict=True)) <= 1
        assert app.theme_variables["background"].lower() == BENCH.background


@pytest.mark.parametrize("first_launch", [True, False])
async def test_a_mistake_is_said_and_the_application_opens_all_the_same(tmp_path: Path, first_launch: bool) -> None:
    config = read(tmp_path, 'theme = "nord"\nmouse = 1\n[keys]\n"train.stpo" = "x"\n"app.undo" = "ctrl+u"')
    app = bench(None if first_launch else small_spec(), config=config)
    async with app.run_test(size=WIDE) as pilot:
        await saying(pilot, "config.toml:2: mouse: expected true or false, received 1 (1 more: mlp-tui config check)")
        assert app.theme == "nord"
        assert app.keyboard.shown("app.undo") == "ctrl+u"
        await pilot.press("2")
        await until(pilot, lambda: app.current_mode == "model" and "config.toml" not in text_of(app))


# What the docs say of it


def test_the_docs_name_every_setting_every_choice_and_every_colour() -> None:
    named = set(re.findall(r"`([^`\n]+)`", DOCS))
    choices = {choice for known in CHOICES.values() for choice in known}
    assert set(NAMES) | set(COLOURS) | choices | {"dark", "bench", "bench-light", VARIABLE} <= named
    rows = re.findall(r"^\| `(\w+)` \| .* \| (?:the one chosen last, else )?`(.+)` \|$", DOCS, re.MULTILINE)
    assert rows == [(name, default.strip('"')) for name, default, _ in SETTINGS]


def test_the_docs_name_every_key_that_is_refused() -> None:
    named = {
        read_key(word) for word in re.findall(r"`([^`\n]+)`", DOCS) if re.fullmatch(r"tab|shift.*|ctrl.*|F11", word)
    }
    assert set(TAKEN) <= named


def test_the_file_in_the_docs_has_no_mistake(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", DOCS, re.DOTALL)
    config = read(tmp_path, example)
    assert said(config) == []
    assert config.theme == "evening"
    assert set(config.keyboard.changed) == {"train.toggle", "app.expand", "train.log"}


def test_the_mistakes_in_the_docs_are_said_in_these_words(tmp_path: Path) -> None:
    (wanted,) = re.findall(r"```\n(config\.toml:.*?)```", DOCS, re.DOTALL)
    text = '\n\n[keys]\n"train.stpo" = "B"\n"train.log" = "v"\n"app.undo" = "ctrl+h"\n'
    assert said(read(tmp_path, text)) == wanted.splitlines()


def test_the_docs_name_the_keys_of_the_french_profile() -> None:
    section = DOCS.partition("### AZERTY")[2].partition("\n## ")[0]
    for keys in AZERTY.values():
        assert all(f"`{show_key(key)}`" in section for key in keys if not key.isdigit()), keys
