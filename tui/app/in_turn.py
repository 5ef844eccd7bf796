"""Keys typed ahead act one after the other, each on what the one before it has opened.

Over a slow line several keys come at once, and Textual would hand all of them to whatever has the focus now: of
``Enter 6 4`` the digits would go to other screens before the field that Enter opens is there.
"""

import asyncio
import time
from collections import deque

from textual import events
from textual.app import App

QUIET = 10
"""Turns of the loop without a message under way, after which a key has had its effect."""
PATIENCE = 0.5
"""Seconds after which the next key comes in any case: a training run talks without end."""


class KeysInTurn(App[int]):
    """Holds a key back while the one before it is still under way; those that leave never wait."""

    _keys_held: deque[events.Event]
    _key_under_way = False
    _key_released: events.Event | None = None

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        if event is self._key_released:
            self._key_released = None
        elif self._key_under_way and not self._leaves(event):
            self._held.append(event)
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

    @property
    def _held(self) -> deque[events.Event]:
        if not hasattr(self, "_keys_held"):
            self._keys_held = deque()
        return self._keys_held

    def _leaves(self, event: events.Event) -> bool:
        return isinstance(event, events.Key) and any(
            binding.priority for binding in self._bindings.key_to_bindings.get(event.key, ())
        )

    async def _follow(self) -> None:
        """Gives one key after the other its turn, until none is left."""
        while True:
            await self._settled()
            if not self._held:
                self._key_under_way = False
                return
            self._key_released = self._held.popleft()
            self.post_message(self._key_released)

    async def _settled(self) -> None:
        """Until nobody between the focus and the application has a message to deal with."""
        end, quiet = time.monotonic() + PATIENCE, 0
        while quiet < QUIET and time.monotonic() < end:
            await asyncio.sleep(0)
            nodes = self.focused.ancestors_with_self if self._running and self.focused else [self]
            busy = any(not node._message_queue.empty() for node in nodes if node._message_queue is not None)
            quiet = 0 if busy else quiet + 1
