"""A store that was lost, emptied or restored from an old copy is made whole again from what stands on the platforms.

Everything is read, nothing is written there. Records are joined again by what they say of each other (`rejoin`), messages by the
mark of their first line; what both sides say now is what was agreed. Where counterparts differ, both values are kept as a conflict
and the owner's stands, else the older record's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import sqlalchemy as sa

from deskweave.connector import Ref, RemoteMessage, RemoteRecord
from deskweave.model import ConnectionName, FieldId, InquiryId, Policy, Value
from deskweave.store import Install
from deskweave.store.events import last_seq, write_position
from deskweave.store.links import Link, forget_link, insert_links, links_by_corr, mark_read, scan_links
from deskweave.store.streams import Stream, save_stream
from deskweave.store.tables import link as link_table
from deskweave.store.values import ulid_after, ulid_time
from deskweave.sync import remap
from deskweave.sync.entries import sighted, version_of
from deskweave.sync.guards import ROUTE
from deskweave.sync.merge import EMPTY, same
from deskweave.sync.messages import FEED
from deskweave.sync.pull import MARK, lines_of
from deskweave.sync.reconcile import NO_LINES, Lines, Reconciliation
from deskweave.sync.rejoin import Found, Key, Undecided, listed_behind, rejoin
from deskweave.sync.resaid import carried_line, say_again
from deskweave.sync.run import RECORDS, Progress, Run, Side, ref_key

TOGETHER: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What a person has said about records that nothing joins by itself; records by label, `connection label`, id or address."""

    joins: Sequence[tuple[str, str]] = ()
    alone: Sequence[str] = ()
    suggested: bool = False
    install: str | None = None  #: whose marks are ours, where there are several


@dataclass(slots=True, kw_only=True)
class Rebuilt:
    """What a store was rebuilt from. With anything undecided, or several installs and none chosen, nothing was stored."""

    install: Install | None = None
    installs: dict[str, int] = field(default_factory=dict)  #: whose marks stand on how many records
    records: dict[str, int] = field(default_factory=dict)  #: read, by connection
    inquiries: int = 0
    joined: int = 0  #: inquiries with records on more than one platform
    messages: int = 0
    conflicts: int = 0
    undecided: list[Undecided] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return self.install is not None


def rebuild(run: Run, decisions: Decisions, *, store: bool = True) -> Rebuilt:
    """Read every platform, join what belongs together, and store it in one transaction; or tell what has to be decided first.

    Args:
        run: its sides are all connections; one that cannot be read stops everything.
        decisions: a person's.
        store: False: only tell what would be.
    """
    found: list[Found] = []
    said: dict[Key, list[RemoteMessage]] = {}
    marks: dict[tuple[str, str, str], Stream] = {}
    for side in run.sides.values():
        for name in side.binding.collections:
            mine = _read(run, side, name, marks)
            found += mine
            for key, message in _messages(run, side, name, mine, marks):
                said.setdefault(key, []).append(message)
    result = Rebuilt()
    for one in found:
        result.records[one.connection] = result.records.get(one.connection, 0) + 1
        if one.mark is not None:
            result.installs[one.mark[0]] = result.installs.get(one.mark[0], 0) + 1
    own = run.store.install
    chosen = decisions.install or (own.id if own.id in result.installs or not result.installs else None)
    if chosen is None and len(result.installs) == 1:
        chosen = next(iter(result.installs))
    carried = {
        key: [(line.mark, line.origin) for message in every if (line := carried_line(message))] for key, every in said.items()
    }
    groups = rejoin(found, carried, joins=decisions.joins, alone=decisions.alone, suggested=decisions.suggested)
    result.undecided = groups.undecided
    result.inquiries, result.joined = len(groups.groups), sum(len(one) > 1 for one in groups.groups)
    if chosen is None or result.undecided or not store:
        return result
    histories: dict[tuple[str, str], Lines] = {}
    for side, name, refs in _firsts(run, groups.groups):
        histories.update(((side.name, key), lines) for key, lines in lines_of(run, side, name, refs).items())
    used: set[str] = set()
    epoch = 1 + max([own.epoch, *(_epoch(side, chosen) for side in run.sides.values())])
    try:
        with run.store.write() as tx:
            made = ulid_time(chosen) if chosen != own.id and MARK.fullmatch(f"{chosen}:{chosen}") else None
            run.store.become(tx, Install(chosen, epoch), made)
            order = sorted(groups.groups, key=lambda group: (min(_begun(run, one) for one in group), group[0].key))
            for start in range(0, len(order), TOGETHER):
                _join(run, tx, order[start : start + TOGETHER], histories, said, used, result)
            for (connection, collection, feed), to in marks.items():
                save_stream(tx, connection, collection, feed, to)
            for route in run.routes:  # what is created from now on counts: a first pass lies behind it
                write_position(tx, f"{ROUTE}{route.id}", last_seq(tx))
    except BaseException:
        run.store.forget_install()
        raise
    for side in run.sides.values():
        remap.begin(run, side)
    result.install, result.conflicts = run.store.install, len(run.report.conflicts)
    return result


