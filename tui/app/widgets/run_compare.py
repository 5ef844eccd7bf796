"""The lower half of Runs: the curves of what is compared, and what differs."""

from collections.abc import Callable, Mapping
from functools import partial

from rich.style import Style
from rich.text import Text

from tui.app import comparison, copies
from tui.app.charts import Curves, LineChart
from tui.app.charts.line_chart import RUN_CLASSES
from tui.app.charts.terminal import class_style, theme_style
from tui.app.charts.view import ChartView, pointed, seen
from tui.app.clipboard import Copied
from tui.app.comparison import Compared
from tui.app.fitting import cut, left, right
from tui.app.glyphs import GlyphSet
from tui.app.keyboard import keyboard_of
from tui.app.literal import literal
from tui.app.run_view import RunView
from tui.app.runs_state import Spread
from tui.app.same import Same
from tui.app.widgets.curves_panel import CurvesPanel, joined
from tui.app.widgets.panel import Panel, Words
from tui.app.widgets.run_cells import with_spread

LABEL, SHORT_LABEL, LEAST = 17, 12, 9
"""Cells for what a line is about, where there is room and where there is little, and at least for a run's value."""
CURVES = ("train_loss", "val_loss", "train_accuracy", "val_accuracy", "train_r2", "val_r2", "lr")
SHORT = {"val loss best": "best val", "gap train to val": "gap", "epochs a second": "epochs/s"}


class ComparePanel(CurvesPanel):
    """One figure of up to six runs on common axes; of a run that is looked at alone training and validation."""

    def __init__(self) -> None:
        super().__init__(title="compare", id="compare")
        self._drawn: object = None
        self._compared: Compared = ()
        self._views: Mapping[str, RunView] = {}
        self._figure = ""

    def copied(self) -> Callable[[], Copied] | None:
        """The figure that is compared, run by run; of a run alone all of its figures."""
        found = [view for _, entry in self._compared for view in comparison.views_of(entry, self._views)]
        if not any(len(view.epochs) for view in found):
            return None
        if len(found) == 1:
            return partial(copies.epochs, found[0].epochs, CURVES)
        columns = dict.fromkeys(comparison.column_of(self._figure, view) for view in found)
        return partial(copies.several_epochs, {view.name: view.epochs for view in found}, tuple(columns))

    def show(
        self, compared: Compared, views: Mapping[str, RunView], figure: str, glyphs: GlyphSet, view: ChartView
    ) -> None:
        self._compared, self._views, self._figure = compared, views, figure
        words = dict(comparison.FIGURES)[figure]
        if any(view.task == "regression" for view in views.values()):
            words = words.replace("accuracy", f"R{glyphs.squared}")
        alone = len(compared) == 1 and not compared[0][0]
        if alone and compared[0][1].is_group:
            words += ", mean and deviation"
        elif alone:
            words = words.partition(" ")[2]
        title = f"compare  {words}" if not alone else f"{comparison.short_name(compared[0][1].name)}  {words}"
        extent = comparison.extent(compared, views)
        at = pointed(view, extent)
        if at is not None:
            self.entitle_at(title, at, comparison.figures_at(compared, views, figure, at))
        else:
            words = f"‹runs.figure› figure   ‹runs.log› {'plain' if view.log else 'log'}"
            keys = keyboard_of(self).plain(words) if compared else ""
            smooth = f"smoothed {view.smoothing:g}" if view.smoothing and compared else ""
            self.entitle(title if compared else "compare", joined([smooth, keys], "   ", self.size.width - 4))
        names = comparison.wanted_views(compared)
        key = (
            tuple((letter, entry.key) for letter, entry in compared),
            tuple((name, Same(views[name].epochs), views[name].total_epochs) for name in names if name in views),
            figure,
            view.log,
            (view.smoothing, view.window and seen(view, extent), at),
        )
        if key == self._drawn:
            return
        before, self._drawn = self._drawn, key
        chart = self.query_one(LineChart)
        if not isinstance(before, tuple) or before[0] != key[0] or before[2:4] != key[2:4]:
            chart.show(None)  # other runs have another axis
        window = seen(view, extent) if view.window is not None else None
        chart.show(
            Curves(
                comparison.curves_of(compared, views, figure, view.smoothing, window),
                x_max=extent.total,
                log=view.log and figure.endswith("loss"),
                include=() if figure.endswith("loss") else (1.0,),
                window=window,
                cursor=at,
            )
        )


