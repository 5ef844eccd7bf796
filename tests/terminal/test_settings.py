"""The file of settings and the mouse, on a real terminal."""

from pathlib import Path

import pytest

from tests.terminal.test_program import program

MOUSE = (b"\x1b[?1000h", b"\x1b[?1002h", b"\x1b[?1003h", b"\x1b[?1005h", b"\x1b[?1006h", b"\x1b[?1015h", b"\x1b[?1016h")
"""How a program asks a terminal to say where the mouse is."""


@pytest.mark.parametrize(
    ("words", "settings", "asked"),
    [
        ((), "", True),
        (("--no-mouse",), "", False),
        ((), "mouse = false", False),
        (("--mouse",), "mouse = false", True),
    ],
)
def test_the_terminal_is_asked_for_the_mouse_or_left_alone(
    runs_dir: Path, tmp_path: Path, words: tuple[str, ...], settings: str, asked: bool
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(settings, encoding="utf-8")
    with program(runs_dir, "--data", "moons", *words, MLP_TUI_CONFIG=str(file)) as terminal:
        terminal.wait_for("moons is ready")
        terminal.send("4")
        terminal.wait_for("untrained")
        terminal.send("?")
        terminal.wait_for("Start, pause, resume")
        terminal.send("ctrl+q")
        assert terminal.wait_exit() == 0
        assert any(sequence in terminal.received for sequence in MOUSE) is asked


def test_a_file_with_a_mistake_opens_all_the_same_with_what_is_right(runs_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        'glyphs = "ascii"\n[keys]\n"train.stpo" = "x"\n"train.toggle" = "é"\n"app.quit" = "F10"\n', encoding="utf-8"
    )
    with program(runs_dir, "--data", "moons", MLP_TUI_CONFIG=str(file)) as terminal:
        terminal.wait_for('config.toml:3: keys."train.stpo": no such action; did you mean train.stop?')
        terminal.send("4")
        terminal.wait_for("e trains 100 epochs")  # as letters go there
        assert "2 Model ok" in terminal.text  # the glyphs that the file asks for
        terminal.send("ctrl+q", "é")
        terminal.wait_for("o training")
        terminal.send("\x1b[21~")  # F10
        assert terminal.wait_exit() == 0
        assert terminal.is_as_before


def test_a_french_keyboard(runs_dir: Path) -> None:
    with program(runs_dir, "--data", "moons", LANG="fr_FR.UTF-8") as terminal:
        terminal.wait_for("moons is ready")
        for key, words in (
            ("é", "hidden sizes"),
            ('"', "Nothing checked yet"),
            ("'", "untrained"),
            ("-", "No runs yet"),
        ):
            terminal.send(key)
            terminal.wait_for(words)
        terminal.send("&")
        terminal.wait_for("moons is ready")
        terminal.send("ctrl+q")
        assert terminal.wait_exit() == 0
