"""Random keys, resizes and news on every screen: nothing crashes, and nothing holds the loop up."""

import gc
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlcore.gradcheck import GradientReport
from tests.app.soak import Soak, data_sets, in_folder
from tests.app.support import (
    NO_RUNS,
    bench,
    diverged,
    epochs,
    on_screen,
    opened,
    proof,
    small_spec,
    started,
    tensor_check,
    until,
)
from tests.app.test_runs import make_run, whole
from tests.app.watchdog import Watchdog
from tui.app.actions import SCREENS
from tui.app.app import BenchApp
from tui.app.services.data import DataService
from tui.lab.errors import LabError
from tui.lab.spec import for_file

SHORT, LONG = 150, int(os.environ.get("MLP_TUI_SOAK_KEYS", 10_000))
SEEDS = (1, 2, 3)


@pytest.fixture(autouse=True)
def _no_old_rubbish() -> Iterator[None]:
    """What other tests left behind is not looked through while a callback is timed."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _no_trainers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keys of the Runs screen start trainers, which would go on after the test."""

    def refuse(*_: Any, **__: Any) -> None:
        raise LabError("there is no processor left")

    monkeypatch.setattr("tui.app.services.run_deeds.launch", refuse)
    monkeypatch.setattr("tui.app.services.run_deeds.start_queue", refuse)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def runs_to_look_at(runs_dir: Path) -> None:
    make_run(runs_dir, "1120-1402-moons", *whole())
    make_run(runs_dir, "1120-1403-long", *whole(400))
    make_run(runs_dir, "1120-1404-gone", started(), *epochs(1, 3), state="running", pid=2**22 - 3)
    make_run(runs_dir, "1120-1405-wild", started(), *epochs(1, 3), diverged(), state="diverged")
    make_run(runs_dir, "1120-1406-waits", state="queued")
    make_run(runs_dir, "1120-1407-empty")
    make_run(runs_dir, "1120-1408-" + "long-name-" * 6, *whole(2))
    (runs_dir / "1120-1409-torn").mkdir()
    (runs_dir / "1120-1409-torn" / "spec.toml").write_text("seed = [")


def whole_bench(tmp_path: Path, screen: str, *, real: bool) -> BenchApp:
    """``real``: with the services that read data and draw maps in threads of their own."""
    runs_dir = tmp_path / "runs" if screen == "runs" else NO_RUNS
    if screen == "runs":
        runs_to_look_at(runs_dir)
    app = bench(None if screen == "opening" else small_spec(), runs_dir=runs_dir)
    if real:
        app.data = DataService(app)
    return app


async def soak(tmp_path: Path, screen: str, seed: int, count: int, *, real: bool) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "data").mkdir()
    specs = data_sets(tmp_path / "data")
    app = whole_bench(tmp_path, screen, real=real)
    watchdog = Watchdog()
    hand = Soak(app, watchdog, screen=screen, seed=seed, specs=specs)
    try:
        with in_folder(tmp_path / "here"):
            async with app.run_test(size=(120, 40)) as pilot:
                if screen != "opening":
                    await opened(pilot)
                with watchdog:
                    await hand.press(count)
                app.checks.cancel()
                await hand.go_home()
                await pilot.press("ctrl+q")  # it still answers
                await until(pilot, lambda: app._exit)
    except Exception:
        if not hand.broken:
            raise
        raise AssertionError(hand.broken) from None  # the application raises its own again on its way out
    print(f"{screen} {seed}: {hand.pressed} keys, the longest callback {1000 * watchdog.longest:.0f} ms")


@pytest.mark.parametrize("screen", [*SCREENS, "opening"])
async def test_random_keys(tmp_path: Path, no_maps: None, screen: str) -> None:
    await soak(tmp_path, screen, 0, SHORT, real=False)


@pytest.mark.slow
@pytest.mark.parametrize("screen", [*SCREENS, "opening"])
@pytest.mark.parametrize("seed", SEEDS)
async def test_many_random_keys(tmp_path: Path, screen: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # Most of the time goes into pictures that nobody sees: ten a second break as well as sixty.
    monkeypatch.setattr("textual.screen.UPDATE_PERIOD", 0.1)
    await soak(tmp_path, screen, seed, LONG, real=True)


@pytest.mark.slow
async def test_a_table_as_large_as_mnist_holds_nothing_up(tmp_path: Path, no_maps: None) -> None:
    dice = np.random.default_rng(0)
    np.savez(tmp_path / "large.npz", X=dice.integers(0, 255, (70_000, 28, 28), np.uint8), y=np.arange(70_000) % 10)
    spec = for_file(str(tmp_path / "large.npz"))
    app = bench(spec)
    app.data = DataService(app)
    async with app.run_test(size=(160, 44)) as pilot:
        with Watchdog() as watchdog:
            await until(pilot, lambda: app.session.data.prepared is not None, seconds=60)
            hand = Soak(app, watchdog, screen="data", seed=0, specs=[spec])
            await hand.press(300)
            await until(pilot, lambda: app.session.data.summary is not None or app.session.spec != spec, seconds=60)
        assert not watchdog.freezes, watchdog.freezes


@pytest.mark.slow
async def test_a_thousand_runs_hold_nothing_up(tmp_path: Path, no_maps: None) -> None:
    runs_dir = tmp_path / "runs"
    said = whole(3)
    for number in range(1000):
        make_run(runs_dir, f"1120-{number:04}-moons", *said, age=float(number))
    app = bench(small_spec(), runs_dir=runs_dir)
    with in_folder(tmp_path):
        async with app.run_test(size=(160, 44)) as pilot:
            await opened(pilot)
            with Watchdog() as watchdog:
                app.action_go("runs")
                await until(pilot, lambda: app.session.runs.total == 1000 and not app.session.runs.unread, seconds=60)
                hand = Soak(app, watchdog, screen="runs", seed=0, specs=[small_spec()])
                await hand.press(300)
            assert not watchdog.freezes, watchdog.freezes


async def test_a_check_with_many_kinks_holds_nothing_up(no_maps: None) -> None:
    tensor = tensor_check("0.weight", (512, 784), error=1e-3, ok=False)
    kinks = [(row, column) for row in range(512) for column in range(0, 784, 4)]
    report = GradientReport(
        [replace(tensor, kinks=len(kinks), kink_entries=kinks)], loss=2.3, eps=1e-5, rtol=1e-5, atol=1e-7, batch_size=32
    )
    app = bench(small_spec())
    async with app.run_test(size=(160, 44)) as pilot:
        await opened(pilot)
        screen = await on_screen(pilot, "gradients")
        with Watchdog() as watchdog:
            for fact in proof(report):
                app.post_fact(fact)
            await until(pilot, lambda: app.session.check.report is report)
            for key in ("w", "down", "right", "e", "G", "end", "tab", "j", "l", "pagedown", "e"):
                await pilot.press(key)
            await pilot.resize_terminal(80, 24)
            await pilot.pause()
        assert not watchdog.freezes, watchdog.freezes
        assert screen.is_current
