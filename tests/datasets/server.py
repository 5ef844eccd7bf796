"""A server of files on loopback that can misbehave in the ways that servers do."""

import contextlib
import hashlib
import http.server
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from datasets.published import PublishedFile, PublishedSet

BODY = bytes(range(256)) * 1200  # 307,200 bytes


@dataclass
class Behaviour:
    """What the server does with a path; by default it gives `body`, whole or from where it is asked to go on."""

    body: bytes = BODY
    ranges: bool = True
    etag: str = '"one"'
    cut_after: list[int] = field(default_factory=list)
    """Bytes after which the connection ends, one number an answer; then it ends no more."""
    status: int = 200
    redirect: str = ""
    trickle: float = 0.0
    """Seconds between bytes of the body."""
    silent_head: bool = False
    """The head of the answer never ends."""
    length: bool = True
    asked: list[tuple[str | None, str | None]] = field(default_factory=list)
    """Range and If-Range of each request."""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    # A client that has given up is no error of the test.
    handle_error = lambda self, request, client_address: None  # noqa: E731

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.paths: dict[str, Behaviour] = {}
        self.ending = threading.Event()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"

    def gives(self, path: str = "/a.bin", **behaviour: Any) -> Behaviour:
        self.paths[path] = Behaviour(**behaviour)
        return self.paths[path]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        behaviour = self.server.paths.get(self.path, Behaviour(status=404))
        behaviour.asked.append((self.headers["Range"], self.headers["If-Range"]))
        self.close_connection = True
        if behaviour.silent_head:
            with contextlib.suppress(OSError):
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Wait: ")
                while not self.server.ending.wait(0.05):
                    self.wfile.write(b".")
            return
        if behaviour.redirect:
            self.send_response(302)
            self.send_header("Location", behaviour.redirect)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if behaviour.status != 200:
            self.send_error(behaviour.status)
            return
        start, wanted = 0, self.headers["Range"]
        same = self.headers["If-Range"] in (None, behaviour.etag)
        if wanted and behaviour.ranges and same:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(behaviour.body):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(behaviour.body) - 1}/{len(behaviour.body)}")
        if behaviour.length:
            self.send_header("Content-Length", str(len(behaviour.body) - start))
        if behaviour.etag:
            self.send_header("ETag", behaviour.etag)
        self.end_headers()
        rest = behaviour.body[start:]
        if behaviour.cut_after:
            rest = rest[: behaviour.cut_after.pop(0)]
        if behaviour.trickle:
            for k in range(len(rest)):
                self.wfile.write(rest[k : k + 1])
                if self.server.ending.wait(behaviour.trickle):
                    return
        self.wfile.write(rest)


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ending.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def published(*urls: str, body: bytes = BODY, name: str = "a.bin", **fields: Any) -> PublishedSet:
    """A set of one file to be had under these addresses."""
    file = PublishedFile(name, len(body), hashlib.sha256(body).hexdigest(), urls)
    values: dict[str, Any] = {
        "title": "",
        "licence": "free",
        "citation": "nobody",
        "page": "http://page",
        "opens": name,
        **fields,
    }
    return PublishedSet("toy", files=(file,), **values)


def wait_until(condition: Any, seconds: float = 10.0) -> None:
    """Wait for something another process does; fails after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
