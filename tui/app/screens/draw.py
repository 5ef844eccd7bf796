"""Draw your own points: a plane, a cursor, and a digit for each class."""

import asyncio

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container

from tui.app import drawing as draw
from tui.app.drawing import Drawing
from tui.app.key_names import read_key
from tui.app.keyboard import AZERTY_ROW
from tui.app.screens.choose import Modal
from tui.app.widgets.draw_plane import DrawPlane
from tui.app.widgets.panel import Panel, Words
from tui.lab.drawn import save_drawn
from tui.lab.errors import LabError

FAR = 5
"""Cells that a capital letter goes."""

_MOVES = (("left", "h", -1, 0), ("down", "j", 0, -1), ("up", "k", 0, 1), ("right", "l", 1, 0))
KEYS = "1-9 put  space again  hjkl HJKL move  b brush  x delete  u undo  c clear"


class DrawScreen(Modal):
    """Dismissed with the path of the table that the points were written to, or None."""

    BINDINGS = [
        *(Binding(f"{letter},{arrow}", f"go({right}, {up})", show=False) for arrow, letter, right, up in _MOVES),
        *(
            Binding(f"{letter.upper()},shift+{arrow}", f"go({FAR * right}, {FAR * up})", show=False)
            for arrow, letter, right, up in _MOVES
        ),
        *(
            Binding(f"{label},{read_key(typed)}", f"put({label})", show=False)
            for label, typed in enumerate(AZERTY_ROW, start=1)
        ),
        Binding("space", "put_again", show=False),
        Binding("x,delete", "delete", show=False),
        Binding("u", "undo", show=False),
        Binding("c", "clear", show=False),
        Binding("b", "brush", show=False),
        Binding("enter", "use", show=False),
        Binding("escape", "leave", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.drawing = Drawing()
        self._asked = False
        self._saving = False

    def compose(self) -> ComposeResult:
        with Container(classes="modal draw"):
            panel = Panel(
                DrawPlane(id="plane"),
                Words(id="draw-hand"),
                Words(id="draw-words"),
                title="draw your own points",
                id="draw",
                can_focus=False,
            )
            panel.entitle(subtitle="Enter use   Esc leave")
            yield panel

    def on_mount(self) -> None:
        super().on_mount()
        self.plane.focus()
        self._say()

    @property
    def plane(self) -> DrawPlane:
        return self.query_one(DrawPlane)

    def _become(self, drawing: Drawing) -> None:
        self.drawing = drawing
        self._asked = False
        self.plane.show(drawing)
        self._say()

    def _say(self, words: str = "") -> None:
        """The last two lines: the hand, and how many points each class has; what is wrong, or the keys.

        They do not stand in the border: with it the whole plane would be sent again at each step.
        """
        drawing = self.drawing
        brush = ", brush" if drawing.brush else ""
        counts = "   ".join(f"{label}: {count:,}" for label, count in drawing.counts.items()) or "no points yet"
        hand = f"class {drawing.label}{brush}   x {drawing.x:5.2f}  y {drawing.y:5.2f}   {counts}"
        self.query_one("#draw-hand", Words).show(Text(hand, no_wrap=True, overflow="ellipsis"))
        self.query_one("#draw-words", Words).show(
            Text(words or KEYS, "" if words else "dim", no_wrap=True, overflow="ellipsis")
        )

    # What keys do

    def action_go(self, right: int, up: int) -> None:
        self._become(draw.moved(self.drawing, right, up, self.plane.plane))

    def action_put(self, label: int) -> None:
        self._become(draw.put(self.drawing, label))

    def action_put_again(self) -> None:
        self._become(draw.put(self.drawing))

    def action_delete(self) -> None:
        self._become(draw.deleted(self.drawing, self.plane.plane))

    def action_undo(self) -> None:
        self._become(draw.undone(self.drawing))

    def action_clear(self) -> None:
        self._become(draw.cleared(self.drawing))

    def action_brush(self) -> None:
        self._become(draw.brushed(self.drawing))

    def on_draw_plane_pointed(self, message: DrawPlane.Pointed) -> None:
        self._become(draw.put(draw.pointed(self.drawing, message.x, message.y)))

    def action_use(self) -> None:
        if words := draw.refusal(self.drawing):
            self._say(words)
        elif not self._saving:
            self._saving = True
            self._save(draw.as_csv(self.drawing))

    @work
    async def _save(self, table: str) -> None:
        try:
            path = await asyncio.to_thread(save_drawn, table)
        except LabError as error:
            self._saving = False
            self._say(str(error))
            return
        self.dismiss(str(path))

    def action_leave(self) -> None:
        """Points are thrown away by a second Escape only."""
        if self.drawing.dots and not self._asked:
            self._asked = True
            count = len(self.drawing.dots)
            self._say(f"Esc again throws {count:,} point{'s' * (count > 1)} away, Enter uses them")
        else:
            self.dismiss(None)
