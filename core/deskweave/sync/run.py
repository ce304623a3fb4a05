"""One run: what it works with, what it has counted, and how a failure is kept to what it covers."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Literal, TypeAlias, TypeVar

from deskweave.connector import Absent, CollectionCapabilities, Connection, Mapper, Page, Ref, RemoteRecord
from deskweave.errors import ConfigurationError, PluginError, RateLimited, RemoteError, SafetyStop, Scope, TransientError
from deskweave.findings import Finding, Place, Severity
from deskweave.ledger import Ledger
from deskweave.model import Binding, ConnectionName, Field, FieldId, Inquiry, InquiryId, Policy, Route, Value
from deskweave.model.desk import Amend, Hold, ObservedChange, PlannedWrite
from deskweave.model.predicate import holds
from deskweave.people import Directory
from deskweave.store import Store
from deskweave.store.links import Link
from deskweave.store.streams import pause_connection, read_connection
from deskweave.sync.report import ConnectionReport, Guard, ParkedNote, SyncReport, Timing

T = TypeVar("T")
P = TypeVar("P")
STATUS = FieldId("status")
RECORDS: Final = "records"  #: the feed of a collection's records
LONGEST: Final = timedelta(hours=1)  #: one call waits so long for a platform's limits; quotas are by the second, minute or hour
WAITS: Final = 100  #: and so often: a wait may be cut short by whoever lends it, and a clock may stand
PAGES: Final = 1_000_000  #: a listing that never ends is a connector's mistake


@dataclass(frozen=True, kw_only=True)
class Side:
    """One connection as the engine works with it. `access` "read": nothing is ever written there, not even a mark."""

    name: ConnectionName
    connection: Connection
    binding: Binding
    mapper: Mapper
    access: Literal["read", "write"] = "read"
    verify: Callable[[], None] | None = None  #: asks who answers there now; raises SafetyStop where that is another instance
    told: Mapping[str, CollectionCapabilities] | None = None  #: what it can do, asked once a run; None: asked each time

    def capabilities(self, collection: str) -> CollectionCapabilities | None:
        return (self.connection.capabilities.collections if self.told is None else self.told).get(collection)

    @property
    def speaks(self) -> bool:
        """Whether the platform could be asked what it can do: else nothing can be decided for it now."""
        return bool(self.connection.capabilities.collections if self.told is None else self.told)

    def writes(self, collection: str) -> bool:
        """Whether what stands there is ever changed by us: a helpdesk's tickets are only read."""
        capabilities = self.capabilities(collection)
        able = capabilities is not None and capabilities.patches and self.connection.sink is not None
        return able and self.access == "write" and self.connection.records is not None

    def policies(self, collection: str) -> Mapping[FieldId, Policy]:
        return {name: at.policy for name, at in self.binding.collections[collection].fields.items()}

    def bound(self, collection: str) -> frozenset[FieldId]:
        """Fields this collection has a word for."""
        found = self.binding.collections[collection]
        names = {name for name, at in found.fields.items() if at.provisioned}
        return frozenset(names | {STATUS} if found.statuses else names)


Gate: TypeAlias = Sequence[Amend | Hold | None]


def _open(*_: object) -> Gate:
    return ()


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """The two gates of sync, already guarded: every answer counts, one Hold parks, two different Amends of a field are a Hold."""

    incoming: Callable[[Inquiry | None, ObservedChange], Gate] = _open
    outgoing: Callable[[Inquiry, PlannedWrite], Gate] = _open


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One step of a run, for live lines: `done` of `total` where the platform counts; `until`: it waits for a limit there."""

    connection: ConnectionName
    step: Literal["read", "merge", "write", "wait"]
    done: int = 0
    total: int | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gates say together."""

    hold: str | None
    amend: Mapping[FieldId, Value]


