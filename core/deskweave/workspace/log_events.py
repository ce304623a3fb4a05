"""What a log tells, written as events of the store, and taken out of it again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from deskweave.ledger import Entry, Ledger, Posting, withdraw
from deskweave.ledger.withdrawal import first_seq
from deskweave.measure.logs import Histories, History, LogMapping, Trouble
from deskweave.measure.logs.history import NUMBER
from deskweave.model import InquiryId
from deskweave.store import tables
from deskweave.store.inquiries import chunks
from deskweave.workspace.known_logs import imported_logs

if TYPE_CHECKING:
    from deskweave.workspace.workspace import Workspace


BATCH: Final = 500  #: inquiries of one transaction

Progress = Callable[[int, int], None]
"""Told how many inquiries of how many are written."""


@dataclass(slots=True)
class Written:
    """What came of it: inquiries by their number in the log, and counts as in `Imported`."""

    inquiries: dict[str, InquiryId] = field(default_factory=dict)
    added: int = 0
    events: int = 0
    restated: int = 0
    gone: int = 0
    kept: int = 0
    elsewhere: list[Trouble] = field(default_factory=list)


def write_log(space: Workspace, mapping: LogMapping, said: Histories, progress: Progress | None) -> Written:
    """Write a log's histories, in transactions of `BATCH` inquiries. The caller holds the lease."""
    store, practice, source, done = space.store, space.practice, mapping.source, Written()
    with store.read() as tx:
        own, elsewhere = numbers(tx, source)
        known = _known_events(tx, source)
    cases = {case: one for case, one in said.cases.items() if case not in elsewhere}
    others = [place for case, place in elsewhere.items() if case in said.cases]
    done.elsewhere = [
        Trouble(rule="log-known-elsewhere", found=place, count=others.count(place), lines=()) for place in sorted(set(others))
    ]
    before = next((one.mapping for one in imported_logs(space) if one.name == mapping.id), None)
    if before == mapping.digest:
        again = [own[case] for case, one in cases.items() if case in own and not _continues(one, known.get(own[case], set()))]
    else:
        again = [own[case] for case in cases if case in own]
    gone = [inquiry for case, inquiry in own.items() if case not in said.cases] if before != mapping.digest else []
    if gone:
        done.gone = len(take_out(space, source, gone)[0])
    if again:
        emptied, stays = take_out(space, source, again, empty=True)
        done.restated, done.kept = len(emptied), len(stays)
    ledger = Ledger(store, fields=practice.fields, statuses=practice.statuses, practice=practice.digest)
    written = 0
    for batch in chunks(cases.values(), BATCH):
        with store.write() as tx:
            start = _last(tx)
            postings = list(_postings(space, mapping, batch, own, done))
            ledger.commit(tx, postings, settled=None)
            done.events += _last(tx) - start
        written += len(batch)
        if progress is not None:
            progress(written, len(cases))
    return done


def _postings(
    space: Workspace, mapping: LogMapping, batch: Sequence[History], own: Mapping[str, InquiryId], done: Written
) -> Iterator[Posting]:
    for history in batch:
        inquiry = own.get(history.case)
        new = inquiry is None
        if inquiry is None:
            inquiry = InquiryId(space.store.new_id())
            done.added += 1
        done.inquiries[history.case] = inquiry
        entries = [
            Entry(
                field=step.field,
                new=step.new,
                at=step.at,
                source=mapping.source,
                origin_id=origin,
                order=step.order,
                history=True,
                precise=step.precise,
            )
            for step, origin in zip(history.steps, _origins(history), strict=True)
        ]
        yield Posting(inquiry=inquiry, entries=entries, new=new, unknown=history.unknown)


def _origins(history: History) -> list[str]:
    """What each step is known by: the same line of the log is the same event, however often it is read. The value is part of it:
    a line that says something else now is another event.
    """
    return [
        f"{history.case}/{step.field}/{step.at.isoformat()}/{step.nth}/{hashlib.sha256(repr(step.new).encode()).hexdigest()[:8]}"
        for step in history.steps
    ]


def _continues(history: History, known: set[str]) -> bool:
    """Whether a history begins with everything that was written of it: what is new came later."""
    origins = _origins(history)
    return set(origins[: len(known)]) == known


def _known_events(tx: sa.Connection, source: str) -> dict[InquiryId, set[str]]:
    event, found = tables.event, dict[InquiryId, set[str]]()
    for inquiry, origin in tx.execute(sa.select(event.c.inquiry, event.c.origin_id).where(event.c.source == source)):
        found.setdefault(InquiryId(inquiry), set()).add(origin)
    return found


def numbers(tx: sa.Connection, source: str) -> tuple[dict[str, InquiryId], dict[str, str]]:
    """What inquiries are called: those of this log, and those known from elsewhere, with where."""
    event, link = tables.event, tables.link
    own: dict[str, InquiryId] = {}
    elsewhere: dict[str, str] = {}
    rows = tx.execute(sa.select(event.c.inquiry, event.c.source, event.c.new).where(event.c.field == NUMBER).order_by(event.c.seq))
    for inquiry, told_by, number in rows:
        if not isinstance(number, str):
            continue
        if told_by == source:
            own[number] = InquiryId(inquiry)
        else:
            elsewhere[number] = told_by
    for label, connection in tx.execute(
        sa.select(link.c.label, link.c.conn).where(link.c.kind == "inquiry", link.c.label.is_not(None))
    ):
        elsewhere[label] = connection
    return own, {number: place for number, place in elsewhere.items() if number not in own}


def take_out(
    space: Workspace, source: str, only: Sequence[InquiryId] | None, *, empty: bool = False
) -> tuple[list[InquiryId], list[InquiryId]]:
    """Take inquiries of a log out of the store, None for all of it; `empty`: they stay, without what the log said of them.

    Facts first: killed in between, they are read again from events that are still there.

    Returns:
        Those taken out, and those that stay because others have touched them.
    """
    from deskweave.ledger import inquiries_of

    with space.store.read() as tx:
        these = inquiries_of(tx, source) if only is None else list(only)
        first = first_seq(tx, source, these)
    if first is not None:
        space.facts.forget(these, first - 1)
    with space.store.write() as tx:
        return withdraw(tx, source, only, empty=empty)


def _last(tx: sa.Connection) -> int:
    from deskweave.store.events import last_seq

    return last_seq(tx)
