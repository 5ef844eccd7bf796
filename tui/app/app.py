"""The application: its modes, its keys, and the actions that work everywhere."""

import asyncio
from pathlib import Path

from textual import work
from textual.screen import Screen

from tui.app import desk
from tui.app.actions import SCREENS, bindings
from tui.app.facts import Noticed, Redone, Undone
from tui.app.folders import numbered
from tui.app.screens.base import BenchScreen
from tui.app.taking_up import TakingUp
from tui.app.widgets.frame import TopBar
from tui.lab.spec import Spec, for_file


def _opening() -> Screen:
    from tui.app.screens.opening import OpeningScreen

    return OpeningScreen()


def _data() -> Screen:
    from tui.app.screens.data import DataScreen

    return DataScreen()


def _model() -> Screen:
    from tui.app.screens.model import ModelScreen

    return ModelScreen()


def _gradients() -> Screen:
    from tui.app.screens.gradients import GradientsScreen

    return GradientsScreen()


def _train() -> Screen:
    from tui.app.screens.train import TrainScreen

    return TrainScreen()


def _runs() -> Screen:
    from tui.app.screens.runs import RunsScreen

    return RunsScreen()


class BenchApp(TakingUp):
    """The bench with its screens and keys."""

    TITLE = "mlp-tui"
    CSS_PATH = "styles/base.tcss"
    MODES = {
        "opening": _opening,
        "data": _data,
        "model": _model,
        "gradients": _gradients,
        "train": _train,
        "runs": _runs,
    }
    # Something stands on the screen before NumPy and plotext are read.
    DEFAULT_MODE = "opening"
    BINDINGS = bindings(
        "app",
        methods={"app.palette": "command_palette", "app.quit": "quit", "app.help": "app_help"},
    )
    HORIZONTAL_BREAKPOINTS = [(0, "-w0"), (60, "-w60"), (80, "-w80"), (100, "-w100"), (160, "-w160")]
    VERTICAL_BREAKPOINTS = [(0, "-h0"), (18, "-h18"), (22, "-h22"), (30, "-h30"), (44, "-h44")]
    ENABLE_COMMAND_PALETTE = True

    def action_app_data(self) -> None:
        self.action_go("data")

    def action_app_model(self) -> None:
        self.action_go("model")

    def action_app_gradients(self) -> None:
        self.action_go("gradients")

    def action_app_train(self) -> None:
        self.action_go("train")

    def action_app_runs(self) -> None:
        self.action_go("runs")

    def _neighbour(self, by: int) -> None:
        here = SCREENS.index(self.current_mode) if self.current_mode in SCREENS else 0
        self.action_go(SCREENS[(here + by) % len(SCREENS)])

    def action_app_previous_screen(self) -> None:
        self._neighbour(-1)

    def action_app_next_screen(self) -> None:
        self._neighbour(+1)

    @work
    async def action_app_open(self) -> None:
        from tui.app.screens.open_file import OpenScreen

        path = await self.push_screen_wait(OpenScreen())
        if not path:
            return
        spec, recipe = self.session.spec, self.session.recipe
        from tui.lab.sources import is_absent  # not above: it brings NumPy

        if is_absent(spec.data.source):  # a lab sheet whose data was not here: it stays, with this data
            self.open_experiment(spec.with_source(path), recipe)
        else:
            self.open_experiment(for_file(path))

    @work
    async def action_app_recipes(self) -> None:
        from tui.app.screens.recipes import RecipesScreen

        recipe = await self.push_screen_wait(RecipesScreen())
        if recipe is not None:
            self.open_recipe(recipe)

    def action_app_write_spec(self) -> None:
        self.beside(asyncio.to_thread(self._write_spec, self.session.spec), "desk")

    def _write_spec(self, spec: Spec) -> None:
        stem = spec.name or self.session.recipe or Path(spec.data.source).stem
        try:
            (path,) = numbered(Path.cwd(), stem, (".toml",))
            path.write_text(spec.to_toml(), encoding="utf-8")
        except OSError as error:
            self.post_fact(Noticed(f"{self.glyphs.wrong} the spec could not be written here: {error.strerror}"))
            return
        self.post_fact(Noticed(f"written to {path.name}: mlp-tui {path.name} opens it again"))

    def action_app_undo(self) -> None:
        self.dispatch(Undone())

    def action_app_redo(self) -> None:
        self.dispatch(Redone())

    def action_app_expand(self) -> None:
        if isinstance(self.screen, BenchScreen):
            self.screen.toggle_expanded()

    def action_app_freeze(self) -> None:
        self.freeze(not self.frozen)
        if isinstance(self.screen, BenchScreen):
            self.screen.show()

    def action_app_redraw(self) -> None:
        self.redraw()

    def action_app_filter(self) -> None:
        if isinstance(self.screen, BenchScreen):
            self.screen.start_filter()

    def action_app_jump(self) -> None:
        if isinstance(self.screen, BenchScreen):
            self.screen.start_jump()

    def action_app_copy(self) -> None:
        self.beside(desk.copy(self), "desk")

    def action_app_picture(self, *suffixes: str) -> None:
        self.beside(desk.picture(self, suffixes or (".svg", ".txt")), "desk")

    def action_app_suspend(self) -> None:
        if self.can_suspend:
            self.action_suspend_process()
        else:
            self.notice("this terminal cannot be given back: there is no shell to suspend to")

    def on_top_bar_chosen(self, event: TopBar.Chosen) -> None:
        self.action_go(event.name)

    def action_help_quit(self) -> None:
        """ctrl+c copies where something is selected; else it says how to quit, and twice never quits."""
        self.action_app_back()

    def action_app_back(self) -> None:
        if self.session.data.slow and self.current_mode == "data":
            self.data.cancel()
        elif isinstance(self.screen, BenchScreen) and not (
            self.screen.end_filter() or self.screen.step_out() or self.screen.unexpand()
        ):
            going = self.session.run is not None and self.session.run.alive
            self.notice("‹app.quit› quits" + (", training goes on" if going else ""))

    def action_app_help(self) -> None:
        from tui.app.screens.help import HelpScreen

        if isinstance(self.screen, BenchScreen):
            self.push_screen(HelpScreen(self.screen))

    def action_command_palette(self) -> None:
        from tui.app.palette_search import palette

        if isinstance(self.screen, BenchScreen):
            # Without Textual's id: one that is still on its way out has it, and there must not be two.
            self.push_screen(palette())

    @work
    async def export_run(self, what: str) -> None:
        """Writes one of `run_deeds.EXPORTS` of the run at hand into the current folder."""
        from tui.app.services import run_deeds
        from tui.lab.build import USER_ERRORS
        from tui.lab.runs import RunFolder

        if self.session.run is None:
            return
        try:
            file = await asyncio.to_thread(run_deeds.export, RunFolder(self.session.run.path), what, Path.cwd())
        except (*USER_ERRORS, OSError) as error:
            self.notice(f"{self.glyphs.wrong} {error}")
        else:
            self.notice(f"written to {file.name}")