@dataclass(kw_only=True)
class Run:
    """The state of one run; every step of the engine takes it first."""

    store: Store
    ledger: Ledger
    sides: Mapping[ConnectionName, Side]
    routes: Sequence[Route]
    fields: Mapping[FieldId, Field]
    since: datetime
    guard: Guard
    timing: Timing
    hooks: Hooks
    now: Callable[[], datetime]
    practice: str
    progress: Callable[[Progress], None]
    report: SyncReport
    people: Directory | None = None  #: who an account is; None: people stay text
    rating: FieldId | None = None  #: the field that says how content the user was
    wait: Callable[[datetime], None] | None = None  #: waits for a limit, where only reading is done; None: limits are raised
    stopped: set[ConnectionName] = field(default_factory=set)
    held_back: set[ConnectionName] = field(default_factory=set)  #: a limit on one class of calls: no more writes in this run
    unread: set[ConnectionName] = field(default_factory=set)  #: a limit ended some of the reading: no heartbeat
    written: dict[tuple[ConnectionName, str], set[str]] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)  #: links whose writing may have made a platform write to people
    foreign: dict[ConnectionName, list[str]] = field(default_factory=dict)  #: labels of records with a mark we do not know
    remapped: dict[ConnectionName, set[str]] = field(default_factory=dict)  #: what a changed mapping has moved, or may have
    unseen: set[ConnectionName] = field(default_factory=set)  #: whose mapping nobody has looked at yet
    touched: set[str] = field(default_factory=set)
    looking: bool = False  #: a plan: records that were there before are not joined yet, only told
    expected: set[tuple[InquiryId, ConnectionName]] = field(default_factory=set)  #: what the next run joins, and where
    unsaved: set[ConnectionName] = field(default_factory=set)  #: listings of a plan that the next run has to read again
    listed: set[tuple[ConnectionName, str]] = field(default_factory=set)  #: collections that were read to their end
    doomed: dict[str, tuple[ConnectionName, datetime]] = field(default_factory=dict)  #: links to be deleted in this run
    waiting_deletions: dict[str, tuple[ConnectionName, datetime]] = field(default_factory=dict)  #: ... and later
    waits: set[str] = field(default_factory=set)  #: counterparts that are not created in this run
    never_sent: dict[ConnectionName, frozenset[FieldId]] = field(default_factory=dict)  #: asked for again and again
    persons: dict[str, int] = field(default_factory=dict)  #: whom platforms would write to, numbered, for a plan
    verified: dict[ConnectionName, datetime] = field(default_factory=dict)  #: when the instance last said who it is

    def side_of(self, link: Link) -> Side:
        """The connection a link is on; only of those this run works with."""
        return self.sides[ConnectionName(link.conn)]

    def find_side(self, conn: str) -> Side | None:
        """A connection by its name in the store; None: the folder has it no more, or this run does not know it."""
        return self.sides.get(ConnectionName(conn))

    def part(self, side: Side) -> ConnectionReport:
        return self.report.connections[side.name]

    def call(self, side: Side, method: Callable[[], T], what: str) -> T:
        """Call one method of a connection, while the store is surely ours: what is written must be acknowledged.

        What is not our own kind of error becomes a PluginError that names the method. A limit is waited for where `wait` is lent,
        for `LONGEST` in all and `WAITS` times: a platform that answers none of them is taken at its word.
        """
        self.part(side).calls += 1
        begun = self.now()
        try:
            for waited in range(WAITS + 1):
                self.store.keep_lease()
                try:
                    return method()
                except RateLimited as error:
                    until = error.retry_at
                    if self.wait is None or until is None or until - begun > LONGEST or waited == WAITS:
                        raise
                    self.progress(Progress(connection=side.name, step="wait", until=until))
                    self.wait(until)
            raise AssertionError("the last one has raised")
        except (RemoteError, PluginError, SafetyStop):
            raise
        except Exception as error:  # a connector is a stranger's code
            raise PluginError(side.name, what, f"{type(error).__name__} was raised where only deskweave.errors may be") from error

    def verify(self, side: Side) -> None:
        """Have the instance say who it is before anything of it is taken in, and before anything is written to it.

        Once a run, and now and then in a long one: an address outlives the instance behind it.

        Raises:
            SafetyStop: another one answers.
        """
        last = self.verified.get(side.name)
        if side.verify is None or (last is not None and self.now() - last < self.timing.identity):
            return
        self.call(side, side.verify, "identity")
        self.verified[side.name] = self.now()

    def pages(
        self, side: Side, ask: Callable[[str | None], Page[P]], what: str, of: str, resume: str | None = None
    ) -> Iterator[Page[P]]:
        """The pages of a listing, to its end. The next one is asked for when the caller has dealt with the one before.

        A listing that brings less than its platform counts is a finding: what our account may not see is left out in silence.

        Args:
            side: the connection.
            ask: the page at a place to go on from; None: the first.
            what: the method, for errors and counts.
            of: what is listed, for errors.
            resume: where a listing that was cut off goes on.

        Raises:
            PluginError: it stays where it is, or never ends: a connector's mistake.
        """
        expected: int | None = None
        delivered, begun = 0, resume
        for number in range(PAGES):
            page = self.call(side, partial(ask, resume), what)
            delivered += len(page.items)
            expected = page.expected if number == 0 and begun is None else expected
            yield page
            if page.resume is None:
                if expected is not None and delivered < expected and what != "records.census":  # a census says more of its own
                    self.note(
                        "listing-incomplete",
                        side,
                        of,
                        f"{delivered} of {expected}",
                        f"the platform counts {expected} in {of} and told {delivered}; the others are not carried",
                        "grant the account the right to read all of them, or bind a smaller collection",
                    )
                return
            if page.resume == resume:
                raise PluginError(side.name, what, f"{of} did not move on from {page.resume[:40]}")
            resume = page.resume
        raise PluginError(side.name, what, f"{of} did not end")

    @contextmanager
    def containing(self, side: Side) -> Iterator[None]:
        """Keep what goes wrong with one connection to that connection: it pauses, the others go on.

        A limit on one class of calls, or one record, ends only what has met it: what else can be read is read, and nothing more is
        written there in this run, as not all of it was seen.
        """
        try:
            yield
        except RateLimited as error:
            until = error.retry_at or self.now() + self.timing.backoff
            if error.scope is Scope.CONNECTION:
                self.pause(side, str(error), until)
                return
            self.held_back.add(side.name)
            part = self.part(side)
            part.paused, part.paused_until = str(error), max(until, part.paused_until or until)
        except ConfigurationError as error:
            self.pause(side, str(error), None)
        except TransientError as error:
            self.pause(side, str(error), error.retry_at or self.now() + self.timing.backoff)
        except (RemoteError, PluginError) as error:
            self.pause(side, str(error), self.now() + self.timing.backoff)

    def pause(self, side: Side, reason: str, until: datetime | None) -> None:
        self.stopped.add(side.name)
        part = self.part(side)
        part.paused, part.paused_until = reason, until
        with self.store.read() as tx:
            state = read_connection(tx, side.name)
        if state is None or (state.pause_reason, state.paused_until) != (reason, until):
            with self.store.write() as tx:
                pause_connection(tx, side.name, reason, until)

    def limited(self, side: Side, error: RateLimited) -> None:
        """A limit that covers more than one record: nothing more is written there in this run."""
        self.held_back.add(side.name)
        if error.scope.value == "connection":
            self.pause(side, str(error), error.retry_at or self.now() + self.timing.backoff)

    def works(self, side: Side) -> bool:
        return side.name not in self.stopped

    def tell_parked(self, side: Side, label: str | None, number: int | None, reason: str) -> None:
        """Say what the next run will set aside."""
        self.report.parked.append(ParkedNote(link="", connection=side.name, label=label, number=number, reason=reason))

    def note(self, rule: str, side: Side, path: str, found: str, message: str, remedy: str = "") -> None:
        """One finding; the same one is not said twice in a run."""
        finding = Finding(
            rule=rule,
            severity=Severity.WARNING,
            place=Place(f"connection:{side.name}", path),
            found=found[:80],
            message=message,
            remedy=remedy,
        )
        if finding not in self.report.findings:
            self.report.findings.append(finding)

    # ------------------------------------------------------------------------------------------------------------- routes
    def withheld(self, connection: ConnectionName, values: Mapping[FieldId, Value]) -> frozenset[FieldId]:
        """Fields that never go to a connection: by the practice (`never_send`) on any route, and by the routes it fits.

        An inquiry that fits no route any more keeps the strictest word.
        """
        every = [route for route in self.routes if connection in route.among]
        fitting = [route for route in every if holds(route.when, values)] or every
        routed = frozenset(name for route in fitting for name in route.withhold.get(connection, ()))
        return routed | self._never_sent(connection)

    def _never_sent(self, connection: ConnectionName) -> frozenset[FieldId]:
        found = self.never_sent.get(connection)
        if found is None:
            found = frozenset(name for name, field in self.fields.items() if connection in field.never_send)
            self.never_sent[connection] = found
        return found

    def routed(self, connection: ConnectionName, values: Mapping[FieldId, Value]) -> bool:
        """Whether any route brings an inquiry with such values to a connection."""
        return any(connection in route.among and holds(route.when, values) for route in self.routes)

    def freezes(self, connection: ConnectionName, values: Mapping[FieldId, Value]) -> bool:
        """Whether a counterpart there is left as it is: no route leads there any more, and one that did says so.

        Where several routes lead to a connection, one that freezes is enough: the strictest word.
        """
        rules = [route.afterwards for route in self.routes if connection in route.among]
        return "freeze" in rules and not self.routed(connection, values)

    def tells(self, other: Link, connection: ConnectionName, values: Mapping[FieldId, Value]) -> bool:
        """Whether a record's label gives away what is withheld from a connection: some platforms call a record by its title.

        Held against what the record said when its label was read as well: the inquiry may have moved on since.
        """
        return self.reveals(other.label or "", connection, values, other.seen.values, other.seen.unknown)

    def reveals(self, said: str, connection: ConnectionName, values: Mapping[FieldId, Value], *more: Mapping[FieldId, Any]) -> bool:
        """Whether a text gives away what is withheld from a connection, by what the inquiry says and what stands in `more`."""
        said = " ".join(said.split())
        for name in self.withheld(connection, values) if said else ():
            for value in _flat([values.get(name), *(one.get(name) for one in more)]):
                text = " ".join(value.split()) if isinstance(value, str) else ""
                if (text and (text in said or said in text)) or str(value) == said:
                    return True
        return False

    def gate(self, answers: Callable[[], Gate]) -> Verdict:
        """Ask the gates. One that raises is a closed one."""
        try:
            given = [one for one in answers() if one is not None]
        except Exception as error:  # noqa: BLE001  a plugin's code
            return Verdict(f"a plugin raised {type(error).__name__}", {})
        amend: dict[FieldId, Value] = {}
        for one in given:
            if isinstance(one, Hold):
                return Verdict(one.reason, {})
            for name, value in one.values.items():
                if name in amend and amend[name] != value:
                    return Verdict(f"two plugins want different values for {name}", {})
                amend[name] = value
        return Verdict(None, amend)


