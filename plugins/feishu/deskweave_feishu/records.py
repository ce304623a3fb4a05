"""`connector.RecordSource` and `connector.RecordSink` over the two collections."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from deskweave.connector import Absent, Draft, Kit, Outcome, Page, Patch, Ref, RemoteChange, RemoteRecord, Stub
from deskweave.errors import ConfigurationError, Executed, Rejected
from deskweave_feishu.ledger import CLOCK_MARGIN, LEDGER, Ledger
from deskweave_feishu.ledger_writes import LedgerWriter
from deskweave_feishu.mapping import instant_of, milliseconds
from deskweave_feishu.tickets import TICKET, Tickets


class FeishuRecords:
    """Reads rows of the ledger and tickets of the helpdesk."""

    def __init__(self, ledger: Ledger | None, tickets: Tickets | None, kit: Kit) -> None:
        self._ledger, self._tickets, self._kit = ledger, tickets, kit

    def changes(self, collection: str, since: datetime | None, resume: str | None) -> Page[RemoteRecord]:
        """One page. The ledger is scanned whole each time, as no query says precisely what changed."""
        if collection == TICKET:
            return self._helpdesk().changes(since, resume)
        begun, token = _scan(resume, self._kit.now())
        items, following, total = self._table(collection).page(token)
        if following is not None:
            return Page(items=items, resume=f"{milliseconds(begun)}:{following}", expected=total)
        return Page(items=items, resume=None, covers_until=begun - CLOCK_MARGIN, expected=total)

    def fetch(self, refs: Sequence[Ref]) -> Sequence[RemoteRecord | Absent]:
        rows = [ref.rid for ref in refs if ref.collection == LEDGER]
        found = self._table(LEDGER).fetch(rows) if rows else {}
        return [
            found.get(ref.rid, Absent(ref, "unclear")) if ref.collection == LEDGER else self._helpdesk().fetch(ref.rid)
            for ref in refs
        ]

    def find(self, collection: str, corr: str, created_after: datetime) -> Sequence[RemoteRecord]:
        if collection == TICKET:
            return ()  # a ticket has no place for our id
        return self._table(collection).find(corr)

    def census(self, collection: str, resume: str | None) -> Page[Stub]:
        if collection == TICKET:
            return self._helpdesk().census(resume)
        stubs, following, total = self._table(collection).stubs(resume)
        return Page(items=stubs, resume=following, expected=total)

    def history(self, refs: Sequence[Ref], since: datetime | None, resume: str | None) -> Page[RemoteChange]:
        """Nothing: neither a row's nor a ticket's history can be read through the API."""
        return Page(items=[], resume=None)

    def _table(self, collection: str) -> Ledger:
        if self._ledger is None or collection != LEDGER:
            raise ConfigurationError(f"this connection has no collection {collection}; the setting base gives it ledger")
        return self._ledger

    def _helpdesk(self) -> Tickets:
        if self._tickets is None:
            raise ConfigurationError("this connection has no collection ticket; the setting helpdesk gives it one")
        return self._tickets


class FeishuSink:
    """Writes rows of the ledger. Tickets are read only."""

    def __init__(self, writer: LedgerWriter | None) -> None:
        self._writer = writer

    def create(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        refused = [_refusal(draft.collection) for draft in drafts]
        if self._writer is None or all(refused):
            return [outcome or _nowhere() for outcome in refused]
        made = iter(self._writer.create([draft for draft, no in zip(drafts, refused, strict=True) if no is None]))
        return [no or next(made) for no in refused]

    def patch(self, patches: Sequence[Patch]) -> Sequence[Outcome]:
        refused = [_refusal(patch.ref.collection) for patch in patches]
        if self._writer is None or all(refused):
            return [outcome or _nowhere() for outcome in refused]
        made = iter(self._writer.patch([patch for patch, no in zip(patches, refused, strict=True) if no is None]))
        return [no or next(made) for no in refused]

    def delete(self, refs: Sequence[Ref]) -> Sequence[Outcome]:
        refused = [_refusal(ref.collection) for ref in refs]
        if self._writer is None or all(refused):
            return [outcome or _nowhere() for outcome in refused]
        made = iter(self._writer.delete([ref for ref, no in zip(refs, refused, strict=True) if no is None]))
        return [no or next(made) for no in refused]


def _refusal(collection: str) -> Outcome | None:
    if collection == LEDGER:
        return None
    text = f"{collection} is read only here: changing a ticket takes the login of a person who is agent of the helpdesk"
    return Outcome(executed=Executed.NO, error=Rejected(text, code="read-only"))


def _nowhere() -> Outcome:
    return Outcome(executed=Executed.NO, error=Rejected("this connection has no ledger: set base", code="no-ledger"))


def _scan(resume: str | None, now: datetime) -> tuple[datetime, str | None]:
    """When the scan began, and the token of its next page."""
    if resume is None:
        return now, None
    begun, _, token = resume.partition(":")
    if not begun.isdigit() or not token:
        raise Rejected("the place to resume this scan at is unreadable; start it anew", code="resume")
    return instant_of(int(begun)) or now, token
