"""What several runs have in common axes and in a table: their curves, the settings in which they differ, their
figures, and what those say. Pure."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from tui.app import figures
from tui.app.charts.view import Extent
from tui.app.run_view import RunView
from tui.app.runs_state import Entry, Spread, spread

if TYPE_CHECKING:
    import numpy as np

    from tui.app.charts import Series
    from tui.lab.spec import Spec

Compared = Sequence[tuple[str, Entry]]
"""(letter, entry) of what is compared; no letter for a run that is looked at alone."""
FIGURES: tuple[tuple[str, str], ...] = (
    ("val_loss", "validation loss"),
    ("train_loss", "training loss"),
    ("val_score", "validation accuracy"),
    ("train_score", "training accuracy"),
)
MOST_POINTS = 4096


def short_name(name: str) -> str:
    """Without the day: ``1402-tp4`` of ``1120-1402-tp4``."""
    day, _, rest = name.partition("-")
    return rest if len(day) == 4 and day.isdigit() and rest else name


def bare_name(name: str) -> str:
    """Without day and hour: ``tp4`` of ``1120-1402-tp4``."""
    found = re.match(r"\d{4}-\d{4}-(.+)", name)
    return found[1] if found else name


def heading(letter: str, entry: Entry) -> str:
    name = short_name(entry.row.name) + (f" × {len(entry.rows)}" if entry.is_group else "")
    return f"{letter} {name}".strip()


def views_of(entry: Entry, views: Mapping[str, RunView]) -> list[RunView]:
    return [views[row.name] for row in entry.rows if row.name in views]


def wanted_views(compared: Compared) -> list[str]:
    """The names of the runs that must be read through to draw this."""
    return [row.name for _, entry in compared for row in entry.rows]


# Curves


def column_of(figure: str, view: RunView) -> str:
    """The column of a run's history that a figure of `FIGURES` means."""
    if not figure.endswith("_score"):
        return figure
    return figure.replace("score", "r2" if view.task == "regression" else "accuracy")


def curves_of(
    compared: Compared,
    views: Mapping[str, RunView],
    figure: str,
    weight: float = 0.0,
    window: tuple[float, float] | None = None,
) -> "tuple[Series, ...]":
    """Of each entry its curve, of a group the mean and faint lines a deviation above and below it.

    A run alone is drawn as on Train: training and validation. ``weight`` is that of the moving average of single runs
    (a mean over runs is smooth already), ``window`` the epochs that are looked at.
    """
    from tui.app.charts import Series
    from tui.app.charts.smoothing import smoothed

    series: list[Series] = []

    def single(label: str, view: RunView, column: str, role: Any) -> None:
        make = partial(Series, role=role)
        series.extend(smoothed(label, lambda w: view.epochs.sketch(column, w, window), weight, make))

    for letter, entry in compared:
        found = views_of(entry, views)
        if not letter and len(found) == 1:
            part = figure.removeprefix("val_").removeprefix("train_")
            for name, role in (("train", "train"), ("val", "validation")):
                column = column_of(f"{name}_{part}", found[0])
                if found[0].epochs and not _all_nan(found[0].epochs.column(column)):
                    single(name, found[0], column, role)
            continue
        role = letter or "a"
        label = f"{letter} {short_name(entry.row.name).partition('-')[0]}" if letter else "mean"
        if len(found) == 1:
            single(label, found[0], column_of(figure, found[0]), role)
        elif found:
            x, mean, deviation = mean_curve(found, figure, window)
            series.append(Series(label, x, mean, role=role))  # type: ignore[arg-type]
            for edge in (mean - deviation, mean + deviation) if deviation.any() else ():
                series.append(Series("", x, edge, role=role, faint=True))  # type: ignore[arg-type]
    return tuple(series)


