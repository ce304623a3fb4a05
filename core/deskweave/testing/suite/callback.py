"""What a platform sends by itself is verified, kept before it is answered, and comes to the same in whatever order it arrives."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final
from unittest import mock

import pytest
import sqlalchemy as sa

from deskweave.connector import Connection, Delivery, Posts, RawRequest, Ref, RemoteRecord, WebhookReceiver
from deskweave.errors import Rejected
from deskweave.model import FieldId, InquiryId, Value
from deskweave.store import Store, tables
from deskweave.store.inbox import Content, request_of
from deskweave.store.inquiries import load_documents
from deskweave.sync import Engine, Side
from deskweave.sync.merge import same
from deskweave.testing.suite.ground import NAME, PEOPLE, START, Ground
from deskweave.testing.suite.guarantee import guarantee
from deskweave.testing.suite.values import TITLE

_NUMBERS: Final = count(1)


class PowerCut(BaseException):
    """The machine is gone before anything reached the disk."""


class NoCalls:
    """`connector.Budget` under which nothing may be asked; it remembers who tried."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def take(self, rate_class: str, calls: int = 1, ref: Ref | None = None) -> None:
        self.asked.append(f"the platform ({rate_class})")

    def learn(self, rate_class: str, remaining: int | None, resets_at: datetime | None) -> None:
        """There is nothing to learn."""


