"""Keys typed ahead act one after the other, each on what the one before it has opened.

Over a slow line several keys come at once, and Textual would hand all of them to whatever has the focus now: of
``Enter 6 4`` the digits would go to other screens before the field that Enter opens is there.
"""

import asyncio
import time
from collections import deque

from textual import events

from tui.app.capabilities import Capabilities
from tui.app.paced import PacedApp

QUIET = 10
"""Turns of the loop without a message under way, after which a key has had its effect."""
PATIENCE = 0.5
"""Seconds after which the next key comes in any case: a training run talks without end."""


class KeysInTurn(PacedApp):
    """Holds a key back while the one before it is still under way; those that leave never wait.

    Attributes:
        leaving: The keys that leave, as Textual names them.
    """

    def __init__(self, capabilities: Capabilities) -> None:
        super().__init__(capabilities)
        self.leaving: frozenset[str] = frozenset()
        self._keys_held: deque[events.Event] = deque()
        self._key_under_way = False
        self._key_released: events.Event | None = None

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        if event is self._key_released:
            self._key_released = None
        elif self._key_under_way and not self._leaves(event):
            if isinstance(event, events.Key):
                self.key_came()  # somebody is typing, whether the key acts now or in a moment
            self._keys_held.append(event)
            return
        if not self._key_under_way:
            self._key_under_way = True
            task = asyncio.create_task(self._follow())
            self._following = task  # or it might be collected on its way
        await super().on_event(event)

    @property
    def keys_under_way(self) -> bool:
        """Whether a key has not had its effect yet."""
        return self._key_under_way

    def _leaves(self, event: events.Event) -> bool:
        return isinstance(event, events.Key) and event.key in self.leaving

    async def _follow(self) -> None:
        """Gives one key after the other its turn, until none is left."""
        try:
            await self._settled()
            while self._keys_held:
                self._key_released = self._keys_held.popleft()
                self.post_message(self._key_released)
                await self._settled()
        except Exception as error:
            self._handle_exception(error)
        finally:  # whatever has gone wrong, the next key is not held for ever
            self._key_under_way, self._key_released = False, None
            while self._keys_held:
                self.post_message(self._keys_held.popleft())

    async def _settled(self) -> None:
        """Until nobody between the focus and the application has a message to deal with."""
        end, quiet = time.monotonic() + PATIENCE, 0
        while quiet < QUIET and time.monotonic() < end:
            await asyncio.sleep(0)
            nodes = self.focused.ancestors_with_self if self._running and self.focused else [self]
            busy = any(not node._message_queue.empty() for node in nodes if node._message_queue is not None)
            quiet = 0 if busy else quiet + 1
