"""A platform on loopback: routes, one lock over its state, faults that cut the line, traffic that is kept.

The standard library's server carries it. A framework would hide the socket, and a lost answer is a socket closed after the
work was done and before a byte was sent.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit

from deskweave.emulation.fault import FaultBox
from deskweave.emulation.traffic import Exchange, Traffic
from deskweave.model import Json

MAX_BODY: Final = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as a handler sees it. Header names are lower case; `params` are the named parts of the path."""

    method: str
    path: str
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    body: bytes
    params: Mapping[str, str] = field(default_factory=dict)
    writes: bool = False
    target: str = ""  #: path and query as they stood on the line, for limits on their length

    def one(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        values = self.query.get(name)
        return values[0] if values else default

    def json(self) -> Json:
        """The body as JSON; None when it is empty.

        Raises:
            ValueError: it is not JSON.
        """
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer. `body` is JSON unless it is bytes; `account` is who asked, for the record."""

    status: int = 200
    body: Json | bytes = None
    headers: Mapping[str, str] = field(default_factory=dict)
    account: str | None = None

    def encoded(self) -> tuple[bytes, Mapping[str, str]]:
        headers = dict(self.headers)
        if isinstance(self.body, bytes):
            return self.body, headers
        if self.body is None:
            return b"", headers
        headers.setdefault("Content-Type", "application/json;charset=UTF-8")
        return json.dumps(self.body, ensure_ascii=False).encode(), headers


Handler: TypeAlias = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class _Route:
    method: str
    pattern: re.Pattern[str]
    handler: Handler
    writes: bool


class Router:
    """Method and path to handler. `{name}` matches one part of a path; the route with the most literal text wins."""

    def __init__(self) -> None:
        self._routes: list[tuple[int, _Route]] = []

    def add(self, method: str, template: str, handler: Handler, *, writes: bool = False) -> None:
        """Serve `method template` with `handler`; `writes` says that it changes the platform's state."""
        parts = re.split(r"\{(\w+)\}", template)
        pattern = "".join(re.escape(part) if at % 2 == 0 else f"(?P<{part}>[^/]+)" for at, part in enumerate(parts))
        route = _Route(method, re.compile(f"^{pattern}/?$"), handler, writes)
        self._routes.append((-sum(map(len, parts[::2])), route))
        self._routes.sort(key=lambda entry: entry[0])

    def match(self, call: Call) -> tuple[Handler, Call] | frozenset[str]:
        """The handler and the call with its parameters; else the methods this path does know (empty: no such path)."""
        others: set[str] = set()
        for _, route in self._routes:
            found = route.pattern.match(call.path)
            if found is None:
                continue
            if route.method != call.method:
                others.add(route.method)
                continue
            params = {name: unquote(value) for name, value in found.groupdict().items()}
            return route.handler, replace(call, params=params, writes=route.writes)
        return frozenset(others)


class Platform:
    """What every emulated platform is: routes over a state that one lock guards. Vendors derive from it.

    Handlers and hands both run under `lock`, so that a person's edit and a request never meet half-way.
    """

    def __init__(self, *, now: Callable[[], datetime], faults: frozenset[str], words: Mapping[str, str] | None = None) -> None:
        self.now = now
        self.lock = threading.RLock()
        self.faults = FaultBox(faults, words)
        self.traffic = Traffic()
        self.router = Router()

    def before(self, call: Call) -> Reply | None:
        """The vendor's own gate before any handler (rate limits, maintenance pages); None lets the call pass."""
        return None

    def not_found(self, call: Call) -> Reply:
        """The vendor's answer to a path it does not serve."""
        return Reply(status=404, body={"error": "not found"})

    def not_allowed(self, call: Call, allowed: frozenset[str]) -> Reply:
        """The vendor's answer to a path it serves by other methods."""
        return Reply(status=405, body={"error": "method not allowed"}, headers={"Allow": ", ".join(sorted(allowed))})

    def broken(self, call: Call, error: Exception) -> Reply:
        """An emulator's own mistake: loud, so that no test takes it for the vendor's."""
        return Reply(status=599, body={"emulator": type(self).__name__, "error": f"{type(error).__name__}: {error}"})

    def answer(self, call: Call) -> Reply | None:
        """Play armed faults, then route. None: the line is cut without an answer."""
        with self.lock:
            matched = self.router.match(call)
            if isinstance(matched, tuple):
                call = matched[1]
            if self.faults.take("lost_request", call) is not None:
                self._record(call, None)
                return None
            lost = self.faults.take("lost_answer", call) is not None
            reply = self.before(call)
            if reply is None:
                if isinstance(matched, tuple):
                    try:
                        reply = matched[0](call)
                    except Exception as error:  # noqa: BLE001  an emulator's bug must not look like a vendor's answer
                        reply = self.broken(call, error)
                else:
                    reply = self.not_allowed(call, matched) if matched else self.not_found(call)
            self._record(call, None if lost else reply)
            return None if lost else reply

    def _record(self, call: Call, reply: Reply | None) -> None:
        try:
            body: Json = call.json()
        except ValueError:
            body = {"bytes": len(call.body)}
        self.traffic.record(
            Exchange(
                at=self.now(),
                method=call.method,
                path=call.path,
                query=call.query,
                headers=call.headers,
                body=body,
                status=reply.status if reply else 0,
                answer=None if reply is None or isinstance(reply.body, bytes) else reply.body,
                writes=call.writes,
                account=reply.account if reply else None,
            )
        )


class LoopbackServer:
    """Serves one platform on 127.0.0.1 until stopped. Port 0 takes a free one."""

    def __init__(self, platform: Platform, *, port: int = 0) -> None:
        self.platform = platform
        self._server = _Server(("127.0.0.1", port), _handler(platform))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Close the listening socket and every open line."""
        self._server.shutdown()
        self._server.close_lines()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._lines: set[socket.socket] = set()
        self._lines_lock = threading.Lock()
        super().__init__(address, handler)

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        with self._lines_lock:
            self._lines.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
        with self._lines_lock:
            self._lines.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news."""

    def close_lines(self) -> None:
        with self._lines_lock:
            lines = list(self._lines)
        for line in lines:
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


def _handler(platform: Platform) -> type[BaseHTTPRequestHandler]:
    class Line(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1  # one write a reply: head and body in two packets wait 40 ms for each other

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except (ConnectionError, TimeoutError, ValueError):
                self.close_connection = True

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if length > MAX_BODY:
                self.close_connection = True
                return
            split = urlsplit(self.path)
            call = Call(
                method=self.command,
                path=split.path,
                query=parse_qs(split.query, keep_blank_values=True),
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(length),
                target=self.path,
            )
            reply = platform.answer(call)
            if reply is None:
                self.close_connection = True
                return
            body, headers = reply.encoded()
            self.send_response(reply.status)
            for name, value in headers.items():
                self.send_header(name, value)
            if reply.status not in (204, 304):
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD" and reply.status not in (204, 304):
                self.wfile.write(body)
            self.wfile.flush()

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve

        def date_time_string(self, timestamp: float | None = None) -> str:
            """The Date header: the platform's own time, turned or not."""
            if timestamp is not None:
                return super().date_time_string(timestamp)
            return format_datetime(platform.now().astimezone(UTC), usegmt=True)

        def version_string(self) -> str:
            return "deskweave-emulator"

        def log_message(self, format: str, *args: object) -> None:
            """The traffic is kept; nothing is printed."""

    return Line
