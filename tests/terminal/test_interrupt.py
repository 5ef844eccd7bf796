"""ctrl+c at a command: 130 and one line, whatever it was doing."""

import subprocess
from pathlib import Path

import pytest

from tests.terminal.terminal import Terminal
from tests.terminal.test_program import PROGRAM, environ
from tui.lab.runs import RunFolder

ENDLESS = ["--set", "training.epochs=1000000"]


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A table that takes seconds to read."""
    path = tmp_path / "large.csv"
    row = ",".join(["0.125"] * 12)
    path.write_text("\n".join([",".join("abcdefghijkl"), *[row] * 600_000]))
    return path


def interrupted(terminal: Terminal, *, signs: str = "") -> str:
    """What is left on the screen after ctrl+c, with the program gone."""
    if signs:
        terminal.wait_for(signs)
    terminal.send("ctrl+c")
    assert terminal.wait_exit(seconds=30) == 130, terminal.text
    assert terminal.is_as_before
    assert terminal.cursor_is_shown
    text = terminal.text.replace("^C", "").strip()
    assert "Traceback" not in text
    return text


def is_in(terminal: Terminal, what: str) -> None:
    """Waits until the program has read a module: it is at work then."""
    maps = Path(f"/proc/{terminal.process.pid}/maps")
    terminal.wait_until(lambda: what in maps.read_text(), f"{what} in use")


@pytest.mark.parametrize(
    "words",
    [
        ["data", "inspect"],
        ["find-lr", "--set", "training.batch_size=1", "--data"],
        ["train", "--json", "--data"],
    ],
)
def test_while_a_large_file_is_read(large: Path, runs_dir: Path, words: list[str]) -> None:
    with Terminal([*PROGRAM, *words, str(large)], environ=environ(MLP_TUI_RUNS_DIR=str(runs_dir))) as terminal:
        is_in(terminal, "numpy")
        assert len(interrupted(terminal).splitlines()) == 1


def test_while_gradients_are_checked() -> None:
    words = ["gradcheck", "--recipe", "tp4", "--set", "model.hidden=512,512"]
    with Terminal([*PROGRAM, *words], environ=environ()) as terminal:
        is_in(terminal, "numpy")
        assert interrupted(terminal).endswith("interrupted")


def test_while_a_run_is_followed_it_goes_on(runs_dir: Path) -> None:
    train = [*PROGRAM, "train", "--data", "moons", "--detach", "--runs-dir", str(runs_dir), *ENDLESS]
    folder = RunFolder(Path(subprocess.run(train, capture_output=True, text=True, env=environ()).stdout.strip()))
    try:
        for plain in ([], ["--plain"]):
            words = ["runs", "follow", "last", "--runs-dir", str(runs_dir), *plain]
            with Terminal([*PROGRAM, *words], size=(200, 24), environ=environ()) as terminal:
                text = interrupted(terminal, signs="samples")
                assert "left alone, it goes on" in text.splitlines()[-1], text
            assert folder.state() == "running"
    finally:
        folder.send("stop")
