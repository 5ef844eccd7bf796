"""What facts do to a session: pure functions, one a fact.

Workers and screens post facts; `apply(fact, session)` gives the next session. No Textual in here.
"""

from functools import singledispatch
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tui.app.facts import (
    CheckEnded,
    CheckMoved,
    CheckStarted,
    DataAsked,
    DataCancelled,
    DataMoved,
    DataReady,
    DataRefused,
    ExperimentOpened,
    FeaturesChosen,
    FeaturesSummed,
    FeaturesTurned,
    LrChosen,
    MapDrawn,
    Noticed,
    PairsCounted,
    Redone,
    RunAsked,
    RunClosed,
    RunLost,
    RunOpened,
    RunPaced,
    RunRefused,
    RunSaid,
    RunWaits,
    SettingChanged,
    SettingPutBack,
    SettingWrong,
    SnapshotChosen,
    TensorDone,
    Undone,
    WeightsBinned,
)
from tui.app.run_view import RunView, hear_all
from tui.app.session import CheckState, DataState, MapState, Session
from tui.lab.spec import Spec

if TYPE_CHECKING:  # the first picture need not wait for NumPy
    from tui.lab.build import Prepared

UNDO_LIMIT = 200
OWNED = {"data.source": "data.options.", "model.init": "model.init_options."}
"""Options that go when the setting goes to which they belong."""


@singledispatch
def apply(fact: object, session: Session) -> Session:
    """The session after a fact. Raises TypeError for what is no fact."""
    raise TypeError(f"{type(fact).__name__} is not a fact of a session")


@apply.register
def _(fact: SettingChanged, session: Session) -> Session:
    dropped = OWNED.get(fact.key, "\0")
    wrong = {key: said for key, said in session.wrong.items() if key != fact.key and not key.startswith(dropped)}
    if fact.spec == session.spec:
        return replace(session, wrong=wrong, notice="")
    recipe = "" if fact.key == "data.source" else session.recipe
    past = (*session.past, (session.spec, session.recipe))[-UNDO_LIMIT:]
    spec = _back_to_classes(fact.spec, session) if fact.key == "data.source" else fact.spec
    return replace(_with_spec(session, spec, recipe), past=past, future=(), wrong=wrong, notice="")


def _back_to_classes(spec: Spec, session: Session) -> Spec:
    """The spec for another source: the loss that numbers needed goes with them."""
    prepared = session.data.prepared
    if prepared is None or prepared.task == "classification" or spec.training.loss != "mse":
        return spec
    return spec.with_value("training.loss", Spec().training.loss)


@apply.register
def _(fact: SettingWrong, session: Session) -> Session:
    return replace(session, wrong={**session.wrong, fact.key: (fact.text, fact.words)}, notice="")


@apply.register
def _(fact: SettingPutBack, session: Session) -> Session:
    return replace(session, wrong={key: value for key, value in session.wrong.items() if key != fact.key})


@apply.register
def _(fact: ExperimentOpened, session: Session) -> Session:
    source = fact.spec.data.source
    files = (source, *(f for f in session.files if f != source))[:8] if fact.spec.is_file else session.files
    return replace(
        session,
        spec=fact.spec,
        opened=fact.spec,
        files=files,
        recipe=fact.recipe,
        past=(*session.past, (session.spec, session.recipe))[-UNDO_LIMIT:],
        future=(),
        wrong={},
        features=(0, 1),
        check=CheckState(),
        run=session.run if session.run is not None and session.run.alive else None,
        map=MapState(),
        notice="",
    )


@apply.register
def _(fact: Undone, session: Session) -> Session:
    if session.wrong:
        return replace(session, wrong={}, notice="wrong values are put back")
    if not session.past:
        return replace(session, notice="nothing to undo")
    *past, (spec, recipe) = session.past
    return replace(
        _with_spec(session, spec, recipe),
        past=tuple(past),
        future=((session.spec, session.recipe), *session.future),
        wrong={},
        notice="undone; ‹app.redo› does it again",
    )


