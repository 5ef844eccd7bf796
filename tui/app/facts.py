"""Everything that can happen to a session, as frozen values: what workers and screens post."""

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tui.app.run_view import Said
from tui.lab.spec import Spec
from tui.lab.tables import DataSpec

if TYPE_CHECKING:  # the first picture need not wait for NumPy
    from datasets import Dataset
    from mlcore.gradcheck import GradientReport, TensorCheck
    from tui.app.services.pairs import PairCells
    from tui.app.services.weight_bins import WeightBins
    from tui.app.session import MapState
    from tui.lab.build import Prepared
    from tui.lab.feature_summary import FeatureSummary


class SettingChanged(Struct, frozen=True):
    spec: Spec
    key: str


class SettingWrong(Struct, frozen=True):
    key: str
    text: str
    words: str


class SettingPutBack(Struct, frozen=True):
    key: str


class ExperimentOpened(Struct, frozen=True):
    spec: Spec
    recipe: str = ""


class Undone(Struct, frozen=True):
    pass


class Redone(Struct, frozen=True):
    pass


class FeaturesTurned(Struct, frozen=True):
    by: int


class FeaturesChosen(Struct, frozen=True):
    features: tuple[int, int]


class DataAsked(Struct, frozen=True):
    what: str


class DataMoved(Struct, frozen=True):
    """The reading takes a while; ``share`` of it is done, None where nobody knows."""

    share: float | None = None


class DataCancelled(Struct, frozen=True):
    """The reading was given up."""


class FeaturesSummed(Struct, frozen=True):
    """The figures of the features of ``dataset``."""

    dataset: "Dataset"
    summary: "FeatureSummary"


class PairsCounted(Struct, frozen=True):
    """What every two of a few features look like together."""

    cells: "PairCells"


class WeightsBinned(Struct, frozen=True):
    """How the weights of each layer are spread."""

    bins: "WeightBins"


class DataReady(Struct, frozen=True):
    """``features`` are worth looking at first, of those that are ``varied``; ``read`` is what was asked for."""

    prepared: "Prepared"
    features: tuple[int, int] = (0, 1)
    varied: tuple[int, ...] = (0, 1)
    read: DataSpec | None = None


class DataRefused(Struct, frozen=True):
    words: str


class CheckStarted(Struct, frozen=True):
    """``number`` tells one check's facts from those of one that was given up."""

    number: int


class CheckMoved(Struct, frozen=True):
    number: int
    done: int
    total: int


class TensorDone(Struct, frozen=True):
    number: int
    tensor: "TensorCheck"


class CheckEnded(Struct, frozen=True):
    """``report`` is None where it was cancelled; ``error`` says why it could not be done."""

    number: int
    report: "GradientReport | None" = None
    seconds: float = 0.0
    error: str = ""


class RunAsked(Struct, frozen=True):
    """A trainer is being started: until it is, another key must not start a second one."""


class RunRefused(Struct, frozen=True):
    """No trainer was started."""

    words: str


class RunOpened(Struct, frozen=True):
    path: Path
    spec: Spec
    pace: float = 0.0


class RunSaid(Struct, frozen=True):
    """New events of a run, oldest first."""

    path: Path
    events: "tuple[Said, ...]"


class RunWaits(Struct, frozen=True):
    """A run that no trainer has taken up yet; ``state`` is queued, or stopped where none shall."""

    path: Path
    state: str = "queued"


class RunLost(Struct, frozen=True):
    path: Path
    words: str


class RunPaced(Struct, frozen=True):
    pace: float


class RunClosed(Struct, frozen=True):
    """The run is put away: it stays on the disk."""


class LrChosen(Struct, frozen=True):
    lr: float


class SnapshotChosen(Struct, frozen=True):
    epoch: int | None


class MapDrawn(Struct, frozen=True):
    path: Path | None
    map: "MapState"


class Noticed(Struct, frozen=True):
    words: str
