"""`serve` as people start, watch and stop it. A chat robot that calls back, and a desk that is listed, in memory."""

from __future__ import annotations

import json
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from deskweave import workspace
from deskweave.cli import serve as command
from deskweave.cli.app import call
from deskweave.emulation import TurnedTime
from deskweave.plugins import Plugins
from deskweave.testing.memory import MemoryConnection, MemoryReceiver
from deskweave.testing.memory.connector import RunningMemory
from deskweave.workspace.receiving import hook_path, hook_secret


@pytest.fixture(scope="session")
def plugins(memory_plugins: Plugins) -> Plugins:
    return memory_plugins


@pytest.fixture
def two(memory_folder: Any, chat_and_desk: Any, clock: TurnedTime) -> dict[str, RunningMemory]:
    running: dict[str, RunningMemory] = memory_folder(chat_and_desk, clock)
    return running


class Serving:
    """A `serve` in a thread of this process, with its bell in our hands."""

    def __init__(self, port: int, bell: command.Bell, runs: queue.Queue[Any], codes: list[int]) -> None:
        self.port, self.bell, self.runs, self.codes = port, bell, runs, codes

    def next_run(self) -> Any:
        return self.runs.get(timeout=30)


Serve = Callable[..., Any]


@pytest.fixture
def serving(two: Any, clock: TurnedTime, plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> Serve:
    @contextmanager
    def start(*words: str) -> Iterator[Serving]:
        bells: list[command.Bell] = []
        runs: queue.Queue[Any] = queue.Queue()
        ports: queue.Queue[int] = queue.Queue()
        codes: list[int] = []
        listening, told = command._listening, command._told

        @contextmanager
        def heard(*given: Any) -> Iterator[Any]:
            with listening(*given) as server:
                ports.put(server.port)
                yield server

        monkeypatch.setattr(command, "bells", bells)
        monkeypatch.setattr(command, "_listening", heard)
        monkeypatch.setattr(command, "_told", lambda session, ran: (told(session, ran), runs.put(ran)))
        arguments = ["serve", "--listen", "127.0.0.1:0", *words]
        thread = threading.Thread(target=lambda: codes.append(call(arguments, now=clock, plugins=plugins)))
        thread.start()
        try:
            yield Serving(ports.get(timeout=30), bells[0], runs, codes)
        finally:
            bells[0].end()
            thread.join()

    return start


def say(root: Path, two: Any, plugins: Plugins, clock: TurnedTime, title: str) -> str:
    """Somebody writes to the robot; answers with the path it would tell us at."""
    with workspace.open(root, now=clock, plugins=plugins) as space:
        hands = two["chat"].hands(space.unasked("chat").mapper(space.binding("chat")))
        hands.create("ticket", {"title": title, "status": "awaiting_acceptance"}, "li")
        return hook_path("chat", hook_secret(space.folder.state_folder))


def post(serving: Serving, path: str, request: Any) -> int:
    address = f"http://127.0.0.1:{serving.port}{path}"
    return requests.post(address, data=request.body, headers=dict(request.headers), timeout=10).status_code


def test_a_delivery_reaches_the_other_platform(
    serving: Serve, tmp_path: Path, two: Any, plugins: Plugins, clock: TurnedTime, cli: Any, capfd: Any
) -> None:
    path = say(tmp_path, two, plugins, clock, "VPN drops")
    with serving() as one:
        assert one.next_run().error is None
        (request,) = two["chat"].posts.take()
        assert post(one, path, request) == 200
        assert not two["desk"].platform.records, "a request is answered before anything is worked on"
        clock.advance(timedelta(seconds=31))
        one.bell.ring()
        ran = one.next_run()
        assert sum(part.received for part in ran.report.connections.values()) == 1
        assert len(two["desk"].platform.records) == 1
        assert requests.get(f"http://127.0.0.1:{one.port}/healthz", timeout=10).json()["ok"]
    assert one.codes == [0]
    shown = capfd.readouterr()
    assert "1 delivery, 1 inquiry looked at" in shown.out
    assert path.rpartition("/")[2] not in shown.out + shown.err, "the secret of the addresses is nobody's to log"


def test_a_second_one_is_refused_and_others_may_use_the_store(serving: Serve, cli: Any) -> None:
    with serving() as one:
        one.next_run()
        refused = cli("serve", "--listen", "127.0.0.1:0")
        assert refused.code == 5
        told = " ".join(refused.err.split())
        assert "serves this folder since" in told
        assert "+00:00" not in told, "a person reads the time of the folder's zone"
        assert "已在为此文件夹运行 serve" in "".join(cli("serve", "--listen", "127.0.0.1:0", "--lang", "zh").err.split("\n"))
        assert cli("conflicts").code == 0
        assert cli("sync").code in (0, 3)


def test_what_a_connector_falls_over_is_told_without_its_words(
    serving: Serve,
    tmp_path: Path,
    two: Any,
    plugins: Plugins,
    clock: TurnedTime,
    capfd: Any,
    monkeypatch: pytest.MonkeyPatch,
    cli: Any,
) -> None:
    class Falls(MemoryReceiver):
        def record(self, told: Any) -> Any:
            raise KeyError(told["fields"]["short"])

    path = say(tmp_path, two, plugins, clock, "my secret trouble")
    monkeypatch.setattr(MemoryConnection, "receives", Falls)
    with serving("--json") as one:
        one.next_run()
        (request,) = two["chat"].posts.take()
        assert post(one, path, request) == 200
    shown = capfd.readouterr()
    assert "chat: a delivery that the connector cannot read (KeyError); kept" in " ".join(shown.err.split())
    assert "trouble" not in shown.out + shown.err
    lines = [json.loads(line) for line in shown.out.splitlines()]
    assert lines[0]["received"] == 0


def test_the_addresses_are_shown_when_asked_for(cli: Any, tmp_path: Path, two: Any) -> None:
    file = tmp_path / "deskweave.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "serve: {public_url: https://desk.example/in/}\n", encoding="utf-8")
    (item,) = json.loads(cli("serve", "--addresses", "--json").out)["items"]
    secret = (tmp_path / ".deskweave/dev/hooks.secret").read_text(encoding="ascii")
    assert item == {"connection": "chat", "address": f"https://desk.example/in/hooks/chat/{secret}"}
    assert "Keep them to yourself" in cli("serve", "--addresses").out


@pytest.mark.parametrize(
    ("where", "shown"), [("[::1]:1", "[::1]:1"), (f"{'a' * 70}.example:0", "a.example:0"), ("192.0.2.1:0", "192.0.2.1:0")]
)
def test_where_nobody_can_listen_is_said_as_it_is_typed(
    cli: Any, two: Any, monkeypatch: pytest.MonkeyPatch, where: str, shown: str
) -> None:
    if where == "[::1]:1":
        monkeypatch.setattr(
            "socketserver.TCPServer.server_bind", lambda _: (_ for _ in ()).throw(PermissionError(13, "Permission denied"))
        )
    told = cli("serve", "--listen", where)
    assert told.code == 5
    assert f"{shown}:" in "".join(told.err.split())


@pytest.mark.parametrize("where", ["nowhere", "127.0.0.1:99999", "1.2.3.4.5:x"])
def test_an_address_that_is_none_is_refused(cli: Any, two: Any, where: str) -> None:
    assert cli("serve", "--listen", where).code == 2


def test_a_port_that_is_taken_is_said(cli: Any, two: Any, serving: Serve) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        told = cli("serve", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert told.code == 5
    assert "Nothing can listen at 127.0.0.1:" in told.err


@pytest.mark.parametrize(("line", "rule"), [("serve: {listen: somewhere}", "wrong-form"), ("sync: {every: PT1S}", "out-of-bounds")])
def test_the_file_says_where_and_how_often(cli: Any, tmp_path: Path, two: Any, line: str, rule: str) -> None:
    file = tmp_path / "deskweave.yaml"
    text = "\n".join(one for one in file.read_text(encoding="utf-8").splitlines() if not one.startswith("sync:"))
    file.write_text(f"{text}\n{line}\n", encoding="utf-8")
    told = json.loads(cli("practice", "lint", "--json").out)
    assert rule in [one["rule"] for one in told["findings"]]


def test_a_signal_ends_it_after_the_run_in_hand_and_a_second_one_at_once(clock: TurnedTime) -> None:
    from deskweave.cli.session import Options, Session

    bell = command.Bell(clock)
    with command._signals(Session(Options()), bell):
        handler = signal.getsignal(signal.SIGTERM)
        assert callable(handler)
        handler(signal.SIGTERM, None)
        assert bell.ended
        assert bell.wait(clock()) is False
        handler(signal.SIGTERM, None)
        with pytest.raises(KeyboardInterrupt):
            handler(signal.SIGINT, None)
    assert signal.getsignal(signal.SIGTERM) is not handler


def test_a_signal_in_the_middle_of_a_line_still_ends_it(clock: TurnedTime, monkeypatch: pytest.MonkeyPatch) -> None:
    from deskweave.cli.session import Options, Session

    def reentrant(*_: Any) -> None:
        raise RuntimeError("reentrant call inside <_io.BufferedWriter>")

    session, bell = Session(Options()), command.Bell(clock)
    monkeypatch.setattr(session.screen, "note", reentrant)
    with command._signals(session, bell):
        handler = signal.getsignal(signal.SIGTERM)
        assert callable(handler)
        handler(signal.SIGTERM, None)
    assert bell.wait(clock()) is False


def test_a_ring_wakes_once(clock: TurnedTime) -> None:
    bell = command.Bell(clock)
    bell.ring()
    bell.ring()
    assert bell.wait(clock() + timedelta(hours=1))
    assert bell.rung.empty()
