"""What stands on the screen at once: at a first launch three ways to start, else what is being read.

Everything heavy (NumPy, plotext, the other screens) is read after this has been drawn.
"""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.app.screens.base import BenchScreen
from tui.app.session import Session
from tui.app.widgets.options import Options
from tui.app.widgets.panel import Panel
from tui.lab.spec import Spec

COLOURS = {"truecolor": "16 million colours", "256": "256 colours", "16": "16 colours", "none": "no colours"}


class OpeningScreen(BenchScreen):
    """Enter takes the marked row; every key that works everywhere works here."""

    NAME = "data"
    BODY = "opening"
    CSS_PATH = "../styles/opening.tcss"

    def panels(self) -> ComposeResult:
        if not self.bench.first_launch:
            yield Panel(title="source", id="source")
            return
        rows = Options(
            Option("moons          2 features, 2 classes: watch it bend", id="moons"),
            Option("a lab sheet    with the figures it prints           R", id="recipes"),
            Option("your file      csv, npz, pickle, MNIST folder       o", id="open"),
        )
        caps = self.bench.capabilities
        drawings = "." if caps.glyphs == "ascii" else ": all drawings on."
        words = Static(
            "\nEnter takes moons with a ready 2-16-16-2 network.\n"
            "From there:  2 shape it   3 prove it   4 train it\n\n"
            f"{'UTF-8' if caps.unicode else 'ASCII only'}, {COLOURS[caps.colors]}{drawings}\n"
            "Looks wrong?  mlp-tui --glyphs ascii"
        )
        with Vertical(id="card"):
            yield Static("mlp-tui   build, prove, train, look inside", id="motto")
            yield Panel(rows, words, title="start with", id="start", can_focus=False)
            yield Static("Three keys to a trained network:  Enter   4   space", id="three")

    def home(self) -> Widget:
        return self.query_one(OptionList if self.bench.first_launch else Panel)

    def on_mount(self) -> None:
        for rows in self.query(OptionList):
            rows.highlighted = 0
        # Reading NumPy beside the loop would hold up the first picture, so it waits until that is out.
        self.set_timer(0.02, lambda: self.call_after_refresh(self.bench.open_bench))

    def draw(self, session: Session) -> None:
        pass

    def sentence(self, session: Session) -> str:
        if self.bench.first_launch:
            return "Nothing is saved until you train. Nothing leaves this machine."
        return f"reading {session.spec.data.source} {self.glyphs.ellipsis}"

    def idle_actions(self, session: Session) -> frozenset[str]:
        return frozenset({"data.next_features", "data.draw", "data.cancel", "app.expand"})

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if event.option_id == "recipes":
            self.bench.action_app_recipes()
        elif event.option_id == "open":
            self.bench.action_app_open()
        else:
            self.bench.open_experiment(Spec())
