"""3 Gradients: the check of the network at hand, to its verdict or until it is cancelled."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from textual.widgets import DataTable

from mlcore.gradcheck import CheckProgress
from tests.app.support import (
    bench,
    gradient_report,
    line_of,
    on_screen,
    opened,
    proof,
    saying,
    small_spec,
    status_of,
    tensor_check,
    text_of,
    until,
)
from tui.app.facts import CheckEnded, CheckStarted
from tui.lab.recipes import load

SIZE = (120, 40)


async def test_a_real_check_runs_to_its_verdict() -> None:
    app = bench(small_spec("training.dtype=float64"))
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await on_screen(pilot, "gradients")
        assert "Nothing checked yet" in status_of(app)
        await pilot.press("space")
        await until(pilot, lambda: app.session.check.report is not None, seconds=30)
        assert app.session.check.report.ok  # type: ignore[union-attr]
        await saying(pilot, "All 7 gradients are right")
        assert "all 7 right" in status_of(app)
        assert "3 Gradients ✓" in text_of(app)
        for tensor in ("input", "0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias"):
            assert "✓ right" in line_of(app, f" {tensor} ")


async def test_the_detached_sigmoid_of_the_micrograd_sheet_is_flagged() -> None:
    app = bench(load("moons-2").spec, recipe="moons-2")
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await on_screen(pilot, "gradients")
        await pilot.press("space")
        await until(pilot, lambda: app.session.check.report is not None, seconds=30)
        assert not app.session.check.report.ok  # type: ignore[union-attr]
        await saying(pilot, "what is wrong")
        assert "3 Gradients ✗" in text_of(app)
        assert "tensors wrong" in status_of(app)
        assert "✗ wrong" in text_of(app)


async def test_a_check_can_be_cancelled_and_what_is_done_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, cancelled = threading.Event(), threading.Event()

    def steps(spec: Any, prepared: Any) -> Iterator[Any]:
        yield tensor_check("input", (32, 2))
        try:
            for done in range(100_000):
                yield CheckProgress(done, 100_000, "0.weight")
                go_on.wait(0.001)
        finally:
            cancelled.set()

    monkeypatch.setattr("tui.lab.gradients.check", steps)
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await on_screen(pilot, "gradients")
        await pilot.press("space")
        await saying(pilot, "checking …")
        await until(pilot, lambda: app.session.check.total == 100_000)
        assert "3 Gradients ●" in text_of(app)
        await pilot.press("space")  # one at a time
        await pilot.press("x")
        await until(pilot, lambda: app.session.check.cancelled)
        assert cancelled.wait(5)
        await saying(pilot, "cancelled after 1 tensors")
        assert "input" in text_of(app)


async def test_what_cannot_be_checked_is_said_in_words() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await on_screen(pilot, "gradients")
        app.dispatch(CheckStarted(1))
        app.dispatch(CheckEnded(1, error="the check could not be done: the loss is not finite"))
        await saying(pilot, "✗ the check could not be done: the loss is not finite")
        assert "3 Gradients ✗" in text_of(app)


@pytest.mark.parametrize("size", [SIZE, (80, 24)])
async def test_rows_lead_to_the_entry_and_w_to_the_worst(size: tuple[int, int]) -> None:
    report = gradient_report(error=0.9, ok=False)
    app = bench(small_spec())
    async with app.run_test(size=size) as pilot:
        await opened(pilot)
        await on_screen(pilot, "gradients")
        for fact in proof(report):
            app.dispatch(fact)
        await saying(pilot, "5 of 5 tensors wrong")
        table = app.screen.query_one(DataTable)
        await pilot.press("j")
        await saying(pilot, "worst entry  0.weight[8, 1]")
        await pilot.press("G")
        await until(pilot, lambda: table.cursor_row == 4)
        await pilot.press("w")
        await until(pilot, lambda: table.cursor_row == 0)
        await saying(pilot, "worst entry  input[16, 1]")
        assert "too large by a factor of 32" in text_of(app)


async def test_a_change_of_the_network_takes_its_proof_away() -> None:
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await on_screen(pilot, "gradients")
        for fact in proof():
            app.dispatch(fact)
        await saying(pilot, "3 Gradients ✓")
        app.change("training.epochs", 30)
        await pilot.pause()
        assert "3 Gradients ✓" in text_of(app)
        app.change("model.hidden", (8,))
        await until(pilot, lambda: "3 Gradients ✓" not in text_of(app))


async def test_a_network_that_cannot_be_built_is_not_checked() -> None:
    app = bench(small_spec("model.output=sigmoid"))
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await on_screen(pilot, "gradients")
        await pilot.press("space")
        await saying(pilot, "2 Model mends it")
        assert not app.session.check.running


async def test_a_tensor_that_could_not_be_judged_is_neither_right_nor_wrong() -> None:
    report = gradient_report()
    report.tensors[2] = replace(
        report.tensors[2], ok=False, unjudged=True, diagnosis="not judged: all 16 entries lie on a kink"
    )
    app = bench(small_spec())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        for fact in proof(report):
            app.dispatch(fact)
        await on_screen(pilot, "gradients")
        await saying(pilot, "all 16 entries lie on a kink")
        assert "1 of 5 not judged" in status_of(app)
        assert "! not judged" in line_of(app, " 0.bias ")
        assert "what is wrong" not in text_of(app)
