"""The only writer of events: appends them, moves the documents they fold to, hands out numbers (practice A12, A14)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from deskweave.ledger.fold import LOGS, MESSAGE_LOG
from deskweave.model import Field, FieldId, InquiryId, InternalMessage, Json, Phase, PublicMessage, StatusModel, Value, Visibility
from deskweave.store import Store, tables
from deskweave.store.events import known_origins, last_seq
from deskweave.store.inquiries import Document, chunks, load_documents, next_number
from deskweave.store.many import Many
from deskweave.store.values import REFERENCE, encode

STATUS = FieldId("status")
_PERSONAL: Final = Many(tables.personal.insert())
_MESSAGES: Final = Many(tables.message.insert())
_EVENTS: Final = Many(tables.event.insert())
_INQUIRIES: Final = Many(tables.inquiry.insert())
_MOVED: Final = Many(
    sa.update(tables.inquiry)
    .where(tables.inquiry.c.id == sa.bindparam("b_id"))
    .values({name: sa.bindparam(name) for name in ("doc", "seq", "closed_at")})
)
_SAID: Final = Many(sa.update(tables.inquiry).where(tables.inquiry.c.id == sa.bindparam("b_id")).values(seq=sa.bindparam("seq")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that became so, before it is written.

    Attributes:
        at: when it happened there, aware UTC.
        order: settles entries of one instant.
        source: "connection:snow", "rule:<id>", "plugin:<name>", "person:<id>".
        origin_id: "<collection>/<rid>/<vendor change id>/<field>" for a line of history,
            "<collection>/<rid>/@<version or updated_at>/<field>" for an observation, a fresh ULID for a rule or a person.
        history: a line of a platform's history: written once, however often it is read. An observation whose origin_id is taken
            (two edits within what the platform's stamp can tell apart) gets a suffix instead: it is never lost.
        precise: False: `at` is the latest moment it can have happened.
        refines: seq of the coarser event this line explains; it does not move the document.
        old: only where `refines` is set; otherwise it is what the document says.
    """

    field: FieldId
    new: Value
    at: datetime
    source: str
    origin_id: str
    actor: str | None = None
    order: int = 0
    history: bool = False
    precise: bool = True
    refines: int | None = None
    old: Value = None
    cause: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """What becomes so of one inquiry. `new`: it begins here. `unknown`: all raw values without a word; None: as before."""

    inquiry: InquiryId
    entries: Sequence[Entry] = ()
    new: bool = False
    unknown: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """A message before it is written. Its visibility is its type."""

    inquiry: InquiryId
    message: PublicMessage | InternalMessage
    author: str | None  #: as people read it, when nobody is known: name or account
    source: str
    origin_id: str
    id: str | None = None  #: what it was called in a store that was lost; None: it is new
    edits: str | None = None  #: the message it says anew, where it is one that was rewritten


