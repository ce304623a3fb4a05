"""What the platforms themselves bear witness to: what stood where at which moment, and what of it had been shown to the engine.

The engine's own store is not asked: an engine that remembers wrongly must not be excused by what it remembers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

from deskweave.connector import Ref
from deskweave.model import Binding, FieldId, Json, Value
from deskweave.testing.memory import MemoryPlatform, small_mapper
from deskweave.testing.memory.hands import whole
from deskweave.testing.memory.platform import US, Line, Passed, Record

NATIVE: Final[Mapping[FieldId, str]] = {
    FieldId("title"): "short",
    FieldId("detail"): "long",
    FieldId("priority"): "prio",
    FieldId("status"): "state",
}  #: as the small binding has them
DONE: Final = ("", "")  #: what passed before it was taken in by a run that came to its end


@dataclass(frozen=True, slots=True)
class Moment:
    """How far a platform had come: so many changes had been made, so much had passed between it and us."""

    lines: int
    passed: int

    @classmethod
    def of(cls, platform: MemoryPlatform) -> Moment:
        return cls(len(platform.lines), len(platform.passed))


class Witness:
    """One field of one record, as its platform remembers it."""

    def __init__(self, platform: MemoryPlatform, binding: Binding, ref: Ref, field: FieldId) -> None:
        self._platform, self._field = platform, field
        self._key, self._native = (ref.collection, ref.rid), NATIVE[field]
        self._mapper = small_mapper(binding)
        self._record: Record = platform.records.get(self._key) or platform.removed[self._key]
        self._lines = [(at, one) for at, one in enumerate(platform.lines) if self._mine(one)]

    def _mine(self, line: Line) -> bool:
        return (line.collection, line.rid, line.field) == (*self._key, self._native)

    def read(self, raw: Json) -> Value:
        """A native value in the practice's words."""
        record = whole(self._record)
        return self._mapper.read(replace(record, fields={**record.fields, self._native: raw})).values.get(self._field)

    def spelled(self, value: Value) -> Value:
        """How the platform would say a value."""
        return self._mapper.project(self._key[0], {self._field: value}).values.get(self._field)

    def _stood(self, before: Callable[[int, Line], bool]) -> Value:
        """The value after the lines of which `before` holds."""
        raw = self._lines[0][1].old if self._lines else self._record.fields.get(self._native)
        for at, line in self._lines:
            if before(at, line):
                raw = line.new
        return self.read(raw)

    def first(self) -> Value:
        """What the record was born with."""
        return self._stood(lambda number, _: False)

    def seen_before(self, line: Line) -> Value:
        """What we had been shown last before we asked for a change."""
        asked = next(
            number
            for number, one in reversed(list(enumerate(self._platform.passed)))
            if one.key == self._key and one.asked is not None and one.asked.get(self._native) == line.new and one.at <= line.at
        )
        shown = [one.version for one in self._platform.passed[:asked] if one.key == self._key and one.asked is None]
        return self._stood(partial(_by, shown[-1])) if shown else None

    def said(self, at: Moment) -> Value:
        """What stood there."""
        return self._stood(lambda number, _: number < at.lines)

    def agreed(self, at: Moment) -> list[Value]:
        """What the engine may hold for agreed: what it was shown last by a run that came to its end, or in one that did not since.

        A record of our own making was stated by us before it was shown.
        """
        versions: list[int] = []
        done = False
        for one in reversed(self._platform.passed[: at.passed]):
            if one.key == DONE:
                done = True
            elif one.key == self._key and one.asked is None:
                versions.append(one.version)
                if done:
                    break
        else:
            if self._record.corr is not None or self._record.key:
                versions.append(1)
        return [self._stood(partial(_by, version)) for version in versions]

    def sent(self, at: Moment, settle: Callable[[Passed], datetime]) -> list[Value]:
        """Values we had asked it to take, or were about to, without an answer; not those that can no longer arrive, as was seen."""
        found: list[Value] = []
        asked = [
            (number, one)
            for number, one in enumerate(self._platform.passed)
            if one.key == self._key and one.asked is not None and self._native in one.asked
        ]
        for number, one in asked:
            if number < at.passed:
                pending = (one.answered is None or one.answered > at.passed) and not self._settled(number, at, settle(one))
            else:  # it was written down before it was asked for
                pending = not any(
                    other.key == self._key and other.asked is None for other in self._platform.passed[at.passed : number]
                )
            if pending:
                found.append(self.read((one.asked or {})[self._native]))
        return found

    def _settled(self, number: int, at: Moment, by: datetime) -> bool:
        seen = False
        for one in self._platform.passed[number : at.passed]:
            seen |= one.key == self._key and one.asked is None and one.at >= by
            if seen and one.key == DONE:
                return True
        return False

    def after(self, at: Moment) -> Iterator[Line]:
        """Changes made since, oldest first."""
        return (line for number, line in self._lines if number >= at.lines)

    def written_by_us(self, since: Moment, until: Moment) -> bool:
        """Whether a write of ours took effect between two moments."""
        return any(since.lines <= number < until.lines and line.by == US for number, line in self._lines)

    def replaced_by_us(self, at: Moment) -> bool:
        """Whether what stood there was replaced by a write of ours."""
        first = next(self.after(at), None)
        return first is not None and first.by == US


def _by(version: int, _: int, line: Line) -> bool:
    return line.version <= version
