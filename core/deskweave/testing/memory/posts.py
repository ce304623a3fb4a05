"""What a platform in memory sends by itself: signed, at least once, in no order, repeated until somebody has taken it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from deskweave.connector import (
    Answer,
    Delivery,
    Hint,
    RawReply,
    RawRequest,
    Ref,
    RemoteMessage,
    RemoteRecord,
    Subscription,
)
from deskweave.errors import Rejected
from deskweave.model import Json, Visibility

if TYPE_CHECKING:
    from deskweave.testing.memory.connection import MemoryConnection
    from deskweave.testing.memory.platform import Comment, MemoryPlatform, Record

SECRET: Final = "memory-signing-key-of-nobody"
AGE: Final = timedelta(minutes=5)  #: a signature older than this is not taken
ID, STAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


@dataclass(frozen=True, slots=True)
class Post:
    """One thing to be told; its id and its body stay the same however often it is sent."""

    id: str
    body: bytes


@dataclass(slots=True)
class Posts:
    """The way out of one platform. `waiting` is what nobody has acknowledged yet, in the order in which it happened."""

    waiting: list[Post] = field(default_factory=list)
    told: int = 0
    now: Callable[[], datetime] = lambda: datetime.now(UTC)  #: the platform's, once it runs

    def tell(self, body: Mapping[str, Json]) -> None:
        """Have something sent."""
        self.told += 1
        self.waiting.append(Post(f"post-{self.told:06d}", json.dumps(body, ensure_ascii=False).encode()))

    def tell_record(self, platform: MemoryPlatform, record: Record, comment: Comment | None = None) -> None:
        """A record has changed; where the callback is the truth all of it is told, else that there is something to see."""
        self.now = platform.now
        habits = platform.habits(record.collection)
        if habits.callback:
            said: list[Json] = [] if comment is None else [_of_comment(comment)]
            self.tell({"records": [_of_record(platform, record)], "messages": said})
        elif habits.hints:
            self.tell({"hints": [[record.collection, record.rid]]})

    # -------------------------------------------------------------------------------------------------- `connector.Posts`
    def take(self) -> list[RawRequest]:
        """All that waits, as it is sent now; whoever takes it carries it."""
        posts, self.waiting = self.waiting, []
        return [self.request(one) for one in posts]

    def again(self, request: RawRequest) -> RawRequest:
        """The same delivery as the platform repeats it: the id stays, stamp and signature are new."""
        return self.request(Post(request.headers[ID], request.body))

    def handshake(self) -> tuple[RawRequest, Callable[[RawReply], bool]]:
        """The platform's question whether the address is ours, and whether it takes the reply for an answer."""
        word = f"word-{self.told}"
        request = self.request(Post("handshake", json.dumps({"challenge": word}).encode()))
        return request, lambda reply: 200 <= reply.status < 300 and reply.body == word.encode()

    def request(self, post: Post) -> RawRequest:
        at = self.now()
        stamp = str(int(at.timestamp()))
        headers = {ID: post.id, STAMP: stamp, SIGNATURE: sign(post.id, stamp, post.body), "content-type": "application/json"}
        return RawRequest(method="POST", path="/", query="", headers=headers, body=post.body, received_at=at)

    def deliver(
        self,
        to: Callable[[RawRequest], RawReply | None],
        *,
        order: Callable[[list[Post]], Sequence[Post]] = lambda posts: posts,
        times: int = 1,
    ) -> int:
        """Send all that waits; what is not answered with 2xx waits on, to be repeated.

        Args:
            to: the receiver; None is a reply that was lost, or later than the platform waits.
            order: in which it arrives.
            times: so often each is sent, whatever is answered.

        Returns:
            How many still wait.
        """
        left = []
        for post in order(list(self.waiting)):
            replies = [to(self.request(post)) for _ in range(times)]
            if not any(reply is not None and 200 <= reply.status < 300 for reply in replies):
                left.append(post)
        self.waiting = sorted(left, key=lambda one: one.id)
        return len(left)


