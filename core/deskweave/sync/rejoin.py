"""Which records of several platforms are one inquiry, told by what stands on them alone. Pure.

A record that we created carries our mark; the one it was created for carries none. What joins the two again is what both say of
each other: the cross-reference (counterparts' numbers and addresses), and messages that were carried, whose first line names where
they were said. A mark without a partner is for a person to decide: a guess would double an inquiry or mix two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

from deskweave.connector import RemoteRecord, View
from deskweave.model import ConnectionName, FieldId, InquiryId, Value
from deskweave.sync.merge import EMPTY, same

Key: TypeAlias = tuple[str, str, str]  #: connection, collection, remote id
SUGGESTED: Final = 3


@dataclass(slots=True, kw_only=True)
class Found:
    """One record as it stands on its platform."""

    connection: ConnectionName
    record: RemoteRecord
    view: View
    role: str
    cross: str | None = None  #: the cross-reference text on it
    mark: tuple[str, str] | None = None  #: install and link of the one who created it
    inquiry: InquiryId | None = None  #: the store knows it already
    told: frozenset[FieldId] = frozenset()  #: fields that say the same on every platform, so that they can be compared

    @property
    def key(self) -> Key:
        return self.connection, self.record.ref.collection, self.record.ref.rid

    @property
    def called(self) -> str:
        return f"{self.connection} {self.record.label}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """What a person has to decide before a store can be rebuilt."""

    connection: ConnectionName
    label: str
    why: str  #: "partner": it carries a mark and nothing says whose counterpart it is; "several": too much would be one inquiry
    others: tuple[str, ...] = ()  #: labels: what says the same ("partner"), what would be one with it ("several")


@dataclass(slots=True)
class Groups:
    """Records by inquiry, and what could not be told."""

    groups: list[list[Found]] = field(default_factory=list)
    undecided: list[Undecided] = field(default_factory=list)


class _Sets:
    """Union and find."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self._above: dict[Key, Key] = {key: key for key in keys}

    def top(self, key: Key) -> Key:
        while self._above[key] != key:
            self._above[key] = self._above[self._above[key]]
            key = self._above[key]
        return key

    def join(self, one: Key, other: Key) -> None:
        self._above[self.top(one)] = self.top(other)


def rejoin(
    found: Sequence[Found],
    carried: Mapping[Key, Sequence[tuple[str, str]]],
    *,
    joins: Sequence[tuple[str, str]] = (),
    alone: Sequence[str] = (),
    suggested: bool = False,
) -> Groups:
    """Group records by inquiry.

    Args:
        found: every record of every platform.
        carried: of each record, mark and origin of the messages that were carried to it.
        joins: labels of two records that a person says are one inquiry.
        alone: labels of records that a person says are an inquiry of their own, whatever stands on them.
        suggested: join a mark without a partner with the only record that says the same.
    """
    every = {one.key: one for one in found}
    apart = {one.key for one in found if _named(one, alone)}
    sets = _Sets(every)

    def join(one: Key, other: Key | None) -> None:
        if other is not None and one != other and not {one, other} & apart:
            sets.join(one, other)

    texts = _texts(found)
    labels: dict[tuple[str, str], list[Key]] = {}
    for one in found:
        labels.setdefault((one.connection, one.record.label), []).append(one.key)
    for one in found:
        for part in (one.cross or "").split(" | "):
            there = [key for key in texts.get(part.strip(), ()) if key[0] != one.connection]
            join(one.key, there[0] if len(there) == 1 else None)
    marked: dict[str, Key] = {}
    for key, lines in carried.items():
        for mark, origin in lines:
            connection, _, label = origin.partition(" ")
            there = labels.get((connection, label), [])
            join(key, there[0] if len(there) == 1 and connection != key[0] else None)
            if marked.setdefault(mark, key)[0] != key[0]:
                join(key, marked[mark])
    known: dict[InquiryId, Key] = {}
    for one in found:
        if one.inquiry is not None and known.setdefault(one.inquiry, one.key) != one.key:
            sets.join(one.key, known[one.inquiry])
    for left, right in joins:
        for one in [one for one in found if _named(one, [left])]:
            for other in [one for one in found if _named(one, [right])]:
                if one.connection != other.connection:
                    sets.join(one.key, other.key)
    twins = _Twins(found)
    if suggested:
        for one in _lonely(found, sets, apart):
            near = twins.of(one, sets)
            if len(near) == 1:
                join(one.key, near[0].key)
    return _result(found, sets, apart, twins)


