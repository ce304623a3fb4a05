"""Records and inquiries that were two and are one: what both say is agreed, where they differ both values are kept."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from deskweave.connector import Ref, RemoteRecord, View
from deskweave.ledger import RECORD_LOG, Entry, refile
from deskweave.model import FieldId, InquiryId, Policy, Value
from deskweave.store.likeness import JOINED_INTO
from deskweave.store.links import Link, forget_link, insert_links, move_messages, silence_messages
from deskweave.sync.counterparts import record_link
from deskweave.sync.likeness import is_open
from deskweave.sync.merge import EMPTY, same
from deskweave.sync.report import JoinNote
from deskweave.sync.run import Run, Side

if TYPE_CHECKING:
    from deskweave.sync.reconcile import Lines, Reconciliation

SUBMITTED_AT: Final = FieldId("submitted_at")
BY_PERSON: Final = "person:parked"  #: source of a join that somebody decided with `deskweave parked`


def join(rows: Reconciliation, inquiry: InquiryId, side: Side, record: RemoteRecord, view: View, lines: Lines, how: str) -> None:
    """Make a record that was there before the counterpart of an inquiry.

    Messages from before stay where they were said: whoever held both desks has them on both already.
    """
    run, name = rows.run, record.ref.collection
    role = side.binding.collections[name].role
    link = next((one for one in rows.links[inquiry] if one.conn == side.name and one.role == role and is_open(one)), None)
    if link is not None and link.collection != name:
        forget(rows, inquiry, link)
        link = None
    if link is None:
        link = record_link(run, side, name, inquiry, rid=record.ref.rid)
        insert_links(rows.tx, [link])
        rows.links[inquiry].append(link)
    silence_messages(rows.tx, [link.id])
    link.rid, link.state, link.parked_reason, link.attempts, link.not_before = record.ref.rid, "live", None, 0, None
    _agree(rows, inquiry, link, record, view, lines, how)
    rows.add(inquiry, _logged(run, f"{side.name} {record.label}", how))
    run.part(side).adopted += 1


def forget(rows: Reconciliation, inquiry: InquiryId, link: Link) -> None:
    forget_link(rows.tx, link.id)
    rows.links[inquiry].remove(link)


def _logged(run: Run, what: str, how: str) -> Entry:
    return Entry(field=RECORD_LOG, new=what, at=run.now(), source=how, origin_id=run.store.new_id())


def _agree(rows: Reconciliation, inquiry: InquiryId, link: Link, record: RemoteRecord, view: View, lines: Lines, how: str) -> None:
    """Merge what a record says into the inquiry it is joined with: agreed is what both say, and a field that one of them lacks.

    A field that is only read there stands on both sides as it is. An inquiry was submitted when it first was, anywhere.
    """
    run, side = rows.run, rows.run.side_of(link)
    values = rows.values[inquiry]
    projected, policies = side.mapper.project(link.collection, values).values, side.policies(link.collection)
    base: dict[FieldId, Value] = {}
    for name, seen in view.values.items():
        held = values.get(name) not in EMPTY or isinstance(values.get(name), bool)
        if same(seen, projected.get(name)) or (held and policies.get(name) is Policy.READ_ONLY):
            base[name] = seen
        elif held and name not in projected:
            base[name] = seen  # it has no word for what the inquiry says
            rows.disagree(link, name, None, values.get(name), seen)
        else:
            base[name] = None
    link.base, link.seen_fp = base, None
    rows.observe(link, record, view, {name: every for name, every in lines.items() if projected.get(name) in EMPTY}, own={})
    told = view.values.get(SUBMITTED_AT)
    began = rows.values[inquiry].get(SUBMITTED_AT)
    if isinstance(told, datetime) and isinstance(began, datetime) and told < began:
        entry = Entry(field=SUBMITTED_AT, new=told, at=told, source=how, origin_id=run.store.new_id(), precise=False)
        rows.add(inquiry, entry)
        rows.values[inquiry][SUBMITTED_AT] = told
    for one in rows.links[inquiry]:
        if one.rid is not None and (one is link or one.quiet is None):
            one.quiet = run.now() - run.timing.skew  # a platform's clock may be behind: rather twice than never
    rows.grown.add(inquiry)


def absorb(rows: Reconciliation, into: InquiryId, other: InquiryId, how: str) -> None:
    """Make one inquiry of two: the records, messages and conflicts of `other` go to `into`, its events stay its own."""
    run, number = rows.run, rows.documents[other].number
    for link in [one for one in rows.links[other] if is_open(one)]:
        forget(rows, other, link)
    moved = rows.links[other]
    taken = {(one.conn, one.role) for one in moved}
    for link in [one for one in rows.links[into] if is_open(one) and (one.conn, one.role) in taken]:
        forget(rows, into, link)
    rows.links[other] = []
    refile(rows.tx, other, into, run.now())
    move_messages(rows.tx, [one.id for one in moved], into)
    ended = Entry(field=JOINED_INTO, new=into, at=run.now(), source=how, origin_id=run.store.new_id())
    rows.add(other, ended)
    rows.values[other][JOINED_INTO] = into
    rows.documents[into] = rows.documents.pop(into)  # told after the one that ends: see `Workspace.refresh_facts`
    for link in moved:
        link.inquiry = into
        rows.links[into].append(link)
        rows.add(into, _logged(run, f"{link.conn} {link.label} (INQ-{number})", how))
        if link.state != "live" or link.conn not in run.sides:
            continue
        seen = View(dict(link.seen.values), dict(link.seen.unknown))
        record = RemoteRecord(
            ref=Ref(link.collection, str(link.rid)),
            fields={},
            corr=None,
            updated_at=link.seen.at,
            version=link.seen.version,
            updated_by=link.seen.by,
            label=link.label or "",
            url=link.url,
        )
        _agree(rows, into, link, record, seen, {}, how)
        note_join(rows, run.side_of(link), link.label, how, into, number)


def note_join(rows: Reconciliation, side: Side, label: str | None, how: str, inquiry: InquiryId, other: int | None = None) -> None:
    rows.run.report.joined.append(
        JoinNote(
            connection=side.name,
            label=label,
            fields=tuple(FieldId(name) for name in how.partition(":")[2].split(",")) if how.startswith("match:") else (),
            inquiry=inquiry,
            number=rows.documents[inquiry].number,
            other=other,
        )
    )