class DifferencesPanel(Panel):
    """The settings in which what is compared differs, then the final figures side by side, then what they say."""

    def __init__(self) -> None:
        super().__init__(Words(), title="differences", id="differences")
        self._compared: Compared = ()
        self._views: Mapping[str, RunView] = {}

    def copied(self) -> Callable[[], Copied] | None:
        compared, views = self._compared, self._views

        def make() -> Copied:
            heads, *rows = comparison.table(compared, views)
            return copies.table(heads, rows)

        return make if compared else None

    def show(self, compared: Compared, views: Mapping[str, RunView], glyphs: GlyphSet) -> None:
        alone = len(compared) == 1
        words = self.query_one(Words)
        self._compared, self._views = compared, views
        if not compared:
            self.entitle("differences", "")
            words.show(Text(keyboard_of(self).plain("‹runs.mark› marks up to six runs to compare"), "dim"))
            return
        width = max(1, words.content_size.width)
        wide = LABEL if width >= LABEL + 2 * LEAST else SHORT_LABEL
        fit = max(1, min(len(compared), (width - wide) // LEAST))
        column = max(LEAST, min(24, (width - wide) // fit))
        shown = compared[:fit]
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(" " * wide)
        for letter, entry in shown:
            name = cut(literal(comparison.heading(letter, entry)), column - 1, glyphs.ellipsis)
            text.append(right(name, column), self._style(letter))
        different = comparison.differing(compared, views) if not alone else {}
        for key, values in different.items():
            self._line(text, _label(key, wide), values[:fit], wide, column, glyphs)
        if different:
            text.append("\n")
        for label, spreads, write in comparison.figure_rows(compared, views):
            values = [with_spread(found, write, column) if found != Spread() else "" for found in spreads[:fit]]
            label = SHORT.get(label, label) if wide < LABEL else label
            self._line(text, label.replace("R²", f"R{glyphs.squared}"), values, wide, column, glyphs)
        if said := comparison.conclusion(compared, views):
            text.append("\n")
            for line in _wrapped(said, width):
                text.append(f"\n{line}")
        elif len(compared) > 1 and views and not different:
            text.append("\n\nno setting differs", "dim")
        words.show(text)
        settings = comparison.count_settings(compared, views)
        more = f"{glyphs.right} {len(compared) - fit} more with ‹app.expand›   "
        hidden = keyboard_of(self).plain(more) if fit < len(compared) else ""
        counted = f"{len(different)} of {settings}" if not alone and settings else ""
        if counted and width > 40:
            counted += " settings"
        self.entitle("differences" if not alone else "figures", f"{hidden}{counted}".strip())

    def _style(self, letter: str) -> Style | str:
        if letter in RUN_CLASSES:
            return class_style(self, RUN_CLASSES[letter])
        return theme_style(self, "accent") if letter == "b" else "bold"

    @staticmethod
    def _line(text: Text, label: str, values: list[str], wide: int, column: int, glyphs: GlyphSet) -> None:
        text.append("\n").append(left(cut(label, wide - 1, glyphs.ellipsis), wide), "dim")
        for value in values:
            text.append(right(cut(literal(value), column - 1, glyphs.ellipsis), column))


def _label(key: str, wide: int) -> str:
    """``model.dropout``, without its table where it is too long."""
    return key if len(key) < wide else key.rpartition(".")[2]


def _wrapped(words: str, width: int) -> list[str]:
    lines, line = [], ""
    for word in words.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return [*lines, line]
