"""A panel of curves that takes the keys of a chart. What is looked at is the screen's, for all of its charts."""

from collections.abc import Sequence

from tui.app.actions import bindings
from tui.app.charts import LineChart
from tui.app.charts.terminal import glyphs_of
from tui.app.fitting import cut
from tui.app.widgets.panel import Panel

Figures = Sequence[tuple[str, str]]
"""(name, figure) of each curve at an epoch."""


class CurvesPanel(Panel):
    """The focus rests on the panel; its keys are the screen's (`tui.app.screens.looking`)."""

    SCOPE = "curves"
    BINDINGS = bindings("curves", namespace="screen.")

    def __init__(self, *, title: str, id: str) -> None:
        super().__init__(LineChart(), title=title, id=id)

    def entitle_at(self, title: str, epoch: float, said: Figures) -> None:
        """The figures under the crosshair in the border, as many words of them as there is room for."""
        self.entitle(title, at_epoch(epoch, said, self.size.width - 4, glyphs_of(self).ellipsis))


def at_epoch(epoch: float, said: Figures, room: int, ellipsis: str) -> str:
    """``epoch 27   train 0.1667   val 0.2540``, shorter where that is too long."""
    number = f"{epoch:,.0f}"
    named = [f"{name} {figure}" for name, figure in said]
    forms = (
        "   ".join([f"epoch {number}", *named]),
        "  ".join([f"epoch {number}", *named]),
        " ".join([f"{number}:", *named]),
        " ".join([f"{number}:", *(figure for _, figure in said)]),
        number,
    )
    return next((form for form in forms if len(form) <= room), cut(forms[-1], room, ellipsis))


def joined(parts: Sequence[str], separator: str, room: int) -> str:
    """The parts in one line; where they do not fit, the first ones go. Nothing is cut before there is a size."""
    kept = [part for part in parts if part]
    while room > 0 and len(kept) > 1 and len(separator.join(kept)) > room:
        kept.pop(0)
    return separator.join(kept)
