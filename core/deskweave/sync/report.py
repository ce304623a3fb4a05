"""What a run found and did, in plain data: the command line prints it, `--json` dumps it, the exit code follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from deskweave.findings import Finding
from deskweave.model import ConnectionName, FieldId, InquiryId, Json, Value
from deskweave.sync.stops import Stop


@dataclass(slots=True, kw_only=True)
class ConnectionReport:
    """One connection's part of a run. Counts are of records unless they say otherwise."""

    name: ConnectionName
    seen: int = 0  #: delivered by listings, also what had not changed
    received: int = 0  #: deliveries worked on: what the platform sent by itself
    changed: int = 0  #: said something other than when last seen
    imported: int = 0  #: became inquiries of ours
    adopted: int = 0  #: an answer was lost; the record was found by its mark and not sent twice
    created: int = 0
    updated: int = 0
    deleted: int = 0  #: because a counterpart was, and the binding says so
    messages_read: int = 0
    messages_public: int = 0  #: carried there, readable by the requester
    messages_internal: int = 0  #: carried there, for agents only
    calls: int = 0  #: methods of the connection that were called; each is one page or one batch
    paused: str | None = None  #: why it stopped, in this run or since an earlier one
    paused_until: datetime | None = None  #: None with a reason: until a person acts
    held_by: str | None = None  #: a person holds it: it was neither read nor written
    held_at: datetime | None = None
    held_why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictNote:
    """Both values of one disagreement; `id` is what `conflicts resolve` takes."""

    id: int
    inquiry: InquiryId
    number: int
    field: FieldId
    connection: ConnectionName
    ours: Value
    theirs: Value
    winner: Literal["ours", "theirs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedNote:
    """One record that waits for a person; others go on without it."""

    link: str
    connection: ConnectionName
    label: str | None
    number: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneNote:
    """One record that was deleted on its platform. The inquiry and its other records stay."""

    link: str
    connection: ConnectionName
    label: str | None
    number: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryNote:
    """One delivery of which nothing could be made; it stays in the inbox until a person has looked, others go on."""

    connection: ConnectionName
    id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinNote:
    """One record that was joined with an inquiry because it says the same in `fields`; none: a person said so."""

    connection: ConnectionName
    label: str | None
    fields: tuple[FieldId, ...]
    inquiry: InquiryId
    number: int
    other: int | None = None  #: the number of the inquiry it was until then


@dataclass(slots=True, kw_only=True)
class SyncReport:
    """Everything one `Engine.run` has to say.

    `needs_person` is true when something is new since the last run that a person has to look at (exit 3); `failed` when a
    connection could not be worked with (exit 1).
    """

    connections: dict[ConnectionName, ConnectionReport]
    inquiries_touched: int = 0
    values_merged: int = 0
    conflicts: list[ConflictNote] = field(default_factory=list)
    parked: list[ParkedNote] = field(default_factory=list)
    gone: list[GoneNote] = field(default_factory=list)
    deliveries: list[DeliveryNote] = field(default_factory=list)
    joined: list[JoinNote] = field(default_factory=list)  #: of a plan: what the next run joins
    unknown_values: dict[str, Json] = field(default_factory=dict)  #: "connection/field" -> one raw value without a word, newly seen
    findings: list[Finding] = field(default_factory=list)
    strangers: int = 0  #: accounts newly found to fit several persons, or nobody where the rules call that an error
    waiting_until: datetime | None = None  #: the earliest moment at which something that waits may go on; None: nothing waits
    waiting: int = 0  #: links that wait for a moment
    rounds: int = 0
    inquiries_total: int = 0

    @property
    def written(self) -> int:
        """Records created, changed or deleted and messages carried, over all connections."""
        return sum(c.created + c.updated + c.deleted + c.messages_public + c.messages_internal for c in self.connections.values())

    @property
    def failed(self) -> bool:
        return any(part.paused is not None for part in self.connections.values())

    @property
    def needs_person(self) -> bool:
        return bool(self.conflicts or self.parked or self.gone or self.deliveries or self.unknown_values or self.strangers)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedField:
    """One value that would be written: what stands there now, and what would."""

    field: FieldId
    there: Value
    wanted: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRecord:
    """One record a run would write, or one message it would carry (`verb` "say" is public, "note" internal; no body is shown)."""

    connection: ConnectionName
    collection: str
    verb: Literal["create", "update", "delete", "say", "note"]
    inquiry: InquiryId
    number: int
    label: str | None  #: None: not there yet
    fields: tuple[PlannedField, ...] = ()
    notifies: bool = False  #: the platform itself will write to people
    person: int | None = None  #: to whom: the same number is the same person
    cross_reference: str | None = None
    waits_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPlan:
    """What a run would write; pulling was done, nothing was written remotely. `stop` is the guard's sentence, if it would stop."""

    records: Sequence[PlannedRecord]
    report: SyncReport
    stop: str | None
    stops: Sequence[Stop] = ()  #: the same as data

    def counts(self) -> Mapping[tuple[ConnectionName, str], int]:
        found: dict[tuple[ConnectionName, str], int] = {}
        for record in self.records:
            found[record.connection, record.verb] = found.get((record.connection, record.verb), 0) + 1
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """How much a run may write unasked; the defaults are the product's. `--max-changes` and `--max-notices` make another one.

    Per connection, each up to the larger of a number of records and a share of its live links. Creates are free until a route has
    had its first complete pass; then they count with the updates, or by a limit of their own where one is stated. The limit for
    deletes is for records that are gone there, and for those that are deleted because a counterpart is. `max_notices` always
    counts, over all connections: people, where it is known who they are.
    """

    update_share: float = 0.05
    update_records: int = 20
    create_share: float | None = None
    create_records: int | None = None
    delete_share: float = 0.01
    delete_records: int = 3
    max_notices: int = 20

    def allowing(self, most: float) -> Guard:
        """The same with one limit for all changes: a float is a share (0.8: 80 %), an int a number of records, exactly."""
        if isinstance(most, int):
            share, records = 0.0, most
            return replace(self, update_share=share, update_records=records, create_share=None, create_records=None,
                           delete_share=share, delete_records=records)  # fmt: skip
        return replace(self, update_share=most, create_share=None, create_records=None, delete_share=most)

    def updates(self, live: int) -> int:
        return max(self.update_records, int(self.update_share * live))

    def creates(self, live: int) -> int | None:
        """None: they count with the updates."""
        if self.create_share is None and self.create_records is None:
            return None
        return max(self.create_records or 0, int((self.create_share or 0) * live))

    def deletes(self, live: int) -> int:
        return max(self.delete_records, int(self.delete_share * live))


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long things wait. All are simulated time in tests: the engine itself never sleeps."""

    backoff: timedelta = timedelta(seconds=30)  #: first wait after a failure that passes; doubles up to `backoff_most`
    backoff_most: timedelta = timedelta(minutes=30)
    lease: timedelta = timedelta(minutes=5)  #: a run that stands still for longer may be taken over; more than two calls take
    identity: timedelta = timedelta(minutes=10)  #: for so long an instance that said who it is stays that one, within a run
    skew: timedelta = timedelta(minutes=5)  #: how far a platform's clock may be from ours
    war_after: int = 6  #: writes of a field, and as many answers of the platform's that differ ...
    war_within: timedelta = timedelta(hours=1)  #: ... so close together are no people's work: the record is parked
    attempts: int = 3  #: refusals of one content before its link is parked
