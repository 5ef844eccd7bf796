"""What the panels hold, as text for other programs: numbers as Python prints them, tables with tabs, curves as CSV."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from tui.app.charts.data import Points, RegionData, cell_centers
from tui.app.clipboard import Copied, comma_separated, count, tsv, value
from tui.app.history import WHOLE, History
from tui.lab.spec import Spec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tui.lab.runlist import RunRow

LEFT_OUT = frozenset({"path", "problem", "silent", "here"})
"""Of a run's row: what is of the moment, or of this machine."""


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Copied:
    return Copied(tsv([heads, *rows]), count(len(rows), "row"), ".tsv")


def epochs(history: History, columns: Sequence[str]) -> Copied:
    """A line an epoch, a column a figure that there is."""
    return several_epochs({"": history}, columns)


def several_epochs(histories: Mapping[str, History], columns: Sequence[str]) -> Copied:
    """Figures of runs beside one another, by epoch; each column is headed by its run's name where there are more."""
    heads, cells, at = ["epoch"], [], sorted({int(n) for h in histories.values() for n in h.column("epoch")})
    for name, history in histories.items():
        numbers = history.column("epoch").astype(int).tolist()
        for column in columns:
            values = history.column(column)
            if len(values) and not np.isnan(values).all():
                heads.append(f"{name} {column}".strip())
                cells.append(dict(zip(numbers, _printed(values, whole=column in WHOLE), strict=True)))
    rows = [[str(n), *(of.get(n, "") for of in cells)] for n in at]
    return Copied(comma_separated([heads, *rows]), count(len(rows), "epoch"), ".csv")


def _printed(values: "NDArray[Any]", *, whole: bool) -> list[str]:
    if whole:
        return [str(int(number)) for number in values.tolist()]
    return [value(number) for number in values.tolist()]


def points(shown: Points, x_name: str, y_name: str, class_names: Sequence[str]) -> Copied:
    """A row a point; of a regression without the shade that it is drawn in."""
    columns = [_printed(np.asarray(shown.x), whole=False), _printed(np.asarray(shown.y), whole=False)]
    heads = [x_name, y_name]
    if not shown.shaded:
        heads.append("class")
        columns.append([class_names[k] if k < len(class_names) else str(k) for k in shown.labels.tolist()])
    if shown.wrong is not None:
        heads.append("wrong")
        columns.append([str(bool(wrong)) for wrong in shown.wrong.tolist()])
    rows = list(zip(*columns, strict=True))
    return Copied(tsv([heads, *rows]), count(len(rows), "point"), ".tsv")


def region(data: RegionData, x_name: str, y_name: str) -> Copied:
    """A row a cell of the map: where its centre lies, what the network answers there, and how sure it is."""
    height, width = data.classes.shape
    x, y = cell_centers(data.x_range, width), cell_centers(data.y_range, height)[::-1]
    names, answer = data.class_names, "class" if data.ramp is None else "shade"
    rows = [
        (value(float(x[j])), value(float(y[i])), _answer(int(data.classes[i, j]), names, data), _sure(data, i, j))
        for i in range(height)
        for j in range(width)
    ]
    return Copied(tsv([(x_name, y_name, answer, "confidence"), *rows]), count(len(rows), "cell"), ".tsv")


def _answer(k: int, names: Sequence[str], data: RegionData) -> str:
    return names[k] if data.ramp is None and k < len(names) else str(k)


def _sure(data: RegionData, i: int, j: int) -> str:
    return value(round(float(data.confidence[i, j]), 4))


def grid(values: "NDArray[Any]", what: str) -> Copied:
    """A matrix of numbers, as an image's, a line a row."""
    return Copied(tsv([[value(number) for number in row] for row in values.tolist()]), what, ".tsv")


def runs(rows: "Sequence[RunRow]") -> Copied:
    """A row a run, with every figure that one of them has."""
    from tui.lab.runlist import RunRow

    names = [f.name for f in fields(RunRow) if f.name not in LEFT_OUT]
    cells = {name: [_field(getattr(row, name)) for row in rows] for name in names}
    known = [name for name in names if any(cells[name])]
    lines = [[row.name, *(cells[name][at] for name in known)] for at, row in enumerate(rows)]
    return Copied(tsv([["name", *known], *lines]), count(len(rows), "run"), ".tsv")


def _field(found: object) -> str:
    return " ".join(str(part) for part in found) if isinstance(found, tuple) else value(found)


def settings(spec: Spec, keys: Sequence[str], values: Mapping[str, Any]) -> Copied:
    """Settings as a spec has them, ready for a TOML file; ``values`` are those that it leaves at their default."""
    import msgspec
    import tomli_w

    nested: dict[str, Any] = {}
    number = 0
    for key in keys:
        try:
            found = spec.value(key)
        except KeyError:
            found = values.get(key)
        if found is None:
            continue
        *path, name = key.split(".")
        inner = nested
        for part in path:
            inner = inner.setdefault(part, {})
        inner[name] = msgspec.to_builtins(found)
        number += 1
    # What is of no table stands first, as TOML wants it.
    ordered = dict(sorted(nested.items(), key=lambda item: isinstance(item[1], dict)))
    return Copied(tomli_w.dumps(ordered), count(number, "setting"), ".toml")
