"""Every entry of a tensor that a gradient check has compared, in numbers: those that are wrong first."""

from typing import ClassVar

import numpy as np
from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.strip import Strip

from mlcore.gradcheck import TensorCheck
from tui.app.actions import bindings
from tui.app.charts.terminal import glyphs_of
from tui.app.fitting import left, right
from tui.app.keyboard import keyboard_of
from tui.app.widgets.filter import Filterable, FilterInput, matches
from tui.app.widgets.panel import Panel

HEADS = (("analytic", 15), ("numeric", 15), ("rel. error", 12))
_VERDICT = 9


class EntryTable(Filterable, can_focus=True):
    """A line an entry; only those in sight are written out. ``order`` says which entry stands on which line."""

    SCOPE = "table"
    ALLOW_SELECT: ClassVar[bool] = False
    IDLE: ClassVar[frozenset[str]] = frozenset({"table.cursor_left", "table.cursor_right"})
    FILTER_HINT = "a place as [3, 0], or wrong, right, kink"
    BINDINGS: ClassVar[list[BindingType]] = bindings("table", without=IDLE)
    COMPONENT_CLASSES: ClassVar[set[str]] = {"entries--dim", "entries--here", "entries--wrong"}
    DEFAULT_CSS = """
    EntryTable {
        width: 1fr;
        height: 1fr;
        background: $background;
        & > .entries--dim { color: $text-muted; }
        & > .entries--here { color: $accent; background: $panel; text-style: bold; }
        & > .entries--wrong { color: $error; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._tensor: TensorCheck | None = None
        self._all: list[int] = []
        self.order: list[int] = []
        self.row = 0
        self._top = 0
        self._label = 5

    def show(self, tensor: TensorCheck | None) -> None:
        if tensor is self._tensor:
            return
        self._tensor, self._all = tensor, worst_first(tensor) if tensor is not None else []
        self._label = max([5, *(len(_place(tensor.compared[at])) for at in self._all)] if tensor is not None else [5])
        self.filter_to(self.filter_words)

    def filter_to(self, words: str) -> None:
        tensor = self._tensor
        if words and tensor is not None:
            places = ((at, tensor.compared[at]) for at in self._all)
            self.order = [at for at, index in places if matches(words, _place(index), _verdict(tensor, index))]
        else:
            self.order = self._all
        self.row = self._top = 0
        self.refresh()

    @property
    def _room(self) -> int:
        return max(1, self.content_size.height - 1)

    def on_resize(self) -> None:
        self._go(self.row)

    def render_line(self, y: int) -> Strip:
        width, tensor = self.content_size.width, self._tensor
        dim = self.get_component_rich_style("entries--dim")
        if tensor is None:
            return Strip.blank(width, self.rich_style)
        if y == 0:
            heads = "".join(right(name, size) for name, size in HEADS)
            return Strip([Segment(f"  {left('entry', self._label)}{heads}  verdict", dim)]).adjust_cell_length(
                width, self.rich_style
            )
        line = self._top + y - 1
        if line >= len(self.order) or tensor.analytics is None or tensor.numerics is None:
            return Strip.blank(width, self.rich_style)
        glyphs, index = glyphs_of(self), tensor.compared[self.order[line]]
        lit = line == self.row and self.has_focus
        style = self.get_component_rich_style("entries--here") if lit else self.rich_style
        error = float(tensor.errors[index])
        figures = (
            f"{float(tensor.analytics[self.order[line]]):.6e}",
            f"{float(tensor.numerics[self.order[line]]):.6e}",
            "" if np.isnan(error) else f"{error:.1e}",
        )
        cells = "".join(right(figure, size) for figure, (_, size) in zip(figures, HEADS, strict=True))
        said, wrong = _verdict(tensor, index), bool(tensor.wrong[index])
        mark = {"wrong": f"{glyphs.wrong} ", "right": f"{glyphs.ok} "}.get(said, "")
        arrow = glyphs.right[:1] if line == self.row else " "
        own = style if lit else self.get_component_rich_style("entries--wrong") if wrong else style
        return Strip(
            [
                Segment(f"{arrow} {left(_place(index), self._label)}{cells}  ", style),
                Segment(left(f"{mark}{said}", _VERDICT), own),
            ]
        ).adjust_cell_length(width, style)

    def _go(self, row: int) -> None:
        before = (self.row, self._top)
        self.row = min(max(row, 0), max(0, len(self.order) - 1))
        self._top = min(max(self._top, self.row - self._room + 1), self.row)
        if (self.row, self._top) != before:
            self.refresh()

    def action_table_cursor_down(self) -> None:
        self._go(self.row + 1)

    def action_table_cursor_up(self) -> None:
        self._go(self.row - 1)

    def action_table_scroll_top(self) -> None:
        self._go(0)

    def action_table_scroll_bottom(self) -> None:
        self._go(len(self.order))

    def action_table_page_down(self) -> None:
        self._go(self.row + self._room)

    def action_table_page_up(self) -> None:
        self._go(self.row - self._room)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._go(self.row + 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._go(self.row - 1)


def worst_first(tensor: TensorCheck) -> list[int]:
    """Positions in ``tensor.compared``: wrong ones from the largest error down, then right ones, kinks last."""

    def rank(at: int) -> tuple[bool, bool, float, int]:
        index = tensor.compared[at]
        error = float(tensor.errors[index])
        return (error != error, not tensor.wrong[index], -(0.0 if error != error else error), at)

    return sorted(range(len(tensor.compared)), key=rank)


def _place(index: tuple[int, ...]) -> str:
    return f"[{', '.join(str(i) for i in index)}]"


def _verdict(tensor: TensorCheck, index: tuple[int, ...]) -> str:
    if np.isnan(tensor.errors[index]):
        return "kink"
    return "wrong" if tensor.wrong[index] else "right"


class EntriesPanel(Panel):
    """There from 160x44 on."""

    def __init__(self) -> None:
        super().__init__(EntryTable(), FilterInput(), title="entries", id="entries", can_focus=False)
        self.add_class("-extra")

    def show(self, tensor: TensorCheck | None, shape: str) -> None:
        self.query_one(EntryTable).show(tensor)
        if tensor is None:
            self.entitle("entries", "")
            return
        size = int(np.prod(tensor.shape))
        count = f"{len(tensor.compared):,} of {size:,}" if len(tensor.compared) < size else f"all {size:,}"
        keys = keyboard_of(self).plain("‹table.cursor_down› ‹table.cursor_up›")
        self.entitle(f"entries of {tensor.name}  {shape}", f"{count}, the worst first   {keys}")
