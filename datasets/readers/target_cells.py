"""The cells of a table's target column where they are real numbers: whether they are, and what is wrong with one."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..base import DataError, quote
from ..targets import guess_task, refuse_constant
from . import table_guess as guess

MOSTLY = 0.9
"""Share of numbers from which on a cell of text among real numbers is a mistake, and no class."""


def real_targets(
    cells: Sequence[str], lines: Sequence[int], *, task: str, decimal_comma: bool, source: str, what: str
) -> tuple[NDArray[np.float64] | None, str]:
    """(numbers (n,), how that was found) of a regression; (None, how) where the cells are classes.

    task "auto" decides by the values; text is never a regression. lines: the line each cell stands on.
    Raises DataError, with the line, for a cell of a regression that is no finite number.
    """
    if task == "classification":
        return None, ""
    parsed = {cell: guess.to_float(cell, decimal_comma) for cell in set(cells)}
    numbers = np.array([math.nan if parsed[cell] is None else parsed[cell] for cell in cells], dtype=np.float64)
    finite = np.isfinite(numbers)
    guessed = ""
    if task == "auto":
        filled = sum(not guess.is_missing(cell) for cell in cells)
        text = any(number is None and not guess.is_missing(cell) for cell, number in parsed.items())
        if not finite.any() or finite.sum() < (MOSTLY if text else 0) * filled:
            return None, ""
        task, guessed = guess_task(numbers)
        if task == "classification":
            return None, "" if text else guessed
    if not finite.all():
        row = int(finite.argmin())
        raise DataError(_what_is_wrong(cells[row], what), source=source, line=lines[row])
    refuse_constant(numbers, source, what)
    return numbers, guessed


def _what_is_wrong(cell: str, what: str) -> str:
    if guess.is_missing(cell):
        return f"{what} has no number here: fill it in, or take the line out"
    if guess.to_float(cell) is not None:
        return f"{what} holds {quote(cell)}, or a number too large for float64: correct it, or take the line out"
    return f"{quote(cell)} in {what} is not a number: correct it, or take the line out"
