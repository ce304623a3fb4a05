"""What a platform's own history says about a change we saw: which of its lines are the change, and which are our own echo. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from deskweave.connector import Change, Mapper, RemoteChange
from deskweave.model import FieldId, Value
from deskweave.store.audit import digest_value
from deskweave.sync.merge import EMPTY, same


def origin_of(change: Change) -> str:
    """The change's own name: the same line read twice is one event."""
    ref = change.source.ref
    return f"{ref.collection}/{ref.rid}/{change.source.change_id}/{change.field}"


def read_lines(mapper: Mapper, lines: Sequence[RemoteChange]) -> dict[FieldId, list[Change]]:
    """Lines in the practice's words by field, oldest first. A line that changes nothing in these words is left out.

    A value the practice has no word for is bridged: the next known value follows on the last known one, at its own time.
    """
    found: dict[FieldId, list[Change]] = {}
    last: dict[str, Change] = {}  # by the platform's own field: where the known values stood
    for line in sorted(lines, key=lambda one: (one.at, one.order)):
        change = mapper.read_change(line)
        if change is None:
            continue
        before = last.get(line.field)
        if before is not None and before.field == change.field and change.old in EMPTY and before.source.new != line.old:
            change = replace(change, old=before.new)
        last[line.field] = change
        if not same(change.old, change.new):
            found.setdefault(change.field, []).append(change)
    return found


def chain(lines: Sequence[Change], base: Value, seen: Value) -> list[Change]:
    """The unbroken run of lines that leads from `base` to `seen`, the longest there is; empty where history does not tell (yet)."""
    if not lines or not same(lines[-1].new, seen):
        return []
    start = len(lines) - 1
    best: list[Change] = []
    while True:
        if same(lines[start].old, base):
            best = list(lines[start:])
        if start == 0 or not same(lines[start - 1].new, lines[start].old):
            return best
        start -= 1


def tail(lines: Sequence[Change], seen: Value) -> list[Change]:
    """The longest unbroken run of lines that ends in `seen`: the life of a value before we knew the record."""
    if not lines or not same(lines[-1].new, seen):
        return []
    start = len(lines) - 1
    while start and same(lines[start - 1].new, lines[start].old):
        start -= 1
    return list(lines[start:])


def explains(lines: Sequence[Change], old: Value, new: Value) -> list[Change]:
    """The lines that lead from `old` to `new`, wherever in the history they stand (the latest such run)."""
    for end in range(len(lines), 0, -1):
        run = chain(lines[:end], old, new)
        if run:
            return run
    return []


def overwritten(lines: Sequence[Change], base: Value, ours: Collection[Value]) -> Change | None:
    """The line by which our write replaced a value somebody had put there unseen; None where it replaced what we knew.

    A workflow may lead a write through other values: steps by the same account that follow on each other are one write.
    """
    for end in range(len(lines) - 1, -1, -1):
        line = lines[end]
        if not any(same(line.new, one) for one in ours):
            continue
        first, by = end, line.source.by
        while first and by is not None and lines[first - 1].source.by == by and same(lines[first - 1].new, lines[first].old):
            first -= 1
        replaced = lines[first].old
        if same(replaced, base) or any(same(replaced, one) for one in ours):
            return None
        return replace(line, old=replaced)
    return None


def without_echoes(
    lines: Mapping[FieldId, Sequence[Change]],
    known: Collection[str],
    own: Mapping[FieldId, Collection[str]],
    seen_at: datetime | None,
) -> dict[FieldId, list[Change]]:
    """Lines that are neither events already nor what we wrote ourselves and have had the answer to."""
    found: dict[FieldId, list[Change]] = {}
    for name, every in lines.items():
        for line in every:
            if origin_of(line) in known:
                continue
            if seen_at is not None and line.source.at <= seen_at and digest_value(line.new) in own.get(name, ()):
                continue
            found.setdefault(name, []).append(line)
    return found
