"""What a platform sends by itself: hints, and answers that exist nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from deskweave.connector.records import RemoteMessage, RemoteRecord
from deskweave.model import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRequest:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes  #: as received; signatures are over these bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class RawReply:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Hint:
    """Look here soon. Polling would find it anyway."""

    collection: str
    rid: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person pressed or typed, told once and nowhere else (a Feishu card): an observation, not a hint."""

    corr: str
    kind: Literal["confirmed", "declined", "rated", "acknowledged", "replied"]
    value: Json
    account: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A genuine delivery. The host saves the request and all that was read from it in one commit, and only then sends `reply`.

    Records and messages count where the collection's `changes` or `messages` is "callback": such a record is whole (what is absent
    was not readable) and carries `updated_at`, and `version` where two changes can share a stamp, for deliveries overtake each
    other. Of any other collection a record is taken for a hint.
    """

    delivery_id: str | None  #: the same however often the platform repeats it. None: a handshake, nothing to keep
    reply: RawReply
    hints: Sequence[Hint] = ()
    answers: Sequence[Answer] = ()
    records: Sequence[RemoteRecord] = ()  #: from a source whose callback is the truth
    messages: Sequence[RemoteMessage] = ()


@dataclass(frozen=True, slots=True)
class Subscription:
    id: str
    expires_at: datetime | None


class WebhookReceiver(Protocol):
    def receive(self, request: RawRequest) -> Delivery:
        """Verify, decrypt, read. No I/O, no clock but `received_at`: the same request is read again when it is replayed.

        Raises:
            Rejected: the signature, the age or the addressee is wrong. Nothing is kept, and the sender is told nothing.
        """

    def subscribe(self, url: str) -> Sequence[Subscription]: ...
    def renew(self, subscriptions: Sequence[Subscription]) -> Sequence[Subscription]: ...
    def cancel(self, subscriptions: Sequence[Subscription]) -> None: ...
