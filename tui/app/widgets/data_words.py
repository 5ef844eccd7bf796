"""A data set in words and rows: its facts, its first samples, and what it asks for."""

import numpy as np
from rich.text import Text
from textual.widget import Widget

from datasets import Dataset
from tui.app.charts.terminal import class_style, glyphs_of
from tui.app.clipboard import value as copied_value
from tui.app.fitting import cut, cut_middle
from tui.app.glyphs import GlyphSet, class_glyph
from tui.app.targets import first_target, target_ramp
from tui.app.widgets.answers import plain, shade_mark, target_facts
from tui.app.widgets.feature_table import Preview
from tui.lab.build import Prepared, feature_names
from tui.lab.preparing import column_names

ROWS = 50
FACTS_WIDTH = 28


def _made_of(prepared: Prepared) -> list[tuple[str, str]]:
    """What becomes of the columns on their way into the network, where it is more than a scale."""
    inputs, facts = prepared.inputs, []
    if inputs.components is not None:
        facts.append(("variance kept", f"{100 * inputs.components.share.sum():.1f} %"))
    if not inputs.plain:
        facts.append(("inputs", f"{prepared.in_features:,}"))
    return facts


def answers_in_words(dataset: Dataset) -> str:
    """``4 classes of 2,500``, or ``1 number to predict``."""
    if dataset.task == "regression":
        return f"{dataset.n_answers} number{'s' * (dataset.n_answers > 1)} to predict"
    counts = dataset.class_counts
    each = f" of {counts[0]:,}" if counts.min() == counts.max() else ""
    return f"{len(counts)} classes{each}"


def facts_text(prepared: Prepared, glyphs: GlyphSet) -> Text:
    """A line a fact, and the one thing about the columns that somebody should know before training."""
    dataset = prepared.dataset
    regression = dataset.task == "regression"
    facts = [
        ("samples", f"{dataset.n_samples:,}"),
        ("features", f"{dataset.n_features:,}"),
        *(target_facts(dataset) if regression else [("one sample", glyphs.times.join(map(str, dataset.shape)))]),
        ("X", str(dataset.X.dtype)),
        ("y", str(dataset.y.dtype)),
        ("missing", f"{dataset.missing:,}"),
        *_made_of(prepared),
        ("constant columns", f"{dataset.constant_columns:,}"),
        ("parts given", ", ".join(dataset.parts) or "none"),
        ("sha256", f"{dataset.sha256[:4]}{glyphs.ellipsis}{dataset.sha256[-4:]}"),
    ]
    text = Text()
    for name, value in facts:
        text.append(name, "dim").append(f"{value:>{FACTS_WIDTH - len(name)}}\n")
    if remark := _remark(dataset):
        text.append(f"\n{remark}", "dim")
    return text


def preview(widget: Widget, prepared: Prepared) -> Preview:
    """The first samples with their answers."""
    dataset = prepared.dataset
    answers = _numbers(widget, prepared) if dataset.task == "regression" else _classes(widget, prepared)
    heading = "y" if dataset.task == "classification" else cut(dataset.target_names[0], 10, "~")
    flat = dataset.X[:ROWS].reshape(len(answers), -1)
    if dataset.task == "regression":
        plain_answers = [copied_value(number) for number in first_target(dataset)[:ROWS].tolist()]
    else:
        plain_answers = [prepared.class_names[k] for k in dataset.y[:ROWS].tolist()]
    return Preview(column_names(dataset), flat, answers, heading, dataset.categories, plain_answers)


def point_in_words(prepared: Prepared, row: int, features: tuple[int, int]) -> str:
    """A sample of the scatter: its number, what it is to be taken for, and both features."""
    dataset, names = prepared.dataset, feature_names(prepared)
    if dataset.task == "regression":
        answer = f"{cut(dataset.target_names[0], 20, '~')} {plain(float(first_target(dataset)[row]))}"
    else:
        answer = f"class {cut(prepared.class_names[int(dataset.y[row])], 20, '~')}"
    # What is drawn are the columns themselves, or what was made of all of them.
    texts = dataset.categories if names == column_names(dataset) else {}
    places = []
    for k in features:
        value = float(prepared.view[row, k])
        shown = cut(texts[k][int(value)], 16, "~") if k in texts else plain(value)
        places.append(f"{cut(names[k], 16, '~')} {shown}")
    return f"sample {row}: {answer}, {', '.join(places)}"


def _classes(widget: Widget, prepared: Prepared) -> list[Text]:
    """Glyph and name of the class of each of the first samples."""
    glyphs, cells = glyphs_of(widget), []
    for k in prepared.dataset.y[:ROWS].tolist():
        glyph, name = class_glyph(k, prepared.class_names, glyphs), prepared.class_names[k]
        cells.append(Text(glyph, class_style(widget, k)))
        if glyph != name:
            cells[-1].append(f" {cut_middle(name, 12, '~')}", "default")
    return cells


def _numbers(widget: Widget, prepared: Prepared) -> list[Text]:
    """The first target of each of the first samples, with the mark of its shade."""
    values = first_target(prepared.dataset)[:ROWS]
    marks = [shade_mark(widget, shade) for shade in target_ramp(prepared).shades(values).tolist()]
    return [
        Text(glyph, style).append(f" {plain(value)}", "default")
        for (glyph, style), value in zip(marks, values, strict=True)
    ]


def _remark(dataset: Dataset) -> str:
    X = dataset.X
    if X.ndim > 2 or X.dtype == np.uint8:
        return "images: normalise pixels"
    first = np.delete(X[:5000], list(dataset.categories), axis=1)
    first = first[:, ~np.isnan(first).all(axis=0)]
    spreads = np.nanstd(first, axis=0)
    spreads = spreads[spreads > 0]
    if len(spreads) and spreads.max() > 20 * spreads.min():
        return f"widths differ {spreads.max() / spreads.min():,.0f}-fold: normalise"
    return ""
