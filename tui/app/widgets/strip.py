"""The three rows above the curves: how far, the headings, the figures."""

from dataclasses import dataclass, replace

from rich.text import Text

from tui.app import figures
from tui.app.charts import progress
from tui.app.glyphs import GlyphSet
from tui.app.run_view import RunView
from tui.app.widgets.frame import Line
from tui.lab.events import Epoch, reported_loss


@dataclass(frozen=True)
class Column:
    heading: str
    figure: str
    width: int
    accent: bool = False
    rank: int = 0
    """The higher, the sooner it goes where the screen is narrow."""


STATE_WIDTH = 15


class Strip(Line):
    COMPONENT_CLASSES = {"strip--head", "strip--figure", "strip--accent", "strip--full", "strip--empty", "strip--wrong"}
    DEFAULT_CSS = """
    Strip {
        & > .strip--head { color: $text-muted; }
        & > .strip--figure { color: $foreground; text-style: bold; }
        & > .strip--accent { color: $accent; text-style: bold; }
        & > .strip--full { color: $accent; }
        & > .strip--empty { color: $foreground 22%; }
        & > .strip--wrong { color: $error; text-style: bold; }
    }
    """

    def show(self, run: RunView | None, epochs: int, glyphs: GlyphSet, lr: float, task: str = "classification") -> None:
        style = {name: self.get_component_rich_style(f"strip--{name}") for name in
                 ("head", "figure", "accent", "full", "empty", "wrong")}  # fmt: skip
        width = self.size.width
        epoch = shown_epoch(run)
        total = run.total_epochs if run is not None else epochs
        share = (epoch.epoch if epoch else 0) / max(1, total)
        if run is not None and run.step is not None and run.step.batches:
            share = (run.step.epoch - 1 + run.step.batch / run.step.batches) / max(1, total)
        text = Text(no_wrap=True, end="")
        line = progress(share, max(1, width - 9), glyphs)
        full = line.count(glyphs.progress_full) if glyphs.progress_full != glyphs.progress_empty else len(line)
        text.append(" ").append(line[:full], style["full"]).append(line[full:], style["empty"])
        text.append(f"{100 * share:4.0f} %\n", style["figure"])
        mark, word, sub = _state(run, glyphs)
        score = "acc" if task == "classification" else f"R{glyphs.squared}"
        columns = _columns(run, epoch, total, lr, width, score)
        room = width - sum(column.width for column in columns) - 2
        bad = run is not None and run.state in ("diverged", "failed", "crashed")
        text.append(f" {mark} {word}".ljust(room + 1)[: room + 1], style["wrong" if bad else "accent"])
        for column in columns:
            text.append(column.heading.rjust(column.width), style["head"])
        text.append("\n")
        text.append(f" {sub}".ljust(room + 1)[: room + 1], style["head"])
        for column in columns:
            text.append(column.figure.rjust(column.width), style["accent" if column.accent else "figure"])
        self.put(text)


def shown_epoch(run: RunView | None) -> Epoch | None:
    """The epoch whose figures are shown: the last, or the one that was walked back to."""
    if run is None or not run.epochs:
        return None
    if run.snapshot is None:
        return run.epochs[-1]
    return run.epochs.at(run.snapshot) or run.epochs[-1]


def seconds_left(run: RunView) -> float | None:
    """At the speed of the last epochs, or at the pace that holds them back."""
    if not run.epochs or not run.alive:
        return None
    recent = run.epochs[-5:]
    each = sum(epoch.seconds + epoch.validation_seconds for epoch in recent) / len(recent)
    if run.pace > 0:
        each = max(each, 1 / run.pace)
    return each * max(0, run.total_epochs - run.epochs[-1].epoch)


def _state(run: RunView | None, glyphs: GlyphSet) -> tuple[str, str, str]:
    if run is None:
        return glyphs.dot, "untrained", ""
    sub = f"{figures.duration(run.seconds)}{' so far' if run.alive else ''}" if run.epochs else ""
    marks = {
        "starting": glyphs.running,
        "training": glyphs.running,
        "paused": glyphs.paused,
        "queued": glyphs.idle,
        "finished": glyphs.ok,
        "stopped": glyphs.ok,
    }
    if run.snapshot is not None:
        return glyphs.left, f"epoch {run.snapshot}", "of the past"
    if run.alive and run.pace:
        sub = f"{figures.rate(run.pace)} epochs/s"
    return marks.get(run.state, glyphs.warn), run.state, sub


def _columns(
    run: RunView | None, epoch: Epoch | None, total: int, lr: float, width: int, score: str = "acc"
) -> list[Column]:
    """The columns that fit beside the state, each as wide as its widest figure; the highest ranks go first.

    ``score`` heads how right the answers are: "acc", or R² of a regression.
    """
    done = epoch.epoch if epoch else 0
    step = run.step if run is not None and run.snapshot is None else None
    lost = run is not None and run.state == "diverged" and run.snapshot is None
    finished = run.finished if run is not None and run.state == "finished" and run.snapshot is None else None
    which = run.spec.training.reported_loss if run is not None else "epoch_mean"
    train = step.loss if step is not None else (reported_loss(epoch, which) if epoch else None)
    left = seconds_left(run) if run is not None else None
    columns = [
        Column("epoch", f"{done:,} / {total:,}", 2 * len(f"{total:,}") + 5, rank=2),
        Column(
            "step loss" if step else "train loss",
            figures.loss(None if lost else train) if train is not None or lost else "",
            12,
        ),
        Column(
            "val loss", figures.loss(epoch.val_loss) if epoch and epoch.val_loss is not None else "", 10, accent=True
        ),
        Column(f"train {score}", figures.score(epoch.train_accuracy, epoch.train_r2) if epoch else "", 11, rank=7),
        Column(f"val {score}", figures.score(epoch.val_accuracy, epoch.val_r2) if epoch else "", 9, accent=True),
        Column("lr", figures.rate(lr), 10, rank=4),
        Column("ms/epoch", figures.milliseconds(epoch.seconds) if epoch else "", 10, rank=6),
    ]
    test = figures.score(finished.test_accuracy, finished.test_r2) if finished is not None else ""
    if finished is not None and test:
        columns.append(Column("test loss", figures.loss(finished.test_loss), 11, accent=True, rank=1))
        columns.append(Column(f"test {score}", test, 10, accent=True))
    else:
        columns.append(Column("samples/s", figures.count(epoch.samples_per_second) if epoch else "", 11, rank=5))
        columns.append(Column("left", "" if left is None else figures.duration(left), 10, rank=3))
    room = width - STATE_WIDTH
    while columns and sum(column.width for column in columns) > room:
        columns.remove(max(columns, key=lambda column: column.rank))
    spare = (room - sum(column.width for column in columns)) // max(1, len(columns))
    return [replace(column, width=column.width + min(2, spare)) for column in columns]