def figures_at(compared: Compared, views: Mapping[str, RunView], figure: str, epoch: float) -> list[tuple[str, str]]:
    """(name, figure) of each curve at an epoch: of a run that has ended before it, its last; of a group the mean."""
    said: list[tuple[str, str]] = []

    def value(found: list[RunView], of: str) -> str:
        known = [view.epochs.value(column_of(of, view), epoch) for view in found]
        numbers = [number for number in known if number is not None and math.isfinite(number)]
        mean = sum(numbers) / len(numbers) if numbers else None
        if of.endswith("loss"):
            return figures.loss(mean)
        return figures.r2(mean) if found[0].task == "regression" else figures.accuracy(mean)

    for letter, entry in compared:
        if not (found := views_of(entry, views)):
            continue
        if letter or len(found) > 1:
            said.append((letter or "mean", value(found, figure)))
            continue
        part = figure.removeprefix("val_").removeprefix("train_")
        for name in ("train", "val"):
            if not _all_nan(found[0].epochs.column(column_of(f"{name}_{part}", found[0]))):
                said.append((name, value(found, f"{name}_{part}")))
    return said


def extent(compared: Compared, views: Mapping[str, RunView]) -> Extent:
    """From the first epoch to the last of the longest run, and the newest that any has come to."""
    found = [view for _, entry in compared for view in views_of(entry, views)]
    newest = max((view.epochs[-1].epoch for view in found if view.epochs), default=0)
    return Extent(float(last_epoch(compared, views)), float(newest))


