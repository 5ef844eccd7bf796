"""From launch to a trained network, by keys alone."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.support import bench, opened, runs_of, saying, small_spec, status_of, text_of, until
from tui.app.screens.base import BenchScreen
from tui.lab.spec import Spec

pytestmark = pytest.mark.usefixtures("no_maps")


async def test_three_keys_to_a_network_that_trains() -> None:
    app = bench()
    async with app.run_test(size=(80, 24)) as pilot:
        await saying(pilot, "Three keys to a trained network:  Enter   4   space")
        await pilot.press("enter", "4")
        await opened(pilot)
        await pilot.press("space")
        await until(pilot, lambda: runs_of(app).asked)
        assert runs_of(app).asked == [("start", "run")]
        assert runs_of(app).spec == Spec()
        await saying(pilot, "starting")


async def test_the_card_offers_three_ways_and_says_what_this_terminal_shows() -> None:
    app = bench()
    async with app.run_test(size=(80, 24)) as pilot:
        await saying(pilot, "start with")
        shown = text_of(app)
        for words in ("moons", "a lab sheet", "your file", "16 million colours: all drawings on.", "mlp-tui doctor"):
            assert words in shown
        assert "Nothing leaves this machine" in shown


async def test_a_lab_sheet_is_complete_enter_lands_on_train() -> None:
    app = bench()
    async with app.run_test(size=(80, 24)) as pilot:
        await saying(pilot, "start with")
        await pilot.press("R")
        await saying(pilot, "10-64-64-4, SGD 0.1, 40 epochs")
        await pilot.press("enter")
        await opened(pilot)
        assert app.current_mode == "train"
        assert app.session.recipe == "tp4"
        await pilot.press("space")
        await until(pilot, lambda: runs_of(app).asked)
        assert runs_of(app).spec.training.epochs == 40


async def test_the_card_leads_to_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wine.csv").write_text("a,b,class\n" + "".join(f"{k},{k % 7},{k % 2}\n" for k in range(60)))
    monkeypatch.chdir(tmp_path)
    app = bench()
    async with app.run_test(size=(80, 24)) as pilot:
        await saying(pilot, "start with")
        await pilot.press("o", "w")
        await saying(pilot, "wine.csv")
        await pilot.press("enter")
        await opened(pilot)
        assert app.session.spec.data.source == "wine.csv"
        assert app.session.spec.model.hidden == (32, 32)
        assert "standard scaling" in status_of(app)


async def test_an_experiment_from_the_shell_skips_the_card() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        assert isinstance(app.screen, BenchScreen)
        assert app.current_mode == "data"
        assert "moons is ready. Next: 2 Model" in status_of(app)


async def test_keys_pressed_before_the_first_screen_is_up_are_not_lost() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("4")
        await until(pilot, lambda: app.current_mode == "train")
        await opened(pilot)
        assert app.current_mode == "train"


def test_the_first_picture_does_not_wait_for_numpy() -> None:
    """What stands between the command and the first picture imports none of the heavy packages."""
    script = (
        "import sys; from pathlib import Path\n"
        "from tui.app.app import BenchApp; import tui.entry, tui.app.launch, tui.app.screens.opening\n"
        "BenchApp(None, runs_dir=Path('.'))\n"
        "print([name for name in ('numpy', 'plotext', 'typer', 'safetensors') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
