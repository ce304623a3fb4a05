"""Inquiries with all their records as the store has them, and what is to be written to each record."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from deskweave.model import ConnectionName, FieldId, InquiryId, Policy, Value
from deskweave.store.inquiries import Document, load_documents
from deskweave.store.links import Link, links_of
from deskweave.sync.merge import wanted
from deskweave.sync.persons import People, Persons
from deskweave.sync.run import Run


class Rows:
    """A batch of inquiries in one transaction. Plans and guards need no more; what platforms say is merged by `Reconciliation`."""

    def __init__(self, run: Run, tx: sa.Connection) -> None:
        self.run, self.tx = run, tx
        self.documents: dict[InquiryId, Document] = {}
        self.values: dict[InquiryId, dict[FieldId, Value]] = {}
        self.links: dict[InquiryId, list[Link]] = {}
        self.persons = Persons(run, tx)

    def load(self, inquiries: Iterable[InquiryId]) -> None:
        """Take in the documents and all record links of these inquiries."""
        missing = [one for one in dict.fromkeys(inquiries) if one not in self.documents]
        if not missing:
            return
        for identifier, document in load_documents(self.tx, missing).items():
            self.documents[identifier] = document
            self.values[identifier] = dict(document.values)
            self.links.setdefault(identifier, [])
        self.links.update(links_of(self.tx, missing))

    def link(self, inquiry: InquiryId, identifier: str) -> Link:
        return next(one for one in self.links[inquiry] if one.id == identifier)

    def visible(self, inquiry: InquiryId, link: Link) -> dict[FieldId, Value]:
        """The document as this connection may see it: what is withheld from it is not there."""
        values = self.values[inquiry]
        withheld = self.run.withheld(ConnectionName(link.conn), values)
        return {name: value for name, value in values.items() if name not in withheld} if withheld else values

    def there(self, inquiry: InquiryId, link: Link) -> tuple[dict[FieldId, Value], People]:
        """The visible document with people as they are called on this connection, and the accounts they have there."""
        return self.persons.there(self.links[inquiry], link, self.visible(inquiry, link))

    def stated(self, inquiry: InquiryId, link: Link) -> tuple[dict[FieldId, Value], People]:
        """The same as a new record may be told it: without fields that are only read there."""
        policies = self.run.side_of(link).policies(link.collection)
        visible = {name: value for name, value in self.visible(inquiry, link).items() if policies.get(name) is not Policy.READ_ONLY}
        return self.persons.there(self.links[inquiry], link, visible)

    def want(self, inquiry: InquiryId, link: Link) -> dict[FieldId, Value]:
        """What has to be written to a live record, in its own view."""
        side = self.run.side_of(link)
        said, _ = self.there(inquiry, link)
        return wanted(
            projected=link.would_say(side.mapper.project(link.collection, said).values),
            base=link.base,
            readable=link.seen.values.keys(),
            policies=side.policies(link.collection),
            withheld=self.run.withheld(side.name, self.values[inquiry]),
            dropped=link.dropped,
        )

    def cross_reference(self, inquiry: InquiryId, link: Link) -> str | None:
        """Counterparts' numbers and addresses as this record should show them; None where it has no place for them."""
        side = self.run.side_of(link)
        if side.binding.collections[link.collection].cross_reference is None:
            return None
        others = [one for one in self.links[inquiry] if one.id != link.id and one.state in ("live", "frozen") and one.label]
        text = " | ".join(
            " ".join(part for part in (self._called(inquiry, one, link), one.url) if part)
            for one in sorted(others, key=lambda one: one.id)
        )
        return text or None

    def _called(self, inquiry: InquiryId, other: Link, link: Link) -> str:
        """What a counterpart is called on this record: by its id where its label gives away what is withheld from here."""
        given_away = self.run.tells(other, ConnectionName(link.conn), self.values[inquiry])
        return str(other.rid) if given_away else str(other.label)

    def refresh(self, inquiry: InquiryId, link: Link, *, told: bool = False) -> None:
        """Whether there is anything to write to a record, or to create. `told`: the inquiry has just changed."""
        side = self.run.find_side(link.conn)
        if link.state not in ("live", "new", "creating"):
            link.dirty = False
            return
        if side is None or not side.speaks:
            link.dirty = link.dirty or told  # decided by the first run that can speak with the platform
            return
        if link.state != "live":
            link.dirty, link.push = False, True
            return
        capabilities = side.capabilities(link.collection)
        able = side.writes(link.collection) and self.documents[inquiry].erased_at is None
        push = False
        if able:
            cross = self.cross_reference(inquiry, link)
            push = bool(self.want(inquiry, link)) or (cross is not None and cross != link.cross)
        if not push:
            link.not_before, link.attempts = None, 0
            if able and link.inflight and link.last_try is not None and capabilities is not None:
                # nothing to write, and something may still arrive: it is looked at again when it no longer can
                push, link.not_before = True, link.last_try + capabilities.settle
        link.push, link.dirty = push, False
