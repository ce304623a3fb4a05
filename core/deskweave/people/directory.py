"""Who an account is: accounts of connections, the persons behind them, and the rules by which they are matched.

Values of person-typed fields stay what the mapping made of them (text); this directory is asked beside, never instead: an account
nobody is matched to stays text and is never guessed into a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from deskweave.connector import PersonMatch, RemotePerson
from deskweave.model import PersonId
from deskweave.people.matching import ABSENT, BOT, UNASKED, UNREAD, Account, Key, Matched, MatchPolicy, Told, match, told_by
from deskweave.people.register import ListedPerson
from deskweave.store import Store
from deskweave.store.inquiries import chunks
from deskweave.store.tables import account, person, person_key, position
from deskweave.store.values import dumps

AGAIN: Final = timedelta(days=1)  #: an account nobody is matched to is asked for again after so long
LONGEST: Final = 300  #: characters of an account; what is longer is no account
_FILES: Final = "people:"  #: reader of `position` that says which files the matches follow from


_HERE: Final = (account.c.conn == sa.bindparam("b_conn"), account.c.account == sa.bindparam("b_account"))
_TOLD: Final = (
    sa.update(account).where(*_HERE).values(asked_at=sa.bindparam("asked_at"), name=sa.bindparam("name"), told=sa.bindparam("told"))
)
_MATCHED: Final = sa.update(account).where(*_HERE).values(person=sa.bindparam("person"), how=sa.bindparam("how"))
_FORGET: Final = sa.delete(person_key).where(
    person_key.c.kind == sa.bindparam("b_kind"), person_key.c.value == sa.bindparam("b_value")
)
_CALLED: Final = (
    sa.update(person)
    .where(person.c.id == sa.bindparam("b_id"))
    .values(profile=sa.bindparam("profile"), locale=sa.bindparam("locale"), zone=sa.bindparam("zone"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What became of one account. `person` is None where nobody is known: the account's own name stands, `text`."""

    account: str
    person: PersonId | None
    how: str  #: "email", ...; "made"; "none"; "many: <kind>"; "people.csv" or who else said so
    text: str


