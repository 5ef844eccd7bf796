"""Draws the decision map off the event loop: from a run's weights on the disk, or an untrained network."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mlcore.fields import Plane, plane, principal_plane, regions, surface
from mlcore.layers import Sequential, inference_mode
from mlcore.metrics import confusion_matrix
from mlcore.model import dtype_of
from tui.app.charts.data import Points, RegionData
from tui.app.confusion import Confusion
from tui.app.facts import MapDrawn
from tui.app.same import Same
from tui.app.services.data import Poster
from tui.app.services.newest import Newest
from tui.app.session import MapState
from tui.app.targets import first_target, target_ramp
from tui.lab.build import USER_ERRORS, Prepared, make_loss, network
from tui.lab.checkpoints import load
from tui.lab.runs import RunFolder
from tui.lab.spec import Spec
from tui.lab.threads import blas_threads

REST, REMOTE_REST = 0.2, 1.0
"""Seconds between two maps, so that training does not pay for them; over SSH a map is a third of a second of line."""
RANGE_ROWS, COMPONENT_ROWS = 20_000, 4_000
"""Samples from which the range of a map is taken, and the principal plane."""
POINTS = 1_500
BATCH = 2_000
"""Samples that go through the network at once, where the answers are counted."""
PointsChoice = Literal["held out", "training", "none"]
"""Which samples are drawn over the map."""


@dataclass(frozen=True)
class MapRequest:
    """``run`` None: the untrained network. ``epoch`` None: the newest weights, else a snapshot's."""

    spec: Spec
    prepared: Prepared
    features: tuple[int, int]
    columns: int
    rows: int
    undrawn: str = "auto"
    run: Path | None = None
    epoch: int | None = None
    points: PointsChoice = "held out"
    confusion: int = 0
    """Samples of which the answers are counted; 0 for none. ``columns`` 0 asks for these counts alone."""

    @property
    def scaled(self) -> bool:
        """Whether the map lies in the space of the network's inputs: there a component is not the widest feature."""
        return self.undrawn == "principal"


class MapService:
    """One map at a time; of the requests that come meanwhile only the newest is answered."""

    def __init__(self, app: Poster, *, remote: bool = False) -> None:
        self._newest = Newest[MapRequest](
            app, self._answer, name="decision map", rest=REMOTE_REST if remote else REST, again=True
        )
        self._drawn: tuple[MapRequest, object] | None = None
        self._grid: tuple[object, tuple[Plane, str]] | None = None
        self._network: tuple[tuple[Spec, int, int], Sequential] | None = None

    def ask(self, request: MapRequest) -> None:
        self._newest.ask(request)

    def _answer(self, request: MapRequest) -> MapDrawn | None:
        try:
            weights = _weights_of(request)
            stamp = _stamp(weights)
            if self._drawn == (request, stamp):
                return None  # the same weights give the same picture
            with blas_threads(request.spec):
                state = self._draw(request, weights)
        except (*USER_ERRORS, OSError, ValueError, MemoryError):
            return None  # a map is an extra: the run says itself what is wrong with it
        self._drawn = (request, stamp)
        return MapDrawn(request.run, state)

    def _draw(self, request: MapRequest, weights: Path | None) -> MapState:
        prepared = request.prepared
        net = self._built(request)
        if weights is not None:
            net.load_state_dict(load(weights).weights)
        elif request.run is None:
            self._network = None  # whatever was loaded into it before is not "untrained"
            net = self._built(request)
        loss = make_loss(request.spec, prepared)
        confusion = _confusion(request, net, loss) if request.confusion and prepared.target_scale is None else None
        if not request.columns:
            return MapState(features=request.features, confusion=confusion)
        grid, others = self._plane(request)

        def transform(points: Any) -> Any:
            return points if request.scaled else prepared.inputs.from_view(points, dtype_of(net))

        if prepared.target_scale is not None:
            data = _number_map(request, surface(net, grid, transform), grid)
        else:
            answer = regions(net, loss, grid, transform)
            chance = 1 / len(prepared.class_names)
            data = RegionData(
                classes=answer.classes,
                confidence=(answer.confidence - chance) / (1 - chance),
                x_range=grid.x_range,
                y_range=grid.y_range,
                points=_points(request, net, loss, grid),
                class_names=prepared.class_names,
            )
        return MapState(data=data, features=request.features, others=others, confusion=confusion)

    def _plane(self, request: MapRequest) -> tuple[Plane, str]:
        """Where the map lies, and words for it; the same until the data, the features or the size change."""
        key = (Same(request.prepared), request.features, request.columns, request.rows, request.undrawn)
        if self._grid is None or self._grid[0] != key:
            self._grid = (key, _plane_of(request))
        return self._grid[1]

    def _built(self, request: MapRequest) -> Sequential:
        prepared = request.prepared
        key = (request.spec, prepared.in_features, prepared.answers)
        if self._network is None or self._network[0] != key:
            self._network = (key, network(*key))
        return self._network[1]


