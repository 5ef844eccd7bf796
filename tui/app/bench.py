"""The bench under its keys: the one session, the services that say facts, and the drawing of what changed.

The application is a line of classes, each of which knows those before it: `PacedApp` holds the terminal and when
something may be drawn, `KeysInTurn` the keys that are typed ahead, `Bench` the session and what is done beside the
keys, `TakingUp` how it opens, `BenchApp` the screens and what each key does.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual import work
from textual.message import Message
from textual.screen import ModalScreen
from textual.theme import Theme
from textual.timer import Timer

from tui.app.capabilities import Capabilities
from tui.app.clipboard import osc52
from tui.app.closing import TERMINATED, leave_threads, on_terminate
from tui.app.config import Config
from tui.app.facts import ExperimentOpened, Noticed, RunClosed, RunOpened, SettingChanged
from tui.app.folders import state_folder
from tui.app.glyphs import GLYPHS
from tui.app.in_turn import KeysInTurn
from tui.app.layout import LayoutKeeper
from tui.app.news import is_news
from tui.app.runs_reducers import apply
from tui.app.screens.base import BenchScreen
from tui.app.services.checks import CheckService
from tui.app.services.data import DataService
from tui.app.services.last import any_run, keep_place
from tui.app.services.runs import RunService
from tui.app.session import Session
from tui.app.theme import BENCH, BENCH_LIGHT, readable, snapped
from tui.lab.spec import Spec

if TYPE_CHECKING:
    from tui.lab.recipes import Recipe


NOTICE_SECONDS = 6.0
KEEP_SECONDS = 1.0
"""That quitting waits at most for what is kept for the next time."""
DEED_SECONDS = 0.5
"""That it waits at most for what was begun by a key just before."""


class Happened(Message):
    """A fact from a service."""

    def __init__(self, fact: object) -> None:
        super().__init__()
        self.fact = fact


class Bench(KeysInTurn):
    """What `BenchApp` is without its keys.

    ``spec`` None opens what was open last, at the first launch three ways to start.

    ``run`` is a run's folder: it is opened on Train, with its own experiment.
    """

    def __init__(
        self,
        spec: Spec | None = None,
        *,
        recipe: str = "",
        runs_dir: Path,
        run: Path | None = None,
        capabilities: Capabilities | None = None,
        config: Config | None = None,
        runs: RunService | None = None,
    ) -> None:
        self._themes_shown: dict[str, tuple[Theme, Theme]] = {}
        super().__init__(capabilities or Capabilities())
        self.config = config or Config()
        self.keyboard = self.config.keyboard
        self.leaving = frozenset((*self.keyboard.keys("app.quit"), *self.keyboard.keys("app.suspend")))
        self.glyphs = GLYPHS[self.capabilities.glyphs]
        self.runs_dir = runs_dir
        self.asked_for = spec is not None and run is None
        self.wanted_run = run
        self.newest_runs: list[Path] = []
        """The newest runs' folders, as the palette saw them last."""
        self.first_launch = spec is None and run is None and not any_run(runs_dir)
        # What was open last is read after the first picture; asking for files would read NumPy before it.
        spec = spec if spec is not None else Spec()
        files = (spec.data.source,) if self.asked_for and spec.is_file else ()
        self.session = Session(spec=spec, opened=spec, recipe=recipe, files=files)
        self._shown: Session | None = None
        self.data = DataService(self)
        self.checks = CheckService(self)
        self.runs = runs if runs is not None else RunService(self)
        self._drawing = False
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._notice_timer: Timer | None = None
        self.register_theme(BENCH)
        self.register_theme(BENCH_LIGHT)
        for theme in self.config.themes:
            self.register_theme(theme)
        self.layout_kept = LayoutKeeper(state_folder())
        chosen = self.config.theme or self.layout_kept.get("app", "theme", BENCH.name)
        self.theme = chosen if chosen in self.available_themes else BENCH.name
        self.set_keymap(self.keyboard.keymap)
        self.animation_level = "none"

    @property
    def can_suspend(self) -> bool:
        """Whether there is a shell to go back to for a while."""
        return not self.is_headless and self._driver is not None and self._driver.can_suspend

    def copy_to_clipboard(self, text: str) -> None:
        """Through whatever stands between here and the terminal; a text that is too long is left out."""
        self._clipboard = text
        self.write_beside(osc52(text, self.capabilities.multiplexer))

    def on_load(self) -> None:
        leave_threads()
        if not self.is_headless:
            on_terminate(self._terminated)

    def on_mount(self) -> None:
        self._given_theme = self.theme
        self.theme_changed_signal.subscribe(self, lambda theme: self._theme_chosen(theme.name))
        self.app_resume_signal.subscribe(self, lambda _: self.screen.refresh(layout=True))

    def get_theme(self, theme_name: str) -> Theme | None:
        """A theme by its name, made readable unless it is one's own, in colours that this terminal has."""
        theme = super().get_theme(theme_name)
        known: Capabilities | None = getattr(self, "capabilities", None)  # none yet while Textual sets itself up
        if theme is None or known is None:
            return theme
        before, shown = self._themes_shown.get(theme.name, (None, theme))
        if before is not theme:
            shown = theme if theme in self.config.themes else readable(theme)  # one's own are taken at their word
            shown = snapped(shown) if known.colors == "256" else shown
            self._themes_shown[theme.name] = theme, shown
        return shown

    # Runs

    @work
    async def open_run(self, path: Path) -> None:
        """Opens a run on Train: from its first epoch, then as it goes on."""
        from tui.lab.build import USER_ERRORS
        from tui.lab.runs import RunFolder

        run = self.session.run
        if run is not None and run.path == path and self.session.run_is_of_this:
            self.action_go("train")
            return
        try:
            spec = await asyncio.to_thread(RunFolder(path).read_spec)
        except (*USER_ERRORS, OSError) as error:
            self.notice(f"{self.glyphs.wrong} {error}")
            return
        self.open_experiment(spec, screen="train")
        self._show_run(path, spec)

    def _show_run(self, path: Path, spec: Spec) -> None:
        from tui.lab.runs import RunFolder

        self.dispatch(RunOpened(path, spec))
        self.runs.attach(RunFolder(path))

    def close_run(self) -> None:
        """Shows no run any more."""
        self.runs.leave()
        self.dispatch(RunClosed())

    # Deeds of keys

    def beside(self, deed: Coroutine[Any, Any, None], line: str) -> None:
        """Does what may wait for a disk while the next keys act; deeds of one line follow each other.

        What a key's action awaits itself holds up every key after it, those that leave too.
        """

        async def in_its_turn() -> None:
            try:
                async with self._turns[line]:
                    await deed
            except Exception as error:
                self._handle_exception(error)
            finally:
                deed.close()  # where it was left before its turn

        self.run_worker(in_its_turn(), group="beside", exit_on_error=False)

    async def _deeds_done(self) -> None:
        await asyncio.sleep(0)  # one that was begun just now stands in its line then
        for turn in list(self._turns.values()):
            async with turn:
                pass

    # Facts

    def post_fact(self, fact: object) -> None:
        """From any thread: the fact is applied on the event loop."""
        self.post_message(Happened(fact))

    @property
    def shown(self) -> Session:
        """The session that is drawn: without the news that wait for the line, or for the picture to go on."""
        return self.session if self._shown is None else self._shown

    def on_happened(self, message: Happened) -> None:
        if (self.paced or self.frozen) and is_news(message.fact, self.shown):
            self._hear(message.fact)
        else:
            self.dispatch(message.fact)

    def _hear(self, fact: object) -> None:
        """Applies a fact that can wait to be drawn: what keys cause meanwhile is drawn without it."""
        before = self.session
        self.session = apply(fact, before)
        if self.session is not before:
            self._shown = before if self._shown is None else self._shown
            self.news_came()

    @property
    def has_news(self) -> bool:
        return self._shown is not None

    def show_news(self) -> None:
        self._shown = None
        self._draw_soon()

    def dispatch(self, fact: object) -> None:
        """Applies a fact and draws what changed, once for all facts of one turn of the loop."""
        if isinstance(fact, ExperimentOpened | RunOpened):
            self.freeze(False)  # what stood still is put away
        before = self.session
        self.session = apply(fact, before)
        if self._shown is not None:
            self._shown = apply(fact, self._shown)
        if self.session.spec.data != before.spec.data:
            self.data.ask(self.session.spec)
        if before.check.running and not self.session.check.running and not self.session.check.number:
            self.checks.cancel()  # its network is no longer the one that is asked about
        if self.session is not before:
            self._draw_soon()

    def _draw_soon(self) -> None:
        if not self._drawing:
            self._drawing = True
            self.call_later(self._draw)

    def _draw(self) -> None:
        self._drawing = False
        if isinstance(self.screen, BenchScreen):
            self.screen.show()

    def change(self, key: str, value: Any) -> None:
        """Sets one setting of the experiment; the value fits its field."""
        self.dispatch(SettingChanged(self.session.spec.with_value(key, value), key))

    def notice(self, words: str) -> None:
        """Says something on the status line for a while."""
        self.dispatch(Noticed(words))
        if self._notice_timer is not None:  # it would take the same words away before their time
            self._notice_timer.stop()
        self._notice_timer = self.set_timer(NOTICE_SECONDS, lambda: self._forget_notice(words))

    def _forget_notice(self, words: str) -> None:
        if self.session.notice == words:
            self.dispatch(Noticed(""))

    def open_experiment(self, spec: Spec, recipe: str = "", *, screen: str = "data") -> None:
        same_data = spec.data == self.session.spec.data
        self.dispatch(ExperimentOpened(spec, recipe))
        if same_data:
            self.data.ask(spec)
        self.action_go(screen)

    def open_recipe(self, recipe: "Recipe") -> None:
        # A recipe is complete: the next key trains it.
        self.open_experiment(recipe.spec, recipe.name, screen="train")

    def go_to_setting(self, key: str) -> None:
        """The screen and the row of a setting: where a wrong value is mended."""
        from tui.app.widgets.settings import screen_of

        self.action_go(screen_of(key))
        row = f"source:{self.session.spec.data.source}" if key == "data.source" else key
        if isinstance(self.screen, BenchScreen):
            self.screen.call_after_refresh(self.screen.go_to, row)

    def action_go(self, name: str) -> None:
        if isinstance(self.screen, ModalScreen) and not self.screen.is_mounted:
            self.call_later(self.action_go, name)  # a dialog that is being put up expects its screen under it
        elif self.current_mode != name and not self._exit:  # nothing comes up any more while all is taken down
            self.session = apply(Noticed(""), self.session)
            if self._shown is not None:  # a screen that comes up is drawn whole, so with what is new
                self._shown = apply(Noticed(""), self._shown) if self.frozen else None
            self.switch_mode(name)

    def _handle_exception(self, error: Exception) -> None:
        """A mistake of ours ends the application in one sentence, not in a traceback; training goes on."""
        if self.is_headless:  # a test wants to see it
            super()._handle_exception(error)
            return
        if self._exit:  # a screen that was just coming up finds no place any more
            return
        if not self._return_code:
            from tui.app.crash import write_crash

            where = write_crash(error, self.runs_dir)
            run = self.session.run
            going = f" {goodbye(run.name)}" if run is not None and run.alive else ""
            words = Text(f"error: mlp-tui stopped over a mistake of its own; {where}.{going}", overflow="fold")
            self.exit(1, return_code=1, message=words)

    def _terminated(self) -> None:
        self._ending = asyncio.ensure_future(self._quit(TERMINATED))

    def _theme_chosen(self, name: str) -> None:
        if name != self._given_theme:  # what it was opened with is nobody's choice
            self._given_theme = ""
            self.layout_kept.remember("app", "theme", name)

    async def action_quit(self) -> None:
        await self._quit(0)

    async def _quit(self, status: int) -> None:
        """Ends at once: what is kept for the next time is not worth waiting for a disk that does not answer."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._deeds_done(), DEED_SECONDS)
        run = self.session.run
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.to_thread(self._keep), KEEP_SECONDS)
        if run is None or not run.alive:
            words = None
        elif run.state == "paused":
            words = f"{run.name} is paused and waits: mlp-tui opens it again."
        else:
            words = goodbye(run.name)
        self.leave(lambda: self.exit(status, return_code=status, message=words))

    def _keep(self) -> None:
        keep_place(self.runs_dir, self.session, self.current_mode)
        self.layout_kept.settle(KEEP_SECONDS)


def goodbye(run: str) -> str:
    return f"{run} goes on training without the screen."
