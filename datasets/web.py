"""HTTP with what a download needs: an end to every wait, redirects to safe places only, and words for errors."""

import contextlib
import http.client
import socket
import ssl
import threading
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from .base import one_line

TIMEOUT = 30.0  # seconds without an answer, or without enough of one
MOST_REDIRECTS = 5


class Trouble(Exception):
    """Why one address did not give the file; `str()` is words."""


def in_words(error: Exception, timeout: float) -> str:
    """What went wrong with an address."""
    reason: Any = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(error, urllib.error.HTTPError):
        if 300 <= error.code < 400:
            return "sends on in circles, or to what is not https"
        return one_line(f"{error.code} {error.reason}")
    if isinstance(reason, TimeoutError):
        return f"no answer in {timeout:g} s"
    if isinstance(reason, socket.gaierror):
        return "its name is not known (no network?)"
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is refused: {reason.verify_message}"
    if isinstance(reason, ConnectionRefusedError):
        return "connection refused"
    if isinstance(reason, http.client.RemoteDisconnected | ConnectionResetError):
        return "the connection was cut"
    words = (reason.strerror if isinstance(reason, OSError) else None) or str(reason) or type(reason).__name__
    return one_line(words)[:100]


class _Redirects(urllib.request.HTTPRedirectHandler):
    max_redirections = MOST_REDIRECTS
    max_repeats = 2

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        """To https only; plain http may send on within its own host."""
        old, new = urllib.parse.urlsplit(req.full_url), urllib.parse.urlsplit(newurl)
        within = old.scheme == new.scheme == "http" and old.hostname == new.hostname
        if new.scheme != "https" and not within:
            fp.close()
            raise Trouble(one_line(f"sends on to {new.scheme}://{new.hostname or ''}, which is not https")[:100])
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _InTime(http.client.HTTPConnection):
    """A connection whose head must come within twice the time-out; the socket's own counts from byte to byte."""

    def getresponse(self) -> http.client.HTTPResponse:
        timer = threading.Timer(2 * (self.timeout or TIMEOUT), self._give_up)
        timer.daemon = True
        timer.start()
        try:
            return super().getresponse()
        finally:
            timer.cancel()

    def _give_up(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)


class _SecureInTime(_InTime, http.client.HTTPSConnection):
    pass


class _Http(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_InTime, req)


class _Https(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_SecureInTime, req, context=ssl.create_default_context())


def make_opener() -> urllib.request.OpenerDirector:
    """http and https, through the proxy that the environment names; no file:, no ftp:, no data:."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        _Http(),
        _Https(),
        urllib.request.HTTPDefaultErrorHandler(),
        _Redirects(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener
