"""The socket: one request a line, a thread each, with an end to bodies, to patience and to how many there are at once.

It speaks plain HTTP and is meant to stand behind a reverse proxy that speaks TLS.
"""

from __future__ import annotations

import io
import socket
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from deskweave.connector import RawReply
from deskweave.web.hooks import Hooks
from deskweave.workspace.receiving import LIMIT

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PATIENCE: Final = 10.0  #: seconds for a request to arrive, head and body, however many pieces it comes in
GRACE: Final = 30.0  #: seconds requests in hand have left once it is to stop: a connector that never answers holds nobody up
AT_ONCE: Final = 32
BUSY: Final = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class HookServer:
    """Serves the hooks of one folder until stopped. Port 0 takes a free one.

    Raises:
        OSError: nobody can listen there: the port is taken, or the address is not of this machine.
    """

    def __init__(self, hooks: Hooks, host: str, port: int) -> None:
        self._server = _Server((host, port), _handler(hooks), ":" in host)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def stop(self) -> None:
        """Take no more requests; those in hand are answered first, unless that takes too long: their senders come again."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._server.settle(GRACE)


class _Server(ThreadingHTTPServer):
    daemon_threads = True  # `settle` waits for them, and not for ever
    request_queue_size = 64
    allow_reuse_address = sys.platform != "win32"  # there it would let two listen at one port

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], sixth: bool) -> None:
        if sixth:
            self.address_family = socket.AF_INET6
        self._free = threading.BoundedSemaphore(AT_ONCE)
        super().__init__(address, handler)

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # the one between asks name servers what this machine is called

    def settle(self, seconds: float) -> None:
        """Wait until no request is in hand any more, so long at most."""
        until = time.monotonic() + seconds
        for _ in range(AT_ONCE):
            if not self._free.acquire(timeout=max(0.0, until - time.monotonic())):
                return

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        if not self._free.acquire(blocking=False):
            with suppress(OSError):
                request.sendall(BUSY)
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._free.release()
            raise

    def process_request_thread(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news."""


class _Incoming(io.RawIOBase):
    """What a client sends, until its time is over: one that sends a byte now and then would keep a thread for hours."""

    def __init__(self, line: socket.socket, seconds: float) -> None:
        self._line, self._until = line, time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._line.settimeout(left)
        return self._line.recv_into(buffer)


def _handler(hooks: Hooks) -> type[BaseHTTPRequestHandler]:
    class Line(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = PATIENCE
        wbufsize = -1  # head and body in one packet

        def setup(self) -> None:
            super().setup()
            self.rfile.close()
            self.rfile = io.BufferedReader(_Incoming(self.connection, PATIENCE))

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except (ConnectionError, TimeoutError, ValueError):
                self.close_connection = True

        def _serve(self) -> None:
            self.close_connection = True
            split = urlsplit(self.path)
            if not hooks.takes(split.path):
                self._send(RawReply(404, {}, b""))
                return
            length = self._length()
            if length < 0:
                self._send(hooks.refuse(split.path, -length))
                return
            body = self.rfile.read(length)
            if len(body) < length:
                return  # it did not all come: nothing was taken, and nothing is answered
            headers: dict[str, str] = {}
            for name, value in self.headers.items():
                key = name.lower()
                headers[key] = f"{headers[key]}, {value}" if key in headers else value
            self._send(hooks.answer(self.command, split.path, split.query, headers, body))

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = _serve

        def _length(self) -> int:
            """Bytes to come; below zero: the status that refuses them."""
            stated = self.headers.get_all("Content-Length") or []
            if "Transfer-Encoding" in self.headers:
                return -411
            if not stated:
                return 0 if self.command in ("GET", "HEAD", "DELETE", "OPTIONS") else -411
            if len(set(stated)) > 1 or not stated[0].isascii() or not stated[0].isdigit():
                return -400
            return int(stated[0]) if len(stated[0]) < 12 and int(stated[0]) <= LIMIT else -413

        def _send(self, answer: RawReply) -> None:
            self.connection.settimeout(PATIENCE)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server"):
                    self.send_header(name, value)
            bare = answer.status in (204, 304)
            if not bare:
                self.send_header("Content-Length", str(len(answer.body)))
            self.send_header("Connection", "close")
            self.end_headers()
            if not bare and self.command != "HEAD":
                self.wfile.write(answer.body)
            self.wfile.flush()

        def version_string(self) -> str:
            return "deskweave"

        def log_message(self, format: str, *args: object) -> None:
            """Addresses hold a secret: none is written down."""

    return Line