def _flat(value: object) -> Iterator[object]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for one in value:
            yield from _flat(one)
    elif value is not None:
        yield value


def fetch(run: Run, side: Side, refs: Sequence[Ref]) -> dict[Ref, RemoteRecord | Absent]:
    """Records as they are now, in as few calls as the platform takes."""
    source = side.connection.records
    assert source is not None
    found: dict[Ref, RemoteRecord | Absent] = {}
    capabilities = side.capabilities(refs[0].collection) if refs else None
    size = 1 if capabilities is None else max(1, capabilities.fetch_batch)
    for start in range(0, len(refs), size):
        part = refs[start : start + size]
        got = run.call(side, partial(source.fetch, part), "records.fetch")
        if len(got) != len(part):
            raise PluginError(side.name, "records.fetch", f"{len(got)} answers for {len(part)} records")
        found.update(zip(part, got, strict=True))
    return found


def key_of(link: str, token: int) -> str:
    """A uuid4-shaped idempotency key: the same link and attempt give the same key after a restart."""
    return str(uuid.UUID(bytes=hashlib.blake2b(f"{link}:{token}".encode(), digest_size=16).digest(), version=4))


def ref_key(ref: Ref) -> str:
    return f"{ref.collection}/{ref.rid}"


def next_wait(timing: Timing, last_try: datetime | None, not_before: datetime | None) -> timedelta:
    """The wait after one more failure: twice the last one, within limits."""
    if last_try is None or not_before is None or not_before <= last_try:
        return timing.backoff
    return min(max((not_before - last_try) * 2, timing.backoff), timing.backoff_most)
