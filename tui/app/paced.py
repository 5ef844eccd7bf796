"""An application that sends no more than its terminal takes: at once what a key causes, what is new in its turn."""

import time
from collections.abc import Callable

from rich.color import ColorSystem
from rich.console import RenderableType
from rich.control import Control
from textual import events
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.screen import Screen
from textual.timer import Timer

from tui.app.capabilities import Capabilities
from tui.app.pacing import BUDGET, LOW_BUDGET, QUESTION, Pacer, steady
from tui.app.wire import Wire

SLOW_SECONDS = 0.08
"""From this round trip on the line is spoken of, though the terminal seems to be on this machine."""
LEAVE_SECONDS = 0.5
"""An answer on its way is waited for so long before the terminal is given back: the shell would take it for keys."""


class PacedApp(App[int]):
    """Sends differences (`Wire`) at a bounded rate (`Pacer`).

    A subclass says `news_came` where there is something to draw that no key asked for, knows with `has_news` whether
    it has been drawn, and draws it with `show_news`.
    """

    def __init__(self, capabilities: Capabilities) -> None:
        super().__init__()
        self.capabilities = capabilities
        self.pacer = Pacer(LOW_BUDGET if capabilities.low_bandwidth else BUDGET)
        self.frozen = False
        self._wire = Wire()
        self._news_frame = self._behind = False
        self._look_again_at = float("inf")
        self._look_again_timer: Timer | None = None
        self._link: int | None = None
        self._pointer = "default"
        self._leave: Callable[[], None] | None = None
        self.set_class(capabilities.low_bandwidth, "-low-bandwidth")

    @property
    def paced(self) -> bool:
        """Whether there is a terminal to be spared."""
        return not (self.is_headless or self.is_inline or self.is_web)

    # What is new

    @property
    def has_news(self) -> bool:
        """Whether something is new that has not been drawn."""
        raise NotImplementedError

    def show_news(self) -> None:
        """Draws what is new; there is no news then."""
        raise NotImplementedError

    def news_came(self) -> None:
        """Something is new: it is drawn as soon as the line is free, together with what comes until then."""
        self._give_news()

    def freeze(self, frozen: bool) -> None:
        """Nothing new is drawn while it is frozen; afterwards all of it, at once."""
        self.frozen = frozen
        if not frozen and self.has_news:
            self.show_news()

    def _give_news(self) -> None:
        if self.frozen or not self.has_news:
            return
        now = time.monotonic()
        wait = self.pacer.wait(now) if self.paced else 0.0
        if wait <= 0:
            self._news_frame = True
            self.show_news()
        else:
            self._look_again(now, wait)

    def _look_again(self, now: float, wait: float) -> None:
        """Sees in so many seconds what can be drawn then; one timer at a time, the one that is over first."""
        if now + wait < self._look_again_at or self._look_again_at <= now:
            self._look_no_more()
            self._look_again_at = now + wait
            self._look_again_timer = self.set_timer(wait, self._line_may_be_free)

    def _look_no_more(self) -> None:
        self._look_again_at = float("inf")
        if self._look_again_timer is not None:
            self._look_again_timer.stop()
            self._look_again_timer = None

    def _line_may_be_free(self) -> None:
        self._look_no_more()
        if self._behind and not self.pacer.behind(time.monotonic()):
            self._catch_up()
        self._give_news()

    # The line

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded:
            self.key_came()
        await super().on_event(event)

    def key_came(self) -> None:
        """What is drawn next, a key has caused: news that were to be drawn just now go with it."""
        self._news_frame = False
        self.pacer.key(time.monotonic())

    def _on_cursor_position(self, event: events.CursorPosition) -> None:
        self.pacer.answered(event.time)
        if self._leave is not None and not self.pacer.waiting:
            self._leave()
        self._line_may_be_free()

    def on_resize(self) -> None:
        self._wire.forget()  # what a terminal makes of its cells is its own affair

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, self._terminal_is_back, immediate=True)

    def _terminal_is_back(self, _: object) -> None:
        self.pacer.lost()
        self._wire.forget()

    def write_beside(self, sequence: str) -> None:
        """Writes what is no picture, as the sequence for the clipboard: the line carries it all the same."""
        if self._driver is None or not sequence:
            return
        if self.paced and self.pacer.sent(len(sequence.encode(errors="replace")), time.monotonic()):
            sequence += QUESTION
        self._driver.write(sequence)

    def redraw(self) -> None:
        """Sends the whole screen again: something else has written on it."""
        self._wire.forget()
        self.refresh()

    @property
    def link(self) -> str:
        """How far away the terminal is, as ``link   38 ms``, always as wide; "" where that says nothing.

        A multiplexer answers in the place of the terminal.
        """
        if self.capabilities.multiplexer or not self.paced:
            return ""
        seconds = self.pacer.round_trip
        if seconds is not None and (self.capabilities.remote or self._link is not None or seconds >= SLOW_SECONDS):
            self._link = steady(self._link, seconds)
        if self._link is None:
            return " " * 12 if self.capabilities.remote else ""
        return f"link {self._link:4d} ms"

    def leave(self, go: Callable[[], object]) -> None:
        """Goes, at once; the answer to a question that is out is waited for, and nothing is drawn meanwhile."""
        if not (self.paced and self.pacer.waiting and self.pacer.answering):
            go()
        elif self._leave is None:

            def once() -> None:
                if self._leave is once:
                    self._leave = lambda: None
                    go()

            self._leave = once
            self.set_timer(LEAVE_SECONDS, once)

    # Frames

    def _set_pointer_shape(self, shape: str) -> None:
        """Textual says the shape of the mouse's pointer anew with every screen."""
        if shape != self._pointer:
            self._pointer = shape
            super()._set_pointer_shape(shape)

    def _display(self, screen: Screen, renderable: RenderableType | None) -> None:
        """In the place of Textual's own: sends what differs, and counts it."""
        if not self.paced or self._batch_count:
            super()._display(screen, renderable)
        elif isinstance(renderable, LayoutUpdate | ChopsUpdate):
            try:
                if self._running and not self._closed and self._leave is None:
                    self._send(renderable)
            except Exception as error:
                self._handle_exception(error)
            finally:
                self.post_display_hook()
        else:
            if renderable is not None:
                self._wire.forget()
            super()._display(screen, renderable)

    def _send(self, update: CompositorUpdate) -> None:
        driver, now = self._driver, time.monotonic()
        if driver is None:
            return
        news, self._news_frame = self._news_frame, False
        if not news and self.pacer.behind(now):
            # The newest picture is worth sending when the line has room again, not every one on the way.
            self._behind = True
            self._look_again(now, self.pacer.wait(now))
            return
        if self._behind:
            self._behind = False
            whole = self.screen._compositor.render_update(full=True, screen_stack=self._background_screens)
            update = whole if isinstance(whole, CompositorUpdate) else update
        text = self._wire.difference(update, self.size, self.console._color_system or ColorSystem.TRUECOLOR)
        cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
        if not text and cursor == self._previous_cursor_position:
            return
        self._previous_cursor_position = cursor
        text += Control.move_to(*cursor).segment.text
        if self._sync_available:
            text = f"{SYNC_START}{text}{SYNC_END}"
        if self.pacer.sent(len(text.encode(errors="replace")), now, news=news):
            text += QUESTION
        driver.write(text)
        driver.flush()

    def _catch_up(self) -> None:
        update = self.screen._compositor.render_update(full=True, screen_stack=self._background_screens)
        self._display(self.screen, update)
