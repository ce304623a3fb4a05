"""One connection: records, sink and messages over the client."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from deskweave.connector import (
    Absent,
    Capabilities,
    CollectionCapabilities,
    Draft,
    InstanceIdentity,
    Kit,
    Mapper,
    Outcome,
    Page,
    Patch,
    Plant,
    Ref,
    RemoteChange,
    RemoteMessage,
    RemoteRecord,
    Stub,
)
from deskweave.errors import Executed, Missing, RateLimited, Rejected, RequestError
from deskweave.findings import Finding, Place, Severity
from deskweave.mapping import BoundMapper, Dialect, text_codec
from deskweave.mapping.codec import choice_codec
from deskweave.model import Binding, InternalMessage, PublicMessage, Visibility
from deskweave_echo.client import CALLS, Client
from deskweave_echo.settings import Settings

TICKET: Final = "ticket"
COMMENT: Final = "comment"
#: A choice is a number there, everything else is text; bump the digest when this reads or writes anything differently.
DIALECT: Final = Dialect(
    codecs={"choice": choice_codec(lambda raw: raw, lambda raw: raw), "*": text_codec}, empty=None, digest="echo-1"
)
ITEM = TypeVar("ITEM")


class EchoConnection:
    attachments = people = outreach = configuration = target = scoreboard = webhooks = None

    def __init__(self, settings: Settings, kit: Kit) -> None:
        self._settings, self._kit = settings, kit
        self._client = Client(settings, kit)
        self._me: Mapping[str, Any] | None = None
        self.records = EchoRecords(self._client)
        self.sink = EchoSink(self._client)
        self.messages = EchoMessages(self._client, self._account)

    def _who(self) -> Mapping[str, Any]:
        if self._me is None:
            self._me = self._client.me()
        return self._me

    def _account(self) -> str:
        return str(self._who()["account"])

    @property
    def capabilities(self) -> Capabilities:
        self._who()
        place = Place(source=f"connection:{self._kit.connection}", path="identity")
        message = "Echo Desk has no place for a mark of ours: two installations that write to it would not notice each other"
        ticket = CollectionCapabilities(
            reads=True,
            changes="filter",
            cursor_precision=timedelta(seconds=1),
            census=True,
            creates=Plant.ATOMIC,  # external_id stands in the same request, and can be asked for
            find="strong",
            patches=True,
            conditions=True,
            deletes=True,
            messages="per_record",
            visibilities=frozenset(Visibility),
            message_plant=Plant.ATOMIC,
            message_edits="impossible",
        )
        return Capabilities(
            collections={TICKET: ticket},
            rates=(CALLS,),
            max_parallel=2,
            lost=(Finding(rule="echo-no-mark", severity=Severity.NOTE, place=place, found="", message=message),),
            probed_at=self._kit.now(),
        )

    @property
    def identity(self) -> InstanceIdentity:
        return InstanceIdentity(self._settings.address, str(self._who()["instance"]), None, None)

    def plant_identity(self, install: str, epoch: str) -> None:
        """There is no place for it; `capabilities.lost` says so."""

    def mapper(self, binding: Binding) -> Mapper:
        return BoundMapper(binding, DIALECT)

    def close(self) -> None:
        """The session is the host's."""


def read_ticket(told: Mapping[str, Any]) -> RemoteRecord:
    return RemoteRecord(
        ref=Ref(TICKET, str(told["id"])),
        fields={name: told[name] for name in ("subject", "body", "answer", "severity", "contact", "state") if name in told},
        corr=told.get("external_id"),
        updated_at=datetime.fromisoformat(told["changed"]),
        version=str(told["revision"]),
        updated_by=told.get("changed_by"),
        label=f"ECHO-{told['id']}",
    )


