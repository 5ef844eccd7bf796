"""6 Runs: every run there is, newest first; what is marked is compared; a run is opened, taken up again, put away."""

from textual.app import ComposeResult
from textual.widget import Widget

from tui.app import comparison
from tui.app.actions import bindings, in_scope
from tui.app.charts.view import Extent
from tui.app.folders import with_tilde
from tui.app.runs_state import LETTERS, SORTS, Entry, arrange, compared
from tui.app.screens.runs_deeds import RunsDeeds
from tui.app.services.runlist import RunList
from tui.app.session import Session
from tui.app.widgets.filter import FilterInput
from tui.app.widgets.panel import Panel, Words
from tui.app.widgets.run_compare import ComparePanel, DifferencesPanel
from tui.app.widgets.run_facts import facts_text
from tui.app.widgets.run_table import RunTable

MOST = len(LETTERS)


class RunsScreen(RunsDeeds):
    NAME = "runs"
    CSS_PATH = "../styles/runs.tcss"
    BINDINGS = bindings("runs")
    WORDS = (
        ("run", "one training: a folder of plain text with its settings, every epoch's figures and its weights"),
        ("queued", "waits for its trainer"),
        (
            "crashed",
            "its trainer is gone without a last word; ‹runs.resume› takes it up again from its last checkpoint",
        ),
        ("diverged", "the loss left the numbers: the learning rate was too high"),
        ("torn", "the file's last line is not whole, as a full disk or a kill leaves it; all before it is read"),
        ("seeds", "the same experiment with other random numbers: how much of a difference is chance"),
        ("±", "the deviation over the runs of a group: about two thirds of them lie within it"),
    )

    def __init__(self) -> None:
        super().__init__()
        self.figure = comparison.FIGURES[0][0]
        self._entries: list[Entry] = []
        self._arranged: tuple[object, ...] = ()

    def panels(self) -> ComposeResult:
        yield Panel(RunTable(id="runs-list"), FilterInput(), title="runs", id="list", can_focus=False)
        yield ComparePanel()
        yield DifferencesPanel()
        yield Panel(Words(), title="run", id="facts")

    def home(self) -> Widget:
        return self.query_one(RunTable)

    # The list is read while this screen is up, and only then

    def on_mount(self) -> None:
        super().on_mount()
        self.figure = self.bench.layout_kept.get(self.NAME, "figure", self.figure)
        if self.figure not in dict(comparison.FIGURES):
            self.figure = comparison.FIGURES[0][0]
        self.reader = RunList(self.bench, self.bench.runs_dir)
        self.reader.look()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        if self.is_mounted:
            self.reader.look()

    def on_screen_suspend(self) -> None:
        self.reader.rest()

    def on_unmount(self) -> None:
        self.reader.rest()

    # Drawing

    def draw(self, session: Session) -> None:
        runs = session.runs
        arranged = (runs.rows, runs.words, runs.sort, runs.folded)
        if arranged != self._arranged:
            self._arranged = arranged
            self._entries, self._wrong = arrange(runs)
        table = self.query_one(RunTable)
        table.show(self._entries, runs)
        self._entitle(session)
        chosen = self._compared(session)
        self.look_at(tuple(entry.key for _, entry in chosen))
        self.query_one(ComparePanel).show(chosen, runs.views, self.figure, self.glyphs, self.view)
        self.query_one(DifferencesPanel).show(chosen, runs.views, self.glyphs)
        self._draw_facts(session)
        self._want(session)

    _wrong = ""

    def _compared(self, session: Session) -> list[tuple[str, Entry]]:
        if session.runs.marked:
            return compared(session.runs)
        current = self.current
        return [("", current)] if current is not None and current.row.state != "unreadable" else []

    def _want(self, session: Session) -> None:
        seen = self.query_one(RunTable).visible_entries
        self.reader.want(
            sparks=[entry.row.name for entry in seen], views=comparison.wanted_views(self._compared(session))
        )

    def _entitle(self, session: Session) -> None:
        runs, dot = session.runs, self.glyphs.dot
        title = "runs" if not runs.unread else f"runs  reading {runs.total - runs.unread:,} of {runs.total:,}"
        order = next(words for key, words in SORTS if key == runs.sort)
        parts = []
        if runs.words:
            parts.append(f"/{runs.words}  {len(self._entries):,} of {runs.total:,}")
        if runs.sort != SORTS[0][0]:
            parts.append(order)
        if self.size.width >= 100:
            parts.append(with_tilde(self.bench.runs_dir))
        self.query_one("#list", Panel).entitle(title, f" {dot} ".join(parts))

    def _draw_facts(self, session: Session) -> None:
        panel = self.query_one("#facts", Panel)
        if not panel.display:
            return
        current = self.current
        panel.entitle(current.name if current is not None else "run", "")
        panel.query_one(Words).show(facts_text(current, session.runs, self.glyphs))

    def summary(self, session: Session) -> str:
        """At the right of the top line."""
        runs = session.runs
        parts = [f"{runs.total:,} run{'s' * (runs.total != 1)}"]
        if runs.marked:
            parts.append(f"{len(runs.marked)} marked")
        if runs.running:
            parts.append(f"{len(runs.running)} running")
        return f" {self.glyphs.dot} ".join(parts)

    def sentence(self, session: Session) -> str:
        runs, current = session.runs, self.current
        if runs.error:
            return f"{self.glyphs.wrong} {runs.error}"
        if self._wrong:
            return f"{self.glyphs.wrong} {self._wrong}"
        if not runs.total:
            if not runs.looked:
                return f"looking for runs {self.glyphs.ellipsis}"
            what = "A run is a folder of plain text; nothing is sent anywhere"
            return f"No runs yet. ‹app.train› then ‹train.toggle› makes one. {what}"
        if current is None:
            return f"none of {runs.total:,} runs is meant by {runs.words!r}: ‹app.back› shows all"
        if len(runs.marked) >= 2 and (words := comparison.conclusion(compared(runs), runs.views)):
            return words
        row = current.row
        if row.state == "crashed" and not row.problem:
            return f"{self.glyphs.warn} {row.name}: its trainer is gone. ‹runs.resume› resumes at epoch {row.epochs}"
        if row.message and row.state in ("diverged", "failed"):
            return f"{self.glyphs.warn} {row.message}"
        if runs.running:
            first = row if row.live else runs.running[0]
            others = f" (and {len(runs.running) - 1} more)" if len(runs.running) > 1 else ""
            doing = "is paused" if first.state == "paused" else "is training"
            return f"{first.name} {doing}{others}: ‹list.enter› shows it live. Nothing is lost if you close this."
        return "‹list.enter› opens a run, ‹runs.mark› marks up to six to compare, ‹runs.seeds› repeats one over seeds"

    def idle_actions(self, session: Session) -> frozenset[str]:
        current = self.current
        if current is None:
            return frozenset(action.id for action in in_scope("runs")) | {"list.enter"}
        states = {row.state for row in current.rows}
        idle = set()
        if not states & {"running", "paused", "queued"}:
            idle.add("runs.stop")
        if not states & {"paused", "queued", "stopped", "crashed", "failed", "diverged"}:
            idle.add("runs.resume")
        return frozenset(idle)

    # Moving and arranging

    def on_run_table_moved(self, event: RunTable.Moved) -> None:
        self._change(at=event.key)

    def on_run_table_scrolled(self) -> None:
        self._want(self.session)

    def on_run_table_entered(self) -> None:
        current = self.current
        if current is not None and current.is_group:
            self.action_runs_fold()
        elif current is not None:
            self.bench.open_run(current.row.path)

    def action_runs_sort(self) -> None:
        keys = [key for key, _ in SORTS]
        self._change(sort=keys[(keys.index(self.session.runs.sort) + 1) % len(keys)])

    def action_runs_fold(self) -> None:
        runs, current = self.session.runs, self.current
        if not any(row.group for row in runs.rows):
            self.bench.notice("no run has been repeated yet: ‹runs.seeds› repeats one over seeds")
            return
        at = runs.at
        if current is not None and current.row.group:
            at = current.row.name if runs.folded else f"group {current.row.group}"
        self._change(folded=not runs.folded, at=at)

    def on_run_table_filtered(self, event: RunTable.Filtered) -> None:
        self._change(words=event.words)

    # Comparing

    def action_runs_mark(self) -> None:
        current, marked = self.current, self.session.runs.marked
        if current is None or current.row.state == "unreadable":
            return
        if current.key in marked:
            self._change(marked=tuple(key for key in marked if key != current.key))
        elif len(marked) == MOST:
            self.bench.notice(f"{MOST} runs are compared at most: ‹runs.mark› on one of them takes its mark away")
        else:
            self._change(marked=(*marked, current.key))

    def action_runs_unmark(self) -> None:
        self._change(marked=())

    def action_runs_compare(self) -> None:
        current, marked = self.current, self.session.runs.marked
        if current is None:
            return
        chosen = [*marked]
        if not chosen or (len(chosen) == 1 and current.key not in chosen):
            chosen.append(current.key)
        if len(chosen) == 1:
            others = [
                entry.key for entry in self._entries if entry.key not in chosen and entry.row.state != "unreadable"
            ]
            chosen += others[:1]
        if len(chosen) < 2:
            self.bench.notice("there is no other run to compare it with")
            return
        self._change(marked=tuple(chosen))
        self.query_one(ComparePanel).focus()

    def action_runs_figure(self) -> None:
        names = [name for name, _ in comparison.FIGURES]
        self.figure = names[(names.index(self.figure) + 1) % len(names)]
        self.remember("figure", self.figure)
        self.show()

    def action_runs_log(self) -> None:
        self.toggle_log()

    def action_runs_smooth(self) -> None:
        self.smooth()

    def extent(self) -> Extent:
        shown = self.bench.shown
        return comparison.extent(self._compared(shown), shown.runs.views)
