"""1 Data: choose a set, look at it, split it, normalise it."""

from pathlib import Path

from rich.text import Text
from textual import events, work
from textual.app import ComposeResult
from textual.widget import Widget

from datasets import GENERATORS
from tui.app.actions import bindings
from tui.app.charts import meter, stacked
from tui.app.charts.contact_sheet import are_images
from tui.app.facts import FeaturesChosen, FeaturesTurned
from tui.app.fitting import cut
from tui.app.same import Same
from tui.app.screens.base import BenchScreen
from tui.app.services.pairs import PairService
from tui.app.session import Session
from tui.app.widgets.answers import class_balance, target_spread
from tui.app.widgets.data_words import answers_in_words, facts_text, preview
from tui.app.widgets.feature_table import FeatureTable, Preview
from tui.app.widgets.filter import FilterInput
from tui.app.widgets.form import Form
from tui.app.widgets.form_rows import FormRows, Row
from tui.app.widgets.look import Look
from tui.app.widgets.pair_matrix import FEWEST, PairMatrix, PairsPanel
from tui.app.widgets.panel import Panel, Words
from tui.app.widgets.settings import SettingsForm, in_words, without_effect
from tui.lab.build import Prepared, feature_names
from tui.lab.fields import FIELDS
from tui.lab.options import option_fields
from tui.lab.spec import for_file
from tui.lab.tasks import for_task
from tui.lab.values import show_value

SPLIT = (
    *("data.test", "data.validation", "data.stratify", "data.split_seed", "data.scale", "data.scale_target"),
    *("data.missing", "data.components", "data.expand", "data.folds", "data.fold", "data.classes"),
)


SLIM = 116
"""The width below which the scatter needs the cells of the facts, which its table's title sums up."""
VAST = (160, 44)
"""The size from which there is room for a picture of every two features."""


