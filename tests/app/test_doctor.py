"""What is found, in words, and what to set."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tui.app.asking import Answers, ask
from tui.app.capabilities import GLYPH_MODES, LOCALE_VARIABLES, SMALLEST, Capabilities, found_line
from tui.app.config import Config, Mistake
from tui.app.doctor import ALL_PANELS, Found, advice, as_table, cannot_open, rows
from tui.app.keyboard import Keyboard
from tui.app.samples import samples
from tui.lab.machine import Folder, Machine, look_at_folder, look_at_machine

GOOD = Found(
    environ={"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "en_US.UTF-8"},
    terminal=True,
    size=(120, 36),
    stream="utf-8",
    answers=Answers(True, 0.004, 1, True),
    machine=Machine("3.11.2", "2.4.0", "openblas 0.3", 2, 2, 4_000_000_000),
    runs=Folder(Path("/home/me/runs"), True, 80_000_000_000, "ext4"),
)


def found(*, environ: dict[str, str] | None = None, **changes: Any) -> Found:
    """A good terminal with some changes; an empty value takes a variable away."""
    merged = {**GOOD.environ, **(environ or {})}
    return replace(GOOD, environ={name: value for name, value in merged.items() if value}, **changes)


def test_nobody_is_asked_where_there_are_no_terminals_of_this_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "termios", None)
    assert ask(0, 1) == Answers()


def test_nothing_to_set_where_all_is_well() -> None:
    assert list(advice(GOOD)) == []
    assert cannot_open(GOOD) == ""
    said = dict(rows(GOOD))
    assert said["characters"] == "UTF-8: LANG=en_US.UTF-8; the terminal draws UTF-8"
    assert said["colours"] == "16 million colours: COLORTERM=truecolor"
    assert said["round trip"] == "4.0 ms"
    assert said["machine"] == "2 processors, 4 GB of memory free"
    assert said["runs"] == "/home/me/runs: writable, 80 GB free, ext4"


SSH = {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}


@pytest.mark.parametrize(
    ("case", "about", "words"),
    [
        (found(environ={"LC_ALL": "C"}), "characters", "the terminal draws UTF-8: export LC_ALL=C.UTF-8"),
        (found(environ={"LANG": "C"}, answers=Answers()), "characters", "as nearly all do: export LANG=C.UTF-8"),
        (found(stream="iso8859-1"), "characters", "PYTHONIOENCODING"),
        (found(answers=Answers(True, 0.004, 3)), "characters", "export LC_ALL=C"),
        (found(answers=Answers(True, 0.004, 2)), "characters", "another font"),
        (found(environ={"LANG": ""}, answers=Answers()), "characters", "export LANG=C.UTF-8"),
        (found(environ={"COLORTERM": "", "TERM": "xterm"}), "colours", "export TERM=xterm-256color"),
        (found(environ={"COLORTERM": "", "TERM": "screen", "TMUX": "x"}), "colours", "default-terminal tmux-256color"),
        (found(environ={"COLORTERM": "", "TERM": "screen"}), "colours", "term screen-256color"),
        (found(environ={"COLORTERM": "", **SSH}), "colours", "export COLORTERM=truecolor (ssh passes it with SendEnv"),
        (found(environ={"NO_COLOR": "1"}), "colours", "unset NO_COLOR"),
        (found(size=(52, 14)), "size", "at least 60x18"),
        (found(answers=Answers(True, 0.3, 1, True)), "round trip", "--low-bandwidth"),
        (found(answers=Answers(True)), "round trip", "ESC[6n"),
        (found(runs=Folder(Path("/x"), False, 10**10, "")), "runs", "MLP_TUI_RUNS_DIR"),
        (found(runs=Folder(Path("/x"), True, 10**8, "")), "runs", "make room"),
        (found(environ={"TERM": "dumb"}, answers=Answers()), "terminal", "TERM=xterm-256color"),
        (found(environ={"TERM": ""}), "terminal", "TERM=xterm-256color"),
        (found(foreign="/site/datasets"), "datasets", "an environment of its own"),
    ],
)
def test_what_to_set(case: Found, about: str, words: str) -> None:
    said = dict(advice(case))
    assert words in said[about]
    assert all("\n" not in line for line in said.values())
    table = as_table(case)
    assert {"about": about, "set": said[about]} in table["advice"]


@pytest.mark.parametrize(
    ("config", "environ", "words"),
    [
        (Config(), {}, "qwerty: LANG=en_US.UTF-8"),
        (Config(), {"LANG": ""}, "qwerty: neither LC_ALL nor LANG is set"),
        (Config(keyboard=Keyboard("azerty")), {"LC_ALL": "fr_FR.UTF-8"}, "azerty: LC_ALL=fr_FR.UTF-8"),
        (Config(layout="auto", keyboard=Keyboard("azerty")), {"LANG": "fr_BE"}, "azerty: LANG=fr_BE"),
        (Config(layout="azerty", keyboard=Keyboard("azerty")), {}, "azerty: the file of settings says so"),
        (
            Config(keyboard=Keyboard("qwerty", {"app.undo": ("ctrl+u",)})),
            {},
            "qwerty: LANG=en_US.UTF-8; 1 action with keys of your own",
        ),
    ],
)
def test_the_keyboard_and_why(config: Config, environ: dict[str, str], words: str) -> None:
    case = found(environ=environ, config=config)
    assert dict(rows(case))["keyboard"] == words
    table = as_table(case)
    assert f"{table['keyboard']}: {table['keyboard_because']}" == words


def test_the_file_of_settings() -> None:
    file = Path("/home/me/config.toml")
    assert dict(rows(GOOD))["settings"] == "no file"
    assert dict(rows(found(config=Config(file))))["settings"] == f"no file {file}"
    mistakes = (Mistake(file, 3, "glyph: no such setting"), Mistake(file, 9, "another"))
    case = found(config=Config(file, glyphs="block", low_bandwidth=True, mistakes=mistakes), has_config=True)
    assert dict(rows(case))["settings"] == str(file)
    assert dict(rows(case))["drawings"] == "block: the file of settings says so"
    assert dict(advice(case))["settings"] == "config.toml:3: glyph: no such setting (1 more: mlp-tui config check)"
    assert as_table(case)["config_mistakes"][1] == f"{file}:9: another"
    assert "round trip" not in dict(advice(replace(case, answers=Answers(True, 0.3, 1, True)))), "it is on already"


@pytest.mark.parametrize(
    ("case", "why"),
    [
        (found(environ={"TERM": "dumb"}), "cannot place the cursor"),
        (found(foreign="/site/datasets"), "/site/datasets"),
        (found(machine=replace(GOOD.machine, numpy="")), "NumPy"),
        (found(terminal=False, size=None, answers=Answers()), ""),
        (found(size=(20, 5)), ""),
        (found(runs=Folder(Path("/x"), False, None, "")), ""),
    ],
)
def test_where_the_application_cannot_open(case: Found, why: str) -> None:
    assert why in cannot_open(case)
    assert bool(cannot_open(case)) == bool(why)
    assert as_table(case)["opens"] == (not why)


def test_why_a_variable_does_not_count_is_said() -> None:
    case = found(environ={"LANG": "C", "LC_CTYPE": "C.UTF-8"})
    assert dict(rows(case))["characters"].startswith("ASCII only: LANG=C (LC_CTYPE=C.UTF-8 beside it is what Python")


def test_the_console_of_linux_is_told_why_it_gets_letters() -> None:
    case = found(environ={"TERM": "linux", "COLORTERM": ""})
    said = dict(rows(case))
    assert said["drawings"] == "ascii: the console's font has no braille; --glyphs block may do"
    assert "colours" not in dict(advice(case)), "there are no more than sixteen"


@pytest.mark.parametrize(
    ("capabilities", "round_trip", "line"),
    [
        (Capabilities(colors="256", remote=True), 0.038, "UTF-8, 256 colours, 38 ms away: all drawings on"),
        (Capabilities(), 0.001, "UTF-8, 16 million colours: all drawings on"),
        (Capabilities(), 0.05, "UTF-8, 16 million colours, 50 ms away: all drawings on"),
        (Capabilities(remote=True), None, "UTF-8, 16 million colours: all drawings on"),
        (Capabilities(glyphs="block", colors="16"), None, "UTF-8, 16 colours: drawings of blocks"),
        (Capabilities(False, "none", "ascii"), None, "ASCII, no colours: drawings of letters"),
    ],
)
def test_one_line_for_the_first_launch(capabilities: Capabilities, round_trip: float | None, line: str) -> None:
    assert found_line(capabilities, round_trip) == line
    assert len(line) <= 54, "it fits the card"


def test_what_decides_is_documented() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "terminals.md").read_text(encoding="utf-8")
    for name in (*LOCALE_VARIABLES, "SSH_CONNECTION", "NO_COLOR", "COLORTERM", "TEXTUAL_COLOR_SYSTEM", *GLYPH_MODES):
        assert name in text or name.upper() in text, name
    assert "x".join(map(str, SMALLEST)) in text
    assert "x".join(map(str, ALL_PANELS)) in text


def test_samples() -> None:
    lines = list(samples(Capabilities(colors="256"), colors=True))
    assert [line.split()[0] for line in lines[:4]] == ["braille", "block", "ascii", "classes"]
    assert "\x1b[38;5;75m● 0\x1b[0m" in lines[3]
    assert "\x1b" not in "".join(samples(Capabilities(), colors=False))
    assert "\x1b" not in "".join(samples(Capabilities(colors="none"), colors=True))
    assert "".join(samples(Capabilities(False, "16", "ascii"), colors=True)).isascii()
    assert "\x1b[94mO 0" in "".join(samples(Capabilities(False, "16", "ascii"), colors=True))


def test_this_machine(tmp_path: Path) -> None:
    machine = look_at_machine()
    assert machine.cpus >= 1
    assert machine.numpy
    there = look_at_folder(tmp_path / "not" / "yet")
    assert there.writable
    assert there.free
    assert not (tmp_path / "not").exists(), "nothing is made"
    (tmp_path / "file").write_text("x")
    assert not look_at_folder(tmp_path / "file" / "runs").writable
