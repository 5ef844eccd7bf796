"""2 Model: the network and how it is trained, as rows; the layers that follow from them, in numbers."""

import math
from textwrap import wrap

import numpy as np
from rich.table import Table as Grid
from rich.text import Text
from textual.app import ComposeResult
from textual.widget import Widget

from mlcore.init import INITIALISATIONS
from mlcore.layers import Linear, Sequential
from tui.app import figures
from tui.app.actions import bindings
from tui.app.screens.base import BenchScreen
from tui.app.services.weight_bins import BinsRequest, WeightBinsService
from tui.app.session import Session
from tui.app.widgets.diagram import Diagram
from tui.app.widgets.filter import FilterInput
from tui.app.widgets.form_rows import Row
from tui.app.widgets.panel import Panel, Words
from tui.app.widgets.settings import SettingsForm, field_of, set_back_words, value_of
from tui.app.widgets.weight_spread import SpreadPanel, WeightSpread
from tui.lab.build import network, out_features, refusal
from tui.lab.fields import FIELDS
from tui.lab.outline import LayerRow, count_parameters, outline
from tui.lab.spec import Spec

GROUPS = ("network", "training", "switches of the lab sheets", "finer points")
KEYS = tuple(key for key, field in FIELDS.items() if field.group in GROUPS)
NO_DATA = "the input size comes from the data: ‹app.data› chooses some"
DRAW_AT_MOST = 500_000
"""Parameters of a network that is drawn for its picture and its empirical variance at every key."""


class ModelScreen(BenchScreen):
    NAME = "model"
    CSS_PATH = ["../styles/form.tcss", "../styles/model.tcss"]
    BINDINGS = bindings("model")
    WORDS = (
        ("parameter", "a number that training changes: a weight or a bias"),
        ("fan_in", "how many inputs one unit of a layer has"),
        ("σ", "the standard deviation that the initialisation asks of a layer's weights"),
        ("n", "samples in a batch: a layer takes them all at once"),
        ("epoch", "once through all training samples"),
    )

    _network: Sequential | None = None
    _built_for: object = None

    def panels(self) -> ComposeResult:
        form = SettingsForm(label_width=20, id="settings-form")
        yield Panel(form, FilterInput(), title="network and training", id="settings", can_focus=False)
        yield Panel(Words(), title="layers", id="layers")
        yield Panel(Diagram(), title="network", id="diagram")
        yield SpreadPanel()
        yield Panel(Words(), title="setting", id="explanation")

    def on_mount(self) -> None:
        super().on_mount()
        self.weights = WeightBinsService(self.bench)

    def home(self) -> Widget:
        return self.query_one("#settings-form", SettingsForm).focus_target

    def draw(self, session: Session) -> None:
        form = self.query_one("#settings-form", SettingsForm)
        rows: list[Row] = []
        for group in GROUPS:
            rows.append(Row(group.upper()))
            rows += form.setting_rows([key for key in KEYS if FIELDS[key].group == group], session)
        form.show(rows)
        self._count_hidden()
        self._build(session)
        self._draw_layers(session)
        self.query_one(Diagram).show(self._network)
        self._draw_diagram_title(session)
        self._draw_spread(session)
        self._explain(session)

    def sentence(self, session: Session) -> str:
        glyphs = self.glyphs
        problems = {key: words for key, words in session.problems.items() if key in KEYS}
        if problems:
            key, words = next(iter(problems.items()))
            return f"{glyphs.wrong} {FIELDS[key].label}: {words}"
        prepared = session.data.prepared
        if prepared is None:
            return NO_DATA
        first = ""
        if session.spec.training.loss == "cross_entropy" and prepared.task == "classification":
            classes = len(prepared.class_names)
            first = f"  First loss should be ln {classes} = {math.log(classes):.3f}"
        return f"ready: ‹app.train› Train then ‹train.toggle› starts it.{first}"

    # Panels

    def _build(self, session: Session) -> None:
        """The network as the spec draws it, kept until the spec changes; None where it cannot or need not be."""
        prepared = session.data.prepared
        key = (session.spec.model, session.spec.seed, session.spec.training, prepared)
        if key == self._built_for:
            return
        self._built_for, self._network = key, None
        if prepared is None:
            return
        classes = prepared.answers
        if refusal(session.spec, prepared.in_features, classes):
            return
        outputs = out_features(session.spec, classes)
        if count_parameters(session.spec, prepared.in_features, outputs) <= DRAW_AT_MOST:
            self._network = network(session.spec, prepared.in_features, classes)

    def _draw_layers(self, session: Session) -> None:
        panel = self.query_one("#layers", Panel)
        words = panel.query_one(Words)
        prepared = session.data.prepared
        spec = session.spec
        if prepared is None:
            words.show(Text(self.bench.keyboard.plain(NO_DATA), "dim"))
            return
        outputs = out_features(spec, prepared.answers)
        rows = outline(spec, prepared.in_features, outputs)
        total = count_parameters(spec, prepared.in_features, outputs)
        wide = panel.size.width >= 60
        height = panel.content_size.height - 2
        words.show(_layer_table(_fitting(rows, height), total, spec, wide=wide, arrow=self.glyphs.mode != "ascii"))

    def _draw_diagram_title(self, session: Session) -> None:
        panel = self.query_one("#diagram", Panel)
        if self._network is None and session.data.prepared is not None:
            panel.entitle(subtitle="too large to draw")
        else:
            line = "dotted" if self.glyphs.mode != "ascii" else "."
            panel.entitle(subtitle=f"strongest weights   solid +   {line} -")

    def _draw_spread(self, session: Session) -> None:
        """How the weights are spread; beside them the newest of this experiment's run."""
        panel = self.query_one(SpreadPanel)
        if not panel.display:
            return
        if self._network is None:
            panel.show(None, "too large to draw" if session.data.prepared is not None else "")
            return
        run = session.run if session.run_is_of_this else None
        trained = run.epochs[-1].epoch if run is not None and run.epochs else None
        path = run.path if run is not None and trained is not None else None
        columns = panel.query_one(WeightSpread).columns(side_by_side=path is not None)
        self.weights.ask(BinsRequest(self._network, columns, path, trained))
        found = session.weight_bins
        if found is not None and found.request.network is not self._network:
            found = None
        beside = found is not None and any(layer.trained is not None for layer in found.layers)
        panel.show(found, f"beside them after epoch {found.request.stamp:,}" if found is not None and beside else "")

    def _explain(self, session: Session) -> None:
        key = self.query_one("#settings-form", SettingsForm).current_key
        spec = session.spec
        field = field_of(key, spec)
        if field is None:
            return
        panel = self.query_one("#explanation", Panel)
        value = value_of(key, spec)
        text, takes = Text(), ""
        if key == "model.init":
            init = INITIALISATIONS[spec.model.init]
            text.append(init.formula, "bold").append(f"     {init.why}\n", "dim")
            text.append(self._drawn(session)).append("\n")
        elif field.kind == "choice":
            chosen = next((choice for choice in field.choices if choice.value == value), None)
            if chosen is not None:
                text.append(chosen.label, "bold").append(f"   {chosen.help}\n", "dim")
            text.append(f"{field.help}\n")
        else:
            text.append(f"{field.help}\n", "bold")
            takes = f"takes {field.expected()}" + (f"   {field.unit}" if field.unit else "")
        back = self.bench.keyboard.plain(set_back_words(field, session))
        width, height = panel.content_size
        lines = [part for part in (*text.plain.splitlines(), takes, back) if part]
        # What it takes is told where a wrong value is typed, too: it goes where the room is short.
        if takes and sum(len(wrap(part, max(10, width))) for part in lines) <= max(3, height):
            text.append(f"{takes}\n", "dim")
        text.append(back, "dim")
        panel.entitle(field.label.removeprefix("... "))
        panel.query_one(Words).show(text)

    def _drawn(self, session: Session) -> Text:
        """The asked standard deviation of each layer's weights beside the one that was drawn."""
        text = Text()
        if self._network is None or session.data.prepared is None:
            return text
        model = session.spec.model
        for index, layer in enumerate(self._network):
            if not isinstance(layer, Linear):
                continue
            fan_out, fan_in = layer.weight.data.shape
            asked = INITIALISATIONS[model.init].std(fan_in, fan_out, model.activation, **model.init_options)
            drawn = float(layer.weight.data.std())
            # The deviation of an empirical sigma from n draws is about sigma / sqrt(2 n).
            near = abs(drawn - asked) <= 3 * asked / math.sqrt(2 * layer.weight.data.size) + 1e-12
            sigma = "σ" if self.glyphs.mode != "ascii" else "sd"
            text.append(f"layer {index} asked {sigma} {asked:.4f} drawn {drawn:.4f} ")
            text.append(f"{self.glyphs.ok if near else self.glyphs.warn}  ")
        return text

    # Doing

    def on_form_rows_moved(self) -> None:
        self._explain(self.session)
        self.call_after_refresh(self._count_hidden)

    def _count_hidden(self) -> None:
        """Says how many rows lie below the last one that is seen."""
        form = self.query_one("#settings-form", SettingsForm)
        self.query_one("#settings", Panel).entitle(subtitle=form.more or f"{len(KEYS)} settings")

    def action_model_add_layer(self) -> None:
        hidden = self.session.spec.model.hidden
        self.bench.change("model.hidden", (*hidden, hidden[-1] if hidden else 16))

    def action_model_remove_layer(self) -> None:
        self.bench.change("model.hidden", self.session.spec.model.hidden[:-1])