class DataScreen(BenchScreen):
    NAME = "data"
    JUMPS = ("source", "scatter", "facts", "classes", "split", "rows", "pairs")
    CSS_PATH = ["../styles/form.tcss", "../styles/data.tcss"]
    BINDINGS = bindings("data")
    WORDS = (
        ("training part", "the samples that the network learns from"),
        ("validation", "samples looked at after every epoch, never trained on: they show learning by heart"),
        ("test", "samples kept aside until training has ended"),
        ("stratified", "each part has every class in the same share as the whole"),
        ("target", "the number that the network learns to predict; its colour is one of five shades"),
        ("normalise", "brings the features to like sizes; fitted on the training part, applied to all"),
        ("chance", "the accuracy of guessing the most frequent class"),
    )

    def panels(self) -> ComposeResult:
        form = SettingsForm(label_width=16, id="source-form")
        yield Panel(form, FilterInput(), title="source", id="source", can_focus=False)
        yield Look(id="scatter")
        yield PairsPanel()
        yield Panel(Words(), title="this data set", id="facts")
        yield Panel(Words(), title="classes", id="classes")
        yield Panel(
            SettingsForm(label_width=16, id="split-form"),
            FilterInput(),
            Words(id="share-bar"),
            title="split and scale",
            id="split",
            can_focus=False,
        )
        yield Panel(FeatureTable(), FilterInput(), title="first rows", id="rows", can_focus=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.pairs = PairService(self.bench)

    _source: str = ""
    _tabled: object = None
    _preview: Preview | None = None
    _said: str = ""
    _counted: object = None

    def home(self) -> Widget:
        return self.query_one("#source-form", SettingsForm).focus_target

    def draw(self, session: Session) -> None:
        form = self.query_one("#source-form", SettingsForm)
        form.show(self._source_rows(session))
        if session.spec.data.source != self._source:
            self._source = session.spec.data.source
            form.go_to(f"source:{self._source}")
        self.query_one("#split-form", SettingsForm).show(self._split_rows(session))
        prepared = session.data.prepared
        self._entitle_forms()
        self.call_after_refresh(self._entitle_forms)  # rows that are new are counted once they are laid out
        if prepared is None:
            return
        self._lay_out(prepared, session)
        self.query_one(Look).draw(prepared, session.features)
        self._draw_pairs(prepared, session)
        self._draw_facts(prepared)
        self._draw_answers(prepared)
        self._draw_split(prepared)
        self._draw_rows(prepared, session)

    def sentence(self, session: Session) -> str:
        # What is quickly read is not spoken of: two sentences in a tenth of a second are none.
        if not session.data.loading or session.data.slow or not self._said:
            self._said = self._sentence(session)
        return self._said

    def _sentence(self, session: Session) -> str:
        data = session.data
        if data.error:
            return f"{self.glyphs.wrong} {data.error}"
        wrong = next((words for key, words in session.problems.items() if key.startswith("data.")), "")
        if wrong:
            return f"{self.glyphs.wrong} {wrong}"
        if data.loading:
            bar = "" if data.share is None else f"{meter(data.share, 10, self.glyphs)} {100 * data.share:.0f} %  "
            stays = "; the former data stays" if data.prepared is not None else ""
            name = cut(data.loading.rstrip("/").rpartition("/")[2], 24, self.glyphs.ellipsis)
            return f"reading {name} {self.glyphs.ellipsis} {bar} ‹data.cancel› gives up{stays}"
        if pointed := self.query_one(Look).pointed_at():
            return pointed
        for form in self.query(SettingsForm):
            if form.has_focus_within and (words := in_words(form.current_key, session)):
                return words
        name = session.recipe or Path(session.spec.data.source).name
        if session.spec.is_file and session.spec == for_task(for_file(session.spec.data.source), session.data_task):
            scale = show_value(FIELDS["data.scale"], session.spec.data.scale)
            # The next key first: a narrow screen cuts from the right.
            return f"{name} is ready. Next: ‹app.model› Model. Chosen: {scale} scaling, 2 layers of 32, Adam"
        return f"{name} is ready. Next: ‹app.model› Model, or ‹app.train› then ‹train.toggle› trains it"

    def idle_actions(self, session: Session) -> frozenset[str]:
        idle = set() if session.data.prepared is not None else {"data.next_features"}
        return frozenset(idle if session.data.slow else {*idle, "data.cancel"})

    # Panels

    def _split_rows(self, session: Session) -> list[Row]:
        """The settings of the split; on a low screen without those that do nothing to these targets."""
        form = self.query_one("#split-form", SettingsForm)
        low = self.size.height < 30
        keys = [key for key in SPLIT if not (low and without_effect(key, session))]
        return form.setting_rows(keys, session)

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
            size = f"{generator.features} {glyphs.times} {generator.classes or 1}"
            what = "classes" if generator.task == "classification" else "number"
            rows.append(row(name, name, size if narrow else f"{size} {what}"))
        if session.files:
            rows.append(Row("YOUR FILES"))
            for path in session.files:
                size = (
                    f"{prepared.in_features} {glyphs.times} {prepared.answers}"
                    if (prepared is not None and path == prepared.dataset.source)
                    else ""
                )
                rows.append(row(path, cut(Path(path).name, 14, glyphs.ellipsis), size))
        elif spec.data.source not in GENERATORS:
            rows += [Row("YOUR FILES"), row(spec.data.source, spec.data.source, "")]
        fields = [field.key for field, _ in option_fields(spec.data.source)]
        if fields:
            rows.append(Row("OPTIONS"))
            rows += self.query_one("#source-form", SettingsForm).setting_rows(fields, session)
        names = feature_names(prepared) if prepared is not None else ()
        if prepared is not None and len(names) > 1:
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

    def _lay_out(self, prepared: Prepared, session: Session) -> None:
        """Which panels there is room for, beyond what the style sheet knows of."""
        body, (width, height) = self.query_one("#body"), self.size
        body.set_class(100 <= width < SLIM, "-slim")
        vast = width >= VAST[0] and height >= VAST[1]
        body.set_class(vast and len(session.data.varied) >= FEWEST and not are_images(prepared.dataset.shape), "-pairs")

    def _draw_pairs(self, prepared: Prepared, session: Session) -> None:
        panel = self.query_one(PairsPanel)
        if not panel.display:
            return
        request = panel.query_one(PairMatrix).request(prepared, session.features, session.data.varied)
        if request is not None:
            self.pairs.ask(request)
        panel.show(session.data.pairs, session.features)

    def _draw_facts(self, prepared: Prepared) -> None:
        self.query_one("#facts Words", Words).show(facts_text(prepared, self.glyphs))

    def _draw_answers(self, prepared: Prepared) -> None:
        panel = self.query_one("#classes", Panel)
        width, height = max(6, panel.content_size.width), panel.content_size.height
        if prepared.task == "regression":
            key = (Same(prepared), width, height, self.app.theme)
            if key == self._counted:
                return
            self._counted = key
            words = target_spread(self, prepared, width, height)
            panel.entitle(f"target  {cut(prepared.dataset.target_names[0], 20, self.glyphs.ellipsis)}", "")
        else:
            self._counted = None
            words, balance = class_balance(self, prepared, width, height)
            panel.entitle("classes", balance)
        panel.query_one(Words).show(words)

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
        stratified = "" if prepared.task == "classification" else ", unstratified"
        self._shares = "/".join(f"{100 * share:.0f}" for share in shares) + f" %{stratified}"
        self._entitle_forms()

    _shares = ""

    def _entitle_forms(self) -> None:
        """Under each form how many of its rows lie below, then what there is to say of it."""
        open_words = self.bench.keyboard.plain("‹app.open› open a file")
        for name, words in (("source", open_words), ("split", self._shares)):
            form, panel = self.query_one(f"#{name}-form", SettingsForm), self.query_one(f"#{name}", Panel)
            both = "   ".join(part for part in (form.more, words) if part)
            panel.entitle(subtitle=both if len(both) <= panel.size.width - 4 else words)

    def _draw_rows(self, prepared: Prepared, session: Session) -> None:
        key = (prepared.dataset, self.app.theme)
        if self._tabled != key:
            self._tabled = key
            self._preview = preview(self, prepared)
        self.query_one(FeatureTable).show(self._preview, session.data.summary)
        self._entitle_rows(prepared)

    def _entitle_rows(self, prepared: Prepared) -> None:
        dataset, table = prepared.dataset, self.query_one(FeatureTable)
        more = dataset.n_features - len(table.in_sight)
        where = f"feature {table.feature + 1:,} of {dataset.n_features:,}   " if more > 0 else ""
        self.query_one("#rows", Panel).entitle(
            f"{dataset.n_samples:,} {self.glyphs.times} {dataset.n_features:,}, {answers_in_words(dataset)}",
            where + self.bench.keyboard.plain("‹table.cursor_left› ‹table.cursor_right› columns"),
        )

    # Doing

    def on_scatter_drawn(self) -> None:
        self.show()

    def on_scatter_cursor_pointed(self) -> None:
        self.show()

    def on_image_sheet_looked(self) -> None:
        self.show()

    def on_feature_table_moved(self) -> None:
        prepared = self.session.data.prepared
        if prepared is not None:
            self._entitle_rows(prepared)

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
            self._look_at(at, (self.session.features[at] + message.direction) % len(feature_names(prepared)))

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

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self.show()

    def action_data_next_features(self) -> None:
        self._turn(+1)

    def action_data_previous_features(self) -> None:
        self._turn(-1)

    def _turn(self, by: int) -> None:
        if self.query_one(Look).turn(by):
            self.show()
        else:
            self.bench.dispatch(FeaturesTurned(by))

    @work
    async def action_data_draw(self) -> None:
        from tui.app.screens.draw import DrawScreen

        path = await self.app.push_screen_wait(DrawScreen())
        if path:
            self.bench.open_experiment(for_file(path))

    def action_data_cancel(self) -> None:
        if self.session.data.loading:
            self.bench.data.cancel()
