"""People in fields: who stands in one, by the account a platform tells, and what the same person is called on another.

The document holds text. Who is meant follows from a record that says this very text and names the account behind it: a name alone
says nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

import sqlalchemy as sa

from deskweave.connector import PersonMapper, View
from deskweave.model import FieldId, Json, PersonId, Policy, Value
from deskweave.store.links import Link
from deskweave.sync.merge import same
from deskweave.sync.run import Run, Side

People: TypeAlias = Mapping[FieldId, tuple[str, str]]  #: by field: account there, and what it is called there


class Persons:
    """The people of one transaction; what was asked once is remembered."""

    def __init__(self, run: Run, tx: sa.Connection) -> None:
        self._run, self._tx = run, tx
        self._persons: dict[tuple[str, str], PersonId | None] = {}
        self._entries: dict[tuple[PersonId, str], tuple[str, str | None] | None] = {}
        self._taking: dict[tuple[str, str], Collection[FieldId]] = {}

    def there(
        self, links: Sequence[Link], link: Link, values: dict[FieldId, Value], view: View | None = None
    ) -> tuple[dict[FieldId, Value], People]:
        """A document with people as one platform calls them, and their accounts on it, where both are known; else it is as it was.

        Args:
            links: all of the inquiry.
            link: of the platform.
            values: of the document.
            view: what the record says now; None: what it said when it was last seen.
        """
        found: dict[FieldId, tuple[str, str]] = {}
        for name in self._takes(link):
            value = values.get(name)
            if not isinstance(value, str) or not value:
                continue
            who = self._who(links, name, value)
            entry = None if who is None else self._entry(who, link.conn)
            if entry is None:
                continue
            account, called = entry
            accounts, said = (link.seen.accounts, link.seen.values) if view is None else (view.accounts, view.values)
            shown = said.get(name)
            if accounts.get(name) == account and isinstance(shown, str):
                called = shown  # as the record says it: names change, and are cut
            if called:
                found[name] = (account, called)
        return ({**values, **{name: called for name, (_, called) in found.items()}}, found) if found else (values, found)

    def _takes(self, link: Link) -> Collection[FieldId]:
        """Fields of a record that are written as an account."""
        place = (link.conn, link.collection)
        if place not in self._taking:
            side = self._run.side_of(link)
            names: Collection[FieldId] = ()
            if self._run.people is not None and isinstance(side.mapper, PersonMapper):
                names = side.mapper.takes_accounts(link.collection)
            fields = side.binding.collections[link.collection].fields
            self._taking[place] = [name for name in names if fields[name].policy is not Policy.READ_ONLY]
        return self._taking[place]

    def _who(self, links: Sequence[Link], name: FieldId, value: str) -> PersonId | None:
        """The one person the value is, by every record that says it and whose account is matched."""
        met: set[PersonId] = set()
        for link in links:
            account = link.seen.accounts.get(name)
            if account is not None and same(link.seen.values.get(name), value):
                place = (link.conn, account)
                if place not in self._persons:
                    assert self._run.people is not None
                    self._persons[place] = self._run.people.known(self._tx, link.conn, [account]).get(account)
                person = self._persons[place]
                if person is not None:
                    met.add(person)
        return met.pop() if len(met) == 1 else None

    def _entry(self, who: PersonId, connection: str) -> tuple[str, str | None] | None:
        place = (who, connection)
        if place not in self._entries:
            assert self._run.people is not None
            self._entries[place] = self._run.people.entry_of(self._tx, who, connection)
        return self._entries[place]


def spelling(side: Side, link: Link, people: People, stated: Collection[str]) -> Mapping[str, Json]:
    """Accounts in the place of names, in what is `stated` to a platform, by native field."""
    if not people or not isinstance(side.mapper, PersonMapper):
        return {}
    return {native: raw for native, raw in side.mapper.spell(link.collection, people).items() if native in stated}
