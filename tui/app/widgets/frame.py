"""The three lines around every screen: where one is, what is true now, which keys work."""

import re
from collections.abc import Sequence

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from tui.app.actions import DIGITS, in_scope
from tui.app.fitting import cut, cut_middle, right, sentence_in
from tui.app.glyphs import GlyphSet
from tui.app.keyboard import keyboard_of
from tui.app.literal import literal
from tui.app.session import Session
from tui.lab.fields import FIELDS
from tui.lab.values import show_value

WIDE = 100
NAME_WIDTH = 28
"""Cells of the experiment's name, before what is known of it."""
NAMES = {"data": "Data", "model": "Model", "gradients": "Gradients", "train": "Train", "runs": "Runs"}


def screen_mark(name: str, session: Session, glyphs: GlyphSet) -> str:
    """The state of a screen in one glyph: in order, needs you, at work, or nothing yet."""
    if name == "data":
        if any(key.startswith("data.") for key in session.problems):
            return glyphs.wrong
        if session.data.loading:
            return glyphs.running
        return glyphs.ok if session.data.prepared is not None else ""
    if name == "model":
        bad = [key for key in session.problems if not key.startswith("data.")]
        return glyphs.wrong if bad else (glyphs.ok if session.data.prepared is not None else "")
    if name == "gradients":
        if session.check.running:
            return glyphs.running
        if session.check.error:
            return glyphs.wrong
        if session.check.report is None:
            return ""
        return glyphs.ok if session.check.report.ok else glyphs.wrong
    if name == "runs":
        return glyphs.running if any(row.state == "running" for row in session.runs.running) else ""
    run = session.shown_run
    if run is None:
        return ""
    if run.alive:
        return glyphs.paused if run.state == "paused" else glyphs.running
    return {"finished": glyphs.ok, "stopped": glyphs.ok, "queued": ""}.get(run.state, glyphs.wrong)


def experiment_line(session: Session, *, model: bool) -> str:
    """The experiment in one line: ``tp4 · 10-64-64-4 · SGD 0.1`` or its data."""
    prepared = session.data.prepared
    name = cut_middle(
        literal(session.recipe or session.spec.data.source.rstrip("/").rsplit("/", 1)[-1]), NAME_WIDTH, "~"
    )
    if prepared is None or session.data.loading or session.data.error:
        return name
    if not model:
        answers = prepared.answers
        what = f"{answers} classes" if prepared.task == "classification" else f"{answers} number{'s' * (answers > 1)}"
        return f"{name} · {prepared.dataset.n_samples:,} × {prepared.in_features} · {what}"
    from tui.lab.build import out_features

    outputs = out_features(session.spec, prepared.answers)
    sizes = "-".join(str(n) for n in (prepared.in_features, *session.spec.model.hidden, outputs))
    training = session.spec.training
    optimizer = show_value(FIELDS["training.optimizer"], training.optimizer)
    return f"{name} · {sizes} · {optimizer} {training.lr:g}"


class Line(Widget):
    """One row of text that is drawn again only when it changes."""

    _text = Text()

    def render(self) -> Text:
        return self._text

    def put(self, text: Text) -> None:
        if text != self._text or text.spans != self._text.spans:
            self._text = text
            self.refresh()


