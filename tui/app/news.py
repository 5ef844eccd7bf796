"""Which facts are news: they come by themselves, again and again, and only the newest state is worth drawing."""

from tui.app.facts import (
    CheckEnded,
    CheckMoved,
    DataMoved,
    FeaturesSummed,
    MapDrawn,
    RunLost,
    RunSaid,
    RunWaits,
    TensorDone,
)
from tui.app.runs_state import RunsRead, RunsSparked, RunsViewed
from tui.app.session import Session

NEWS = (
    RunSaid,
    RunWaits,
    RunLost,
    MapDrawn,
    CheckMoved,
    TensorDone,
    CheckEnded,
    DataMoved,
    FeaturesSummed,
    RunsRead,
    RunsSparked,
    RunsViewed,
)


def is_news(fact: object, shown: Session) -> bool:
    """Whether a fact from a service may wait; one that answers a key, with what is shown, does not."""
    if isinstance(fact, MapDrawn) and fact.map.features != shown.map.features:
        return False  # the features were turned
    if isinstance(fact, RunsRead) and not shown.runs.looked:
        return False  # the list was asked for
    return isinstance(fact, NEWS)
