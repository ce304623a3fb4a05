"""What was said on a ticket, read: the exchange with the guest, and the agents' own remarks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Literal

from deskweave.connector import Outcome, Page, Ref, RemoteMessage
from deskweave.errors import Executed, Rejected
from deskweave.model import InternalMessage, Json, PublicMessage, Visibility
from deskweave_feishu.client import TICKET_PAGE, Client, mapping, objects
from deskweave_feishu.content import plain_text
from deskweave_feishu.tickets import TICKET, instant_of, people_of

_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_READ_ONLY: Final = (
    "tickets are read only in this release: a message there is sent by the bot into the guest's chat, under no idempotency key"
)


class TicketMessages:
    """`connector.Messages` for the collection `ticket`. Guest or agent is told by comparing ids: the listing does not say."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def changes(self, collection: str, since: datetime | None, resume: str | None) -> Page[RemoteMessage]:
        """There is no feed over all tickets: `messages` is "per_record".

        Raises:
            Rejected: always.
        """
        raise Rejected(f"Feishu lists messages ticket by ticket, there is no feed for {collection}", code="no-feed")

    def of(self, parent: Ref, resume: str | None) -> Page[RemoteMessage]:
        """A page of a ticket's messages; the internal remarks come with the first one."""
        if parent.collection != TICKET:
            return Page(items=[], resume=None)
        guest, helpers, page = _read(resume)
        internal: list[RemoteMessage] = []
        if resume is None:
            ticket = self._client.ticket(parent.rid)
            guest, helpers = people_of(ticket)
            internal = _comments(parent, ticket)
        data = self._client.ticket_messages(parent.rid, page)
        messages = objects(data.get("messages"))
        public = [message for item in messages if (message := _message(parent, item, guest, helpers)) is not None]
        total = data.get("total")
        more = isinstance(total, int) and page * TICKET_PAGE < total and bool(messages)
        following = json.dumps({"guest": guest, "helpers": sorted(helpers), "page": page + 1}) if more else None
        return Page(items=sorted([*internal, *public], key=lambda message: message.at), resume=following)

    def say(self, parent: Ref, message: PublicMessage, *, corr: str, key: str) -> Outcome:
        return _refused(parent)

    def note(self, parent: Ref, message: InternalMessage, *, corr: str, key: str) -> Outcome:
        return _refused(parent)


def _refused(parent: Ref) -> Outcome:
    where = f"{parent.collection}/{parent.rid}"
    why = _READ_ONLY if parent.collection == TICKET else "a row of the ledger has no messages"
    return Outcome(executed=Executed.NO, error=Rejected(why, code="read-only", record=where))


def _read(resume: str | None) -> tuple[str, frozenset[str], int]:
    if resume is None:
        return "", frozenset(), 1
    try:
        told = json.loads(resume)
        return str(told["guest"]), frozenset(map(str, told["helpers"])), int(told["page"])
    except (ValueError, TypeError, KeyError):
        raise Rejected("the place to resume these messages at is unreadable; start anew", code="resume") from None


def _message(parent: Ref, item: Mapping[str, Json], guest: str, helpers: frozenset[str]) -> RemoteMessage | None:
    message_id = item.get("message_id") or item.get("id")
    if not message_id:
        return None
    author = str(item.get("user_id") or "")
    side: Literal["user", "agent", "bot", "unknown"] = "unknown"
    if not author:
        side = "bot"
    elif author == guest:
        side = "user"
    elif author in helpers:
        side = "agent"
    return RemoteMessage(
        ref=Ref(TICKET, f"{parent.rid}/m/{message_id}"),
        parent=parent,
        visibility=Visibility.PUBLIC,
        body=plain_text(item.get("content")),
        author=author or None,
        author_side=side,
        at=instant_of(item.get("created_at")) or _NEVER,
        edited_at=None,
        corr=None,
    )


def _comments(parent: Ref, ticket: Mapping[str, Json]) -> list[RemoteMessage]:
    """The agents' remarks: one object in the documents, a list in life. The author's id is a number too long for a float."""
    told = ticket.get("comments")
    return [
        RemoteMessage(
            ref=Ref(TICKET, f"{parent.rid}/c/{entry['id']}"),
            parent=parent,
            visibility=Visibility.INTERNAL,
            body=str(entry.get("content") or ""),
            author=str(entry["user_id"]) if entry.get("user_id") else None,
            author_side="agent",
            at=instant_of(entry.get("created_at")) or _NEVER,
            edited_at=None,
            corr=None,
        )
        for entry in ([mapping(told)] if isinstance(told, Mapping) else objects(told))
        if entry.get("id") is not None
    ]
