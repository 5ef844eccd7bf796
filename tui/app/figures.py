"""Numbers as the screens write them: fixed widths, so that a change never moves a neighbour."""


def loss(value: float | None) -> str:
    """``0.1667``, or ``1.2e-05`` where four decimals would say nothing; ``inf`` for what left the numbers."""
    if value is None:
        return "inf"
    if value == 0 or 1e-4 <= abs(value) < 999.99:
        return f"{value:.4f}"
    return f"{value:.1e}"


def accuracy(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def r2(value: float | None) -> str:
    """R²: ``0.871``; a network far worse than the mean has ``-3.2e+05``."""
    if value is None:
        return ""
    return f"{value:.3f}" if value > -99.9995 else f"{value:.1e}"


def score(accuracy_of: float | None, r2_of: float | None) -> str:
    """How right the answers are: the accuracy of classes, R² of numbers, "" for what there is not."""
    return r2(r2_of) if r2_of is not None else accuracy(accuracy_of)


def count(value: float) -> str:
    """``7,000``; from 100,000 on ``778 k``, from ten million ``12 M``."""
    if value >= 10_000_000:
        return f"{value / 1e6:.0f} M"
    if value >= 100_000:
        return f"{value / 1e3:.0f} k"
    return f"{value:,.0f}"


def duration(seconds: float) -> str:
    """``0.24 s``, ``12.4 s``, ``3:07``, ``1:02:44``."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def milliseconds(seconds: float) -> str:
    value = 1000 * seconds
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def rate(value: float) -> str:
    """A learning rate or pace as Python prints it, in eight characters."""
    shown = f"{value:.6g}"
    return shown if len(shown) <= 8 else f"{value:.3g}"


def size(count: float) -> str:
    """Bytes: ``512 B``, ``20 KB``, ``3 MB``."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if count >= scale:
            return f"{count / scale:.0f} {unit}"
    return f"{count:.0f} B"
