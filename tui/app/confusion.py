"""Which classes a network takes for which others: counts, and how they are written. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from tui.app import figures
from tui.app.glyphs import GlyphSet, class_glyph
from tui.app.literal import literal

if TYPE_CHECKING:
    import numpy as np

LEAST_NAME, MOST_NAME = 1, 10
MOST_SPARE = 3
RECALL = "  recall"


@dataclass(frozen=True, eq=False)
class Confusion:
    """Counts of the answers to some samples.

    Attributes:
        counts: (C, C) samples of the class of the row that were answered as the class of the column.
        part: The part of the data they are of.
        of: How many samples that part has.
    """

    counts: "np.ndarray"
    part: str
    of: int

    @property
    def samples(self) -> int:
        return int(self.counts.sum())

    def recall(self, k: int) -> float | None:
        """The share of class k that was answered rightly; None where it has no sample."""
        row = int(self.counts[k].sum())
        return float(self.counts[k, k]) / row if row else None

    @property
    def words(self) -> str:
        """``validation 2,000``, or how many of it were looked at."""
        looked = f"{self.samples:,}"
        return f"{self.part} {looked}" if self.samples == self.of else f"{looked} of {self.part} {self.of:,}"


def confusion_text(
    confusion: Confusion, names: Sequence[str], width: int, height: int, glyphs: GlyphSet, colors: Sequence[str] = ()
) -> Text:
    """The table of counts with each class's recall; shares of the row where counts do not fit; else a list.

    Args:
        confusion: What to write.
        names: The names of all classes.
        width, height: The room, in cells.
        glyphs: The characters to write with.
        colors: A style for the glyph of each class.
    """
    names = [literal(name) for name in names]
    classes = len(names)
    counts = confusion.counts.tolist()
    widest = max((len(str(count)) for row in counts for count in row), default=1)
    marks = [class_glyph(k, names, glyphs) for k in range(classes)]
    labels = [mark if mark == name else f"{mark} {name}" for mark, name in zip(marks, names, strict=True)]
    longest = max((len(label) for label in labels), default=1)
    for cells, shares in ((widest + 1, False), (4, True)):
        label_width = min(longest, width - classes * cells - len(RECALL), MOST_NAME)
        if label_width >= LEAST_NAME and classes + 1 <= height:
            spare = (width - classes * cells - len(RECALL) - label_width) // classes
            cells += min(spare, MOST_SPARE)
            return _table(confusion, marks, labels, label_width, cells, shares, glyphs, colors)
    return _mistakes(confusion, labels, width, height, glyphs)


def _table(
    confusion: Confusion,
    marks: Sequence[str],
    labels: Sequence[str],
    label_width: int,
    cells: int,
    shares: bool,
    glyphs: GlyphSet,
    colors: Sequence[str],
) -> Text:
    text = Text(no_wrap=True, overflow="crop")
    text.append(("%" if shares else "").ljust(label_width), "dim")
    for k, mark in enumerate(marks):
        text.append(mark.rjust(cells), colors[k] if k < len(colors) else "")
    text.append(RECALL, "dim")
    for k, row in enumerate(confusion.counts.tolist()):
        text.append("\n")
        label = labels[k][:label_width].ljust(label_width)
        text.append(label[:1], colors[k] if k < len(colors) else "").append(label[1:])
        total = max(1, sum(row))
        for j, count in enumerate(row):
            shown = f"{100 * count / total:.0f}" if shares else str(count)
            text.append((shown if count else glyphs.dot).rjust(cells), "bold" if j == k else "" if count else "dim")
        text.append(figures.accuracy(confusion.recall(k)).rjust(len(RECALL)))
    return text


def _mistakes(confusion: Confusion, labels: Sequence[str], width: int, height: int, glyphs: GlyphSet) -> Text:
    """The commonest mistakes, where the table has no room."""
    found = sorted(
        (
            (-count, k, j)
            for k, row in enumerate(confusion.counts.tolist())
            for j, count in enumerate(row)
            if count and k != j
        )
    )
    text = Text("most often taken for another" if found else "no mistake", "dim", no_wrap=True, overflow="ellipsis")
    room = max(1, (width - 20) // 2)
    for count, k, j in found[: max(0, height - 1)]:
        recall = figures.accuracy(confusion.recall(k))
        pair = f"{labels[k][:room]} {glyphs.right} {labels[j][:room]}"
        text.append(f"\n{-count:5,}  ").append(pair.ljust(2 * room + 3)).append(f"  {recall:>7}", "dim")
    return text
