"""Which practice is in force: the store remembers, a run under another one stops until a person has looked, and adopting one
carries what open inquiries hold into its words.

History is never rewritten. A renamed or replaced term moves by an event of its own (source `adoption`, actor `deskweave`); events
from before keep the words of their day, and `deskweave.practice.succession` says what those mean now.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from deskweave.documents import nearest
from deskweave.findings import Finding, Place, Severity
from deskweave.ledger import Entry, Ledger, Posting
from deskweave.model import FieldId, InquiryId, Value
from deskweave.practice import Practice
from deskweave.practice.build import build
from deskweave.practice.difference import Change, Difference, Effect, compare
from deskweave.practice.succession import Succession, succession, words_of
from deskweave.store import Store
from deskweave.store.inquiries import load_documents
from deskweave.store.tables import inquiry, practice_version
from deskweave.workspace.stop import Stopped

SOURCE: Final = "adoption"
ACTOR: Final = "deskweave"
BATCH: Final = 500  #: inquiries of one transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The practice a store was last told to work by."""

    digest: str
    version: str
    adopted_at: datetime
    documents: Mapping[str, Any]

    def practice(self) -> Practice | None:
        """The practice itself, without the files it came from; None where today's program cannot read what an older one stored."""
        return practice_of(self.documents, self.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Open inquiries whose value moves to another word: `value` of `field` becomes `into` of `into_field`."""

    field: FieldId
    value: str
    into_field: FieldId
    into: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranded:
    """Open inquiries that hold a word the new practice does not have, and that nothing takes the place of."""

    field: FieldId
    value: str
    count: int
    document: str  #: `Kind/id` that has to say where they go
    line: str  #: what to write there
    allowed: tuple[str, ...]
    place: Place | None

    def finding(self) -> Finding:
        """The same as a finding: what adopting stops at."""
        what = "inquiry holds" if self.count == 1 else "inquiries hold"
        return Finding(
            rule="becomes-missing",
            severity=Severity.ERROR,
            place=self.place or Place(self.document, ""),
            found=self.value,
            message=f"{self.count} open {what} {self.value!r} in {self.field}, and the new practice has no such word",
            allowed=self.allowed,
            nearest=nearest(self.value, self.allowed),
            remedy=f"say where they go, in {self.document}: {self.line}",
            values={"count": str(self.count), "field": self.field},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What adopting a practice would do. `difference` is None where the one in force cannot be read, or there is none."""

    difference: Difference | None
    open: int  #: open inquiries in all
    carried: tuple[Carried, ...] = ()
    stranded: tuple[Stranded, ...] = ()
    matters: Mapping[int, int] = field(default_factory=dict)  #: number of a change -> open inquiries it matters to

    def count(self, change: Change) -> int | None:
        """How many open inquiries a change matters to; None where that cannot be counted."""
        if self.difference is None:
            return None
        return next((self.matters.get(number) for number, one in enumerate(self.difference.changes) if one is change), None)


# ---------------------------------------------------------------------------------------------------------------- in force
def in_force(store: Store) -> InForce | None:
    """What was adopted last; None: nothing yet."""
    statement = sa.select(practice_version).order_by(practice_version.c.adopted_at.desc(), sa.text("rowid DESC")).limit(1)
    with store.read() as tx:
        row = tx.execute(statement).first()
    if row is None:
        return None
    documents = row.documents if isinstance(row.documents, Mapping) else json.loads(row.documents)
    return InForce(digest=row.digest, version=row.version, adopted_at=row.adopted_at, documents=documents)


def adopted(store: Store, digest: str) -> Mapping[str, Any] | None:
    """The documents of a practice that was in force at some time; None: it never was."""
    statement = sa.select(practice_version.c.documents).where(practice_version.c.digest == digest)
    with store.read() as tx:
        found = tx.execute(statement).scalar()
    return found if found is None or isinstance(found, Mapping) else json.loads(found)


def practice_of(documents: Mapping[str, Any], digest: str) -> Practice | None:
    """Composed documents out of a store as a practice; no file is known for anything in it."""
    bodies = {(kind, name): body for address, body in documents.items() for kind, _, name in (address.partition("/"),)}
    try:
        return build(bodies, {}, digest)
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration):
        return None  # written by a program whose format was another; what is in it was checked then, by that program


