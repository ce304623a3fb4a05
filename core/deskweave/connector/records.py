"""What travels between a platform and the engine: records, changes, messages, files, and what is written back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar

from deskweave.errors import Executed, RequestError
from deskweave.model import FieldId, Json, Visibility

T = TypeVar("T", covariant=True)


@dataclass(frozen=True, slots=True)
class Ref:
    """One remote thing: the collection it lives in ("incident", "ledger", "ticket") and its stable id there.

    The lock file knows the collection's table id. `rid` is never a key that a person can change: Jira's issue id, not HELP-1.
    (connection, collection, rid) is unique.
    """

    collection: str
    rid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteRecord:
    ref: Ref
    fields: Mapping[str, Json]  #: the vendor's own words; absent = not readable
    corr: str | None  #: our correlation id if it can be read back from here
    updated_at: datetime | None
    version: str | None  #: changes whenever the record does (sys_mod_count, revision); None where there is none
    updated_by: str | None  #: account id, for telling echoes
    label: str  #: what people call it: INC0010007, HELP-1
    url: str | None = None
    parent: Ref | None = None


@dataclass(frozen=True, slots=True)
class Stub:
    """A record as the census sees it: it exists."""

    ref: Ref
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """A record that was asked for and did not come. Only `gone` may ever lead to a tombstone, and only with a census."""

    ref: Ref
    why: Literal["gone", "hidden", "unclear"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """One page of a listing. The engine saves items, `resume` and `covers_until` in one transaction.

    `covers_until`: every change the platform stamped before this instant has now been delivered. Ordered sources (ServiceNow
    keyset) state it on every page; unordered ones (Feishu tickets, a Bitable scan) only on the last, and None before. The stored
    watermark moves to it and to nothing else: never to the newest time seen on a page.
    """

    items: Sequence[T]
    resume: str | None  #: opaque, survives a restart; None = the listing is complete
    covers_until: datetime | None = None
    expected: int | None = None  #: how many there are by the platform's own count, where it has one


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteChange:
    """One line of the platform's own history."""

    change_id: str
    ref: Ref
    field: str
    old: Json
    new: Json
    at: datetime
    order: int  #: settles changes of the same instant
    by: str | None
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteMessage:
    ref: Ref
    parent: Ref
    visibility: Visibility
    body: str  #: Markdown; what could not be converted is kept as text
    author: str | None  #: account id
    author_side: Literal["user", "agent", "bot", "us", "unknown"]
    at: datetime
    edited_at: datetime | None
    corr: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    ref: Ref
    parent: Ref
    visibility: Visibility
    name: str
    media_type: str
    size: int | None
    at: datetime | None
    corr: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A record to create. Frozen in the store before it is sent; a repeat sends the very same."""

    collection: str
    corr: str
    key: str  #: uuid4-shaped, derived from the link: for platforms with an idempotency key
    fields: Mapping[str, Json]
    parent: Ref | None = None
    on_behalf_of: str | None = None  #: account id of the requester, where the platform allows it


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """What to change on one record: companions a platform demands (close code, hold reason) are already in it."""

    ref: Ref
    key: str
    set: Mapping[str, Json]
    clear: frozenset[str] = frozenset()
    status: str | None = None  #: the vendor's target status; the sink finds the way there
    if_version: str | None = None  #: sent as a condition where the platform knows conditions
    covers: frozenset[FieldId] = frozenset()  #: the practice's fields this patch states


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one item. One per item, in the order asked."""

    executed: Executed
    ref: Ref | None = None
    record: RemoteRecord | None = None  #: as the platform holds it now; None where it did not tell (re-read it)
    applied: frozenset[FieldId] = frozenset()  #: took effect, also when a later step failed (a transition, then a field)
    dropped: frozenset[FieldId] = frozenset()  #: answered with success and not stored
    error: RequestError | None = None