class Directory:
    """Persons, their keys and accounts, in the store.

    Args:
        store: where they stand.
        policy: the rules.
        policies: rules of connections that have their own.
        listed: people.csv, which outweighs every rule.
    """

    def __init__(
        self,
        store: Store,
        policy: MatchPolicy | None = None,
        *,
        policies: Mapping[str, MatchPolicy] | None = None,
        listed: Sequence[ListedPerson] = (),
    ) -> None:
        self._store, self._policy, self._policies, self._listed = (
            store,
            policy or MatchPolicy(),
            dict(policies or {}),
            tuple(listed),
        )

    def policy(self, connection: str) -> MatchPolicy:
        """The rules of a connection."""
        return self._policies.get(connection, self._policy)

    # ------------------------------------------------------------------------------------------------------------- asking
    def meet(self, tx: sa.Connection, connection: str, accounts: Iterable[str]) -> int:
        """Note accounts that were met, so that they are asked for; answers with how many were new."""
        met = {one for one in accounts if one.strip() and one.isprintable() and len(one) <= LONGEST}
        known: set[str] = set()
        for part in chunks(sorted(met)):
            asked = sa.select(account.c.account).where(account.c.conn == connection, account.c.account.in_(part))
            known.update(tx.execute(asked).scalars())
        if met - known:
            tx.execute(sa.insert(account), [{"conn": connection, "account": one, "how": UNASKED} for one in sorted(met - known)])
        return len(met - known)

    def due(self, tx: sa.Connection, connection: str, now: datetime) -> list[str]:
        """Accounts to be asked for: never asked, or matched to nobody and not asked for a day."""
        asked = sa.select(account.c.account).where(
            account.c.conn == connection,
            sa.or_(
                account.c.asked_at.is_(None),
                account.c.asked_at > now,  # by a clock that was put back since
                sa.and_(account.c.person.is_(None), account.c.how != BOT, account.c.asked_at <= now - AGAIN),
            ),
        )
        return list(tx.execute(asked.order_by(account.c.account)).scalars())

    def learn(self, tx: sa.Connection, connection: str, answers: Mapping[str, RemotePerson | None]) -> list[Account]:
        """Take in what a platform told about accounts, and match them; answers with all that stand otherwise than before.

        Two persons who fit are an error, not a choice: the account stays unmatched until somebody says who it is.
        """
        self._write_answers(tx, connection, answers)
        return self.settle(tx)

    def resolve(self, tx: sa.Connection, connection: str, people: Sequence[RemotePerson]) -> list[Resolution]:
        """As `learn`, for accounts that may not have been met before; answers with what became of each."""
        self.meet(tx, connection, [one.account for one in people])
        self.learn(tx, connection, {one.account: one for one in people})
        asked = sa.select(account).where(account.c.conn == connection, account.c.account.in_([one.account for one in people]))
        found = {row.account: _account(row) for row in tx.execute(asked)}
        return [
            Resolution(
                account=one.account,
                person=found[one.account].person,
                how=found[one.account].how,
                text=one.name or one.account,
            )
            for one in people
        ]

    def unread(self, tx: sa.Connection, connection: str, accounts: Sequence[str]) -> None:
        """The platform does not let us read these accounts: asked for again in a day."""
        for part in chunks(accounts):
            where = (account.c.conn == connection, account.c.account.in_(part))
            tx.execute(sa.update(account).where(*where).values(asked_at=self._store.now()))
            tx.execute(sa.update(account).where(*where, account.c.told.is_(None), account.c.person.is_(None)).values(how=UNREAD))

    def _write_answers(self, tx: sa.Connection, connection: str, answers: Mapping[str, RemotePerson | None]) -> None:
        now = self._store.now()
        told = {name: told_by(one) for name, one in answers.items() if one is not None}
        rows = [
            {"b_conn": connection, "b_account": name, "asked_at": now, "name": one.name or None, "told": _body(one)}
            for name, one in told.items()
        ]
        _many(tx, _TOLD, rows)
        for part in chunks(sorted(answers.keys() - told.keys())):
            where = (account.c.conn == connection, account.c.account.in_(part))
            tx.execute(sa.update(account).where(*where).values(asked_at=now))
            silent = (account.c.told.is_(None), account.c.person.is_(None))
            tx.execute(sa.update(account).where(*where, *silent).values(how=ABSENT))

    # ----------------------------------------------------------------------------------------------------------- matching
    def follows_files(self, tx: sa.Connection) -> bool:
        """Whether the matches follow from people.csv and the rules as they are now."""
        return self._files() in set(self._followed(tx))

    def follow_files(self, tx: sa.Connection) -> list[Account]:
        """Match anew, as people.csv or the rules have changed; answers with all accounts that stand otherwise than before."""
        for old in self._followed(tx):
            tx.execute(sa.delete(position).where(position.c.reader == old))
        tx.execute(sa.insert(position).values(reader=self._files(), seq=0))
        return self.settle(tx)

    def _files(self) -> str:
        said = [[one.key, one.name, one.email, dict(one.accounts)] for one in self._listed]
        rules = {name: asdict(one) for name, one in sorted(self._policies.items())}
        return _FILES + hashlib.sha256(dumps([said, asdict(self._policy), rules]).encode()).hexdigest()

    @staticmethod
    def _followed(tx: sa.Connection) -> Sequence[str]:
        return tx.execute(sa.select(position.c.reader).where(position.c.reader.startswith(_FILES))).scalars().all()

    def matched(self, tx: sa.Connection) -> Matched:
        """Whose every account is, by the rules and people.csv as they are now; nothing is written."""
        return self._match(tx)[0]

    def settle(self, tx: sa.Connection) -> list[Account]:
        """Match all accounts, and write what has changed; answers with the accounts that stand otherwise than before."""
        matched, accounts, keys = self._match(tx)
        self._save_persons(tx, matched)
        changed = [one for place, one in matched.accounts.items() if _whose(one) != _whose(accounts.get(place))]
        fresh = [one for one in changed if (one.connection, one.account) not in accounts]
        moved = [one for one in changed if (one.connection, one.account) in accounts]
        _many(tx, sa.insert(account), [{**_place(one), "person": one.person, "how": one.how} for one in fresh])
        _many(
            tx,
            _MATCHED,
            [{"b_conn": one.connection, "b_account": one.account, "person": one.person, "how": one.how} for one in moved],
        )
        gone = [key for key, was in keys.items() if matched.keys.get(key) != was]
        _many(tx, _FORGET, [{"b_kind": kind, "b_value": value} for kind, value in gone])
        taken = [(key, who) for key, who in matched.keys.items() if keys.get(key) != who]
        _many(tx, sa.insert(person_key), [{"person": who, "kind": kind, "value": value} for (kind, value), who in taken])
        left = set(tx.execute(sa.select(person.c.id).where(person.c.erased_at.is_(None))).scalars()) - matched.persons.keys()
        for part in chunks(sorted(left)):
            tx.execute(sa.delete(person).where(person.c.id.in_(part)))
        return changed

    @staticmethod
    def _save_persons(tx: sa.Connection, matched: Matched) -> None:
        known = {row.id: row for row in tx.execute(sa.select(person))}
        fresh, moved = [], []
        for who, one in matched.persons.items():
            row, values = known.get(who), {"profile": {"name": one.name, **one.profile}, "locale": one.locale, "zone": one.zone}
            if row is None:
                fresh.append({"id": who, **values})
            elif row.erased_at is None and (row.profile, row.locale, row.zone) != tuple(values.values()):
                moved.append({"b_id": who, **values})
        _many(tx, sa.insert(person), fresh)
        _many(tx, _CALLED, moved)

    def _match(self, tx: sa.Connection) -> tuple[Matched, dict[tuple[str, str], Account], dict[Key, PersonId]]:
        accounts = {(row.conn, row.account): _account(row) for row in tx.execute(sa.select(account))}
        keys: dict[Key, PersonId] = {(row.kind, row.value): PersonId(row.person) for row in tx.execute(sa.select(person_key))}
        return match(accounts.values(), keys, self._listed, self.policy, self._store.new_id), accounts, keys

    # -------------------------------------------------------------------------------------------------------------- asked
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
        found = self.entry_of(tx, who, connection)
        return None if found is None else found[0]

    def entry_of(self, tx: sa.Connection, who: PersonId, connection: str) -> tuple[str, str | None] | None:
        """The account a person has on a connection and what it is called there; None where there is none or more than one."""
        asked = sa.select(account.c.account, account.c.name).where(account.c.conn == connection, account.c.person == who)
        found = tx.execute(asked).all()
        return (found[0].account, found[0].name) if len(found) == 1 else None

    def join(self, tx: sa.Connection, connection: str, name: str, who: PersonId, *, by: str) -> None:
        """Somebody says who an account is; it outweighs every rule.

        Args:
            tx: a transaction of `Store.write`.
            connection: whose account it is.
            name: the account.
            who: a person of this directory.
            by: "person:<who said so>".
        """
        self.meet(tx, connection, [name])
        where = (account.c.conn == connection, account.c.account == name)
        tx.execute(sa.update(account).where(*where).values(person=who, how=by))

    @staticmethod
    def proven(match: PersonMatch) -> RemotePerson | None:
        """The one person a look-up proves. An incomplete answer proves nothing: privacy rules may hide the others."""
        return match.people[0] if match.complete and len(match.people) == 1 else None


