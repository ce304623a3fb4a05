"""Helpdesk tickets as records. Read only: a ticket's fields take a person's login to write, and its messages a chat to be in.

A listing has no order, pages shift while they are read, and no query counts past 10,000. So a window of time is halved until it
fits on one page, which is one answer and therefore one moment. Tickets never updated have no update time and are listed by
creation.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from deskweave.connector import Absent, Kit, Page, Ref, RemoteRecord, Stub
from deskweave.errors import Missing, Rejected
from deskweave.model import CollectionBinding, Json
from deskweave_feishu.client import TICKET_PAGE, Client, mapping, objects
from deskweave_feishu.content import plain_text
from deskweave_feishu.errors import TICKET_FORBIDDEN, Denied
from deskweave_feishu.mapping import milliseconds

TICKET: Final = "ticket"
FIRST_MESSAGE: Final = "first_message"  #: not a field of Feishu's: what the guest wrote first, read only where a binding asks
CUSTOM: Final = "customized_fields."
EARLIEST: Final = datetime(2016, 1, 1, tzinfo=UTC)  #: before any helpdesk
LISTING_LAG: Final = timedelta(minutes=5)  #: index lag, and how far Feishu's clock may be from ours
FULL_PAGE: Final = TICKET_PAGE
MESSAGE_PAGE: Final = 20  #: tickets a page where each costs a look at its messages
TITLE_LENGTH: Final = 200
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PEOPLE: Final = ("guest", "agent_owner", "closed_by")
_PERSON: Final = ("id", "name", "email", "department", "city", "country")
_TIMES: Final = (
    "created_at",
    "updated_at",
    "closed_at",
    "agent_entry_time",
    "agent_first_response_time",
    "agent_last_response_time",
)
_NUMBERS: Final = (
    "ticket_type",
    "status",
    "score",
    "solve",
    "channel",
    "agent_service_duration",
    "agent_first_response_duration",
    "bot_service_duration",
    "agent_resolution_time",
    "actual_processing_time",
)


#: What every ticket has, in the words that a binding's `at` uses. Custom fields come on top, as `customized_fields.<key>`.
BUILT_IN: Final = (
    FIRST_MESSAGE,
    "ticket_id",
    "tags",
    "dissatisfaction_reason",
    *_NUMBERS,
    *_TIMES,
    *(f"{who}.{part}" for who in _PEOPLE for part in _PERSON),
)


class Tickets:
    """The tickets of one helpdesk."""

    def __init__(self, client: Client, kit: Kit) -> None:
        self._client, self._kit = client, kit
        self._wants_first_message = False
        self._first_messages: OrderedDict[str, str | None] = OrderedDict()

    def learn(self, bound: CollectionBinding) -> None:
        """Whether the binding reads a ticket's first message, which costs a call for each ticket not seen before."""
        self._wants_first_message = any(at.native == FIRST_MESSAGE for at in bound.fields.values())

    def field_names(self) -> list[str]:
        """Every field a ticket of this helpdesk can have."""
        told = objects(self._client.helpdesk_fields().get("ticket_customized_fields"))
        return [*BUILT_IN, *(f"{CUSTOM}{field['key_name']}" for field in told if field.get("key_name"))]

    # -------------------------------------------------------------------------------------------------------------- listing
    def changes(self, since: datetime | None, resume: str | None) -> Page[RemoteRecord]:
        """One window's worth of tickets updated, or created, at or after `since`."""
        walk = _Walk.read(resume) or _Walk.start(since or EARLIEST, self._kit.now(), ("create", "update"))
        items, total = self._step(walk)
        records = [record for item in items if (record := self.record(item)) is not None]
        resume = walk.dump()
        return Page(items=records, resume=resume, covers_until=None if resume else walk.until - LISTING_LAG, expected=total)

    def census(self, resume: str | None) -> Page[Stub]:
        walk = _Walk.read(resume) or _Walk.start(EARLIEST, self._kit.now(), ("create",))
        items, _ = self._step(walk)
        stubs = [
            Stub(Ref(TICKET, str(item["ticket_id"])), instant_of(item.get("updated_at")) or instant_of(item.get("created_at")))
            for item in items
            if item.get("ticket_id")
        ]
        return Page(items=stubs, resume=walk.dump())

    def _step(self, walk: _Walk) -> tuple[list[Mapping[str, Json]], int | None]:
        """Read the walk's next window; one that does not fit on a page is halved and gives nothing yet."""
        size = MESSAGE_PAGE if self._wants_first_message else FULL_PAGE
        by, start, end, page = walk.windows.pop()
        data = self._client.tickets(by=by, start=start, end=end, page=page, page_size=size)
        items, total = objects(data.get("tickets")), data.get("total")
        count = total if isinstance(total, int) and not isinstance(total, bool) else len(items)
        if count <= size:
            return items, count
        if start < end:
            middle = (start + end) // 2
            walk.windows += [(by, middle + 1, end, 1), (by, start, middle, 1)]
            return [], None
        if page * size < count:  # more in one millisecond than on a page: nothing is left but to turn pages
            walk.windows.append((by, start, end, page + 1))
        return items, None

    def fetch(self, ticket_id: str) -> RemoteRecord | Absent:
        ref = Ref(TICKET, ticket_id)
        try:
            item = self._client.ticket(ticket_id)
        except Missing:
            return Absent(ref, "unclear")  # nobody can delete a ticket; it may be another helpdesk's
        except Denied as error:
            if error.code != TICKET_FORBIDDEN:
                raise
            return Absent(ref, "hidden")
        return self.record(item) or Absent(ref, "unclear")

    # --------------------------------------------------------------------------------------------------------------- record
    def record(self, item: Mapping[str, Json]) -> RemoteRecord | None:
        """A ticket as a record; None for an item without an id. People's details are absent where Feishu left them out."""
        ticket_id = item.get("ticket_id")
        if not isinstance(ticket_id, str) or not ticket_id:
            return None
        fields: dict[str, Json] = {"ticket_id": ticket_id}
        fields |= {name: milliseconds(at) if (at := instant_of(item.get(name))) else None for name in _TIMES}
        fields |= {name: _number(item.get(name)) for name in _NUMBERS}
        for name in ("score", "solve"):
            fields[name] = fields[name] or None  # 0 is how "not rated" looks
        for who in _PEOPLE:
            person = mapping(item.get(who))
            fields |= {f"{who}.{part}": person[part] for part in _PERSON if person.get(part)}
        agents = objects(item.get("agents"))
        if "agent_owner.name" not in fields and agents and agents[-1].get("name"):
            fields["agent_owner.name"] = agents[-1]["name"]
        for entry in objects(item.get("customized_fields")):
            if entry.get("key_name"):
                fields[f"{CUSTOM}{entry['key_name']}"] = entry.get("value") or None
        if "tags" in item:  # only told when one ticket is asked for
            fields["tags"] = [str(tag.get("name")) for tag in objects(item["tags"]) if tag.get("name")]
        reasons = item.get("dissatisfaction_reason")  # an object in the documents, a list in life
        fields["dissatisfaction_reason"] = [
            str(reason.get("zh_cn") or reason.get("en_us") or "")
            for reason in ([mapping(reasons)] if isinstance(reasons, Mapping) else objects(reasons))
        ]
        if self._wants_first_message:
            self._add_first_message(item, ticket_id, fields)
        updated = instant_of(item.get("updated_at")) or instant_of(item.get("created_at"))
        digest = hashlib.sha256(json.dumps(fields, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()[:12]
        return RemoteRecord(
            ref=Ref(TICKET, ticket_id),
            fields=fields,
            corr=None,
            updated_at=updated,
            version=f"{milliseconds(updated) if updated else 0}-{digest}",
            updated_by=None,
            label=ticket_id,
        )

    def _add_first_message(self, item: Mapping[str, Json], ticket_id: str, fields: dict[str, Json]) -> None:
        """What the guest wrote first, kept in memory: it cannot change. Absent where it cannot be read just now."""
        if ticket_id not in self._first_messages:
            guest = mapping(item.get("guest")).get("id")
            try:
                data = self._client.ticket_messages(ticket_id, 1)
            except (Missing, Rejected, Denied) as error:
                if isinstance(error, Denied) and error.code != TICKET_FORBIDDEN:
                    raise
                return
            said = sorted(objects(data.get("messages")), key=lambda message: str(message.get("created_at")))
            text = next((plain_text(message.get("content")) for message in said if message.get("user_id") == guest), None)
            if text is None:
                return  # nothing written yet: ask again next time
            self._first_messages[ticket_id] = " ".join(text.split())[:TITLE_LENGTH] or None
            if len(self._first_messages) > 20_000:
                self._first_messages.popitem(last=False)
        fields[FIRST_MESSAGE] = self._first_messages[ticket_id]


class _Walk:
    """What is left of a listing: windows of time still to read, nearest last, and the instant up to which it reads."""

    def __init__(self, until: datetime, windows: list[tuple[str, int, int, int]]) -> None:
        self.until, self.windows = until, windows

    @staticmethod
    def start(since: datetime, until: datetime, by: Sequence[str]) -> _Walk:
        start, end = milliseconds(since), milliseconds(max(since, until))
        return _Walk(until, [(kind, start, end, 1) for kind in by])

    @staticmethod
    def read(resume: str | None) -> _Walk | None:
        """The walk that `dump` wrote.

        Raises:
            Rejected: it is not one of ours.
        """
        if resume is None:
            return None
        try:
            told = json.loads(resume)
            windows = [(str(by), int(start), int(end), int(page)) for by, start, end, page in told["windows"]]
            return _Walk(_EPOCH + timedelta(milliseconds=int(told["until"])), windows)
        except (ValueError, TypeError, KeyError, OverflowError):
            raise Rejected("the place to resume this listing at is unreadable; start it anew", code="resume") from None

    def dump(self) -> str | None:
        """None once nothing is left."""
        if not self.windows:
            return None
        return json.dumps({"until": milliseconds(self.until), "windows": self.windows}, separators=(",", ":"))


def instant_of(stamp: Json) -> datetime | None:
    """A helpdesk time: seconds, milliseconds or microseconds by its size; -1, 0 and "" are none."""
    if isinstance(stamp, str) and stamp.lstrip("-").isdigit() and len(stamp) < 20:
        stamp = int(stamp)
    if isinstance(stamp, bool) or not isinstance(stamp, (int, float)) or not stamp > 0:
        return None
    milli = stamp * 1000 if stamp < 1e11 else stamp if stamp < 1e14 else stamp / 1000
    try:
        return _EPOCH + timedelta(milliseconds=int(milli))
    except OverflowError:
        return None


def _number(value: Json) -> Json:
    return value if isinstance(value, (int, float, str)) and not isinstance(value, bool) else None


def people_of(item: Mapping[str, Json]) -> tuple[str, frozenset[str]]:
    """The guest's id and those of everybody who helps on a ticket."""
    helpers = [
        *objects(item.get("agents")),
        *objects(item.get("collaborators")),
        mapping(item.get("agent_owner")),
    ]
    guest = str(mapping(item.get("guest")).get("id") or "")
    return guest, frozenset(str(person["id"]) for person in helpers if person.get("id")) - {guest}
