"""Records that are to be deleted, because a counterpart of theirs was: from the day it was confirmed to the platform's answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from deskweave.model import InquiryId
from deskweave.store.inquiries import chunks
from deskweave.store.tables import deletion, event


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """One row of `deletion`.

    Attributes:
        link: of the record that is to be deleted.
        gone: of the counterpart that was deleted.
        conn: where the record is.
        at: when the deletion of the counterpart was confirmed, aware UTC.
        seq: the last event then: what happens after it is somebody going on with the inquiry.
        sent_at: when the call was about to be made; from then on the record may be deleted.
        version: of the record then.
    """

    link: str
    gone: str
    conn: str
    at: datetime
    seq: int
    sent_at: datetime | None = None
    version: str | None = None


def add_deletions(tx: sa.Connection, found: Sequence[Deletion]) -> None:
    """Write down what is to be deleted; a record that is already in the list keeps its day."""
    known = {one.link for one in deletions_of(tx, [one.link for one in found])}
    for one in found:
        if one.link not in known:
            tx.execute(deletion.insert().values(link=one.link, gone=one.gone, conn=one.conn, at=one.at, seq=one.seq, sent_at=None))


def list_deletions(tx: sa.Connection) -> list[Deletion]:
    """Everything that is to be deleted, the oldest first."""
    return [_row(row) for row in tx.execute(sa.select(deletion).order_by(deletion.c.at, deletion.c.link))]


def deletions_of(tx: sa.Connection, links: Iterable[str]) -> list[Deletion]:
    return [_row(row) for part in chunks(links) for row in tx.execute(sa.select(deletion).where(deletion.c.link.in_(part)))]


def mark_sent(tx: sa.Connection, link: str, at: datetime | None, version: str | None) -> None:
    """The call is about to be made; None: it surely was not."""
    tx.execute(sa.update(deletion).where(deletion.c.link == link).values(sent_at=at, version=version))


def forget_deletions(tx: sa.Connection, links: Iterable[str]) -> None:
    for part in chunks(links):
        tx.execute(sa.delete(deletion).where(deletion.c.link.in_(part)))


def went_on(tx: sa.Connection, inquiry: InquiryId, after: int) -> bool:
    """Whether anybody has done anything about an inquiry since an event: on a platform, or a person here."""
    said = sa.or_(event.c.source.startswith("connection:"), event.c.source.startswith("person:"))
    asked = sa.select(event.c.seq).where(event.c.inquiry == inquiry, event.c.seq > after, event.c.refines.is_(None), said)
    return tx.execute(asked.limit(1)).first() is not None


def _row(row: sa.Row[tuple[object, ...]]) -> Deletion:
    return Deletion(**row._mapping)
