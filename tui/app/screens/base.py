"""What every screen is: a top line, a body of panels, a sentence, a line of keys."""

from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.geometry import Region
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from tui.app.actions import SCOPES
from tui.app.capabilities import SMALLEST
from tui.app.glyphs import GlyphSet
from tui.app.jump import labels
from tui.app.layout import Value
from tui.app.session import Session
from tui.app.widgets.filter import Filterable, FilterInput, filterable_at
from tui.app.widgets.form import Form
from tui.app.widgets.frame import KeyBar, StatusLine, TopBar
from tui.app.widgets.jump_keys import JumpKeys
from tui.app.widgets.panel import Panel

if TYPE_CHECKING:
    from tui.app.app import BenchApp

FILTER_KEYS = (("Enter", "keep"), ("Esc", "clear, then close"), ("down", "back to the lines"))
JUMP_KEYS = (("letter", "goes to its panel"), ("Esc", "stay"))


class BenchScreen(Screen):
    """Base of the screens that have a digit.

    A subclass gives ``NAME`` (its scope in the registry), `panels` (direct children of the body's grid),
    `home` (where the focus rests first; it must take no letters) and `draw(session)`.
    """

    NAME: ClassVar[str] = ""
    BODY: ClassVar[str] = ""
    """The class of the body in the style sheets, where it is not the name."""
    WORDS: ClassVar[tuple[tuple[str, str], ...]] = ()
    """(word, meaning) pairs of the help screen."""
    JUMPS: ClassVar[tuple[str, ...]] = ()
    """Ids of panels in the order of their letters in jump mode, where that is not the order in the body."""

    def compose(self) -> ComposeResult:
        yield TopBar(id="top")
        yield from self.above()
        with Container(id="body", classes=self.BODY or self.NAME):
            yield from self.panels()
        yield Static(id="too-small")
        yield JumpKeys(id="jump")
        yield StatusLine(id="status")
        yield KeyBar(id="keys")

    _meant: Widget | None = None
    """What somebody has given the focus; a smaller screen may hide it."""
    _stand_in: Widget | None = None
    """What has it meanwhile: where somebody goes on from there, nothing comes back."""
    _showing_soon = False
    _has_lines = False
    """Whether there is anything to filter."""
    _alone_in_little_room = False
    """Whether a panel stands alone because only one fits; on a larger screen all come back."""

    # For subclasses

    def panels(self) -> ComposeResult:
        raise NotImplementedError

    def above(self) -> ComposeResult:
        """Lines between the top line and the body."""
        yield from ()

    def home(self) -> Widget:
        raise NotImplementedError

    def draw(self, session: Session) -> None:
        """Shows a session. Called on every change while the screen is up, and when it comes up."""
        raise NotImplementedError

    def sentence(self, session: Session) -> str:
        """The status line: what is true now and the next key, with `‹keys›`."""
        raise NotImplementedError

    def summary(self, session: Session) -> str:
        """What stands at the right of the top line, where it is not the experiment."""
        return ""

    def step_out(self) -> bool:
        """Escape: one step out of what this screen has open; False where there is nothing."""
        return False

    def reveal(self, panel: Panel) -> None:
        """Makes room for a panel that somebody jumps to, where something has put it away."""

    def go_to(self, key: str) -> None:
        """Puts the cursor of the form that has this setting on it."""
        for form in self.query(Form):
            if form.go_to(key):
                form.focus_rows()

    def idle_actions(self, session: Session) -> frozenset[str]:
        """Ids of actions that would do nothing now, left out of the key line."""
        return frozenset()

    def own_keys(self) -> tuple[tuple[str, str], ...]:
        """(keys, label) pairs for the last row, where the registry's are not the ones to show."""
        return ()

    def action_labels(self, session: Session) -> dict[str, str]:
        """Labels that depend on the state: the same key starts, pauses and resumes."""
        return {}

    # The frame

    @property
    def bench(self) -> "BenchApp":
        return cast("BenchApp", self.app)

    @property
    def glyphs(self) -> GlyphSet:
        return self.bench.glyphs

    @property
    def session(self) -> Session:
        return self.bench.session

    def on_mount(self) -> None:
        self.set_class(self.glyphs.mode == "ascii", "-ascii")
        self.app.theme_changed_signal.subscribe(self, lambda _: self._show_soon())
        if self.focused is None:
            self.home().focus()
        self._has_lines = any(isinstance(widget, Filterable) for widget in self.walk_children())
        self._take_up_layout()

    def on_screen_resume(self) -> None:
        self.show()

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        small = width < SMALLEST[0] or height < SMALLEST[1]
        self.set_class(small, "-too-small")
        if self._alone_in_little_room and not self._cramped:
            self.unexpand()
        self.call_after_refresh(self._keep_focus)
        if small:
            going = "; training goes on" if self.session.run is not None and self.session.run.alive else ""
            self.query_one("#too-small", Static).update(
                f"needs {SMALLEST[0]}x{SMALLEST[1]}, this is {width}x{height}{going}"
            )
        self._show_soon()

    def _reset_focus(self, widget: Widget, avoiding: list[Widget] | None = None) -> None:
        """Textual looks for another widget, as this one is hidden: nobody has chosen that one."""
        super()._reset_focus(widget, avoiding)
        if self.focused is not None and self.focused is not self._meant:
            self._stand_in = self.focused

    def _keep_focus(self) -> None:
        """What a smaller screen hides loses the focus to what is seen; it has it again once it is seen again."""
        if not self.is_mounted or not self.app.is_running or self.has_class("-too-small"):
            return  # an application that ends takes its widgets away one by one
        if self._meant is not None and _is_seen(self._meant):
            if self.focused in (None, self._stand_in):
                self._stand_in = None
                self.set_focus(self._meant)  # at once: the stand-in may be told of its own focus only now
        elif self.focused is None or not _is_seen(self.focused):
            self._focus_on_something()

    def _focus_on_something(self) -> None:
        """The home of the screen where it is seen, else the first panel that is."""
        panels = [panel for panel in self.query(Panel) if _is_seen(panel)]
        target = self.home() if _is_seen(self.home()) else _focus_target(panels[0]) if panels else None
        if target is not None:
            self._stand_in = target
            self.set_focus(target)

    def on_panel_resized(self) -> None:
        self._show_soon()

    def _show_soon(self) -> None:
        """Once the layout has settled, however many parts of it have changed."""
        if not self._showing_soon:
            self._showing_soon = True
            self.call_after_refresh(self._show_now)

    def _show_now(self) -> None:
        self._showing_soon = False
        self.show()
        self.call_after_refresh(self._keep_focus)  # what is drawn may have room for other panels

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if event.widget is self.focused and event.widget is not self._stand_in:  # told late, it may have gone on
            self._meant, self._stand_in = event.widget, None
        self.show_keys()
        self.mark_titles()

    def on_descendant_blur(self) -> None:
        self.mark_titles()

    def mark_titles(self) -> None:
        """Without line-drawing characters a focused panel says so in its title."""
        if self.glyphs.mode != "ascii":
            return
        for panel in self.query(Panel):
            panel.mark_title(panel.has_focus_within or panel.has_focus)

    def show(self) -> None:
        """Draws the whole screen from the session."""
        if not self.is_mounted or not self.is_current:
            return
        session = self.bench.shown
        self.query_one(TopBar).show(self.NAME, session, self.glyphs, self.summary(session))
        self.draw(session)
        self.query_one(StatusLine).show(self._status(session), self.glyphs)
        self.show_keys()

    def _status(self, session: Session) -> str:
        if self._jumping:
            return self.query_one(JumpKeys).sentence
        return session.notice or (self._frozen_words() if self.bench.frozen else self.sentence(session))

    def _frozen_words(self) -> str:
        going = ", the training goes on" if self.session.run is not None and self.session.run.alive else ""
        return f"frozen{going}: nothing new is drawn until ‹app.freeze›"

    def show_keys(self) -> None:
        if not self.is_mounted or not self.is_current:
            return
        focused = self.focused
        scopes = tuple(s for s in (scope_of(focused), self.NAME) if s)
        session = self.bench.shown
        labels = self.action_labels(session)
        mode = FILTER_KEYS if isinstance(focused, FilterInput) else JUMP_KEYS if self._jumping else self.own_keys()
        self.query_one(KeyBar).show(
            scopes,
            editing=isinstance(focused, Input),
            without=self.idle_actions(session)
            | getattr(focused, "IDLE", frozenset())  # what a widget leaves out of its scope
            | (frozenset() if self._has_lines else {"app.filter"}),
            labels={**labels, "app.freeze": "go on"} if self.bench.frozen else labels,
            instead=mode,
            link=self.bench.link,
        )

    # Filter and jump

    @property
    def _jumping(self) -> bool:
        return self.query_one(JumpKeys).active

    def start_filter(self) -> None:
        """`/`: asks for the words that lines must hold."""
        lines = filterable_at(self.focused, self.query_one("#body"))
        if lines is None:
            self.bench.notice("there is no list or table here to filter")
        else:
            lines.open_filter()

    def end_filter(self) -> bool:
        """Takes the filter of what is focused away; False where there is none."""
        lines = filterable_at(self.focused, self.query_one("#body"))
        return lines is not None and lines.unfilter()

    def start_jump(self) -> None:
        panels = {panel.id or "": panel for panel in self.query_one("#body").query_children(Panel)}
        letters = labels(tuple(panels), self.JUMPS, self.bench.keyboard.layout)
        self.query_one(JumpKeys).start({letter: panels[id] for letter, id in letters.items()})
        self.show()

    def on_jump_keys_ended(self, event: JumpKeys.Ended) -> None:
        if event.panel is not None:
            self.jump_to(event.panel)
        self.show()

    def jump_to(self, panel: Panel) -> None:
        """The focus into a panel. One that is hidden gets the body; so does any while another has it."""
        self.reveal(panel)
        expanded = self.query_one("#body").has_class("-expanded")
        if not panel.display or (expanded and not panel.has_class("-alone")) or (self._cramped and not panel.display):
            self._alone(panel)
        else:
            self._focus_into(panel)

    # One panel alone

    def toggle_expanded(self) -> None:
        """Gives the focused panel the body, or gives it back; where only one fits anyway, goes to the next."""
        body = self.query_one("#body")
        # What is shown only where there is room for all has no turn of its own.
        panels = [panel for panel in body.query_children(Panel) if panel.display or not panel.has_class("-extra")]
        shown = [panel for panel in panels if panel.display]
        if len(shown) == 1:
            self._only(panels[(panels.index(shown[0]) + 1) % len(panels)])
        elif focused := next((panel for panel in shown if panel.has_focus or panel.has_focus_within), None):
            self._only(focused)
        self._show_soon()

    def _only(self, panel: Panel) -> None:
        body = self.query_one("#body")
        if body.has_class("-expanded") and not self._cramped:
            self.unexpand()
            return
        self._alone(panel)
        if not self._cramped:
            self.remember("expanded", panel.id or "")

    def _alone(self, panel: Panel) -> None:
        self._alone_in_little_room = self._cramped
        for other in self.query(Panel):
            other.set_class(other is panel, "-alone")
        self.query_one("#body").add_class("-expanded")
        self.call_after_refresh(self._focus_into, panel)
        self._show_soon()

    def remember(self, name: str, value: Value) -> None:
        """Keeps how this screen is liked for the next time."""
        self.bench.layout_kept.remember(self.current_name, name, value)

    @property
    def current_name(self) -> str:
        return self.BODY or self.NAME

    def _take_up_layout(self) -> None:
        """Gives the body to the panel that had it the last time."""
        wanted = self.bench.layout_kept.get(self.current_name, "expanded", "")
        panel = next((p for p in self.query_one("#body").query_children(Panel) if p.id == wanted), None)
        if panel is not None and not self._cramped:
            self.reveal(panel)
            self._alone(panel)

    def _focus_into(self, panel: Panel) -> None:
        if (target := _focus_target(panel)) is not None:
            self._meant, self._stand_in = target, None
            self.set_focus(target)

    @property
    def _cramped(self) -> bool:
        """Whether the body shows one panel at a time by itself."""
        return self.size.width < 80 or self.size.height < 22

    def unexpand(self) -> bool:
        """Gives the body back to all panels; False where none was alone."""
        body = self.query_one("#body")
        if not body.has_class("-expanded"):
            return False
        self._alone_in_little_room = False
        body.remove_class("-expanded")
        if not self._cramped:  # where one panel has the body anyway nobody chose it
            self.remember("expanded", "")
        for panel in self.query(Panel):
            panel.remove_class("-alone")
        self._show_soon()
        return True


def _focus_target(panel: Panel) -> Widget | None:
    """The panel itself, or what takes the focus in it."""
    return panel if panel.can_focus else next((w for w in panel.query("*") if w.focusable and w.display), None)


def _is_seen(widget: Widget | None) -> bool:
    """Whether a widget has a place on the screen: a smaller terminal cuts it off before the layout puts it away."""
    if widget is None or not widget.is_attached:
        return False
    shown = all(node.display for node in widget.ancestors_with_self if isinstance(node, Widget))
    return shown and widget.region.overlaps(Region(0, 0, *widget.screen.size))


def scope_of(widget: Widget | None) -> str:
    """The scope whose keys a focused widget takes: its ``SCOPE``, else that of the nearest parent."""
    while widget is not None:
        scope = getattr(widget, "SCOPE", "")
        if scope in SCOPES:
            return str(scope)
        widget = widget.parent if isinstance(widget.parent, Widget) else None
    return ""
