"""3 Gradients: backpropagation held against central differences; the verdict is a sentence before a table."""

import math

import numpy as np
from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import DataTable

from mlcore.gradcheck import TensorCheck
from tui.app.actions import bindings
from tui.app.charts import meter
from tui.app.charts.terminal import theme_style
from tui.app.glyphs import GlyphSet
from tui.app.same import Same
from tui.app.screens.base import BenchScreen
from tui.app.session import Session
from tui.app.widgets.entry_table import EntriesPanel
from tui.app.widgets.filter import FilterInput
from tui.app.widgets.panel import Panel, Words
from tui.app.widgets.table import Table

RIGHT, WRONG, KINK, UNCHECKED = range(4)
COLUMNS = ("tensor", "shape", "checked", "worst rel. error", "at", "analytic", "numeric", "kinks", "verdict")
COLLAPSE: tuple[tuple[int, tuple[str, ...]], ...] = (
    (112, ()),
    (100, ("shape", "checked")),
    (80, ("shape", "checked", "kinks")),
    (70, ("shape", "checked", "kinks", "analytic", "numeric")),
    (0, ("shape", "checked", "kinks", "analytic", "numeric", "at")),
)
"""From which width of the screen on which columns are gone."""
COUNTS_WIDTH = 26
LEFT = ("tensor", "shape", "verdict")
"""Columns of words; figures stand at the right."""


