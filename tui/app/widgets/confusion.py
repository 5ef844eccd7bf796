"""The confusion matrix of the weights that the map shows, in its panel."""

from tui.app.charts.terminal import class_style
from tui.app.confusion import confusion_text
from tui.app.glyphs import GlyphSet
from tui.app.same import Same
from tui.app.session import Session
from tui.app.widgets.panel import Panel, Words

ROWS_LIVE, ROWS_ENDED = 4_000, 200_000
"""Samples that are looked at while a run trains, so that it does not pay for them, and after its end."""


class ConfusionPanel(Panel):
    def __init__(self) -> None:
        super().__init__(Words(), title="confusion", id="confusion")
        self.add_class("-extra")
        self._shown: object = None

    def show(self, session: Session, glyphs: GlyphSet) -> None:
        words = self.query_one(Words)
        confusion, prepared = session.map.confusion, session.data.prepared
        size = words.content_size
        key = (Same(confusion), size, glyphs.mode, self.app.theme, session.task)
        if key == self._shown:
            return
        self._shown = key
        if prepared is None or confusion is None or len(prepared.class_names) != len(confusion.counts):
            of_numbers = session.task == "regression"
            self.entitle(subtitle="")
            words.show("there are no classes to confuse" if of_numbers else "counts of right and wrong, by class")
            return
        colors = [str(class_style(self, k)) for k in range(len(prepared.class_names))]
        self.entitle(subtitle=f"rows true, columns answered {glyphs.dot} {confusion.words}")
        words.show(confusion_text(confusion, prepared.class_names, size.width, size.height, glyphs, colors))