@apply.register
def _(fact: Redone, session: Session) -> Session:
    if not session.future:
        return replace(session, notice="nothing to redo")
    (spec, recipe), *future = session.future
    past = (*session.past, (session.spec, session.recipe))
    return replace(_with_spec(session, spec, recipe), past=past, future=tuple(future), wrong={}, notice="")


def _with_spec(session: Session, spec: Spec, recipe: str) -> Session:
    """A proof holds for one network, loss and data set; how it is then trained does not matter to it."""

    def proved(spec: Spec) -> tuple[object, ...]:
        return (spec.data, spec.model, spec.seed, spec.training.loss, spec.training.gradient)

    check = session.check if proved(spec) == proved(session.spec) else CheckState()
    return replace(session, spec=spec, recipe=recipe, check=check)


@apply.register
def _(fact: FeaturesTurned, session: Session) -> Session:
    pairs = session.feature_pairs
    at = pairs.index(session.features) if session.features in pairs else 0
    return replace(session, features=pairs[(at + fact.by) % len(pairs)])


@apply.register
def _(fact: FeaturesChosen, session: Session) -> Session:
    return replace(session, features=fact.features)


@apply.register
def _(fact: DataAsked, session: Session) -> Session:
    return replace(session, data=replace(session.data, loading=fact.what, slow=False, share=None, error=""))


@apply.register
def _(fact: DataMoved, session: Session) -> Session:
    if not session.data.loading:
        return session
    return replace(session, data=replace(session.data, slow=True, share=fact.share))


@apply.register
def _(fact: DataCancelled, session: Session) -> Session:
    """The experiment goes back to the last one that has the data that is here."""
    if not session.data.loading:
        return session
    data = replace(session.data, loading="", slow=False, share=None)
    past = next((n for n, (spec, _) in reversed([*enumerate(session.past)]) if spec.data == data.read), None)
    if session.spec.data == data.read:
        return replace(session, data=data, notice="given up; the data stays as it is")
    if data.prepared is None or past is None:
        words = f"{session.data.loading}: the reading was given up: Enter on its row reads it again"
        return replace(session, data=replace(data, error=words))
    spec, recipe = session.past[past]
    return replace(
        _with_spec(session, spec, recipe),
        data=data,
        past=session.past[:past],
        future=((session.spec, session.recipe), *session.future),
        wrong={},
        notice="given up; the former data stays. ‹app.redo› reads it after all",
    )


@apply.register
def _(fact: FeaturesSummed, session: Session) -> Session:
    prepared = session.data.prepared
    if prepared is None or prepared.dataset is not fact.dataset:
        return session
    return replace(session, data=replace(session.data, summary=fact.summary))


@apply.register
def _(fact: DataReady, session: Session) -> Session:
    before = session.data.prepared
    same = before is not None and before.dataset is fact.prepared.dataset
    if not same:
        session = _with_its_loss(session, fact.prepared)
    drawn = same and before is not None and before.inputs.view_names == fact.prepared.inputs.view_names
    return replace(
        session,
        data=DataState(
            prepared=fact.prepared,
            varied=fact.varied,
            read=fact.read,
            summary=session.data.summary if same else None,
            pairs=session.data.pairs if drawn else None,
        ),
        features=session.features if drawn else fact.features,
        map=session.map if drawn else MapState(),
    )


def _with_its_loss(session: Session, prepared: "Prepared") -> Session:
    """New data that holds numbers brings the loss for them, and the status line says so.

    The same source taken as classes after all gives that loss back.
    """
    from tui.lab.tasks import for_task

    before = session.data.prepared
    if before is not None and prepared.task == "classification" and before.dataset.source == prepared.dataset.source:
        spec = _back_to_classes(session.spec, session)
        return session if spec == session.spec else _with_spec(session, spec, session.recipe)
    spec = for_task(session.spec, prepared.task)
    if spec == session.spec:
        return session
    name = prepared.dataset.source.rstrip("/").rpartition("/")[2]
    notice = f"targets of {name} are numbers: loss set to squared error. Next: ‹app.model› Model"
    return replace(_with_spec(session, spec, session.recipe), notice=notice)