def require(store: Store, practice: Practice) -> None:
    """Go on only under the practice in force; the first one of a store comes into force by itself.

    Raises:
        Stopped: the files say another practice than the store knows.
    """
    known = in_force(store)
    if known is None:
        adopt(store, practice)
        return
    if known.digest != practice.digest:
        message = (
            f"the practice has changed: {known.version} ({known.digest[:8]}) is in force here, the files say {practice.version} "
            f"({practice.digest[:8]}). Nothing was read or written. Look at what changes, then put it into force."
        )
        values = {"old": f"{known.version} ({known.digest[:8]})", "new": f"{practice.version} ({practice.digest[:8]})"}
        raise Stopped("practice-changed", message, next="deskweave practice adopt", values=values)


# ---------------------------------------------------------------------------------------------------------------- adopting
def adopt(store: Store, practice: Practice) -> tuple[Carried, ...]:
    """Put a practice into force. One that was in force before comes back with a new date.

    Values of open inquiries move first, in transactions of `BATCH` inquiries; that the practice is in force is written last.
    Killed in between, the old one is still in force, nothing is half moved within an inquiry, and adopting again goes on.

    Returns:
        What was moved now.

    Raises:
        Stopped: open inquiries hold words that the practice has no place for. Nothing was written.
        SafetyStop: another process holds the store.
    """
    known = in_force(store)
    with store.lease("practice adopt"):
        if known is not None and known.digest != practice.digest:
            stranded = _Reading(store, known.practice(), practice).stranded()
            if stranded:
                said = "; ".join(f"{one.field}: {one.value} ({one.count})" for one in stranded)
                message = f"open inquiries hold words the new practice does not have: {said}. The old practice stays in force."
                raise Stopped("becomes-missing", message, next=stranded[0].line, values={"what": said})
        moved = _carry(store, practice)
        with store.write() as tx:
            tx.execute(sa.delete(practice_version).where(practice_version.c.digest == practice.digest))
            tx.execute(
                sa.insert(practice_version).values(
                    digest=practice.digest, version=practice.version, documents=_documents(practice), adopted_at=store.now()
                )
            )
    return moved


def preview(store: Store, practice: Practice) -> Preview:
    """What adopting `practice` changes, and for how many open inquiries each part of it matters. Nothing is written."""
    known = in_force(store)
    old = known.practice() if known is not None else None
    reading = _Reading(store, old, practice)
    difference = None if old is None else compare(old, practice)
    return Preview(
        difference=difference,
        open=reading.open,
        carried=reading.carried(),
        stranded=reading.stranded() if known is not None else (),
        matters=reading.matters(difference) if difference is not None else {},
    )


def _carry(store: Store, practice: Practice) -> tuple[Carried, ...]:
    """Move the values of open inquiries into today's words."""
    known = succession(practice)
    if not known:
        return ()
    ledger = Ledger(store, fields=practice.fields, statuses=practice.statuses, practice=practice.digest)
    moved: Counter[tuple[FieldId, str, FieldId, str]] = Counter()
    after = ""
    while True:
        with store.write() as tx:
            statement = _OPEN.where(inquiry.c.id > after).order_by(inquiry.c.id).limit(BATCH)
            ids = [InquiryId(row) for row in tx.execute(statement).scalars()]
            if not ids:
                break
            postings = []
            for identifier, document in load_documents(tx, ids).items():
                moves = list(_moves(known, document.values))
                entries = [entry for move in moves for entry in _entries(store, practice.digest, identifier, move)]
                if entries:
                    postings.append(Posting(inquiry=identifier, entries=entries))
                    moved.update(counted for move in moves for counted in move.counted)
            if postings:
                ledger.commit(tx, postings)
            after = ids[-1]
    return _carried(moved)


_OPEN: Final = sa.select(inquiry.c.id).where(inquiry.c.closed_at.is_(None), inquiry.c.erased_at.is_(None))