def _plane_of(request: MapRequest) -> tuple[Plane, str]:
    prepared, columns, rows = request.prepared, request.columns, request.rows
    if request.scaled:
        some = np.arange(0, prepared.dataset.n_samples, -(-prepared.dataset.n_samples // COMPONENT_ROWS))
        return principal_plane(_on_the_map(request, some), columns=columns, rows=rows), ""
    X = prepared.view
    sample = X[:: max(1, len(X) // RANGE_ROWS)]
    others = _held_at(sample, request.features) if request.undrawn == "auto" else request.undrawn
    margin = _margin(sample, request.features)
    grid = plane(sample, request.features, columns=columns, rows=rows, others=others, **margin)
    _hold_texts(grid, request)
    return grid, "" if X.shape[1] <= 2 else f"others = {'0' if others == 'zero' else 'mean'}"


def _on_the_map(request: MapRequest, rows: Any) -> Any:
    """These samples, in the units of the map."""
    if request.scaled:
        return request.prepared.inputs(request.prepared.flat[rows])
    return request.prepared.view[rows]


def _held_at(X: Any, features: tuple[int, int]) -> str:
    """What the features that are not drawn are held at: 0 where that is like them, else their mean."""
    rest = np.delete(X, features, axis=1)
    known = np.maximum(np.count_nonzero(~np.isnan(rest), axis=0), 1)
    mean = np.nansum(rest, axis=0, dtype=np.float64) / known
    deviation = np.sqrt(np.nansum(np.square(rest - mean), axis=0) / known)
    near = np.abs(mean) <= 0.5 * deviation
    return "zero" if near.all() else "mean"


def _hold_texts(grid: Plane, request: MapRequest) -> None:
    """Holds the columns of text that are not drawn at their most frequent text: a mean of texts is none."""
    prepared = request.prepared
    if prepared.inputs.components is not None:
        return
    for j in prepared.dataset.categories:
        if j not in request.features:
            codes = prepared.view[prepared.split.train, j]
            grid.points[:, j] = np.argmax(np.bincount(codes[~np.isnan(codes)].astype(np.int64), minlength=1))


def _margin(X: Any, features: tuple[int, int]) -> dict[str, float]:
    """A margin of 1, as the lab sheets draw it, where the features are of that size; else a share of their range."""
    spans = [float(np.fmax.reduce(X[:, k])) - float(np.fmin.reduce(X[:, k])) for k in features]
    return {"margin": 1.0} if all(1.5 <= span <= 20 for span in spans) else {"margin_share": 0.15}


def _number_map(request: MapRequest, outputs: Any, grid: Plane) -> RegionData:
    """The first number that a regression predicts, in the shades of its targets."""
    prepared = request.prepared
    assert prepared.target_scale is not None
    values = prepared.target_scale.inverse(outputs)[:, :, 0]
    targets, ramp = first_target(prepared.dataset), target_ramp(prepared)
    rows = _shown_rows(request)
    x, y = grid.project(_on_the_map(request, rows)).T
    return RegionData(
        classes=ramp.shades(values),
        confidence=np.isfinite(values).astype(float),
        x_range=grid.x_range,
        y_range=grid.y_range,
        points=Points(x, y, ramp.shades(targets[rows]), shaded=True),
        ramp=ramp,
    )


def _held_out(prepared: Prepared) -> tuple[str, Any]:
    """A part that the network did not train on (validation, else test, else training after all) and its rows."""
    split = prepared.split
    parts = (("validation", split.validation), ("test", split.test), ("training", split.train))
    return next((name, rows) for name, rows in parts if len(rows))


def _shown_rows(request: MapRequest) -> Any:
    """The samples that are drawn, or an even choice of them."""
    rows = request.prepared.split.train if request.points == "training" else _held_out(request.prepared)[1]
    return rows[:: max(1, -(-len(rows) // POINTS))] if request.points != "none" else rows[:0]


def _confusion(request: MapRequest, net: Sequential, loss: Any) -> Confusion:
    """What the network answers to samples that it did not train on."""
    prepared = request.prepared
    part, rows = _held_out(prepared)
    some = rows[:: max(1, -(-len(rows) // request.confusion))]
    X, y = prepared.view, prepared.dataset.y
    answers = [np.empty(0, dtype=np.int64)]
    with inference_mode(net), np.errstate(all="ignore"):
        for start in range(0, len(some), BATCH):
            batch = some[start : start + BATCH]
            answers.append(loss.predict(net.forward(prepared.inputs.from_view(X[batch], dtype_of(net)))))
    counts = confusion_matrix(y[some], np.concatenate(answers), len(prepared.class_names))
    return Confusion(counts, part, len(rows))


def _points(request: MapRequest, net: Sequential, loss: Any, grid: Plane) -> Points | None:
    """The samples that are shown, those that the network gets wrong marked."""
    rows = _shown_rows(request)
    if not len(rows):
        return None
    drawn, y = request.prepared.view[rows], request.prepared.dataset.y[rows]
    with inference_mode(net), np.errstate(all="ignore"):
        predicted = loss.predict(net.forward(request.prepared.inputs.from_view(drawn, dtype_of(net))))
    across, up = grid.project(_on_the_map(request, rows)).T
    return Points(across, up, y, predicted != y)


def _weights_of(request: MapRequest) -> Path | None:
    if request.run is None:
        return None
    folder = RunFolder(request.run)
    if request.epoch is not None:
        return folder.snapshot_path(request.epoch)
    return folder.live_path


def _stamp(path: Path | None) -> object:
    return None if path is None else (path.stat().st_mtime_ns, path.stat().st_size)