class Ledger:
    """Writes what becomes so, in the caller's transaction.

    Args:
        store: for ids and the clock.
        fields: the practice's; values of fields marked `personal` stand beside the events.
        statuses: tells when an inquiry is closed.
        practice: digest of the practice in force, stamped on every event.
    """

    def __init__(self, store: Store, *, fields: Mapping[FieldId, Field], statuses: StatusModel | None, practice: str) -> None:
        self._store, self._practice = store, practice
        self._personal = frozenset(name for name, field in fields.items() if field.personal is not None)
        self._closed = frozenset(
            slug
            for slug, status in (statuses.statuses.items() if statuses is not None else ())
            if status.phase in (Phase.CLOSED, Phase.CANCELLED)
        )

    def commit(
        self, tx: sa.Connection, postings: Sequence[Posting], *, settled: Collection[str] | None = ()
    ) -> dict[InquiryId, Document]:
        """Append events and move the documents.

        An entry that says what the document says already is no event, unless it refines one.

        Args:
            tx: a transaction of `Store.write`.
            postings: at most one per inquiry.
            settled: ids of links that need not look at the change, because it came from them; all other links of a changed
                inquiry become dirty. None: the caller looks after every link itself.

        Returns:
            The documents of all postings, as they are now.
        """
        documents = load_documents(tx, [one.inquiry for one in postings if not one.new])
        taken = self._taken(tx, postings)
        sequence, recorded = last_seq(tx), self._store.now()
        number = next_number(tx) if any(one.new for one in postings) else 0
        personal: list[dict[str, Any]] = []
        events: list[dict[str, Any]] = []
        fresh: list[dict[str, Any]] = []
        moved: list[dict[str, Any]] = []
        for posting in postings:
            if posting.new:
                document = Document(posting.inquiry, number, sequence, {}, {})
                number += 1
            else:
                document = documents[posting.inquiry]
            before = document.seq
            for entry in posting.entries:
                row = self._event(document, entry, taken, recorded, personal)
                if row is not None:
                    sequence += 1
                    row["seq"] = sequence
                    events.append(row)
                    document.seq = sequence
            changed = document.seq != before
            if posting.unknown is not None and dict(posting.unknown) != document.unknown:
                document.unknown = dict(posting.unknown)
                changed = True
            if posting.new:
                fresh.append(_row(document))
            elif changed:
                moved.append({**_row(document), "b_id": document.id})
            documents[document.id] = document
        _PERSONAL.write(tx, personal)
        _INQUIRIES.write(tx, fresh)
        _EVENTS.write(tx, events)
        _MOVED.write(tx, moved)
        if settled is not None:
            mark_dirty(tx, [row["id"] for row in moved], settled)
        return documents

    def record(self, tx: sa.Connection, utterances: Sequence[Utterance]) -> list[str | None]:
        """Write messages and the events that say so; answers with their ids, None for one that is an event already."""
        taken: set[tuple[str, str]] = set()
        for source in {one.source for one in utterances}:
            ids = [one.origin_id for one in utterances if one.source == source]
            taken.update((source, origin) for origin in known_origins(tx, source, ids))
        sequence, recorded = last_seq(tx), self._store.now()
        answer: list[str | None] = []
        personal, messages, events = [], [], []
        for one in utterances:
            if (one.source, one.origin_id) in taken:
                answer.append(None)
                continue
            taken.add((one.source, one.origin_id))
            identifier, body = one.id or self._store.new_id(), self._store.new_id()
            visibility = Visibility.PUBLIC if isinstance(one.message, PublicMessage) else Visibility.INTERNAL
            sequence += 1
            personal.append({"id": body, "person": one.message.author, "value": one.message.body})
            messages.append(
                {
                    "id": identifier,
                    "inquiry": one.inquiry,
                    "visibility": visibility.value,
                    "author": one.message.author or one.author,
                    "at": one.message.at,
                    "body": body,
                }
            )
            events.append(
                {
                    "seq": sequence,
                    "inquiry": one.inquiry,
                    "field": MESSAGE_LOG,
                    "old": one.edits,
                    "new": identifier,
                    "at": one.message.at,
                    "ord": 0,
                    "recorded_at": recorded,
                    "actor": one.message.author or one.author,
                    "source": one.source,
                    "origin_id": one.origin_id,
                    "precise": True,
                    "refines": None,
                    "cause": None,
                    "practice": self._practice,
                }
            )
            answer.append(identifier)
        if messages:
            _PERSONAL.write(tx, personal)
            _MESSAGES.write(tx, messages)
            _EVENTS.write(tx, events)
            _SAID.write(tx, [{"b_id": row["inquiry"], "seq": row["seq"]} for row in events])
        return answer

    # ------------------------------------------------------------------------------------------------------------ one event
    def _taken(self, tx: sa.Connection, postings: Sequence[Posting]) -> set[tuple[str, str]]:
        by_source: dict[str, list[str]] = {}
        for posting in postings:
            for entry in posting.entries:
                by_source.setdefault(entry.source, []).append(entry.origin_id)
        return {(source, origin) for source, origins in by_source.items() for origin in known_origins(tx, source, origins)}

    def _event(
        self,
        document: Document,
        entry: Entry,
        taken: set[tuple[str, str]],
        recorded: datetime,
        personal: list[dict[str, Any]],
    ) -> dict[str, Any] | None:
        """The row of one entry, the document moved; None where there is nothing to write."""
        refining = entry.refines is not None or entry.field in LOGS
        old = entry.old if refining else document.values.get(entry.field)
        if not refining and old == entry.new and type(old) is type(entry.new):
            return None
        origin = entry.origin_id
        if (entry.source, origin) in taken:
            if entry.history:
                return None
            origin = f"{entry.origin_id}~{self._store.new_id()}"
        taken.add((entry.source, origin))
        new_raw = self._raw(entry.field, entry.new, personal)
        if refining:
            old_raw = self._raw(entry.field, old, personal)
        else:
            old_raw = document.raw.get(entry.field)
            if entry.new is None:
                document.values.pop(entry.field, None)
                document.raw.pop(entry.field, None)
            else:
                document.values[entry.field] = entry.new
                document.raw[entry.field] = new_raw
            if entry.field == STATUS:
                document.closed_at = entry.at if entry.new in self._closed else None
        return {
            "inquiry": document.id,
            "field": entry.field,
            "old": old_raw,
            "new": new_raw,
            "at": entry.at,
            "ord": entry.order,
            "recorded_at": recorded,
            "actor": entry.actor,
            "source": entry.source,
            "origin_id": origin,
            "precise": entry.precise,
            "refines": entry.refines,
            "cause": entry.cause,
            "practice": self._practice,
        }

    def _raw(self, field: FieldId, value: Value, personal: list[dict[str, Any]]) -> Json:
        if value is None or field not in self._personal:
            return encode(value)
        identifier = self._store.new_id()
        personal.append({"id": identifier, "person": None, "value": encode(value)})
        return {REFERENCE: identifier}


def _row(document: Document) -> dict[str, Any]:
    doc: dict[str, Any] = {"values": document.raw}
    if document.unknown:
        doc["unknown"] = document.unknown
    return {
        "id": document.id,
        "number": document.number,
        "doc": doc,
        "seq": document.seq,
        "closed_at": document.closed_at,
    }


def mark_dirty(tx: sa.Connection, inquiries: Sequence[str], settled: Collection[str] = ()) -> None:
    """Have sync look at every record of these inquiries again, but for the links in `settled`."""
    for part in chunks(inquiries):
        tx.execute(
            sa.update(tables.link)
            .where(
                tables.link.c.inquiry.in_(part),
                tables.link.c.kind == "inquiry",
                tables.link.c.dirty == sa.false(),
                tables.link.c.id.not_in(list(settled)),
            )
            .values(dirty=True)
        )
