"""Runs as lines of text for a terminal or a pipe."""

import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from tui.commands.output import columns
from tui.commands.train import number, percent
from tui.lab.runinfo import RunInfo
from tui.lab.runlist import RunRow
from tui.lab.settings import shown

BARS = "▁▂▃▄▅▆▇█"
PLAIN_BARS = "_.-=+*#@"
SPARK_POINTS = 10
_HEADS = ("name", "state", "epoch", "val loss", "val", "test", "loss", "lr", "data", "hidden", "seed", "time", "tags")
_FIRST_TO_GO = ("tags", "time", "seed", "hidden", "val", "data", "lr", "test", "loss")
"""Columns that a narrow terminal does without, the first of them first."""


def lines(rows: Sequence[RunRow], width: int | None = None) -> Iterator[str]:
    """A head and a line a run, in as many columns as the terminal is wide; a pipe gets all of them."""
    if not rows:
        return
    if width is None:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
    cells = [_cells(row) for row in rows]
    kept = [head for head in _HEADS if head != "tags" or any(row.tags for row in rows)]
    for head in ("", *_FIRST_TO_GO):
        kept = [name for name in kept if name != head]
        table = [kept, *([cell[name] for name in kept] for cell in cells)]
        found = list(columns([list(line) for line in table]))
        if max(map(len, found)) <= width:
            break
    for index, line in enumerate(found):
        yield line
        row = rows[index - 1]
        if index and row.problem:
            yield f"  ? {row.problem}"
        elif index and row.silent is not None:
            yield f"  ? no sign from {row.host} for {duration(row.silent)}"


def _cells(row: RunRow) -> dict[str, str]:
    host = "" if row.here or not row.live else f" on {row.host}"
    return {
        "name": row.name,
        "state": row.state + host,
        "epoch": f"{row.epochs}" if row.total in (None, row.epochs) else f"{row.epochs} / {row.total}",
        "val loss": number(row.val_loss if row.val_loss is not None else row.train_loss),
        "val": _score(row.val_accuracy, row.val_r2),
        "test": _score(row.test_accuracy, row.test_r2),
        "loss": spark(row.spark(SPARK_POINTS)),
        "lr": "-" if row.lr is None else f"{row.lr:g}",
        "data": row.data,
        "hidden": "-".join(map(str, row.hidden)) or "-",
        "seed": "-" if row.seed is None else str(row.seed),
        "time": "-" if row.seconds is None else duration(row.seconds),
        "tags": " ".join(row.tags),
    }


def _score(accuracy: float | None, r2: float | None) -> str:
    return f"R² {r2:.3f}" if r2 is not None else percent(accuracy)


def spark(values: Sequence[float | None]) -> str:
    """Values as a line of bars, the smallest lowest; a gap where there is no number."""
    numbers = [value for value in values if value is not None]
    if not numbers:
        return ""
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower()
    bars = BARS if encoding.startswith("utf") else PLAIN_BARS
    low, span = min(numbers), (max(numbers) - min(numbers)) or 1.0
    return "".join(" " if value is None else bars[round((value - low) / span * (len(bars) - 1))] for value in values)


def duration(seconds: float) -> str:
    """``0.36 s``, ``1:12``, ``2:03:04``"""
    if seconds < 60:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def figure_text(name: str, value: Any) -> str:
    """A figure of a row in the form that its name asks for."""
    if value is None:
        return "-"
    if name.endswith("_accuracy"):
        return percent(value)
    if name == "seconds":
        return duration(value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def about_lines(about: RunInfo) -> Iterator[str]:
    """A run in some twenty lines."""
    row = about.row
    host = f" on {row.host}, process {row.pid}" if row.live else ""
    yield f"{row.name}  {row.state}{host}{f': {row.message}' if row.message else ''}"
    yield str(row.path)
    for problem in about.problems:
        yield f"? {problem}"
    if row.silent is not None:
        yield f"? no sign from its trainer for {duration(row.silent)}"
    facts = [
        ("made", time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(row.created))),
        ("epochs", f"{row.epochs:,}" + (f" of {row.total:,}" if row.total is not None else "")),
        ("tags", " ".join(row.tags)),
        ("note", row.note),
        ("group", row.group),
        ("data", f"{row.data}, sha256 {about.record['data_sha256']}" if "data_sha256" in about.record else row.data),
    ]
    if about.started is not None:
        it = about.started
        facts.append(("network", f"{it.parameters:,} parameters, {it.engine} engine, {it.threads} BLAS threads"))
    yield from _block([(name, value) for name, value in facts if value])
    yield ""
    yield "settings other than the defaults" if about.settings else "all settings are the defaults"
    yield from _block([(key, shown(value)) for key, value in about.settings.items()])
    figures = [
        (name, figure_text(name, getattr(row, name)))
        for name in row.__dataclass_fields__
        if name.endswith(("_loss", "_accuracy", "_r2", "seconds")) and getattr(row, name) is not None
    ]
    if figures:
        yield ""
        yield "figures"
        yield from _block([(name.replace("_", " "), value) for name, value in figures])
        yield f"  {spark(row.spark(60))}"
    yield ""
    counted = ", ".join(f"{count:,} {kind}" for kind, count in about.events.items()) or "none yet"
    unread = f"; {about.unread:,} lines could not be read" if about.unread else ""
    yield f"events: {counted}{unread}"
    kept = ", ".join(map(str, about.snapshots))
    yield f"files: {len(about.files)}, {sum(size for _, size in about.files):,} bytes"
    if kept:
        yield f"snapshots after epochs {kept}"


def _block(pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield from (f"  {line}" for line in columns([list(pair) for pair in pairs]))
