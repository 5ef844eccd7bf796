"""What stands on the screen at once: at a first launch three ways to start, else what is being read.

Everything heavy (NumPy, plotext, the other screens) is read after this has been drawn.
"""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.app.capabilities import found_line
from tui.app.screens.base import BenchScreen
from tui.app.session import Session
from tui.app.widgets.lines import List
from tui.app.widgets.panel import Panel
from tui.lab.spec import Spec


class OpeningScreen(BenchScreen):
    """Enter takes the marked row; every key that works everywhere works here."""

    NAME = "data"
    BODY = "opening"
    CSS_PATH = "../styles/opening.tcss"

    def panels(self) -> ComposeResult:
        if not self.bench.first_launch:
            yield Panel(title="source", id="source")
            return
        plain = self.bench.keyboard.plain
        rows = List(
            Option("moons          2 features, 2 classes: watch it bend", id="moons"),
            Option(Content(plain("a lab sheet    with the figures it prints           ‹app.recipes›")), id="recipes"),
            Option(Content(plain("your file      csv, npz, pickle, MNIST folder       ‹app.open›")), id="open"),
        )
        words = Static(self._words(), id="words", markup=False)
        with Vertical(id="card"):
            yield Static("mlp-tui   build, prove, train, look inside", id="motto")
            yield Panel(rows, words, title="start with", id="start", can_focus=False)
            three = plain("Three keys to a trained network:  Enter   ‹app.train›   ‹train.toggle›")
            yield Static(three, id="three", markup=False)

    def home(self) -> Widget:
        return self.query_one(OptionList if self.bench.first_launch else Panel)

    def on_mount(self) -> None:
        for rows in self.query(OptionList):
            rows.highlighted = 0
        # Reading NumPy beside the loop would hold up the first picture, so it waits until that is out.
        self.set_timer(0.02, lambda: self.call_after_refresh(self.bench.open_bench))

        if self.bench.capabilities.remote:
            self.set_timer(0.5, self.show)  # how far away the terminal is has been measured by then

    def draw(self, session: Session) -> None:
        for words in self.query("#words").results(Static):
            if (now := self._words()) != words.content:
                words.update(now)

    def _words(self) -> str:
        capabilities = self.bench.capabilities
        plain = self.bench.keyboard.plain
        link = self.bench.pacer.round_trip
        remedy = "mlp-tui doctor   or --glyphs ascii" if capabilities.unicode else "mlp-tui doctor   says what to set"
        return (
            "\nEnter takes moons with a ready 2-16-16-2 network.\n"
            f"{plain('From there:  ‹app.model› shape it   ‹app.gradients› prove it   ‹app.train› train it')}\n\n"
            f"{found_line(capabilities, link)}.\n"
            f"Looks wrong?  {remedy}"
        )

    def sentence(self, session: Session) -> str:
        if self.bench.first_launch:
            return "Nothing is saved until you train. Nothing leaves this machine."
        return f"reading {session.spec.data.source} {self.glyphs.ellipsis}"

    def own_keys(self) -> tuple[tuple[str, str], ...]:
        if not self.bench.first_launch:
            return ()
        shown = self.bench.keyboard.shown
        named = {"app.recipes": "recipes", "app.open": "file", "app.palette": "everything", "app.quit": "quit"}
        return ("Enter", "start"), *((shown(action_id), label) for action_id, label in named.items())

    def idle_actions(self, session: Session) -> frozenset[str]:
        return frozenset({"data.next_features", "data.draw", "data.cancel", "app.expand"})

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if event.option_id == "recipes":
            self.bench.action_app_recipes()
        elif event.option_id == "open":
            self.bench.action_app_open()
        else:
            self.bench.open_experiment(Spec())