def _named(one: Found, names: Sequence[str]) -> bool:
    return any(name in (one.record.label, one.called, one.record.ref.rid, one.record.url) for name in names)


def _texts(found: Sequence[Found]) -> dict[str, list[Key]]:
    """How a record is called in a cross-reference: label and address, id and address, either alone."""
    texts: dict[str, list[Key]] = {}
    for one in found:
        for text in _spelled(one):
            texts.setdefault(text, []).append(one.key)
    return texts


def _spelled(one: Found) -> set[str]:
    record = one.record
    return {record.label, record.url or "", f"{record.label} {record.url}", f"{record.ref.rid} {record.url}"} - {""}


def listed_behind(first: Found, group: Sequence[Found]) -> str | None:
    """The last of the marks behind which counterparts list a record without one: cross-references stand in the order of links."""
    behind = []
    for one in group:
        parts = [part.strip() for part in (one.cross or "").split(" | ")]
        at = next((number for number, part in enumerate(parts) if part in _spelled(first)), 0)
        behind += [other.mark[1] for other in group if other.mark is not None and _spelled(other) & set(parts[:at])]
    return max(behind, default=None)


def _lonely(found: Sequence[Found], sets: _Sets, apart: set[Key]) -> list[Found]:
    """Records with a mark that nothing joins with another."""
    size: dict[Key, int] = {}
    for one in found:
        size[sets.top(one.key)] = size.get(sets.top(one.key), 0) + 1
    return [
        one
        for one in found
        if one.mark is not None and one.inquiry is None and one.key not in apart and size[sets.top(one.key)] == 1
    ]


class _Twins:
    """Records that say the same, looked up by the field that tells records apart best."""

    def __init__(self, found: Sequence[Found]) -> None:
        said: dict[FieldId, set[Value]] = {}
        for one in found:
            for name in one.told:
                said.setdefault(name, set()).add(one.view.values.get(name))
        self._by = max(said, key=lambda name: (len(said[name]), name), default=FieldId(""))
        self._found: dict[Value, list[Found]] = {}
        for one in found:
            self._found.setdefault(one.view.values.get(self._by), []).append(one)

    def of(self, one: Found, sets: _Sets) -> list[Found]:
        """Records without a mark, of platforms where it has no counterpart, that say the same in every field both have."""
        near = []
        for other in self._found.get(one.view.values.get(self._by), ()):
            if other.connection == one.connection or other.mark is not None or sets.top(other.key) == sets.top(one.key):
                continue
            both = [name for name in one.told & other.told if name in one.view.values and name in other.view.values]
            says = [name for name in both if one.view.values[name] not in EMPTY]
            if says and all(same(one.view.values[name], other.view.values[name]) for name in both):
                near.append(other)
        return near


def _result(found: Sequence[Found], sets: _Sets, apart: set[Key], twins: _Twins) -> Groups:
    members: dict[Key, list[Found]] = {}
    for one in found:
        members.setdefault(sets.top(one.key), []).append(one)
    lonely = {one.key for one in _lonely(found, sets, apart)}
    result = Groups()
    for group in members.values():
        places = [(one.connection, one.role) for one in group]
        inquiries = {one.inquiry for one in group if one.inquiry is not None}
        if len(set(places)) < len(places) or len(inquiries) > 1:
            first = next((one for one in group if one.mark is not None and one.inquiry is None), group[0])
            others = tuple(one.called for one in group if one is not first)
            result.undecided.append(Undecided(connection=first.connection, label=first.record.label, why="several", others=others))
        elif group[0].key in lonely:
            near = tuple(other.record.label for other in twins.of(group[0], sets)[:SUGGESTED])
            result.undecided.append(
                Undecided(connection=group[0].connection, label=group[0].record.label, why="partner", others=near)
            )
        else:
            result.groups.append(sorted(group, key=lambda one: (one.mark is not None, one.mark or ("", ""), _opened(one))))
    return result


def _opened(one: Found) -> str:
    said = one.view.values.get(FieldId("submitted_at"))
    at = said if isinstance(said, datetime) else one.record.updated_at
    return "" if at is None else at.isoformat()