class EchoRecords:
    def __init__(self, client: Client) -> None:
        self._client = client

    def changes(self, collection: str, since: datetime | None, resume: str | None) -> Page[RemoteRecord]:
        """In the order of (changed, id). Until the last page what the page ends with is covered, then the service's own now."""
        asked = {"since": since.isoformat()} if since else {}
        told = self._client.tickets(**asked, **({"after": resume} if resume else {}))
        items = [read_ticket(one) for one in told["tickets"]]
        covers = datetime.fromisoformat(told["now"]) if told["next"] is None else items[-1].updated_at
        return Page(items=items, resume=told["next"], covers_until=covers, expected=told["total"])

    def fetch(self, refs: Sequence[Ref]) -> Sequence[RemoteRecord | Absent]:
        return [self._one(ref) for ref in refs]

    def _one(self, ref: Ref) -> RemoteRecord | Absent:
        try:
            return read_ticket(self._client.ticket(ref.rid))
        except Missing:
            return Absent(ref, "gone")  # one account sees all tickets: what is not found is not there

    def find(self, collection: str, corr: str, created_after: datetime) -> Sequence[RemoteRecord]:
        return [read_ticket(one) for one in self._client.tickets(external_id=corr)["tickets"]]

    def census(self, collection: str, resume: str | None) -> Page[Stub]:
        page = self.changes(collection, None, resume)
        return Page(items=[Stub(one.ref, one.updated_at) for one in page.items], resume=page.resume, expected=page.expected)

    def history(self, refs: Sequence[Ref], since: datetime | None, resume: str | None) -> Page[RemoteChange]:
        return Page(items=(), resume=None)


def each(items: Sequence[ITEM], write: Callable[[ITEM], Outcome]) -> list[Outcome]:
    """One after the other; what stands behind a limit is not sent, and says so."""
    outcomes: list[Outcome] = []
    limit: RateLimited | None = None
    for item in items:
        if limit is not None:
            outcomes.append(Outcome(executed=Executed.NO, error=limit))
            continue
        try:
            outcomes.append(write(item))
        except RequestError as error:
            outcomes.append(Outcome(executed=error.executed, error=error))
            limit = error if isinstance(error, RateLimited) else None
    return outcomes


class EchoSink:
    def __init__(self, client: Client) -> None:
        self._client = client

    def create(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        return each(drafts, self._create)

    def _create(self, draft: Draft) -> Outcome:
        record = read_ticket(self._client.create({**draft.fields, "external_id": draft.corr}))
        return Outcome(executed=Executed.YES, ref=record.ref, record=record)

    def patch(self, patches: Sequence[Patch]) -> Sequence[Outcome]:
        return each(patches, self._patch)

    def _patch(self, patch: Patch) -> Outcome:
        record = read_ticket(self._client.change(patch.ref.rid, patch.set, patch.if_version))
        return Outcome(executed=Executed.YES, ref=record.ref, record=record, applied=patch.covers)

    def delete(self, refs: Sequence[Ref]) -> Sequence[Outcome]:
        return each(refs, self._delete)

    def _delete(self, ref: Ref) -> Outcome:
        self._client.delete(ref.rid)
        return Outcome(executed=Executed.YES, ref=ref)


class EchoMessages:
    def __init__(self, client: Client, account: Callable[[], str]) -> None:
        self._client, self._account = client, account

    def changes(self, collection: str, since: datetime | None, resume: str | None) -> Page[RemoteMessage]:
        raise Rejected("Echo Desk has no feed of comments; they are read ticket by ticket")

    def of(self, parent: Ref, resume: str | None) -> Page[RemoteMessage]:
        return Page(items=[self._message(parent, one) for one in self._client.comments(parent.rid)["comments"]], resume=None)

    def _message(self, parent: Ref, told: Mapping[str, Any]) -> RemoteMessage:
        return RemoteMessage(
            ref=Ref(COMMENT, str(told["id"])),
            parent=parent,
            visibility=Visibility.INTERNAL if told["internal"] else Visibility.PUBLIC,
            body=str(told["text"]),
            author=told["by"],
            author_side="us" if told["by"] == self._account() else "unknown",
            at=datetime.fromisoformat(told["at"]),
            edited_at=None,
            corr=told.get("external_id"),
        )

    def say(self, parent: Ref, message: PublicMessage, *, corr: str, key: str) -> Outcome:
        return self._write(parent, message.body, corr, internal=False)

    def note(self, parent: Ref, message: InternalMessage, *, corr: str, key: str) -> Outcome:
        return self._write(parent, message.body, corr, internal=True)

    def _write(self, parent: Ref, text: str, corr: str, *, internal: bool) -> Outcome:
        told = self._client.comment(parent.rid, {"text": text, "internal": internal, "external_id": corr})
        return Outcome(executed=Executed.YES, ref=Ref(COMMENT, str(told["id"])))
