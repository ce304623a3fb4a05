"""Accounts as people look through them, and as rows of people.csv: what is found there can be pasted. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from deskweave.model import PersonId
from deskweave.people.matching import LISTED, Account, Matched
from deskweave.people.register import ListedPerson
from deskweave.practice.tables.slugs import new_slug


def accounts_of(matched: Matched, connection: str | None = None, states: Collection[str] = ()) -> list[Account]:
    """The accounts of a connection (None: of all) in these states (none: in any), by connection and account."""
    return [
        one
        for _, one in sorted(matched.accounts.items())
        if connection in (None, one.connection) and (not states or one.state in states)
    ]


def called(matched: Matched, one: Account) -> str:
    """What people call an account: the person's name, else its own."""
    name = matched.persons[one.person].name if one.person is not None else ""
    return name or (one.told.name if one.told is not None else "")


def rows_of(matched: Matched, accounts: Sequence[Account], listed: Sequence[ListedPerson]) -> list[ListedPerson]:
    """People for people.csv: one for each person behind these accounts, and one for each account nobody is matched to.

    A row that is pasted as it is says that the account is somebody of its own. An address that several accounts share tells nobody
    apart and stands in none of their rows.
    """
    by_key = {one.key: one for one in listed}
    key_of = {owner: value for (kind, value), owner in matched.keys.items() if kind == LISTED}
    mail_of: dict[PersonId, str] = {}
    for (kind, value), owner in sorted(matched.keys.items()):
        if kind == "email":
            mail_of.setdefault(owner, value)
    every: dict[PersonId, dict[str, str]] = {}
    for place, one in sorted(matched.accounts.items()):
        if one.person is not None:
            every.setdefault(one.person, {}).setdefault(place[0], place[1])
    taken, found, seen = set(by_key), [], set[PersonId]()
    for one in accounts:
        who = one.person
        if who is not None and who in seen:
            continue
        if who is None:
            row = _stranger(one, taken)
        elif who in key_of and key_of[who] in by_key:
            there = by_key[key_of[who]]
            row = ListedPerson(
                key=there.key,
                name=there.name,
                email=there.email,
                accounts={**every[who], **there.accounts},
                groups=there.groups,
                skills=there.skills,
                beside=there.beside,
            )
        else:
            name, mail = matched.persons[who].name, mail_of.get(who, "")
            row = ListedPerson(key=_key(name, mail, taken), name=name, email=mail, accounts=every[who])
        if who is not None:
            seen.add(who)
        taken.add(row.key)
        found.append(row)
    return found


def _stranger(one: Account, taken: Collection[str]) -> ListedPerson:
    name = one.told.name if one.told is not None else ""
    mails = [value for kind, value in one.told.keys if kind == "email"] if one.told is not None else []
    mail = mails[0] if len(mails) == 1 and one.state == "missing" else ""
    return ListedPerson(key=_key(name or one.account, mail, taken), name=name, email=mail, accounts={one.connection: one.account})


def _key(name: str, mail: str, taken: Collection[str]) -> str:
    """A key a person can read; whoever has a number for people puts that there."""
    local = mail.partition("@")[0]
    return new_slug({"en": local} if local else {"zh": name}, "person", taken)
