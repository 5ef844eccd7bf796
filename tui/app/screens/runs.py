"""6 Runs: every run there is, newest first; what is marked is compared; a run is opened, taken up again, put away."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual import work
from textual.app import ComposeResult
from textual.widget import Widget

from tui.app import comparison, figures
from tui.app.actions import bindings, in_scope
from tui.app.charts.view import Extent
from tui.app.folders import with_tilde
from tui.app.runs_state import LETTERS, SORTS, Entry, RunRenamed, RunsArranged, arrange, compared, entries_named
from tui.app.screens.ask import AskScreen, ConfirmScreen
from tui.app.screens.choose import ChooseScreen
from tui.app.screens.looking import Looking
from tui.app.services import run_deeds
from tui.app.services.runlist import RunList
from tui.app.session import Session
from tui.app.widgets.filter import FilterInput
from tui.app.widgets.panel import Panel, Words
from tui.app.widgets.run_compare import ComparePanel, DifferencesPanel
from tui.app.widgets.run_facts import facts_text
from tui.app.widgets.run_table import RunTable
from tui.lab.build import USER_ERRORS
from tui.lab.runs import RunFolder

MOST = len(LETTERS)


class RunsScreen(Looking):
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

    @property
    def current(self) -> Entry | None:
        return self.query_one(RunTable).current

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

    def _change(self, **changes: Any) -> None:
        self.bench.dispatch(RunsArranged(changes))

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

    # Deeds

    def _folder(self) -> RunFolder | None:
        current = self.current
        return None if current is None else RunFolder(current.row.path)

    def _chosen(self) -> list[RunFolder]:
        """The runs that a deed is for: those that are marked, else the one under the cursor, or its whole group."""
        entries = entries_named(self.session.runs, self.session.runs.marked)
        if not entries and self.current is not None:
            entries = [self.current]
        return [RunFolder(row.path) for entry in entries for row in entry.rows]

    async def _do(self, deed: Callable[..., Any], *words: Any) -> Any:
        """Does something on the disk, off the loop; what goes wrong is said. None where it went wrong."""
        try:
            done = await asyncio.to_thread(deed, *words)
        except (*USER_ERRORS, OSError) as error:
            self.bench.notice(f"{self.glyphs.wrong} {error}")
            return None
        self.reader.again()
        return done

    @work
    async def action_runs_resume(self) -> None:
        current = self.current
        for row in current.rows if current is not None else ():
            if row.state not in ("finished", "running") or not (current and current.is_group):
                said = await self._do(run_deeds.resume, RunFolder(row.path))
                if said:
                    self.bench.notice(said)

    @work
    async def action_runs_stop(self) -> None:
        current = self.current
        for row in current.rows if current is not None else ():
            said = await self._do(run_deeds.stop, RunFolder(row.path))
            if said:
                self.bench.notice(said)

    @work
    async def action_runs_seeds(self) -> None:
        folder = self._folder()
        if folder is None:
            return
        words = (
            "Over how many more seeds? A run each, with the same settings. Together they have a mean and a deviation."
        )
        answer = await self.app.push_screen_wait(AskScreen(f"repeat {folder.name}", "4", words, wrong=_wrong_count))
        if answer is None:
            return
        done = await self._do(run_deeds.repeat, folder, int(answer), self.bench.runs_dir)
        if done is not None:
            group, made = done
            self._change(folded=True, at=f"group {group}")
            self.bench.notice(
                f"{len(made)} runs wait for their trainers, which go on if you leave. ‹runs.fold› one by one"
            )

    @work
    async def action_runs_name(self) -> None:
        folder = self._folder()
        if folder is None:
            return
        answer = await self.app.push_screen_wait(
            AskScreen("a name for this run", comparison.bare_name(folder.name), "The date before it stays.")
        )
        if answer is None:
            return
        from tui.lab.runadmin import rename_run

        renamed = await self._do(rename_run, folder, answer)
        if renamed is not None:
            self.bench.dispatch(RunRenamed(folder.path, renamed.path))
            self.bench.runs.renamed(folder, renamed)

    @work
    async def action_runs_tag(self) -> None:
        from tui.lab.marks import change_tags

        chosen = self._chosen()
        if not chosen:
            return
        row = self.current.row if self.current is not None else None
        now = f"Now: {' '.join(row.tags)}. " if row is not None and row.tags else ""
        what = chosen[0].name if len(chosen) == 1 else f"{len(chosen)} runs"
        answer = await self.app.push_screen_wait(
            AskScreen(f"tags for {what}", "", f"{now}Words with blanks between; -word takes one away.")
        )
        for folder in chosen if answer else ():
            await self._do(change_tags, folder.path, answer.split())

    @work
    async def action_runs_note(self) -> None:
        from tui.lab.marks import change_note

        current = self.current
        if current is None:
            return
        answer = await self.app.push_screen_wait(AskScreen(f"a note on {current.row.name}", current.row.note))
        if answer is not None:
            await self._do(change_note, current.row.path, answer)

    @work
    async def action_runs_export(self) -> None:
        folder, runs = self._folder(), self.session.runs
        if folder is None:
            return
        rows = list(run_deeds.EXPORTS)
        if len(runs.marked) > 1:
            rows.insert(0, ("compare", "comparison as CSV", "what differs and every final figure"))
        what = await self.app.push_screen_wait(ChooseScreen(f"export {folder.name}", rows, rows[0][0]))
        if what is None:
            return
        if what == "compare":
            lines = comparison.table(compared(runs), runs.views)
            file = await self._do(run_deeds.export_table, lines, Path.cwd())
        else:
            file = await self._do(run_deeds.export, folder, what, Path.cwd())
        if file is not None:
            self.bench.notice(f"written to {file.name} in {with_tilde(file.parent)}")

    @work
    async def action_runs_delete(self) -> None:
        chosen = self._chosen()
        if not chosen:
            return
        sizes = await self._do(lambda: [run_deeds.size_of(run) for run in chosen])
        if sizes is None:
            return
        lines = [(run.name, figures.size(size)) for run, size in zip(chosen, sizes, strict=True)]
        title = f"delete {f'{len(lines)} runs' if len(lines) > 1 else 'this run'}?"
        if len(lines) > 12:
            lines = [*lines[:11], (f"and {len(lines) - 11} more", "")]
        words = "Weights, curves and notes are gone for good."
        if not await self.app.push_screen_wait(ConfirmScreen(title, lines, words)):
            return
        from tui.lab.runadmin import delete_run

        for folder in chosen:
            run = self.session.run
            await self._do(delete_run, folder)
            if run is not None and run.path == folder.path and not folder.path.exists():
                self.bench.close_run()


def _wrong_count(text: str) -> str:
    if not text.strip().isdecimal() or not 1 <= int(text) <= run_deeds.MOST_SEEDS:
        return f"expected a number from 1 to {run_deeds.MOST_SEEDS}, received {text!r}"
    return ""
