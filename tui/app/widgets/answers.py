"""What is to be learnt, as a small picture: how many samples each class has, or how the targets are spread."""

import math

import numpy as np
from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from datasets import Dataset
from tui.app.charts import bar
from tui.app.charts.ramp import by_color, point_glyphs, shade_style, step_labels
from tui.app.charts.terminal import capabilities_of, class_style, glyphs_of
from tui.app.fitting import cut, cut_middle, left
from tui.app.glyphs import class_glyph
from tui.app.targets import first_target, target_ramp
from tui.lab.build import Prepared

MOST_BINS = 10


def class_balance(widget: Widget, prepared: Prepared, width: int, height: int) -> tuple[Text, str]:
    """(a bar a class and what chance means here, whether they are balanced) for so many cells."""
    glyphs, counts, names = glyphs_of(widget), prepared.dataset.class_counts, prepared.class_names
    room = max(1, height - 2)
    count = len(f"{counts.max():,}")
    # Long names have a half of what the bars could have.
    label = min(max(8, (width - count - 5) // 2), max(cell_len(name) for name in names))
    text = Text()
    for k in range(min(room, len(names))):
        glyph = class_glyph(k, names, glyphs)
        name = "" if glyph == names[k] else cut_middle(names[k], label, glyphs.ellipsis)
        size = max(1, width - label - count - 5)
        full = bar(counts[k] / counts.max(), size, glyphs)
        text.append(glyph, class_style(widget, k)).append(f" {left(name, label)} ")
        text.append(f"{full:<{size}}", class_style(widget, k)).append(f" {counts[k]:>{count},}\n")
    text.append("\n" if len(names) <= room else f"and {len(names) - room} more\n", "dim")
    share = counts.max() / counts.sum()
    text.append(f"chance {100 * share:.1f} %  ln {len(names)} = {math.log(len(names)):.3f}", "dim")
    return text, "balanced" if counts.max() <= 1.1 * counts.min() else "not balanced"


def target_spread(widget: Widget, prepared: Prepared, width: int, height: int) -> Text:
    """A histogram of the first target: where each bin begins, in the shade of its middle; then mean and deviation."""
    glyphs = glyphs_of(widget)
    values = first_target(prepared.dataset)
    counts, edges = np.histogram(values, bins=max(3, min(MOST_BINS, height - 2)))
    shades = target_ramp(prepared).shades((edges[:-1] + edges[1:]) / 2)
    labels = step_labels(edges[:-1].tolist())
    label, count = max(map(len, labels)), len(f"{counts.max():,}")
    size = max(1, width - label - count - 5)
    text = Text()
    for low, n, shade in zip(labels, counts.tolist(), shades.tolist(), strict=True):
        glyph, style = shade_mark(widget, shade)
        text.append(glyph, style).append(f" {low:>{label}} ")
        text.append(f"{bar(n / counts.max(), size, glyphs):<{size}}", style).append(f" {n:>{count},}\n")
    text.append(f"\nmean {plain(values.mean())}  sd {plain(values.std())}", "dim")
    return text


def target_facts(dataset: Dataset) -> list[tuple[str, str]]:
    """What is said of a regression's first target beside the samples and features."""
    values = first_target(dataset)
    more = len(dataset.target_names) - 1
    name = cut(dataset.target_names[0], 14, "~") + (f" and {more} more" if more else "")
    return [("target", name), ("from", plain(values.min())), ("to", plain(values.max()))]


def shade_mark(widget: Widget, shade: int) -> tuple[str, Style]:
    """The character and the look of a point of this shade."""
    capabilities = capabilities_of(widget)
    style = shade_style(shade, capabilities, dark=widget.app.current_theme.dark)
    return point_glyphs(capabilities)[shade], style if by_color(capabilities) else Style.null()


def plain(value: float) -> str:
    """A target's value in eight characters at most, without a power of ten where that is possible."""
    if value and not 1e-4 <= abs(value) < 1e7:
        return f"{value:.3g}"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
