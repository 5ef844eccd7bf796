"""What the application knows, as one frozen value, and the pure functions that change it.

Screens draw a `Session` and never keep a second copy of anything in it. Workers and screens post
facts; `apply(session, fact)` gives the next session. No Textual in here: every rule can be tested
without a terminal.
"""

from collections.abc import Mapping
from functools import singledispatch
from itertools import combinations
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

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
from tui.app.run_view import RunView, hear_all
from tui.lab.spec import Spec

if TYPE_CHECKING:  # the first picture need not wait for NumPy
    from mlcore.gradreport import GradientReport, TensorCheck
    from tui.app.charts.data import RegionData
    from tui.lab.build import Prepared

UNDO_LIMIT = 200


class DataState(Struct, frozen=True):
    """``prepared`` stays the former data while another loads or after one failed."""

    prepared: "Prepared | None" = None
    loading: str = ""
    error: str = ""


class CheckState(Struct, frozen=True):
    tensors: "tuple[TensorCheck, ...]" = ()
    report: "GradientReport | None" = None
    done: int = 0
    total: int = 0
    running: bool = False
    cancelled: bool = False
    error: str = ""
    seconds: float = 0.0


class MapState(Struct, frozen=True):
    """What the network answers over the plane of two features; ``others`` says what the rest are held at."""

    data: "RegionData | None" = None
    features: tuple[int, int] = (0, 1)
    others: str = ""


class Session(Struct, frozen=True):
    spec: Spec = field(default_factory=Spec)
    recipe: str = ""
    past: tuple[Spec, ...] = ()
    future: tuple[Spec, ...] = ()
    wrong: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Settings left wrong: key to (what was typed, what is wrong in words)."""
    features: tuple[int, int] = (0, 1)
    data: DataState = field(default_factory=DataState)
    check: CheckState = field(default_factory=CheckState)
    run: RunView | None = None
    map: MapState = field(default_factory=MapState)
    files: tuple[str, ...] = ()
    """Files and folders opened since the application began, the newest first."""
    notice: str = ""

    @property
    def problems(self) -> dict[str, str]:
        """Every reason why this experiment cannot start, by setting."""
        found = {key: words for key, (_, words) in self.wrong.items()}
        for key, words in self.spec.problems():
            found.setdefault(key, words)
        if self.data.error:
            found.setdefault("data.source", self.data.error)
        if self.data.prepared is not None:
            from tui.lab.build import refusal

            dataset = self.data.prepared.dataset
            if refused := refusal(self.spec, dataset.n_features, dataset.n_classes):
                found.setdefault(*refused)
        return found

    @property
    def feature_pairs(self) -> list[tuple[int, int]]:
        """Every pair of up to twelve features; of more, only neighbours: enough to see each one."""
        prepared = self.data.prepared
        count = prepared.in_features if prepared is not None else 2
        if count < 2:
            return [(0, 0)]
        if count <= 12:
            return list(combinations(range(count), 2))
        return [(i, i + 1) for i in range(count - 1)]


@singledispatch
def apply(fact: object, session: Session) -> Session:
    """The session after a fact. Raises TypeError for what is no fact."""
    raise TypeError(f"{type(fact).__name__} is not a fact of a session")


@apply.register
def _(fact: SettingChanged, session: Session) -> Session:
    wrong = {key: value for key, value in session.wrong.items() if key != fact.key}
    if fact.spec == session.spec:
        return replace(session, wrong=wrong, notice="")
    past = (*session.past, session.spec)[-UNDO_LIMIT:]
    return replace(_with_spec(session, fact.spec), past=past, future=(), wrong=wrong, notice="")


@apply.register
def _(fact: SettingWrong, session: Session) -> Session:
    return replace(session, wrong={**session.wrong, fact.key: (fact.text, fact.words)})


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
        files=files,
        recipe=fact.recipe,
        past=(*session.past, session.spec)[-UNDO_LIMIT:],
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
    if not session.past:
        return replace(session, notice="nothing to undo")
    *past, spec = session.past
    return replace(
        _with_spec(session, spec),
        past=tuple(past),
        future=(session.spec, *session.future),
        wrong={},
        notice="undone; ctrl+r does it again",
    )


@apply.register
def _(fact: Redone, session: Session) -> Session:
    if not session.future:
        return replace(session, notice="nothing to redo")
    spec, *future = session.future
    past = (*session.past, session.spec)
    return replace(_with_spec(session, spec), past=past, future=tuple(future), wrong={}, notice="")


def _with_spec(session: Session, spec: Spec) -> Session:
    """A proof holds for one network, loss and data set; how it is then trained does not matter to it."""

    def proved(spec: Spec) -> tuple[object, ...]:
        return (spec.data, spec.model, spec.seed, spec.training.loss, spec.training.gradient)

    check = session.check if proved(spec) == proved(session.spec) else CheckState()
    return replace(session, spec=spec, check=check)


@apply.register
def _(fact: FeaturesTurned, session: Session) -> Session:
    pairs = session.feature_pairs
    at = pairs.index(session.features) if session.features in pairs else 0
    return replace(session, features=pairs[(at + fact.by) % len(pairs)])


@apply.register
def _(fact: DataAsked, session: Session) -> Session:
    return replace(session, data=replace(session.data, loading=fact.what, error=""))


@apply.register
def _(fact: DataReady, session: Session) -> Session:
    before = session.data.prepared
    same = before is not None and before.dataset is fact.prepared.dataset
    return replace(
        session,
        data=DataState(prepared=fact.prepared),
        features=session.features if same else fact.features,
        map=session.map if same else MapState(),
    )


@apply.register
def _(fact: DataRefused, session: Session) -> Session:
    return replace(session, data=replace(session.data, loading="", error=fact.words))


@apply.register
def _(fact: CheckStarted, session: Session) -> Session:
    return replace(session, check=CheckState(running=True), notice="")


@apply.register
def _(fact: CheckMoved, session: Session) -> Session:
    return replace(session, check=replace(session.check, done=fact.done, total=fact.total))


@apply.register
def _(fact: TensorDone, session: Session) -> Session:
    return replace(session, check=replace(session.check, tensors=(*session.check.tensors, fact.tensor)))


@apply.register
def _(fact: CheckEnded, session: Session) -> Session:
    tensors = fact.report.tensors if fact.report is not None else session.check.tensors
    check = replace(
        session.check,
        running=False,
        report=fact.report,
        tensors=tuple(tensors),
        seconds=fact.seconds,
        error=fact.error,
        cancelled=fact.report is None and not fact.error,
    )
    return replace(session, check=check)


@apply.register
def _(fact: RunOpened, session: Session) -> Session:
    former = session.run
    if former is not None and former.path == fact.path:
        run = replace(former, spec=fact.spec, state="starting", pace=fact.pace, message="", snapshot=None)
    else:
        run = RunView(path=fact.path, spec=fact.spec, pace=fact.pace)
    run = replace(run, total_epochs=fact.spec.training.epochs)
    return replace(session, run=run, map=session.map if former else MapState(), notice="")


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
    if fact.map.features != session.features or (session.run is not None and fact.path not in (None, session.run.path)):
        return session  # computed for what is no longer looked at
    return replace(session, map=fact.map)


@apply.register
def _(fact: Noticed, session: Session) -> Session:
    return replace(session, notice=fact.words)
