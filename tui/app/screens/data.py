"""1 Data: choose a set, look at it, split it, normalise it."""

import math
from pathlib import Path

import numpy as np
from rich.text import Text
from textual.app import ComposeResult
from textual.widget import Widget

from datasets import GENERATORS
from tui.app.actions import bindings
from tui.app.charts import Points, Scatter, bar, spark, stacked
from tui.app.charts.terminal import class_style
from tui.app.facts import FeaturesChosen, FeaturesTurned
from tui.app.glyphs import class_glyph, legend
from tui.app.screens.base import BenchScreen
from tui.app.session import Session
from tui.app.widgets.form import Form
from tui.app.widgets.form_rows import FormRows, Row
from tui.app.widgets.panel import Panel, Words
from tui.app.widgets.settings import SettingsForm, in_words
from tui.app.widgets.table import Table
from tui.lab.build import Prepared, feature_names
from tui.lab.fields import FIELDS
from tui.lab.options import option_fields
from tui.lab.spec import for_file
from tui.lab.values import show_value

SPLIT = ("data.test", "data.validation", "data.stratify", "data.split_seed", "data.scale")
ROWS = 50
COLUMNS = 24


class DataScreen(BenchScreen):
    NAME = "data"
    CSS_PATH = ["../styles/form.tcss", "../styles/data.tcss"]
    BINDINGS = bindings("data")
    WORDS = (
        ("training part", "the samples that the network learns from"),
        ("validation", "samples looked at after every epoch, never trained on: they show learning by heart"),
        ("test", "samples kept aside until training has ended"),
        ("stratified", "each part has every class in the same share as the whole"),
        ("normalise", "brings the features to like sizes; fitted on the training part, applied to all"),
        ("chance", "the accuracy of guessing the most frequent class"),
    )

    def panels(self) -> ComposeResult:
        yield Panel(SettingsForm(label_width=16, id="source-form"), title="source", id="source", can_focus=False)
        yield Panel(Scatter(), title="scatter", id="scatter")
        yield Panel(Words(), title="this data set", id="facts")
        yield Panel(Words(), title="classes", id="classes")
        yield Panel(
            SettingsForm(label_width=16, id="split-form"),
            Words(id="share-bar"),
            title="split and scale",
            id="split",
            can_focus=False,
        )
        yield Panel(Table(), title="first rows", id="rows", can_focus=False)

    _source: str = ""
    _tabled: object = None
    _pointed: object = None

    def home(self) -> Widget:
        return self.query_one("#source-form", SettingsForm).focus_target

    def draw(self, session: Session) -> None:
        form = self.query_one("#source-form", SettingsForm)
        form.show(self._source_rows(session))
        if session.spec.data.source != self._source:
            self._source = session.spec.data.source
            form.go_to(f"source:{self._source}")
        self.query_one("#split-form", SettingsForm).show(
            self.query_one("#split-form", SettingsForm).setting_rows(SPLIT, session)
        )
        prepared = session.data.prepared
        self.query_one("#source", Panel).entitle(subtitle="o open a file")
        if prepared is None:
            return
        self._draw_scatter(prepared, session)
        self._draw_facts(prepared)
        self._draw_classes(prepared)
        self._draw_split(prepared)
        self._draw_rows(prepared)

    def sentence(self, session: Session) -> str:
        data = session.data
        if data.error:
            return f"{self.glyphs.wrong} {data.error}"
        wrong = next((words for key, words in session.problems.items() if key.startswith("data.")), "")
        if wrong:
            return f"{self.glyphs.wrong} {wrong}"
        if data.loading:
            return f"reading {data.loading} {self.glyphs.ellipsis}"
        for form in self.query(SettingsForm):
            if form.has_focus_within and (words := in_words(form.current_key, session.spec)):
                return words
        name = session.recipe or Path(session.spec.data.source).name
        if session.spec.is_file and session.spec == for_file(session.spec.data.source):
            scale = show_value(FIELDS["data.scale"], session.spec.data.scale)
            # The next key first: a narrow screen cuts from the right.
            return f"{name} is ready. Next: ‹2› Model. Chosen: {scale} scaling, 2 layers of 32, Adam"
        return f"{name} is ready. Next: ‹2› Model, or ‹4› then ‹space› trains it"

    def idle_actions(self, session: Session) -> frozenset[str]:
        return frozenset() if session.data.prepared is not None else frozenset({"data.next_features"})

    # Panels

    def _source_rows(self, session: Session) -> list[Row]:
        glyphs, spec = self.glyphs, session.spec
        prepared = session.data.prepared
        narrow = self.size.width < 100

        def row(source: str, label: str, value: str) -> Row:
            here = source == spec.data.source
            ready = here and prepared is not None and not (session.data.loading or session.data.error)
            error = session.data.error if here else ""
            return Row(label, key=f"source:{source}", value=value, mark=glyphs.ok if ready else "", error=error)

        rows = [Row("BUILT IN")]
        for name, generator in GENERATORS.items():
            size = f"{generator.features} {glyphs.times} {generator.classes}"
            rows.append(row(name, name, size if narrow else f"{size} classes"))
        if session.files:
            rows.append(Row("YOUR FILES"))
            for path in session.files:
                size = (
                    f"{prepared.in_features} {glyphs.times} {len(prepared.class_names)}"
                    if (prepared is not None and path == prepared.dataset.source)
                    else ""
                )
                rows.append(row(path, _short(Path(path).name, 14, glyphs.ellipsis), size))
        elif spec.data.source not in GENERATORS:
            rows += [Row("YOUR FILES"), row(spec.data.source, spec.data.source, "")]
        fields = [field.key for field, _ in option_fields(spec.data.source)]
        if fields:
            rows.append(Row("OPTIONS"))
            rows += self.query_one("#source-form", SettingsForm).setting_rows(fields, session)
        if prepared is not None and prepared.in_features > 1:
            names = feature_names(prepared)
            rows.append(Row("LOOK AT"))
            rows += [
                Row(axis, key=f"look:{axis}", value=names[k], steps=True, edit=names[k])
                for axis, k in zip("xy", session.features, strict=True)
                if k < len(names)
            ]
        if prepared is not None and prepared.dataset.guessed and prepared.dataset.source == spec.data.source:
            rows.append(Row("WHAT IT SEEMS TO BE"))
            rows += [
                Row(what, key=f"guess:{what}", value=value, dim=True)
                for what, value in prepared.dataset.guessed.items()
            ]
        return rows

    def _draw_scatter(self, prepared: Prepared, session: Session) -> None:
        i, j = session.features
        if max(i, j) >= prepared.in_features:
            return
        dataset = prepared.dataset
        if self._pointed != (id(prepared), i, j):
            self._pointed = (id(prepared), i, j)
            rows = prepared.split.train
            flat = dataset.X.reshape(dataset.n_samples, -1)
            points = Points(flat[rows, i].astype(float), flat[rows, j].astype(float), dataset.y[rows])
            self.query_one(Scatter).show(points, prepared.class_names)  # the panel's title names the axes
        self._entitle_scatter(prepared, session)

    def _entitle_scatter(self, prepared: Prepared, session: Session) -> None:
        panel, names = self.query_one("#scatter", Panel), feature_names(prepared)
        i, j = session.features
        shown = f"{self.query_one(Scatter).drawn_points():,} of {len(prepared.split.train):,}"
        key = legend(prepared.class_names[:10], self.glyphs)
        room = panel.size.width - len(shown) - 8
        panel.entitle(
            f"scatter  {names[i]} {self.glyphs.times} {names[j]}",
            f"{_short(key, room, self.glyphs.ellipsis)}   {shown}",
        )

    def _draw_facts(self, prepared: Prepared) -> None:
        dataset = prepared.dataset
        width = 28
        facts = [
            ("samples", f"{dataset.n_samples:,}"),
            ("features", f"{dataset.n_features:,}"),
            ("one sample", self.glyphs.times.join(str(n) for n in dataset.shape)),
            ("X", str(dataset.X.dtype)),
            ("y", str(dataset.y.dtype)),
            ("missing", f"{dataset.missing:,}"),
            ("constant columns", f"{dataset.constant_columns:,}"),
            ("parts given", ", ".join(dataset.parts) or "none"),
            ("sha256", f"{dataset.sha256[:4]}{self.glyphs.ellipsis}{dataset.sha256[-4:]}"),
        ]
        text = Text()
        for name, value in facts:
            text.append(name, "dim").append(f"{value:>{width - len(name)}}\n")
        if remark := _remark(prepared):
            text.append(f"\n{remark}", "dim")
        self.query_one("#facts Words", Words).show(text)

    def _draw_classes(self, prepared: Prepared) -> None:
        counts = prepared.dataset.class_counts
        names = prepared.class_names
        width = max(6, self.query_one("#classes", Panel).content_size.width)
        room = max(1, self.query_one("#classes", Panel).content_size.height - 2)
        label = min(8, max(len(name) for name in names))
        count = len(f"{counts.max():,}")
        text = Text()
        for k in range(min(room, len(names))):
            glyph = class_glyph(k, names, self.glyphs)
            name = "" if glyph == names[k] else _short(names[k], label, self.glyphs.ellipsis)
            size = max(1, width - label - count - 5)
            full = bar(counts[k] / counts.max(), size, self.glyphs)
            text.append(glyph, class_style(self, k)).append(f" {name:<{label}} ")
            text.append(f"{full:<{size}}", class_style(self, k)).append(f" {counts[k]:>{count},}\n")
        text.append("\n" if len(names) <= room else f"and {len(names) - room} more\n", "dim")
        share = counts.max() / counts.sum()
        text.append(f"chance {100 * share:.1f} %  ln {len(names)} = {math.log(len(names)):.3f}", "dim")
        panel = self.query_one("#classes", Panel)
        panel.query_one(Words).show(text)
        panel.entitle(subtitle="balanced" if counts.max() <= 1.1 * counts.min() else "not balanced")

    def _draw_split(self, prepared: Prepared) -> None:
        parts = [len(prepared.split.train), len(prepared.split.validation), len(prepared.split.test)]
        shares = [n / sum(parts) for n in parts]
        panel = self.query_one("#split", Panel)
        width = max(6, panel.content_size.width)
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(stacked(shares, width, self.glyphs))
        words = f"train {parts[0]:,} val {parts[1]:,} test {parts[2]:,}"
        if len(words) > width:
            words = " / ".join(f"{n:,}" for n in parts)
        text.append(f"\n{words}", "dim")
        self.query_one("#share-bar", Words).show(text)
        panel.entitle(subtitle="/".join(f"{100 * share:.0f}" for share in shares) + " %")

    def _draw_rows(self, prepared: Prepared) -> None:
        wide = self.size.width >= 100 and self.size.height >= 30
        if self._tabled == (id(prepared), wide):
            return
        self._tabled = (id(prepared), wide)
        dataset = prepared.dataset
        names = feature_names(prepared)
        count = min(COLUMNS, len(names))
        flat = dataset.X.reshape(dataset.n_samples, -1)[:, :count]
        # The class comes first: however many features there are, it is in sight.
        heads = [_right("row"), Text("y"), *(_right(_short(name, 10, "~")) for name in names[:count])]
        rows = []
        if wide:
            sample = flat[:: max(1, len(flat) // 20_000)].astype(float)
            means, deviations = sample.mean(axis=0), sample.std(axis=0)
            spreads = [spark(np.histogram(sample[:, k], bins=7)[0], 7, self.glyphs) for k in range(count)]
            for label, cells in (
                ("spread", spreads),
                ("mean", [f"{value:.2f}" for value in means]),
                ("sd", [f"{value:.2f}" for value in deviations]),
            ):
                rows.append([_right(label, "dim"), Text(""), *(_right(cell, "dim") for cell in cells)])
        for row in range(min(ROWS, dataset.n_samples)):
            k = int(dataset.y[row])
            glyph, name = class_glyph(k, prepared.class_names, self.glyphs), prepared.class_names[k]
            which = Text(glyph, class_style(self, k))
            if glyph != name:
                which.append(f" {_short(name, 12, '~')}", "default")
            rows.append([_right(str(row)), which, *(_right(_number(value)) for value in flat[row])])
        self.query_one(Table).fill(heads, rows)
        panel = self.query_one("#rows", Panel)
        more = dataset.n_features - count
        counts = dataset.class_counts
        each = f" of {counts[0]:,}" if counts.min() == counts.max() else ""
        panel.entitle(
            f"{dataset.n_samples:,} {self.glyphs.times} {dataset.n_features:,}, {len(counts)} classes{each}",
            f"{more:,} more columns not shown" if more else "h l columns",
        )

    # Doing

    def on_scatter_drawn(self) -> None:
        prepared = self.session.data.prepared
        if prepared is not None:
            self._entitle_scatter(prepared, self.session)

    def on_form_rows_entered(self, message: FormRows.Entered) -> None:
        if message.key.startswith("source:"):
            source = message.key.removeprefix("source:")
            if source != self.session.spec.data.source:
                if source in GENERATORS:
                    self.bench.change("data.source", source)
                else:
                    self.bench.open_experiment(for_file(source))
            elif self.session.data.error:
                self.bench.data.ask(self.session.spec)

    def on_form_rows_stepped(self, message: FormRows.Stepped) -> None:
        prepared = self.session.data.prepared
        if message.key.startswith("look:") and prepared is not None:
            at = "xy".index(message.key[-1])
            self._look_at(at, (self.session.features[at] + message.direction) % prepared.in_features)

    def on_form_kept(self, message: Form.Kept) -> None:
        """A feature by its name or its number."""
        prepared = self.session.data.prepared
        if not message.key.startswith("look:") or prepared is None:
            return
        names, typed = feature_names(prepared), message.text.strip()
        if typed in names:
            self._look_at("xy".index(message.key[-1]), names.index(typed))
        elif typed.isdecimal() and int(typed) < len(names):
            self._look_at("xy".index(message.key[-1]), int(typed))
        else:
            self.bench.notice(f'{self.glyphs.wrong} no feature is called "{typed}": {names[0]} to {names[-1]}')

    def _look_at(self, axis: int, feature: int) -> None:
        i, j = self.session.features
        self.bench.dispatch(FeaturesChosen((feature, j) if axis == 0 else (i, feature)))

    def on_form_rows_moved(self) -> None:
        self.show()

    def on_descendant_focus(self) -> None:
        self.show()

    def action_data_next_features(self) -> None:
        self.bench.dispatch(FeaturesTurned(+1))

    def action_data_previous_features(self) -> None:
        self.bench.dispatch(FeaturesTurned(-1))


def _remark(prepared: Prepared) -> str:
    """The one thing about the columns that somebody should know before training."""
    X = prepared.dataset.X
    if X.ndim > 2 or X.dtype == np.uint8:
        return "images: normalise pixels"
    spreads = X[:5000].std(axis=0)
    spreads = spreads[spreads > 0]
    if len(spreads) and spreads.max() > 20 * spreads.min():
        return f"widths differ {spreads.max() / spreads.min():,.0f}-fold: normalise"
    return ""


def _right(text: str, style: str = "") -> Text:
    return Text(text, style, justify="right")


def _number(value: float) -> str:
    if isinstance(value, np.integer) or float(value).is_integer():
        return f"{int(value)}"
    return f"{value:.3f}" if 1e-3 <= abs(value) < 1e5 else f"{value:.2g}"


def _short(text: str, width: int, ellipsis: str) -> str:
    mark = ellipsis[:1]
    return text if len(text) <= width else text[: max(0, width - 1)] + mark