# ------------------------------------------------------------------------------------------------------------------- reading
def _read(run: Run, side: Side, name: str, marks: dict[tuple[str, str, str], Stream]) -> list[Found]:
    capabilities, source = side.capabilities(name), side.connection.records
    if capabilities is None or source is None or not capabilities.reads or capabilities.changes not in ("filter", "scan"):
        return []
    records: dict[str, RemoteRecord] = {}
    for page in run.pages(side, partial(source.changes, name, None), "records.changes", f"the listing of {name}"):
        records.update((one.ref.rid, one) for one in page.items)
        run.progress(Progress(connection=side.name, step="read", done=len(records), total=page.expected))
        if page.resume is None:
            marks[side.name, name, RECORDS] = Stream(page.covers_until)
    with run.store.read() as tx:
        known = scan_links(tx, side.name, name, records)
        expected = links_by_corr(tx, [one.corr for one in records.values() if one.corr])
        ids = [row.id for row in known.values()]
        homes = {row.id: row.inquiry for part in _parts(ids) for row in tx.execute(_HOMES, {"ids": part})}
    collection = side.binding.collections[name]
    told = frozenset(one for one, at in collection.fields.items() if at.policy is not Policy.READ_ONLY)
    found = []
    for record in records.values():
        if record.ref.rid not in known and record.corr in expected:
            continue  # the store waits for it, or has another one of that mark: the next run's affair
        try:
            view = side.mapper.read(record)
        except Exception:  # noqa: BLE001  hostile records and strangers' codecs: the next run sets it aside
            run.note("record-unreadable", side, ref_key(record.ref), record.label, f"{record.label} could not be read")
            continue
        text = record.fields.get(collection.cross_reference or "")
        install, _, ulid = (record.corr or "").partition(":")
        found.append(
            Found(
                connection=side.name,
                record=record,
                view=view,
                role=collection.role,
                cross=text if isinstance(text, str) and text else None,
                mark=(install, ulid) if record.corr and MARK.fullmatch(record.corr) else None,
                inquiry=homes.get(known[record.ref.rid].id) if record.ref.rid in known else None,
                told=told,
            )
        )
    return found


_HOMES: Final = sa.select(link_table.c.id, link_table.c.inquiry).where(link_table.c.id.in_(sa.bindparam("ids", expanding=True)))


def _parts(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + TOGETHER] for start in range(0, len(ids), TOGETHER))


def _messages(
    run: Run, side: Side, name: str, records: Sequence[Found], marks: dict[tuple[str, str, str], Stream]
) -> Iterable[tuple[Key, RemoteMessage]]:
    capabilities, source = side.capabilities(name), side.connection.messages
    if capabilities is None or source is None or capabilities.messages not in ("feed", "per_record"):
        return
    if capabilities.messages == "feed":
        for page in run.pages(side, partial(source.changes, name, None), "messages.changes", f"the feed of {name}"):
            yield from (((side.name, one.parent.collection, one.parent.rid), one) for one in page.items)
            if page.resume is None:
                marks[side.name, name, FEED] = Stream(page.covers_until)
        return
    for ref in (one.record.ref for one in records):
        for page in run.pages(side, partial(source.of, ref), "messages.of", f"the messages of {ref_key(ref)}"):
            yield from (((side.name, one.parent.collection, one.parent.rid), one) for one in page.items)


