"""What listens, on loopback: genuine deliveries are kept and answered, everything else gets as little as possible."""

from __future__ import annotations

import socket
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
import requests

from deskweave.store import Store
from deskweave.store.inbox import list_deliveries
from deskweave.web import Hooks, HookServer, server
from deskweave.workspace import Stopped
from deskweave.workspace.receiving import Receiving, hook_path, hook_secret


class Listening:
    def __init__(self, desk):
        self.desk, self.heard, self.good = desk, [], True
        self.secret = hook_secret(desk.space.folder.state_folder)
        self.store = Store.open(desk.space.folder.store_path, now=desk.clock)
        self.receiving = Receiving(desk.space, store=self.store)
        self.hooks = Hooks(
            self.receiving,
            self.secret,
            now=desk.clock,
            healthy=lambda: (self.good, None),
            heard=lambda name, receipt: self.heard.append((name, receipt.outcome)),
        )
        self.server = HookServer(self.hooks, "127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{self.server.port}"

    def post(self, request, path=None):
        headers = {name: value for name, value in request.headers.items()}
        return requests.post(self.address + (path or hook_path("chat", self.secret)), data=request.body, headers=headers, timeout=5)

    def raw(self, text: bytes) -> bytes:
        """What comes back when these bytes are sent."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=5) as line:
            line.sendall(text)
            line.shutdown(socket.SHUT_WR)
            parts = b""
            while part := line.recv(65536):
                parts += part
        return parts

    def close(self):
        self.server.stop()
        self.receiving.close()
        self.store.close()


@pytest.fixture
def web(desk) -> Iterator[Listening]:
    made = Listening(desk)
    yield made
    made.close()


def test_a_delivery_is_kept_and_answered(web, desk):
    desk.say("VPN drops")
    (request,) = desk.running["chat"].posts.take()
    told = web.post(request)
    assert (told.status_code, told.content) == (200, b"{}")
    (kept,) = list_deliveries(web.store)
    assert kept.state == "waiting"
    assert web.post(desk.running["chat"].posts.again(request)).status_code == 200
    assert web.heard == [("chat", "kept"), ("chat", "known")]
    desk.clock.advance(timedelta(minutes=2))
    desk.space.sync()
    assert len(desk.running["desk"].platform.records) == 1


def test_a_handshake_is_answered_and_nothing_is_kept(web, desk):
    request, _ = desk.running["chat"].posts.handshake()
    told = web.post(request)
    assert told.status_code == 200
    assert told.content.startswith(b"word-")
    assert list_deliveries(web.store) == []


def test_forged_and_unknown_addresses_get_nothing(web, desk):
    desk.say("VPN drops")
    (request,) = desk.running["chat"].posts.take()
    request.headers["webhook-signature"] = "0" * 64  # type: ignore[index]
    told = web.post(request)
    assert (told.status_code, told.content) == (401, b"")
    secret = web.secret
    for path in ("/", "/hooks", "/hooks/chat", "/hooks/chat/", "/hooks/chat/wrong", f"/hooks/desk/{secret}", f"/hooks/chat/{secret}/",
                 f"/hooks/../hooks/chat/{secret}", f"/HOOKS/chat/{secret}", f"/hooks/nobody/{secret}"):  # fmt: skip
        told = requests.Session().send(_exactly(web.address, path), timeout=5)
        assert (told.status_code, told.content) == (404, b""), path
    assert list_deliveries(web.store) == []


def _exactly(address, path):
    prepared = requests.Request("POST", address, data=b"{}").prepare()
    prepared.url = address + path
    return prepared


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("Content-Length: 1048577\r\n", 413),
        ("Content-Length: 99999999999999999999\r\n", 413),
        ("", 411),
        ("Transfer-Encoding: chunked\r\n", 411),
        ("Content-Length: 1\r\nContent-Length: 2\r\n", 400),
        ("Content-Length: -1\r\n", 400),
        ("Content-Length: \u0662\r\n", 400),
        ("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", 411),
    ],
)
def test_a_body_has_an_end_and_says_where(web, head, status):
    told = web.raw(f"POST {hook_path('chat', web.secret)} HTTP/1.1\r\nHost: x\r\n{head}\r\n{{}}".encode("utf-8", "replace"))
    assert told.split(b" ")[1] == str(status).encode()
    assert b"Python" not in told


@pytest.mark.parametrize(
    ("head", "outcome"), [("Content-Length: 1048577", "too-large"), ("Transfer-Encoding: chunked", "no-length")]
)
def test_a_platform_whose_deliveries_never_get_through_is_heard_of(web, head, outcome):
    web.raw(f"POST {hook_path('chat', web.secret)} HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n{{}}".encode())
    web.raw(f"POST /hooks/chat/guessed HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n{{}}".encode())
    assert web.heard == [("chat", outcome)]


class Hurried:
    """A clock that goes on by some seconds whenever somebody looks."""

    def __init__(self, seconds):
        self.seconds, self.now = seconds, 0.0

    def monotonic(self):
        self.now += self.seconds
        return self.now


def test_a_request_has_an_end_of_time_in_however_many_pieces_it_comes(web, monkeypatch):
    long = b"GET /healthz HTTP/1.1\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"x" * 1000) for n in range(60)) + b"\r\n"
    assert web.raw(long).startswith(b"HTTP/1.1 200")
    monkeypatch.setattr(server, "time", Hurried(4.0))
    with suppress(ConnectionError):  # it hangs up in the middle of it
        assert web.raw(long) == b""
    monkeypatch.undo()
    assert web.raw(long).startswith(b"HTTP/1.1 200")


def test_a_request_that_never_ends_does_not_keep_it_from_stopping(web, monkeypatch):
    inside, leave = threading.Event(), threading.Event()

    def hangs(*_):
        inside.set()
        leave.wait(30)
        raise RuntimeError

    monkeypatch.setattr(web.hooks, "answer", hangs)
    monkeypatch.setattr(server, "GRACE", 0.0)
    with socket.create_connection(("127.0.0.1", web.server.port), timeout=5) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert inside.wait(10)
        web.server.stop()
        assert not leave.is_set()
        leave.set()


def test_a_connector_that_hangs_has_the_others_sent_again(web, desk, monkeypatch):
    desk.say("VPN drops")
    (request,) = desk.running["chat"].posts.take()
    monkeypatch.setattr("deskweave.workspace.receiving.TURN", 0.0)
    _, turn = web.receiving._receivers["chat"]
    with turn:
        assert web.post(request).status_code == 503
    assert web.post(request).status_code == 200
    assert web.heard == [("chat", "not-saved"), ("chat", "kept")]


def test_a_mistake_of_ours_has_a_delivery_sent_again_and_is_heard_of(web, desk, monkeypatch):
    def falls(*_):
        raise RuntimeError("VPN drops")

    desk.say("VPN drops")
    (request,) = desk.running["chat"].posts.take()
    monkeypatch.setattr(web.receiving, "receive", falls)
    told = web.post(request)
    assert (told.status_code, told.content) == (503, b"")
    assert web.heard == [("chat", "not-saved")]


def test_half_a_body_is_no_delivery(web):
    told = web.raw(f"POST {hook_path('chat', web.secret)} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{{}}".encode())
    assert told == b""
    assert web.heard == []


def test_other_methods_and_other_nonsense(web):
    path = web.address + hook_path("chat", web.secret)
    assert requests.delete(path, timeout=5).status_code == 405
    assert web.raw(b"\x00\x01\x02\r\n\r\n").startswith((b"HTTP/1.1 400", b""))
    assert web.raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_health_says_whether_runs_come_to_an_end(web):
    told = requests.get(web.address + "/healthz", timeout=5)
    assert (told.status_code, told.json()) == (200, {"ok": True, "last_run": None})
    web.good = False
    assert requests.get(web.address + "/healthz", timeout=5).status_code == 503
    assert requests.post(web.address + "/healthz", data=b"", timeout=5).status_code == 405


def test_there_is_an_end_to_how_many_are_served_at_once(web, desk, monkeypatch):
    inside, leave = threading.Semaphore(0), threading.Event()
    answer = web.hooks.answer

    def slow(*given):
        inside.release()
        assert leave.wait(10)
        return answer(*given)

    monkeypatch.setattr(web.hooks, "answer", slow)
    threads = [
        threading.Thread(target=requests.get, args=(web.address + "/healthz",), kwargs={"timeout": 10})
        for _ in range(server.AT_ONCE)
    ]
    for one in threads:
        one.start()
    for _ in threads:
        assert inside.acquire(timeout=10)
    try:
        with socket.create_connection(("127.0.0.1", web.server.port), timeout=5) as line:  # answered before anything is read
            assert line.recv(65536).startswith(b"HTTP/1.1 503")
    finally:
        leave.set()
        for one in threads:
            one.join()
    assert requests.get(web.address + "/healthz", timeout=5).status_code == 200


def test_many_at_once_are_all_kept(web, desk):
    for number in range(24):
        desk.say(f"n{number}")
    posts = desk.running["chat"].posts.take()
    told = []
    threads = [threading.Thread(target=lambda one=one: told.append(web.post(one).status_code)) for one in posts]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert told == [200] * 24
    assert len(list_deliveries(web.store)) == 24


def test_the_secret_is_made_once_and_is_nobody_elses(desk):
    first = hook_secret(desk.space.folder.state_folder)
    assert hook_secret(desk.space.folder.state_folder) == first
    assert len(first) >= 32
    if sys.platform != "win32":
        mode = (desk.space.folder.state_folder / "hooks.secret").stat().st_mode
        assert stat.S_IMODE(mode) == 0o600
    assert [one.name for one in desk.space.folder.state_folder.glob("hooks.secret*")] == ["hooks.secret"]


@pytest.mark.parametrize("text", ["", "\n", "short", "../" * 12, "a b" * 12, "\u5bc6" * 30])
def test_an_address_that_can_be_guessed_is_none(desk, text):
    file = desk.space.folder.state_folder / "hooks.secret"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Stopped, match="Delete it"):
        hook_secret(desk.space.folder.state_folder)
    file.unlink()
    assert len(hook_secret(desk.space.folder.state_folder)) >= 32


def test_a_secret_is_made_where_there_are_no_links_and_nobody_else_reads_one_put_back(desk, monkeypatch):
    def refuses(*_):
        raise PermissionError

    monkeypatch.setattr("os.link", refuses)
    folder = desk.space.folder.state_folder
    first = hook_secret(folder)
    assert [one.name for one in folder.glob("hooks.secret*")] == ["hooks.secret"]
    (folder / "hooks.secret").chmod(0o644)
    assert hook_secret(folder) == first
    if sys.platform != "win32":
        assert stat.S_IMODE((folder / "hooks.secret").stat().st_mode) == 0o600


def test_a_connection_that_cannot_be_opened_has_its_deliveries_sent_again(desk, monkeypatch):
    from deskweave.errors import ConfigurationError

    unasked = type(desk.space).unasked

    def fails(space, name):
        if name == "chat":
            raise ConfigurationError("no such desk")
        return unasked(space, name)

    desk.say("VPN drops")
    monkeypatch.setattr(type(desk.space), "unasked", fails)
    made = Listening(desk)
    (request,) = desk.running["chat"].posts.take()
    assert made.receiving.names == []
    assert made.post(request).status_code == 503
    made.close()


def test_deliveries_are_taken_while_the_platform_is_away(desk):
    platform = desk.running["chat"].platform
    platform.armed.arm("down", times=None)
    receiving = Receiving(desk.space)
    assert receiving.names == ["chat"]
    desk.say("VPN drops")
    (request,) = desk.running["chat"].posts.take()
    assert receiving.receive("chat", request).outcome == "kept"
    assert platform.calls == 0
    receiving.close()