@apply.register
def _(fact: DataRefused, session: Session) -> Session:
    return replace(session, data=replace(session.data, loading="", slow=False, share=None, error=fact.words))


@apply.register
def _(fact: PairsCounted, session: Session) -> Session:
    if session.data.prepared is not fact.cells.request.prepared:
        return session
    return replace(session, data=replace(session.data, pairs=fact.cells))


@apply.register
def _(fact: WeightsBinned, session: Session) -> Session:
    return replace(session, weight_bins=fact.bins)


@apply.register
def _(fact: CheckStarted, session: Session) -> Session:
    return replace(session, check=CheckState(number=fact.number, running=True), notice="")


def _is_of_this_check(fact: CheckMoved | TensorDone | CheckEnded, session: Session) -> bool:
    return session.check.running and fact.number == session.check.number


@apply.register
def _(fact: CheckMoved, session: Session) -> Session:
    if not _is_of_this_check(fact, session):
        return session
    return replace(session, check=replace(session.check, done=fact.done, total=fact.total))


@apply.register
def _(fact: TensorDone, session: Session) -> Session:
    if not _is_of_this_check(fact, session):
        return session
    return replace(session, check=replace(session.check, tensors=(*session.check.tensors, fact.tensor)))


@apply.register
def _(fact: CheckEnded, session: Session) -> Session:
    if not _is_of_this_check(fact, session):
        return session
    check = replace(
        session.check,
        running=False,
        report=fact.report,
        seconds=fact.seconds,
        error=fact.error,
        cancelled=fact.report is None and not fact.error,
    )
    return replace(session, check=check)


@apply.register
def _(fact: RunAsked, session: Session) -> Session:
    return replace(session, starting=True)


@apply.register
def _(fact: RunRefused, session: Session) -> Session:
    return replace(session, starting=False, notice=fact.words)


@apply.register
def _(fact: RunOpened, session: Session) -> Session:
    former = session.run
    if former is not None and former.path == fact.path:
        run = replace(former, spec=fact.spec, state="starting", pace=fact.pace, message="", snapshot=None)
    else:
        run = RunView(path=fact.path, spec=fact.spec, pace=fact.pace)
    run = replace(run, total_epochs=fact.spec.training.epochs)
    return replace(session, run=run, starting=False, map=session.map if former else MapState(), notice="")


@apply.register
def _(fact: RunSaid, session: Session) -> Session:
    run = session.run
    if run is None or run.path != fact.path:
        return session
    return replace(session, run=hear_all(fact.events, run))


@apply.register
def _(fact: RunLost, session: Session) -> Session:
    if session.run is None or session.run.path != fact.path:
        return session
    return replace(session, run=replace(session.run, state="crashed", message=fact.words))


@apply.register
def _(fact: RunWaits, session: Session) -> Session:
    if session.run is None or session.run.path != fact.path:
        return session
    return replace(session, run=replace(session.run, state=fact.state))


@apply.register
def _(fact: RunPaced, session: Session) -> Session:
    return session if session.run is None else replace(session, run=replace(session.run, pace=fact.pace))


@apply.register
def _(fact: RunClosed, session: Session) -> Session:
    return replace(session, run=None, map=MapState())


@apply.register
def _(fact: LrChosen, session: Session) -> Session:
    return session if session.run is None else replace(session, run=replace(session.run, next_lr=fact.lr))


@apply.register
def _(fact: SnapshotChosen, session: Session) -> Session:
    return session if session.run is None else replace(session, run=replace(session.run, snapshot=fact.epoch))


@apply.register
def _(fact: MapDrawn, session: Session) -> Session:
    ours = session.run.path if session.run is not None and session.run_is_of_this else None
    if fact.map.features != session.features or fact.path != ours:
        return session  # computed for what is no longer looked at
    return replace(session, map=fact.map)


@apply.register
def _(fact: Noticed, session: Session) -> Session:
    return replace(session, notice=fact.words)