def names_of(tx: sa.Connection, accounts: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """What people call accounts (connection, account): the person's name, else the account's own; unknown ones are left out."""
    by_connection: dict[str, list[str]] = {}
    for connection, name in dict.fromkeys(accounts):
        by_connection.setdefault(connection, []).append(name)
    found: dict[tuple[str, str], str] = {}
    for connection, names in by_connection.items():
        for part in chunks(names):
            asked = (
                sa.select(account.c.account, account.c.name, person.c.profile)
                .select_from(account.outerjoin(person, sa.and_(person.c.id == account.c.person, person.c.erased_at.is_(None))))
                .where(account.c.conn == connection, account.c.account.in_(part))
            )
            for row in tx.execute(asked):
                called = str((row.profile or {}).get("name") or row.name or "").strip()
                if called:
                    found[connection, row.account] = called
    return found


def name_in(names: Mapping[tuple[str, str], str], who: str | None) -> str | None:
    """What people call `<connection>:<account>`, as authors and actors stand in the store; else the text itself."""
    connection, colon, name = (who or "").partition(":")
    return names.get((connection, name), who) if colon else who


def places(whos: Iterable[str | None]) -> set[tuple[str, str]]:
    """The accounts that texts of authors and actors may name."""
    found = set()
    for who in whos:
        connection, colon, name = (who or "").partition(":")
        if colon:
            found.add((connection, name))
    return found


def _many(tx: sa.Connection, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        tx.execute(statement, list(rows))


def _whose(one: Account | None) -> tuple[PersonId | None, str] | None:
    return None if one is None else (one.person, one.how)


def _place(one: Account) -> dict[str, str]:
    return {"conn": one.connection, "account": one.account}


def _body(told: Told) -> dict[str, Any]:
    """What is kept of it beside the name."""
    return {
        "keys": [list(key) for key in told.keys],
        "side": told.side,
        "active": told.active,
        "locale": told.locale,
        "zone": told.zone,
        "profile": dict(told.profile),
    }


def _account(row: Any) -> Account:
    told = None
    if row.told is not None:
        body = dict(row.told)
        body["keys"] = tuple((str(kind), str(value)) for kind, value in body.get("keys", ()))
        told = Told(name=row.name or "", **body)
    return Account(
        connection=row.conn,
        account=row.account,
        told=told,
        person=None if row.person is None else PersonId(row.person),
        how=row.how or UNASKED,
    )
