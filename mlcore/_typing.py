"""The two array types that the signatures of this package use."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
"""An array of floats (float32 or float64), or whatever `numpy.asarray` makes one of."""

IntArray: TypeAlias = npt.NDArray[np.int64]
"""An array of int64: labels, predictions, counts."""
