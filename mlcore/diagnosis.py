"""What is wrong with a gradient, in words: by comparing it with the numeric one entry by entry."""

import numpy as np

from mlcore._typing import Array


def diagnose(
    analytic: Array,
    numeric: Array,
    tolerance: Array,
    transposed: Array | None,
    known_factors: dict[float, str],
) -> str:
    """In words, what is wrong with a gradient.

    analytic, numeric, tolerance: the entries compared. transposed: the analytic gradient of the mirrored
    entries of a square matrix. known_factors: what a factor would mean, such as {32: "the batch size"}.
    """
    if not np.isfinite(analytic).all():
        return "the gradient is not finite"
    if not analytic.any():
        return "missing: backward leaves it at zero"
    ratio = float(analytic @ numeric) / float(numeric @ numeric) if numeric.any() else 0.0
    factor = abs(ratio)
    # A constant factor must explain every entry; the differences themselves are known to about 1e-6.
    if factor and bool(np.all(np.abs(analytic - ratio * numeric) <= factor * (tolerance + 1e-6 * np.abs(numeric)))):
        sign = "wrong sign" if ratio < 0 else ""
        if abs(factor - 1) < 1e-4:
            return sign
        return ", and ".join(part for part in (sign, _factor_in_words(factor, known_factors)) if part)
    if transposed is not None and bool(np.all(np.abs(transposed - numeric) <= tolerance)):
        return "transposed: rows and columns are exchanged"
    wrong = int(np.count_nonzero(np.abs(analytic - numeric) > tolerance))
    return f"wrong in {wrong} of the {len(analytic)} entries compared"


def _factor_in_words(factor: float, known: dict[float, str]) -> str:
    large = factor > 1
    size = factor if large else 1 / factor
    whole = round(size)
    number = f"{whole}" if whole > 1 and abs(size / whole - 1) < 1e-4 else f"{size:.6g}"
    meaning = next((f" = {text}" for value, text in known.items() if value > 1 and abs(size / value - 1) < 1e-4), "")
    return f"too {'large' if large else 'small'} by a factor of {number}{meaning}"