def sign(identifier: str, stamp: str, body: bytes) -> str:
    """Over the bytes as they are sent."""
    return hmac.new(SECRET.encode(), f"{identifier}.{stamp}.".encode() + body, hashlib.sha256).hexdigest()


class MemoryReceiver:
    """`connector.WebhookReceiver` of a platform in memory."""

    def __init__(self, home: MemoryConnection) -> None:
        self.home = home

    def receive(self, request: RawRequest) -> Delivery:
        """Verify and read.

        Raises:
            Rejected: the signature is wrong, or older than five minutes.
        """
        self.verify(request)
        told = json.loads(request.body)
        if "challenge" in told:
            return Delivery(delivery_id=None, reply=RawReply(200, {}, str(told["challenge"]).encode()))
        return Delivery(
            delivery_id=self.known_by(request),
            reply=RawReply(200, {"content-type": "application/json"}, b"{}"),
            hints=[Hint(*one) for one in told.get("hints", ())],
            answers=[_answer(one) for one in told.get("answers", ())],
            records=[self.record(one) for one in told.get("records", ())],
            messages=[self.message(one) for one in told.get("messages", ())],
        )

    def verify(self, request: RawRequest) -> None:
        identifier, stamp = request.headers.get(ID, ""), request.headers.get(STAMP, "")
        signed = sign(identifier, stamp, request.body)
        if not hmac.compare_digest(signed.encode(), request.headers.get(SIGNATURE, "").encode()):
            message = "the signature is wrong"
            raise Rejected(message)
        age = request.received_at - datetime.fromtimestamp(int(stamp), UTC)
        if abs(age) > AGE:
            message = "the signature is too old"
            raise Rejected(message)

    def known_by(self, request: RawRequest) -> str:
        return request.headers[ID]

    def record(self, told: Mapping[str, Any]) -> RemoteRecord:
        return RemoteRecord(
            ref=Ref(told["collection"], told["rid"]),
            fields=told["fields"],
            corr=told["corr"],
            updated_at=datetime.fromisoformat(told["at"]),
            version=told["version"],
            updated_by=told["by"],
            label=told["label"],
        )

    def message(self, told: Mapping[str, Any]) -> RemoteMessage:
        return RemoteMessage(
            ref=Ref("comment", told["id"]),
            parent=Ref(*told["parent"]),
            visibility=Visibility(told["visibility"]),
            body=told["body"],
            author=told["by"],
            author_side=told["side"],
            at=datetime.fromisoformat(told["at"]),
            edited_at=None,
            corr=told["corr"],
        )

    def subscribe(self, url: str) -> Sequence[Subscription]:
        return [Subscription("memory", None)]

    def renew(self, subscriptions: Sequence[Subscription]) -> Sequence[Subscription]:
        return subscriptions

    def cancel(self, subscriptions: Sequence[Subscription]) -> None:
        """It goes on telling whoever listens."""


def _of_record(platform: MemoryPlatform, record: Record) -> Json:
    habits = platform.habits(record.collection)
    fields = {**dict.fromkeys(platform.columns), **record.fields}
    return {
        "collection": record.collection,
        "rid": record.rid,
        "fields": {name: value for name, value in fields.items() if name not in habits.unreadable},
        "corr": record.corr,
        "at": record.updated_at.isoformat(),
        "version": str(record.version) if habits.versions else None,
        "by": record.by,
        "label": record.label,
    }


def _of_comment(comment: Comment) -> Json:
    from deskweave.testing.memory.platform import US

    return {
        "id": str(comment.number),
        "parent": [comment.collection, comment.rid],
        "visibility": comment.visibility.value,
        "body": comment.body,
        "by": comment.by,
        "side": "us" if comment.by == US else "unknown",
        "at": comment.at.isoformat(),
        "corr": comment.corr,
    }


def _answer(told: Mapping[str, Any]) -> Answer:
    return Answer(
        corr=told["corr"],
        kind=told["kind"],
        value=told["value"],
        account=told["account"],
        at=datetime.fromisoformat(told["at"]),
    )
