"""The socket: one request a line, a thread each, with an end to bodies, to patience and to how many there are at once.

It speaks plain HTTP and is meant to stand behind a reverse proxy that speaks TLS.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import urlsplit

from deskweave.connector import RawReply
from deskweave.web.hooks import Hooks
from deskweave.workspace.receiving import LIMIT

PATIENCE: Final = 10.0  #: seconds for a request to arrive
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
        """Take no more requests; those in hand are answered first."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # a delivery in hand is saved and answered before the process ends
    block_on_close = True
    request_queue_size = 64
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], sixth: bool) -> None:
        if sixth:
            self.address_family = socket.AF_INET6
        self._free = threading.BoundedSemaphore(AT_ONCE)
        super().__init__(address, handler)

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


def _handler(hooks: Hooks) -> type[BaseHTTPRequestHandler]:
    class Line(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = PATIENCE
        wbufsize = -1  # head and body in one packet

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
                self._send(RawReply(-length, {}, b""))
                return
            body = self._body(length)
            if body is None:
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

        def _body(self, length: int) -> bytes | None:
            until, parts = time.monotonic() + PATIENCE, bytearray()
            while len(parts) < length:
                left = until - time.monotonic()
                if left <= 0:
                    return None
                self.connection.settimeout(left)
                part = self.rfile.read1(min(length - len(parts), 65536))
                if not part:
                    return None
                parts += part
            return bytes(parts)

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