def _epoch(side: Side, install: str) -> int:
    identity = side.connection.identity
    said = identity.epoch or ""
    return int(said) if identity.planted == install and said.isdecimal() else 0


def _begun(run: Run, one: Found) -> datetime:
    said = one.view.values.get(FieldId("submitted_at"))
    return said if isinstance(said, datetime) else one.record.updated_at or run.now()


# ------------------------------------------------------------------------------------------------------------------- joining
def _join(
    run: Run,
    tx: sa.Connection,
    groups: Sequence[Sequence[Found]],
    histories: Mapping[tuple[str, str], Lines],
    said: Mapping[Key, Sequence[RemoteMessage]],
    used: set[str],
    result: Rebuilt,
) -> None:
    rows = Reconciliation(run, tx)
    rows.load(one.inquiry for group in groups for one in group if one.inquiry is not None)
    fresh: list[InquiryId] = []
    for group in groups:
        known = next((one.inquiry for one in group if one.inquiry is not None), None)
        first, rest = group[0], [one for one in group if one.inquiry is None]
        marked = [ulid_time(one.mark[1]) for one in group if one.mark is not None]
        if known is None:
            side = run.sides[first.connection]
            rows.open(side, first.record, first.view, histories.get((side.name, ref_key(first.record.ref)), NO_LINES))
            known = next(reversed(rows.values))
            (link,) = rows.links[known]
            _call(run, tx, link, first, used, min(marked, default=None), listed_behind(first, group))
            rest = list(group[1:])
        fresh.append(known)
        _give_way(tx, rows, known, rest)
        for link in rows.links[known]:
            link.cross = next((one.cross for one in group if one.key == (link.conn, link.collection, link.rid)), link.cross)
        added = [_link(run, tx, known, one, used) for one in rest]
        rows.links[known] += added
        for link, one in zip(added, rest, strict=True):
            rows.remember(link, run.sides[one.connection], one.record, one.view, {})
            link.cross = one.cross
        _agree(run, rows, known, group, {one.id for one in added})
        if known in rows.documents:
            insert_links(tx, added)
    rows.flush()
    result.messages += say_again(run, tx, fresh, said)
    for one in (one for group in groups for one in group):
        capabilities = run.sides[one.connection].capabilities(one.record.ref.collection)
        if capabilities is not None and capabilities.messages == "per_record":
            mark_read(tx, one.connection, one.record.ref.collection, {one.record.ref.rid: version_of(one.record)})


def _give_way(tx: sa.Connection, rows: Reconciliation, inquiry: InquiryId, rest: Sequence[Found]) -> None:
    """A counterpart that was about to be made there is there already."""
    places = {(one.connection, one.role) for one in rest}
    for link in [one for one in rows.links[inquiry] if one.rid is None and (one.conn, one.role) in places]:
        forget_link(tx, link.id)
        rows.links[inquiry].remove(link)


def _firsts(run: Run, groups: Sequence[Sequence[Found]]) -> Iterable[tuple[Side, str, dict[Ref, datetime | None]]]:
    by: dict[tuple[str, str], dict[Ref, datetime | None]] = {}
    for group in groups:
        if all(one.inquiry is None for one in group):
            ref = group[0].record.ref
            by.setdefault((group[0].connection, ref.collection), {})[ref] = None
    for (connection, name), refs in by.items():
        every = list(refs)
        for start in range(0, len(every), TOGETHER):
            yield run.sides[ConnectionName(connection)], name, dict.fromkeys(every[start : start + TOGETHER])


