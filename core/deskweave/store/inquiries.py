"""Inquiries as they stand: documents with their personal values resolved, and numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from deskweave.model import FieldId, Inquiry, InquiryId, Json, Value
from deskweave.store.tables import inquiry, personal
from deskweave.store.values import decode, reference_of

T = TypeVar("T")
PARAMETERS: Final = 5000  #: values in one IN list; SQLite takes 32766


@dataclass(slots=True)
class Document:
    """One row of `inquiry`. `raw` is what is stored (personal values as references), `values` is what it means."""

    id: InquiryId
    number: int
    seq: int
    values: dict[FieldId, Value]
    raw: dict[str, Json]
    unknown: dict[str, Json] = field(default_factory=dict)
    closed_at: datetime | None = None
    erased_at: datetime | None = None

    def inquiry(self) -> Inquiry:
        return Inquiry(self.id, dict(self.values), dict(self.unknown))


def chunks(items: Iterable[T], size: int = PARAMETERS) -> Iterator[list[T]]:
    """Lists of at most `size`, so that an IN list stays within what the database takes."""
    every = list(items)
    for start in range(0, len(every), size):
        yield every[start : start + size]


_BY_ID = sa.select(inquiry).where(inquiry.c.id.in_(sa.bindparam("ids", expanding=True)))
_PERSONAL = sa.select(personal.c.id, personal.c.value).where(personal.c.id.in_(sa.bindparam("ids", expanding=True)))


_LAST_NUMBER = sa.select(sa.func.coalesce(sa.func.max(inquiry.c.number), 0))
_NUMBERS = sa.select(inquiry.c.id, inquiry.c.number).where(inquiry.c.id.in_(sa.bindparam("ids", expanding=True)))


def load_documents(tx: sa.Connection, ids: Iterable[InquiryId]) -> dict[InquiryId, Document]:
    """Documents by id; an id that is not there is left out."""
    found: dict[InquiryId, Document] = {}
    for part in chunks(dict.fromkeys(ids)):
        for row in tx.execute(_BY_ID, {"ids": part}):
            found[InquiryId(row.id)] = Document(
                InquiryId(row.id),
                row.number,
                row.seq,
                {},
                row.doc.get("values", {}),
                row.doc.get("unknown", {}),
                row.closed_at,
                row.erased_at,
            )
    plain = personal_values(tx, (reference for doc in found.values() for reference in references(doc.raw)))
    for doc in found.values():
        doc.values = resolve(doc.raw, plain)
    return found


def references(raw: Mapping[str, Any]) -> Iterator[str]:
    for value in raw.values():
        reference = reference_of(value)
        if reference is not None:
            yield reference


def personal_values(tx: sa.Connection, ids: Iterable[str]) -> dict[str, Value]:
    """Values of personal rows by id; an erased one is None."""
    found: dict[str, Value] = {}
    for part in chunks(dict.fromkeys(ids)):
        for row in tx.execute(_PERSONAL, {"ids": part}):
            found[row.id] = decode(row.value)
    return found


def resolve(raw: Mapping[str, Any], plain: Mapping[str, Value]) -> dict[FieldId, Value]:
    """Stored values as they are meant: references looked up in `plain`."""
    values: dict[FieldId, Value] = {}
    for name, value in raw.items():
        reference = reference_of(value)
        values[FieldId(name)] = decode(value) if reference is None else plain.get(reference)
    return values


def next_number(tx: sa.Connection) -> int:
    """The number the next inquiry gets; shown as INQ-<number>. The caller holds the write lock."""
    return int(tx.execute(_LAST_NUMBER).scalar_one()) + 1


def numbers_of(tx: sa.Connection, ids: Sequence[InquiryId]) -> dict[InquiryId, int]:
    found: dict[InquiryId, int] = {}
    for part in chunks(dict.fromkeys(ids)):
        for row in tx.execute(_NUMBERS, {"ids": part}):
            found[InquiryId(row.id)] = row.number
    return found


def count_inquiries(tx: sa.Connection) -> int:
    return int(tx.execute(sa.select(sa.func.count()).select_from(inquiry)).scalar_one())