def _fitting(rows: tuple[LayerRow, ...], height: int) -> list[LayerRow | None]:
    """The rows that fit; None stands for those left out before the last ones."""
    if len(rows) <= height or height < 4:
        return list(rows)
    return [*rows[: height - 3], None, *rows[-2:]]


def _layer_table(rows: list[LayerRow | None], total: int, spec: Spec, *, wide: bool, arrow: bool) -> Grid:
    grid = Grid.grid(padding=(0, 2), expand=False)
    grid.add_column(justify="right", width=2, style="dim")
    grid.add_column(width=9, no_wrap=True)
    if wide:
        grid.add_column(no_wrap=True, width=12)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    if wide:
        grid.add_column(no_wrap=True)

    def add(index: str, name: str, detail: str, output: str, parameters: str, weights: str, style: str = "") -> None:
        cells = [index, name, detail, output, parameters, weights] if wide else [index, name, output, parameters]
        grid.add_row(*(Text(cell, style) for cell in cells))

    add("#", "layer", "size", "output", "params", "weights", "dim")
    for row in rows:
        if row is None:
            add("", "...", "", "", "", "", "dim")
            continue
        index = "" if row.index is None else str(row.index)
        linear = row.name == "Linear"
        std = "" if row.std is None else f"{'σ' if arrow else 'sd'} {row.std:.3f}"
        detail = row.detail if arrow else row.detail.replace("→", ">")
        parameters = "" if row.index is None else f"{row.parameters:,}"
        add(index, row.name, detail, row.output, parameters, std, "bold" if linear else "dim")
    size = total * np.dtype(spec.training.dtype).itemsize
    add("", "total", "", "", f"{total:,}", figures.size(size), "bold")
    return grid