@dataclass(frozen=True, slots=True)
class _Move:
    """One field of one inquiry in today's words."""

    field: FieldId
    value: Value
    into_field: FieldId
    into: Value
    free: bool  #: the field it goes to holds nothing yet

    @property
    def counted(self) -> Iterator[tuple[FieldId, str, FieldId, str]]:
        """The words that move; of a value that is no slug only the field."""
        if self.field != self.into_field:
            yield self.field, "", self.into_field, ""
        pairs = zip(_each(self.value), _each(self.into), strict=False) if len(_each(self.value)) == len(_each(self.into)) else ()
        for old, new in pairs:
            if old != new:
                yield self.field, old, self.into_field, new


def _moves(known: Succession, values: Mapping[FieldId, Value]) -> Iterator[_Move]:
    for name, value in values.items():
        into = known.field(name)
        becomes = known.value(into, value)
        if into != name or becomes != value:
            yield _Move(name, value, into, becomes, into == name or values.get(into) is None)


def _entries(store: Store, digest: str, identifier: InquiryId, move: _Move) -> Iterator[Entry]:
    """The events of a move. A field that is filled under its new name already keeps what it holds: that is younger."""

    def entry(name: FieldId, value: Value, order: int) -> Entry:
        origin = f"{digest[:16]}/{identifier}/{name}"
        return Entry(field=name, new=value, at=store.now(), order=order, source=SOURCE, origin_id=origin, actor=ACTOR)

    if move.free:
        yield entry(move.into_field, move.into, 0)
    if move.into_field != move.field:
        yield entry(move.field, None, 1)


def _carried(counts: Mapping[tuple[FieldId, str, FieldId, str], int]) -> tuple[Carried, ...]:
    return tuple(
        Carried(field=name, value=value, into_field=into_field, into=into, count=count)
        for (name, value, into_field, into), count in sorted(counts.items())
    )


def _each(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, (tuple, list)) else ()


