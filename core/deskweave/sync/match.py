"""Records that no mark joins and that are the same inquiry all the same: one that is read for the first time is joined with the one
inquiry that lacks a record there and says the same (`match:` of a binding). Several that look alike are for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from deskweave.connector import RemoteRecord, View
from deskweave.model import CollectionBinding, InquiryId, Match
from deskweave.store.likeness import JOINED_INTO, alike, forget_key, save_keys
from deskweave.store.links import forget_link, links_by_id, links_of
from deskweave.store.parked import decided
from deskweave.sync.joining import BY_PERSON, join, note_join
from deskweave.sync.likeness import is_open, key_of, places, source_of
from deskweave.sync.run import Side

if TYPE_CHECKING:
    from deskweave.sync.reconcile import Lines, Reconciliation

NAMED: Final = 5  #: candidates that a reason names


def welcome(
    rows: Reconciliation, side: Side, records: Sequence[tuple[RemoteRecord, View, str]], lines: Mapping[str, Lines]
) -> None:
    """Let go on what a person has decided about: a record is one inquiry's, or begins its own."""
    links = links_by_id(rows.tx, [identifier for _, _, identifier in records])
    for record, view, identifier in records:
        link, said = links[identifier], lines.get(f"{record.ref.collection}/{record.ref.rid}", {})
        if link.inquiry is not None:
            continue
        forget_link(rows.tx, identifier)
        forget_key(rows.tx, identifier)
        inquiry = decided(link)
        if inquiry is not None:
            rows.load([inquiry])
        if inquiry is not None and _lacks(rows, side, link.role, inquiry):
            join(rows, inquiry, side, record, view, said, BY_PERSON)
            note_join(rows, side, record.label, BY_PERSON, inquiry)
        elif inquiry is not None:
            reason = f"it cannot be the inquiry that was named: that has a record on {side.name} by now"
            rows.set_aside(side, record, f"{reason}. Decide again: deskweave parked {record.label} --again, or --drop", None)
        else:
            rows.open(side, record, view, said, alone=True)


@dataclass(slots=True)
class _Suitor:
    """A record nobody knew, and the inquiries it looks like."""

    record: RemoteRecord
    view: View
    found: dict[InquiryId, str] = field(default_factory=dict)  #: with the source an event names
    keys: dict[tuple[str, str], str] = field(default_factory=dict)  #: by connection and collection


def sift(
    rows: Reconciliation, side: Side, name: str, fresh: Sequence[tuple[RemoteRecord, View]], lines: Mapping[str, Lines]
) -> list[tuple[RemoteRecord, View]]:
    """Join the records of a page that look like an inquiry; answers with those that begin one of their own."""
    where = places(rows.run)
    if not where or not fresh:
        return list(fresh)
    suitors = [_Suitor(record, view) for record, view in fresh]
    for there, collection, match in where:
        if there.name == side.name and collection.name != name:
            continue
        _look_alike(rows, side, there, collection, match, suitors)
    role = side.binding.collections[name].role
    rows.load(inquiry for one in suitors for inquiry in one.found)
    for one in suitors:
        one.found = {inquiry: how for inquiry, how in one.found.items() if _lacks(rows, side, role, inquiry)}
    wooed: dict[InquiryId, list[_Suitor]] = {}
    for one in suitors:
        for inquiry in one.found:
            wooed.setdefault(inquiry, []).append(one)
    rest = []
    for one in suitors:
        rivals = [other for inquiry in one.found for other in wooed[inquiry] if other is not one]
        if not one.found:
            rest.append((one.record, one.view))
        elif len(one.found) == 1 and not rivals:
            ((inquiry, how),) = one.found.items()
            _take_in(rows, side, one, inquiry, how, lines)
        else:
            _set_aside(rows, side, one, rivals)
    return rest


def _look_alike(
    rows: Reconciliation, side: Side, there: Side, collection: CollectionBinding, match: Match, suitors: Sequence[_Suitor]
) -> None:
    """Inquiries that say what a record says: in the words of its own collection, or of the one in which they have a record."""
    own = there.name == side.name
    place = (there.name, collection.name)
    for one in suitors:
        values = one.view.values if own else there.mapper.project(collection.name, one.view.values).values
        key = key_of(match, values)
        if key is not None:
            one.keys[place] = key
    like = alike(rows.tx, *place, [one.keys[place] for one in suitors if place in one.keys])
    if not like:
        return
    links = links_of(rows.tx, [inquiry for every in like.values() for inquiry in every])
    for one in suitors:
        for inquiry in like.get(one.keys.get(place, ""), ()):
            standing = [link for link in links.get(inquiry, ()) if link.rid is not None]
            if any(own or (link.conn, link.collection) == place for link in standing):
                one.found.setdefault(inquiry, source_of(match))


def _lacks(rows: Reconciliation, side: Side, role: str, inquiry: InquiryId) -> bool:
    """Whether an inquiry goes on and has no record on this connection."""
    ended = inquiry not in rows.documents or JOINED_INTO in rows.values[inquiry]
    here = [one for one in rows.links.get(inquiry, ()) if one.conn == side.name and one.role == role]
    return not ended and all(is_open(one) for one in here) and (inquiry, side.name) not in rows.run.expected


def _take_in(rows: Reconciliation, side: Side, one: _Suitor, inquiry: InquiryId, how: str, lines: Mapping[str, Lines]) -> None:
    run = rows.run
    if run.looking:
        run.expected.add((inquiry, side.name))
        run.unsaved.add(side.name)
    else:
        join(rows, inquiry, side, one.record, one.view, lines.get(f"{one.record.ref.collection}/{one.record.ref.rid}", {}), how)
    note_join(rows, side, one.record.label, how, inquiry)


def _set_aside(rows: Reconciliation, side: Side, one: _Suitor, rivals: Sequence[_Suitor]) -> None:
    """Several could be meant: the record waits for a person."""
    run = rows.run
    candidates = named(f"INQ-{rows.documents[inquiry].number}" for inquiry in one.found)
    fields = ", ".join(sorted({how.partition(":")[2] for how in one.found.values()}))
    if rivals:
        others = named(dict.fromkeys(other.record.label for other in rivals))
        reason = f"{others} says the same ({fields}), and so does {candidates}"
    else:
        reason = f"several inquiries say the same ({fields}): {candidates}"
    label, first = one.record.label, candidates.split(",")[0]
    reason += f". Decide: deskweave parked {label} --is {first}, or --again: it is an inquiry of its own"
    if run.looking:
        run.unsaved.add(side.name)
        run.tell_parked(side, label, None, reason)
        return
    link = rows.set_aside(side, one.record, reason, None)
    # until somebody has decided, none is created for those it looks like
    save_keys(rows.tx, {(*place, InquiryId(link)): key for place, key in one.keys.items()}, {})


def named(words: Iterable[str]) -> str:
    every = list(words)
    return ", ".join(every[:NAMED]) + (f" and {len(every) - NAMED} more" if len(every) > NAMED else "")
