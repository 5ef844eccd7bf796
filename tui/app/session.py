"""What the application knows, as one frozen value.

Screens draw a `Session` and never keep a second copy of anything in it. How facts change it stands in
`tui.app.reducers`. No Textual in here: every rule can be tested without a terminal.
"""

from collections.abc import Mapping
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from msgspec import Struct, field

from tui.app.run_view import RunView
from tui.app.runs_state import RunsState
from tui.lab.spec import Spec
from tui.lab.tables import DataSpec

if TYPE_CHECKING:  # the first picture need not wait for NumPy
    from mlcore.gradcheck import GradientReport, TensorCheck
    from tui.app.charts.data import RegionData
    from tui.app.confusion import Confusion
    from tui.app.services.pairs import PairCells
    from tui.app.services.weight_bins import WeightBins
    from tui.lab.build import Prepared
    from tui.lab.feature_summary import FeatureSummary


class DataState(Struct, frozen=True):
    """``prepared`` stays the former data while another loads or after one failed."""

    prepared: "Prepared | None" = None
    varied: tuple[int, ...] = ()
    """Features that are not the same in every sample."""
    loading: str = ""
    slow: bool = False
    """Whether what loads takes long enough to be spoken of."""
    share: float | None = None
    """How much of it is read; None where nobody knows."""
    error: str = ""
    read: DataSpec | None = None
    """The settings that brought ``prepared``."""
    summary: "FeatureSummary | None" = None
    """The figures of its features, once they are known."""
    pairs: "PairCells | None" = None
    """What every two of some features look like, where there is room to show it."""


class CheckState(Struct, frozen=True):
    number: int = 0
    tensors: "tuple[TensorCheck, ...]" = ()
    report: "GradientReport | None" = None
    done: int = 0
    total: int = 0
    running: bool = False
    cancelled: bool = False
    error: str = ""
    seconds: float = 0.0


class MapState(Struct, frozen=True):
    """What the network answers over the plane of two features; ``others`` says what the rest are held at.

    ``confusion`` counts what the same weights answer to samples that they were not trained on, where it was asked for.
    """

    data: "RegionData | None" = None
    features: tuple[int, int] = (0, 1)
    others: str = ""
    confusion: "Confusion | None" = None


class Session(Struct, frozen=True):
    spec: Spec = field(default_factory=Spec)
    recipe: str = ""
    opened: Spec = field(default_factory=Spec)
    """The experiment as it was opened last: what Delete sets a setting back to."""
    past: tuple[tuple[Spec, str], ...] = ()
    future: tuple[tuple[Spec, str], ...] = ()
    """Experiments to undo and redo: (spec, recipe)."""
    wrong: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Settings left wrong: key to (what was typed, what is wrong in words)."""
    features: tuple[int, int] = (0, 1)
    data: DataState = field(default_factory=DataState)
    check: CheckState = field(default_factory=CheckState)
    run: RunView | None = None
    starting: bool = False
    """A trainer is being started."""
    map: MapState = field(default_factory=MapState)
    weight_bins: "WeightBins | None" = None
    """How the weights of the network on Model are spread, where there is room to show it."""
    files: tuple[str, ...] = ()
    """Files and folders opened since the application began, the newest first."""
    runs: RunsState = field(default_factory=RunsState)
    notice: str = ""

    @property
    def run_is_of_this(self) -> bool:
        """Whether the run is one of the experiment as it stands; how long it is and how it is drawn does not matter."""
        if self.run is None:
            return False
        alike = self.run.spec.with_value("training.epochs", self.spec.training.epochs)
        return alike.with_value("data.undrawn", self.spec.data.undrawn) == self.spec

    @property
    def shown_run(self) -> RunView | None:
        """The run on the Train screen: one that trains, or one of this experiment; no other says anything about it."""
        if self.run is None or self.run.alive or self.run_is_of_this:
            return self.run
        return None

    @property
    def data_task(self) -> str:
        """What the data asks for: "classification" or "regression"."""
        return self.data.prepared.task if self.data.prepared is not None else "classification"

    @property
    def task(self) -> str:
        """What the figures on the Train screen are of: the run's, before it has said so the data's."""
        run = self.shown_run
        return (run.task if run is not None else "") or self.data_task

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
            from tui.lab.class_weights import refuse_class_weights
            from tui.lab.tasks import refuse_batches, refuse_task

            dataset = self.data.prepared.dataset
            if refused := refuse_task(self.spec, dataset):
                found.setdefault(*refused)
            if refused := refusal(self.spec, self.data.prepared.in_features, dataset.n_answers):
                found.setdefault(*refused)
            labels = self.data.prepared.train[1]
            if dataset.n_classes and (refused := refuse_class_weights(self.spec, labels, dataset.class_names)):
                found.setdefault(*refused)
            if refused := refuse_batches(self.spec, len(labels)):
                found.setdefault(*refused)
        return found

    @property
    def feature_pairs(self) -> list[tuple[int, int]]:
        """Every pair of up to 40 features that are not constant; of more, only neighbours."""
        varied = self.data.varied
        if len(varied) < 2:
            return [self.features]
        return list(combinations(varied, 2) if len(varied) <= 40 else pairwise(varied))
