"""The fast form of the common networks: Linear, elementwise activations and dropout, one after the other.

A step of a small network costs what its calls cost, not its arithmetic. So, once for each batch size, the whole step
is written down as a list of NumPy calls with every argument bound (`engine_program`, from the formulas in
`engine_kernels`, `engine_losses` and `engine_updates`), and training is going through that list. Nothing is
allocated on the way.

It works on the network's own parameters, which become views into one long vector (`engine_parameters`), and on the
optimiser's own state: weights, gradients and running averages can be read and saved between any two batches, and
are, to rounding, those of the readable layers. With dropout only the masks differ: they are other random numbers.
"""

from collections.abc import Iterator
from contextvars import copy_context
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array, IntArray
from mlcore.clipping import clip_grad_norm_, clip_grad_value_
from mlcore.engine_batches import Window
from mlcore.engine_online import BLOCK_SIZE, OnlineBlock
from mlcore.engine_online import suits as suits_online
from mlcore.engine_parameters import FlatParameters, FlatState
from mlcore.engine_program import Program, Stage
from mlcore.engine_scope import why_not, working
from mlcore.engine_updates import UPDATES
from mlcore.layers import Layer, Linear
from mlcore.losses import Loss, as_labels, check_range
from mlcore.optim import Optimizer
from mlcore.walk import layers_of

__all__ = ["Engine", "Progress", "compile_network", "why_not"]

_MOST_PRODUCTS = 1 << 25
"""Of a sample with a weight, between two yields: some milliseconds, so that nobody waits long for one."""


