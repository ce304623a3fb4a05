"""The facets of a connection: records, sink, messages, attachments, people, outreach. Each is optional."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Literal, Protocol

from deskweave.connector.records import (
    Absent,
    Draft,
    Outcome,
    Page,
    Patch,
    Ref,
    RemoteChange,
    RemoteFile,
    RemoteMessage,
    RemoteRecord,
    Stub,
)
from deskweave.model import InternalFile, InternalMessage, Json, PublicFile, PublicMessage


class RecordSource(Protocol):
    def changes(self, collection: str, since: datetime | None, resume: str | None) -> Page[RemoteRecord]:
        """One page of everything changed at or after `since` (None: everything). More than asked is fine, less never."""

    def fetch(self, refs: Sequence[Ref]) -> Sequence[RemoteRecord | Absent]:
        """These records as they are now, in the order asked, by the most consistent read the platform has."""

    def find(self, collection: str, corr: str, created_after: datetime) -> Sequence[RemoteRecord]:
        """Every record that carries `corr`; two is an answer. Must see all that was created before now - settle."""

    def census(self, collection: str, resume: str | None) -> Page[Stub]:
        """Ids of all records, read so that one moving between pages is not missed; `expected` where the platform counts."""

    def history(self, refs: Sequence[Ref], since: datetime | None, resume: str | None) -> Page[RemoteChange]:
        """What happened to these records, oldest first per record."""


class RecordSink(Protocol):
    def create(self, drafts: Sequence[Draft]) -> Sequence[Outcome]: ...
    def patch(self, patches: Sequence[Patch]) -> Sequence[Outcome]: ...
    def delete(self, refs: Sequence[Ref]) -> Sequence[Outcome]: ...


class Messages(Protocol):
    def changes(self, collection: str, since: datetime | None, resume: str | None) -> Page[RemoteMessage]:
        """The feed over all records, where `messages` is "feed"."""

    def of(self, parent: Ref, resume: str | None) -> Page[RemoteMessage]: ...
    def say(self, parent: Ref, message: PublicMessage, *, corr: str, key: str) -> Outcome: ...
    def note(self, parent: Ref, message: InternalMessage, *, corr: str, key: str) -> Outcome: ...


class Attachments(Protocol):
    def of(self, parent: Ref, resume: str | None) -> Page[RemoteFile]: ...
    def open(self, file: RemoteFile) -> AbstractContextManager[BinaryIO]: ...
    def add_public(self, parent: Ref, file: PublicFile, content: BinaryIO, *, corr: str, key: str) -> Outcome: ...
    def add_internal(self, parent: Ref, file: InternalFile, content: BinaryIO, *, corr: str, key: str) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class PersonKey:
    kind: Literal["account", "email", "mobile", "employee_number", "user_name"]
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemotePerson:
    account: str
    name: str
    keys: Sequence[PersonKey]
    active: bool
    side: Literal["user", "agent", "bot", "unknown"]
    locale: str | None = None
    zone: str | None = None
    profile: Mapping[str, Json] = field(default_factory=dict)  #: department, city, country, manager … as readable


@dataclass(frozen=True, slots=True)
class PersonMatch:
    """Zero, one or many. `complete` is False where privacy rules may hide a match: then one is no proof either."""

    key: PersonKey
    people: Sequence[RemotePerson]
    complete: bool


@dataclass(frozen=True, slots=True)
class RemoteGroup:
    id: str
    name: str
    members: Sequence[str]


class People(Protocol):
    def look_up(self, keys: Sequence[PersonKey]) -> Sequence[PersonMatch]: ...
    def fetch(self, accounts: Sequence[str]) -> Sequence[RemotePerson | None]: ...
    def groups(self, resume: str | None) -> Page[RemoteGroup]: ...
    def enrol(self, name: str, keys: Sequence[PersonKey], *, key: str) -> Outcome:
        """Make a requester where the platform lets us and the binding says `create`."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question put to a person with the message: please confirm, please rate, please tell us more. The reply is an `Answer`."""

    kind: Literal["confirm", "rate", "acknowledge", "reply"]
    choices: Mapping[str, Mapping[str, str]]  #: value -> language -> what the button says


class Outreach(Protocol):
    """Reaching a person outside a record: a card in chat, a mail, a robot. Internal messages have no way in."""

    reliability: Literal["low", "normal", "high"]  #: 901.4: some kinds of communication demand more

    def send(self, to: PersonKey, message: PublicMessage, prompt: Prompt | None, *, corr: str, key: str) -> Outcome: ...
    def revise(self, sent: Ref, message: PublicMessage, prompt: Prompt | None, *, key: str) -> Outcome:
        """Update in place where the platform can; Rejected where it cannot."""
