"""The fast form of the common networks: Linear, elementwise activations and dropout, one after the other.

A step of a small network costs what its calls cost, not its arithmetic. So, once for each batch size, the whole step
is written down as a list of NumPy calls with every argument bound (`engine.program`, from the formulas in
`engine.kernels`, `engine.losses` and `engine.updates`), and training is going through that list. Nothing is
allocated on the way.

It works on the network's own parameters, which become views into one long vector (`engine.parameters`), and on the
optimiser's own state: weights, gradients and running averages can be read and saved between any two batches, and
are, to rounding, those of the readable layers. With dropout only the masks differ: they are other random numbers.
"""

from collections.abc import Iterator
from contextvars import copy_context
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array, IntArray
from mlcore.clipping import clip_grad_norm_, clip_grad_value_
from mlcore.engine.batches import Window
from mlcore.engine.culprit import all_finite, culprit_of
from mlcore.engine.figures import Progress
from mlcore.engine.online import BLOCK_SIZE, OnlineBlock
from mlcore.engine.online import suits as suits_online
from mlcore.engine.parameters import FlatParameters, FlatState
from mlcore.engine.program import Chain, Program
from mlcore.engine.scope import why_not, working
from mlcore.engine.targets import take_targets
from mlcore.engine.updates import UPDATES
from mlcore.engine.watch import Watch
from mlcore.layers import Layer
from mlcore.losses import Loss
from mlcore.optim import Optimizer
from mlcore.samples import Samples
from mlcore.walk import layers_of

__all__ = ["Engine", "Progress", "compile_network", "why_not"]

_MOST_PRODUCTS = 1 << 25
"""Of a sample with a weight, between two yields: some milliseconds, so that nobody waits long for one."""


def compile_network(
    network: Layer,
    loss: Loss,
    optimizer: Optimizer,
    *,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    scale: npt.ArrayLike = 1.0,
    shift: npt.ArrayLike = 0.0,
) -> "Engine | None":
    """The fast form, or None where there is none: `why_not` then says the reason.

    clip_norm, clip_value: limits on the gradients, as in `fit`. scale, shift: what enters the network is
    scale * X + shift, each a number or one for each feature; so X can be left as bytes.
    """
    if why_not(network, loss, optimizer):
        return None
    return Engine(network, loss, optimizer, clip_norm=clip_norm, clip_value=clip_value, scale=scale, shift=shift)