class GradientsScreen(BenchScreen):
    NAME = "gradients"
    CSS_PATH = ["../styles/form.tcss", "../styles/gradients.tcss"]
    BINDINGS = bindings("gradients")
    WORDS = (
        ("analytic", "the gradient that backward computes"),
        ("numeric", "(L(w + eps) - L(w - eps)) / (2 eps): the slope measured, no calculus needed"),
        ("relative error", "|analytic - numeric| / max(|analytic|, |numeric|, 1e-8)"),
        ("kink", "ReLU bends within ± eps of this point: differences mean nothing there, and it is no mistake"),
        ("eps", "how far a weight is moved; too small drowns in rounding, too large sees the curvature"),
    )

    _tabled: object = None

    def panels(self) -> ComposeResult:
        table = Table(id="tensors")
        yield Panel(table, FilterInput(), Words(id="check-foot"), title="gradient check", id="check", can_focus=False)
        yield Panel(Words(), title="verdict", id="said")
        yield Panel(Words(), title="worst entry", id="worst")
        yield Panel(Words(), title="error by entry", id="errors")
        yield EntriesPanel()

    def home(self) -> Widget:
        return self.query_one(Table)

    def draw(self, session: Session) -> None:
        self._draw_table(session)
        self._draw_verdict(session)
        self._draw_entry(session)

    def sentence(self, session: Session) -> str:
        check, glyphs = session.check, self.glyphs
        if check.running:
            return f"checking {glyphs.ellipsis}  ‹gradients.cancel› cancels, what is done stays"
        if check.error:
            return f"{glyphs.wrong} {check.error}"
        if session.data.prepared is None:
            return "a check needs data: ‹app.data› chooses some"
        if check.report is None:
            if check.cancelled:
                return f"cancelled after {len(check.tensors)} tensors; ‹gradients.check› checks again"
            return "Nothing checked yet. ‹gradients.check› compares every gradient with differences"
        count = len(check.tensors)
        if bad := sum(not tensor.ok and not tensor.unjudged for tensor in check.tensors):
            return f"{bad} of {count} tensors wrong, {check.seconds:.1f} s. ‹gradients.check› checks again"
        if open_ := sum(tensor.unjudged for tensor in check.tensors):
            open_words = f"{open_} of {count} not judged, the others right"
            return f"{open_words}, {check.seconds:.1f} s. ‹gradients.check› checks again"
        return f"{glyphs.ok} all {count} right, {check.seconds:.1f} s. Next: ‹app.train› Train"

    def idle_actions(self, session: Session) -> frozenset[str]:
        return frozenset() if session.check.running else frozenset({"gradients.cancel"})

    # Panels

    def _draw_table(self, session: Session) -> None:
        table = self.query_one(Table)
        check = session.check
        key = (tuple(Same(tensor) for tensor in check.tensors), self.size.width)
        if key != self._tabled:
            self._tabled = key
            gone = next((gone for least, gone in COLLAPSE if self.size.width >= least), ())
            names = [name for name in COLUMNS if name not in gone]
            heads = [Text(name, justify="left" if name in LEFT else "right") for name in names]
            cells = [[_cell(name, tensor, self.glyphs) for name in names] for tensor in check.tensors]
            table.fill(heads, cells)
        panel = self.query_one("#check", Panel)
        foot = self.query_one("#check-foot", Words)
        if check.running:
            share = check.done / check.total if check.total else 0.0
            panel.entitle("gradient check", f"{meter(share, 10, self.glyphs)} {check.done:,} of {check.total:,}")
            foot.show(Text(""))
        elif check.report is not None:
            report = check.report
            entries = sum(tensor.checked for tensor in report.tensors)
            panel.entitle(
                "gradient check", f"central differences {self.glyphs.dot} eps {report.eps:g} {self.glyphs.dot} float64"
            )
            kinks = sum(tensor.kinks for tensor in report.tensors)
            parts = [f"{entries:,} entries, {kinks} kinks", f"loss {report.loss:.4f}"]
            if self.size.width >= 70:
                parts.insert(1, f"mean over {report.batch_size} samples")
            foot.show(Text("   ".join(parts), "dim"))
        else:
            panel.entitle("gradient check", "")
            words = self.bench.keyboard.plain("‹gradients.check› compares each gradient with a central difference")
            foot.show(Text("" if check.tensors else words, "dim"))

    def _draw_verdict(self, session: Session) -> None:
        check, panel = session.check, self.query_one("#said", Panel)
        text = Text()
        if check.report is not None:
            report = check.report
            wrong = any(not tensor.ok and not tensor.unjudged for tensor in report.tensors)
            marks = ("wrong", "error") if wrong else ("ok", "success") if report.ok else ("warn", "warning")
            text.append(f"{getattr(self.glyphs, marks[0])} ", self._state(marks[1])).append(report.diagnosis, "bold")
            if not report.ok:
                for words in dict.fromkeys(f"{t.name}: {t.diagnosis or 'wrong'}" for t in report.tensors if not t.ok):
                    text.append(f"\n  {words}", "dim")
            panel.entitle("what is wrong" if wrong else "verdict")
            passing = f"right where {report.rule}"
            panel.entitle(subtitle=passing if panel.size.width > len(passing) + 6 else "")
        else:
            panel.entitle("verdict", "")
            text.append(
                "The gradients of backpropagation are compared, entry by entry, with slopes that are measured.", "dim"
            )
        panel.query_one(Words).show(text)

    def _draw_entry(self, session: Session) -> None:
        worst, errors = self.query_one("#worst", Panel), self.query_one("#errors", Panel)
        tensor = self._marked(session)
        if tensor is None:
            for panel, title in ((worst, "worst entry"), (errors, "error by entry")):
                panel.entitle(title, "")
                panel.query_one(Words).show(Text(""))
            self.query_one(EntriesPanel).show(None, "")
            return
        report = session.check.report
        lines = [("analytic", f"{tensor.analytic:.6e}"), ("numeric", f"{tensor.numeric:.6e}")]
        if tensor.numeric:
            lines.append(("analytic / numeric", f"{tensor.analytic / tensor.numeric:.6f}"))
        if worst.content_size.height >= 6:
            lines[2:2] = [("L(w + eps)", f"{tensor.loss_plus:.12f}"), ("L(w - eps)", f"{tensor.loss_minus:.12f}")]
        if report is not None:
            lines.append(("eps", f"{report.eps:g}"))
        width = max(24, worst.content_size.width)
        text = Text()
        for name, value in lines:
            text.append(name, "dim").append(f"{value:>{width - len(name)}}\n")
        text.append(tensor.layer, "dim")
        worst.entitle(f"worst entry  {tensor.name}{_index(tensor.worst_index)}")
        worst.query_one(Words).show(text)
        shape = f" {self.glyphs.times} ".join(str(n) for n in tensor.shape)
        errors.entitle(f"{tensor.name}  {shape}", self._legend(errors.content_size.width))
        self.query_one(EntriesPanel).show(tensor, shape)
        errors.query_one(Words).show(self._heat(tensor, errors.content_size.width, errors.content_size.height))

    def _legend(self, width: int) -> str:
        legend = f"{self.glyphs.shades[1]} wrong  {self.glyphs.dot} right"
        return f"{legend}  o kink  _ not checked" if width >= 44 else legend

    def _heat(self, tensor: TensorCheck, width: int, height: int) -> Text:
        """The tensor's entries as marks, cut to what fits."""
        marks = np.where(np.isnan(tensor.errors), UNCHECKED, np.where(tensor.wrong, WRONG, RIGHT))
        for entry in tensor.kink_entries:
            marks[tuple(entry)] = KINK
        marks = marks.reshape(-1, tensor.shape[-1] if tensor.shape else 1)
        if len(marks) > marks.shape[1]:  # the longer side lies across
            marks = marks.T
        looks = {
            RIGHT: (self.glyphs.dot, Style.null()),
            WRONG: (self.glyphs.shades[1], self._state("error")),
            KINK: ("o", self._state("warning")),
            UNCHECKED: ("_", Style(dim=True)),
        }
        text = Text(no_wrap=True, overflow="crop")
        shown = marks[: max(1, height), : max(1, width)]
        counts = self._counts(marks) if width - shown.shape[1] >= COUNTS_WIDTH else []
        for line in range(max(len(shown), min(len(counts), height))):
            row = shown[line] if line < len(shown) else ()
            for mark in row:
                text.append(*looks[int(mark)])
            if line < len(counts):
                text.append(" " * (shown.shape[1] - len(row) + 4)).append(counts[line], "dim")
            text.append("\n")
        return text

    @staticmethod
    def _counts(marks: np.ndarray) -> list[str]:
        """How many entries are what, where there is room for it beside them."""
        names = {WRONG: "wrong", RIGHT: "right", KINK: "kink", UNCHECKED: "not checked"}
        return [f"{name:<12}{int((marks == mark).sum()):>7,}" for mark, name in names.items()]

    def _state(self, name: str) -> Style:
        """The theme's colour of a state, for Rich."""
        return theme_style(self, name)

    def _marked(self, session: Session) -> TensorCheck | None:
        tensors = session.check.tensors
        at = self.query_one(Table).marked
        return tensors[at] if 0 <= at < len(tensors) else None

    # Doing

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        self._draw_entry(self.bench.shown)

    def action_gradients_check(self) -> None:
        session = self.session
        if session.check.running:
            return
        problems = [key for key in session.problems if key.startswith("model.") or key == "training.loss"]
        if problems:
            self.bench.notice(f"{self.glyphs.wrong} {session.problems[problems[0]]}: ‹app.model› Model mends it")
        elif session.data.prepared is None:
            self.bench.notice("a check needs data: ‹app.data› chooses some")
        else:
            self.bench.checks.start(session.spec, session.data.prepared)

    def action_gradients_cancel(self) -> None:
        if self.session.check.running:
            self.bench.checks.cancel()

    def action_gradients_worst(self) -> None:
        tensors = self.session.check.tensors
        if tensors:
            errors = [tensor.max_relative_error for tensor in tensors]
            self.query_one(Table).go_to(int(np.argmax(errors)))


def _index(index: tuple[int, ...]) -> str:
    return f"[{', '.join(str(i) for i in index)}]" if index else ""


def _verdict(tensor: TensorCheck, glyphs: GlyphSet) -> str:
    if tensor.unjudged:
        return f"{glyphs.warn} not judged"
    return f"{glyphs.ok} right" if tensor.ok else f"{glyphs.wrong} wrong"


def _cell(name: str, tensor: TensorCheck, glyphs: GlyphSet) -> Text:
    size = math.prod(tensor.shape)
    error = tensor.max_relative_error
    words = {
        "tensor": tensor.name,
        "shape": str(tuple(tensor.shape)),
        "checked": f"{size:,}" if tensor.checked == size else f"{tensor.checked:,} / {size:,}",
        "worst rel. error": f"{error:.1e}" if error < 1e-3 else f"{error:.6f}",
        "at": _index(tensor.worst_index),
        "analytic": f"{tensor.analytic:.4e}",
        "numeric": f"{tensor.numeric:.4e}",
        "kinks": str(tensor.kinks),
        "verdict": _verdict(tensor, glyphs),
    }[name]
    return Text(words, "" if tensor.ok else "bold", justify="left" if name in LEFT else "right")
