"""Why a run was stopped before it wrote, as data: the command line says it in every language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import sqlalchemy as sa

from deskweave.errors import SafetyStop
from deskweave.model import ConnectionName, FieldId, InquiryId, Value
from deskweave.store.events import last_sources
from deskweave.store.links import Link
from deskweave.store.values import dumps, encode
from deskweave.sync.merge import EMPTY

MOST: Final = 0.8  #: a field explains a stop when so many of its changes are of that field


@dataclass(frozen=True, slots=True, kw_only=True)
class Likely:
    """What most of the changes have in common: one field, often one place it comes from, often one value."""

    field: FieldId
    source: str | None  #: "connection:NAME", "practice:DIGEST", "rule:ID", "person:ID"; None: from several
    inquiries: int
    there: Value = None  #: what stands there now, where it is the same nearly everywhere
    one_there: bool = False
    wanted: Value = None  #: what would stand there, where it is the same nearly everywhere
    one_wanted: bool = False

    @property
    def emptied(self) -> bool:
        """Values would be lost: often a sign that a field can no longer be read."""
        return self.one_wanted and self.wanted in EMPTY and not isinstance(self.wanted, bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One limit that was exceeded. Which of the numbers mean something follows from `kind`."""

    kind: Literal["changes", "creates", "notices", "marks", "vanished", "mapping", "deletes"]
    text: str  #: in English, for logs and JSON
    connection: ConnectionName | None = None
    collection: str | None = None
    count: int = 0
    limit: int = 0
    of: int = 0  #: records of the connection, or of the collection
    updated: int = 0
    created: int = 0
    mails: int = 0  #: of kind "notices"; `count` is of people
    labels: tuple[str, ...] = ()
    likely: Likely | None = None


class GuardStop(SafetyStop):
    """A guard said no, with everything it has to say. `rule` is the kind of its first stop."""

    def __init__(self, message: str, stops: Sequence[Stop]) -> None:
        super().__init__(message)
        self.stops = tuple(stops)
        self.rule = f"guard-{self.stops[0].kind}"


def go_ahead(stops: Sequence[Stop]) -> str:
    """The options with which the same command would write what it counted, and no more."""
    most = {kind: max((one.count for one in stops if one.kind in kinds), default=0) for kind, kinds in _OPTIONS.items()}
    return " ".join(f"{option} {count}" for option, count in most.items() if count)


_OPTIONS: Final = {"--max-changes": ("changes", "creates", "vanished", "deletes"), "--max-notices": ("notices",)}


def likely(tx: sa.Connection, wants: Sequence[tuple[Link, Mapping[FieldId, Value]]]) -> Likely | None:
    """What most of these changes have in common; None: nothing that would explain them."""
    touched: Counter[FieldId] = Counter(name for _, want in wants for name in want)
    if not touched:
        return None
    field, n = touched.most_common(1)[0]
    if n < MOST * len(wants):
        return None
    mine = [(link, want[field]) for link, want in wants if field in want]
    there, one_there = _common([link.base.get(field) for link, _ in mine])
    wanted, one_wanted = _common([value for _, value in mine])
    inquiries = {InquiryId(link.inquiry) for link, _ in mine if link.inquiry is not None}
    sources = Counter(last_sources(tx, sorted(inquiries), field).values())
    source, often = sources.most_common(1)[0] if sources else (None, 0)
    return Likely(
        field=field,
        source=source if often >= MOST * len(inquiries) else None,
        inquiries=len(inquiries),
        there=there,
        one_there=one_there,
        wanted=wanted,
        one_wanted=one_wanted,
    )


def _common(values: Sequence[Value]) -> tuple[Value, bool]:
    """The value that nearly all have, all emptinesses being one."""
    told: dict[str, Value] = {}
    seen: Counter[str] = Counter()
    for value in values:
        key = "" if value in EMPTY and not isinstance(value, bool) else dumps(encode(value))
        told.setdefault(key, value)
        seen[key] += 1
    key, n = seen.most_common(1)[0]
    return (told[key], True) if n >= MOST * len(values) else (None, False)


def in_english(cause: Likely) -> str:
    """`almost all: servicenow priority, high to empty (30 inquiries)`."""
    source = cause.source or ""
    where = f"{source.partition(':')[2]} " if source.startswith("connection:") else ""
    there = f"{_word(cause.there)} " if cause.one_there else ""
    what = f", {there}to {_word(cause.wanted)}" if cause.one_wanted else ""
    return f"almost all: {where}{cause.field}{what} ({cause.inquiries} inquiries)"


def _word(value: Value) -> str:
    return "empty" if value in EMPTY and not isinstance(value, bool) else str(value)[:40]