def _call(
    run: Run, tx: sa.Connection, link: Link, one: Found, used: set[str], before: datetime | None = None, behind: str | None = None
) -> None:
    """Give a link the name that stands on its record; one without a mark was there before those that were made of it.

    Within one run all of them were made at once: then the order in which counterparts list them tells.
    """
    if one.mark is not None and one.mark[1] not in used and _free(tx, one):
        link.id, link.corr = one.mark[1], ":".join(one.mark)
        used.add(link.id)
        return
    link.id = ulid_after(behind) if behind else run.store.new_id(None if before is None else before - timedelta(seconds=1))
    link.corr = f"{run.store.install.id}:{link.id}"


def _free(tx: sa.Connection, one: Found) -> bool:
    assert one.mark is not None
    taken = sa.or_(link_table.c.id == one.mark[1], link_table.c.corr == ":".join(one.mark))
    return tx.execute(sa.select(link_table.c.id).where(taken)).first() is None


def _link(run: Run, tx: sa.Connection, inquiry: InquiryId, one: Found, used: set[str]) -> Link:
    link = Link(
        id="",
        conn=one.connection,
        collection=one.record.ref.collection,
        corr="",
        kind="inquiry",
        state="live",
        rid=one.record.ref.rid,
        role=one.role,
        inquiry=inquiry,
    )
    _call(run, tx, link, one, used)
    return link


# -------------------------------------------------------------------------------------------------------------------- values
def _agree(run: Run, rows: Reconciliation, inquiry: InquiryId, group: Sequence[Found], added: set[str]) -> None:
    """Find for every field the word that all of them say in their own way; where there is none, keep both and let one stand."""
    by_key = {(link.conn, link.collection, link.rid): link for link in rows.links[inquiry]}
    members = [(one, by_key[one.key]) for one in group if one.key in by_key]
    before = inquiry in rows.documents  #: what the store says already, stands
    names = dict.fromkeys(name for one, _ in members for name in one.view.values)
    for name in names:
        said = [(one, link) for one, link in members if name in one.view.values]
        ranked = sorted(said, key=lambda pair: not _owns(run, pair[0], name))
        words: list[tuple[Value, Found | None, Link | None]] = []
        if before:
            words.append((rows.values[inquiry].get(name), None, None))
        words += [(one.view.values[name], one, link) for one, link in ranked]
        bound = [pair for pair in said if _counts(run, rows, inquiry, pair[0], name) and (not before or pair[1].id in added)]

        stands = next((one for one in words if not _clashing(run, rows.values[inquiry], bound, name, one[0])), words[0])
        word, whose, link = stands
        if whose is not None and link is not None and not same(word, rows.values[inquiry].get(name)):
            rows._entries.setdefault(inquiry, []).append(sighted(link, whose.record, name, word, run.now()))
            rows.values[inquiry][name] = word
        for one, other, ours in _clashing(run, rows.values[inquiry], bound, name, word):
            rows._disagree(other, name, None, ours, one.view.values[name], "ours")


def _clashing(
    run: Run, values: Mapping[FieldId, Value], bound: Sequence[tuple[Found, Link]], name: FieldId, word: Value
) -> list[tuple[Found, Link, Value]]:
    """Records that say otherwise than they would if the inquiry held `word`, each with what they would say."""
    found = []
    for one, link in bound:
        ours = run.sides[one.connection].mapper.project(link.collection, {**values, name: word}).values.get(name)
        seen = one.view.values[name]
        filled = seen not in EMPTY or isinstance(seen, bool)
        if not same(ours, seen) and not (filled and _policy(run, one, name) is Policy.WRITE_IF_EMPTY):
            found.append((one, link, ours))
    return found


def _policy(run: Run, one: Found, name: FieldId) -> Policy:
    found = run.sides[one.connection].binding.collections[one.record.ref.collection].fields.get(name)
    return Policy.SHARED if found is None else found.policy


def _owns(run: Run, one: Found, name: FieldId) -> bool:
    return _policy(run, one, name) is Policy.OWNER


def _counts(run: Run, rows: Reconciliation, inquiry: InquiryId, one: Found, name: FieldId) -> bool:
    """Whether this record is one that has to say the same: not where it is only read, or never told."""
    if _policy(run, one, name) is Policy.READ_ONLY or not run.sides[one.connection].writes(one.record.ref.collection):
        return False
    return name not in run.withheld(one.connection, rows.values[inquiry])
