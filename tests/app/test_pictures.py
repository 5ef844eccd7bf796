"""What is computed before it is drawn: the strip's columns, the pace, the layers and their picture."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.app.support import NO_RUNS, diverged, epoch, epochs, finished, small_spec, started
from tui.app.facts import RunOpened, RunSaid, SnapshotChosen
from tui.app.glyphs import GLYPHS
from tui.app.reducers import apply
from tui.app.run_view import RunView
from tui.app.screens.train_deeds import PACES, next_pace
from tui.app.session import Session
from tui.app.widgets.diagram import node_mark, picture
from tui.app.widgets.frame import experiment_line
from tui.app.widgets.strip import _columns, seconds_left, shown_epoch
from tui.lab import events as ev
from tui.lab.build import network, prepare
from tui.lab.outline import count_parameters, outline
from tui.lab.spec import Spec

PATH = NO_RUNS / "a"
GLYPH_MODES = pytest.mark.parametrize("mode", GLYPHS)


def run(*events: ev.Event, pace: float = 0.0, total: int = 20) -> RunView:
    session = apply(RunOpened(PATH, small_spec(f"training.epochs={total}"), pace), Session())
    found = apply(RunSaid(PATH, events), session).run
    assert found is not None
    return found


# The pace


def test_slower_and_faster() -> None:
    assert next_pace(0, -1) == 30
    assert next_pace(30, -1) == 10
    assert next_pace(1, -1) == 1
    assert next_pace(10, +1) == 30
    assert next_pace(30, +1) == 0
    assert next_pace(4.0, +1) == 0, "from a pace nobody chose, faster is full speed"
    assert next_pace(4.0, -1) == 3


@given(st.one_of(st.just(0.0), st.floats(0.01, 1000)), st.sampled_from((-1, 1)))
def test_a_pace_is_one_of_the_steps_and_goes_the_right_way(pace: float, direction: int) -> None:
    after = next_pace(pace, direction)
    assert after in (*PACES, 0.0)
    if direction > 0:
        assert after == 0 or after > pace
    elif pace > PACES[0] or pace == 0:
        assert after > 0
        assert pace == 0 or after < pace


# The strip

WIDTHS = (60, 79, 80, 99, 100, 120, 200)
STATES: dict[str, tuple[ev.Event, ...]] = {
    "starting": (),
    "training": (started(), *epochs(1, 12)),
    "step": (started(), epoch(1), ev.Step(epoch=2, batch=1, batches=2, loss=0.5, lr=0.01)),
    "no validation": (started(), *epochs(1, 3, val_loss=None, val_accuracy=None)),
    "finished": (started(), *epochs(1, 20), finished()),
    "no test": (started(), *epochs(1, 20), finished(test_loss=None, test_accuracy=None)),
    "diverged": (started(), *epochs(1, 3), diverged()),
}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("state", STATES)
def test_columns_fit_and_keep_their_distance(width: int, state: str) -> None:
    view = run(*STATES[state])
    columns = _columns(view, shown_epoch(view), 20, 0.01, width)
    assert sum(column.width for column in columns) <= width - 12, "the state needs room, too"
    for column in columns:
        assert len(column.heading) < column.width, column
        assert len(column.figure) < column.width, column
    assert len({column.heading for column in columns}) == len(columns)


@pytest.mark.parametrize("width", WIDTHS)
def test_columns_never_move_while_it_trains(width: int) -> None:
    def shape(*events: ev.Event) -> list[tuple[str, int]]:
        view = run(*events)
        return [(c.heading, c.width) for c in _columns(view, shown_epoch(view), 20, 0.01, width)]

    assert shape(started()) == shape(started(), epoch(1)) == shape(started(), *epochs(1, 19))


def test_the_end_brings_the_test_figures() -> None:
    view = run(*STATES["finished"])
    figures = {c.heading: c.figure for c in _columns(view, shown_epoch(view), 20, 0.01, 120)}
    assert (figures["test loss"], figures["test acc"]) == ("0.1277", "95.5 %")
    assert "left" not in figures


def test_a_diverged_run_shows_inf() -> None:
    view = run(*STATES["diverged"])
    figures = {c.heading: c.figure for c in _columns(view, shown_epoch(view), 20, 0.01, 120)}
    assert figures["train loss"] == "inf"


def test_before_any_run_the_strip_says_how_many_epochs_there_will_be() -> None:
    assert _columns(None, None, 1000, 0.01, 80)[0].figure == "0 / 1,000"


def test_walking_back_shows_the_epoch_walked_to() -> None:
    session = apply(RunOpened(PATH, small_spec()), Session())
    session = apply(RunSaid(PATH, STATES["finished"]), session)
    session = apply(SnapshotChosen(5), session)
    found = shown_epoch(session.run)
    assert found is not None
    assert found.epoch == 5


def test_time_left_is_held_back_by_the_pace() -> None:
    said = (started(), *epochs(1, 10))
    assert seconds_left(run(*said)) == pytest.approx(10 * 0.01)
    assert seconds_left(run(*said, pace=2.0)) == pytest.approx(5.0)
    assert seconds_left(run(*said, finished())) is None
    assert seconds_left(run(started())) is None


# Layers


def test_an_outline_counts_what_the_network_has() -> None:
    spec = small_spec("model.hidden=64,32", "model.dropout=0.2")
    rows = outline(spec, 10, 4)
    assert [row.name for row in rows] == [
        "input", "Linear", "ReLU", "Dropout", "Linear", "ReLU", "Dropout", "Linear", "softmax",
    ]  # fmt: skip
    assert [row.index for row in rows] == [None, 0, 1, 2, 3, 4, 5, 6, None]
    assert rows[1].detail == "10 → 64"
    assert rows[-2].output == "(n, 4)"


settings = st.fixed_dictionaries(
    {
        "model.hidden": st.lists(st.integers(1, 30), max_size=4).map(tuple),
        "model.activation": st.sampled_from(("relu", "tanh", "identity")),
        "model.dropout": st.sampled_from((0.0, 0.5)),
    }
)


@given(settings, st.integers(1, 20), st.integers(2, 6))
def test_an_outline_agrees_with_the_network_itself(values: dict[str, Any], features: int, classes: int) -> None:
    spec = Spec()
    for key, value in values.items():
        spec = spec.with_value(key, value)
    built = network(spec, features, classes)
    rows = [row for row in outline(spec, features, classes) if row.index is not None]
    assert [row.name.lower() for row in rows] == [type(layer).__name__.lower() for layer in built]
    total = sum(parameter.data.size for parameter in built.parameters())
    assert count_parameters(spec, features, classes) == total == sum(row.parameters for row in rows)


@GLYPH_MODES
@given(st.lists(st.integers(1, 40), max_size=4), st.integers(0, 90), st.integers(0, 30), st.integers(1, 12))
def test_a_picture_is_exactly_as_large_as_asked(
    mode: str, hidden: list[int], width: int, height: int, features: int
) -> None:
    glyphs = GLYPHS[mode]
    spec = Spec().with_value("model.hidden", tuple(hidden))
    lines = picture(network(spec, features, 3), width, height, glyphs)
    assert not lines or len(lines) == height
    assert all(len(line) == width for line in lines)
    if mode == "ascii":
        assert "".join(lines).isascii()


@GLYPH_MODES
def test_a_picture_shows_six_units_of_a_layer_at_most_and_says_how_many_there_are(mode: str) -> None:
    glyphs = GLYPHS[mode]
    lines = picture(network(Spec(), 2, 2), 60, 20, glyphs)
    assert "".join(lines[:-1]).count(node_mark(glyphs)) == 2 + 6 + 6 + 2
    assert lines[-1].split() == ["2", "in", "16", "16", "2", "out"]


def test_a_picture_of_dead_weights_has_no_edges() -> None:
    net = network(Spec().with_value("model.init", "zeros"), 2, 2)
    body = "".join(picture(net, 60, 20, GLYPHS["braille"])[:-1])
    assert set(body) == {" ", node_mark(GLYPHS["braille"])}


# The line at the right of the screens


def test_the_experiment_in_a_line() -> None:
    prepared = prepare(small_spec())
    session = Session(spec=small_spec())
    assert experiment_line(session, model=True) == "moons"
    from tui.app.facts import DataReady

    session = apply(DataReady(prepared), session)
    assert experiment_line(session, model=True) == "moons · 2-16-16-2 · Adam 0.01"
    assert experiment_line(session, model=False) == "moons · 100 × 2 · 2 classes"
    assert np.prod(prepared.dataset.shape) == 2
