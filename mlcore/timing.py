"""Where the time goes: every layer's forward and backward, timed one by one.

The package itself reads no clock: whoever asks brings one.

    from time import perf_counter
    times = time_layers(net, x, y, loss=CrossEntropyLoss(), clock=perf_counter)
    times.bottleneck.name, times.share(times.bottleneck)
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore.layers import Layer
from mlcore.losses import Loss
from mlcore.model import dtype_of
from mlcore.put_back import put_back
from mlcore.walk import layers_of


@dataclass(frozen=True)
class LayerTime:
    """Time of one pass through a layer, in the clock's unit. index: "0", "1.0", or "loss"; name: "Linear(10, 64)"."""

    index: str
    name: str
    forward: float
    backward: float

    @property
    def total(self) -> float:
        return self.forward + self.backward


@dataclass(frozen=True)
class LayerTimes:
    """A row a layer in forward order, the loss last; each time the median of `repeats` passes."""

    layers: tuple[LayerTime, ...]
    repeats: int

    @property
    def total(self) -> float:
        """One forward and backward pass."""
        return sum(layer.total for layer in self.layers)

    @property
    def bottleneck(self) -> LayerTime:
        """The row that takes longest, forward and backward together."""
        return max(self.layers, key=lambda layer: layer.total)

    def share(self, layer: LayerTime) -> float:
        """Of the whole pass, 0..1; 0 where the clock did not move."""
        return layer.total / self.total if self.total else 0.0


def time_layers(
    network: Layer,
    x: npt.ArrayLike,
    y: npt.ArrayLike | None = None,
    *,
    loss: Loss | None = None,
    clock: Callable[[], float],
    repeats: int = 20,
) -> LayerTimes:
    """Time a forward and a backward pass of the batch x (n, ...), layer by layer, in the mode the network is in.

    clock: gives the time, such as time.perf_counter (seconds). y, loss: with both the loss has a row of its own and
    backward starts from its gradient; without, from ones. One pass more than `repeats` is made, and the first is not
    counted: memory and caches are still cold. Weights, gradients and random generators are put back.

    Raises ValueError for repeats below 1, a network without layers, or a loss without y.
    """
    layers = layers_of(network)
    if repeats < 1:
        raise ValueError(f"repeats must be at least 1, received {repeats}")
    if not layers:
        raise ValueError("the network has no layers to time")
    if loss is not None and y is None:
        raise ValueError(f"{loss!r} needs labels or targets y")
    x = np.asarray(x, dtype=dtype_of(network))
    stages: list[tuple[str, Any]] = [*layers, *([] if loss is None else [("loss", loss)])]
    forward: list[list[float]] = [[] for _ in stages]
    backward: list[list[float]] = [[] for _ in stages]
    with put_back(network, loss), np.errstate(all="ignore"):
        for _ in range(repeats + 1):
            values: list[Any] = [x]
            for times, (_, stage) in zip(forward, stages, strict=True):
                given = (values[-1], y) if stage is loss else (values[-1],)
                start = clock()
                values.append(stage.forward(*given))
                times.append(clock() - start)
            # A loss starts the way back by itself; without one, ones do.
            arguments: tuple[Any, ...] = (np.ones_like(values[-1]),) if loss is None else ()
            for times, (_, stage) in zip(reversed(backward), reversed(stages), strict=True):
                start = clock()
                grad = stage.backward(*arguments)
                times.append(clock() - start)
                arguments = (grad,)
    rows = (
        LayerTime(index, repr(stage), median(ahead[1:]), median(back[1:]))
        for (index, stage), ahead, back in zip(stages, forward, backward, strict=True)
    )
    return LayerTimes(tuple(rows), repeats)
