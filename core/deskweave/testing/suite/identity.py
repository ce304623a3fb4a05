"""Which instance answers: known again, told from another, and told from its own copy."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from deskweave.http.session import is_loopback
from deskweave.testing.suite.ground import Ground
from deskweave.testing.suite.guarantee import guarantee
from deskweave.workspace.identity import same


class Identity:
    """The pin in the lock file and the mark on the platform rest on this."""

    @guarantee(
        "identity/same",
        en="An instance says the same of itself to every connection and every account.",
        zh="同一实例对每个连接、每个账号都自称相同。",
    )
    def test_an_instance_is_known_again(self, ground: Ground) -> None:
        first = ground.connection.identity
        assert first.instance, "the instance has no name"
        for account in ("agent", "admin"):
            again = ground.connect(account).identity
            assert same(first, again), f"{account}: {again.instance!r} where it was {first.instance!r}"

    @guarantee(
        "identity/other",
        en="Another instance is told from this one.",
        zh="另一个实例能被区分出来。",
        needs="emulator",
    )
    def test_another_instance_is_another(self, ground: Ground) -> None:
        other = ground.fresh(991)
        try:
            theirs = ground.connect(running=other, bound=False).identity
            assert theirs.instance != ground.connection.identity.instance, f"two instances are both called {theirs.instance!r}"
        finally:
            other.stop()

    @guarantee(
        "identity/mark",
        en="The mark of the store that writes here is left and read back; where there is no place for one, that is said.",
        zh="写入方的标记能留下并读回；没有地方可留时会说明。",
    )
    def test_the_mark_is_left_and_read_back(self, ground: Ground) -> None:
        admin = ground.connect("admin")
        admin.plant_identity("01JD7Q0000000000000000MARK", "3")
        found = ground.connect("admin").identity
        if found.planted is None:
            assert admin.capabilities.lost, "no mark is left, and `lost` does not say that there is no place for one"
            pytest.skip(f"no place for a mark: {'; '.join(one.message for one in admin.capabilities.lost)[:120]}")
        assert (found.planted, found.epoch) == ("01JD7Q0000000000000000MARK", "3"), f"the mark reads {found.planted} {found.epoch}"
        again = ground.connect("admin")
        again.plant_identity("01JD7Q0000000000000000MARK", "4")
        assert ground.connect("admin").identity.epoch == "4", "a mark of a later state is not read back"

    @guarantee(
        "identity/fresh",
        en="Who answers is asked each time: a connection that is kept open notices what has changed there.",
        zh="每次都重新询问实例身份：一直开着的连接也能发现那边变了。",
    )
    def test_who_answers_is_asked_each_time(self, ground: Ground) -> None:
        kept = ground.connect("admin")
        _ = kept.identity
        ground.connect("admin").plant_identity("01JD7Q0000000000000000MARK", "7")
        now = ground.connect("admin").identity
        if now.planted is None:
            pytest.skip("no place for a mark, so nothing about the instance can be changed from here")
        assert kept.identity == now, f"a kept connection says {kept.identity}, a new one {now}"

    @guarantee(
        "identity/clone",
        en="A copy of the instance at another address is not taken for it.",
        zh="位于另一地址的实例副本不会被当成原实例。",
        needs="emulator",
    )
    def test_a_copy_elsewhere_is_not_the_instance(self, ground: Ground) -> None:
        address = str(ground.running.settings(ground.account)["address"])
        if not is_loopback(urlsplit(address).hostname):
            pytest.skip(f"a copy is shown by another port of this machine, and {address} has none")
        with another_door(address) as copy:
            theirs = ground.connect(bound=False, address=copy).identity
        assert not same(ground.connection.identity, theirs), "asked at another address, it is taken for the same instance"


@contextmanager
def another_door(address: str) -> Iterator[str]:
    """The same server behind another port: what a clone or a restored backup looks like from outside."""
    parts = urlsplit(address)
    target = (str(parts.hostname), parts.port or 80)
    door = socket.create_server(("127.0.0.1", 0))
    lines: list[socket.socket] = []

    def carry(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def serve() -> None:
        while True:
            try:
                line, _ = door.accept()
            except OSError:
                return
            there = socket.create_connection(target)
            lines.extend((line, there))
            for pair in ((line, there), (there, line)):
                threading.Thread(target=carry, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
    finally:
        door.close()
        for one in lines:
            one.close()