# ---------------------------------------------------------------------------------------------------------------- counting
class _Reading:
    """What open inquiries hold, counted once."""

    def __init__(self, store: Store, old: Practice | None, new: Practice) -> None:
        self.store, self.old, self.new = store, old, new
        self.known = succession(new)
        self.open = 0
        self.held: Counter[tuple[FieldId, str]] = Counter()  #: by field and word; word "": anything at all
        moved: Counter[tuple[FieldId, str, FieldId, str]] = Counter()
        statement = sa.select(inquiry.c.doc).where(inquiry.c.closed_at.is_(None), inquiry.c.erased_at.is_(None))
        with store.read() as tx:
            for doc in tx.execute(statement).scalars():
                self.open += 1
                values: dict[FieldId, Any] = {FieldId(name): value for name, value in doc.get("values", {}).items()}
                for name, value in values.items():
                    self.held[name, ""] += 1
                    self.held.update((name, word) for word in set(_each(value)))
                plain = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
                moved.update(counted for move in _moves(self.known, plain) for counted in move.counted)
        self._moved = moved

    def carried(self) -> tuple[Carried, ...]:
        return _carried(self._moved)

    def stranded(self) -> tuple[Stranded, ...]:
        """Words of open inquiries that the new practice has no place for. What no practice ever had a word for is left alone."""
        found: Counter[tuple[FieldId, str]] = Counter()
        for (name, word), count in self.held.items():
            into = self.known.field(name)
            term = self.new.fields.get(into)
            if not word or term is None:
                continue
            words = set(words_of(self.new, term))
            now = self.known.value(into, word)
            if words and now not in words and self._was_a_word(name, word):
                found[name, word] += count
        return tuple(self._strand(name, word, count) for (name, word), count in sorted(found.items()))

    def _was_a_word(self, name: FieldId, word: str) -> bool:
        if self.old is None:
            return True
        term = self.old.fields.get(name)
        return term is not None and word in set(words_of(self.old, term))

    def _strand(self, name: FieldId, word: str, count: int) -> Stranded:
        new, into = self.new, self.known.field(name)
        term = new.fields[into]
        allowed = tuple(words_of(new, term))
        line = f"becomes: {{{word}: {nearest(word, allowed) or allowed[0]}}}"
        path: tuple[str, ...]
        if term.type == "status":
            path = ("StatusModel", new.statuses.id)
        elif term.type == "catalog_item":
            path = ("Catalog", next((doc for kind, doc in new.documents if kind == "Catalog"), ""))
        else:
            document = next(
                (doc for (kind, doc), body in new.documents.items() if kind == "Fields" and into in (body.get("fields") or {})), ""
            )
            path = ("Fields", document, "fields", into)
            line = f"fields: {{{into}: {{{line}}}}}"
        try:
            place: Place | None = new.origin(path, key=True)
        except KeyError:
            place = None
        return Stranded(field=name, value=word, count=count, document="/".join(path[:2]), line=line, allowed=allowed, place=place)

    # ---------------------------------------------------------------------------------------------------- changes that matter
    def matters(self, difference: Difference) -> dict[int, int]:
        """Open inquiries by change: those that hold what goes or is renamed, those whose clock runs, those of the item."""
        running: Mapping[str, int] | None = None
        found: dict[int, int] = {}
        for number, change in enumerate(difference.changes):
            if change.held:
                found[number] = sum(self.held[pair] for pair in change.held)
            elif change.effect is Effect.HARMLESS:
                continue
            elif change.subject in ("clock", "goal", "calendar", "holidays", "service_level"):
                running = self._running() if running is None else running
                clocks = self._clocks_of(change)
                found[number] = max((running.get(clock, 0) for clock in clocks), default=0)
            elif change.subject == "status":
                found[number] = self._holding(("status",), change.slug)
            elif change.subject == "item":
                found[number] = self._holding(("catalog_item",), change.slug)
        return found

    def _holding(self, types: Sequence[str], slug: str) -> int:
        """Open inquiries whose field of one of these types holds a term, under its new or its old word."""
        total = 0
        for name, word in list(self.held):
            into = self.known.field(name)
            term = self.new.fields.get(into)
            if word and term is not None and term.type in types and self.known.value(into, word) == slug:
                total += self.held[name, word]
        return total

    def _clocks_of(self, change: Change) -> Iterable[str]:
        """The clocks of the old practice that a change of time concerns."""
        old = self.old
        if old is None:
            return ()
        if change.subject == "clock":
            former = next((clock for clock in old.clocks if clock == change.slug), None)
            return (former,) if former else ()
        if change.subject == "goal":
            return (change.within[1],)
        if change.subject == "service_level":
            return tuple(old.service_levels[change.slug].goals) if change.slug in old.service_levels else ()
        calendars = {change.slug}
        if change.subject == "holidays":
            calendars = {name for name, calendar in old.calendars.items() if calendar.holidays == change.slug}
        direct = {name for name, clock in old.clocks.items() if clock.calendar in calendars}
        return direct | {name for name, clock in old.clocks.items() if clock.within in direct}

    def _running(self) -> Mapping[str, int]:
        """Open inquiries by clock that is running, as the practice in force reads them."""
        from deskweave.clock import ClockError, Clocks, compile_calendars, timeline
        from deskweave.clock.timeline import folded
        from deskweave.store.events import events_of

        old = self.old
        assert old is not None
        counts: Counter[str] = Counter()
        try:
            clocks = Clocks(old.clocks, compile_calendars(old))
        except ClockError:
            return counts
        known = succession(old)
        with self.store.read() as tx:
            ids = [InquiryId(one) for one in tx.execute(_OPEN).scalars()]
        for identifier in ids:
            with self.store.read() as tx:
                events = known.events(events_of(tx, identifier))
            line = timeline(events, old.statuses.statuses, folded(events).get(FieldId("submitted_at")))
            counts.update(name for name, fact in clocks.evaluate(line).facts.items() if fact.running)
        return counts


def _documents(practice: Practice) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(
        json.dumps({f"{kind}/{name}": body for (kind, name), body in practice.documents.items()}, default=str, sort_keys=True)
    )
    return plain
