"""Through a real sshd on this machine, behind a proxy that makes the way to it narrow and long.

The server runs as whoever runs the tests, with keys and a configuration of its own, on a port that is free. Where no
sshd is installed only the proxy is tested.
"""

import contextlib
import os
import pwd
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.terminal.lines import Proxy
from tests.terminal.terminal import Terminal
from tests.terminal.test_pacing import A_SCREEN, ENDLESS, SIZE, command, environ, leave_help, moves, stop, train
from tests.terminal.test_program import ROOT

SSHD = shutil.which("sshd", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")))
PROGRAMS = SSHD, shutil.which("ssh"), shutil.which("ssh-keygen")


@dataclass(frozen=True)
class Server:
    port: int
    key: Path
    log: Path

    def ssh(self, port: int, *words: str, terminal: bool = False) -> list[str]:
        """The client's command; ``port`` is the server's, or that of a proxy before it."""
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": "20",
            "ControlPath": "none",
            "IdentitiesOnly": "yes",
            "LogLevel": "ERROR",
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": "/dev/null",
        }
        return [
            "ssh", "-F", "/dev/null", "-tt" if terminal else "-T", "-p", str(port), "-i", str(self.key),
            *(word for name, value in options.items() for word in ("-o", f"{name}={value}")),
            f"{pwd.getpwuid(os.getuid()).pw_name}@127.0.0.1", "--", *words,
        ]  # fmt: skip


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """An sshd that takes one key; skipped where there is none, or where it does not let this user in."""
    if not all(PROGRAMS):
        pytest.skip("sshd, ssh and ssh-keygen are not all installed")
    home = tmp_path / "sshd"
    home.mkdir(mode=0o700)
    for name in ("host", "user"):
        keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(home / name)]
        subprocess.run(keygen, check=True, stdin=subprocess.DEVNULL)
    (home / "authorized").write_text((home / "user.pub").read_text())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (home / "config").write_text(
        f"Port {port}\n"
        "ListenAddress 127.0.0.1\n"
        f"HostKey {home / 'host'}\n"
        f"AuthorizedKeysFile {home / 'authorized'}\n"
        "PidFile none\n"
        "StrictModes no\n"
        "UsePAM no\n"
        "PasswordAuthentication no\n"
        "KbdInteractiveAuthentication no\n"
        "PermitRootLogin prohibit-password\n"
        "PrintMotd no\n"
        "PrintLastLog no\n"
    )
    assert SSHD is not None
    tested = subprocess.run([SSHD, "-t", "-f", str(home / "config")], capture_output=True, text=True, check=False)
    if tested.returncode:
        pytest.skip(f"sshd does not start here: {tested.stderr.strip()}")
    log = home / "log"
    with open(log, "wb") as file:
        process = subprocess.Popen(
            [SSHD, "-D", "-e", "-f", str(home / "config")], stdin=subprocess.DEVNULL, stdout=file, stderr=file
        )
    try:
        found = Server(port, home / "user", log)
        _wait_for_port(port, process)
        asked = subprocess.run(found.ssh(port, "true"), capture_output=True, text=True, check=False, timeout=60)
        if asked.returncode:
            pytest.skip(f"sshd does not let this user in: {asked.stderr.strip()} {log.read_text().strip()[-300:]}")
        yield found
    finally:
        process.terminate()
        process.wait(10)


def _wait_for_port(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    pytest.skip("sshd does not come up here")


@pytest.mark.parametrize(("rate", "rtt"), [(None, 0.0), (100_000, 0.1), (30_000, 0.2)])
def test_help_comes_through_sshd_while_it_trains_at_full_speed(
    server: Server, runs_dir: Path, rate: float | None, rtt: float
) -> None:
    there = ["env", "LANG=C.UTF-8", f"PYTHONPATH={ROOT}", *command(runs_dir, *ENDLESS)]
    with (
        Proxy(server.port, rate=rate, rtt=rtt) as proxy,
        Terminal(server.ssh(proxy.port, shlex.join(there), terminal=True), size=SIZE, environ=environ()) as terminal,
    ):
        train(terminal)
        moves(terminal, 3)
        seconds = []
        for _ in range(5):
            before, began = len(terminal.received), time.monotonic()
            terminal.send("?")
            terminal.wait_for("help   Train")
            terminal.wait_for("EVERYWHERE")
            seconds.append(time.monotonic() - began)
            assert len(terminal.received) - before < A_SCREEN, "what stood before it on the line"
            leave_help(terminal)
            moves(terminal, 2)
        print(f"{rate} B/s, {rtt} s: help after {', '.join(f'{s:.2f}' for s in seconds)} s", file=sys.stderr)
        last = terminal.text.splitlines()[-1]
        assert last.endswith(" ms"), "sshd says that the terminal is elsewhere"
        assert int(last.split()[-2]) >= 1000 * rtt
        stop(terminal)
        terminal.send("ctrl+q")
        assert terminal.wait_exit(seconds=30) == 0


# The proxy, without sshd


@contextlib.contextmanager
def echo(size: int) -> Iterator[tuple[int, list[int]]]:
    """A server that takes a word and sends so many bytes; its port, and how many it could send."""
    sent: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
                assert connection.recv(4) == b"word"
                data = bytes(range(256)) * (size // 256)
                while data:
                    count = connection.send(data[:4096])
                    sent.append(count)
                    data = data[count:]

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], sent
        thread.join(20)


def test_the_proxy_carries_all_of_it_and_is_as_slow_as_it_says() -> None:
    size, rate, rtt = 51_200, 100_000, 0.1
    with echo(size) as (port, _), Proxy(port, rate=rate, rtt=rtt) as proxy:
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", proxy.port), 20) as client:
            client.settimeout(20)
            client.sendall(b"word")
            first, came = 0.0, b""
            while chunk := client.recv(65536):
                first = first or time.monotonic() - began
                came += chunk
        assert came == bytes(range(256)) * (size // 256)
        assert first >= rtt
        assert time.monotonic() - began >= rtt + size / rate


def test_the_proxy_holds_no_more_than_its_room() -> None:
    """What is not taken stays with the server: that is what a program behind it feels."""
    room = 16_384
    with echo(2_560_000) as (port, sent), Proxy(port, rate=200_000, rtt=0.02, room=room) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port), 20) as client:
            client.sendall(b"word")
            client.settimeout(20)
            came = 0
            while came < 100_000:
                came += len(client.recv(4096))
            assert proxy.lines[0].down.most_held <= room
            assert sum(sent) < 2_000_000, "the server is held back"
        for line in proxy.lines:
            line.leave()


def test_a_client_that_goes_ends_the_line() -> None:
    with echo(2_560_000) as (port, _), Proxy(port, rate=50_000, rtt=0.02) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port), 20) as client:
            client.sendall(b"word")
            assert client.recv(1)
        (line,) = proxy.lines
        line.join(20)
        assert not line.is_alive()