class Engine:
    """A network, its loss and its optimiser, ready to train fast. Made by `compile_network`.

    culprit: after an `epoch` that ended early, the first thing that was not finite, as in `fit`'s Diverged; else "".
    """

    def __init__(
        self,
        network: Layer,
        loss: Loss,
        optimizer: Optimizer,
        *,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        scale: npt.ArrayLike = 1.0,
        shift: npt.ArrayLike = 0.0,
    ) -> None:
        self.network, self.loss, self.optimizer = network, loss, optimizer
        self.clip_norm, self.clip_value = clip_norm, clip_value
        self.scale, self.shift = scale, shift
        self.culprit = ""
        self._watch = Watch(network, loss, optimizer)
        self._chain = Chain.of(working([layer for _, layer in layers_of(network)]))
        linears = [stage.linear for stage in self._chain.stages]
        self._flat = FlatParameters(linears)
        self._state = FlatState(optimizer, self._flat)
        self._update = UPDATES[type(optimizer)](optimizer, self._flat, self._state)
        self._features, self._outputs = linears[0].in_features, linears[-1].out_features
        self._programs: dict[int, Program] = {}
        self._blocks: dict[int, OnlineBlock] = {}
        self._clips = clip_norm is not None or clip_value is not None
        self._in_blocks = suits_online(self._chain, optimizer) and not self._clips
        self._given: tuple[Any, Any] = (None, None)
        self._filled: Program | None = None
        # Overflow is looked for in the results. An errstate around a yield would leak into the caller.
        self._quietly = copy_context()
        self._quietly.run(lambda: np.seterr(all="ignore"))

    @property
    def is_stale(self) -> bool:
        """Whether somebody has changed layers, options, methods or the type of the weights: then compile anew."""
        return self._watch.has_changed or not self._flat.fits()

    def why_not(self, X: Samples, y: Array) -> str:
        """Why the readable layers must train on these data, in a few words; "" where the fast form can."""
        try:
            self._take(X, y)
        except ValueError as error:
            return str(error)
        return ""

    def epoch(
        self,
        X: Samples,
        y: Array,
        order: IntArray | None = None,
        start_batch: int = 0,
        *,
        batch_size: int,
        stride: int = 1,
    ) -> Iterator[Progress]:
        """Train an epoch from batch `start_batch` on, yielding after at most `stride` steps, or some milliseconds.

        At a yield everything is in its place: weights, gradients (those of the last step), the optimiser's state,
        the dropout generators. It may be saved or given other values, and the optimiser's lr changed; after other
        changes `is_stale`. How long a stride is, makes no difference to any number, but one: with batches of 1 and
        plain SGD, a stride goes through the first layer's weights once for all samples up to the next multiple of
        BLOCK_SIZE (`engine.online`), which rounds otherwise than steps one by one, a stride of 1. So strides of
        BLOCK_SIZE give the same bits from whichever of its multiples they begin.

        X (n, ...) of any number type, or Rows of it, y labels (n,) or one-hot rows, or the numbers of a regression.
        order: the samples' indices in the order in which they are met, None as they stand; then X and y must not be
        changed in place from epoch to epoch. It can be longer than X: several epochs of everything at once are one of
        np.tile(np.arange(n), epochs). The last batch may be smaller.

        Where a number is no longer finite, `culprit` names it, and the last loss yielded is that of this batch.
        Gradients that are not finite have not been applied, unless only those of the first layer's weights are.

        Raises ValueError where `why_not` has a reason.
        """
        if order is None and start_batch == 0 and len(X) <= batch_size:
            return iter((self._whole(X, y),))
        return self._batches(X, y, order, start_batch, batch_size, stride)

    def _whole(self, X: Samples, y: Array) -> Progress:
        """An epoch of one batch of everything: what surrounds a step must cost little here."""
        if self._filled is None or self._given[0] is not X or self._given[1] is not y:
            rows, targets = self._take(X, y)
            self._filled = self._program(len(X), 1)
            self._filled.window.fill(rows, targets, None, 0, 1)
        self._begin()
        return self._quietly.run(self._steps, self._filled, 0, 1, None)

    def _batches(
        self, X: Samples, y: Array, order: IntArray | None, start_batch: int, batch_size: int, stride: int
    ) -> Iterator[Progress]:
        X, targets = self._take(X, y)
        self._begin()
        self._filled = None
        samples = len(X) if order is None else len(order)
        full = samples // batch_size
        at = start_batch
        while at * batch_size < samples:
            size = batch_size if at < full else samples % batch_size
            left = full - at if at < full else 1
            if batch_size == 1 and stride > 1 and self._in_blocks:
                block = self._block(min(left, stride, BLOCK_SIZE - at % BLOCK_SIZE))
                batches, program = len(block.steps), block.program
            else:
                block, program = None, self._program(size, full if at < full else 1)
                batches = min(left, program.window.batches)
            program.window.fill(X, targets, order, at * batch_size, batches)
            at += batches
            for first in range(0, batches, stride):
                progress = self._quietly.run(self._steps, program, first, min(first + stride, batches), block)
                yield progress
                if self.culprit:
                    return
                self._adopt()

    def _begin(self) -> None:
        self.culprit = ""
        self._adopt()

    def _adopt(self) -> None:
        """Take over what others have put in the place of weights, gradients or running averages."""
        self._flat.adopt()
        self._state.adopt()

    def _steps(self, program: Program, start: int, stop: int, block: OnlineBlock | None) -> Progress:
        """Some iterations, and their figures."""
        stopped = False
        if block is not None:
            block.run()
        else:
            weights, watched_squares, update = program.weights, program.watched_squares, self._update
            for k in range(start, stop):
                for operation in program.steps[k]:
                    operation()
                if weights is not None and not weights[k]:  # it takes no part
                    self._flat.grad.fill(0)
                    continue
                # A sum of squares is finite only where all of them are; but it can overflow by itself.
                if not isfinite(watched_squares()) and not all_finite(program.watched):
                    stop, stopped = k + 1, True
                    break
                if self._clips:
                    self._clip()
                update()
        progress = program.figures(start, stop)
        if stopped or not isfinite(self._flat.squares() + sum(progress.counted)):
            self.culprit, count = culprit_of(self.network, program, start, progress.counted, stopped)
            progress = program.figures(start, start + count)
        return progress

    def _clip(self) -> None:
        if self.clip_value is not None:
            clip_grad_value_(self.optimizer.params, self.clip_value)
        if self.clip_norm is not None:
            clip_grad_norm_(self.optimizer.params, self.clip_norm)

    def _program(self, size: int, batches: int) -> Program:
        program = self._programs.get(size)
        if program is None or program.window.batches < min(batches, program.window.most):
            program = Program(self._chain, self._flat, self.loss, self._window(size, batches))
            self._programs[size] = program
        return program

    def _block(self, count: int) -> OnlineBlock:
        if count not in self._blocks:
            window = self._window(1, count, at_least=count)
            self._blocks[count] = OnlineBlock(self._chain, self._flat, self.loss, self.optimizer, window, count)
        return self._blocks[count]

    def _window(self, size: int, batches: int, at_least: int = 1) -> Window:
        return Window(
            self._features,
            self._outputs,
            size,
            batches,
            self._flat.data.dtype,
            at_least=at_least,
            at_most=_MOST_PRODUCTS // (size * len(self._flat.data)),
            ones=self._flat.data_cuts[0].whole is not None,
            real=self.loss.task == "regression",
            scale=self.scale,
            shift=self.shift,
        )

    def _take(self, X: Samples, y: Array) -> tuple[Samples, Array]:
        """X as rows of features, y as labels or numbers: found out once for the same arrays."""
        if self._given[0] is not X or self._given[1] is not y:
            rows = X.reshape(len(X), -1)
            if rows.shape[1] != self._features:
                raise ValueError(f"the network takes {self._features} features, X has {rows.shape[1]}")
            if X.dtype.kind not in "biuf":
                raise ValueError(f"X has the type {X.dtype}")
            self._taken = rows, take_targets(self.loss, y, self._outputs, self._flat.data.dtype)
            self._given, self._filled = (X, y), None
        return self._taken
