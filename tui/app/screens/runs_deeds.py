"""What the keys of 6 Runs do to runs: take up again, stop, repeat, name, write on, export, delete."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual import work

from tui.app import comparison, figures
from tui.app.folders import with_tilde
from tui.app.runs_state import Entry, RunRenamed, RunsArranged, compared, entries_named
from tui.app.screens.ask import AskScreen, ConfirmScreen
from tui.app.screens.choose import ChooseScreen
from tui.app.screens.looking import Looking
from tui.app.services import run_deeds
from tui.app.services.runlist import RunList
from tui.app.widgets.run_table import RunTable
from tui.lab.build import USER_ERRORS
from tui.lab.runs import RunFolder


class RunsDeeds(Looking):
    """The actions of the Runs screen that change what lies on the disk. ``reader`` is told to look again after each."""

    reader: RunList

    @property
    def current(self) -> Entry | None:
        return self.query_one(RunTable).current

    def _change(self, **changes: Any) -> None:
        self.bench.dispatch(RunsArranged(changes))

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
