"""`mlp-tui config`, as a person runs it."""

import inspect
from pathlib import Path

from tests.cli.support import mlp_tui
from tui.app.actions import ACTIONS
from tui.commands.open import open_application
from tui.commands.run_deeds import attach


def test_path_show_and_check_of_a_file_that_is_begun_from_what_is_shown(runs_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    variables = {"MLP_TUI_CONFIG": str(file)}
    assert mlp_tui(runs_dir, "config", "path", **variables).out == f"{file}\n"
    shown = mlp_tui(runs_dir, "config", "show", **variables)
    assert (shown.status, shown.err) == (0, "")
    file.write_text(shown.out, encoding="utf-8")
    checked = mlp_tui(runs_dir, "config", "check", **variables)
    assert (checked.status, checked.out, checked.err) == (0, f"{file}: no mistakes\n", "")


def test_check_names_every_mistake_by_its_line(runs_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('mouse = 1\n[keys]\n"train.stpo" = "x"\n', encoding="utf-8")
    done = mlp_tui(runs_dir, "config", "check", str(file))
    assert (done.status, done.out) == (2, "")
    assert done.err.splitlines() == [
        f"error: {file}:1: mouse: expected true or false, received 1",
        f'error: {file}:3: keys."train.stpo": no such action; did you mean train.stop?',
    ]
    assert mlp_tui(runs_dir, "config", "check", str(tmp_path / "absent.toml")).status == 2
    nothing = mlp_tui(runs_dir, "config", "check", XDG_CONFIG_HOME=str(tmp_path / "empty"))
    assert nothing.status == 0
    assert "no such file" in nothing.out


def test_keys_lists_every_action_as_this_file_has_it(runs_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('keyboard = "azerty"\n[keys]\ntrain.stop = "ctrl+x"\nx = "y"\n', encoding="utf-8")
    done = mlp_tui(runs_dir, "config", "keys", MLP_TUI_CONFIG=str(file))
    assert done.status == 0
    assert done.err.startswith("warning: ")
    lines = {line.split()[0]: line for line in done.out.splitlines()}
    assert list(lines) == [action.id for action in ACTIONS]
    assert "ctrl+x" in lines["train.stop"]
    assert "(was x)" in lines["train.stop"]
    assert "1 &" in lines["app.data"]
    rows = mlp_tui(runs_dir, "config", "keys", "--json", MLP_TUI_CONFIG=str(file)).lines
    assert {row["action"]: row["keys"] for row in rows}["train.lr_down"] == ["comma", "left_square_bracket"]


def test_what_the_command_line_does_not_say_is_left_to_the_file() -> None:
    for command in (open_application, attach):
        options = inspect.signature(command).parameters
        assert (options["mouse"].default, options["glyphs"].default) == (None, None)


def test_training_without_a_screen_does_not_look_at_the_file(runs_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("no toml at all", encoding="utf-8")
    done = mlp_tui(runs_dir, "train", "--set", "training.epochs=1", MLP_TUI_CONFIG=str(file))
    assert done.status == 0
    assert "config" not in done.err