def mean_curve(
    views: Sequence[RunView], figure: str, window: tuple[float, float] | None = None
) -> "tuple[np.ndarray, np.ndarray, np.ndarray]":
    """(epochs, mean, deviation) over the runs, as far as all of them have come that have begun."""
    import numpy as np

    begun = [view for view in views if view.epochs]
    if not begun:
        return np.empty(0), np.empty(0), np.empty(0)
    count = min(len(view.epochs) for view in begun)
    epochs = begun[0].epochs.column("epoch")[:count]
    start, end = 0, count
    if window is not None:
        start = max(0, int(epochs.searchsorted(window[0])) - 1)
        end = min(count, int(epochs.searchsorted(window[1], side="right")) + 1)
    some = slice(start, end, max(1, -(-(end - start) // MOST_POINTS)))
    columns = np.stack([view.epochs.column(column_of(figure, view))[some] for view in begun])
    deviation = columns.std(axis=0, ddof=1) if len(begun) > 1 else np.zeros(columns.shape[1])
    return epochs[some], columns.mean(axis=0), deviation


def _all_nan(values: "np.ndarray") -> bool:
    import numpy as np

    return bool(np.isnan(values).all())


def last_epoch(compared: Compared, views: Mapping[str, RunView]) -> int:
    return max((view.total_epochs for _, entry in compared for view in views_of(entry, views)), default=1)


# Settings


def differing(compared: Compared, views: Mapping[str, RunView]) -> dict[str, list[str]]:
    """The settings in which the entries differ, as they are shown. The seeds of a group are no difference."""
    from tui.lab.settings import differences, shown

    specs: list[Spec] = []
    for _, entry in compared:
        found = views_of(entry, views)
        if not found:
            return {}
        spec = found[-1].spec
        specs.append(spec.with_value("seed", 0) if any(other.is_group for _, other in compared) else spec)
    return {key: [shown(value) for value in values] for key, values in differences(specs).items()}


def count_settings(compared: Compared, views: Mapping[str, RunView]) -> int:
    from tui.lab.settings import flat

    return max((len(flat(view.spec)) for _, entry in compared for view in views_of(entry, views)[:1]), default=0)


# Figures

Show = Callable[[float | None], str]


def figure_rows(compared: Compared, views: Mapping[str, RunView]) -> list[tuple[str, list[Spread], Show]]:
    """(words, one `Spread` an entry, how it is written) of each final figure that some entry has."""

    def of_rows(name: str) -> list[Spread]:
        return [entry.spread(name) for _, entry in compared]

    def of_views(get: Callable[[RunView], float | None]) -> list[Spread]:
        return [spread([get(view) for view in views_of(entry, views)]) for _, entry in compared]

    numbers = any(row.val_r2 is not None or row.test_r2 is not None for _, entry in compared for row in entry.rows)
    score, show = ("r2", figures.r2) if numbers else ("accuracy", figures.accuracy)
    word = "R²" if numbers else "acc"

    def gap(view: RunView) -> float | None:
        if not view.epochs:
            return None
        last = view.epochs[-1]
        train, validation = getattr(last, f"train_{score}"), getattr(last, f"val_{score}")
        return None if train is None or validation is None else train - validation

    rows: list[tuple[str, list[Spread], Show]] = [
        ("val loss best", of_views(lambda view: view.best.val_loss if view.best is not None else None), figures.loss),
        (f"test {word}", of_rows(f"test_{score}"), show),
        (f"val {word}", of_rows(f"val_{score}"), show),
        ("gap train to val", of_views(gap), lambda value: "" if value is None else f"{value:.3f}"),
        ("time", of_views(lambda view: view.seconds or None), _duration),
        ("epochs a second", of_views(lambda view: len(view.epochs) / view.seconds if view.seconds else None), _count),
        ("best epoch", of_views(lambda view: view.best.epoch if view.best is not None else None), _count),
        ("val loss", of_rows("val_loss"), figures.loss),
        ("train loss", of_rows("train_loss"), figures.loss),
        ("test loss", of_rows("test_loss"), figures.loss),
        ("epochs", of_rows("epochs"), _count),
    ]
    return [row for row in rows if any(found.mean is not None for found in row[1])]


def _count(value: float | None) -> str:
    return "" if value is None else figures.count(value)


def _duration(value: float | None) -> str:
    return "" if value is None else figures.duration(value)


def conclusion(compared: Compared, views: Mapping[str, RunView]) -> str:
    """A sentence on the test part: which is best, and whether by more than chance; "" where nothing can be said."""
    scored = []
    for letter, entry in compared:
        found = entry.spread("test_accuracy")
        samples = [view.started.test_samples for view in views_of(entry, views) if view.started is not None]
        if letter and found.mean is not None and samples:
            scored.append((found.mean, letter, found, min(samples), len(entry.rows)))
    if len(scored) < 2:
        return ""
    scored.sort(key=lambda item: (-item[0], item[1]))
    best, second = scored[0], scored[1]
    error = math.hypot(_error(*best[2:]), _error(*second[2:]))
    ahead = best[0] - second[0]
    size = f"{100 * error:.1f} %"
    if ahead <= error:
        more = "" if all(item[4] > 1 for item in scored[:2]) else ": repeat over seeds (S)"
        first, other = sorted((best[1], second[1]))
        return f"On test {first} and {other} are within one standard error ({size}){more}."
    return f"On test {best[1]} is {100 * ahead:.1f} points ahead of {second[1]}, more than a standard error ({size})."


def _error(found: Spread, samples: int, runs: int) -> float:
    """The standard error of an accuracy: over the runs of a group, of one run that of a share of its samples."""
    if found.deviation is not None:
        return found.deviation / math.sqrt(runs)
    share = found.mean or 0.0
    return math.sqrt(share * (1 - share) / max(1, samples))


# As a table


def table(compared: Compared, views: Mapping[str, RunView]) -> list[list[str]]:
    """Everything that differs and every figure, with headings: to be written into a file."""
    rows = [["", *(heading(letter, entry) for letter, entry in compared)]]
    rows += [[key, *values] for key, values in differing(compared, views).items()]
    for words, spreads, _ in figure_rows(compared, views):
        rows.append([words, *("" if found.mean is None else repr(found.mean) for found in spreads)])
        if any(found.deviation is not None for found in spreads):
            deviations = ("" if found.deviation is None else repr(found.deviation) for found in spreads)
            rows.append([f"{words} deviation", *deviations])
    return rows
