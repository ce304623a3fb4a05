"""Connectors, and one host, that are wrong about what a platform sends by itself."""

from __future__ import annotations

import contextlib
import json
import socket
from dataclasses import replace
from datetime import UTC, datetime

from deskweave.connector import Delivery, RawReply, Ref
from deskweave.errors import Rejected
from deskweave.store.inbox import Content, save_delivery
from deskweave.testing.memory import MemoryConnection, MemoryReceiver
from deskweave.testing.memory.posts import ID, SIGNATURE, STAMP, sign
from deskweave.workspace.receiving import Receipt


class ForgetsAField(MemoryReceiver):
    """What was not changed is left out of a delivery, as many a platform does."""

    def record(self, told):
        found = super().record(told)
        return replace(found, fields={name: raw for name, raw in found.fields.items() if name != "short"})


class StampsByItself(MemoryReceiver):
    """The time at which it came in place of the time at which it happened."""

    def receive(self, request):
        delivery = super().receive(request)
        return replace(delivery, records=[replace(one, updated_at=None) for one in delivery.records])


class NewIdEachTime(MemoryReceiver):
    def known_by(self, request):
        return f"{request.headers[ID]}-{request.headers[STAMP]}"


class TrustsAnybody(MemoryReceiver):
    def verify(self, request):
        """The address is secret enough."""


class VerifiesTheMeaning(MemoryReceiver):
    """The body is parsed and written again, and the signature is looked for over that."""

    def verify(self, request):
        body = json.dumps(json.loads(request.body), ensure_ascii=False).encode()
        if request.headers.get(SIGNATURE) != sign(request.headers.get(ID, ""), request.headers.get(STAMP, ""), body):
            raise Rejected("the signature is wrong")


class AnswersNothing(MemoryReceiver):
    def receive(self, request):
        return replace(super().receive(request), reply=RawReply(200, {}, b""))


class AsksThePlatform(MemoryReceiver):
    """The hint is looked up at once: in the three seconds the platform waits."""

    def receive(self, request):
        delivery = super().receive(request)
        self.home.fetch([one.ref for one in delivery.records])
        return delivery


class FetchesItsKey(MemoryReceiver):
    """The key of the signature is read from the platform, each time."""

    def verify(self, request):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", 9), timeout=0.1).close()
        super().verify(request)


class LooksAtTheClock(MemoryReceiver):
    """How old a delivery is, is asked of the clock on the wall."""

    def verify(self, request):
        super().verify(request)
        age = self.home.platform.now() - datetime.fromtimestamp(int(request.headers[STAMP]), UTC)
        if age.total_seconds() > 300:
            raise Rejected("too old")


class KeepsItToItself(MemoryReceiver):
    """What came is put into a list of its own, to be handed out when the engine asks."""

    def receive(self, request):
        delivery = super().receive(request)
        return delivery if delivery.delivery_id is None else Delivery(delivery_id=None, reply=delivery.reply)


class NamesByArrival(NewIdEachTime):
    """A record is called after the delivery that told of it."""

    def receive(self, request):
        delivery = super().receive(request)
        name = self.known_by(request)
        return replace(delivery, records=[replace(one, ref=Ref(one.ref.collection, name)) for one in delivery.records])


class ForgetsTheVersion(MemoryReceiver):
    def record(self, told):
        return replace(super().record(told), version=None)


def opened(receiver):
    """The connection with such a receiver."""
    return type(receiver.__name__, (MemoryConnection,), {"receives": receiver})


def answers_first(store, connection, receiver, request):
    """A host that answers, and saves when it comes to it."""
    delivery = receiver.receive(request)
    with contextlib.suppress(BaseException), store.write() as tx:  # the answer is on its way already
        save_delivery(tx, connection, delivery.delivery_id, request, Content.of(delivery))
    return Receipt(delivery.reply, "kept")


def keeps_what_it_read(store, connection, receiver, request):
    """A host that keeps what the connector has made of a delivery, and not what came."""
    delivery = receiver.receive(request)
    with store.write() as tx:
        save_delivery(tx, connection, delivery.delivery_id, replace(request, headers={}), Content.of(delivery))
    return Receipt(delivery.reply, "kept")
