"""Between a record in the vendor's words and the practice's: pure, made from binding and practice."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from deskweave.connector.records import Draft, Patch, RemoteChange, RemoteRecord
from deskweave.model import FieldId, Json, Value


@dataclass(frozen=True, slots=True)
class View:
    """A record in the practice's words, as one platform can say it."""

    values: Mapping[FieldId, Value]  #: only what was readable
    unknown: Mapping[FieldId, Json] = field(default_factory=dict)  #: no word for it: kept raw, shown, never written
    accounts: Mapping[FieldId, str] = field(default_factory=dict)  #: whose account stands in a person's field, where it is told


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    field: FieldId
    old: Value
    new: Value
    source: RemoteChange


class Mapper(Protocol):
    """Made from binding and practice. Pure: no I/O, no clock; the same input gives the same output for ever.

    For any record r and document d: project(read(r) over d) restates read(r); read(created from draft(d)) == project(d).
    """

    digest: str  #: of binding, practice and code version: part of every fingerprint, so a new mapping is never taken for an edit

    def read(self, record: RemoteRecord) -> View: ...
    def read_change(self, change: RemoteChange) -> Change | None: ...
    def project(self, collection: str, document: Mapping[FieldId, Value]) -> View:
        """What `read` would give if the platform agreed with us: shortened, rounded, many statuses to one. Lossy on purpose."""

    def draft(self, collection: str, document: Mapping[FieldId, Value], *, corr: str, key: str) -> Draft: ...
    def patch(self, want: View, seen: RemoteRecord, *, key: str) -> Patch: ...


@runtime_checkable
class PersonMapper(Mapper, Protocol):
    """A mapper of a platform on which fields hold accounts, and not names of people only.

    Its `read` tells in `View.accounts` who stands there. A field it spells reads back as the name that was given with the account.
    """

    def takes_accounts(self, collection: str) -> Collection[FieldId]:
        """Fields of a person that are written as an account."""

    def spell(self, collection: str, people: Mapping[FieldId, tuple[str, str]]) -> Mapping[str, Json]:
        """What to write, by native field, for (account, name there): in the place of what `draft` and `patch` say of it."""
