"""The decision map in its panel: what the newest weights answer over the plane of two features."""

from collections.abc import Callable
from functools import partial
from typing import get_args

from rich.text import Text

from tui.app import copies
from tui.app.charts import RegionMap, ramp_legend
from tui.app.charts.data import RegionData
from tui.app.charts.terminal import capabilities_of
from tui.app.clipboard import Copied
from tui.app.glyphs import GlyphSet
from tui.app.services.maps import MapRequest, PointsChoice
from tui.app.session import Session
from tui.app.widgets.confusion import ROWS_ENDED, ROWS_LIVE
from tui.app.widgets.map_legend import map_legend
from tui.app.widgets.panel import Panel
from tui.lab.build import feature_names

WORDS: dict[PointsChoice, str] = {
    "held out": "samples it does not train on",
    "training": "samples it trains on",
    "none": "none",
}


class MapPanel(Panel):
    """Asks for a map when there is something new to draw; shows the one that the session has."""

    def __init__(self, ask: Callable[[MapRequest], None]) -> None:
        super().__init__(RegionMap(), title="decision map", id="map")
        self._ask = ask
        self._asked: object = None
        self.points: PointsChoice = "held out"
        self._data: RegionData | None = None
        self._axes = ("x", "y")

    def copied(self) -> Callable[[], Copied] | None:
        return None if self._data is None else partial(copies.region, self._data, *self._axes)

    def choose_points(self, which: str) -> None:
        """The samples over the map; what is no name of any leaves them as they are."""
        self.points = next((choice for choice in get_args(PointsChoice) if choice == which), self.points)

    def next_points(self) -> str:
        """Other samples over the map; which, in words."""
        choices = get_args(PointsChoice)
        self.points = choices[(choices.index(self.points) + 1) % len(choices)]
        return WORDS[self.points]

    def show(self, session: Session, glyphs: GlyphSet, *, confusion: bool = False) -> None:
        """``confusion``: the answers to samples are counted as well, and alone where the map itself is not shown."""
        prepared = session.data.prepared
        if prepared is None or not (self.display or confusion):
            return
        if prepared.dataset.source != session.spec.data.source:
            self.entitle("decision map", "")  # the data of this experiment is still to come
            self._data = None
            self.query_one(RegionMap).show(None)
            return
        names, (i, j) = feature_names(prepared), session.features
        if not session.problems:
            self._request(session, confusion=confusion, alone=not self.display or len(names) < 2)
        if len(names) < 2:
            self.entitle("decision map", "needs two features")
            return
        self._axes = (names[i], names[j])
        if session.map.features == session.features:
            self._data = session.map.data
            self.query_one(RegionMap).show(session.map.data)
        other = "" if session.shown_run is None or session.run_is_of_this else "  of the next experiment"
        principal = session.spec.data.undrawn == "principal"
        drawn_axes = "first two components" if principal else f"{names[i]} {glyphs.times} {names[j]}"
        axes = f"{drawn_axes}{other}"
        room = self.size.width - 4
        if prepared.task == "regression":
            self.entitle(f"map of {prepared.dataset.target_names[0]}  {axes}", self._shades(session, room))
            return
        title = "decision map" if self.size.width >= 45 else "map"
        drawn = session.map.data.points if session.map.data is not None else None
        marked = drawn.wrong if drawn is not None else None
        wrong = float(marked.mean()) if marked is not None and len(marked) else None
        of = "train" if self.points == "training" else ""
        self.entitle(
            f"{title}  {axes}",
            map_legend(
                prepared.class_names,
                glyphs,
                room,
                wrong=wrong,
                of=of,
                others=session.map.others,
                points=self.points != "none",
            ),
        )

    def _shades(self, session: Session, room: int) -> Text:
        """The numbers between the shades of a regression's map, and what the other features are held at."""
        data = session.map.data
        if data is None or data.ramp is None:
            return Text()
        dark = self.app.current_theme.dark
        key = ramp_legend(data.ramp, capabilities_of(self), dark=dark, map=True, room=room - 2)
        others = f"   {session.map.others}" if session.map.others else ""
        if key.cell_len + len(others) < room:
            key.append(others)
        return key

    def _request(self, session: Session, *, confusion: bool, alone: bool) -> None:
        prepared, run = session.data.prepared, session.run
        columns, rows = (0, 0) if alone else self.query_one(RegionMap).grid_size
        if prepared is None or (not alone and (columns < 2 or rows < 2)) or (alone and not confusion):
            return
        if run is not None and not session.run_is_of_this:
            run = None  # its weights belong to other data or layers; the map shows this experiment, untrained
        counted = (ROWS_LIVE if run is not None and run.alive else ROWS_ENDED) if confusion else 0
        request = MapRequest(
            session.spec if run is None else run.spec,
            prepared,
            session.features,
            columns,
            rows,
            session.spec.data.undrawn,
            run=None if run is None else run.path,
            epoch=None if run is None else run.snapshot,
            points=self.points,
            confusion=counted,
        )
        asked = (request, (len(run.epochs), run.step, run.state) if run is not None else None)
        if asked != self._asked:
            self._asked = asked
            self._ask(request)
