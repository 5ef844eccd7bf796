"""What the Runs screen's facts do to a session; `apply` knows them beside all others once this is imported."""

from msgspec.structs import replace

from tui.app.reducers import apply
from tui.app.runs_state import RunRenamed, RunsArranged, RunsRead, RunsSparked, RunsViewed, entries_named
from tui.app.session import Session

__all__ = ["apply"]


@apply.register
def _(fact: RunsRead, session: Session) -> Session:
    runs = replace(
        session.runs,
        rows=fact.rows,
        total=len(fact.rows),
        unread=fact.unread,
        error=fact.error,
        looked=True,
    )
    # A run that is gone is marked no more.
    marked = tuple(entry.key for entry in entries_named(runs, runs.marked))
    return replace(session, runs=replace(runs, marked=marked))


@apply.register
def _(fact: RunsSparked, session: Session) -> Session:
    names = {row.name for row in session.runs.rows}
    kept = {name: spark for name, spark in session.runs.sparks.items() if name in names}
    return replace(session, runs=replace(session.runs, sparks={**kept, **fact.sparks}))


@apply.register
def _(fact: RunsViewed, session: Session) -> Session:
    return replace(session, runs=replace(session.runs, views=dict(fact.views)))


@apply.register
def _(fact: RunsArranged, session: Session) -> Session:
    return replace(session, runs=replace(session.runs, **fact.changes))


@apply.register
def _(fact: RunRenamed, session: Session) -> Session:
    before, after = fact.before.name, fact.after.name
    runs = session.runs
    runs = replace(
        runs,
        marked=tuple(after if key == before else key for key in runs.marked),
        at=after if runs.at == before else runs.at,
    )
    run = session.run
    if run is not None and run.path == fact.before:
        run = replace(run, path=fact.after)
    return replace(session, runs=runs, run=run)
