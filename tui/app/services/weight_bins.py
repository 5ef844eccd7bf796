"""How the weights of each layer are spread, as they were drawn and as training has left them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.layers import Sequential
from tui.app.facts import WeightsBinned
from tui.app.services.data import Poster
from tui.app.services.newest import Newest


@dataclass(frozen=True, eq=False)
class LayerBins:
    """The spread of one weight tensor over (low, high); ``trained`` is None where it has not been trained.

    ``drawn_sd`` and ``trained_sd`` are standard deviations.
    """

    name: str
    low: float
    high: float
    drawn: NDArray[np.int64]
    drawn_sd: float
    trained: NDArray[np.int64] | None = None
    trained_sd: float = 0.0


@dataclass(frozen=True)
class BinsRequest:
    """``stamp``, the epoch of the run's weights, changes with them; ``bins`` is how many parts a range is cut into."""

    network: Sequential
    bins: int
    run: Path | None = None
    stamp: int | None = None


@dataclass(frozen=True, eq=False)
class WeightBins:
    request: BinsRequest
    layers: tuple[LayerBins, ...]


class WeightBinsService:
    def __init__(self, app: Poster) -> None:
        self._newest = Newest[BinsRequest](
            app, lambda request: WeightsBinned(WeightBins(request, bin_weights(request))), name="spread of the weights"
        )

    def ask(self, request: BinsRequest) -> None:
        self._newest.ask(request)


def bin_weights(request: BinsRequest) -> tuple[LayerBins, ...]:
    """Every tensor of more than one dimension, in the order of the layers."""
    trained = _trained(request.run)
    return tuple(
        _layer(name, values, trained.get(name), request.bins)
        for name, values in request.network.state_dict().items()
        if values.ndim > 1
    )


def _trained(run: Path | None) -> Mapping[str, NDArray[Any]]:
    """The newest weights of a run; none where they cannot be read: the drawn ones are shown all the same."""
    if run is None:
        return {}
    from tui.lab.build import USER_ERRORS
    from tui.lab.checkpoints import load
    from tui.lab.runs import RunFolder

    try:
        return load(RunFolder(run).live_path).weights
    except (*USER_ERRORS, OSError, ValueError):
        return {}


def _layer(name: str, drawn: NDArray[Any], trained: NDArray[Any] | None, bins: int) -> LayerBins:
    if trained is not None and trained.shape != drawn.shape:
        trained = None
    both = [values for values in (drawn, trained) if values is not None]
    greatest = max((float(np.abs(values[np.isfinite(values)]).max(initial=0.0)) for values in both), default=0.0)
    greatest = greatest or 1.0  # all of them are 0

    def count(values: NDArray[Any]) -> NDArray[np.int64]:
        finite = values[np.isfinite(values)].astype(np.float64)
        return np.histogram(finite / greatest, bins=bins, range=(-1.0, 1.0))[0].astype(np.int64)

    return LayerBins(
        name,
        -greatest,
        greatest,
        count(drawn),
        _deviation(drawn),
        None if trained is None else count(trained),
        0.0 if trained is None else _deviation(trained),
    )


def _deviation(values: NDArray[Any]) -> float:
    finite = values[np.isfinite(values)].astype(np.float64)
    return float(finite.std()) if finite.size else float("nan")