class TopBar(Line):
    """Row 1: the screens with their state, the experiment at the right from 100 columns."""

    COMPONENT_CLASSES = {"frame--here", "frame--key", "frame--dim", "frame--ok", "frame--wrong", "frame--busy"}

    class Chosen(Message):
        """A screen's name was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    _ends: tuple[tuple[int, str], ...] = ()
    """Where each screen's name ends."""

    def on_click(self, event: events.Click) -> None:
        name = next((name for end, name in self._ends if event.x < end), "")
        if name and event.x >= self._begin:
            self.post_message(self.Chosen(name))

    _begin = 0

    def show(self, current: str, session: Session, glyphs: GlyphSet, summary: str = "") -> None:
        """``summary`` stands at the right in the place of the experiment."""
        wide = self.size.width >= WIDE
        style = {name: self.get_component_rich_style(f"frame--{name}") for name in
                 ("here", "key", "dim", "ok", "wrong", "busy")}  # fmt: skip
        text = Text(no_wrap=True, end="")
        text.append(" mlp-tui   " if wide else " ", style["dim"])
        keyboard = keyboard_of(self)
        self._begin, ends = text.cell_len, []
        for name in DIGITS:
            digit = keyboard.tab(f"app.{name}")
            mark = screen_mark(name, session, glyphs)
            label = NAMES[name] if wide else NAMES[name].replace("Gradients", "Grads")
            if name == current:
                text.append(f" {digit} {label} {mark or ' '} ", style["here"])
            else:
                colour = {glyphs.ok: "ok", glyphs.wrong: "wrong"}.get(mark, "busy")
                text.append(f" {digit}", style["dim"])
                text.append(f" {label} ")
                text.append(f"{mark or ' '} ", style[colour])
            ends.append((text.cell_len, name))
        self._ends = tuple(ends)
        if wide:
            line = summary or experiment_line(session, model=current != "data")
            room = self.size.width - text.cell_len - 2
            if room > 12:
                text.append(right(cut(line, room, glyphs.ellipsis), room + 1), style["dim"])
        self.put(text)


class StatusLine(Line):
    """Second last row: one sentence, what is true now and the next key."""

    COMPONENT_CLASSES = {"frame--key", "frame--dim", "frame--ok", "frame--wrong"}

    def show(self, sentence: str, glyphs: GlyphSet) -> None:
        room = self.size.width - 2
        words = literal(keyboard_of(self).resolve(sentence))
        fitting = sentence_in(words, room, glyphs.ellipsis) if room > 0 else ""
        self.put(Text.assemble(" ", emphasise(fitting, self), no_wrap=True, end=""))


class KeyBar(Line):
    """Last row: keys of the focused widget, then of the screen, then help; cut from the right. Last of all the link."""

    COMPONENT_CLASSES = {"frame--key", "frame--dim"}

    def show(
        self,
        scopes: tuple[str, ...],
        *,
        editing: bool,
        without: frozenset[str],
        labels: dict[str, str],
        instead: Sequence[tuple[str, str]] = (),
        link: str = "",
    ) -> None:
        """``instead`` are the keys of a field that is no row of a form; ``link`` is how far away the terminal is: it
        keeps its place as long as it is not empty.
        """
        keyboard = keyboard_of(self)
        pairs: Sequence[tuple[str, str]]
        if instead:
            pairs = instead
        elif editing:
            pairs = [("Enter", "keep"), ("Esc", "put back"), ("tab", "keep and next")]
        else:
            pairs = keyboard.line((*scopes, "app"), without=without)
            renamed = {a.label: labels[a.id] for scope in (*scopes, "app") for a in in_scope(scope) if a.id in labels}
            pairs = [(keys, renamed.get(label, label)) for keys, label in pairs]
        key_style = self.get_component_rich_style("frame--key")
        dim = self.get_component_rich_style("frame--dim")
        help_key = keyboard.shown("app.help")
        help_width = len(f"  {help_key} help") if help_key else 0
        end = self.size.width - 1 - len(link)
        room = self.size.width - 2 - (0 if editing else help_width) - (len(link) + 2 if link else 0)
        text = Text(" ", no_wrap=True, end="")
        for keys, label in pairs:
            width = len(keys) + 1 + len(label) + 2
            if text.cell_len + width - 2 > room + 1:
                continue
            text.append(keys, key_style).append(f" {label}  ", dim)
        if help_key and not editing:
            text.append(help_key, key_style).append(" help", dim)
        if link and text.cell_len < end:
            text.append(link.rjust(end - text.cell_len + len(link)), dim)
        self.put(text)


def emphasise(sentence: str, widget: Widget) -> Text:
    """The sentence with what stands between ``‹`` and ``›`` in the accent: a key, or an action whose key it names."""
    strong = widget.get_component_rich_style("frame--key")
    text = Text()
    for index, part in enumerate(re.split("[‹›]", literal(keyboard_of(widget).resolve(sentence)))):
        text.append(part, strong if index % 2 else "")
    return text
