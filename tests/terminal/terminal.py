"""A program on a pseudo-terminal: keys go in, a screen comes out."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyte

KEYS = {"space": " ", "enter": "\r", "escape": "\x1b", "tab": "\t", "up": "\x1b[A", "down": "\x1b[B"}
ANSWERS = {b"\x1b[6n": b"\x1b[1;1R", b"\x1b[?2026$p": b"\x1b[?2026;2$y"}
"""What every terminal answers: where the cursor is, whether it can hold back a half-drawn picture."""


class Screen(pyte.Screen):
    """pyte's screen, which does not take the private forms of some sequences that it knows otherwise."""

    def select_graphic_rendition(self, *attrs: int, private: bool = False) -> None:
        if not private:
            super().select_graphic_rendition(*attrs)


class Terminal:
    """Starts a command on a pty of a given size and reads what it draws.

    `wait_for` and `wait_exit` wait for conditions; both fail with what the screen shows.
    """

    answers: Mapping[bytes, bytes] = ANSWERS

    def __init__(
        self,
        command: Sequence[str],
        *,
        size: tuple[int, int] = (80, 24),
        environ: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        columns, rows = size
        self.screen = Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.received = bytearray()
        self._answered = 0
        self._fd, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.process = subprocess.Popen(
            list(command),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=dict(environ) if environ is not None else None,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        # Kept open: the settings of the terminal are looked at after the program has gone.
        self._slave = slave
        self._closed = False

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: Any) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.close()

    def close(self) -> None:
        """Closes the pty under the program, as a window does that is closed; nothing can be read afterwards."""
        if not self._closed:
            self._closed = True
            os.close(self._slave)
            os.close(self._fd)

    # Keys

    def send(self, *keys: str) -> None:
        """Sends keys: characters, names of `KEYS`, or ``ctrl+q``; each is a write of its own."""
        for key in keys:
            text = KEYS.get(key, key)
            if key.startswith("ctrl+"):
                text = chr(ord(key[-1].upper()) & 31)
            os.write(self._fd, text.encode())

    def resize(self, columns: int, rows: int) -> None:
        """The window has another size, of which the kernel tells the program."""
        self.screen.resize(rows, columns)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def hang_up(self) -> None:
        """The window is closed, or the line drops."""
        self.process.send_signal(signal.SIGHUP)

    # Screen

    def read(self, seconds: float = 0.05) -> None:
        """Takes in what comes within this time, and answers what is asked."""
        if not select.select([self._fd], [], [], seconds)[0]:
            return
        try:
            chunk = os.read(self._fd, 65536)
        except OSError:
            return
        self.received += chunk
        self._stream.feed(chunk)
        fresh = bytes(self.received[max(0, self._answered - 16) :])
        for question, answer in self.answers.items():
            end = 0
            while (at := fresh.find(question, end)) >= 0:
                end = at + len(question)
                if max(0, self._answered - 16) + end > self._answered:
                    os.write(self._fd, answer)
        self._answered = len(self.received)

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    def wait_until(self, condition: Callable[[], Any], what: str, *, seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited in vain for {what}; the screen shows\n{self.text}")
            self.read()

    def wait_for(self, text: str, *, seconds: float = 30.0) -> None:
        """Until the screen shows this text."""

        def shown() -> bool:
            if text in self.text:
                return True
            if self.process.poll() is not None:
                self.read()
                assert text in self.text, f"it ended ({self.process.returncode}) showing\n{self.text}"
            return False

        self.wait_until(shown, repr(text), seconds=seconds)

    def wait_exit(self, *, seconds: float = 10.0) -> int:
        """The exit status, with everything read that was written."""
        self.wait_until(lambda: self.process.poll() is not None, "its end", seconds=seconds)
        while select.select([self._fd], [], [], 0.05)[0]:
            size = len(self.received)
            self.read()
            if len(self.received) == size:
                break
        return self.process.returncode

    # How the terminal is left

    @property
    def is_as_before(self) -> bool:
        """Echo, line editing and signals as they were when the program started."""
        return termios.tcgetattr(self._slave)[:4] == self.before[:4]

    @property
    def cursor_is_shown(self) -> bool:
        return not self.screen.cursor.hidden
