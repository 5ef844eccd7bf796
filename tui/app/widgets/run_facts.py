"""What is known of the run under the cursor, in three lines."""

import time

from rich.text import Text

from tui.app import figures
from tui.app.glyphs import GlyphSet
from tui.app.literal import literal
from tui.app.runs_state import READING, Entry, RunsState
from tui.app.widgets.run_cells import sizes
from tui.lab.fields import FIELDS
from tui.lab.values import show_value


def facts_text(entry: Entry | None, runs: RunsState, glyphs: GlyphSet) -> Text:
    """The experiment, its trainer, and what people have written about it."""
    text = Text(no_wrap=True, overflow="ellipsis")
    if entry is None or entry.row.problem == READING:
        return text
    row, dot = entry.row, f" {glyphs.dot} "
    if row.problem:
        text.append(literal(row.problem)).append("\n")
    elif entry.is_group:
        seeds = ", ".join(str(other.seed) for other in reversed(entry.rows))
        text.append(f"{len(entry.rows)} runs of one experiment, seeds {seeds}").append("\n")
    what = [
        literal(row.data),
        sizes(row) + (f" {_shown('model.activation', row.activation)}" if row.hidden else ""),
        f"{_shown('training.optimizer', row.optimizer)} lr {row.lr:g}" if row.lr is not None else "",
        f"batch {row.batch_size}" if row.batch_size is not None else "",
        f"dropout {row.dropout:g}" if row.dropout else "",
        f"seed {row.seed}" if row.seed is not None and not entry.is_group else "",
    ]
    text.append(dot.join(part for part in what if part))
    if row.message:
        text.append(f"   {literal(row.message)}", "dim")
    text.append("\n")
    if row.started is not None:
        when = time.strftime("%d %b %H:%M:%S", time.localtime(row.started))
        text.append(f"started {when} on {literal(row.host)}, pid {row.pid}", "dim")
        if row.seconds is not None:
            text.append(f", {figures.duration(row.seconds)}", "dim")
        if row.silent is not None:
            text.append(f"   no sign for {figures.duration(row.silent)}")
    written = "  ".join(f"#{tag}" for tag in row.tags)
    if row.note:
        written = f"{written}   note: {row.note}".lstrip()
    text.append(f"\n{literal(written)}" if written else "")
    return text


def _shown(key: str, value: str) -> str:
    try:
        return show_value(FIELDS[key], value)
    except (KeyError, ValueError, TypeError):
        return literal(value)
