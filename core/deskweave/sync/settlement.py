"""Counterparts that are due where records are matched: before one is created, the collection has been listed to its end once, and
what looks like the inquiry there is joined with it, or shown to a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from deskweave.model import CollectionBinding, InquiryId, Match
from deskweave.store.likeness import JOINED_INTO, alike, keys_of
from deskweave.store.links import Link, due_links, links_by_id, links_of
from deskweave.store.parked import ALONE, decided
from deskweave.store.streams import Stream, read_stream, save_stream
from deskweave.sync.joining import BY_PERSON, absorb, forget, note_join
from deskweave.sync.likeness import FEED, TOGETHER, is_open, key_of, places, source_of
from deskweave.sync.match import named
from deskweave.sync.run import RECORDS, Run, Side

if TYPE_CHECKING:
    from deskweave.sync.reconcile import Reconciliation


def may_be_due(rows: Reconciliation, side: Side, collection: CollectionBinding, inquiry: InquiryId) -> bool:
    """Whether a counterpart is to be thought of: where none is created, only once something there looks like the inquiry."""
    match = collection.match
    if match is None or match.on_none != "leave":
        return True
    key = key_of(match, side.mapper.project(collection.name, rows.values[inquiry]).values)
    like = alike(rows.tx, side.name, collection.name, [key] if key else []).get(key or "", [])
    links = links_of(rows.tx, [one for one in like if one != inquiry])
    return any(_stands(every, side.name, collection.name) for every in links.values())


def settle(run: Run, sides: Sequence[Side]) -> None:
    """Before anything is created: join what is there already, set aside what nobody can tell, and wait for the first listing."""
    where = places(run)
    for side in sides if where else ():
        if side.access != "write" or not run.works(side):
            continue
        with run.store.read() as tx:
            due = due_links(tx, side.name, run.now(), ["inquiry"], ["new"])
        due = [one for one in due if one.frozen is None and one.seen_version != ALONE]
        due = [one for one in due if (one.inquiry, side.name) not in run.expected]
        for name, collection in side.binding.collections.items():
            mine = [one for one in due if one.collection == name]
            asked = [one for one in where if one[0].name != side.name or one[1].name == name]
            if mine and asked and not _listed(run, side, collection, len(mine)):
                run.waits |= {one.id for one in mine}
                continue
            for start in range(0, len(mine) if asked else 0, TOGETHER):
                _settle(run, side, collection, mine[start : start + TOGETHER], asked)
    run.waits |= _expected(run)


def _expected(run: Run) -> set[str]:
    """Counterparts that a plan has found there: the next run joins them."""
    if not run.expected:
        return set()
    with run.store.read() as tx:
        links = links_of(tx, {inquiry for inquiry, _ in run.expected})
    return {one.id for inquiry, name in run.expected for one in links.get(inquiry, ()) if one.conn == name and one.rid is None}


def _listed(run: Run, side: Side, collection: CollectionBinding, waiting: int) -> bool:
    """Whether a collection was ever read to its end, in fields that are there: else a record that is there could be made twice."""
    match, capabilities = collection.match, side.capabilities(collection.name)
    if match is None and (capabilities is None or capabilities.changes not in ("filter", "scan")):
        return True  # nothing there can be looked at, and nobody has asked for it
    absent = sorted(set(match.find_by) - side.bound(collection.name)) if match is not None else []
    with run.store.read() as tx:
        mine, records = read_stream(tx, side.name, collection.name, FEED), read_stream(tx, side.name, collection.name, RECORDS)
    if not absent and mine.watermark is not None:
        return True
    if not absent and ((records.watermark is not None and records.resume is None) or (side.name, collection.name) in run.listed):
        if not run.looking:
            with run.store.write() as tx:
                save_stream(tx, side.name, collection.name, FEED, Stream(run.now(), mine.resume))
        return True
    why = f"{', '.join(absent)} is not there yet" if absent else f"{collection.name} has not been read to its end"
    run.note(
        "match-waits",
        side,
        collection.name,
        str(waiting),
        f"{waiting} new records of {collection.name} wait: {why}, and they might be there already",
        "run deskweave apply"
        if absent
        else "the next run goes on reading; where the collection cannot be listed, take away `match:`",
    )
    return False


def _settle(
    run: Run,
    side: Side,
    collection: CollectionBinding,
    due: Sequence[Link],
    asked: Sequence[tuple[Side, CollectionBinding, Match]],
) -> None:
    from deskweave.sync.reconcile import Reconciliation

    found: dict[str, dict[InquiryId, str]] = {one.id: {} for one in due}
    with run.store.read() as tx:
        keys = keys_of(tx, [one.inquiry for one in due if one.inquiry is not None])
        for there, where, match in asked:
            _counterparts_alike(run, tx, side, collection, due, (there, where, match), keys, found)
    for one in due:
        said = decided(one)
        if said is not None:
            found[one.id] = {said: BY_PERSON}
    open_ = [one for one in due if found[one.id] or (collection.match is not None and collection.match.on_none != "create")]
    open_ = [one for one in open_ if one.id not in run.waits]
    if not open_:
        return
    with run.store.write() as tx:
        rows = Reconciliation(run, tx)
        rows.load(InquiryId(str(one.inquiry)) for one in open_)
        rows.load(other for one in open_ for other in found[one.id])
        for one in open_:
            inquiry = InquiryId(str(one.inquiry))
            link = next((mine for mine in rows.links[inquiry] if mine.id == one.id), None)
            if link is not None and is_open(link):
                _decide(rows, side, collection, inquiry, link, found[one.id])
        if run.looking:
            return
        rows.flush()
        rows.follow()


def _counterparts_alike(
    run: Run,
    tx: sa.Connection,
    side: Side,
    collection: CollectionBinding,
    due: Sequence[Link],
    asked: tuple[Side, CollectionBinding, Match],
    keys: Mapping[tuple[str, str, InquiryId], str],
    found: dict[str, dict[InquiryId, str]],
) -> None:
    """Inquiries with a record on this connection that say what one without says, where records are matched."""
    there, where, match = asked
    place, own = (there.name, where.name), there.name == side.name
    said = {one.id: key for one in due if (key := keys.get((*place, InquiryId(str(one.inquiry))))) is not None}
    like = alike(tx, *place, said.values())
    if not any(len(every) > 1 for every in like.values()):
        return  # nobody but themselves
    links = links_of(tx, [inquiry for every in like.values() for inquiry in every])
    apart = links_by_id(tx, [one for every in like.values() for one in every if one not in links])
    for one in due:
        mine = InquiryId(str(one.inquiry))
        if not own and not _stands(links.get(mine, ()), *place):
            continue
        for other in like.get(said.get(one.id, ""), ()):
            if other in apart:
                if apart[other].conn == side.name and apart[other].state == "parked":
                    run.waits.add(one.id)  # somebody has to decide first what that record is
            elif other != mine and _stands(links.get(other, ()), side.name, collection.name if own else None):
                found[one.id].setdefault(other, source_of(match))


def _stands(links: Sequence[Link], conn: str, collection: str | None) -> bool:
    """Whether one of these is a record there."""
    return any(one.rid is not None and one.conn == conn and collection in (None, one.collection) for one in links)


def _decide(
    rows: Reconciliation, side: Side, collection: CollectionBinding, inquiry: InquiryId, link: Link, found: Mapping[InquiryId, str]
) -> None:
    """What becomes of a counterpart that is due: it is there already, a person looks, or it is made."""
    run = rows.run
    others = [one for one in found if one != inquiry and one in rows.documents and JOINED_INTO not in rows.values[one]]
    if decided(link) is None:
        others = [one for one in others if not _collide(rows, inquiry, one)]  # each has a record there: they are two
    number, how = rows.documents[inquiry].number, found[others[0]] if others else ""
    if not others:
        on_none = "create" if collection.match is None else collection.match.on_none
        if on_none == "error" and collection.match is not None:
            fields = ", ".join(collection.match.find_by)
            reason = f"no record in {collection.name} of {side.name} says the same ({fields})"
            _ask(rows, side, link, number, reason, "")
        elif on_none == "leave" and run.looking:
            run.waits.add(link.id)
        elif on_none == "leave":
            forget(rows, inquiry, link)
        return
    called = named(f"INQ-{rows.documents[one].number}" for one in others)
    if len(others) > 1:
        fields = how.partition(":")[2].replace(",", ", ")
        _ask(rows, side, link, number, f"several records of {side.name} say the same ({fields}): {called}", called)
    elif _collide(rows, inquiry, others[0]):
        _ask(rows, side, link, number, f"it cannot be {called}: both have a record on one platform", "")
    elif _busy(rows, inquiry) or _busy(rows, others[0]):
        run.waits.add(link.id)  # what is under way is waited for
    else:
        into, other = sorted((inquiry, others[0]), key=lambda one: rows.documents[one].number)
        if run.looking:
            run.waits.add(link.id)
            told = {(note.inquiry, note.other) for note in run.report.joined}
            for moving in rows.links[other] if (into, rows.documents[other].number) not in told else ():
                if moving.rid is not None and moving.conn in run.sides:
                    note_join(rows, run.side_of(moving), moving.label, how, into, rows.documents[other].number)
        else:
            absorb(rows, into, other, how)


def _busy(rows: Reconciliation, inquiry: InquiryId) -> bool:
    """Whether something may be under way to one of its records."""
    links = [one for one in rows.links[inquiry] if not is_open(one)]
    return any(one.inflight or (one.rid is None and one.state in ("creating", "unknown")) for one in links)


def _ask(rows: Reconciliation, side: Side, link: Link, number: int, why: str, called: str) -> None:
    """Set a counterpart aside until a person has said what it is."""
    is_ = f"--is {called.split(',')[0]}, " if called else ""
    reason = f"{why}. Decide: deskweave parked INQ-{number} {is_}--again: create it, --drop: leave it"
    if rows.run.looking:
        rows.run.waits.add(link.id)
        rows.run.tell_parked(side, None, number, reason)
    else:
        link.seen_version = None  # what somebody said of it before is of no use
        rows.park(link, reason)


def _collide(rows: Reconciliation, one: InquiryId, other: InquiryId) -> bool:
    """Whether both have a record of one role on one connection: they cannot be one inquiry then."""
    mine, theirs = ({(link.conn, link.role) for link in rows.links[each] if not is_open(link)} for each in (one, other))
    return bool(mine & theirs)
