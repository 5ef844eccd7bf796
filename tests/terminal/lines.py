"""Lines as they are between a machine and a terminal: narrow, long, and with more room in them than one would wish."""

import contextlib
import os
import select
import socket
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

from tests.terminal.terminal import Terminal

SSH_ROOM = 2_000_000
"""Bytes that sshd takes from a program before the other side has taken them: the window of its channel."""
SOCKET_ROOM = 64_000
PIECE = 256


class Channel:
    """One direction of a line: so many bytes a second, each late by a delay. The time is handed in.

    rate: bytes a second, None without end. delay: seconds. room: bytes that wait to be sent at most.
    """

    def __init__(self, rate: float | None, delay: float, room: int = SSH_ROOM) -> None:
        self.rate, self.delay, self.room = rate, delay, room
        self.total = self.most_held = 0
        self._free = float("-inf")
        self._on_way: deque[tuple[float, bytes]] = deque()
        self._waiting: deque[tuple[float, int]] = deque()
        self._held = 0

    def space(self, now: float) -> int:
        """Bytes that can be put in now."""
        while self._waiting and self._waiting[0][0] <= now:
            self._held -= self._waiting.popleft()[1]
        return max(0, self.room - self._held)

    def put(self, data: bytes, now: float) -> None:
        self.total += len(data)
        for start in range(0, len(data), PIECE):
            piece = data[start : start + PIECE]
            self._free = max(self._free, now) + (len(piece) / self.rate if self.rate else 0.0)
            self._on_way.append((self._free + self.delay, piece))
            self._waiting.append((self._free, len(piece)))
            self._held += len(piece)
        self.space(now)
        self.most_held = max(self.most_held, self._held)

    def take(self, now: float) -> bytes:
        """What has arrived."""
        arrived = []
        while self._on_way and self._on_way[0][0] <= now:
            arrived.append(self._on_way.popleft()[1])
        return b"".join(arrived)

    def next(self) -> float | None:
        """When something arrives next; None where nothing is on its way."""
        return self._on_way[0][0] if self._on_way else None


class Line(threading.Thread):
    """Carries bytes between two descriptors, ``near`` to ``far`` down and back up, until one of them ends."""

    def __init__(self, near: int, far: int, down: Channel, up: Channel) -> None:
        super().__init__(daemon=True, name="line")
        self.down, self.up = down, up
        self._ends = ((near, far, down), (far, near, up))
        self._left = threading.Event()

    def leave(self) -> None:
        """Carries no more; the descriptors may be closed afterwards."""
        self._left.set()
        self.join(5)

    def run(self) -> None:
        ended: set[int] = set()
        while not self._left.is_set():
            now = time.monotonic()
            open_ends = [source for source, _, channel in self._ends if source not in ended and channel.space(now)]
            arrivals = [at for _, _, channel in self._ends if (at := channel.next()) is not None]
            rest = min([max(0.0, at - now) for at in arrivals], default=0.02)
            ready = select.select(open_ends, [], [], min(rest, 0.02))[0]
            now = time.monotonic()
            for source, target, channel in self._ends:
                if source in ready:
                    try:
                        data = os.read(source, min(65536, channel.space(now)))
                    except OSError:
                        data = b""
                    if data:
                        channel.put(data, now)
                    else:
                        ended.add(source)
                if arrived := channel.take(now):
                    try:
                        _write(target, arrived)
                    except OSError:
                        ended.add(source)
                if source in ended and channel.next() is None:
                    return


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


class DistantTerminal(Terminal):
    """A terminal at the end of a line; `rtt` is the time there and back, half of it each way."""

    def __init__(self, command: Any, *, rate: float | None = None, rtt: float = 0.0, **options: Any) -> None:
        super().__init__(command, **options)
        self._pty = self._fd
        self._near, self._far = socket.socketpair()
        for end in (self._near, self._far):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self._fd = self._near.fileno()
        self.line = Line(self._pty, self._far.fileno(), Channel(rate, rtt / 2), Channel(None, rtt / 2))
        self.line.start()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._near.close()
            self.line.leave()
            self._far.close()
            os.close(self._pty)
            os.close(self._slave)


class MuteTerminal(Terminal):
    """A terminal that answers no question."""

    answers: dict[bytes, bytes] = {}


class Proxy:
    """A TCP port of this machine that leads to another one over a narrow, long line."""

    def __init__(self, port: int, *, rate: float | None = None, rtt: float = 0.0, room: int = SOCKET_ROOM) -> None:
        self._target, self._rate, self._rtt, self._room = port, rate, rtt, room
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.lines: list[Line] = []
        self._left = threading.Event()
        threading.Thread(target=self._listen, daemon=True, name="proxy").start()

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_: Any) -> None:
        self._left.set()
        self._listener.close()

    def _listen(self) -> None:
        while not self._left.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True, name="proxied").start()

    def _carry(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._target)) as server:
            for end in (client, server):  # the kernel's own room would be a second line
                end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            down = Channel(self._rate, self._rtt / 2, self._room)
            up = Channel(None, self._rtt / 2, self._room)
            line = Line(server.fileno(), client.fileno(), down, up)
            self.lines.append(line)
            line.start()
            while line.is_alive() and not self._left.wait(0.05):
                pass
            line.leave()


def processor_seconds(pid: int) -> float:
    """What a process has used of the processors, by Linux's own account."""
    columns = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(columns[11]) + int(columns[12])) / os.sysconf("SC_CLK_TCK")
