"""The decision map in its panel: what the newest weights answer over the plane of two features."""

from collections.abc import Callable
from functools import partial

from rich.text import Text

from tui.app import copies, figures
from tui.app.charts import RegionMap, ramp_legend
from tui.app.charts.data import RegionData
from tui.app.charts.terminal import capabilities_of
from tui.app.clipboard import Copied
from tui.app.glyphs import GlyphSet, legend
from tui.app.services.maps import MapRequest
from tui.app.session import Session
from tui.app.widgets.panel import Panel
from tui.lab.build import feature_names


class MapPanel(Panel):
    """Asks for a map when there is something new to draw; shows the one that the session has."""

    def __init__(self, ask: Callable[[MapRequest], None]) -> None:
        super().__init__(RegionMap(), title="decision map", id="map")
        self._ask = ask
        self._asked: object = None
        self._data: RegionData | None = None
        self._axes = ("x", "y")

    def copied(self) -> Callable[[], Copied] | None:
        return None if self._data is None else partial(copies.region, self._data, *self._axes)

    def show(self, session: Session, glyphs: GlyphSet) -> None:
        prepared = session.data.prepared
        if not self.display or prepared is None:
            return
        if prepared.dataset.source != session.spec.data.source:
            self.entitle("decision map", "")  # the data of this experiment is still to come
            self._data = None
            self.query_one(RegionMap).show(None)
            return
        names, (i, j) = feature_names(prepared), session.features
        if len(names) < 2:
            self.entitle("decision map", "needs two features")
            return
        self._axes = (names[i], names[j])
        if session.map.features == session.features:
            self._data = session.map.data
            self.query_one(RegionMap).show(session.map.data)
        if not session.problems:
            self._request(session)
        other = "" if session.shown_run is None or session.run_is_of_this else "  of the next experiment"
        principal = session.spec.data.undrawn == "principal"
        drawn_axes = "first two components" if principal else f"{names[i]} {glyphs.times} {names[j]}"
        axes = f"{drawn_axes}{other}"
        room = self.size.width - 4
        if prepared.task == "regression":
            self.entitle(f"map of {prepared.dataset.target_names[0]}  {axes}", self._shades(session, room))
            return
        title = "decision map" if self.size.width >= 45 else "map"
        key = legend(prepared.class_names, glyphs, wrong=True)
        drawn = session.map.data.points if session.map.data is not None else None
        if drawn is not None and drawn.wrong is not None and len(drawn.wrong):
            key += f" {figures.accuracy(float(drawn.wrong.mean()))}"
        full = f"{key}   {session.map.others}" if session.map.others else key
        self.entitle(f"{title}  {axes}", full if len(full) < room else key[: room - 2])

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

    def _request(self, session: Session) -> None:
        prepared, run = session.data.prepared, session.run
        columns, rows = self.query_one(RegionMap).grid_size
        if prepared is None or columns < 2 or rows < 2:
            return
        if run is not None and not session.run_is_of_this:
            run = None  # its weights belong to other data or layers; the map shows this experiment, untrained
        request = MapRequest(
            session.spec if run is None else run.spec,
            prepared,
            session.features,
            columns,
            rows,
            session.spec.data.undrawn,
            run=None if run is None else run.path,
            epoch=None if run is None else run.snapshot,
        )
        asked = (request, (len(run.epochs), run.step, run.state) if run is not None else None)
        if asked != self._asked:
            self._asked = asked
            self._ask(request)
