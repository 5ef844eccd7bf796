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
    """In words, what is wrong with a gradient that is wrong in one way throughout; "" where it is not.

    analytic, numeric, tolerance: the entries compared, (k,). transposed: the analytic gradient of the mirrored
    entries of a square matrix. known_factors: what a factor would mean, such as {32: "the batch size"}.
    """
    if not np.isfinite(analytic).all():
        return "the gradient is not finite"
    if not analytic.any():
        return "missing: backward leaves it at zero"
    if words := multiple(analytic, numeric, tolerance, known_factors):
        return words
    if transposed is not None:
        words = multiple(transposed, numeric, tolerance, known_factors)
        if words is not None:
            return joined("transposed: rows and columns are exchanged", words)
    return ""


def multiple(analytic: Array, numeric: Array, tolerance: Array | float, known_factors: dict[float, str]) -> str | None:
    """By which constant factor `analytic` differs from `numeric`, in words: "" for none, None where it is not constant.

    All (k,): the factor must explain every entry; the numeric ones themselves are known to about 1e-6.
    """
    with np.errstate(all="ignore"):
        ratio = float(analytic @ numeric) / float(numeric @ numeric) if numeric.any() else 0.0
        factor = abs(ratio)
        if not np.isfinite(factor) or factor == 0:
            return None
        near = np.abs(analytic - ratio * numeric) <= factor * (tolerance + 1e-6 * np.abs(numeric))
    if not np.all(near):
        return None
    sign = "wrong sign" if ratio < 0 else ""
    return sign if abs(factor - 1) < 1e-4 else joined(sign, _factor_in_words(factor, known_factors))


def joined(*parts: str) -> str:
    """One sentence of those that are not empty."""
    return ", and ".join(part for part in parts if part)


def _factor_in_words(factor: float, known: dict[float, str]) -> str:
    large = factor > 1
    size = factor if large else 1 / factor
    whole = round(size)
    number = f"{whole}" if whole > 1 and abs(size / whole - 1) < 1e-4 else f"{size:.6g}"
    meaning = next((f" = {text}" for value, text in known.items() if value > 1 and abs(size / value - 1) < 1e-4), "")
    return f"too {'large' if large else 'small'} by a factor of {number}{meaning}"
