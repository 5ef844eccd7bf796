"""The reducers: what the application knows after a fact, whatever came before."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.app.support import (
    NO_RUNS,
    diverged,
    epoch,
    epochs,
    finished,
    gradient_report,
    proof,
    small_spec,
    started,
)
from tui.app.facts import (
    CheckEnded,
    CheckMoved,
    CheckStarted,
    DataAsked,
    DataReady,
    DataRefused,
    ExperimentOpened,
    FeaturesTurned,
    LrChosen,
    MapDrawn,
    Noticed,
    Redone,
    RunClosed,
    RunLost,
    RunOpened,
    RunPaced,
    RunSaid,
    SettingChanged,
    SettingPutBack,
    SettingWrong,
    SnapshotChosen,
    TensorDone,
    Undone,
)
from tui.app.reducers import UNDO_LIMIT, apply
from tui.app.session import MapState, Session
from tui.lab import events as ev
from tui.lab.build import prepare
from tui.lab.spec import Spec, for_file

PATH = NO_RUNS / "a"


def after(*facts: Any, session: Session | None = None) -> Session:
    session = session or Session()
    for fact in facts:
        session = apply(fact, session)
    return session


def change(session: Session, key: str, value: Any) -> Session:
    return apply(SettingChanged(session.spec.with_value(key, value), key), session)


def heard(*events: ev.Event, epochs: int = 20) -> Session:
    """A session that follows a run which said these events."""
    spec = small_spec(f"training.epochs={epochs}")
    return after(RunOpened(PATH, spec), RunSaid(PATH, events), session=Session(spec=spec))


def test_what_is_no_fact_is_refused() -> None:
    with pytest.raises(TypeError, match="str is not a fact"):
        apply("finished", Session())


# Settings

changes = st.one_of(
    st.tuples(st.just("training.lr"), st.sampled_from((0.001, 0.01, 0.1))),
    st.tuples(st.just("model.hidden"), st.sampled_from(((), (4,), (8, 8)))),
    st.tuples(st.just("data.source"), st.sampled_from(("moons", "xor"))),
    st.tuples(st.just("data.test"), st.sampled_from((0.0, 0.1, 0.3))),
    st.tuples(st.just("seed"), st.integers(0, 9)),
)


@given(st.lists(changes, max_size=12), st.integers(0, 12))
def test_redo_is_the_inverse_of_undo(made: list[tuple[str, Any]], steps: int) -> None:
    session = Session()
    for key, value in made:
        session = change(session, key, value)
    steps = min(steps, len(session.past))
    before = session
    for _ in range(steps):
        session = apply(Undone(), session)
    for _ in range(steps):
        session = apply(Redone(), session)
    assert (session.spec, session.past, session.future) == (before.spec, before.past, before.future)


@given(st.lists(changes, max_size=12))
def test_undoing_everything_gives_the_first_experiment(made: list[tuple[str, Any]]) -> None:
    session = Session()
    for key, value in made:
        session = change(session, key, value)
    for _ in range(len(session.past)):
        session = apply(Undone(), session)
    assert session.spec == Spec()
    assert apply(Undone(), session).notice == "nothing to undo"


def test_a_change_after_an_undo_drops_what_was_undone() -> None:
    session = change(Session(), "seed", 1)
    session = change(apply(Undone(), session), "seed", 2)
    assert not session.future
    assert apply(Redone(), session).notice == "nothing to redo"


def test_the_same_value_again_is_no_step_to_undo() -> None:
    session = change(Session(), "seed", Spec().seed)
    assert not session.past


def test_undo_forgets_what_is_far_away() -> None:
    session = Session()
    for seed in range(UNDO_LIMIT + 50):
        session = change(session, "seed", seed)
    assert len(session.past) == UNDO_LIMIT


steps = st.tuples(st.sampled_from(("change", "undo", "redo")), changes)


@given(st.lists(steps, max_size=15))
def test_a_proof_stays_exactly_as_long_as_its_network_and_data(done: list[tuple[str, Any]]) -> None:
    session = after(*proof())
    for kind, (key, value) in done:
        before = session.spec
        if kind == "change":
            session = change(session, key, value)
        else:
            session = apply(Undone() if kind == "undo" else Redone(), session)
        same = (before.model, before.data) == (session.spec.model, session.spec.data)
        if same and session.spec.seed == before.seed:
            assert session.check.report is not None
        elif not same:
            assert session.check.report is None
        session = after(*proof(), session=session)  # proved again, whatever happened


@pytest.mark.parametrize(("key", "value"), [("training.loss", "mse"), ("training.gradient", "sum")])
def test_another_loss_is_unproved(key: str, value: str) -> None:
    session = after(*proof())
    assert change(session, key, value).check.report is None


def test_a_new_source_drops_the_options_of_the_old_one() -> None:
    session = change(Session(spec=small_spec()), "data.source", "circles")
    assert not session.spec.data.options
    assert apply(Undone(), session).spec.data.options == {"n_samples": 100}


# Wrong values


def test_a_wrong_value_is_kept_with_its_words_and_put_back() -> None:
    session = after(SettingWrong("training.lr", "fast", "expected a number"))
    assert session.wrong["training.lr"] == ("fast", "expected a number")
    assert session.problems == {"training.lr": "expected a number"}
    assert session.spec == Spec()
    assert not after(SettingPutBack("training.lr"), session=session).problems


def test_a_right_value_mends_its_own_field_only() -> None:
    session = after(SettingWrong("training.lr", "fast", "a"), SettingWrong("seed", "x", "b"))
    session = change(session, "training.lr", 0.1)
    assert session.problems == {"seed": "b"}


def test_undo_takes_wrong_values_with_it() -> None:
    session = apply(SettingWrong("seed", "x", "b"), change(Session(), "training.lr", 0.1))
    assert not apply(Undone(), session).problems


@given(
    st.lists(st.tuples(st.sampled_from(("seed", "training.lr", "model.hidden")), st.text(max_size=5), st.booleans()))
)
def test_wrong_values_are_what_was_left_wrong_last(steps: list[tuple[str, str, bool]]) -> None:
    session, expected = Session(), {}
    for key, text, wrong in steps:
        session = apply(SettingWrong(key, text, "words") if wrong else SettingPutBack(key), session)
        if wrong:
            expected[key] = (text, "words")
        else:
            expected.pop(key, None)
    assert dict(session.wrong) == expected


def test_problems_name_what_does_not_go_together_and_data_that_failed() -> None:
    session = after(DataRefused("x.csv: no rows"), session=Session(spec=small_spec("training.momentum=0.9")))
    assert set(session.problems) == {"training.momentum", "data.source"}


# Experiments and data


def test_an_opened_file_heads_the_list_and_can_be_undone() -> None:
    session = after(*(ExperimentOpened(for_file(f"{name}.csv")) for name in "aba"))
    assert session.files == ("a.csv", "b.csv")
    assert apply(Undone(), session).spec.data.source == "b.csv"


def test_opening_keeps_a_run_that_trains_and_puts_away_one_that_ended() -> None:
    assert after(ExperimentOpened(small_spec()), session=heard(started())).run is not None
    assert after(ExperimentOpened(small_spec()), session=heard(started(), finished())).run is None


def test_bad_data_keeps_the_former() -> None:
    prepared = prepare(small_spec())
    session = after(DataReady(prepared), DataAsked("x.csv"), DataRefused("x.csv:3: 2 cells, not 3"))
    assert session.data.prepared is prepared
    assert session.data.loading == ""
    assert session.problems["data.source"] == "x.csv:3: 2 cells, not 3"
    assert after(DataAsked("y.csv"), session=session).data.error == ""


def test_another_split_of_the_same_data_keeps_what_one_looks_at() -> None:
    spec = small_spec("data.source=tp4")
    prepared = prepare(spec)
    ten = tuple(range(10))
    session = after(DataReady(prepared, (2, 3), ten), FeaturesTurned(+1))
    again = prepare(spec.with_value("data.test", 0.3), prepared.dataset)
    assert after(DataReady(again, (2, 3), ten), session=session).features == session.features
    assert after(DataReady(prepare(spec), (2, 3), ten), session=session).features == (2, 3)


@given(st.lists(st.sampled_from((-1, 1)), max_size=60), st.sampled_from((2, 10, 784)))
def test_turning_features_back_and_on(turns: list[int], count: int) -> None:
    session = after(DataReady(_PREPARED, (0, 1), tuple(range(count))))
    pairs = session.feature_pairs
    for by in turns:
        session = apply(FeaturesTurned(by), session)
    assert session.features == pairs[sum(turns) % len(pairs)]


_PREPARED = prepare(small_spec())


@pytest.mark.parametrize(
    ("varied", "count"), [((), 1), ((3,), 1), ((1, 4), 1), (tuple(range(10)), 45), (tuple(range(784)), 783)]
)
def test_features_are_turned_in_pairs_of_many_only_neighbours(varied: tuple[int, ...], count: int) -> None:
    session = after(DataReady(_PREPARED, (0, 0), varied))
    assert len(session.feature_pairs) == count
    assert apply(FeaturesTurned(+1), session).features in session.feature_pairs


# Checks


def test_a_check_from_start_to_verdict() -> None:
    report = gradient_report()
    session = after(CheckStarted(1), CheckMoved(1, 10, 100), *(TensorDone(1, tensor) for tensor in report.tensors[:1]))
    assert session.check.running
    assert (session.check.done, session.check.total) == (10, 100)
    assert len(session.check.tensors) == 1
    rest = [TensorDone(1, tensor) for tensor in report.tensors[1:]]
    session = after(*rest, CheckEnded(1, report, 2.5), session=session)
    assert not session.check.running
    assert session.check.tensors == tuple(report.tensors)
    assert session.check.seconds == 2.5


def test_a_cancelled_check_keeps_what_is_done() -> None:
    tensor = gradient_report().tensors[0]
    session = after(CheckStarted(1), TensorDone(1, tensor), CheckEnded(1))
    assert session.check.cancelled
    assert len(session.check.tensors) == 1
    assert after(TensorDone(1, tensor), session=session) is session, "a word that comes late"
    assert not after(CheckStarted(1), CheckEnded(1, error="no memory")).check.cancelled


def test_words_of_an_earlier_check_are_not_for_this_one() -> None:
    session = after(*proof()[:-1], CheckStarted(2))
    late = (CheckMoved(1, 5, 9), TensorDone(1, gradient_report().tensors[0]), CheckEnded(1, gradient_report(), 1.0))
    for fact in late:
        assert apply(fact, session) is session


# Runs


def test_epochs_and_states_as_a_run_says_them() -> None:
    session = heard(started(), *epochs(1, 3))
    run = session.run
    assert run is not None
    assert (run.state, len(run.epochs), run.total_epochs) == ("training", 3, 20)
    session = after(RunSaid(PATH, (ev.Paused(epoch=3, batch=0),)), session=session)
    assert session.run is not None
    assert session.run.state == "paused"
    session = after(RunSaid(PATH, (epoch(4),)), session=session)
    assert session.run is not None
    assert session.run.state == "paused", "an epoch does not end a pause"


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (finished(), "finished"),
        (diverged(), "diverged"),
        (ev.Stopped(run="a", epochs=3, batch=0, seconds=1.0, reason="asked"), "stopped"),
        (ev.Failed(message="no room on the disk"), "failed"),
    ],
)
def test_the_last_word_of_a_run(event: ev.Event, state: str) -> None:
    run = heard(started(), epoch(1), event).run
    assert run is not None
    assert run.state == state
    assert not run.alive


def test_resumed_drops_the_epochs_after_its_own() -> None:
    run = heard(started(), *epochs(1, 9), ev.Resumed(epoch=5, batch=0, epochs=30), epoch(6)).run
    assert run is not None
    assert [e.epoch for e in run.epochs] == [1, 2, 3, 4, 5, 6]
    assert run.total_epochs == 30


def test_a_run_that_goes_on_keeps_its_curves() -> None:
    session = heard(started(), *epochs(1, 20), finished())
    session = after(RunOpened(PATH, small_spec("training.epochs=40")), session=session)
    assert session.run is not None
    assert len(session.run.epochs) == 20
    assert session.run.total_epochs == 40
    other = after(RunOpened(NO_RUNS / "b", small_spec()), session=session)
    assert other.run is not None
    assert not other.run.epochs


def test_words_of_another_run_are_not_for_this_one() -> None:
    session = heard(started(), *epochs(1, 3))
    assert after(RunSaid(NO_RUNS / "b", (finished(),)), session=session) is session
    assert after(RunLost(NO_RUNS / "b", "gone"), session=session) is session


def test_a_lost_trainer_is_a_crash() -> None:
    run = after(RunLost(PATH, "trainer 7 is gone"), session=heard(started())).run
    assert run is not None
    assert (run.state, run.message, run.alive) == ("crashed", "trainer 7 is gone", False)


def test_a_changed_lr_is_the_base_of_the_next() -> None:
    session = after(LrChosen(0.5), session=heard(started()))
    assert session.run is not None
    assert session.run.next_lr == 0.5
    session = after(RunSaid(PATH, (ev.Changed(lr=0.5, epoch=3, batch=1),)), session=session)
    assert session.run is not None
    assert (session.run.base_lr, session.run.next_lr) == (0.5, None)


def test_closing_a_run_puts_curves_and_map_away() -> None:
    session = after(MapDrawn(None, MapState(others="x")), RunClosed(), session=heard(started()))
    assert session.run is None
    assert session.map == MapState()


def test_facts_about_a_run_without_one_change_nothing() -> None:
    for fact in (RunPaced(1), LrChosen(1), SnapshotChosen(1), RunSaid(PATH, (epoch(1),)), RunLost(PATH, "x")):
        assert apply(fact, Session()) == Session()


def test_a_map_of_other_features_or_another_run_is_thrown_away() -> None:
    session = heard(started())
    assert after(MapDrawn(PATH, MapState(features=(3, 4))), session=session) is session
    assert after(MapDrawn(NO_RUNS / "b", MapState()), session=session) is session
    assert after(MapDrawn(PATH, MapState(others="mean")), session=session).map.others == "mean"
    other = change(session, "model.hidden", (8,))
    assert after(MapDrawn(PATH, MapState()), session=other) is other, "the run is of another network"
    assert after(MapDrawn(None, MapState(others="0")), session=other).map.others == "0"


numbers = st.integers(1, 12)
any_event = st.one_of(
    st.builds(epoch, numbers),
    st.builds(epoch, numbers, val_loss=st.none(), val_accuracy=st.none(), train_loss=st.none()),
    st.builds(started, numbers, initial_loss=st.none()),
    st.builds(ev.Step, epoch=numbers, batch=numbers, batches=st.just(12), loss=st.none(), lr=st.just(0.1)),
    st.builds(ev.Checkpoint, epoch=numbers, batch=st.just(0), best=st.booleans()),
    st.builds(ev.Paused, epoch=numbers, batch=st.just(0)),
    st.builds(ev.Resumed, epoch=numbers, batch=st.just(0), epochs=st.just(12)),
    st.builds(ev.Changed, lr=st.just(0.5), epoch=numbers, batch=st.just(0)),
    st.builds(diverged, numbers),
    st.builds(finished, numbers, test_loss=st.none()),
    st.builds(
        ev.Stopped, run=st.just("a"), epochs=numbers, batch=st.just(0), seconds=st.just(1.0), reason=st.just("x")
    ),
    st.builds(ev.Failed, message=st.just("no room")),
)


@given(st.lists(st.lists(any_event, max_size=6), max_size=6))
def test_any_events_in_any_order_keep_epochs_ascending(said: list[list[ev.Event]]) -> None:
    session = after(RunOpened(PATH, small_spec()))
    for events in said:
        session = after(RunSaid(PATH, tuple(events)), Noticed(""), session=session)
        assert session.run is not None
        seen = [e.epoch for e in session.run.epochs]
        assert seen == sorted(set(seen))
        assert session.run.best is None or session.run.best.epoch in seen


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 6)), min_size=1, max_size=5), st.integers(1, 7))
def test_a_run_that_was_killed_and_resumed_reads_as_one_that_was_not(lives: list[Any], chunk: int) -> None:
    """Each life trains some epochs, then the run goes on from some checkpoint before; read in pieces of any size."""
    said: list[ev.Event] = [started(100)]
    at = 0
    for trained, lost in lives:
        said += epochs(at + 1, at + trained)
        at = max(0, at + trained - lost)
        said.append(ev.Resumed(epoch=at, batch=0, epochs=100))
    session = after(RunOpened(PATH, small_spec()))
    for start in range(0, len(said), chunk):
        session = after(RunSaid(PATH, tuple(said[start : start + chunk])), session=session)
    assert session.run is not None
    assert [e.epoch for e in session.run.epochs] == list(range(1, at + 1))
