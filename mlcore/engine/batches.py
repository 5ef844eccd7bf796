"""Batches in the order of an epoch, gathered several at a time into arrays that are allocated once."""

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array, IntArray
from mlcore.engine.targets import Targets
from mlcore.samples import Samples

WINDOW_BYTES, WINDOW_BATCHES = 1 << 20, 64
"""How much is gathered at once, at most: it should still be in the cache when it is used."""


class Window:
    """Room for some batches of `size` samples.

    x: (batches, size, in), or (batches, size, in + 1) with ones in the last column. targets: as many Targets. There
    is room for `batches` of them, at most `most`.

    scale, shift: x = scale * X + shift, numbers or one for each feature. real: the targets are those of a regression.
    """

    def __init__(
        self,
        features: int,
        outputs: int,
        size: int,
        batches: int,
        dtype: np.dtype[np.floating],
        *,
        ones: bool,
        real: bool = False,
        at_least: int = 1,
        at_most: int = 1 << 30,
        scale: npt.ArrayLike = 1.0,
        shift: npt.ArrayLike = 0.0,
    ) -> None:
        nbytes = size * (features + outputs) * dtype.itemsize
        self.size, self.features = size, features
        self.most = max(at_least, min(at_most, WINDOW_BATCHES, WINDOW_BYTES // nbytes))
        self.batches = min(batches, self.most)
        self.x = np.ones((self.batches, size, features + ones), dtype)
        if self.batches == 1 and ones:  # often filled once for many epochs: the columns that W is multiplied with
            self.x = np.ones((1, features + 1, size), dtype).transpose(0, 2, 1)
        self.targets = Targets(outputs, size, self.batches, dtype, real=real)
        self._rows = (self.x[0] if self.batches == 1 else self.x.reshape(self.batches * size, -1))[:, :features]
        # Numbers are worked on where they lie one after the other, with as many scales: NumPy takes buffers otherwise.
        self._plain = self._rows if self._rows.flags.c_contiguous else np.empty(self._rows.shape, dtype)
        self._gathered = self._plain
        self._scale = None if np.all(np.equal(scale, 1)) else self._for_all(scale)
        self._shift = None if not np.any(shift) else self._for_all(shift)

    def fill(self, X: Samples, y: Array, order: IntArray | None, start: int, batches: int) -> None:
        """Put samples from place `start` of the order on (None: as they stand) into the first batches.

        X (n, features) of any number type, or Rows of it, y as `Targets.fill` takes it.
        """
        count = batches * self.size
        places = slice(start, start + count)
        x = self._plain[:count]
        if order is None:
            np.copyto(x, X[places], casting="unsafe")
        else:
            if self._gathered.dtype != X.dtype:
                self._gathered = self._plain if X.dtype == x.dtype else np.empty(self._plain.shape, X.dtype)
            chosen = X.take(order[places], 0, self._gathered[:count], "clip")  # "clip": as in Targets.fill
            if self._gathered is not self._plain:
                np.copyto(x, chosen, casting="unsafe")
        if self._scale is not None:
            np.multiply(x, self._scale[:count] if self._scale.ndim else self._scale, x)
        if self._shift is not None:
            np.add(x, self._shift[:count] if self._shift.ndim else self._shift, x)
        if self._plain is not self._rows:
            np.copyto(self._rows[:count], x)
        self.targets.fill(y, places if order is None else order[places], batches)

    def _for_all(self, values: npt.ArrayLike) -> Array:
        """A number for each place of the window, or one that is the same for all."""
        array: Array = np.asarray(values, self.x.dtype)
        same = bool((array == array.flat[0]).all())
        return np.full((), array.flat[0]) if same else np.broadcast_to(array, self._rows.shape).copy()
