"""What large screens add, and what a setting goes back to."""

from pathlib import Path

import numpy as np
import pytest

from mlcore.gradcheck import TensorCheck
from mlcore.metrics import r2_score
from tests.app.support import bench, keys_of, on_screen, opened, saying, small_spec, text_of, typed, until
from tui.app.own_unit import rmse
from tui.app.own_values import own_value, put_back
from tui.app.services import run_deeds
from tui.app.services.pairs import PairRequest, count_pairs, features_for
from tui.app.services.weight_bins import BinsRequest, bin_weights
from tui.app.session import Session
from tui.app.widgets.entry_table import EntryTable, worst_first
from tui.app.widgets.table import Table
from tui.lab.build import network, prepare
from tui.lab.chosen_options import chosen_option_fields
from tui.lab.gradients import check
from tui.lab.recipes import load
from tui.lab.runlist import read_row
from tui.lab.runs import create_run
from tui.lab.spec import Spec


def test_the_cells_of_pairs_count_every_sample_and_r_is_numpy_s() -> None:
    prepared = prepare(load("tp4").spec)
    found = count_pairs(PairRequest(prepared, (0, 1, 2), 9, 5))
    X = prepared.view[prepared.split.train][:, :3]
    assert found.spread.sum(axis=1).tolist() == [len(X)] * 3
    np.testing.assert_allclose(found.correlation[1, 0], np.corrcoef(X[:, 0], X[:, 1])[0, 1], atol=1e-12)
    assert set(found.marks) == {(1, 0), (2, 0), (2, 1)}
    assert {int(k) for k in np.unique(found.marks[1, 0])} <= {-1, 0, 1, 2, 3}


def test_both_features_that_are_shown_are_in_the_matrix() -> None:
    varied = tuple(range(1, 50))
    assert features_for((1, 2), varied, 4) == (1, 2, 3, 4)
    for shown in ((1, 49), (30, 31), (48, 49), (7, 20)):
        found = features_for(shown, varied, 4)
        assert set(shown) <= set(found)
        assert list(found) == sorted(found)
        assert len(found) <= 4


def test_every_weight_lies_in_a_bin() -> None:
    net = network(small_spec(), 2, 2)
    layers = bin_weights(BinsRequest(net, 20))
    assert [layer.name for layer in layers] == ["0.weight", "2.weight", "4.weight"]
    weights = net.state_dict()
    for layer in layers:
        assert layer.drawn.sum() == weights[layer.name].size
        assert layer.drawn_sd == pytest.approx(float(weights[layer.name].std()), rel=1e-5)
        assert layer.trained is None


def test_the_entries_of_a_tensor_stand_the_worst_first() -> None:
    spec = small_spec()
    tensors = [step for step in check(spec, prepare(spec)) if isinstance(step, TensorCheck)]
    for tensor in tensors:
        assert len(tensor.compared) == tensor.checked
        order = worst_first(tensor)
        errors = [float(tensor.errors[tensor.compared[at]]) for at in order]
        known = [error for error in errors if error == error]
        assert known == sorted(known, reverse=True)
        assert tensor.analytics is not None
        at = tensor.compared.index(tensor.worst_index)
        assert tensor.analytics[at] == tensor.analytic


async def test_entries_have_the_keys_they_say_and_a_filter_of_their_own(no_maps: None) -> None:
    app = bench(small_spec())
    async with app.run_test(size=(160, 44)) as pilot:
        await opened(pilot)
        screen = await on_screen(pilot, "gradients")
        await pilot.press("space")
        await until(pilot, lambda: app.session.check.report is not None, seconds=60)
        table = screen.query_one(EntryTable)
        await until(pilot, lambda: table.order)
        assert "h l columns" in keys_of(app), "the table of tensors goes sideways"
        table.focus()
        await until(pilot, lambda: "columns" not in keys_of(app))
        assert "j k row" in keys_of(app)
        await pilot.press("h", "l", "j")
        assert table.row == 1
        everything = len(table.order)
        await pilot.press("slash")
        await typed(pilot, "[0, right")
        await until(pilot, lambda: 0 < len(table.order) < everything)
        assert {table._tensor.compared[at][0] for at in table.order} == {0}
        await pilot.press("escape", "escape")
        await until(pilot, lambda: len(table.order) == everything)
        assert len(screen.query_one(Table).shown_rows) == len(screen.query_one(Table).all_rows)


async def test_large_screens_show_pairs_weights_and_entries() -> None:
    app = bench(load("tp4").spec, recipe="tp4")
    async with app.run_test(size=(160, 44)) as pilot:
        await opened(pilot)
        await saying(pilot, "pairs of 4 features")
        await on_screen(pilot, "model")
        await saying(pilot, "0.weight  σ")
        await pilot.resize_terminal(159, 44)
        await until(pilot, lambda: "0.weight  σ" not in text_of(app))


# What Delete gives


def test_a_sheet_s_own_value_comes_back() -> None:
    spec = load("tp4").spec
    session = Session(spec=spec.with_value("model.hidden", (8,)), opened=spec, recipe="tp4")
    assert own_value("model.hidden", session) == ((64, 64), "the sheet's")
    assert put_back("model.hidden", session) == spec


def test_what_was_opened_comes_back_and_in_other_data_the_default() -> None:
    opened_spec = small_spec("model.hidden=7", "training.lr=0.3")
    session = Session(spec=opened_spec.with_value("training.lr", 0.9), opened=opened_spec)
    assert put_back("training.lr", session) == opened_spec
    other = Session(spec=opened_spec.with_value("data.source", "circles"), opened=opened_spec)
    assert own_value("training.lr", other) == (Spec().training.lr, "the default")


@pytest.mark.parametrize("schedule", ["step", "multistep", "one_cycle", "warmup", "reduce_on_plateau", "cosine"])
def test_options_of_a_schedule_have_fields_whose_defaults_change_nothing(schedule: str) -> None:
    spec = small_spec(f"training.schedule={schedule}")
    fields = [(field, default) for field, default in chosen_option_fields(spec) if "schedule" in field.key]
    assert fields
    for field, default in fields:
        said = spec.with_value(field.key, default)
        assert not said.problems(), field.key
        session = Session(spec=said, opened=spec)
        assert put_back(field.key, session) == spec


async def test_options_appear_with_their_choice() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(120, 50)) as pilot:
        await opened(pilot)
        screen = await on_screen(pilot, "model")
        assert "... gamma" not in text_of(app)
        app.change("training.schedule", "step")
        await saying(pilot, "... gamma")
        screen.go_to("training.schedule_options.gamma")
        await pilot.press("l")
        await until(pilot, lambda: app.session.spec.training.schedule_options == {"gamma": 0.2})
        await pilot.press("delete")
        await until(pilot, lambda: app.session.spec == small_spec("training.schedule=step"))


# Findings


def test_a_run_that_waits_and_is_stopped_is_stopped(tmp_path: Path) -> None:
    run = create_run(small_spec(), tmp_path)
    assert read_row(run).state == "queued"
    run_deeds.stop(run)
    assert read_row(run).state == run.state() == "stopped"


def test_the_error_in_the_target_s_unit_is_that_of_the_answers() -> None:
    prepared = prepare(Spec().with_value("data.source", "plane").with_value("training.loss", "mse"))
    y = prepared.dataset.y.reshape(-1)[prepared.split.test].astype(float)
    answers = y + np.random.default_rng(0).normal(size=y.size)
    found = rmse(prepared, "test", r2_score(y, answers))
    assert found == pytest.approx(float(np.sqrt(np.mean((y - answers) ** 2))))
    assert rmse(prepared, "test", None) is None
