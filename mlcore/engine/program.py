"""One training step of a whole network for one batch size, as lists of bound NumPy calls."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

import numpy as np

from mlcore._typing import Array
from mlcore.activations import ReLU
from mlcore.engine.batches import Window
from mlcore.engine.figures import Progress
from mlcore.engine.kernels import (
    ACTIVATION_KERNELS,
    Kernel,
    Mask,
    draw_masks,
    dropout,
    linear,
    linear_backward,
    linear_gradients,
    relu_dropout,
)
from mlcore.engine.losses import LOSS_KERNELS
from mlcore.engine.parameters import FlatParameters
from mlcore.engine.updates import Operation
from mlcore.layers import Dropout, Layer, Linear
from mlcore.losses import Loss


@dataclass
class Stage:
    """A Linear and what follows it up to the next."""

    linear: Linear
    rest: list[Layer] = field(default_factory=list)


@dataclass
class Chain:
    """A network: the stages, and before them the layers that change the inputs."""

    front: list[Layer]
    stages: list[Stage]

    @classmethod
    def of(cls, layers: Sequence[Layer]) -> Self:
        chain = cls([], [])
        for layer in layers:
            if isinstance(layer, Linear):
                chain.stages.append(Stage(layer))
            else:
                (chain.stages[-1].rest if chain.stages else chain.front).append(layer)
        return chain


class Program:
    """The step for batches of `window.size` samples.

    steps[k]: all there is to do for the k-th batch of the window, up to the gradients; the lists differ in where x
    and the targets lie. Arrays are (units, batch), x is (batch, features).
    """

    def __init__(self, chain: Chain, flat: FlatParameters, loss: Loss, window: Window) -> None:
        self.window = window
        n, dtype = window.size, flat.data.dtype
        cuts, grads = flat.data_cuts, flat.grad_cuts
        stages = chain.stages
        self.draws, masks = _masks(chain, n)
        inputs, to_inputs = _inputs(chain.front, window, masks)
        units = [cut.W.shape[0] for cut in cuts]
        # Below the outputs that enter a narrow layer there is a row of ones for its bias.
        ones = [0 if cut.whole is None else 1 for cut in cuts[1:]] + [0]
        h = [np.ones((out + extra, n), dtype) for out, extra in zip(units, ones, strict=True)]
        dh = [np.empty_like(array) for array in h]
        z = [array[:out] for array, out in zip(h, units, strict=True)]
        dz = [array[:out] for array, out in zip(dh, units, strict=True)]
        self.first_z, self.first_dz, self.output = z[0], dz[0], z[-1]
        # What is not finite in outputs or later gradients, is not finite in either of these: the smaller is looked at.
        self.watched = min(dz[0].reshape(-1), flat.grad, key=len)
        self.watched_squares: Callable[[], Any] = partial(self.watched.dot, self.watched)

        # What is the same for every batch: from the first layer's z to the outputs, and back to its dz.
        self.forward: list[Operation] = []
        self.backward: list[Operation] = []
        for i, stage in enumerate(stages):
            if i > 0:
                self.forward += linear(cuts[i], h[i - 1], z[i])
                products = [*linear_gradients(grads[i], dz[i], h[i - 1]), *linear_backward(cuts[i], dz[i], dh[i - 1])]
                self.backward = products + self.backward
            for operations, slope in _kernels(stage.rest, z[i], masks):
                self.forward += operations
                if slope is not None:
                    self.backward.insert(0, partial(np.multiply, dz[i], slope, dz[i]))

        kernel = LOSS_KERNELS[type(loss)](loss, z[-1], dz[-1], window)
        self.loss_gradient, self._bind_figures, self.weights = kernel.gradient, kernel.figures, kernel.weights
        self._figures: dict[tuple[int, int], Callable[[], Progress]] = {}
        self.first_gradients = [linear_gradients(grads[0], dz[0], x.T) for x in inputs]
        self.steps = [
            [*self.draws, *change, *linear(cuts[0], x.T, z[0]), *self.forward, *to_outputs, *self.backward, *to_first]
            for x, change, to_outputs, to_first in zip(
                inputs, to_inputs, self.loss_gradient, self.first_gradients, strict=True
            )
        ]

    def takes_part(self, k: int) -> bool:
        """Whether the k-th batch of the window counts, once its operations are done."""
        return self.weights is None or bool(self.weights[k])

    def figures(self, start: int, stop: int) -> Progress:
        """How these batches of the window went, after their steps."""
        work_out = self._figures.get((start, stop))
        if work_out is None:
            work_out = self._figures[start, stop] = self._bind_figures(slice(start, stop))
        return work_out()


def _inputs(front: Sequence[Layer], window: Window, masks: Iterator[Mask]) -> tuple[list[Array], list[list[Operation]]]:
    """What enters the first Linear in each batch, (batch, features) as in the window, and what works it out."""
    if not front:
        return list(window.x), [[] for _ in window.x]
    # Features one below the other, as masks have them.
    x = np.ones(window.x[0].T.shape, window.x.dtype).T
    features, transposed = x[:, : window.features], (mask.T for mask in masks)
    program = [operation for operations, _ in _kernels(front, features, transposed) for operation in operations]
    return [x] * window.batches, [[partial(x.__setitem__, ..., given), *program] for given in window.x]


def _masks(chain: Chain, n: int) -> tuple[list[Operation], Iterator[Mask]]:
    """What draws the masks of a batch, and the masks of all dropout layers in forward order."""
    stages, features = chain.stages, chain.stages[0].linear.in_features
    places = [(layer, features) for layer in chain.front if isinstance(layer, Dropout)]
    places += [(layer, s.linear.out_features) for s in stages for layer in s.rest if isinstance(layer, Dropout)]
    masks: dict[int, Mask] = {}
    program: list[Operation] = []
    for rng in {id(layer.rng): layer.rng for layer, _ in places}.values():
        sharing = [index for index, (layer, _) in enumerate(places) if layer.rng is rng]
        draws, drawn = draw_masks(rng, [places[index] for index in sharing], n)
        masks |= zip(sharing, drawn, strict=True)
        program += draws
    return program, iter([masks[index] for index in range(len(places))])


def _kernels(layers: Sequence[Layer], z: Array, masks: Iterator[Mask]) -> Iterator[Kernel]:
    """The kernels of the layers after a Linear; ReLU and Dropout side by side share one."""
    left = list(layers)
    while left:
        layer, after = left.pop(0), left[0] if left else None
        if isinstance(layer, Dropout):
            if isinstance(after, ReLU):
                left.pop(0)
                yield relu_dropout(layer, z, next(masks))
            else:
                yield dropout(layer, z, next(masks))
        elif isinstance(layer, ReLU) and isinstance(after, Dropout):
            left.pop(0)
            yield relu_dropout(after, z, next(masks))
        else:
            yield ACTIVATION_KERNELS[type(layer)](layer, z)
