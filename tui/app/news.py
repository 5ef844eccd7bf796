"""Which facts are news: they come by themselves, again and again, and only the newest state is worth drawing."""

from tui.app.facts import (
    CheckEnded,
    CheckMoved,
    DataMoved,
    FeaturesSummed,
    MapDrawn,
    PairsCounted,
    RunLost,
    RunSaid,
    RunWaits,
    TensorDone,
    WeightsBinned,
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
    PairsCounted,
    WeightsBinned,
    RunsRead,
    RunsSparked,
    RunsViewed,
)


def is_news(fact: object, shown: Session) -> bool:
    """Whether a fact from a service may wait; one that answers a key, with what is shown, does not."""
    if isinstance(fact, MapDrawn) and fact.map.features != shown.map.features:
        return False  # the features were turned
    pairs, bins = shown.data.pairs, shown.weight_bins
    if isinstance(fact, PairsCounted) and (pairs is None or pairs.request != fact.cells.request):
        return False  # the features were turned, or there is room for them now
    if isinstance(fact, WeightsBinned) and (bins is None or bins.request.network is not fact.bins.request.network):
        return False  # the network is another
    if isinstance(fact, RunsRead) and not shown.runs.looked:
        return False  # the list was asked for
    return isinstance(fact, NEWS)
