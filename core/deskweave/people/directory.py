"""Who an account is: accounts of connections, the persons behind them, and the rules by which they are matched.

Values of person-typed fields stay what the mapping made of them (text); this directory is asked beside, never instead: an account
nobody is matched to stays text and is never guessed into a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from deskweave.connector import PersonKey, PersonMatch, RemotePerson
from deskweave.model import PersonId
from deskweave.store import Store
from deskweave.store.tables import account, person, person_key

KeyKind = Literal["account", "email", "mobile", "employee_number", "user_name"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchPolicy:
    """How accounts are matched: keys in the order they are tried, and what happens when none or many fit."""

    find_by: tuple[KeyKind, ...] = ("email", "employee_number", "mobile", "user_name")
    on_none: Literal["error", "create", "leave"] = "create"
    on_many: Literal["error"] = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What became of one account. `person` is None where nobody is known: the account's own name stands, `text`."""

    account: str
    person: PersonId | None
    how: str  #: "email", ...; "made"; "none"; "many: <kind>"; or who said so
    text: str


class Directory:
    """Persons, their keys and accounts, in the store."""

    def __init__(self, store: Store, policy: MatchPolicy | None = None) -> None:
        self._store, self._policy = store, policy or MatchPolicy()

    def resolve(self, tx: sa.Connection, connection: str, people: Sequence[RemotePerson]) -> list[Resolution]:
        """Match accounts of a connection to persons, making persons where the policy says so; what is known already stays.

        Two persons who fit are an error, not a choice: the account stays unmatched until somebody says who it is.
        """
        return [self._resolve(tx, connection, one) for one in people]

    def known(self, tx: sa.Connection, connection: str, accounts: Sequence[str]) -> Mapping[str, PersonId]:
        """Accounts that are matched already."""
        rows = tx.execute(
            sa.select(account.c.account, account.c.person).where(
                account.c.conn == connection, account.c.account.in_(list(accounts)), account.c.person.is_not(None)
            )
        )
        return {row.account: PersonId(row.person) for row in rows}

    def account_of(self, tx: sa.Connection, who: PersonId, connection: str) -> str | None:
        """The account a person has on a connection; None where there is none or more than one."""
        found = (
            tx.execute(sa.select(account.c.account).where(account.c.conn == connection, account.c.person == who)).scalars().all()
        )
        return found[0] if len(found) == 1 else None

    def join(self, tx: sa.Connection, connection: str, name: str, who: PersonId, *, by: str) -> None:
        """Somebody says who an account is; it outweighs every rule."""
        self._remember(tx, connection, name, who, by)

    @staticmethod
    def proven(match: PersonMatch) -> RemotePerson | None:
        """The one person a look-up proves. An incomplete answer proves nothing: privacy rules may hide the others."""
        return match.people[0] if match.complete and len(match.people) == 1 else None

    # -------------------------------------------------------------------------------------------------------------- steps
    def _resolve(self, tx: sa.Connection, connection: str, one: RemotePerson) -> Resolution:
        row = tx.execute(
            sa.select(account.c.person, account.c.how).where(account.c.conn == connection, account.c.account == one.account)
        ).first()
        if row is not None and row.person is not None:
            return Resolution(account=one.account, person=PersonId(row.person), how=row.how or "", text=one.name)
        keys = {(key.kind, _normal(key)) for key in one.keys if key.value.strip()}
        for kind in self._policy.find_by:
            values = [value for of, value in keys if of == kind]
            found = set(
                tx.execute(
                    sa.select(person_key.c.person).where(person_key.c.kind == kind, person_key.c.value.in_(values))
                ).scalars()
            )
            if len(found) > 1:
                return self._unmatched(tx, connection, one, f"many: {kind}")
            if found:
                return self._match(tx, connection, one, PersonId(found.pop()), kind, keys)
        if self._policy.on_none != "create" or one.side == "bot" or not keys:
            return self._unmatched(tx, connection, one, "none")
        who = PersonId(self._store.new_id())
        profile: dict[str, Any] = {"name": one.name, **one.profile}
        tx.execute(sa.insert(person).values(id=who, profile=profile, locale=one.locale, zone=one.zone))
        return self._match(tx, connection, one, who, "made", keys)

    def _match(
        self, tx: sa.Connection, connection: str, one: RemotePerson, who: PersonId, how: str, keys: set[tuple[KeyKind, str]]
    ) -> Resolution:
        """Join the account, and take over keys nobody has: a key that is another's stays his."""
        for kind, value in sorted(keys):
            taken = tx.execute(
                sa.select(person_key.c.person).where(person_key.c.kind == kind, person_key.c.value == value)
            ).scalar()
            if taken is None and kind != "account":
                tx.execute(sa.insert(person_key).values(person=who, kind=kind, value=value))
        self._remember(tx, connection, one.account, who, how)
        return Resolution(account=one.account, person=who, how=how, text=one.name)

    def _unmatched(self, tx: sa.Connection, connection: str, one: RemotePerson, how: str) -> Resolution:
        self._remember(tx, connection, one.account, None, how)
        return Resolution(account=one.account, person=None, how=how, text=one.name or one.account)

    @staticmethod
    def _remember(tx: sa.Connection, connection: str, name: str, who: PersonId | None, how: str) -> None:
        where = (account.c.conn == connection, account.c.account == name)
        if tx.execute(sa.update(account).where(*where).values(person=who, how=how)).rowcount == 0:
            tx.execute(sa.insert(account).values(conn=connection, account=name, person=who, how=how))


def _normal(key: PersonKey) -> str:
    """Keys as they are compared: e-mail in small letters, numbers without spaces and dashes."""
    value = key.value.strip()
    if key.kind in ("email", "user_name"):
        return value.casefold()
    if key.kind == "mobile":
        digits = "".join(letter for letter in value if letter.isdigit())
        return digits[2:] if digits.startswith("00") else digits
    return value