class Receiving:
    """A store in a file with nothing but an inbox, and the engine over the one connection."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.path: Path = ground.folder / f"callback-{next(_NUMBERS)}.db"
        self.connection = ground.connect()
        self.store = Store.open(self.path, now=ground.now)

    def take(self, request: RawRequest) -> int:
        """One delivery to the host; the status it answers."""
        status: int = self.ground.host(self.store, NAME, receiver_of(self.connection), request).reply.status
        return status

    def restart(self) -> None:
        """The process is gone, and another one goes on with what is on the disk."""
        self.store.close()
        self.connection.close()
        self.connection = self.ground.connect()
        self.store = Store.open(self.path, now=self.ground.now)

    def run(self) -> None:
        ground = self.ground
        ground.wait(ground.now() + timedelta(minutes=1))
        side = Side(name=NAME, connection=self.connection, binding=ground.binding, mapper=ground.mapper)
        report = Engine(
            store=self.store,
            sides={NAME: side},
            routes=(),
            fields=ground.practice.fields,
            statuses=ground.practice.statuses,
            practice_digest="kit",
            since=START,
            now=ground.now,
        ).run()
        assert not report.deliveries, f"a delivery could not be worked on: {report.deliveries[0].reason}"
        assert not report.failed, f"the run failed: {report.connections[NAME].paused}"

    def says(self, ref: Ref) -> Mapping[FieldId, Value]:
        """What the inquiry of a record says; there has to be one."""
        link = tables.link
        with self.store.read() as tx:
            found = sa.select(link.c.inquiry).where(link.c.collection == ref.collection, link.c.rid == ref.rid)
            row = tx.execute(found).scalar()
            assert row is not None, f"{ref.rid} was delivered, and no inquiry came of it"
            return dict(load_documents(tx, [InquiryId(row)])[InquiryId(row)].values)

    def counts(self) -> tuple[int, int, int]:
        """Inquiries, messages, events."""
        with self.store.read() as tx:
            every = (tables.inquiry, tables.message, tables.event)
            one, two, three = (int(tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()) for table in every)
        return one, two, three

    def close(self) -> None:
        self.store.close()
        self.connection.close()


@contextmanager
def receiving(ground: Ground) -> Iterator[Receiving]:
    made = Receiving(ground)
    try:
        yield made
    finally:
        made.close()


def receiver_of(connection: Connection) -> WebhookReceiver:
    found = connection.webhooks
    assert found is not None
    return found


def posts_of(ground: Ground) -> Posts:
    found: Posts = ground.running.posts  # type: ignore[attr-defined]  # asked for by the need "posts"
    return found


def told_of(ground: Ground, ref: Ref) -> list[RawRequest]:
    """What the platform has to say about something that was just done to a record."""
    found = list(posts_of(ground).take())
    assert found, f"something was done to {ref.rid}, and the platform sends nothing"
    return found


def read(connection: Connection, request: RawRequest) -> Delivery:
    try:
        delivery = receiver_of(connection).receive(request)
    except Rejected as error:
        message = f"a genuine delivery is refused: {error}"
        raise AssertionError(message) from error
    assert isinstance(delivery, Delivery)
    return delivery


def without_power(desk: Receiving, request: RawRequest) -> int | None:
    """What the host answers when nothing it writes reaches the disk; None: it does not come to an answer."""

    def cut(_connection: object) -> None:
        raise PowerCut

    sa.event.listen(desk.store.engine, "commit", cut)
    try:
        return desk.take(request)
    except PowerCut:
        return None
    finally:
        sa.event.remove(desk.store.engine, "commit", cut)
        desk.restart()


def stands(desk: Receiving, request: RawRequest) -> None:
    with desk.store.read() as tx:
        rows = tx.execute(sa.select(tables.inbox.c.delivery_id).where(tables.inbox.c.conn == NAME)).scalars().all()
        kept: Sequence[RawRequest] = [request_of(tx, NAME, one) for one in rows]
    assert any(one.body == request.body for one in kept), "answered, and after a restart the delivery was gone"
    assert request in kept, "what is kept is not what came in: its signature cannot be looked at again"


def records_of(ground: Ground, ref: Ref) -> list[RemoteRecord]:
    found = [one for request in told_of(ground, ref) for one in read(ground.connection, request).records if one.ref == ref]
    assert found, f"{ref.rid} has changed, and no delivery holds it"
    return found


def whole(ground: Ground, record: RemoteRecord) -> None:
    told, shown = ground.mapper.read(record).values, ground.hands.shows(record.ref)
    wrong = {name: (told.get(name), value) for name, value in shown.items() if value and not same(told.get(name), value)}
    assert not wrong, f"a delivery says otherwise than a person sees (told, seen): {wrong}"
    assert record.updated_at is not None, "a delivered record has no time, so nobody can tell what came first"
    assert record.updated_at.tzinfo is not None
    assert record.label, "a delivered record has no name that people call it by"


class Callback:
    """Deliveries: genuine or not, doubled, overtaken, and with the power gone in between."""

    @guarantee(
        "callback/told",
        en="What people do is delivered whole, with the platform's own time, and messages with author and visibility.",
        zh="人们所做的一切完整送达，带有平台自己的时间；消息带有作者与可见性。",
        needs="hands callback",
    )
    def test_what_people_do_is_delivered_whole(self, ground: Ground, collection: str) -> None:
        posts_of(ground).take()
        ref = ground.raise_one(collection)
        (first,) = records_of(ground, ref)
        whole(ground, first)
        ground.wait(ground.now() + timedelta(minutes=1))
        ground.hands.edit(ref, {TITLE: "Kit edited"}, PEOPLE[1])
        second = records_of(ground, ref)[-1]
        whole(ground, second)
        assert second.updated_at is not None
        assert first.updated_at is not None
        assert second.updated_at > first.updated_at, "a minute later, and no later stamp"
        for visibility in sorted(ground.of(collection).visibilities) if ground.of(collection).messages == "callback" else ():
            ground.hands.write(ref, visibility, f"Kit {visibility.value} words", PEOPLE[1])
            said = [one for request in told_of(ground, ref) for one in read(ground.connection, request).messages]
            found = [(one.parent, one.visibility, one.body, one.author_side) for one in said]
            assert len(found) == 1, f"one message, and {len(found)} are told"
            assert found[0][:2] == (ref, visibility)
            assert f"Kit {visibility.value} words" in found[0][2]
            assert found[0][3] != "us", "a person's message is taken for ours"

    @guarantee(
        "callback/id",
        en="A delivery has one id, however often it is repeated; another one has another.",
        zh="一次推送只有一个编号，重复多少次都不变；不同的推送编号不同。",
        needs="hands posts",
    )
    def test_a_repeated_delivery_keeps_its_id(self, ground: Ground, collection: str) -> None:
        posts_of(ground).take()
        requests = [request for _ in range(2) for request in told_of(ground, ground.raise_one(collection))]
        ids = [read(ground.connection, one).delivery_id for one in requests]
        assert None not in ids, "a delivery without an id is taken for a handshake"
        assert len(set(ids)) == len(ids), "two deliveries have one id"
        ground.wait(ground.now() + timedelta(minutes=2))
        again = [read(ground.connection, posts_of(ground).again(one)).delivery_id for one in requests]
        assert again == ids, "a delivery that is repeated has another id"

    @guarantee(
        "callback/forged",
        en="What was altered by a byte, or is not signed, is refused: the signature is over the bytes as they came.",
        zh="改动一个字节或没有签名的推送会被拒绝：签名按收到的原始字节核对。",
        needs="hands posts",
    )
    def test_what_is_not_genuine_is_refused(self, ground: Ground, collection: str) -> None:
        posts_of(ground).take()
        request = told_of(ground, ground.raise_one(collection))[0]
        last = bytes([request.body[-1] ^ 1]) if request.body else b"x"
        forged = {
            "a blank behind the body": replace(request, body=request.body + b" "),
            "another last byte": replace(request, body=request.body[:-1] + last),
            "no headers": replace(request, headers={}, query=""),
            "nothing at all": replace(request, headers={}, query="", body=b""),
        }
        for what, one in forged.items():
            try:
                receiver_of(ground.connection).receive(one)
            except Rejected:
                continue
            except Exception as error:
                message = f"{what}: {type(error).__name__} where Rejected is promised"
                raise AssertionError(message) from error
            message = f"{what}: taken for genuine"
            raise AssertionError(message)

    @guarantee(
        "callback/handshake",
        en="The platform's question whether an address is ours is answered, and nothing is kept of it.",
        zh="平台询问地址归属时会得到应答，且不留存任何内容。",
        needs="posts",
    )
    def test_a_handshake_is_answered(self, ground: Ground) -> None:
        asked = posts_of(ground).handshake()
        if asked is None:
            pytest.skip("the platform asks no such question")
        request, accepts = asked
        delivery = read(ground.connection, request)
        assert delivery.delivery_id is None, "a handshake is kept as a delivery"
        assert not Content.of(delivery), "a handshake tells of something"
        assert accepts(delivery.reply), f"the platform does not take {delivery.reply.status} for an answer"

    @guarantee(
        "callback/alone",
        en="Taking a delivery asks nobody: no network and no waiting.",
        zh="接收推送不询问任何人：不访问网络，也不等待。",
        needs="hands posts",
    )
    def test_taking_a_delivery_asks_nobody(self, ground: Ground, collection: str) -> None:
        posts_of(ground).take()
        requests = told_of(ground, ground.raise_one(collection))
        budget = NoCalls()
        connection = ground.connect(budget=budget)
        budget.asked.clear()

        def refuse(*_: Any, **__: Any) -> Any:
            budget.asked.append("the network, or the clock")
            message = "no I/O in receive"
            raise OSError(message)

        try:
            with (
                mock.patch.multiple(socket.socket, connect=refuse),
                mock.patch.multiple(socket, create_connection=refuse, getaddrinfo=refuse),
                mock.patch.object(time, "sleep", refuse),
            ):
                for request in requests:
                    receiver_of(connection).receive(request)
        except Exception as error:
            if not budget.asked:
                raise
            message = f"a delivery was taken by asking {budget.asked[0]}"
            raise AssertionError(message) from error
        finally:
            connection.close()
        assert not budget.asked, f"a delivery was taken by asking {budget.asked[0]}"

    @guarantee(
        "callback/replay",
        en="A delivery that is read again, a year later and by another process, says the same.",
        zh="一年之后由另一个进程再次解读，同一次推送说的内容不变。",
        needs="hands posts",
    )
    def test_a_delivery_read_again_says_the_same(self, ground: Ground, collection: str) -> None:
        posts_of(ground).take()
        requests = told_of(ground, ground.raise_one(collection))
        told = [Content.of(read(ground.connection, one)) for one in requests]
        ground.wait(ground.now() + timedelta(days=400))
        later = ground.connect()
        try:
            assert [Content.of(read(later, one)) for one in requests] == told, "read again it says something else"
        finally:
            later.close()

    @guarantee(
        "callback/saved",
        en="A delivery is saved, word for word, before it is answered: with the process killed in between it is still there.",
        zh="推送先逐字保存，再应答：两者之间进程被杀，内容仍在。",
        needs="hands posts",
    )
    def test_a_delivery_is_saved_before_it_is_answered(self, ground: Ground, collection: str) -> None:
        posts_of(ground).take()
        ref = ground.raise_one(collection)
        requests = told_of(ground, ref)
        with receiving(ground) as desk:
            for request in requests:
                status = without_power(desk, request)
                assert status is None or not 200 <= status < 300, f"answered {status}, and nothing was saved: it is lost"
                status = desk.take(request)
                assert 200 <= status < 300, f"a genuine delivery is answered with {status}"
                desk.restart()
                stands(desk, request)
            if ground.of(collection).changes == "callback":
                desk.run()
                told = desk.says(ref).get(TITLE)
                assert same(told, ground.hands.shows(ref)[TITLE]), f"what was saved says {told!r}"

    @guarantee(
        "callback/twice",
        en="What is delivered twice counts once.",
        zh="重复送达的只算一次。",
        needs="hands callback",
    )
    def test_what_is_delivered_twice_counts_once(self, ground: Ground, collection: str) -> None:
        posts_of(ground).take()
        ref = ground.raise_one(collection)
        requests = told_of(ground, ref)
        if ground.of(collection).messages == "callback":
            visibility = sorted(ground.of(collection).visibilities)[0]
            ground.hands.write(ref, visibility, "Kit once", PEOPLE[1])
            requests += told_of(ground, ref)
        with receiving(ground) as desk:
            for request in requests:
                desk.take(request)
            desk.run()
            before = desk.counts()
            assert before[0] == 1, f"one record, and {before[0]} inquiries"
            ground.wait(ground.now() + timedelta(minutes=2))
            for request in requests:
                desk.take(posts_of(ground).again(request))
            desk.run()
            assert desk.counts() == before, f"inquiries, messages and events were {before}; delivered again: {desk.counts()}"

    @guarantee(
        "callback/order",
        en="Deliveries that overtake each other come to the same as in their order, also changes of one instant.",
        zh="推送先后颠倒，结果与按序到达相同，同一瞬间的修改也是如此。",
        needs="hands callback",
    )
    def test_deliveries_may_overtake_each_other(self, ground: Ground, collection: str) -> None:
        posts_of(ground).take()
        ref = ground.raise_one(collection)
        for number in range(3):
            if number == 1:
                ground.wait(ground.now() + timedelta(minutes=1))
            ground.hands.edit(ref, {TITLE: f"Kit title {number}"}, PEOPLE[1])
        requests = told_of(ground, ref)
        with receiving(ground) as desk:
            for order in (requests[::-1], requests[1:] + requests[:1]):
                for request in order:
                    desk.take(request)
                    desk.run()
            said = desk.says(ref).get(TITLE)
            assert same(said, "Kit title 2"), f"the last title was 'Kit title 2', and the inquiry says {said!r}"