class Progress(NamedTuple):
    """What `Engine.epoch` yields: the loss of each batch just done, all of `size` samples, and the hits in them."""

    losses: list[float]
    size: int
    correct: int


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
        self._stages: list[Stage] = []
        for layer in working([layer for _, layer in layers_of(network)]):
            if isinstance(layer, Linear):
                self._stages.append(Stage(layer))
            else:
                self._stages[-1].rest.append(layer)
        self._flat = FlatParameters([stage.linear for stage in self._stages])
        self._state = FlatState(optimizer, self._flat)
        self._update = UPDATES[type(optimizer)](optimizer, self._flat, self._state)
        self._features = self._stages[0].linear.in_features
        self._classes = self._stages[-1].linear.out_features
        self._programs: dict[int, Program] = {}
        self._blocks: dict[int, OnlineBlock] = {}
        self._clips = clip_norm is not None or clip_value is not None
        self._in_blocks = suits_online(self._stages, optimizer) and not self._clips
        self._given: tuple[Any, Any] = (None, None)
        self._filled: tuple[Window, int] | None = None
        # Overflow is looked for in the results. An errstate around a yield would leak into the caller.
        self._quietly = copy_context()
        self._quietly.run(lambda: np.seterr(all="ignore"))

    def why_not(self, X: Array, y: Array) -> str:
        """Why the readable layers must train on these data, in a few words; "" where the fast form can."""
        try:
            self._take(X, y)
        except ValueError as error:
            return str(error)
        return ""

    def epoch(
        self,
        X: Array,
        y: Array,
        order: IntArray | None = None,
        start_batch: int = 0,
        *,
        batch_size: int,
        stride: int = 1,
    ) -> Iterator[Progress]:
        """Train an epoch from batch `start_batch` on, yielding after at most `stride` steps, or some milliseconds.

        At a yield everything is in its place: weights, gradients (those of the last step), the optimiser's state,
        the dropout generators. It may be saved, and the optimiser's lr changed. How long a stride is, makes no
        difference to any number, but one: with batches of 1 and plain SGD, a stride goes through the first layer's
        weights once for all its samples (`engine_online`), which rounds otherwise.

        X (n, ...) of any number type, y labels (n,) or one-hot rows. order: the samples' indices in the order in
        which they are met, None as they stand; then X and y must not be changed in place from epoch to epoch. It can be
        longer than X: several epochs of everything at once are one of np.tile(np.arange(n), epochs). The last batch
        may be smaller.

        Where a number is no longer finite, `culprit` names it, and the last loss yielded is that of this batch.
        Gradients that are not finite have not been applied, unless only those of the first layer's weights are.

        Raises ValueError where `why_not` has a reason.
        """
        X, labels = self._take(X, y)
        self.culprit = ""
        self._flat.adopt()
        self._state.adopt()
        samples = len(X) if order is None else len(order)
        full = samples // batch_size
        at = start_batch
        while at * batch_size < samples:
            size = batch_size if at < full else samples % batch_size
            left = full - at if at < full else 1
            if batch_size == 1 and stride > 1 and self._in_blocks:
                block = self._block(min(left, stride, BLOCK_SIZE))
                batches, program = len(block.steps), block.program
            else:
                block, program = None, self._program(size, max(full, 1))
                batches = min(left, program.window.batches)
            self._fill(program.window, X, labels, order, at * batch_size, batches)
            at += batches
            for first in range(0, batches, stride):
                progress = self._quietly.run(self._steps, program, first, min(first + stride, batches), block)
                yield progress
                if self.culprit:
                    return

    def _steps(self, program: Program, start: int, stop: int, block: OnlineBlock | None) -> Progress:
        """Some iterations, and their figures."""
        stopped = False
        if block is not None:
            block.run()
        else:
            first_dz = program.first_dz.reshape(-1)
            for k in range(start, stop):
                for operation in program.steps[k]:
                    operation()
                # What is not finite in outputs or later gradients, is not finite here either; and a sum of squares
                # is finite only where all of them are (it can overflow by itself).
                if not isfinite(first_dz.dot(first_dz)) and not _all_finite(first_dz):
                    stop, stopped = k + 1, True
                    break
                if self._clips:
                    self._clip()
                self._update()
        losses, correct = program.figures(start, stop)
        p = self._flat.data
        if stopped or not isfinite(p.dot(p)) or not isfinite(sum(losses)):
            return self._explain(program, start, stop, stopped, Progress(losses, program.window.size, correct))
        return Progress(losses, program.window.size, correct)

    def _explain(self, program: Program, start: int, stop: int, stopped: bool, progress: Progress) -> Progress:
        """Find the culprit, and the batch in which it became one: the last of what is returned."""
        lost = next((k for k, value in enumerate(progress.losses) if not isfinite(value)), None)
        bad_weights, bad_gradient = self._first_infinite("data"), self._first_infinite("grad")
        if lost is None:
            self.culprit = bad_gradient or bad_weights
            return progress
        if stopped and bad_weights and lost > 0:  # the update of the batch before has spoilt them
            self.culprit, lost = bad_weights, lost - 1
        else:
            bad_input = "" if _all_finite(program.window.x[start + lost]) else "input"
            bad_output = "" if _all_finite(program.output) else "output"
            self.culprit = bad_input or bad_weights or bad_output or "loss"
        losses, correct = program.figures(start, start + lost + 1)
        return Progress(losses, progress.size, correct)

    def _clip(self) -> None:
        if self.clip_value is not None:
            clip_grad_value_(self.optimizer.params, self.clip_value)
        if self.clip_norm is not None:
            clip_grad_norm_(self.optimizer.params, self.clip_norm)

    def _program(self, size: int, batches: int) -> Program:
        program = self._programs.get(size)
        if program is None or program.window.batches < min(batches, program.window.most):
            program = Program(self._stages, self._flat, self.loss, self._window(size, batches))
            self._programs[size] = program
        return program

    def _block(self, count: int) -> OnlineBlock:
        if count not in self._blocks:
            window = self._window(1, count, at_least=count)
            self._blocks[count] = OnlineBlock(self._stages, self._flat, self.loss, self.optimizer, window, count)
        return self._blocks[count]

    def _window(self, size: int, batches: int, at_least: int = 1) -> Window:
        return Window(
            self._features,
            self._classes,
            size,
            batches,
            self._flat.data.dtype,
            at_least=at_least,
            at_most=_MOST_PRODUCTS // (size * len(self._flat.data)),
            ones=self._flat.data_cuts[0].whole is not None,
            scale=self.scale,
            shift=self.shift,
        )

    def _fill(
        self, window: Window, X: Array, labels: IntArray, order: IntArray | None, start: int, batches: int
    ) -> None:
        if order is None and self._filled == (window, start):
            return  # the whole data in one batch, again
        window.fill(X, labels, order, start, batches)
        self._filled = (window, start) if order is None else None

    def _take(self, X: Array, y: Array) -> tuple[Array, IntArray]:
        """X as rows of features, y as labels: found out once for the same arrays."""
        if self._given[0] is not X or self._given[1] is not y:
            rows = X.reshape(len(X), -1)
            if rows.shape[1] != self._features:
                raise ValueError(f"the network takes {self._features} features, X has {rows.shape[1]}")
            if not (np.issubdtype(X.dtype, np.number) or X.dtype == bool) or np.iscomplexobj(X):
                raise ValueError(f"X has the type {X.dtype}")
            self._taken = rows, self._labels(y)
            self._given, self._filled = (X, y), None
        return self._taken

    def _labels(self, y: Array) -> IntArray:
        labels = as_labels(y)
        if y.ndim == 2 and y.shape[1] > 1:
            rows = labels[:, None] == np.arange(y.shape[1])
            if y.shape[1] != self._classes or not np.array_equal(y, rows):
                raise ValueError("the rows of y are not one-hot")
        check_range(labels, max(2, self._classes))
        return labels

    def _first_infinite(self, kind: str) -> str:
        """The first parameter with a number that is not finite in its "data" or "grad"; "" without one."""
        ending = ".grad" if kind == "grad" else ""
        parameters = self.network.named_parameters()
        return next((n + ending for n, p in parameters if not _all_finite(getattr(p, kind))), "")


def _all_finite(array: Array) -> bool:
    return bool(np.isfinite(array).all())
