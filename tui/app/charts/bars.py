"""Bars, meters and spark lines as plain text."""

import math
from collections.abc import Sequence

import numpy as np

from tui.app.glyphs import GlyphSet


def bar(share: float, width: int, glyphs: GlyphSet) -> str:
    """A bar of at most `width` cells for a share in 0..1, to an eighth of a cell where glyphs allow it."""
    steps = len(glyphs.bar)
    filled = round(_share(share) * width * steps)
    whole, rest = divmod(filled, steps)
    return glyphs.bar[-1] * whole + (glyphs.bar[rest - 1] if rest else "")


def progress(share: float, width: int, glyphs: GlyphSet) -> str:
    """A line of exactly `width` cells, filled to a share in 0..1; only a share of 1 fills it wholly."""
    return _filled(share, width, glyphs.progress_full, glyphs.progress_empty)


def meter(share: float, width: int, glyphs: GlyphSet) -> str:
    """As `progress`, in the glyphs of the small meter in a title."""
    return _filled(share, width, glyphs.meter_full, glyphs.meter_empty)


def stacked(shares: Sequence[float], width: int, glyphs: GlyphSet) -> str:
    """One bar of `width` cells divided in the ratio of `shares`, in shades; what is not 0 gets a cell."""
    weights = [share if math.isfinite(share) and share > 0 else 0.0 for share in shares]
    greatest = max(weights, default=0.0)
    if greatest <= 0 or width < 1:
        return ""
    weights = [weight / greatest for weight in weights]
    total = sum(weights)
    edges = [round(width * sum(weights[: i + 1]) / total) for i in range(len(weights))]
    cells = [after - before for before, after in zip([0, *edges], edges, strict=False)]
    for i, weight in enumerate(weights):
        widest = cells.index(max(cells))
        if weight and not cells[i] and cells[widest] > 1:
            cells[i], cells[widest] = 1, cells[widest] - 1
    return "".join(glyphs.shades[i % len(glyphs.shades)] * count for i, count in enumerate(cells))


def spark(values: Sequence[float] | np.ndarray, width: int, glyphs: GlyphSet) -> str:
    """A line of small columns, at most `width`, from the least value to the greatest; gaps are blanks.

    Longer series are averaged to `width` columns. Glyphs without columns give the first and the last value,
    or only that where there is no room.
    """
    numbers = np.asarray(values, dtype=np.float64).ravel()
    numbers = np.where(np.abs(numbers) <= 1e300, numbers, np.nan)
    if width < 1 or not np.isfinite(numbers).any():
        return ""
    if not glyphs.spark:
        finite = numbers[np.isfinite(numbers)]
        forms = (f"{finite[0]:.3g} {glyphs.right} {finite[-1]:.3g}", f"{finite[0]:.2g}{glyphs.right}{finite[-1]:.2g}")
        return next((words for words in forms if len(words) <= width), f"{finite[-1]:.2g}"[:width])
    if numbers.size > width:
        parts = np.array_split(numbers, width)
        numbers = np.array([np.nanmean(part) if np.isfinite(part).any() else np.nan for part in parts])
    low, high = np.nanmin(numbers), np.nanmax(numbers)
    # Halves, so that the distance from -1e300 to 1e300 is a number still.
    span = high / 2 - low / 2
    levels = len(glyphs.spark) - 1
    return "".join(
        " "
        if np.isnan(number)
        else glyphs.spark[round(levels * float((number / 2 - low / 2) / span)) if span > 0 else 0]
        for number in numbers
    )


def _filled(share: float, width: int, full: str, empty: str) -> str:
    cells = math.floor(_share(share) * width + 1e-9)
    return full * cells + empty * (width - cells)


def _share(share: float) -> float:
    return min(max(share, 0.0), 1.0) if math.isfinite(share) else 0.0
